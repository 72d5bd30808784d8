//! Keeps one session for all workers of a run: one login however many need it, epochs, and no belief without a check.
//!
//! Logins and checks are made by a thread of its own. Workers wait for it in [`Lender::lend`] and [`Lender::look`].

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use httpwhy_model::{Because, End, Exchange, Phase, Signal, Visit};
use httpwhy_probe::{Coming, Config, Cookie, Lender, Loan, Next};
use httpwhy_schema::AuthOnFail;
use url::Url;

use crate::bound::{self, Bound};
use crate::browser::Browser;
use crate::causes::{self, Asker};
use crate::check;
use crate::flow::Flow;
use crate::login::{Failed, Runner, Session, Sink, lend};
use crate::machine::{Attempt, Checked, Do, Figures, Machine, Rules, State};
use crate::mask::Mask;
use crate::report::StepReport;
use crate::sign::{Standing, shows_any};

/// Exchanges of a session that are remembered: one of them may have ended it.
const RECENT: usize = 64;
/// Sessions whose end is remembered.
const LOSSES: usize = 64;
/// Suspicions of a session that are looked at more closely although the check passes.
const CLOSELY: u32 = 3;
/// Kinds of requests that a session refuses, remembered at most.
const STRANGERS: usize = 16;
/// How often a visit is tried again because its session was lost.
const RETRIES: usize = 2;
/// How often a wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Keeps the session of a run.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    flow: Arc<Flow>,
    inside: Mutex<Inside>,
    began: Instant,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Inside {
    machine: Machine,
    session: Session,
    mask: Arc<Mask>,
    wakers: Vec<Waker>,
    /// Checks that are over.
    checks: u64,
    /// Suspicions of this session.
    suspicions: u32,
    recent: VecDeque<Recent>,
    /// Who asked for what this session's loss was last suspected by.
    suspect: Option<Asker>,
    /// Who is refused although the session is there: it is bound to somebody else.
    strangers: Vec<Bound>,
    /// By epoch, what is said of exchanges that its loss was seen in.
    losses: BTreeMap<u64, Vec<Signal>>,
    /// `None` once the keeper is at its end.
    orders: Option<mpsc::Sender<Do>>,
}

#[derive(Debug)]
struct Recent {
    target: String,
    ends_session: bool,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Runner({})", self.flow.name())
    }
}

impl Keeper {
    /// Begins to keep a session; it is made when it is first needed. `folder`: what relative paths of secrets are relative
    /// to. `sink` gets every step of every login. `stop`, once true, ends all waiting.
    ///
    /// # Errors
    /// A secret that cannot be had, or a browser that is needed and not there: what, and why.
    pub fn start(
        flow: Arc<Flow>,
        config: &Config,
        folder: &Path,
        browser: Option<Arc<dyn Browser>>,
        stop: &Arc<AtomicBool>,
        sink: impl Fn(StepReport) + Send + 'static,
    ) -> Result<Arc<Self>, String> {
        let sink: Sink = Box::new(sink);
        let runner = Runner::new(Arc::clone(&flow), config, folder, browser, stop, sink)?;
        let rules = Rules {
            before_expiry: flow.relogin.before_expiry,
            max: flow.relogin.max,
            min_interval: flow.relogin.min_interval,
            every: flow.verify.every,
        };
        let (orders, queue) = mpsc::channel();
        let shared = Arc::new(Shared {
            flow,
            inside: Mutex::new(Inside {
                machine: Machine::new(rules),
                session: Session::default(),
                mask: Arc::new(runner.mask.clone()),
                wakers: Vec::new(),
                checks: 0,
                suspicions: 0,
                recent: VecDeque::new(),
                suspect: None,
                strangers: Vec::new(),
                losses: BTreeMap::new(),
                orders: Some(orders),
            }),
            began: Instant::now(),
            stop: Arc::clone(stop),
        });
        let working = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("httpwhy-login".to_owned())
            .spawn(move || Keeping::new(working, runner).work(&queue))
            .map_err(|error| format!("no thread can be started: {error}"))?;
        Ok(Arc::new(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// The visit with the secrets of the flow, of the session and of those before it hidden.
    pub fn hide<'v>(&self, visit: &'v Visit) -> Cow<'v, Visit> {
        let mask = Arc::clone(&self.shared.lock().mask);
        mask.visit(visit)
    }

    /// The cookies that go to the host of that URL, each for its own path, where the flow applies cookies; `None` when the
    /// session of that epoch is over.
    pub fn cookies(&self, url: &str, epoch: u64) -> Option<Vec<Cookie>> {
        let inside = self.shared.lock();
        if epoch != inside.machine.epoch() {
            return None;
        }
        let applies = self.shared.flow.apply.cookies && self.shared.flow.scope.holds(url);
        let jar = applies.then_some(&inside.session.jar);
        let cookies = jar.map(|jar| jar.of_host(url, SystemTime::now()));
        Some(cookies.into_iter().flatten().cloned().collect())
    }

    /// How often what was done so far.
    pub fn figures(&self) -> Figures {
        self.shared.lock().machine.figures
    }

    /// Why there is no session any more, when that is so.
    pub fn lost(&self) -> Option<Signal> {
        match self.shared.lock().machine.state() {
            State::Lost(why) => Some(why.clone()),
            _ => None,
        }
    }

    /// Ends the keeping; a login under way is waited for.
    pub fn end(&self) {
        self.shared.lock().orders = None;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic of it has been reported.
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn is_watched(&self, exchange: &Exchange) -> bool {
        let watch = &self.flow.watch;
        let path = Url::parse(&exchange.target).map(|url| url.path().to_owned());
        let excluded = path.is_ok_and(|path| {
            let mut patterns = watch.exclude.iter();
            patterns.any(|pattern| pattern.fits(&path))
        });
        !excluded && shows_any(&watch.out, exchange)
    }
}

impl Inside {
    fn order(&mut self, what: Do) {
        if what == Do::Nothing {
            return;
        }
        if let Some(orders) = &self.orders {
            // The thread is gone only when all is over.
            let _ = orders.send(what);
        }
    }

    fn wake_all(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    fn wait<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.wakers.push(cx.waker().clone());
        Poll::Pending
    }

    /// What is said of an exchange in which the end of that session shows.
    fn loss(&self, epoch: u64) -> Vec<Signal> {
        let known = self.losses.get(&epoch).cloned();
        known.unwrap_or_else(|| {
            vec![crate::auth(
                "lost-during-run",
                &[("epoch", epoch.to_string())],
            )]
        })
    }

    /// Notes an answer that came inside the session of that epoch.
    fn note(&mut self, epoch: u64, exchange: &Exchange, is_watched: bool) {
        if epoch != self.machine.epoch() {
            return;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(Recent {
            target: exchange.target.clone(),
            ends_session: causes::ends_session(exchange),
        });
        if is_watched {
            return;
        }
        if exchange.status().is_some_and(|status| status < 400) {
            self.machine.good(epoch);
        }
        let Some(response) = &exchange.response else {
            return;
        };
        if response.fields.has("set-cookie") {
            let (jar, now) = (&mut self.session.jar, SystemTime::now());
            jar.receive(&exchange.target, &response.fields, now);
            Arc::make_mut(&mut self.mask).add(&self.session.values, &self.session.jar);
        }
    }
}

impl Lender for Keeper {
    fn lend(&self, coming: &Coming<'_>, cx: &mut Context<'_>) -> Poll<Loan> {
        let shared = &self.shared;
        // The twin of a refused request goes without.
        let twin = matches!(coming.because, Because::Same(_));
        if twin || !shared.flow.scope.holds(coming.target) {
            return Poll::Ready(Loan::Nothing);
        }
        let mut inside = shared.lock();
        let todo = inside.machine.wanted(shared.now());
        inside.order(todo);
        match inside.machine.state() {
            State::Active => {
                let epoch = inside.machine.epoch();
                let lent = lend(&shared.flow, &inside.session, coming.target, epoch);
                Poll::Ready(Loan::Lent(Box::new(lent)))
            }
            State::Lost(why) => Poll::Ready(match shared.flow.relogin.on_fail {
                AuthOnFail::Stop => Loan::Refused(why.clone()),
                AuthOnFail::ContinueMarked => Loan::Nothing,
            }),
            _ if shared.stop.load(Ordering::Relaxed) => {
                Poll::Ready(Loan::Refused(Signal::word("engine", "cancelled")))
            }
            _ => inside.wait(cx),
        }
    }

    fn look(
        &self,
        visit: &mut Visit,
        lent: Option<u64>,
        memory: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Next>> {
        let shared = &self.shared;
        let Some(index) = visit.steps.len().checked_sub(1) else {
            return Poll::Ready(None);
        };
        let because = visit.steps[index].because;
        let exchange = &mut visit.steps[index].exchange;
        let Some(epoch) = lent else {
            if matches!(because, Because::Same(_)) {
                return Poll::Ready(Some(Next::Done));
            }
            let lost = self
                .lost()
                .filter(|_| shared.flow.scope.holds(&exchange.target));
            if let Some(why) = lost {
                let params = [("why", why.word_text().into_owned())];
                exchange.signal(Phase::Queue, crate::auth("without-login", &params));
            }
            return Poll::Ready(None);
        };
        if exchange.end != End::Answered {
            return Poll::Ready(None);
        }
        let is_watched = shared.is_watched(exchange);
        let mut inside = shared.lock();
        if *memory == 0 {
            inside.note(epoch, exchange, is_watched);
        }
        if !is_watched {
            drop(inside);
            return Poll::Ready(twin(visit, index, false));
        }
        if *memory == 0 {
            *memory = inside.checks + 1;
            let todo = inside.machine.out(epoch);
            if todo == Do::Verify {
                inside.suspect = Some(Asker::of(exchange));
            }
            inside.order(todo);
        }
        let is_over = epoch < inside.machine.epoch();
        match inside.machine.state() {
            State::Suspect | State::LoggingIn | State::Verifying | State::Anonymous
                if !shared.stop.load(Ordering::Relaxed) =>
            {
                inside.wait(cx)
            }
            State::Active if !is_over && inside.checks >= *memory => {
                let asker = Asker::of(exchange);
                if let Some(bound) = inside.strangers.iter().find(|bound| bound.refuses(&asker)) {
                    for signal in &bound.facts {
                        exchange.signal(Phase::Wait, signal.clone());
                    }
                    return Poll::Ready(Some(Next::Done));
                }
                // The session is there: what was refused is this resource.
                drop(inside);
                Poll::Ready(twin(visit, index, true).or(Some(Next::Done)))
            }
            State::Active if !is_over => inside.wait(cx),
            state => {
                let is_there = *state == State::Active;
                for signal in inside.loss(epoch) {
                    exchange.signal(Phase::Wait, signal);
                }
                drop(inside);
                let next = is_there.then(|| again(visit, index)).flatten();
                Poll::Ready(Some(next.unwrap_or(Next::Done)))
            }
        }
    }
}

/// The same request without credentials, once a visit: the pair tells whether it is refused to everybody. `suspect`: the
/// answer showed a sign of loss, whatever its status.
fn twin(visit: &Visit, index: usize, suspect: bool) -> Option<Next> {
    let exchange = &visit.steps[index].exchange;
    let safe = matches!(&exchange.request.method[..], b"GET" | b"HEAD");
    let refused = suspect || matches!(exchange.status(), Some(401 | 403 | 404));
    let had = visit
        .steps
        .iter()
        .any(|step| matches!(step.because, Because::Same(_)));
    (safe && refused && !had).then(|| Next::Go {
        target: exchange.target.clone(),
        method: exchange.request.method.clone(),
        keep_body: true,
        drop_fields: vec!["authorization", "cookie"],
        delay: Duration::ZERO,
        because: Because::Same(index),
    })
}

/// The request again with the new session, where it may be sent twice and did not itself end the old one.
fn again(visit: &Visit, index: usize) -> Option<Next> {
    let exchange = &visit.steps[index].exchange;
    let method = &exchange.request.method;
    let may = matches!(
        &method[..],
        b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE"
    );
    let ended_it = causes::is_logout(&exchange.target) || causes::ends_session(exchange);
    let tried = visit
        .steps
        .iter()
        .filter(|step| {
            let mut signals = step.exchange.signals();
            signals.any(|(_, signal)| is_loss(signal))
        })
        .count();
    (may && !ended_it && tried <= RETRIES).then(|| Next::Go {
        target: exchange.target.clone(),
        method: method.clone(),
        keep_body: true,
        drop_fields: Vec::new(),
        delay: Duration::ZERO,
        because: Because::Retry(index),
    })
}

fn is_loss(signal: &Signal) -> bool {
    signal.is("auth:lost-during-run") || signal.is("auth:lost-right-after-login")
}

/// The thread that logs in and checks.
struct Keeping {
    shared: Arc<Shared>,
    runner: Runner,
    /// The check was shown to fail for a stranger.
    discriminates: bool,
    /// The last session was lost right after its login and nothing explains it: a second login may have ended it.
    doubt: bool,
}

impl Drop for Keeping {
    /// Nobody waits for a thread that has ended, however it did.
    fn drop(&mut self) {
        let mut inside = self.shared.lock();
        let why = if self.shared.stop.load(Ordering::Relaxed) {
            "cancelled"
        } else {
            "internal"
        };
        // At the end of a run nobody asks for the session any more: it stays as it is told of.
        if inside.orders.is_some() {
            inside.machine.give_up(Signal::word("engine", why));
        }
        inside.wake_all();
    }
}

impl Keeping {
    const fn new(shared: Arc<Shared>, runner: Runner) -> Self {
        Self {
            shared,
            runner,
            discriminates: false,
            doubt: false,
        }
    }

    fn work(mut self, orders: &mpsc::Receiver<Do>) {
        while let Ok(order) = orders.recv() {
            let done = match order {
                Do::Nothing => Ok(()),
                Do::Login { from } => self.log_in(from),
                Do::Verify => self.check(),
            };
            if done.is_err() {
                // The run was stopped: whoever waits sees that.
                self.shared.lock().wake_all();
                return;
            }
        }
    }

    fn log_in(&mut self, from: Duration) -> Result<(), Stopped> {
        while self.shared.now() < from {
            if self.shared.stop.load(Ordering::Relaxed) {
                return Err(Stopped);
            }
            thread::sleep(LOOK.min(from.saturating_sub(self.shared.now())));
        }
        let made = self.make();
        let mut inside = self.shared.lock();
        inside.machine.figures.has_replaced = self.runner.has_replaced();
        let attempt = match made {
            Ok(session) => {
                let ends = session.ends.and_then(|ends| {
                    let left = ends.duration_since(SystemTime::now()).unwrap_or_default();
                    self.shared.now().checked_add(left)
                });
                inside.session = session;
                inside.suspicions = 0;
                inside.recent.clear();
                inside.strangers.clear();
                Attempt::Passed { ends }
            }
            Err(Failed::Refused(signal)) => Attempt::Refused(signal),
            Err(Failed::Otherwise(signal)) => Attempt::Failed(signal),
            Err(Failed::Stopped) => return Err(Stopped),
        };
        inside.mask = Arc::new(self.runner.mask.clone());
        let todo = inside.machine.ended(attempt, self.shared.now());
        inside.order(todo);
        inside.wake_all();
        Ok(())
    }

    fn make(&mut self) -> Result<Session, Failed> {
        if !self.discriminates {
            check::discriminates(&mut self.runner)?;
            self.discriminates = true;
        }
        let shared = Arc::clone(&self.shared);
        let told = || shared.lock().machine.stepped();
        let session = check::establish(&mut self.runner, told, false)?;
        if !std::mem::take(&mut self.doubt) {
            return Ok(session);
        }
        self.shared.lock().machine.figures.logins += 1;
        let (session, fact) = check::displaced(&mut self.runner, session)?;
        if let Some(fact) = fact {
            let mut inside = self.shared.lock();
            let epoch = inside.machine.epoch();
            inside.losses.entry(epoch).or_default().push(fact);
        }
        Ok(session)
    }

    /// A sign of loss came: is the session there?
    fn check(&mut self) -> Result<(), Stopped> {
        let (session, suspect, closely) = {
            let mut inside = self.shared.lock();
            inside.suspicions += 1;
            let suspect = inside.suspect.take().unwrap_or_default();
            (
                inside.session.clone(),
                suspect,
                inside.suspicions <= CLOSELY,
            )
        };
        let checked = self.checked(&session, &suspect, closely);
        let (found, facts) = checked.map_err(|_| Stopped)?;
        let mut inside = self.shared.lock();
        let epoch = inside.machine.epoch();
        if !facts.is_empty() {
            inside.losses.insert(epoch, facts);
            while inside.losses.len() > LOSSES {
                inside.losses.pop_first();
            }
        }
        inside.checks += 1;
        inside.mask = Arc::new(self.runner.mask.clone());
        let todo = inside.machine.checked(found, self.shared.now());
        inside.order(todo);
        inside.wake_all();
        Ok(())
    }

    fn checked(
        &mut self,
        session: &Session,
        suspect: &Asker,
        closely: bool,
    ) -> Result<(Checked, Vec<Signal>), Failed> {
        let (found, visit) = self.runner.verify(Some(session), "verify")?;
        let usual = visit.last().map(|step| Asker::of(&step.exchange));
        let usual = usual.unwrap_or_default();
        let answers = vec![(found, visit.clone())];
        if found != Standing::Out {
            self.runner.report_check("verify", (found, visit), &[]);
            let unsteady = match found {
                Standing::In if closely => check::unsteady(&mut self.runner, session, answers)?,
                _ => None,
            };
            if let Some(fact) = unsteady {
                return Ok(unsteadily(fact));
            }
            if found == Standing::In && closely {
                self.look_for_strangers(session, &usual, suspect)?;
            }
            return Ok((Checked::Inside, Vec::new()));
        }
        let (fresh, logout, epoch) = {
            let inside = self.shared.lock();
            let mut recent = inside.recent.iter().rev();
            let logout = recent
                .find(|seen| seen.ends_session || causes::is_logout(&seen.target))
                .map(|seen| path(&seen.target));
            (inside.machine.is_fresh(), logout, inside.machine.epoch())
        };
        let mut facts = Vec::new();
        let explained = logout.is_some();
        facts.extend(logout.map(|path| crate::auth("logout-visited", &[("target", path)])));
        if let Some(step) = visit.last() {
            facts.extend(check::lives(session, &step.exchange));
        }
        if fresh
            && facts.is_empty()
            && let Some(fact) = check::unsteady(&mut self.runner, session, answers)?
        {
            self.runner.report_check("verify", (found, visit), &[]);
            return Ok(unsteadily(fact));
        }
        self.doubt = fresh && facts.is_empty();
        if self.doubt {
            facts.extend(bound::untried(&usual, suspect));
        }
        let age = self
            .shared
            .now()
            .saturating_sub(self.shared.lock().machine.since());
        let word = if fresh {
            "lost-right-after-login"
        } else {
            "lost-during-run"
        };
        let params = [
            ("epoch", epoch.to_string()),
            ("age", format!("{}s", age.as_secs())),
        ];
        facts.insert(0, crate::auth(word, &params));
        self.runner.report_check("verify", (found, visit), &facts);
        Ok((Checked::Gone { explained }, facts))
    }

    /// The session is there, and yet a request was refused: because of who asked?
    fn look_for_strangers(
        &mut self,
        session: &Session,
        usual: &Asker,
        suspect: &Asker,
    ) -> Result<(), Failed> {
        let known = {
            let inside = self.shared.lock();
            let strangers = &inside.strangers;
            strangers.len() >= STRANGERS || strangers.iter().any(|bound| bound.refuses(suspect))
        };
        if known {
            return Ok(());
        }
        if let Some(mut bound) = bound::to_usual(&mut self.runner, session, usual, suspect)? {
            let lost = crate::auth("lost-right-after-login", &[]);
            bound.facts.insert(0, lost);
            self.shared.lock().strangers.push(bound);
        }
        Ok(())
    }
}

fn unsteadily(fact: Signal) -> (Checked, Vec<Signal>) {
    let lost = crate::auth("lost-right-after-login", &[]);
    (Checked::Unsteady(lost.clone()), vec![lost, fact])
}

/// The run was stopped.
struct Stopped;

fn path(url: &str) -> String {
    let path = Url::parse(url).map(|url| url.path().to_owned());
    causes::shown(&path.unwrap_or_default())
}

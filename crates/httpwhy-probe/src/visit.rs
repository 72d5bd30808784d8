//! The steps of one job.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use httpwhy_model::{
    Because, End, Exchange, Phase, Seen, Sent, Side, Signal, Step, Vantage, Visit, Who,
};

use crate::connection::{self, Carrier, Connection, Key};
use crate::deadline::{Budget, limit};
use crate::dial::{Dialler, Route};
use crate::dispatch::Dispatch;
use crate::fallback::{self, Over};
use crate::h3;
use crate::pace::{Heard, Turn, Why};
use crate::pool::InUse;
use crate::request::{Ask, is_idempotent};
use crate::run::Worker;
use crate::talk::{After, Talk};
use crate::target::Target;
use crate::ways::Ways;
use crate::{Config, Job, Next, Policy, Protocol, Reuse, TestFault, lend, signals, tls, websocket};

/// The most steps of one visit, whatever the policy says.
const STEPS: usize = 64;

/// One job on its way: what was seen so far, and the step that comes next or is under way.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) seen: Visit,
    pub(crate) ask: Ask,
    because: Because,
    /// With every address of the name to be asked at: that of the next step, and those after it.
    pin: Option<IpAddr>,
    pins: VecDeque<IpAddr>,
    /// The step is the last of `seen`; else it has not begun.
    begun: bool,
    /// Since when and why it waited for this step, when it did.
    pub(crate) waited: Option<(Instant, Why)>,
    /// Its place among the exchanges with this step's host.
    pub(crate) turn: Option<Turn>,
}

impl Course {
    pub(crate) fn new(job: Job) -> Self {
        Self {
            // What was asked for is written there when it begins: many may be held back.
            seen: Visit {
                asked: String::new(),
                steps: Vec::new(),
            },
            ask: Ask::first(job),
            because: Because::Asked,
            pin: None,
            pins: VecDeque::new(),
            begun: false,
            waited: None,
            turn: None,
        }
    }

    /// Whether nothing of it has begun.
    pub(crate) const fn is_new(&self) -> bool {
        self.seen.steps.is_empty()
    }

    /// It begins now, or goes on.
    pub(crate) fn start(&mut self) {
        if self.is_new() {
            self.seen.asked.clone_from(&self.ask.target);
        }
    }

    /// Why the step that comes takes place.
    pub(crate) const fn because(&self) -> Because {
        self.because
    }

    /// The exchange of the step that begins now.
    fn begin(&mut self) -> &mut Exchange {
        self.begun = true;
        // Most visits have one step; room for more would be large.
        self.seen.steps.reserve_exact(1);
        self.seen.steps.push(Step {
            exchange: begin(&self.ask.target),
            because: self.because,
        });
        let step = self.seen.steps.last_mut();
        let exchange = &mut step.expect("it was pushed").exchange;
        if let Some((since, why)) = self.waited.take() {
            exchange.timeline.add(Phase::Queue, since.elapsed());
            exchange.held = Some(why.as_str());
        }
        exchange
    }

    /// Ends the step under way, or the one that was to come, with a signal of our own.
    pub(crate) fn interrupt(&mut self, word: &'static str) {
        if !self.begun {
            self.begin();
        }
        if let Some(step) = self.seen.steps.last_mut() {
            let exchange = &mut step.exchange;
            exchange.signal(Phase::Queue, signals::engine(word));
            if exchange.end == End::NotCaptured {
                exchange.end = if exchange.received > 0 {
                    End::Partial
                } else {
                    End::Nothing
                };
            }
        }
    }

    /// What comes after the step that is over, and when; `None`: nothing.
    /// `said` goes before what the policy says.
    fn after<P: Policy>(
        &mut self,
        policy: &P,
        config: &Config,
        said: Option<Next>,
    ) -> Option<Duration> {
        let index = self.seen.steps.len().checked_sub(1)?;
        let exchange = &mut self.seen.steps[index].exchange;
        let mut wait = Duration::ZERO;
        if (died_unheard(exchange) && is_idempotent(&self.ask.method)) || was_turned_away(exchange)
        {
            // RFC 9112 section 9.3.1. The connection is gone, so the retry opens one of its own.
            self.because = Because::Retry(index);
        } else if let Some(Over::Alternative(_)) = self.ask.over {
            return None;
        } else if fallback::falls_back(&self.ask, config, exchange) {
            self.ask.over = Some(Over::Tcp);
            self.because = Because::Fallback(index);
        } else if fallback::wants_http11(&self.ask, config, exchange) {
            self.ask.over = Some(Over::Http11);
            self.because = Because::Fallback(index);
        } else if self.ask.is_to_answer(exchange) {
            self.because = Because::Challenge(index);
        } else if self.pin.is_some() {
            self.pin = Some(self.pins.pop_front()?);
            self.because = Because::Same(0);
        } else if self.ask.raw().is_some() {
            // What it meant is its author's: nothing follows from the answer.
            return None;
        } else {
            match said.unwrap_or_else(|| policy(&self.seen)) {
                Next::Done => {
                    let exchange = &self.seen.steps[index].exchange;
                    let service = fallback::alternative(&self.ask, config, exchange)?;
                    self.ask.over = Some(Over::Alternative(service));
                    self.because = Because::Fallback(index);
                }
                Next::Stop(signal) => {
                    self.stop(signal);
                    return None;
                }
                Next::Go {
                    target,
                    method,
                    keep_body,
                    drop_fields,
                    delay,
                    because,
                } => {
                    self.ask.then(target, method, keep_body, drop_fields);
                    self.because = because;
                    wait = delay;
                }
            }
        }
        if self.seen.steps.len() >= STEPS {
            self.stop(limit("steps", STEPS as u64));
            return None;
        }
        self.begun = false;
        Some(wait)
    }

    fn stop(&mut self, signal: Signal) {
        if let Some(step) = self.seen.steps.last_mut() {
            step.exchange.signal(Phase::Wait, signal);
        }
    }
}

/// Does one step; the delay is that of the next, `None` when there is none. The course always holds what is known so
/// far: whoever drops this future finds the step under way at its end.
pub(crate) async fn step<P: Policy>(
    worker: &mut Worker,
    course: &mut Course,
    dispatch: &Dispatch,
    policy: &P,
) -> Option<Duration> {
    let first = course.seen.steps.is_empty();
    let shared = Arc::clone(&worker.local.shared);
    let config = &*shared.config;
    let waited = match config.lender {
        None => None,
        // In a box, as is all that is not of every exchange.
        Some(_) => match Box::pin(lend::borrow(course, config)).await {
            Ok(waited) => waited,
            Err(signal) => {
                refuse(course, dispatch, signal);
                return None;
            }
        },
    };
    let exchange = course.begin();
    if let Some(since) = waited {
        exchange.timeline.add(Phase::Queue, since.elapsed());
        exchange.held = Some("login");
    }
    let step = course.seen.steps.last_mut()?;
    let exchange = &mut step.exchange;
    let mut resolved = true;
    if first && ways(&course.ask.job, &worker.local.shared.config).all_addresses {
        match Box::pin(every_address(worker, &course.ask, exchange)).await {
            Some(addresses) => course.pins = addresses.into(),
            None => resolved = false,
        }
        course.pin = course.pins.pop_front();
    }
    if resolved
        && let Err(Internal(word)) = perform(worker, &course.ask, course.pin, exchange).await
    {
        exchange.signal(Phase::Queue, signals::engine(word));
    }
    if exchange.end == End::NotCaptured {
        exchange.end = End::Nothing;
    }
    if let Some(turn) = course.turn.take() {
        dispatch.leave(&turn, Some(&Heard::of(exchange)));
    }
    let said = match config.lender {
        None => None,
        Some(_) => Box::pin(lend::look(course, config)).await,
    };
    course.after(policy, config, said)
}

/// Ends the step that was to come, since whoever lends credentials does not let it begin.
fn refuse(course: &mut Course, dispatch: &Dispatch, signal: Signal) {
    let method = course.ask.method.clone();
    let exchange = course.begin();
    exchange.request.method = method;
    exchange.signal(Phase::Queue, signal);
    exchange.end = End::Nothing;
    if let Some(turn) = course.turn.take() {
        dispatch.leave(&turn, None);
    }
}

fn begin(target: &str) -> Exchange {
    Exchange {
        vantage: Vantage {
            who: Who::Local,
            side: Side::Client,
        },
        observed_at: Seen::Present(SystemTime::now()),
        target: target.to_owned(),
        sent: Sent::Nothing,
        ..Exchange::default()
    }
}

/// How a kept connection turns out to be dead.
const UNHEARD: &[&str] = &[
    "eof",
    "errno:ECONNRESET",
    "errno:EPIPE",
    "h3:256",
    "quic:0",
    "quic:goaway-retry",
    "quic:idle-timeout",
    "quic:stateless-reset",
];

/// Whether a kept connection turned out to be dead before it gave a byte.
fn died_unheard(exchange: &Exchange) -> bool {
    exchange.reused == Seen::Present(true)
        && exchange.end == End::Nothing
        && exchange.received == 0
        && exchange.signals().any(|(phase, signal)| {
            matches!(phase, Phase::Send | Phase::Wait) && UNHEARD.iter().any(|head| signal.is(head))
        })
}

/// Whether a kept connection was being closed, and the request certainly not processed (RFC 9113 section 6.8).
fn was_turned_away(exchange: &Exchange) -> bool {
    exchange.reused == Seen::Present(true)
        && exchange.end == End::Nothing
        && exchange.signals().any(|(_, signal)| {
            let number = |name| {
                signal
                    .param(name)
                    .and_then(|value| value.parse::<u32>().ok())
            };
            signal.is("h2:0") && number("stream") > number("last")
        })
}

/// An error of the prober itself; the word becomes `engine:<word>`.
#[derive(Debug)]
pub(crate) struct Internal(pub(crate) Cow<'static, str>);

/// One step: everything seen goes into the exchange.
async fn perform(
    worker: &mut Worker,
    ask: &Ask,
    pin: Option<IpAddr>,
    exchange: &mut Exchange,
) -> Result<(), Internal> {
    let mut target = match Target::parse(&ask.target) {
        Ok(target) => target,
        Err(signal) => {
            exchange.request.method = ask.method.clone();
            exchange.signal(Phase::Queue, signal);
            return Ok(());
        }
    };
    if let Some(query) = ask.lent.as_ref().and_then(|lent| lent.query.as_ref()) {
        let mark = if target.path.contains('?') { '&' } else { '?' };
        target.path.push(mark);
        target.path.push_str(query);
    }
    let config = &*worker.local.shared.config;
    let websocket = if target.websocket || ask.job.websocket {
        Some(BASE64_STANDARD.encode(tls::random::<16>()?))
    } else {
        None
    };
    let ways = ways(&ask.job, config);
    let route = match &ask.over {
        Some(Over::Alternative(to)) => Route::alternative(&target.origin, to, ways),
        Some(Over::Tcp | Over::Http11) | None => Route::of(&target, websocket.is_some(), ways, pin),
    };
    let protocol = fallback::protocol(ask, config, &route, websocket.is_some());
    exchange.request = ask.request(config, target, route.forward(), websocket.as_deref());
    if protocol == Protocol::Http3 {
        h3::adapt(&mut exchange.request);
        if let Some(Over::Alternative(to)) = &ask.over {
            // RFC 7838 section 5.
            let used = Bytes::from(to.to_string());
            let fields = &mut exchange.request.fields;
            fields.push(Bytes::from_static(b"Alt-Used"), used);
        }
    }
    let mut limits = config.limits;
    match &ask.job.fault {
        None | Some(TestFault::Cancelled) => {}
        Some(TestFault::Panic) => panic!("asked to panic by a test"),
        Some(TestFault::Internal(word)) => return Err(Internal(word.clone().into())),
        Some(TestFault::LimitHead) => limits.head = 1,
    }
    let deadlines = *ask.job.deadlines.as_deref().unwrap_or(&config.deadlines);
    let budget = Budget::new(deadlines.total);
    let key = Key { route, protocol };
    let talk = Talk {
        local: &worker.local,
        deadlines: &deadlines,
        budget: &budget,
        alarm: &worker.alarm,
        limits,
        max_body: config.max_body,
        raw: ask.raw(),
    };
    if key.protocol == Protocol::Http10 && talk.raw.is_none() {
        exchange.request.version = Bytes::from_static(b"HTTP/1.0");
    }
    let _place = InUse::new(&worker.local.in_use);
    let Some(mut connection) = connection(&talk, key, exchange).await else {
        return Ok(());
    };
    if !config.tls.insecure
        && !connection.facts.problems.is_empty()
        && (ask.raw().is_some() || ask.lent.is_some() || is_private(&exchange.request))
    {
        exchange.signal(Phase::Send, Signal::word("probe", "withheld"));
        connection.close().await;
        return Ok(());
    }
    let talking = connection.exchange(&talk, &mut worker.out, exchange);
    match talking.await {
        After::Keep if ask.raw().is_none() => worker.local.pool.borrow_mut().put(connection),
        After::Keep | After::Close => connection.close().await,
        After::Upgraded(rest) => {
            if let (Some(key), Carrier::H1(stream)) = (websocket, &mut connection.carrier) {
                let watching = websocket::attend(&talk, stream, &key, rest, exchange);
                Box::pin(watching).await?;
            }
            connection.close().await;
        }
    }
    Ok(())
}

/// The ways of a job.
fn ways<'a>(job: &'a Job, config: &'a Config) -> &'a Arc<Ways> {
    job.ways.as_ref().unwrap_or(&config.ways)
}

/// Every address of the target's name, when it is to be asked at each: none when a proxy does the asking, or the target
/// is no good. `None`: the name has none, and the reason is recorded.
async fn every_address(worker: &Worker, ask: &Ask, exchange: &mut Exchange) -> Option<Vec<IpAddr>> {
    let config = &worker.local.shared.config;
    let ways = ways(&ask.job, config);
    let Ok(target) = Target::parse(&ask.target) else {
        return Some(Vec::new());
    };
    let websocket = target.websocket || ask.job.websocket;
    if ways.unix.is_some() || ways.proxy_for(&target.origin, websocket).is_some() {
        return Some(Vec::new());
    }
    let place = ways.place(&target.origin.host, target.origin.port);
    if let Some(given) = place.addresses {
        return Some(given);
    }
    let deadlines = *ask.job.deadlines.as_deref().unwrap_or(&config.deadlines);
    let dialler = Dialler {
        local: &worker.local,
        deadlines: &deadlines,
        budget: &Budget::new(deadlines.total),
    };
    dialler
        .addresses(ways, &place.host, Phase::Resolve, exchange)
        .await
}

/// Whether a request holds what is not for a peer that may be anybody: content, credentials, or the wish to change
/// something (RFC 9110 section 9.2.1).
fn is_private(request: &httpwhy_model::Request) -> bool {
    let safe = matches!(
        &request.method[..],
        b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE"
    );
    let secret = |name: &[u8]| httpwhy_model::is_secret_field(name);
    !safe
        || matches!(request.body, Seen::Present(_))
        || request.fields.list.iter().any(|field| secret(&field.name))
}

/// A kept connection that has stayed quiet, or a new one. What fails is recorded, and then there is none.
async fn connection(talk: &Talk<'_>, key: Key, exchange: &mut Exchange) -> Option<Box<Connection>> {
    let pool = &talk.local.pool;
    // What is no HTTP may leave a connection in any state: it has one of its own.
    let may_be_kept = talk.raw.is_none()
        && (talk.local.shared.config.reuse == Reuse::All
            || is_idempotent(&exchange.request.method));
    let kept = may_be_kept.then(|| pool.borrow_mut().take(&key)).flatten();
    if let Some(mut kept) = kept {
        // No loop: of those that a server has closed, one is found out here and the rest when they are needed.
        if kept.is_quiet().await {
            kept.facts.describe(exchange);
            exchange.reused = Seen::Present(true);
            return Some(kept);
        }
        kept.close().await;
    }
    exchange.reused = Seen::Present(false);
    let surplus = pool.borrow_mut().surplus(talk.local.in_use.get());
    // In a box, as is all that is not of every exchange: a task in wait is small then.
    Box::pin(async move {
        if let Some(surplus) = surplus {
            surplus.close().await;
        }
        connection::establish(talk, key, exchange).await
    })
    .await
}

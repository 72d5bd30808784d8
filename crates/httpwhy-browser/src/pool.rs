//! Browsers that are lent out, one page at a time.
//!
//! Each browser serves one lease at a time, in a browser context of its own (its own cookies, its own cache). A crash, or a
//! page that hangs, then concerns one page and no other, and what is killed belongs to it alone. A start takes half a
//! second, so browsers are kept between leases, and started ahead.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout, timeout_at};

use crate::browser::Browser;
use crate::find::find;
use crate::launch::kill_group;
use crate::{Trouble, launch};

/// What a pool may do.
#[derive(Debug, Clone)]
pub struct PoolConfig {
    /// The browser's path or name; `None`: the first that is found ([`find`]).
    pub program: Option<PathBuf>,
    /// More arguments for it.
    pub arguments: Vec<OsString>,
    /// Where the browsers' profiles are kept while they live; `None`: the system's folder for temporary files.
    pub profiles: Option<PathBuf>,
    /// Browsers kept ready beyond those lent out.
    pub min_idle: usize,
    /// Browsers at most, lent out or not; at least 1.
    pub max: usize,
    /// How long one waits for a lease.
    pub max_wait: Duration,
    /// How old a lease may become; its browser is killed then.
    pub lease_ttl: Duration,
    /// After so many leases a browser is replaced.
    pub max_leases_per_browser: u32,
    /// How long a browser may take to start.
    pub start: Duration,
}

impl Default for PoolConfig {
    /// 4 browsers, none ahead of need, 50 leases each; a minute in line, five minutes a lease, 30 s to start.
    fn default() -> Self {
        Self {
            program: None,
            arguments: Vec::new(),
            profiles: None,
            min_idle: 0,
            max: 4,
            max_wait: Duration::from_mins(1),
            lease_ttl: Duration::from_mins(5),
            max_leases_per_browser: 50,
            start: Duration::from_secs(30),
        }
    }
}

/// How many browsers do what, and how many wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Ready.
    pub idle: usize,
    /// Lent out.
    pub leased: usize,
    /// Standing in line.
    pub waiting: usize,
    /// Browsers started since the beginning.
    pub started: u64,
}

/// A pool of browsers; clones share it. The last one, dropped, ends the browsers that are not lent out; those that are
/// end with their leases.
#[derive(Debug, Clone)]
pub struct Pool {
    shared: Arc<Shared>,
    _owner: Arc<Owner>,
}

/// What all clones of a pool have in common: with the last of them the browsers that are not lent out end.
#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        let idle = {
            let mut state = self.0.state();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        drop(idle);
    }
}

#[derive(Debug)]
pub(crate) struct Shared {
    config: PoolConfig,
    handle: Handle,
    state: Mutex<State>,
    /// Told when a browser ends.
    fewer: Notify,
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Kept>,
    line: VecDeque<Waiting>,
    leases: BTreeMap<u64, Held>,
    /// Browsers that live, also those that are starting or on their way from one hand to another.
    alive: usize,
    starting: usize,
    started: u64,
    /// The last start failed: none is tried ahead of need.
    failed: bool,
    next: u64,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    tell: oneshot::Sender<Result<Kept, Trouble>>,
}

#[derive(Debug)]
struct Held {
    holder: String,
    since: Instant,
    expired: bool,
}

/// A browser with its place in the pool.
#[derive(Debug)]
struct Kept {
    // Ended before its place is free again.
    browser: Browser,
    _slot: Slot,
}

/// A place for a browser, free again when dropped.
#[derive(Debug)]
struct Slot(Arc<Shared>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.state().alive -= 1;
        self.0.fewer.notify_waiters();
        Shared::serve(&self.0);
    }
}

impl Pool {
    /// An empty pool, which begins to start [`PoolConfig::min_idle`] browsers.
    ///
    /// # Panics
    /// Outside of a runtime of tokio.
    pub fn new(config: PoolConfig) -> Self {
        let shared = Arc::new(Shared {
            config: PoolConfig {
                max: config.max.max(1),
                ..config
            },
            handle: Handle::current(),
            state: Mutex::default(),
            fewer: Notify::new(),
        });
        Shared::serve(&shared);
        Self {
            _owner: Arc::new(Owner(Arc::clone(&shared))),
            shared,
        }
    }

    /// Whether browsers are started without their sandbox: only where this process is root, because they refuse to start
    /// otherwise.
    pub fn without_sandbox() -> bool {
        launch::is_root()
    }

    /// Waits in line for a browser, first come, first served. `holder` names in messages who has it.
    ///
    /// # Errors
    /// Where none is to be had in time, or at all.
    pub async fn lease(&self, holder: &str) -> Result<Lease, Trouble> {
        let deadline = tokio::time::Instant::now() + self.shared.config.max_wait;
        loop {
            let (number, mut turn) = self.stand_in_line()?;
            let Ok(given) = timeout_at(deadline, &mut turn).await else {
                return Err(self.shared.timed_out(number));
            };
            let kept = given.unwrap_or(Err(Trouble::Closed))?;
            if kept.browser.is_well().await {
                return Ok(Lease::new(&self.shared, kept, holder));
            }
            self.shared.retire(kept);
        }
    }

    /// What the browsers are doing.
    pub fn counts(&self) -> Counts {
        let state = self.shared.state();
        Counts {
            idle: state.idle.len(),
            leased: state.leases.len(),
            waiting: state.waiting(),
            started: state.started,
        }
    }

    /// Ends all browsers that are not lent out, and lends out no more. Waits until also the others have come back, and
    /// every process has ended; at most so long.
    pub async fn close(&self, patience: Duration) {
        let (idle, line) = {
            let mut state = self.shared.state();
            state.closed = true;
            let line = std::mem::take(&mut state.line);
            (std::mem::take(&mut state.idle), line)
        };
        for waiting in line {
            let _ = waiting.tell.send(Err(Trouble::Closed));
        }
        for kept in idle {
            self.shared.retire(kept);
        }
        let gone = async {
            loop {
                let changed = self.shared.fewer.notified();
                if self.shared.state().alive == 0 {
                    return;
                }
                changed.await;
            }
        };
        // Should a process not end, there is nothing better to do than to go on.
        let _ = timeout(patience, gone).await;
    }

    fn stand_in_line(&self) -> Result<(u64, oneshot::Receiver<Result<Kept, Trouble>>), Trouble> {
        let (tell, turn) = oneshot::channel();
        let number = {
            let mut state = self.shared.state();
            if state.closed {
                return Err(Trouble::Closed);
            }
            let number = state.number();
            state.line.push_back(Waiting { number, tell });
            number
        };
        Shared::serve(&self.shared);
        Ok((number, turn))
    }
}

impl State {
    /// Gives idle browsers to those in front of the line. How many are to be started.
    fn hand_over(&mut self, config: &PoolConfig) -> usize {
        if self.closed {
            return 0;
        }
        self.line.retain(|waiting| !waiting.tell.is_closed());
        while let Some(waiting) = self.line.pop_front() {
            let Some(kept) = self.idle.pop() else {
                self.line.push_front(waiting);
                break;
            };
            if let Err(Ok(kept)) = waiting.tell.send(Ok(kept)) {
                // It left this very moment.
                self.idle.push(kept);
            }
        }
        let ahead = if self.failed { 0 } else { config.min_idle };
        let wanted = (self.line.len() + ahead).saturating_sub(self.idle.len() + self.starting);
        let starts = wanted.min(config.max - self.alive.min(config.max));
        self.starting += starts;
        self.alive += starts;
        starts
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn waiting(&self) -> usize {
        let line = self.line.iter();
        line.filter(|waiting| !waiting.tell.is_closed()).count()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives idle browsers to those in front of the line, and starts more where that is not enough.
    fn serve(shared: &Arc<Self>) {
        let starts = shared.state().hand_over(&shared.config);
        // A runtime that is ending drops what it is given, and with it the slot, which looks at the state again.
        for _ in 0..starts {
            let slot = Slot(Arc::clone(shared));
            shared.handle.spawn(Self::start(Arc::clone(shared), slot));
        }
    }

    async fn start(shared: Arc<Self>, slot: Slot) {
        let config = &shared.config;
        let started = match find(config.program.as_deref()) {
            Ok(program) => Browser::start(&program, config).await,
            Err(trouble) => Err(trouble),
        };
        let surplus = {
            let mut state = shared.state();
            state.starting -= 1;
            state.failed = started.is_err();
            match started {
                Ok(browser) => {
                    state.started += 1;
                    let kept = Kept {
                        browser,
                        _slot: slot,
                    };
                    if state.closed {
                        Some(Ok(kept))
                    } else {
                        state.idle.push(kept);
                        None
                    }
                }
                Err(trouble) => {
                    state.refuse(&trouble);
                    Some(Err(slot))
                }
            }
        };
        match surplus {
            Some(Ok(kept)) => shared.retire(kept),
            Some(Err(slot)) => drop(slot),
            None => Self::serve(&shared),
        }
    }

    /// Ends a browser, away from the threads that serve pages: to wait for its processes takes a moment.
    fn retire(&self, kept: Kept) {
        // A runtime that is ending drops it right here.
        drop(self.handle.spawn_blocking(move || drop(kept)));
    }

    fn timed_out(&self, number: u64) -> Trouble {
        let mut state = self.state();
        let waiting = state.waiting();
        state.line.retain(|waiting| waiting.number != number);
        let oldest = state.leases.values().min_by_key(|held| held.since);
        Trouble::PoolTimeout {
            waiting,
            oldest: oldest.map(|held| held.since.elapsed()).unwrap_or_default(),
            holder: oldest.map_or_else(
                || "nobody: no browser has started yet".to_owned(),
                |held| held.holder.clone(),
            ),
        }
    }
}

impl State {
    /// Tells those in line that none can be started: all of them when none is installed, else the one in front.
    fn refuse(&mut self, trouble: &Trouble) {
        let all = matches!(trouble, Trouble::NotInstalled { .. });
        while let Some(waiting) = self.line.pop_front() {
            let told = waiting.tell.send(Err(trouble.clone()));
            if told.is_ok() && !all {
                return;
            }
        }
    }
}

/// A browser that is lent out. Dropped without [`Lease::give_back`], it is ended.
#[derive(Debug)]
pub struct Lease {
    shared: Arc<Shared>,
    number: u64,
    kept: Option<Kept>,
    watch: JoinHandle<()>,
    /// It must not serve another page.
    spoiled: bool,
}

impl Lease {
    fn new(shared: &Arc<Shared>, kept: Kept, holder: &str) -> Self {
        let group = kept.browser.group();
        let number = {
            let mut state = shared.state();
            let number = state.number();
            let held = Held {
                holder: holder.chars().take(200).collect(),
                since: Instant::now(),
                expired: false,
            };
            state.leases.insert(number, held);
            number
        };
        let watched = Arc::clone(shared);
        let watch = shared.handle.spawn(async move {
            sleep(watched.config.lease_ttl).await;
            if let Some(held) = watched.state().leases.get_mut(&number) {
                held.expired = true;
                kill_group(group);
            }
        });
        Self {
            shared: Arc::clone(shared),
            number,
            kept: Some(kept),
            watch,
            spoiled: false,
        }
    }

    /// The browser.
    pub(crate) fn browser(&mut self) -> &mut Browser {
        let kept = self.kept.as_mut();
        &mut kept.expect("it is taken only when the lease ends").browser
    }

    /// It crashed or hangs: it is to be ended.
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// What is to be said when the browser has gone: it crashed, or it was ended because the lease was too old.
    pub(crate) fn gone(&self) -> Trouble {
        let state = self.shared.state();
        match state.leases.get(&self.number) {
            Some(held) if held.expired => Trouble::LeaseExpired,
            _ => Trouble::BrowserCrashed,
        }
    }

    /// The number of the browser's process group.
    pub fn group(&self) -> u32 {
        self.kept.as_ref().map_or(0, |kept| kept.browser.group())
    }

    /// Gives the browser back. It is ended when it is worn out or does not answer.
    pub async fn give_back(mut self) {
        let Some(mut kept) = self.kept.take() else {
            return;
        };
        kept.browser.leases += 1;
        let worn_out = kept.browser.leases >= self.shared.config.max_leases_per_browser;
        let fit = !self.spoiled && !worn_out && kept.browser.is_well().await;
        let shared = Arc::clone(&self.shared);
        drop(self);
        // What was said of the page that is closed concerns nobody any more.
        while kept.browser.events.try_recv().is_ok() {}
        if fit && !shared.state().closed {
            shared.state().idle.push(kept);
            Shared::serve(&shared);
        } else {
            shared.retire(kept);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.watch.abort();
        self.shared.state().leases.remove(&self.number);
        if let Some(kept) = self.kept.take() {
            self.shared.retire(kept);
        }
    }
}

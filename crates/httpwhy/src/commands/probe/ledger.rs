//! One record for every input: what was handed out and is not back yet.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use httpwhy_ingest::{Call, Unread};
use httpwhy_model::{Documented, End, Exchange, Phase, Sent, Signal, Visit};

use super::dedup::Dedup;
use super::resume::Done;
use super::targets::{Target, Targets};

/// How often a wish to stop is looked at while the window is full.
const LOOK: Duration = Duration::from_millis(50);

/// The targets, numbered from 1 as they are handed out, and those not back yet. Holds as many as the prober reads ahead.
pub(crate) struct Ledger {
    /// Locked while the next one is read, which may take for ever on standard input: nobody else waits for it.
    inputs: Mutex<Inputs>,
    open: Mutex<Open>,
    fewer: Condvar,
    /// How far numbers may be ahead of the oldest that is not back.
    window: Option<u64>,
    stop: Arc<AtomicBool>,
}

/// Where inputs come from, and what is known of them before they are asked for.
pub(crate) struct Inputs {
    pub(crate) targets: Targets,
    pub(crate) done: Option<Done>,
    pub(crate) dedup: Option<Dedup>,
}

#[derive(Default)]
struct Open {
    handed_out: u64,
    targets: BTreeMap<u64, Waiting>,
}

/// What is known of an input that is not back.
struct Waiting {
    target: String,
    documented: Option<Arc<Documented>>,
}

/// One input.
#[derive(Debug)]
pub(crate) enum Input {
    /// To be asked for.
    Ask(u64, Call),
    /// Left out: its method may change something.
    Unsafe(u64, Call),
    /// A part of a file that cannot be read, with the file's name.
    Unread(u64, String, Unread),
    /// It has its record in the file that is gone on with.
    Done(u64),
    /// It was given before, by that number.
    Again(u64, String, u64),
    /// The file that is gone on with speaks of another target.
    Other(u64, String),
}

impl Ledger {
    pub(crate) fn new(inputs: Inputs, window: Option<u64>, stop: Arc<AtomicBool>) -> Self {
        Self {
            inputs: Mutex::new(inputs),
            open: Mutex::default(),
            fewer: Condvar::new(),
            window,
            stop,
        }
    }

    /// The next input, as the prober asks for it; waits while the window is full.
    pub(crate) fn next(&self) -> Option<Input> {
        self.wait_for_room();
        if self.stop.load(Ordering::Relaxed) {
            return None;
        }
        lock(&self.inputs).next(&self.open)
    }

    /// What a description documents of an input that is not back.
    pub(crate) fn documented(&self, number: u64) -> Option<Arc<Documented>> {
        lock(&self.open).targets.get(&number)?.documented.clone()
    }

    /// That one is back.
    pub(crate) fn back(&self, number: u64) {
        lock(&self.open).targets.remove(&number);
        if self.window.is_some() {
            self.fewer.notify_one();
        }
    }

    /// After the run was stopped: one visit, never begun, for each input that is not back or was not handed out, ended by
    /// that signal. Standard input is not read on: it may have no end.
    pub(crate) fn never_begun(&self, why: &Signal) -> impl Iterator<Item = (u64, Visit)> {
        // Whoever still holds the inputs waits for standard input.
        let mut rest = self.inputs.try_lock().ok();
        if let Some(inputs) = &mut rest {
            inputs.targets.leave_standard_input();
        }
        std::iter::from_fn(move || {
            while lock(&self.open).targets.is_empty() {
                rest.as_mut()?.next(&self.open)?;
            }
            let (number, waiting) = lock(&self.open).targets.pop_first()?;
            Some((number, never_begun(waiting.target, why.clone())))
        })
    }

    /// What `--dedup` has to say at the end.
    pub(crate) fn dedup_said(&self) -> Option<String> {
        let inputs = self.inputs.try_lock().ok()?;
        let dedup = inputs.dedup.as_ref().filter(|dedup| dedup.is_full())?;
        Some(format!(
            "--dedup: the first {} distinct targets were remembered; later ones were compared with those only (--dedup-max)",
            dedup.len()
        ))
    }

    fn wait_for_room(&self) {
        let Some(window) = self.window else { return };
        let full = |open: &Open| {
            let oldest = open.targets.first_key_value();
            oldest.is_some_and(|(&oldest, _)| open.handed_out + 1 >= oldest + window)
        };
        let mut open = lock(&self.open);
        while full(&open) && !self.stop.load(Ordering::Relaxed) {
            let waited = self.fewer.wait_timeout(open, LOOK);
            open = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Inputs {
    fn next(&mut self, open: &Mutex<Open>) -> Option<Input> {
        let target = self.targets.next()?;
        let mut open = lock(open);
        open.handed_out += 1;
        let number = open.handed_out;
        if let Some(done) = &self.done {
            let name = target.name();
            match done.knows(number, &name) {
                Some(true) => {
                    // Later ones may be equal to it.
                    self.before(number, &target);
                    return Some(Input::Done(number));
                }
                Some(false) => return Some(Input::Other(number, name)),
                None => {}
            }
        }
        if let Some(first) = self.before(number, &target) {
            return Some(Input::Again(number, target.name(), first));
        }
        Some(match target {
            Target::Unsafe(call) => Input::Unsafe(number, call),
            Target::Unread(name, unread) => Input::Unread(number, name, unread),
            Target::Call(call) => {
                let waiting = Waiting {
                    target: call.target.clone(),
                    documented: call
                        .more
                        .as_deref()
                        .and_then(|more| more.documented.clone()),
                };
                open.targets.insert(number, waiting);
                Input::Ask(number, call)
            }
        })
    }

    /// The number of the input that was equal to it, with `--dedup`.
    fn before(&mut self, number: u64, target: &Target) -> Option<u64> {
        match target {
            Target::Call(call) | Target::Unsafe(call) => self.dedup.as_mut()?.before(number, call),
            Target::Unread(..) => None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The visit of an input whose method may change something.
pub(crate) fn left_out(call: Call) -> Visit {
    let method = call.method().cloned().unwrap_or_default();
    let word: String = String::from_utf8_lossy(&method)
        .split_whitespace()
        .collect();
    let why = Signal::Word {
        dialect: "input".into(),
        word: "unsafe-method".into(),
        params: vec![("method".into(), word)],
    };
    let documented = call.more.and_then(|more| more.documented);
    let mut visit = never_begun(call.target, why);
    for step in &mut visit.steps {
        step.exchange.request.method = method.clone();
        step.exchange.documented.clone_from(&documented);
    }
    visit
}

/// A visit that was not begun, for a reason of our own.
pub(crate) fn never_begun(target: String, why: Signal) -> Visit {
    let mut exchange = Exchange {
        target,
        sent: Sent::Nothing,
        end: End::Nothing,
        ..Exchange::default()
    };
    exchange.signal(Phase::Queue, why);
    Visit::of(exchange)
}

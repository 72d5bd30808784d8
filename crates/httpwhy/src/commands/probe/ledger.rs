//! One record for every input: what was handed out and is not back yet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use httpwhy_model::{End, Exchange, Phase, Sent, Signal, Visit};

use super::targets::Targets;

/// The targets, numbered from 1 as they are handed out, and those not back yet. Holds as many as the prober reads ahead.
pub(crate) struct Ledger {
    /// Locked while the next one is read, which may take for ever on standard input: nobody else waits for it.
    targets: Mutex<Targets>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    handed_out: u64,
    targets: BTreeMap<u64, String>,
}

impl Ledger {
    pub(crate) fn new(targets: Targets) -> Self {
        Self {
            targets: Mutex::new(targets),
            open: Mutex::default(),
        }
    }

    /// The targets with their numbers, as the prober asks for them.
    pub(crate) fn hand_out(self: &Arc<Self>) -> impl Iterator<Item = (u64, String)> + Send + use<> {
        let ledger = Arc::clone(self);
        std::iter::from_fn(move || {
            let target = lock(&ledger.targets).next()?;
            Some(ledger.number(target))
        })
    }

    /// That one is back.
    pub(crate) fn back(&self, number: u64) {
        lock(&self.open).targets.remove(&number);
    }

    /// After an interruption: one visit, never begun, for each input that is not back or was not handed out. Standard
    /// input is not read on: it may have no end.
    pub(crate) fn never_begun(&self) -> impl Iterator<Item = (u64, Visit)> {
        // Whoever still holds the targets waits for standard input.
        let mut rest = self.targets.try_lock().ok();
        if let Some(targets) = &mut rest {
            targets.leave_standard_input();
        }
        std::iter::from_fn(move || {
            if lock(&self.open).targets.is_empty()
                && let Some(target) = rest.as_mut().and_then(|targets| targets.next())
            {
                self.number(target);
            }
            let (number, target) = lock(&self.open).targets.pop_first()?;
            Some((number, never_begun(target)))
        })
    }

    fn number(&self, target: String) -> (u64, String) {
        let mut open = lock(&self.open);
        open.handed_out += 1;
        let number = open.handed_out;
        open.targets.insert(number, target.clone());
        (number, target)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn never_begun(target: String) -> Visit {
    let mut exchange = Exchange {
        target,
        sent: Sent::Nothing,
        end: End::Nothing,
        ..Exchange::default()
    };
    exchange.signal(Phase::Queue, Signal::word("engine", "cancelled"));
    Visit::of(exchange)
}

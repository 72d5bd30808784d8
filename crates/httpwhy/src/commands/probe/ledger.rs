//! One record for every input: what was handed out and is not back yet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use httpwhy_model::{End, Exchange, Phase, Sent, Signal, Visit};

use super::targets::Targets;

/// The targets, numbered from 1 as they are handed out, and those not back yet. Holds as many as the prober reads ahead.
pub(crate) struct Ledger(Mutex<Inner>);

struct Inner {
    targets: Targets,
    handed_out: u64,
    open: BTreeMap<u64, String>,
}

impl Ledger {
    pub(crate) const fn new(targets: Targets) -> Self {
        Self(Mutex::new(Inner {
            targets,
            handed_out: 0,
            open: BTreeMap::new(),
        }))
    }

    /// The targets with their numbers, as the prober asks for them.
    pub(crate) fn hand_out(self: &Arc<Self>) -> impl Iterator<Item = (u64, String)> + Send + use<> {
        let ledger = Arc::clone(self);
        std::iter::from_fn(move || ledger.inner().next())
    }

    /// That one is back.
    pub(crate) fn back(&self, number: u64) {
        self.inner().open.remove(&number);
    }

    /// After an interruption: one visit, never begun, for each input that is not back or was not handed out. Standard
    /// input is not read on: it may have no end.
    pub(crate) fn never_begun(&self) -> impl Iterator<Item = (u64, Visit)> {
        self.inner().targets.leave_standard_input();
        std::iter::from_fn(move || {
            let mut inner = self.inner();
            if inner.open.is_empty() {
                inner.next();
            }
            let (number, target) = inner.open.pop_first()?;
            Some((number, never_begun(target)))
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn next(&mut self) -> Option<(u64, String)> {
        let target = self.targets.next()?;
        self.handed_out += 1;
        self.open.insert(self.handed_out, target.clone());
        Some((self.handed_out, target))
    }
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

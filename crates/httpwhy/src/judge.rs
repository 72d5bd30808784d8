//! A visit, judged: its steps and its verdict.

use std::panic::{AssertUnwindSafe, catch_unwind};

use httpwhy_diagnose::{deciding, steps};
use httpwhy_model::{Diagnosis, End, Exchange, Phase, Signal, Visit};

/// A visit with its judgement.
pub(crate) struct Judged {
    pub(crate) visit: Visit,
    /// One for each step; never empty.
    pub(crate) steps: Vec<Diagnosis>,
}

impl Judged {
    /// Judges a visit. A defect that panics while doing so ends this visit as `engine/internal`, not the run.
    pub(crate) fn new(visit: Visit) -> Self {
        let judged = catch_unwind(AssertUnwindSafe(|| steps(&visit)));
        if let Ok(steps) = judged {
            return Self { visit, steps };
        }
        let mut exchange = Exchange {
            target: visit.asked,
            end: End::Nothing,
            ..Exchange::default()
        };
        exchange.signal(Phase::Queue, Signal::word("engine", "panic"));
        let visit = Visit::of(exchange);
        Self {
            steps: steps(&visit),
            visit,
        }
    }

    /// The verdict on the whole visit.
    pub(crate) fn verdict(&self) -> &Diagnosis {
        self.deciding().1
    }

    /// The step that decides, and the verdict.
    pub(crate) fn deciding(&self) -> (usize, &Diagnosis) {
        let index = deciding(&self.visit, &self.steps);
        (index, &self.steps[index])
    }

    /// The final status.
    pub(crate) fn status(&self) -> Option<u16> {
        self.visit.last().and_then(|step| step.exchange.status())
    }

    /// Whether httpwhy itself failed on this target.
    pub(crate) fn is_own_failure(&self) -> bool {
        matches!(
            self.verdict().outcome.0,
            "engine/internal"
                | "engine/exception"
                | "engine/argument-error"
                | "engine/runtime-error"
        )
    }
}

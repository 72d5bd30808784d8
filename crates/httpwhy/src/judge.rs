//! A visit, judged: its steps and its verdict.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use httpwhy_diagnose::{Judgement, Memory, deciding};
use httpwhy_model::{Diagnosis, End, Exchange, Phase, Signal, Visit};
use httpwhy_render::Report;

/// A visit with its judgement.
pub(crate) struct Judged<'a> {
    pub(crate) visit: Cow<'a, Visit>,
    /// Of its steps; never empty.
    pub(crate) judgement: Arc<Judgement>,
}

impl<'a> Judged<'a> {
    /// Judges a visit that has been redacted.
    pub(crate) fn new(visit: Visit) -> Self {
        Self::by(&mut Memory::default(), Cow::Owned(visit))
    }

    /// Judges a visit that has been redacted, with what is remembered of others. A defect that panics while doing so
    /// ends this visit as `engine/internal`, not the run.
    pub(crate) fn by(memory: &mut Memory, visit: Cow<'a, Visit>) -> Self {
        // A panic inside leaves the memory whole: it is changed last.
        let judged = catch_unwind(AssertUnwindSafe(|| memory.judge(&visit)));
        if let Ok(judgement) = judged {
            return Self { visit, judgement };
        }
        let mut exchange = Exchange {
            target: visit.into_owned().asked,
            end: End::Nothing,
            ..Exchange::default()
        };
        exchange.signal(Phase::Queue, Signal::word("engine", "panic"));
        let visit = Visit::of(exchange);
        Self {
            judgement: memory.judge(&visit),
            visit: Cow::Owned(visit),
        }
    }

    /// The judgement of each step.
    pub(crate) fn steps(&self) -> &[Diagnosis] {
        &self.judgement.steps
    }

    /// The verdict on the whole visit.
    pub(crate) fn verdict(&self) -> &Diagnosis {
        self.deciding().1
    }

    /// The step that decides, and the verdict.
    pub(crate) fn deciding(&self) -> (usize, &Diagnosis) {
        let index = deciding(&self.visit, self.steps());
        (index, &self.steps()[index])
    }

    /// It under this name, to be written.
    pub(crate) fn report<'r>(&'r self, name: &'r str) -> Report<'r> {
        Report {
            name,
            visit: &self.visit,
            steps: self.steps(),
            verdict: self.verdict(),
            deciding: self.deciding().0,
            written: Some(&self.judgement.written),
        }
    }

    /// The final status; of a page whose document is well that of the subresource that decides.
    pub(crate) fn status(&self) -> Option<u16> {
        let (index, _) = self.deciding();
        let step = match self.visit.is_of_page(index) {
            true => self.visit.steps.get(index),
            false => self.visit.landed(),
        };
        step.and_then(|step| step.exchange.status())
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

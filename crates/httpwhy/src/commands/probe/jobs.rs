//! Jobs: what the command says for all, and what an input says for itself.

use std::sync::Arc;

use httpwhy_ingest::Call;
use httpwhy_model::{Because, Documented, Visit};
use httpwhy_probe::Job;

/// What of the command's own options replaces what an input says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overrides {
    /// A method is given.
    pub(crate) method: bool,
    /// Content is given.
    pub(crate) content: bool,
}

/// The job of one input. Its method and content stay unless the command gives others; fields of the command replace those
/// of the same name.
pub(crate) fn of(template: &Job, overrides: Overrides, index: u64, call: Call) -> Job {
    let mut job = Job {
        index,
        target: call.target,
        ..template.clone()
    };
    let Some(more) = call.more else {
        return job;
    };
    if !more.method.is_empty() && !overrides.method && !overrides.content {
        job.method = more.method;
    }
    if !overrides.content {
        job.body = more.body;
    }
    let is_given = |name: &[u8]| {
        let mut given = template.fields.iter();
        given.any(|(known, _)| known.eq_ignore_ascii_case(name))
            || name.eq_ignore_ascii_case(b"authorization") && template.login.is_some()
            || name.eq_ignore_ascii_case(b"content-type") && overrides.content
    };
    let fields = more.fields.into_iter().filter(|(name, _)| !is_given(name));
    job.fields.extend(fields);
    if template.raw.is_none() {
        job.raw = more.raw;
    }
    job
}

/// The visit, with what is documented of the operation on each exchange that asked for it.
pub(crate) fn documented(visit: &Visit, documented: &Arc<Documented>) -> Visit {
    let mut visit = visit.clone();
    let asked = visit.asked.clone();
    for step in &mut visit.steps {
        let same = matches!(
            step.because,
            Because::Asked
                | Because::Retry(_)
                | Because::Challenge(_)
                | Because::Fallback(_)
                | Because::Same(_)
        );
        if same && step.exchange.target == asked {
            step.exchange.documented = Some(Arc::clone(documented));
        }
    }
    visit
}

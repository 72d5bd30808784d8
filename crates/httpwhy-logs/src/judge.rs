//! A shape, judged: made into a visit and diagnosed, once.

use std::sync::Arc;

use httpwhy_diagnose::many::{Happening, happened};
use httpwhy_diagnose::{deciding, steps};
use httpwhy_ingest::logs::{Format, Kind, Open, OwnedShape, corroborate, formats, prove};
use httpwhy_model::{Diagnosis, Visit};

/// What a shape means.
#[derive(Debug)]
pub struct Judged {
    /// The visit that the shape is.
    pub visit: Visit,
    /// The verdict on it.
    pub diagnosis: Diagnosis,
    /// What happened, in one word.
    pub happened: Happening,
    /// What lines of this format leave open, and what would tell.
    pub open: Option<Open>,
}

impl Judged {
    /// Judges a shape, with the error line that belongs to it, if any.
    pub fn of(format: &Format, shape: &OwnedShape, error: Option<&Complaint>) -> Arc<Self> {
        let mut visit = (format.visit)(&shape.get());
        if let Some(error) = error {
            join(&mut visit, error);
        }
        let mut steps = steps(&visit);
        let at = deciding(&visit, &steps);
        let own: Vec<_> = steps
            .first()
            .filter(|_| at > 0)
            .map(|first| {
                std::iter::once(first.outcome)
                    .chain(first.also.iter().copied())
                    .collect()
            })
            .unwrap_or_default();
        let mut diagnosis = steps.swap_remove(at);
        // A leg behind decided: what the client was told holds as well.
        for outcome in own {
            if outcome != diagnosis.outcome && !diagnosis.also.contains(&outcome) {
                diagnosis.also.push(outcome);
            }
        }
        let happened = happened(&visit, &diagnosis);
        Arc::new(Self {
            open: match error {
                Some(_) => None,
                None => (format.open)(&shape.get()),
            },
            visit,
            diagnosis,
            happened,
        })
    }

    /// Whether anything went wrong.
    pub fn failed(&self) -> bool {
        self.happened.is_failure()
    }
}

/// The format and shape of an error line, or of the line that a server behind wrote of the same exchange.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Complaint {
    /// The log's format, by its place in the list of formats.
    pub format: u16,
    /// The line's shape.
    pub shape: OwnedShape,
    /// Of a line from behind: it took longer than the front did in all.
    pub late: bool,
}

impl Complaint {
    /// The format, if it is a line from behind.
    pub(crate) fn witness(&self) -> Option<&'static Format> {
        formats()
            .nth(usize::from(self.format))
            .filter(|format| format.kind == Kind::Access)
    }
}

/// Puts what an error line says into the visit of its access line, on the leg where it happened; or what a server behind
/// wrote of it.
fn join(visit: &mut Visit, error: &Complaint) {
    let shape = error.shape.get();
    match error.witness() {
        Some(format) => corroborate(visit, (format.visit)(&shape), error.late),
        None => prove(visit, &shape),
    }
}

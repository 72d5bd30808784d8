//! A shape, judged: made into a visit and diagnosed, once.

use std::sync::Arc;

use httpwhy_diagnose::many::{Happening, happened};
use httpwhy_diagnose::{deciding, steps};
use httpwhy_ingest::logs::{Format, Kind, Open, OwnedShape, prove};
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
        let steps = steps(&visit);
        let at = deciding(&visit, &steps);
        let diagnosis = steps
            .into_iter()
            .nth(at)
            .unwrap_or_else(|| httpwhy_diagnose::diagnose(&visit));
        let happened = match format.kind {
            Kind::Access | Kind::Error => happened(&visit, &diagnosis),
        };
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

/// An error line's format and shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Complaint {
    /// The error log's format, by its place in the list of formats.
    pub format: u16,
    /// The error line's shape.
    pub shape: OwnedShape,
}

/// Puts what an error line says into the visit of its access line: on the leg where it happened.
fn join(visit: &mut Visit, error: &Complaint) {
    prove(visit, &error.shape.get());
}

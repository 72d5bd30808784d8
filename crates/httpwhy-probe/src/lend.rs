//! Credentials that are lent to steps: by whoever keeps a session, which may end and be renewed while a run goes on.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use httpwhy_model::{Because, Signal, Visit};

use crate::visit::Course;
use crate::{Config, Next};

/// A step that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct Coming<'a> {
    /// The steps before it.
    pub before: &'a Visit,
    /// Its absolute target URI.
    pub target: &'a str,
    /// Why it takes place.
    pub because: Because,
}

/// What a step is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loan {
    /// Nothing: it is asked as the job says.
    Nothing,
    /// These.
    Lent(Box<Lent>),
    /// It is not to be asked at all: this signal says why, in phase queue.
    Refused(Signal),
}

/// Credentials for one step. They are secret: the `Debug` form tells numbers alone.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Lent {
    /// Request fields.
    pub fields: Vec<(Bytes, Bytes)>,
    /// The value of the Cookie field.
    pub cookie: Option<String>,
    /// What is added to the query, without `?` or `&`.
    pub query: Option<String>,
    /// They replace what the job says of the same name; else the job's own stay.
    pub replace: bool,
    /// Which session they are of; handed back with what came.
    pub epoch: u64,
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Lent(epoch {}, {} fields)",
            self.epoch,
            self.fields.len()
        )
    }
}

/// Keeps a session for all workers. Both functions are polled on the workers' threads and must not block: whoever is not
/// ready keeps the waker. A wait has no deadline of its own here: the lender has.
pub trait Lender: fmt::Debug + Send + Sync {
    /// What the step that begins now is given.
    fn lend(&self, coming: &Coming<'_>, cx: &mut Context<'_>) -> Poll<Loan>;

    /// Looks at the step just done, which is the last; `lent` is the session that its credentials were of. It may note
    /// signals on it when it is ready, and says what comes next; `None`: what the policy says. `memory` is 0 when a step is
    /// first looked at, and kept from poll to poll.
    fn look(
        &self,
        visit: &mut Visit,
        lent: Option<u64>,
        memory: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Next>>;
}

/// Lets the lender decide about the step that begins; since when the step waited for that, when it did. The signal says
/// why it may not begin.
pub(crate) async fn borrow(
    course: &mut Course,
    config: &Config,
) -> Result<Option<Instant>, Signal> {
    course.ask.lent = None;
    let Some(lender) = config
        .lender
        .as_ref()
        .filter(|_| course.ask.raw().is_none())
    else {
        return Ok(None);
    };
    let coming = Coming {
        before: &course.seen,
        target: &course.ask.target,
        because: course.because(),
    };
    let since = Instant::now();
    let mut waited = None;
    let loan = poll_fn(|cx| {
        let loan = lender.lend(&coming, cx);
        if loan.is_pending() {
            waited = Some(since);
        }
        loan
    });
    match loan.await {
        Loan::Nothing => Ok(waited),
        Loan::Lent(lent) => {
            course.ask.lent = Some(lent);
            Ok(waited)
        }
        Loan::Refused(signal) => Err(signal),
    }
}

/// Lets the lender look at the step just done.
pub(crate) async fn look(course: &mut Course, config: &Config) -> Option<Next> {
    let lender = config
        .lender
        .as_ref()
        .filter(|_| course.ask.raw().is_none())?;
    let lent = course.ask.lent.as_ref().map(|lent| lent.epoch);
    let mut memory = 0;
    poll_fn(|cx| lender.look(&mut course.seen, lent, &mut memory, cx)).await
}

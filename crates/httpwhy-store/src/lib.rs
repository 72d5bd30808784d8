//! Runs, kept: what a command asked for and what came of it, so that it can be looked at again, compared and exported.
//!
//! A [`Store`] keeps runs. A run is made of [`Record`]s, one for each input: its exchanges as rows, their heads and
//! contents once however often they came, and beside them the judgement as columns. What is stored of an exchange is
//! fact and can be judged again; the judgement kept with it is for counting. Counts by outcome, entry point and minute are
//! kept in the same transaction as the rows, so that no question about a run as a whole reads its rows.
//!
//! [`SqliteStore`] is the store in one file. [`Saver`] takes records from the threads of a command and writes them in
//! batches on a thread of its own. [`conformance`] is what every store must do, as a function that any backend's tests call.
//!
//! All that is stored is redacted: [`Record::of`] does it, whoever calls.

pub mod conformance;
mod diff;
mod error;
mod histogram;
mod record;
mod retention;
mod run;
mod saver;
mod sqlite;
mod totals;

pub use diff::{Change, ChangeKind, Diff, Shift, Side, diff};
pub use error::Error;
pub use histogram::Histogram;
pub use record::{Blamed, EntryKey, Kept, Record, RecordStep, Row, Verdict};
pub use retention::Retention;
pub use run::{NewRun, Run, RunEnd, RunId, RunState};
pub use saver::{Saved, Saver};
pub use sqlite::SqliteStore;
pub use totals::{Count, EntryTotal, MinuteTotal, Total};

use std::ops::ControlFlow;

/// What a store does. Methods block; each is atomic. One store may be used from several threads, and several processes may
/// have the same store open.
pub trait Store: Send + Sync {
    /// Begins a run and gives it a number, higher than all before it; numbers are not used again.
    fn begin(&self, new: &NewRun) -> Result<RunId, Error>;

    /// Adds records, all or none, and to the run's counts. A record whose number the run has already is passed over: what
    /// is handed over twice is stored once. Without records it notes that the run is still under way.
    ///
    /// # Errors
    /// [`Error::Gone`] when the run was removed or has ended.
    fn append(&self, run: RunId, records: &[Record]) -> Result<(), Error>;

    /// Ends a run.
    ///
    /// # Errors
    /// [`Error::Gone`] when the run was removed or has ended.
    fn finish(&self, run: RunId, end: &RunEnd) -> Result<(), Error>;

    /// All runs, the oldest first.
    fn runs(&self) -> Result<Vec<Run>, Error>;

    /// One run; `None` when there is none of that number.
    fn run(&self, run: RunId) -> Result<Option<Run>, Error>;

    /// A run's visits counted by verdict, the most frequent first.
    fn totals(&self, run: RunId) -> Result<Vec<Total>, Error>;

    /// A run's visits counted by the entry point that was asked for, and by verdict. Entry points stand together.
    fn entry_points(&self, run: RunId) -> Result<Vec<EntryTotal>, Error>;

    /// A run's visits counted by minute and verdict, in order of time.
    fn minutes(&self, run: RunId) -> Result<Vec<MinuteTotal>, Error>;

    /// Gives the rows of a run one by one in the order of their numbers and steps, until `each` breaks off.
    fn rows(
        &self,
        run: RunId,
        wanted: &Wanted,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), Error>;

    /// Removes a run with its rows and counts, and says how many rows it had; `None` when there was none of that number.
    /// Heads and contents stay until they are swept.
    ///
    /// # Errors
    /// [`Error::Running`] when the run is under way.
    fn remove(&self, run: RunId) -> Result<Option<u64>, Error>;

    /// Removes heads, contents and entry points that no row names any more and gives their room back; says how many bytes
    /// the store is smaller.
    fn sweep(&self) -> Result<u64, Error>;

    /// Bytes that the store takes.
    fn size(&self) -> Result<u64, Error>;
}

/// Which rows, and how much of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those of the visit with this number.
    pub number: Option<u64>,
    /// Only those at this entry point.
    pub entry_point: Option<EntryKey>,
    /// With the exchange itself, where it was kept.
    pub exchanges: bool,
}

//! Access and error logs of any size.
//!
//! Lines are counted by shape (`httpwhy_ingest::logs`), each distinct shape becomes one visit and is diagnosed once.
//! Regular files are read in chunks by all cores, compressed ones and standard input as they come; memory is bounded
//! whatever the size. Every line is accounted for: lines = ok + torn + foreign + oversize + empty.
//!
//! ```no_run
//! use httpwhy_logs::{Options, Progress, read};
//! let triage = read(&["access.log".into()], &Options::default(), &Progress::default());
//! for group in triage.groups() {
//!     println!("{:6} {} {}", group.count, group.happened, group.diagnosis.outcome);
//! }
//! ```

mod agent;
mod aggregates;
mod credentials;
mod csv;
mod cut;
mod doubt;
mod errors;
mod example;
mod filter;
mod growing;
mod hash;
pub mod incidents;
mod judge;
mod lines;
mod lookup;
mod marks;
mod network;
mod parquet;
mod plan;
mod read;
mod shown;
mod source;
mod state;
mod tables;
mod times;
mod took;
mod triage;
mod witness;
mod worker;

pub use aggregates::{Aggregate, write_aggregates};
pub use csv::{harmless as csv_harmless, record as csv_record, write_csv};
pub use filter::{Condition, Filter, Relation, Where};
pub use growing::{Reading, Step};
pub use incidents::{Incident, Trait};
pub use judge::{Complaint, Judged};
pub use lines::Lines;
pub use parquet::{Batch, Cell, Kind, Table};
pub use plan::{Plan, Reader};
pub use read::{Input, Progress, read};
pub use shown::{shown, shown_client};
pub use state::{Lock, State, StateError, replace};
pub use tables::Dimension;
pub use times::{PathOutcome, PathTimes};
pub use took::Took;
pub use triage::{Counted, FileReport, Group, Percentiles, Triage, Unreadable};
pub use witness::{JoinBy, Joined};
pub use worker::{LONGEST_LINE, Unread};

/// How deep to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Shapes by minute: which outcomes, how many, when.
    Counts,
    /// Paths, upstreams, hosts, clients, agents and times taken as well.
    #[default]
    Full,
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How deep to look.
    pub depth: Depth,
    /// Which lines are asked for.
    pub filter: Filter,
    /// Formats that the user named, asked before the known ones.
    pub given: Vec<Reader>,
    /// Logs of the servers behind, whose lines are joined to failures by the request's id; their own are not counted.
    pub behind: Vec<Input>,
    /// By which id.
    pub join_by: JoinBy,
    /// Where every line asked for is written as well; [`Lines::close`] ends it.
    pub lines: Option<std::sync::Arc<Lines>>,
    /// Threads; as many as there are cores when 0.
    pub threads: usize,
}

/// What became of the lines. `ok + torn + foreign + oversize + empty` is their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Read.
    pub ok: u64,
    /// Like those of a known format, but cut off or garbled.
    pub torn: u64,
    /// Of no known format.
    pub foreign: u64,
    /// Longer than [`LONGEST_LINE`].
    pub oversize: u64,
    /// Without a byte.
    pub empty: u64,
    /// Of `ok`: header lines.
    pub directives: u64,
    /// Of `ok`: not asked for.
    pub not_asked: u64,
}

impl Counters {
    /// All lines.
    pub const fn lines(&self) -> u64 {
        self.ok + self.torn + self.foreign + self.oversize + self.empty
    }

    pub(crate) const fn add(&mut self, other: &Self) {
        self.ok += other.ok;
        self.torn += other.torn;
        self.foreign += other.foreign;
        self.oversize += other.oversize;
        self.empty += other.empty;
        self.directives += other.directives;
        self.not_asked += other.not_asked;
    }
}

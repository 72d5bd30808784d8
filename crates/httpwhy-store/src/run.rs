//! Runs, as a whole.

use std::fmt;
use std::time::{Duration, SystemTime};

/// So long after its last sign of life a run that has not ended counts as cut off.
const ALIVE: Duration = Duration::from_mins(1);

/// A run's number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// What was asked for, for a person: `probe urls.txt`. Credentials must be hidden in it.
    pub command: String,
    /// The version of httpwhy.
    pub version: String,
    /// When it began.
    pub started: SystemTime,
    /// Of how many successes one keeps its bytes, beyond the first of them.
    pub sample: u32,
}

/// What is known of a run when it ends, beyond the counts that the store keeps itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub at: SystemTime,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Connections that were established.
    pub connections: u64,
    /// What unrelated hosts shared, when all of them failed in one way.
    pub your_side: Option<String>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// What was asked for.
    pub command: String,
    /// The version of httpwhy.
    pub version: String,
    /// When it began.
    pub started: SystemTime,
    /// The last that was heard of it.
    pub touched: SystemTime,
    /// How far it came.
    pub state: RunState,
    /// Of how many successes one keeps its bytes, beyond the first of them.
    pub sample: u32,
    /// Visits.
    pub targets: u64,
    /// Visits that somebody is to blame for, or where it is not known who.
    pub failed: u64,
    /// Exchanges, redirects and retries included.
    pub exchanges: u64,
    /// Exchanges that can be judged again: their bytes are kept.
    pub kept: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Connections that were established; 0 until it ends.
    pub connections: u64,
    /// What unrelated hosts shared, when all of them failed in one way.
    pub your_side: Option<String>,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It has not ended, as far as the store knows.
    Running,
    /// It came to its end.
    Ended,
    /// It was stopped before its end; what it has is valid.
    Interrupted,
}

/// Whether nothing was heard for so long that whoever wrote is gone.
pub(crate) fn is_silent(touched: SystemTime, now: SystemTime) -> bool {
    now.duration_since(touched).unwrap_or_default() > ALIVE
}

impl Run {
    /// From its beginning to its end, or to the last that was heard of it.
    pub fn took(&self) -> Duration {
        self.touched
            .duration_since(self.started)
            .unwrap_or_default()
    }

    /// Whether its process died without a word: it has not ended, and nothing was heard of it for a minute.
    pub fn is_cut_off(&self, now: SystemTime) -> bool {
        self.state == RunState::Running && is_silent(self.touched, now)
    }

    /// Its state in a word: running, ended, interrupted or cut-off.
    pub fn word(&self, now: SystemTime) -> &'static str {
        match self.state {
            RunState::Running if self.is_cut_off(now) => "cut-off",
            RunState::Running => "running",
            RunState::Ended => "ended",
            RunState::Interrupted => "interrupted",
        }
    }
}

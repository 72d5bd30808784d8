//! Counts of a run, as they are kept beside its rows.

use crate::{EntryKey, Histogram, Verdict};

/// How many visits, and what they took together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// Visits.
    pub visits: u64,
    /// Exchanges of theirs, redirects and retries included.
    pub exchanges: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Microseconds taken, all steps together, without the time spent waiting for their turn.
    pub took_us: u64,
    /// How long each visit took.
    pub took: Histogram,
}

impl Count {
    /// Adds another.
    pub fn merge(&mut self, other: &Self) {
        self.visits += other.visits;
        self.exchanges += other.exchanges;
        self.bytes += other.bytes;
        self.took_us = self.took_us.saturating_add(other.took_us);
        self.took.merge(&other.took);
    }
}

/// Visits of one verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The verdict.
    pub verdict: Verdict,
    /// How many.
    pub count: Count,
}

/// Visits of one entry point and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTotal {
    /// What was asked for.
    pub entry_point: EntryKey,
    /// The verdict.
    pub verdict: Verdict,
    /// How many.
    pub count: Count,
}

/// Visits of one minute and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteTotal {
    /// Minutes since 1970 UTC; 0 for those of no known time.
    pub minute: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// How many.
    pub count: Count,
}

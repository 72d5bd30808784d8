//! How long exchanges took: by what happened to them, and by path. Failures stand apart from what went well, so that
//! neither hides the other.

use std::collections::HashMap;

use httpwhy_diagnose::many::Happening;
use httpwhy_model::OutcomeId;

use crate::tables::histogram::quantile;
use crate::tables::names::{Id, OTHER};
use crate::tables::{Dimension, UNTIMED};
use crate::triage::{Counted, Group, Percentiles, Triage};

/// A path with its failures and its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTimes {
    /// The path's template and how often it was asked for.
    pub path: Counted,
    /// How many of those exchanges failed.
    pub failures: u64,
    /// How long those took that went well.
    pub fine: Option<Percentiles>,
    /// How long those took that failed.
    pub failed: Option<Percentiles>,
    /// The failures by what happened, the most frequent first.
    pub outcomes: Vec<PathOutcome>,
}

/// Failures of one path with one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathOutcome {
    /// What happened.
    pub happened: Happening,
    /// The outcome.
    pub outcome: OutcomeId,
    /// How many.
    pub count: u64,
    /// How long they took.
    pub times: Option<Percentiles>,
}

/// Counts by bucket.
type Buckets = HashMap<u16, u64>;

impl Percentiles {
    /// From counts by ascending bucket; `None` when there are none.
    pub(crate) fn of(counts: &[(u16, u64)]) -> Option<Self> {
        Some(Self {
            count: counts.iter().map(|(_, count)| count).sum(),
            p50: quantile(counts, 0.5)?,
            p90: quantile(counts, 0.9)?,
            p99: quantile(counts, 0.99)?,
            p999: quantile(counts, 0.999)?,
            max: quantile(counts, 1.0)?,
        })
    }

    fn of_buckets(buckets: Buckets) -> Option<Self> {
        let mut counts: Vec<(u16, u64)> = buckets.into_iter().collect();
        counts.sort_unstable();
        Self::of(&counts)
    }
}

impl Triage {
    /// How long the exchanges of a group took.
    pub fn percentiles(&self, group: &Group) -> Option<Percentiles> {
        let wanted = self.number_of(group);
        self.percentiles_of(|row| Some(self.group_of[row]) == wanted)
    }

    /// How long exchanges took that went well, or that failed.
    pub fn percentiles_where(&self, failed: bool) -> Option<Percentiles> {
        self.percentiles_of(|row| self.tables.rows[row].judged.failed() == failed)
    }

    /// Lines whose time taken is missing from the percentiles, because more different ones were met than are kept.
    pub const fn untold_times(&self) -> u64 {
        self.tables.times_dropped
    }

    /// The paths with most exchanges.
    pub fn paths(&self, most: usize) -> Vec<PathTimes> {
        let top = self.top_of_all(Dimension::Path, most);
        let ids: HashMap<&[u8], Id> = self.tables.names[Dimension::Path as usize]
            .iter()
            .map(|(name, id, _)| (name, id))
            .collect();
        let place_of: HashMap<Id, usize> = top
            .iter()
            .enumerate()
            .filter_map(|(place, counted)| Some((*ids.get(&counted.name[..])?, place)))
            .filter(|(id, _)| *id != OTHER)
            .collect();
        let mut cells: Vec<HashMap<usize, (u64, Buckets)>> = vec![HashMap::new(); top.len()];
        for (path, row, bucket, count) in self.tables.times() {
            let Some(place) = place_of.get(&path) else {
                continue;
            };
            let (sum, buckets) = cells[*place].entry(self.group_of[row]).or_default();
            *sum += count;
            if bucket != UNTIMED {
                *buckets.entry(bucket).or_default() += count;
            }
        }
        top.into_iter()
            .zip(cells)
            .map(|(path, groups)| self.path_times(path, groups))
            .collect()
    }

    fn path_times(&self, path: Counted, groups: HashMap<usize, (u64, Buckets)>) -> PathTimes {
        let (mut fine, mut failed) = (Buckets::new(), Buckets::new());
        let mut outcomes: Vec<PathOutcome> = Vec::new();
        for (number, (count, buckets)) in groups {
            let group = &self.groups[number];
            let failure = group.happened.is_failure();
            let sums = if failure { &mut failed } else { &mut fine };
            for (bucket, count) in &buckets {
                *sums.entry(*bucket).or_default() += count;
            }
            if failure {
                outcomes.push(PathOutcome {
                    happened: group.happened,
                    outcome: group.diagnosis.outcome,
                    count,
                    times: Percentiles::of_buckets(buckets),
                });
            }
        }
        outcomes.sort_by_key(|one| (std::cmp::Reverse(one.count), one.outcome, one.happened));
        PathTimes {
            path,
            failures: outcomes.iter().map(|one| one.count).sum(),
            fine: Percentiles::of_buckets(fine),
            failed: Percentiles::of_buckets(failed),
            outcomes,
        }
    }

    fn percentiles_of(&self, wanted: impl Fn(usize) -> bool) -> Option<Percentiles> {
        let mut sums = Buckets::new();
        for (_, row, bucket, count) in self.tables.times() {
            if bucket != UNTIMED && wanted(row) {
                *sums.entry(bucket).or_default() += count;
            }
        }
        Percentiles::of_buckets(sums)
    }
}

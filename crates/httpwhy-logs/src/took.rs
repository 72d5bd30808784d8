//! How many exchanges took at most so long.

use crate::Triage;
use crate::tables::UNTIMED;
use crate::tables::histogram::{bucket, middle};

/// Times taken, cumulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Took {
    /// How many took at most each bound, microseconds. A time is known within 0.8 %, and so is on which side it lies.
    pub within: Vec<u64>,
    /// How many had a time.
    pub count: u64,
    /// The sum of their times, microseconds, within 0.8 %.
    pub sum: u128,
}

impl Triage {
    /// The times taken by exchanges that failed, or by those that did not, up to each bound (microseconds, ascending).
    /// While more lines are counted, no number becomes less.
    pub fn took_within(&self, failed: bool, bounds: &[u64]) -> Took {
        let last: Vec<u16> = bounds.iter().map(|bound| bucket(*bound)).collect();
        let mut took = Took {
            within: vec![0; bounds.len()],
            count: 0,
            sum: 0,
        };
        for (_, row, at, count) in self.tables.times() {
            if at == UNTIMED || self.tables.rows[row].judged.failed() != failed {
                continue;
            }
            took.count += count;
            took.sum += u128::from(middle(at)) * u128::from(count);
            for (sum, last) in took.within.iter_mut().zip(&last) {
                if at <= *last {
                    *sum += count;
                }
            }
        }
        took
    }
}

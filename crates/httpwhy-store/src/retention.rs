//! Whose bytes are kept.

use std::sync::atomic::{AtomicU64, Ordering};

/// Successes at the beginning of a run that all keep their bytes: a small run is kept whole.
const FIRST: u64 = 1_000;

/// Whose bytes are kept: all failures', the first thousand successes' and one of so many thereafter. Rows and counts are
/// kept of all.
#[derive(Debug)]
pub struct Retention {
    sample: u32,
    successes: AtomicU64,
}

impl Retention {
    /// One of so many successes; 0 keeps the bytes of none.
    pub const fn one_of(sample: u32) -> Self {
        Self {
            sample,
            successes: AtomicU64::new(0),
        }
    }

    /// Of how many successes one keeps its bytes.
    pub const fn sample(&self) -> u32 {
        self.sample
    }

    /// Whether the next visit keeps its bytes.
    pub fn keeps(&self, fine: bool) -> bool {
        if !fine {
            return true;
        }
        if self.sample == 0 {
            return false;
        }
        let before = self.successes.fetch_add(1, Ordering::Relaxed);
        before < FIRST || before.is_multiple_of(u64::from(self.sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_all_successes_some() {
        for (sample, kept) in [(0, 0), (1, 3_000), (10, 1_200), (100, 1_020)] {
            let retention = Retention::one_of(sample);
            let successes = (0..3_000).filter(|_| retention.keeps(true)).count();
            assert_eq!(successes, kept, "one of {sample}");
            assert!((0..9).all(|_| retention.keeps(false)));
        }
    }
}

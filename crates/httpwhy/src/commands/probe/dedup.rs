//! Targets that were given before: found with bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use httpwhy_ingest::Call;

/// The targets met so far, as 64-bit hashes with a key that changes with every run. Two targets are taken for one by
/// chance once in 10^7 runs of a million.
#[derive(Debug)]
pub(crate) struct Dedup {
    keys: RandomState,
    met: HashMap<u64, u32>,
    most: usize,
    full: bool,
}

impl Dedup {
    /// Remembers so many targets, at up to 40 bytes each.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            keys: RandomState::new(),
            met: HashMap::new(),
            most,
            full: false,
        }
    }

    /// The number of the input that asked for the same before, if one did.
    pub(crate) fn before(&mut self, number: u64, call: &Call) -> Option<u64> {
        let hash = self.keys.hash_one(call.identity());
        if let Some(&first) = self.met.get(&hash) {
            return Some(first.into());
        }
        match u32::try_from(number) {
            Ok(number) if self.met.len() < self.most => {
                self.met.insert(hash, number);
            }
            _ => self.full = true,
        }
        None
    }

    /// Whether there were more distinct targets than could be remembered.
    pub(crate) const fn is_full(&self) -> bool {
        self.full
    }

    /// How many distinct targets are remembered.
    pub(crate) fn len(&self) -> usize {
        self.met.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_targets_is_named() {
        let mut dedup = Dedup::new(2);
        let given = [
            "http://a/",
            "http://b/",
            "http://a/#x",
            "http://c/",
            "http://c/",
        ];
        let found: Vec<_> = given
            .iter()
            .zip(1..)
            .map(|(target, number)| dedup.before(number, &Call::to(*target)))
            .collect();
        assert_eq!(found, [None, None, Some(1), None, None]);
        assert!(dedup.is_full() && dedup.len() == 2);
    }
}

//! Randomness that a seed repeats: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
//! Nothing secret hangs on it.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A generator.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of that seed; without one, another at every call.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        // The standard library's hash keys are the system's randomness.
        Self(seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()))
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// The next number of at least 0 and less than 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.bits().to_le_bytes())
            .flatten()
            .take(count)
            .collect()
    }

    /// One of these, by its weight; `None` when no weight is positive.
    pub(crate) fn choose<T: Copy>(&mut self, choices: &[(T, f64)]) -> Option<T> {
        let all: f64 = choices.iter().map(|(_, weight)| weight.max(0.0)).sum();
        let mut at = self.unit() * all;
        let mut last = None;
        for (choice, weight) in choices.iter().filter(|(_, weight)| *weight > 0.0) {
            last = Some(*choice);
            if at < *weight {
                break;
            }
            at -= weight;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats() {
        let mut one = Random::new(Some(7));
        let mut other = Random::new(Some(7));
        assert_eq!(one.bytes(20), other.bytes(20));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&one.unit())));
        assert_eq!(one.choose(&[(1, 0.0), (2, 1.0)]), Some(2));
        assert_eq!(one.choose::<u8>(&[(1, 0.0)]), None);
        let mut seen = [false; 3];
        for _ in 0..100 {
            let of = one.choose(&[(0, 1.0), (1, 1.0), (2, 1.0)]);
            seen[of.expect("a choice")] = true;
        }
        assert_eq!(seen, [true; 3]);
    }
}

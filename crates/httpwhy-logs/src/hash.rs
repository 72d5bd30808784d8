//! One 64-bit hash for all tables: a multiplication of 64 by 64 bits folded onto itself, 16 bytes at a time.

use std::hash::{BuildHasher, RandomState};

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
const OTHER: u64 = 0xd6e8_feb8_6659_fd93;

/// A hash that differs from process to process, so that nobody can write a log whose keys all fall into one slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn random() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }

    #[inline]
    pub(crate) fn of(self, bytes: &[u8]) -> u64 {
        hash(self.0, bytes)
    }
}

/// The hash of sketches, the same on every machine, so that states can be merged.
pub(crate) fn steady(bytes: &[u8]) -> u64 {
    mix(hash(ODD, bytes))
}

#[inline]
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = seed ^ (bytes.len() as u64).wrapping_mul(OTHER);
    let mut rest = bytes;
    while let Some((sixteen, more)) = rest.split_first_chunk::<16>() {
        let (low, high) = sixteen.split_at(8);
        state = fold(word(low) ^ state, word(high) ^ OTHER);
        rest = more;
    }
    if let Some((eight, more)) = rest.split_first_chunk::<8>() {
        state = fold(word(eight) ^ state, ODD);
        rest = more;
    }
    if let Some((four, more)) = rest.split_first_chunk::<4>() {
        state = fold(u64::from(u32::from_le_bytes(*four)) ^ state, OTHER);
        rest = more;
    }
    for byte in rest {
        state = (state ^ u64::from(*byte)).wrapping_mul(ODD).rotate_left(23);
    }
    fold(state, ODD)
}

#[inline]
fn word(eight: &[u8]) -> u64 {
    eight.try_into().map_or(0, u64::from_le_bytes)
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}

/// Spreads a number's bits over all 64.
#[inline]
pub(crate) fn mix(number: u64) -> u64 {
    fold(number ^ OTHER, ODD)
}

#[cfg(test)]
mod tests {
    use super::{Seed, steady};
    use std::collections::HashSet;

    #[test]
    fn different_bytes_differ_and_equal_ones_do_not() {
        let seed = Seed::random();
        let mut seen = HashSet::new();
        for length in 0..40 {
            for value in 0..50_u8 {
                let mut bytes = vec![7; length];
                bytes.push(value);
                assert!(seen.insert(seed.of(&bytes)), "{bytes:?}");
                assert_eq!(seed.of(&bytes), seed.of(&bytes.clone()));
            }
        }
        assert_ne!(steady(b"a"), steady(b"b"));
    }
}

//! 64-bit hashes for all tables: a multiplication of 64 by 64 bits folded onto itself, 16 bytes at a time.

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
        quick(self.0, bytes)
    }

    /// The same for the first of sixteen bytes.
    #[inline]
    pub(crate) fn of_first(self, sixteen: [u8; 16], length: usize) -> u64 {
        let rest = (16 - length.min(16)) as u32 * 8;
        let mask = u128::MAX.checked_shr(rest).unwrap_or(0);
        few(self.0, u128::from_le_bytes(sixteen) & mask, length)
    }

    /// Of those of 32 bytes that are not left out (a bit each), and of a number.
    #[inline]
    pub(crate) fn of_window(self, bytes: &[u8; 32], left_out: u64, number: u64) -> u64 {
        let words = bytes
            .as_chunks()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word));
        let masks = left_out.to_le_bytes().map(|bits| SPREAD[usize::from(bits)]);
        let mut kept = [0; 4];
        for ((kept, word), mask) in kept.iter_mut().zip(words).zip(masks) {
            *kept = word & !mask;
        }
        let first = fold(kept[0] ^ salted(self.0, number), kept[1] ^ secret(self.0));
        let second = fold(kept[2] ^ self.0, kept[3] ^ secret(self.0));
        fold(first ^ second.rotate_left(32), ODD)
    }
}

/// Eight bits as eight bytes.
const SPREAD: [u64; 256] = {
    let mut spread = [0; 256];
    let mut bits = 0;
    while bits < 256 * 8 {
        if (bits / 8) >> (bits % 8) & 1 == 1 {
            spread[bits / 8] |= 0xff << (bits % 8 * 8);
        }
        bits += 1;
    }
    spread
};

/// The hash of sketches, the same on every machine, so that states can be merged.
pub(crate) fn steady(bytes: &[u8]) -> u64 {
    mix(hash(ODD, bytes))
}

/// The last bytes overlap those before, so that all of 65 to 128 bytes, as most user agents have, take the same way: no
/// loop over what remains, whose length nobody can foresee.
#[inline]
fn quick(seed: u64, bytes: &[u8]) -> u64 {
    if bytes.len() <= 16 {
        return few(seed, padded(bytes), bytes.len());
    }
    let mut chains = Chains::new(seed, bytes.len());
    let mut rest = bytes;
    while let Some((block, more @ [_, ..])) = rest.split_first_chunk::<64>() {
        chains.take(block);
        rest = more;
    }
    if let Some(last) = bytes.last_chunk::<64>() {
        chains.take(last);
    } else if let (Some(first), Some(last)) = ends::<32>(bytes) {
        chains.take(first);
        chains.take(last);
    } else if let (Some(first), Some(last)) = ends::<16>(bytes) {
        chains.pair(first, last);
    }
    fold(chains.first ^ chains.second.rotate_left(32), ODD)
}

/// Two chains side by side, neither of which waits for the other.
struct Chains {
    first: u64,
    second: u64,
    secret: u64,
}

impl Chains {
    const fn new(seed: u64, length: usize) -> Self {
        Self {
            first: salted(seed, length as u64),
            second: seed,
            secret: secret(seed),
        }
    }

    #[inline]
    fn take<const LENGTH: usize>(&mut self, bytes: &[u8; LENGTH]) {
        for [first, second] in bytes.as_chunks::<16>().0.as_chunks().0 {
            self.pair(first, second);
        }
    }

    #[inline]
    fn pair(&mut self, first: &[u8; 16], second: &[u8; 16]) {
        let step = |chain: u64, bytes: &[u8; 16]| {
            fold(word(&bytes[..8]) ^ chain, word(&bytes[8..]) ^ self.secret)
        };
        (self.first, self.second) = (step(self.first, first), step(self.second, second));
    }
}

/// The first and the last bytes, which may be the same ones.
#[inline]
const fn ends<const LENGTH: usize>(bytes: &[u8]) -> (Option<&[u8; LENGTH]>, Option<&[u8; LENGTH]>) {
    (bytes.first_chunk(), bytes.last_chunk())
}

/// The hash of at most 16 bytes, with zeros behind.
#[inline]
fn few(seed: u64, bytes: u128, length: usize) -> u64 {
    let (low, high) = (bytes as u64, (bytes >> 64) as u64);
    let state = salted(seed, length as u64);
    fold(fold(low ^ state, high ^ secret(seed)), ODD)
}

const fn salted(seed: u64, number: u64) -> u64 {
    seed ^ number.wrapping_mul(OTHER)
}

const fn secret(seed: u64) -> u64 {
    seed.rotate_left(29) ^ OTHER
}

/// At most 16 bytes with zeros behind.
#[inline]
fn padded(bytes: &[u8]) -> u128 {
    let length = bytes.len();
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        return u128::from(first) | u128::from(last) << (8 * (length - 8));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u128::from(first) | u128::from(last) << (8 * (length - 4));
    }
    bytes
        .iter()
        .rev()
        .fold(0, |all, byte| all << 8 | u128::from(*byte))
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
        for length in 0..200 {
            let bytes = vec![7; length];
            assert!(seen.insert(seed.of(&bytes)), "{length}");
            assert_eq!(seed.of(&bytes), seed.of(&bytes.clone()));
            for at in 0..length {
                let mut other = bytes.clone();
                other[at] = 8;
                assert!(seen.insert(seed.of(&other)), "{at} of {length}");
            }
        }
        assert_ne!(steady(b"a"), steady(b"b"));
    }
}

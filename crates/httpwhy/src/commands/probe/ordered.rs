//! Results in the order of the inputs: what is early waits in a bounded window.

use std::collections::BTreeMap;

/// How far the prober may be ahead of the oldest input without a result, at least. At a few kilobytes a result this is a
/// few megabytes.
const WINDOW: u64 = 1_000;

/// How far ahead, for so many exchanges at a time.
pub(crate) fn window(concurrency: u64) -> u64 {
    WINDOW.max(4 * concurrency)
}

/// Results that came before their turn.
#[derive(Debug)]
pub(crate) struct Ordered {
    next: u64,
    early: BTreeMap<u64, Vec<u8>>,
}

impl Default for Ordered {
    /// Nothing came, and 1 is the first.
    fn default() -> Self {
        Self {
            next: 1,
            early: BTreeMap::new(),
        }
    }
}

impl Ordered {
    /// Takes a result, and gives out all whose turn has come. An empty one stands for an input that has its record
    /// elsewhere.
    pub(crate) fn put(&mut self, number: u64, bytes: Vec<u8>, out: &mut Vec<u8>) {
        self.early.insert(number, bytes);
        while let Some(bytes) = self.early.remove(&self.next) {
            out.extend_from_slice(&bytes);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_early_waits() {
        let mut ordered = Ordered::default();
        let mut out = Vec::new();
        for (number, text, all) in [
            (2, "b", ""),
            (4, "d", ""),
            (1, "a", "ab"),
            (3, "", "abd"),
            (5, "e", "abde"),
        ] {
            ordered.put(number, text.into(), &mut out);
            assert_eq!(out, all.as_bytes(), "{number}");
        }
        assert_eq!((window(50), window(2_000)), (1_000, 8_000));
    }
}

//! Counts by a 64-bit key.

use crate::hash::mix;

/// Open addressing with linear probing; keys below `u64::MAX`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    /// The key plus one, 0 where free.
    slots: Vec<(u64, u32)>,
    used: usize,
}

impl Cells {
    /// How many keys there are.
    pub(crate) const fn len(&self) -> usize {
        self.used
    }

    /// Adds one to the count of a key that stands where it would first be looked for; whether it does.
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn again(&mut self, key: u64) -> bool {
        let mask = self.slots.len().wrapping_sub(1);
        match self.slots.get_mut(mix(key) as usize & mask) {
            Some(slot) if slot.0 == key + 1 => {
                slot.1 = slot.1.saturating_add(1);
                true
            }
            _ => false,
        }
    }

    /// Adds to the count of a key.
    pub(crate) fn add(&mut self, key: u64, more: u32) {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = mix(key) as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.0 == key + 1 {
                slot.1 = slot.1.saturating_add(more);
                return;
            }
            if slot.0 == 0 {
                *slot = (key + 1, more);
                self.used += 1;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds to the count of a key that is there already; whether it was.
    pub(crate) fn add_known(&mut self, key: u64, more: u32) -> bool {
        if self.slots.is_empty() {
            return false;
        }
        let mask = self.slots.len() - 1;
        let mut at = mix(key) as usize & mask;
        while self.slots[at].0 != 0 {
            let slot = &mut self.slots[at];
            if slot.0 == key + 1 {
                slot.1 = slot.1.saturating_add(more);
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }

    #[cold]
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(0, 0); (old.len() * 2).max(1024)];
        self.used = 0;
        for (key, count) in old {
            if key != 0 {
                self.add(key - 1, count);
            }
        }
    }

    /// Forgets the lesser half, of equals every second; the greatest count that was forgotten. Those that stay are spread
    /// over the whole table, or they would crowd a part of it.
    pub(crate) fn prune(&mut self) -> u32 {
        let mut counts: Vec<u32> = self.iter().map(|(_, count)| count).collect();
        if counts.is_empty() {
            return 0;
        }
        let middle = counts.len() / 2;
        let (_, limit, _) = counts.select_nth_unstable(middle);
        let limit = *limit;
        let old = std::mem::take(self);
        self.slots = vec![(0, 0); old.slots.len()];
        let mut second = false;
        for (key, count) in old.iter() {
            second ^= count == limit;
            let stays = count > limit || (count == limit && second);
            if stays {
                self.add(key, count);
            }
        }
        limit
    }

    /// Every key and its count, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.slots
            .iter()
            .filter(|(key, _)| *key != 0)
            .map(|(key, count)| (key - 1, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::Cells;

    #[test]
    fn pruning_keeps_the_greater_half_and_spreads_it() {
        let mut cells = Cells::default();
        for key in 0..10_000_u64 {
            cells.add(key, if key < 1000 { 9 } else { 1 });
        }
        assert_eq!(cells.prune(), 1);
        assert!((3_000..8_000).contains(&cells.len()), "{}", cells.len());
        assert_eq!(cells.iter().filter(|(_, count)| *count == 9).count(), 1000);
        let half = cells.slots.len() / 2;
        let low = cells.slots[..half]
            .iter()
            .filter(|(key, _)| *key != 0)
            .count();
        assert!(
            low * 10 > cells.len() * 4 && low * 10 < cells.len() * 6,
            "{low} of {}",
            cells.len()
        );
    }

    #[test]
    fn counts_are_exact_through_growth() {
        let mut cells = Cells::default();
        for round in 1..=3 {
            for key in 0..5000_u64 {
                cells.add(key * 7, round);
            }
        }
        assert_eq!(cells.len(), 5000);
        assert!(cells.iter().all(|(key, count)| key % 7 == 0 && count == 6));
    }
}

//! Counts by name, exact until there are too many names, then with a stated error.

use crate::hash::Seed;

/// The longest name that is kept; longer ones are cut.
pub(crate) const LONGEST: usize = 160;

/// The number of a name; never given twice.
pub(crate) type Id = u32;

/// A name that is none, and every name that was forgotten.
pub(crate) const OTHER: Id = 0;

/// Where a name stands, for counting it again without looking for it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Handle {
    pub(crate) id: Id,
    index: u32,
}

/// Names with counts. When `cap` is reached the rarer half is forgotten: a name that comes back may have lost at most
/// [`Names::floor`] counts (lossy counting, Manku and Motwani 2002, with one pruning for many windows).
#[derive(Debug, Clone)]
pub(crate) struct Names {
    seed: Seed,
    /// Index into `known` plus one, 0 where free.
    slots: Vec<u32>,
    known: Vec<Name>,
    text: Vec<u8>,
    cap: usize,
    next: Id,
    floor: u64,
    forgotten: u64,
}

#[derive(Debug, Clone, Copy)]
struct Name {
    hash: u64,
    at: u32,
    length: u16,
    id: Id,
    count: u64,
}

impl Names {
    pub(crate) fn new(cap: usize, seed: Seed) -> Self {
        Self {
            seed,
            slots: vec![0; 64],
            known: Vec::new(),
            text: Vec::new(),
            cap,
            next: OTHER + 1,
            floor: 0,
            forgotten: 0,
        }
    }

    /// Counts a name, and gives its number.
    #[inline]
    pub(crate) fn add(&mut self, name: &[u8], more: u64) -> Id {
        self.handle(name, more).id
    }

    /// Counts a name.
    #[inline]
    pub(crate) fn handle(&mut self, name: &[u8], more: u64) -> Handle {
        let name = &name[..name.len().min(LONGEST)];
        self.add_hashed(self.seed.of(name), name, more)
    }

    /// Counts the name of a handle again; whether it is still known.
    #[inline]
    pub(crate) fn again(&mut self, handle: Handle) -> bool {
        match self.known.get_mut(handle.index as usize) {
            Some(name) if name.id == handle.id => {
                name.count += 1;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn add_hashed(&mut self, hash: u64, name: &[u8], more: u64) -> Handle {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                0 => return self.insert(at, hash, name, more),
                index => {
                    let known = &mut self.known[index as usize - 1];
                    let from = known.at as usize;
                    if known.hash == hash
                        && self.text[from..from + usize::from(known.length)] == *name
                    {
                        known.count += more;
                        return Handle {
                            id: known.id,
                            index: index - 1,
                        };
                    }
                }
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, at: usize, hash: u64, name: &[u8], more: u64) -> Handle {
        let id = self.next;
        self.next += 1;
        self.known.push(Name {
            hash,
            at: self.text.len() as u32,
            length: name.len() as u16,
            id,
            count: more,
        });
        self.text.extend_from_slice(name);
        let index = self.known.len() as u32 - 1;
        self.slots[at] = index + 1;
        if self.known.len() >= self.cap {
            self.prune();
        } else if self.known.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.slots.len() * 2];
            self.place_all();
        }
        // After a pruning the index may be another name's, which `again` finds out.
        Handle { id, index }
    }

    fn place_all(&mut self) {
        let mask = self.slots.len() - 1;
        for (index, name) in self.known.iter().enumerate() {
            let mut at = name.hash as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = index as u32 + 1;
        }
    }

    /// Forgets the rarer half.
    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.known.iter().map(|name| name.count).collect();
        let middle = counts.len() / 2;
        let (_, limit, _) = counts.select_nth_unstable(middle);
        let limit = *limit;
        let mut text = Vec::with_capacity(self.text.len() / 2);
        let mut room = middle;
        let old = std::mem::take(&mut self.text);
        self.known.retain_mut(|name| {
            let stays = name.count >= limit && room > 0;
            if stays {
                room -= 1;
                let from = name.at as usize;
                name.at = text.len() as u32;
                text.extend_from_slice(&old[from..from + usize::from(name.length)]);
            } else {
                self.forgotten += name.count;
            }
            stays
        });
        self.text = text;
        self.floor += limit;
        self.slots.fill(0);
        self.place_all();
    }

    fn name_of(&self, index: usize) -> &[u8] {
        let name = &self.known[index];
        let from = name.at as usize;
        &self.text[from..from + usize::from(name.length)]
    }

    /// How many names are known.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// By how much a count may be too small; 0 while all are exact.
    pub(crate) const fn floor(&self) -> u64 {
        self.floor
    }

    /// Every name with its number and count, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Id, u64)> {
        (0..self.known.len()).map(|index| {
            let name = &self.known[index];
            (self.name_of(index), name.id, name.count)
        })
    }

    /// How many counts were forgotten with their names.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// A table with these names, numbered from 1 on, of at most so many.
    pub(crate) fn restore<'a>(
        seed: Seed,
        names: impl ExactSizeIterator<Item = (&'a [u8], u64)>,
        floor: u64,
        forgotten: u64,
    ) -> Self {
        let mut table = Self::new(names.len() + 1, seed);
        for (name, count) in names {
            table.add(name, count);
        }
        table.floor = floor;
        table.forgotten = forgotten;
        table
    }

    /// Takes another table in; the numbers that its names have here, by their numbers there (0 where forgotten).
    pub(crate) fn merge(&mut self, other: &Self) -> Vec<Id> {
        let mut numbers = vec![OTHER; other.next as usize];
        for (name, id, count) in other.iter() {
            numbers[id as usize] = self.add(name, count);
        }
        self.floor += other.floor;
        self.forgotten += other.forgotten;
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_names_are_exact() {
        let mut names = Names::new(1000, Seed::random());
        for round in 0..10 {
            for name in 0..300_u32 {
                let id = names.add(format!("/p{name}").as_bytes(), 1);
                assert_eq!(id, name + 1, "{round}");
            }
        }
        assert_eq!((names.len(), names.floor()), (300, 0));
        assert!(names.iter().all(|(_, _, count)| count == 10));
    }

    #[test]
    fn many_names_are_right_within_the_stated_error() {
        let mut names = Names::new(1000, Seed::random());
        for name in 0..20_000_u32 {
            names.add(format!("rare {name}").as_bytes(), 1);
            names.add(b"often", 1);
        }
        let often = names
            .iter()
            .find(|(name, _, _)| *name == b"often")
            .expect("kept");
        assert!(names.len() <= 1000);
        assert!(
            often.2 + names.floor() >= 20_000 && often.2 <= 20_000,
            "{often:?}"
        );
        let kept: u64 = names.iter().map(|(_, _, count)| count).sum();
        assert_eq!(kept + names.forgotten, 40_000);
    }

    #[test]
    fn merging_adds_counts_and_translates_numbers() {
        let seed = Seed::random();
        let (mut a, mut b) = (Names::new(100, seed), Names::new(100, seed));
        a.add(b"x", 1);
        a.add(b"y", 2);
        b.add(b"y", 5);
        b.add(b"z", 1);
        assert_eq!(a.merge(&b), [OTHER, 2, 3]);
        let all: Vec<_> = a
            .iter()
            .map(|(name, _, count)| (name.to_vec(), count))
            .collect();
        assert_eq!(
            all,
            [(b"x".to_vec(), 1), (b"y".to_vec(), 7), (b"z".to_vec(), 1)]
        );
    }
}

//! Places of error lines by their keys and seconds: sorted runs, each at least twice as long as the next, so that they
//! take 24 bytes each and are found while others still come.

use std::ops::RangeInclusive;

use crate::errors::Said;

/// Those that came last are looked through one by one.
const TAIL: usize = 64;

/// Lines by key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    runs: Vec<Vec<(u64, Said)>>,
    tail: Vec<(u64, Said)>,
}

const fn order((key, said): &(u64, Said)) -> (u64, i64) {
    (*key, said.second)
}

impl Marks {
    /// Of lines in any order.
    pub(crate) fn of(mut all: Vec<(u64, Said)>) -> Self {
        all.sort_by_key(order);
        Self {
            runs: vec![all],
            tail: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.runs.iter().map(Vec::len).sum::<usize>() + self.tail.len()
    }

    pub(crate) fn push(&mut self, key: u64, said: Said) {
        self.tail.push((key, said));
        if self.tail.len() == TAIL {
            let mut run = std::mem::take(&mut self.tail);
            run.sort_by_key(order);
            while let Some(longer) = self.runs.pop_if(|last| last.len() < 2 * run.len()) {
                run.extend(longer);
                // Two sorted runs are merged in linear time.
                run.sort_by_key(order);
            }
            self.runs.push(run);
        }
    }

    /// The lines under a key that were written in these seconds.
    pub(crate) fn get(&self, key: u64, seconds: RangeInclusive<i64>) -> impl Iterator<Item = Said> {
        let (first, last) = ((key, *seconds.start()), (key, *seconds.end()));
        let is_one = move |mark: &&(u64, Said)| (first..=last).contains(&order(mark));
        let sorted = self.runs.iter().flat_map(move |run| {
            let from = run.partition_point(|mark| order(mark) < first);
            run[from..].iter().take_while(is_one)
        });
        let latest = self.tail.iter().filter(is_one);
        sorted.chain(latest).map(|(_, said)| *said)
    }

    /// The same, to be changed; the seconds stay as they are.
    pub(crate) fn get_mut(
        &mut self,
        key: u64,
        seconds: RangeInclusive<i64>,
    ) -> impl Iterator<Item = &mut Said> {
        let (first, last) = ((key, *seconds.start()), (key, *seconds.end()));
        let is_one = move |mark: &(u64, Said)| (first..=last).contains(&order(mark));
        let sorted = self.runs.iter_mut().flat_map(move |run| {
            let from = run.partition_point(|mark| order(mark) < first);
            run[from..].iter_mut().take_while(move |mark| is_one(mark))
        });
        let latest = self.tail.iter_mut().filter(move |mark| is_one(mark));
        sorted.chain(latest).map(|(_, said)| said)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Said)> {
        self.runs.iter().flatten().chain(&self.tail).copied()
    }

    pub(crate) fn into_all(self) -> impl Iterator<Item = (u64, Said)> {
        self.runs.into_iter().flatten().chain(self.tail)
    }

    /// All in one, which has room for so many more and no more: when those of many threads come together there is the
    /// most of them in memory, and the greatest run need not be there twice.
    pub(crate) fn into_one(self, more: usize) -> Vec<(u64, Said)> {
        let all = self.len();
        let mut runs = self.runs.into_iter();
        let mut one = runs.next().unwrap_or_default();
        one.reserve_exact(all - one.len() + more);
        one.extend(runs.flatten());
        one.extend(self.tail);
        one
    }

    /// Changes what was said; the seconds stay as they are.
    pub(crate) fn change(&mut self, mut change: impl FnMut(&mut Said)) {
        let all = self.runs.iter_mut().flatten().chain(&mut self.tail);
        all.for_each(|(_, said)| change(said));
    }

    pub(crate) fn retain(&mut self, keeps: impl Fn(&Said) -> bool) {
        for run in &mut self.runs {
            run.retain(|(_, said)| keeps(said));
            run.shrink_to_fit();
        }
        self.tail.retain(|(_, said)| keeps(said));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_came_is_found_under_its_key() {
        let mut marks = Marks::default();
        let key = |at: u32| u64::from(at.wrapping_mul(2_654_435_761) % 70);
        let said = |index: u32| Said {
            second: i64::from(index % 100),
            local: false,
            index,
        };
        for at in 0..10_000_u32 {
            marks.push(key(at), said(at));
            if at % 997 == 0 {
                let second = i64::from(at % 100);
                let found = marks.get(key(at), second..=second);
                assert!(found.into_iter().any(|said| said.index == at), "{at}");
            }
        }
        assert_eq!(marks.len(), 10_000);
        assert!(marks.runs.len() < 10, "{}", marks.runs.len());
        let count = |marks: &Marks, seconds: &RangeInclusive<i64>| -> usize {
            (0..70)
                .map(|key| marks.get(key, seconds.clone()).count())
                .sum()
        };
        for (seconds, wanted) in [
            (0..=99, 10_000),
            (10..=19, 1_000),
            (100..=200, 0),
            (-5..=-1, 0),
        ] {
            assert_eq!(count(&marks, &seconds), wanted, "{seconds:?}");
            let changed = (0..70).map(|key| marks.get_mut(key, seconds.clone()).count());
            assert_eq!(changed.sum::<usize>(), wanted, "{seconds:?}");
            let again = Marks::of(marks.iter().collect());
            assert_eq!(count(&again, &seconds), wanted, "{seconds:?}");
        }
        assert_eq!(marks.get(70, 0..=99).count(), 0);
    }
}

//! The idle connections of one thread.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::connection::{Connection, Key};

/// The idle connections of one thread, by what they are good for.
///
/// Idle connections and those in use are never more than the thread has workers: whoever opens one asks
/// [`Pool::surplus`] first. The youngest is given out first, since a server has had the least time to close it.
#[derive(Debug)]
pub(crate) struct Pool {
    workers: usize,
    /// The one put back last, apart from the rest: with one origin and no lack of jobs there is no other.
    youngest: Option<Box<Connection>>,
    /// The rest, each under its number; a higher number is younger.
    rest: BTreeMap<u64, Box<Connection>>,
    /// The numbers in `rest`, oldest first.
    by_key: HashMap<Key, VecDeque<u64>>,
    next: u64,
}

impl Pool {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            workers,
            youngest: None,
            rest: BTreeMap::new(),
            by_key: HashMap::new(),
            next: 0,
        }
    }

    /// The youngest one that is good for that.
    pub(crate) fn take(&mut self, key: &Key) -> Option<Box<Connection>> {
        if self.youngest.as_ref().is_some_and(|c| c.key == *key) {
            return self.youngest.take();
        }
        if self.rest.is_empty() {
            return None;
        }
        let numbers = self.by_key.get_mut(key)?;
        let number = numbers.pop_back();
        if numbers.is_empty() {
            self.by_key.remove(key);
        }
        self.rest.remove(&number?)
    }

    /// Keeps a connection for whoever comes next.
    pub(crate) fn put(&mut self, connection: Box<Connection>) {
        if let Some(older) = self.youngest.replace(connection) {
            self.by_key
                .entry(older.key.clone())
                .or_default()
                .push_back(self.next);
            self.rest.insert(self.next, older);
            self.next += 1;
        }
    }

    /// The oldest one, when so many in use leave no room for it.
    pub(crate) fn surplus(&mut self, in_use: usize) -> Option<Box<Connection>> {
        let idle = self.rest.len() + usize::from(self.youngest.is_some());
        if idle + in_use <= self.workers {
            return None;
        }
        let Some((number, oldest)) = self.rest.pop_first() else {
            return self.youngest.take();
        };
        if let Some(numbers) = self.by_key.get_mut(&oldest.key) {
            numbers.retain(|&other| other != number);
            if numbers.is_empty() {
                self.by_key.remove(&oldest.key);
            }
        }
        Some(oldest)
    }
}

/// Stands for one connection in use, as long as it lives.
#[derive(Debug)]
pub(crate) struct InUse<'a>(&'a Cell<usize>);

impl<'a> InUse<'a> {
    pub(crate) fn new(count: &'a Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

//! What the simulator remembers between requests: counts, buckets and nonces by key, and the random numbers.
//!
//! Everything is bounded: so many keys, each forgotten when nobody asked for it in ten minutes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::random::Random;

/// The most keys of one kind.
const MOST_KEYS: usize = 4096;
/// How long an unused key is remembered.
const REMEMBERED: Duration = Duration::from_mins(10);

/// What is remembered.
#[derive(Debug)]
pub(crate) struct State {
    /// How often each key was asked for.
    pub(crate) counts: Keyed<u64>,
    /// The token buckets.
    pub(crate) buckets: Keyed<Option<Bucket>>,
    /// The nonces that were given out for digest authentication, and how often each was used.
    pub(crate) nonces: Keyed<u64>,
    /// The bytes that were given to be sent as they are.
    pub(crate) raw: Keyed<Vec<u8>>,
    random: Mutex<Random>,
}

impl State {
    /// Nothing yet. The seed repeats all randomness; without one every start differs.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self {
            counts: Keyed::default(),
            buckets: Keyed::default(),
            nonces: Keyed::default(),
            raw: Keyed::default(),
            random: Mutex::new(Random::new(seed)),
        }
    }

    /// Draws from the simulator's random numbers.
    pub(crate) fn random<R>(&self, draw: impl FnOnce(&mut Random) -> R) -> R {
        draw(&mut self.random.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A token bucket: it holds so many tokens, and a request takes one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// What taking a token gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taken {
    /// Whether there was one.
    pub(crate) granted: bool,
    /// How many whole tokens remain.
    pub(crate) left: u64,
    /// How long until there is a token again; zero when there is one.
    pub(crate) wait: Duration,
    /// How long until the bucket is full.
    pub(crate) full_in: Duration,
}

impl Bucket {
    /// A full one.
    pub(crate) fn full(size: u32, now: Instant) -> Self {
        Self {
            tokens: f64::from(size),
            filled: now,
        }
    }

    /// Takes a token of a bucket that holds `size` and is filled once a `window`.
    pub(crate) fn take(&mut self, size: u32, window: Duration, now: Instant) -> Taken {
        let (size, window) = (f64::from(size), window.as_secs_f64());
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * size / window).min(size);
        self.filled = now;
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        let until = |tokens: f64| {
            Duration::from_secs_f64(((tokens - self.tokens) * window / size).max(0.0))
        };
        Taken {
            granted,
            left: self.tokens as u64,
            wait: until(1.0),
            full_in: until(size),
        }
    }
}

/// Values by key.
#[derive(Debug)]
pub(crate) struct Keyed<T>(Mutex<HashMap<String, (Instant, T)>>);

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self(Mutex::new(HashMap::new()))
    }
}

impl<T: Default> Keyed<T> {
    /// Works on the value of that key; a new one is the default. When there are too many, the one that was used least
    /// recently goes.
    pub(crate) fn with<R>(&self, key: &str, now: Instant, work: impl FnOnce(&mut T) -> R) -> R {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEYS && !kept.contains_key(key) {
            make_room(&mut kept, now);
        }
        let (used, value) = kept
            .entry(key.to_owned())
            .or_insert_with(|| (now, T::default()));
        if now.saturating_duration_since(*used) > REMEMBERED {
            *value = T::default();
        }
        *used = now;
        work(value)
    }

    /// Works on the value of that key if it is remembered.
    pub(crate) fn known<R>(
        &self,
        key: &str,
        now: Instant,
        work: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (used, value) = kept.get_mut(key)?;
        if now.saturating_duration_since(*used) > REMEMBERED {
            return None;
        }
        *used = now;
        Some(work(value))
    }
}

fn make_room<T>(kept: &mut HashMap<String, (Instant, T)>, now: Instant) {
    kept.retain(|_, (used, _)| now.saturating_duration_since(*used) <= REMEMBERED);
    if kept.len() < MOST_KEYS {
        return;
    }
    let oldest = kept.iter().min_by_key(|(_, (used, _))| *used);
    if let Some(key) = oldest.map(|(key, _)| key.clone()) {
        kept.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_bounded_and_forgotten() {
        let counts: Keyed<u64> = Keyed::default();
        let start = Instant::now();
        let count = |key: &str, now| {
            counts.with(key, now, |count| {
                *count += 1;
                *count
            })
        };
        assert_eq!((count("a", start), count("a", start)), (1, 2));
        let later = start + REMEMBERED + Duration::from_secs(1);
        assert_eq!(counts.known("a", later, |count| *count), None);
        assert_eq!(count("a", later), 1, "forgotten");
        for at in 0..MOST_KEYS + 10 {
            count(&at.to_string(), later + Duration::from_millis(at as u64));
        }
        let kept = counts.0.lock().expect("no panic");
        assert_eq!(kept.len(), MOST_KEYS);
        assert!(!kept.contains_key("a") && !kept.contains_key("0"));
    }

    #[test]
    fn buckets_fill_with_time() {
        let start = Instant::now();
        let window = Duration::from_secs(10);
        let mut bucket = Bucket::full(2, start);
        let first = bucket.take(2, window, start);
        assert_eq!((first.granted, first.left), (true, 1));
        assert!(bucket.take(2, window, start).granted);
        let none = bucket.take(2, window, start);
        assert_eq!((none.granted, none.wait.as_secs()), (false, 5));
        assert_eq!(none.full_in, window);
        let later = start + Duration::from_secs(5);
        assert!(bucket.take(2, window, later).granted);
        assert!(!bucket.take(2, window, later).granted);
    }
}

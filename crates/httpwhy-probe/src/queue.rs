//! The jobs between the caller's iterator, which may block, and the workers, which may not.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Job;

/// A bounded queue: filled by one thread, emptied by the workers of all threads.
#[derive(Debug)]
pub(crate) struct Queue {
    room: usize,
    inside: Mutex<Inside>,
    emptier: Condvar,
    fuller: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            room: room.max(1),
            inside: Mutex::default(),
            emptier: Condvar::new(),
            fuller: Notify::new(),
        }
    }

    /// Takes all jobs of the iterator, as there is room, until it ends or the queue is closed.
    pub(crate) fn fill(&self, jobs: impl Iterator<Item = Job>) {
        // Also when the caller's iterator panics: the workers must not wait for ever.
        let _close = Close(self);
        for job in jobs {
            let mut inside = self.lock();
            if inside.jobs.len() >= self.room {
                // Woken only once half of it is free, so that a wake-up pays for many jobs.
                inside = self
                    .emptier
                    .wait_while(inside, |i| !i.closed && i.jobs.len() > self.room / 2)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if inside.closed {
                return;
            }
            inside.jobs.push_back(job);
            drop(inside);
            self.fuller.notify_one();
        }
    }

    /// The next job, or `None` when there will be none.
    pub(crate) async fn next(&self) -> Option<Job> {
        loop {
            let more = self.fuller.notified();
            {
                let mut inside = self.lock();
                if let Some(job) = inside.jobs.pop_front() {
                    let left = inside.jobs.len();
                    drop(inside);
                    if left == self.room / 2 {
                        self.emptier.notify_one();
                    }
                    if left > 0 {
                        // Several notices given before anyone waited are one: pass it on.
                        self.fuller.notify_one();
                    }
                    return Some(job);
                }
                if inside.closed {
                    // The wake-up may have been meant for all: pass it on.
                    self.fuller.notify_one();
                    return None;
                }
            }
            more.await;
        }
    }

    /// Ends it: no job is taken or given out any more when `drop_waiting`, else what is inside is still given out.
    pub(crate) fn close(&self, drop_waiting: bool) {
        let mut inside = self.lock();
        inside.closed = true;
        if drop_waiting {
            inside.jobs.clear();
        }
        drop(inside);
        self.emptier.notify_all();
        self.fuller.notify_waiters();
        self.fuller.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // A panic inside cannot leave it half changed.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Close<'a>(&'a Queue);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close(false);
    }
}

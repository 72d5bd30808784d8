//! Progress on standard error: how many, how fast, how long still.

use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lines::Lines;

/// How often buffers are written out and a terminal is told.
const TICK: Duration = Duration::from_millis(500);
/// Into a file or pipe progress is told more rarely: every so many ticks.
const RARELY: u32 = 20;

pub(crate) struct Progress {
    started: Instant,
    total: Option<usize>,
    done: AtomicU64,
    failed: AtomicU64,
    silent: bool,
    ended: Mutex<bool>,
    wake: Condvar,
}

impl Progress {
    pub(crate) fn new(total: Option<usize>, silent: bool) -> Self {
        Self {
            started: Instant::now(),
            total,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            silent,
            ended: Mutex::new(false),
            wake: Condvar::new(),
        }
    }

    /// One more target is done.
    pub(crate) fn step(&self, failed: bool) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Ends [`Progress::show`].
    pub(crate) fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// Writes buffers out and shows progress until the end.
    pub(crate) fn show(&self, lines: &Lines) {
        let terminal = io::stderr().is_terminal();
        let mut shown = false;
        for tick in 1_u32.. {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let (ended, _) = self
                .wake
                .wait_timeout_while(ended, TICK, |ended| !*ended)
                .unwrap_or_else(PoisonError::into_inner);
            if *ended {
                break;
            }
            drop(ended);
            let _ = lines.flush();
            if !self.silent && (terminal || tick.is_multiple_of(RARELY)) {
                shown = terminal;
                let end = if terminal { "\r" } else { "\n" };
                let _ = write!(io::stderr(), "{:<76}{end}", self.line());
            }
        }
        if shown {
            let _ = write!(io::stderr(), "{:76}\r", "");
        }
    }

    /// `1234 of 20000 · 412/s · 3 failed · 45 s left`
    fn line(&self) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let rate = done as f64 / self.elapsed().as_secs_f64().max(0.001);
        let of = self
            .total
            .map_or_else(String::new, |total| format!(" of {total}"));
        let left = self
            .total
            .filter(|_| rate > 0.0)
            .map_or_else(String::new, |total| {
                format!(
                    " · {:.0} s left",
                    (total as f64 - done as f64).max(0.0) / rate
                )
            });
        format!(
            "{done}{of} · {rate:.0}/s · {} failed{left}",
            self.failed.load(Ordering::Relaxed)
        )
    }
}

//! Progress on standard error: how many, how fast, how long still.

use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lines::Lines;
use super::summary::Summary;

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
    /// The bounds that hold, in words.
    bounds: Option<String>,
    ended: Mutex<bool>,
    wake: Condvar,
}

impl Progress {
    pub(crate) fn new(total: Option<usize>, silent: bool, bounds: Option<String>) -> Self {
        Self {
            started: Instant::now(),
            total,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            silent,
            bounds,
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
    pub(crate) fn show(&self, lines: &Lines, summary: &Summary) {
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
                let line = fitting(self.line(summary), terminal);
                let _ = write!(io::stderr(), "{line:<76}{end}");
            }
        }
        if shown {
            let _ = write!(io::stderr(), "{:76}\r", "");
        }
    }

    /// `1234 of 20000 · 412/s · 3 failed (2 http/404, 1 net/read-timeout) · 45 s left · at most 10 at once a public host`
    fn line(&self, summary: &Summary) -> String {
        let done = self.done.load(Ordering::Relaxed);
        let rate = done as f64 / self.elapsed().as_secs_f64().max(0.001);
        let of = self
            .total
            .map_or_else(String::new, |total| format!(" of {total}"));
        let left = self.total.filter(|_| rate > 0.0).map(|total| {
            let left = (total as f64 - done as f64).max(0.0) / rate;
            format!("{left:.0} s left")
        });
        let failed = format!(
            "{} failed{}",
            self.failed.load(Ordering::Relaxed),
            summary.worst()
        );
        let parts = [Some(failed), left, self.bounds.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{done}{of} · {rate:.0}/s · {}", parts.join(" · "))
    }
}

/// On a terminal as much of it as one line takes: a longer one could not be overwritten.
fn fitting(line: String, terminal: bool) -> String {
    if !terminal {
        return line;
    }
    let size = terminal_size::terminal_size_of(io::stderr());
    let width = size.map_or(80, |(width, _)| usize::from(width.0));
    line.chars().take(width.saturating_sub(1).max(40)).collect()
}

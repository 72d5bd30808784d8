//! Progress on standard error, for files that take their time.

use std::io::{self, IsTerminal, Write as _};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::scope;
use std::time::{Duration, Instant};

use httpwhy_logs::Progress;

/// Nothing is told of what is done sooner.
const PATIENCE: Duration = Duration::from_millis(1500);
const TICK: Duration = Duration::from_millis(500);

/// Does the work, and tells a terminal how far it is.
pub(crate) fn beside<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    let (done, ended) = channel::<()>();
    scope(|scope| {
        scope.spawn(move || {
            let started = Instant::now();
            let mut told = false;
            let mut wait = PATIENCE;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                wait = TICK;
                told = true;
                // A terminal that has gone is no reason to stop.
                let _ = write!(
                    io::stderr(),
                    "\r\x1b[K{}",
                    line(progress, started.elapsed())
                );
            }
            if told {
                let _ = write!(io::stderr(), "\r\x1b[K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn line(progress: &Progress, elapsed: Duration) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let (read, total) = (
        progress.read.load(Ordering::Relaxed),
        progress.total.load(Ordering::Relaxed),
    );
    let speed = megabytes(read) / elapsed.as_secs_f64().max(0.001);
    if total > read {
        format!(
            "{:.0} of {:.0} MB, {speed:.0} MB/s",
            megabytes(read),
            megabytes(total)
        )
    } else {
        format!("{:.0} MB, {speed:.0} MB/s", megabytes(read))
    }
}

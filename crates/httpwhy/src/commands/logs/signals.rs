//! Ctrl-C and SIGTERM, as the wish to end.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use httpwhy_logs::Progress;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// A step that began before the wish may end within this.
const GRACE: Duration = Duration::from_secs(1);

/// The signals, caught from the moment it is made.
pub(super) struct Ending {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Ending {
    pub(super) fn new() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let caught = |kind| {
            let caught = runtime.block_on(async { signal(kind) });
            caught.map_err(Failure::internal)
        };
        let (interrupt, terminate) = (
            caught(SignalKind::interrupt())?,
            caught(SignalKind::terminate())?,
        );
        Ok(Self {
            runtime,
            interrupt,
            terminate,
        })
    }

    /// What tells, once, that the end is wished; reading that goes on for a second after that is stopped. A second wish
    /// ends the process at once, as it would without us, with `last_words` for the terminal.
    pub(super) fn watch(
        mut self,
        progress: Arc<Progress>,
        last_words: &'static str,
    ) -> Receiver<()> {
        let (sender, wished) = channel();
        std::thread::spawn(move || {
            self.wait();
            // Nobody listens any more when the work has ended by itself.
            let _ = sender.send(());
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                progress.stop.store(true, Ordering::Relaxed);
            });
            self.wait();
            stop_at_once(last_words);
        });
        wished
    }

    fn wait(&mut self) {
        let (interrupt, terminate) = (&mut self.interrupt, &mut self.terminate);
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
        });
    }
}

/// Ends the process in the middle of its work: what it had written before is whole.
#[expect(clippy::exit, reason = "the second Ctrl-C asks for just that")]
fn stop_at_once(last_words: &str) {
    // The terminal may have gone.
    let _ = std::io::stdout().write_all(last_words.as_bytes());
    std::process::exit(i32::from(Exit::Interrupted as u8));
}

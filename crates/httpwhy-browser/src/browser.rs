//! One browser: its processes and the connection with it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::cdp::{Cdp, Event, Failed, Tasks};
use crate::json::text;
use crate::launch::{Process, launch};
use crate::{PoolConfig, Trouble};

/// How long a browser may take to say its version, a sign of life. Two seconds were not enough on a machine with more to
/// do than it has cores: browsers in good health were replaced, which made it worse.
const PING: Duration = Duration::from_secs(5);
/// Bytes kept of what it says on standard error.
const LAST_WORDS: usize = 4096;

/// A browser that answers.
#[derive(Debug)]
pub(crate) struct Browser {
    // Dropped in this order: first nobody listens any more, then the processes end.
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) cdp: Cdp,
    _tasks: Tasks,
    said: Said,
    process: Process,
    /// How many leases it has served.
    pub(crate) leases: u32,
}

impl Browser {
    /// Starts one and waits for its first answer.
    pub(crate) async fn start(program: &Path, config: &PoolConfig) -> Result<Self, Trouble> {
        let failed = |said: String| Trouble::NotStarted {
            program: program.display().to_string(),
            said,
        };
        let launched = launch(program, config).map_err(|error| failed(error.to_string()))?;
        let (cdp, events, tasks) = Cdp::new(launched.commands, launched.answers);
        let mut browser = Self {
            events,
            cdp,
            _tasks: tasks,
            said: Said::listen(launched.said),
            process: launched.process,
            leases: 0,
        };
        let version = browser.version(config.start).await;
        match version {
            Ok(_) => Ok(browser),
            Err(why) => Err(failed(browser.last_words(&why).await)),
        }
    }

    /// Its name and version.
    pub(crate) async fn version(&self, patience: Duration) -> Result<String, Failed> {
        let answer = self
            .browser("Browser.getVersion", json!({}), patience)
            .await?;
        Ok(text(&answer, "product").unwrap_or_default().to_owned())
    }

    /// Whether it answers in time.
    pub(crate) async fn is_well(&self) -> bool {
        self.version(PING).await.is_ok()
    }

    /// A command to the browser itself.
    pub(crate) async fn browser(
        &self,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Value, Failed> {
        self.cdp.call(None, method, params, patience).await
    }

    /// The number of its process group.
    pub(crate) fn group(&self) -> u32 {
        self.process.group()
    }

    /// Why it did not start: its last line that says something, and how it ended.
    async fn last_words(&mut self, why: &Failed) -> String {
        // What it wrote may be on its way still.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut parts = Vec::new();
        parts.extend(self.said.last_line());
        match why {
            Failed::TimedOut => parts.push("it did not answer in time".to_owned()),
            Failed::Refused(said) => parts.push(said.clone()),
            Failed::Closed => parts.extend(self.process.ended()),
        }
        if parts.is_empty() {
            parts.push("it ended without a word".to_owned());
        }
        parts.join("; ")
    }
}

/// The end of what the browser says on standard error.
#[derive(Debug)]
struct Said {
    kept: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Said {
    fn listen(mut from: pipe::Receiver) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; LAST_WORDS];
            while let Ok(count @ 1..) = from.read(&mut buffer).await {
                let mut kept = keep.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&buffer[..count]);
                let surplus = kept.len().saturating_sub(LAST_WORDS);
                kept.drain(..surplus);
            }
        });
        Self { kept, task }
    }

    fn last_line(&self) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines
            .next_back()
            .map(|line| line.chars().take(300).collect())
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        self.task.abort();
    }
}

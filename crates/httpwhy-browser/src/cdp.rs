//! The Chrome DevTools Protocol over two pipes: JSON messages, each ended by NUL.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::json::text;

/// A message larger than this is passed over: a picture of a page takes a few MiB.
const LARGEST: usize = 64 * 1024 * 1024;
/// Events kept for whoever is to read them; more are counted and lost.
const EVENTS: usize = 16_384;
/// Commands that may wait to be written.
const COMMANDS: usize = 256;
/// Bytes read at once.
const READ: usize = 256 * 1024;

/// Something happened in the browser.
#[derive(Debug)]
pub(crate) struct Event {
    /// The session that it belongs to; none: the browser itself.
    pub(crate) session: Option<String>,
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The browser is gone.
    Closed,
    /// It did not answer in time.
    TimedOut,
    /// It said no.
    Refused(String),
}

/// One end of the connection with a browser.
#[derive(Debug, Clone)]
pub(crate) struct Cdp {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Vec<u8>>,
}

/// What reads and writes; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Tasks([JoinHandle<()>; 2]);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

#[derive(Debug, Default)]
struct Shared {
    next: AtomicU64,
    lost: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    waiting: HashMap<u64, oneshot::Sender<Result<Value, Failed>>>,
    closed: bool,
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cdp {
    /// Begins to read and write. The events end when the browser does.
    pub(crate) fn new(
        commands: pipe::Sender,
        answers: pipe::Receiver,
    ) -> (Self, mpsc::Receiver<Event>, Tasks) {
        let shared = Arc::new(Shared::default());
        let (events, read) = mpsc::channel(EVENTS);
        let (sender, queue) = mpsc::channel(COMMANDS);
        let reader = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.read(answers, events).await })
        };
        let cdp = Self {
            shared,
            commands: sender,
        };
        let writer = tokio::spawn(write(commands, queue));
        (cdp, read, Tasks([reader, writer]))
    }

    /// Gives a command and waits for its result.
    pub(crate) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
        patience: Duration,
    ) -> Result<Value, Failed> {
        let (answer, answered) = oneshot::channel();
        let id = self.number();
        {
            let mut open = self.shared.open();
            if open.closed {
                return Err(Failed::Closed);
            }
            open.waiting.insert(id, answer);
        }
        let conversation = async {
            let command = message(id, session, method, params);
            let sent = self.commands.send(command).await;
            sent.map_err(|_| Failed::Closed)?;
            answered.await.map_err(|_| Failed::Closed)?
        };
        let result = timeout(patience, conversation).await;
        self.shared.open().waiting.remove(&id);
        result.unwrap_or(Err(Failed::TimedOut))
    }

    /// Gives a command and does not wait. What cannot even be queued is left out: the browser hangs, and that shows.
    pub(crate) fn post(&self, session: Option<&str>, method: &str, params: Value) {
        let command = message(self.number(), session, method, params);
        let _ = self.commands.try_send(command);
    }

    /// How many events were lost, because nobody read them fast enough, or too large.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    fn number(&self) -> u64 {
        self.shared.next.fetch_add(1, Ordering::Relaxed) + 1
    }
}

fn message(id: u64, session: Option<&str>, method: &str, params: Value) -> Vec<u8> {
    let mut message = json!({"id": id, "method": method});
    message["params"] = params;
    if let Some(session) = session {
        message["sessionId"] = session.into();
    }
    let mut bytes = message.to_string().into_bytes();
    bytes.push(0);
    bytes
}

async fn write(mut to: pipe::Sender, mut commands: mpsc::Receiver<Vec<u8>>) {
    while let Some(command) = commands.recv().await {
        if to.write_all(&command).await.is_err() {
            // The reader sees the end as well, and tells everybody.
            return;
        }
    }
}

impl Shared {
    async fn read(&self, mut from: pipe::Receiver, events: mpsc::Sender<Event>) {
        let mut messages = Messages::default();
        let mut buffer = vec![0; READ];
        loop {
            let read: io::Result<usize> = from.read(&mut buffer).await;
            let Ok(count @ 1..) = read else { break };
            messages.feed(&buffer[..count], |message| self.take(message, &events));
            self.lost
                .fetch_add(std::mem::take(&mut messages.passed_over), Ordering::Relaxed);
        }
        let mut open = self.open();
        open.closed = true;
        for (_, waiting) in open.waiting.drain() {
            // Whoever waited may have given up.
            let _ = waiting.send(Err(Failed::Closed));
        }
    }

    /// One message. What is no JSON, and answers that nobody waits for, are passed over.
    fn take(&self, message: &[u8], events: &mpsc::Sender<Event>) {
        let Ok(mut message) = serde_json::from_slice::<Value>(message) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if let Some(id) = message.get("id").and_then(Value::as_u64) {
            let waiting = self.open().waiting.remove(&id);
            if let Some(waiting) = waiting {
                let _ = waiting.send(result(&mut message));
            }
            return;
        }
        let Some(method) = text(&message, "method").map(str::to_owned) else {
            return;
        };
        let event = Event {
            session: text(&message, "sessionId").map(str::to_owned),
            method,
            params: message["params"].take(),
        };
        if events.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn result(message: &mut Value) -> Result<Value, Failed> {
    match message.get("error") {
        Some(error) => Err(Failed::Refused(
            text(error, "message")
                .unwrap_or("no reason given")
                .to_owned(),
        )),
        None => Ok(message["result"].take()),
    }
}

/// Cuts a stream at its NULs.
#[derive(Debug, Default)]
struct Messages {
    begun: Vec<u8>,
    /// The message under way is too large: it is passed over.
    too_large: bool,
    passed_over: u64,
}

impl Messages {
    fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let mut parts = bytes.split(|&byte| byte == 0);
        // What follows the last NUL is the beginning of another message.
        let rest = parts.next_back().unwrap_or_default();
        for part in parts {
            self.add(part);
            if !std::mem::take(&mut self.too_large) && !self.begun.is_empty() {
                each(&self.begun);
            }
            self.begun.clear();
            // One large picture is no reason to keep so much for ever.
            self.begun.shrink_to(4 * READ);
        }
        self.add(rest);
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.too_large {
            return;
        }
        if self.begun.len() + bytes.len() > LARGEST {
            self.begun.clear();
            self.too_large = true;
            self.passed_over += 1;
            return;
        }
        self.begun.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_end_at_nul_however_the_stream_is_cut() {
        let stream = b"{\"a\":1}\0\0{}\0rest";
        for cut in 0..stream.len() {
            let mut messages = Messages::default();
            let mut seen = Vec::new();
            for part in [&stream[..cut], &stream[cut..]] {
                messages.feed(part, |message| seen.push(message.to_vec()));
            }
            assert_eq!(seen, [b"{\"a\":1}".to_vec(), b"{}".to_vec()], "{cut}");
            assert_eq!(messages.begun, b"rest");
        }
    }

    #[test]
    fn a_message_without_end_takes_bounded_room() {
        let mut messages = Messages::default();
        let block = vec![b'x'; 1024 * 1024];
        let mut seen = Vec::new();
        for _ in 0..=LARGEST / block.len() {
            messages.feed(&block, |message| seen.push(message.to_vec()));
        }
        assert!(messages.begun.is_empty() && messages.passed_over == 1);
        messages.feed(b"xx\0{}\0", |message| seen.push(message.to_vec()));
        assert_eq!(seen, [b"{}".to_vec()]);
    }

    #[tokio::test]
    async fn the_end_of_the_browser_is_the_end_of_all_waiting() {
        let (commands, _keep) = {
            let (receiver, sender) = io::pipe().expect("a pipe");
            (
                pipe::Sender::from_owned_fd(sender.into()).expect("a sender"),
                receiver,
            )
        };
        let (answers, their_end) = {
            let (receiver, sender) = io::pipe().expect("a pipe");
            (
                pipe::Receiver::from_owned_fd(receiver.into()).expect("a receiver"),
                sender,
            )
        };
        let (cdp, mut events, _tasks) = Cdp::new(commands, answers);
        let call = cdp.call(
            None,
            "Browser.getVersion",
            json!({}),
            Duration::from_mins(1),
        );
        let end = async {
            use std::io::Write as _;
            let mut their_end = their_end;
            their_end
                .write_all(b"nonsense\0{\"method\":\"A.b\"}\0{\"id\":99,\"result\":{}}\0")
                .expect("room");
        };
        let (answer, ()) = tokio::join!(call, end);
        assert_eq!(answer, Err(Failed::Closed));
        let event = events.recv().await.expect("an event");
        assert_eq!((event.method.as_str(), cdp.lost()), ("A.b", 1));
        assert!(events.recv().await.is_none());
        let after = cdp
            .call(
                None,
                "Browser.getVersion",
                json!({}),
                Duration::from_mins(1),
            )
            .await;
        assert_eq!(after, Err(Failed::Closed));
    }
}

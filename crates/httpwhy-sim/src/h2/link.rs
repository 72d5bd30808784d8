//! What the streams of one connection share: its sending side, with flow control (RFC 9113 section 5.2), and its end.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use httpwhy_wire::h2::{
    FrameHead, GoAway, flag, kind, write_frame, write_frame_head, write_goaway, write_reset,
};
use httpwhy_wire::hpack::write_literal;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::{Mutex as Turns, Notify};
use tokio::time::timeout;

use super::frames::LONGEST;
use crate::act::After;
use crate::serve::DEADLINE;
use crate::wire::Wire;

/// What a window begins with, and the most it may hold (RFC 9113 sections 6.5.2 and 6.9.1).
const WINDOW: i64 = 65_535;
const MOST_WINDOW: i64 = (1 << 31) - 1;

/// The sending side of a connection.
pub(crate) struct Link {
    writer: Turns<WriteHalf<Wire>>,
    windows: Mutex<Windows>,
    opened: Notify,
    end: Mutex<Option<After>>,
    ended: Notify,
    deaf: Mutex<bool>,
}

/// How much the client takes.
struct Windows {
    connection: i64,
    initial: i64,
    streams: HashMap<u32, i64>,
}

impl Link {
    pub(super) fn new(writer: WriteHalf<Wire>) -> Self {
        Self {
            writer: Turns::new(writer),
            windows: Mutex::new(Windows {
                connection: WINDOW,
                initial: WINDOW,
                streams: HashMap::new(),
            }),
            opened: Notify::new(),
            end: Mutex::new(None),
            ended: Notify::new(),
            deaf: Mutex::new(false),
        }
    }

    pub(super) fn into_writer(self) -> WriteHalf<Wire> {
        self.writer.into_inner()
    }

    /// Sends these bytes as they are.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let writing = async {
            let mut writer = self.writer.lock().await;
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        timeout(DEADLINE, writing).await?
    }

    /// Sends one frame, whatever it is.
    pub(crate) async fn frame(
        &self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        let mut out = Vec::new();
        write_frame(&mut out, kind, flags, stream, payload);
        self.raw(&out).await
    }

    /// Sends a block of fields as HEADERS, and CONTINUATION where it is long. `last`: it ends the stream.
    pub(crate) async fn fields<N: AsRef<str>, V: AsRef<str>>(
        &self,
        stream: u32,
        fields: &[(N, V)],
        last: bool,
    ) -> io::Result<()> {
        let mut block = Vec::new();
        for (name, value) in fields {
            write_literal(
                &mut block,
                name.as_ref().as_bytes(),
                value.as_ref().as_bytes(),
            );
        }
        self.block(stream, &block, last).await
    }

    /// Sends an encoded block of fields.
    pub(crate) async fn block(&self, stream: u32, block: &[u8], last: bool) -> io::Result<()> {
        let mut out = Vec::new();
        let end_stream = if last { flag::END_STREAM } else { 0 };
        let pieces = block.len().div_ceil(LONGEST).max(1);
        for at in 0..pieces {
            let piece = &block[at * LONGEST..block.len().min((at + 1) * LONGEST)];
            let end = if at + 1 == pieces {
                flag::END_HEADERS
            } else {
                0
            };
            let (kind, flags) = match at {
                0 => (kind::HEADERS, end | end_stream),
                _ => (kind::CONTINUATION, end),
            };
            write_frame(&mut out, kind, flags, stream, piece);
        }
        self.raw(&out).await
    }

    /// Sends content, as fast as the client's windows allow.
    pub(crate) async fn data(&self, stream: u32, bytes: &[u8], last: bool) -> io::Result<()> {
        let mut rest = bytes;
        loop {
            let opened = self.opened.notified();
            tokio::pin!(opened);
            opened.as_mut().enable();
            let granted = self.windows().take(stream, rest.len().min(LONGEST));
            if granted == 0 && !rest.is_empty() {
                opened.await;
                continue;
            }
            let (piece, more) = rest.split_at(granted);
            let ends = last && more.is_empty();
            let flags = if ends { flag::END_STREAM } else { 0 };
            if !piece.is_empty() || ends {
                self.frame(kind::DATA, flags, stream, piece).await?;
            }
            rest = more;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Sends a frame head whose payload does not follow.
    pub(crate) async fn head_alone(&self, head: FrameHead) -> io::Result<()> {
        let mut out = Vec::new();
        write_frame_head(&mut out, head);
        self.raw(&out).await
    }

    /// Sends RST_STREAM.
    pub(crate) async fn reset_stream(&self, stream: u32, code: u32) -> io::Result<()> {
        let mut out = Vec::new();
        write_reset(&mut out, stream, code);
        self.raw(&out).await
    }

    /// Sends GOAWAY.
    pub(crate) async fn goaway(&self, last: u32, code: u32, debug: &str) -> io::Result<()> {
        let mut out = Vec::new();
        let debug = debug.as_bytes();
        write_goaway(&mut out, GoAway { last, code, debug });
        self.raw(&out).await
    }

    /// Ends the connection in that way, at once.
    pub(crate) fn end(&self, how: After) {
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(how);
        self.ended.notify_one();
    }

    /// Waits until [`end`](Self::end) was called, and says how.
    pub(super) async fn ended(&self) -> After {
        loop {
            let how = *self.end.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(how) = how {
                return how;
            }
            self.ended.notified().await;
        }
    }

    /// From now on no PING is answered.
    pub(crate) fn stop_answering_pings(&self) {
        *self.deaf.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    pub(super) fn answers_pings(&self) -> bool {
        !*self.deaf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream begins.
    pub(super) fn open(&self, stream: u32) {
        let mut windows = self.windows();
        let initial = windows.initial;
        windows.streams.insert(stream, initial);
    }

    /// A stream is over.
    pub(super) fn forget(&self, stream: u32) {
        self.windows().streams.remove(&stream);
    }

    /// The client takes so many bytes more, on a stream or (0) in all; false when that is too many.
    pub(super) fn widen(&self, stream: u32, by: u32) -> bool {
        let mut windows = self.windows();
        let window = match stream {
            0 => Some(&mut windows.connection),
            stream => windows.streams.get_mut(&stream),
        };
        let Some(window) = window else { return true };
        *window += i64::from(by);
        let is_fine = *window <= MOST_WINDOW;
        drop(windows);
        self.opened.notify_waiters();
        is_fine
    }

    /// The client's SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 section 6.9.2); false when it is too large.
    pub(super) fn set_initial(&self, initial: u32) -> bool {
        let initial = i64::from(initial);
        if initial > MOST_WINDOW {
            return false;
        }
        let mut windows = self.windows();
        let by = initial - windows.initial;
        windows.initial = initial;
        windows
            .streams
            .values_mut()
            .for_each(|window| *window += by);
        drop(windows);
        self.opened.notify_waiters();
        true
    }
}

impl Windows {
    /// Takes so many bytes, or as many as there are.
    fn take(&mut self, stream: u32, wanted: usize) -> usize {
        let Some(window) = self.streams.get_mut(&stream) else {
            return 0;
        };
        let least = (*window).min(self.connection).max(0);
        let taken = wanted.min(usize::try_from(least).unwrap_or_default());
        *window -= taken as i64;
        self.connection -= taken as i64;
        taken
    }
}

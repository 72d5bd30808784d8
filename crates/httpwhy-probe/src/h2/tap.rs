//! The bytes under an HTTP/2 connection, seen on the way: the library hides last-stream-ids, raw fields, and what of a
//! request has gone out.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use httpwhy_model::Signal;
use httpwhy_wire::h1::Limits;
use httpwhy_wire::h2::{FrameHead, Frames, PREFACE, Piece, Reader, flag, kind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::signals::{is_unclean_end, of_stream};
use crate::stream::Stream;

/// What went over a connection, both ways.
#[derive(Debug)]
pub(super) struct Seen {
    /// What the server sent.
    pub(super) came: Reader,
    pub(super) went: Went,
    /// How the transport ended, if it has.
    pub(super) ended: Option<Ended>,
}

/// What went out, as far as it matters: which streams were begun and ended.
#[derive(Debug)]
pub(super) struct Went {
    /// Bytes of the preface that have not gone yet.
    preface: usize,
    frames: Frames,
    head: FrameHead,
    begun: u32,
    ended: u32,
    /// Bytes of content on the stream begun last.
    content: u64,
}

impl Seen {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            came: Reader::of_server(limits),
            went: Went {
                preface: PREFACE.len(),
                frames: Frames::default(),
                head: FrameHead::default(),
                begun: 0,
                ended: 0,
                content: 0,
            },
            ended: None,
        }
    }
}

impl Went {
    /// Whether a byte of that stream has gone out.
    pub(super) const fn has_begun(&self, stream: u32) -> bool {
        self.begun >= stream
    }

    /// Whether all of that stream's request has gone out.
    pub(super) const fn has_ended(&self, stream: u32) -> bool {
        self.ended >= stream
    }

    /// Bytes of content that have gone out on the stream begun last.
    pub(super) const fn content(&self) -> u64 {
        self.content
    }

    fn feed(&mut self, mut bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface -= preface;
        bytes = &bytes[preface..];
        while !bytes.is_empty() {
            let (taken, piece) = self.frames.next(bytes);
            bytes = &bytes[taken..];
            match piece {
                Some(Piece::Head(head)) => {
                    self.head = head;
                    if head.kind == kind::HEADERS {
                        self.begun = head.stream;
                        self.content = 0;
                    }
                }
                Some(Piece::Payload(payload)) if self.head.kind == kind::DATA => {
                    self.content += payload.len() as u64;
                }
                _ => {}
            }
            let message = matches!(self.head.kind, kind::HEADERS | kind::DATA);
            if message && self.head.has(flag::END_STREAM) && self.frames.is_between() {
                self.ended = self.head.stream;
            }
        }
    }
}

/// How the transport ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// In order. Under TLS, `unclean`: without close_notify.
    Orderly { unclean: bool },
    /// By a reset or an error.
    Failed(Signal),
}

/// A stream with an ear on it.
///
/// A write that fails is not told before what the peer had sent is read: its GOAWAY says more.
#[derive(Debug)]
pub(super) struct Tap {
    stream: Stream,
    seen: Rc<RefCell<Seen>>,
    unwritten: Option<io::Error>,
}

impl Tap {
    pub(super) fn new(stream: Stream, seen: &Rc<RefCell<Seen>>) -> Self {
        Self {
            stream,
            seen: Rc::clone(seen),
            unwritten: None,
        }
    }

    fn ended(&self, ended: Ended) {
        self.seen.borrow_mut().ended.get_or_insert(ended);
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, into)) {
            self.ended(if is_unclean_end(&error) {
                Ended::Orderly { unclean: true }
            } else {
                Ended::Failed(of_stream(&error))
            });
            return Poll::Ready(Err(error));
        }
        let came = &into.filled()[before..];
        if !came.is_empty() {
            self.seen.borrow_mut().came.feed(came);
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = self.unwritten.take() {
            self.ended(Ended::Failed(of_stream(&error)));
            return Poll::Ready(Err(error));
        }
        self.ended(Ended::Orderly { unclean: false });
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.unwritten.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes)) {
            Ok(count) => {
                self.seen.borrow_mut().went.feed(&bytes[..count]);
                Poll::Ready(Ok(count))
            }
            Err(error) => {
                self.unwritten = Some(error);
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
            Err(error) => {
                self.unwritten.get_or_insert(error);
                Poll::Ready(Ok(()))
            }
            Ok(()) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

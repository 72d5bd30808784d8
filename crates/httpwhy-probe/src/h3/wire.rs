//! The streams of a QUIC connection as the HTTP/3 library sees them, with their bytes counted, bounded and looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use h3::error::Code;
use h3::quic::{
    self, BidiStream, ConnectionErrorIncoming, StreamErrorIncoming, StreamId, WriteBuf,
};

use super::frames::Frames;

/// What was seen of a connection's streams.
#[derive(Debug)]
pub(super) struct Seen {
    /// Bytes received on request streams, frame heads included.
    received: AtomicU64,
    /// The lowest identifier of a GOAWAY; more than any when none came.
    goaway: AtomicU64,
    /// The longest frame that is kept whole.
    bound: u64,
}

impl Seen {
    pub(super) const fn new(bound: u64) -> Self {
        Self {
            received: AtomicU64::new(0),
            goaway: AtomicU64::new(u64::MAX),
            bound,
        }
    }

    /// The longest frame that is kept whole.
    pub(super) const fn bound(&self) -> u64 {
        self.bound
    }

    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The identifier of the GOAWAY that came last.
    pub(super) fn goaway(&self) -> Option<u64> {
        Some(self.goaway.load(Ordering::Relaxed)).filter(|&id| id != u64::MAX)
    }
}

/// A QUIC connection that is looked at.
pub(super) struct Wire {
    inner: h3_quinn::Connection,
    seen: Arc<Seen>,
}

impl Wire {
    pub(super) fn new(connection: quinn::Connection, seen: Arc<Seen>) -> Self {
        Self {
            inner: h3_quinn::Connection::new(connection),
            seen,
        }
    }
}

/// Opens streams on it.
pub(super) struct Opener {
    inner: h3_quinn::OpenStreams,
    seen: Arc<Seen>,
}

/// A stream of both directions.
pub(super) struct Both {
    send: h3_quinn::SendStream<Bytes>,
    receive: Receive,
}

impl Both {
    fn new(stream: h3_quinn::BidiStream<Bytes>, seen: &Arc<Seen>) -> Self {
        let (send, receive) = BidiStream::split(stream);
        let frames = Frames::of_request(seen.bound);
        Self {
            send,
            receive: Receive::new(receive, frames, Some(seen)),
        }
    }
}

/// The receiving side of a stream.
pub(super) struct Receive {
    inner: h3_quinn::RecvStream,
    id: StreamId,
    /// A read is under way: the library's own stream is then not to be touched.
    reading: bool,
    frames: Frames,
    /// Where GOAWAY is noted: unidirectional streams.
    control: Option<Arc<Seen>>,
    /// Where bytes are counted: request streams.
    counted: Option<Arc<Seen>>,
}

impl Receive {
    fn new(inner: h3_quinn::RecvStream, frames: Frames, counted: Option<&Arc<Seen>>) -> Self {
        Self {
            id: quic::RecvStream::recv_id(&inner),
            inner,
            reading: false,
            frames,
            control: None,
            counted: counted.cloned(),
        }
    }
}

impl quic::RecvStream for Receive {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let read = quic::RecvStream::poll_data(&mut self.inner, cx);
        self.reading = read.is_pending();
        if let Poll::Ready(Ok(Some(bytes))) = &read {
            if let Some(seen) = &self.counted {
                seen.received
                    .fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            match (self.frames.feed(bytes), &self.control) {
                (Err(error), _) => {
                    return Poll::Ready(Err(StreamErrorIncoming::Unknown(Box::new(error))));
                }
                (Ok(Some(id)), Some(seen)) => {
                    seen.goaway.fetch_min(id, Ordering::Relaxed);
                }
                (Ok(_), _) => {}
            }
        }
        read
    }

    fn stop_sending(&mut self, code: u64) {
        if !self.reading {
            quic::RecvStream::stop_sending(&mut self.inner, code);
        }
    }

    fn recv_id(&self) -> StreamId {
        self.id
    }
}

impl quic::RecvStream for Both {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.receive.poll_data(cx)
    }

    fn stop_sending(&mut self, code: u64) {
        self.receive.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.receive.recv_id()
    }
}

impl quic::SendStream<Bytes> for Both {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, code: u64) {
        self.send.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl BidiStream<Bytes> for Both {
    type SendStream = h3_quinn::SendStream<Bytes>;
    type RecvStream = Receive;

    fn split(self) -> (Self::SendStream, Receive) {
        (self.send, self.receive)
    }
}

impl quic::OpenStreams<Bytes> for Opener {
    type BidiStream = Both;
    type SendStream = h3_quinn::SendStream<Bytes>;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Both, StreamErrorIncoming>> {
        let opened = self.inner.poll_open_bidi(cx);
        opened.map_ok(|stream| Both::new(stream, &self.seen))
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        self.inner.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        quic::OpenStreams::<Bytes>::close(&mut self.inner, code, reason);
    }
}

impl quic::OpenStreams<Bytes> for Wire {
    type BidiStream = Both;
    type SendStream = h3_quinn::SendStream<Bytes>;

    fn poll_open_bidi(&mut self, cx: &mut Context<'_>) -> Poll<Result<Both, StreamErrorIncoming>> {
        let opened = self.inner.poll_open_bidi(cx);
        opened.map_ok(|stream| Both::new(stream, &self.seen))
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        self.inner.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        quic::OpenStreams::<Bytes>::close(&mut self.inner, code, reason);
    }
}

impl quic::Connection<Bytes> for Wire {
    type RecvStream = Receive;
    type OpenStreams = Opener;

    fn poll_accept_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Receive, ConnectionErrorIncoming>> {
        let accepted = quic::Connection::<Bytes>::poll_accept_recv(&mut self.inner, cx);
        accepted.map_ok(|stream| Receive {
            control: Some(Arc::clone(&self.seen)),
            ..Receive::new(stream, Frames::of_unidirectional(self.seen.bound), None)
        })
    }

    fn poll_accept_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Both, ConnectionErrorIncoming>> {
        let accepted = quic::Connection::<Bytes>::poll_accept_bidi(&mut self.inner, cx);
        accepted.map_ok(|stream| Both::new(stream, &self.seen))
    }

    fn opener(&self) -> Opener {
        Opener {
            inner: quic::Connection::<Bytes>::opener(&self.inner),
            seen: Arc::clone(&self.seen),
        }
    }
}

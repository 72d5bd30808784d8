//! What came over the wire under TLS: the library's errors do not say.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Stream;

/// How many of the peer's first bytes are kept.
const FIRST: usize = 16;

/// A connection whose received bytes are counted.
///
/// During the handshake a write that fails is not told before what the peer had sent is read: its alert says more.
#[derive(Debug)]
pub(crate) struct Tap {
    inner: Stream,
    flow: Rc<Flow>,
    unwritten: Option<io::Error>,
}

/// What came over a connection, as far as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    first: Cell<[u8; FIRST]>,
    received: Cell<u64>,
    established: Cell<bool>,
}

impl Flow {
    /// The peer's first bytes, at most 16.
    pub(crate) fn first(&self) -> Vec<u8> {
        let count = self.received.get().min(FIRST as u64) as usize;
        self.first.get()[..count].to_vec()
    }

    /// Bytes received.
    pub(crate) fn received(&self) -> u64 {
        self.received.get()
    }

    /// The handshake is over.
    pub(crate) fn establish(&self) {
        self.established.set(true);
    }

    fn came(&self, bytes: &[u8]) {
        let before = self.received.get();
        if before < FIRST as u64 {
            let mut first = self.first.get();
            let free = &mut first[before as usize..];
            let count = free.len().min(bytes.len());
            free[..count].copy_from_slice(&bytes[..count]);
            self.first.set(first);
        }
        self.received.set(before + bytes.len() as u64);
    }
}

impl Tap {
    pub(crate) fn new(inner: Stream) -> (Self, Rc<Flow>) {
        let flow = Rc::<Flow>::default();
        let tap = Self {
            inner,
            flow: Rc::clone(&flow),
            unwritten: None,
        };
        (tap, flow)
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let tap = &mut *self;
        ready!(Pin::new(&mut tap.inner).poll_read(cx, into))?;
        let came = &into.filled()[before..];
        if came.is_empty()
            && let Some(error) = tap.unwritten.take()
        {
            return Poll::Ready(Err(error));
        }
        tap.flow.came(came);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(Pin::new(&mut self.inner).poll_write(cx, bytes)) {
            Err(error) if !self.flow.established.get() => {
                self.unwritten = Some(error);
                Poll::Ready(Ok(bytes.len()))
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

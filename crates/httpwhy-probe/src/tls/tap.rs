//! What came over the wire under TLS: the library's errors do not say.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How many of the peer's first bytes are kept.
const FIRST: usize = 16;

/// A TCP connection whose received bytes are counted.
#[derive(Debug)]
pub(crate) struct Tap {
    tcp: TcpStream,
    flow: Rc<Flow>,
}

/// What came over a connection, as far as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    first: Cell<[u8; FIRST]>,
    received: Cell<u64>,
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
    pub(crate) fn new(tcp: TcpStream) -> (Self, Rc<Flow>) {
        let flow = Rc::<Flow>::default();
        let tap = Self {
            tcp,
            flow: Rc::clone(&flow),
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
        ready!(Pin::new(&mut self.tcp).poll_read(cx, into))?;
        self.flow.came(&into.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

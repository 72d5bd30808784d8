//! A connection's bytes, with or without TLS.

use std::future::poll_fn;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

use crate::tls::Tap;

/// A connection's bytes, with or without TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Unix(UnixStream),
    /// Also within another one: TLS to an origin through a proxy that is itself spoken to over TLS.
    Tls(Box<Secure>),
}

impl Stream {
    pub(crate) fn tls(stream: TlsStream<Tap>) -> Self {
        Self::Tls(Box::new(Secure {
            stream,
            failed: None,
        }))
    }

    /// Whether nothing can be read: neither bytes nor the end. Those that the runtime has not yet been told of are not
    /// seen.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        poll_fn(|cx| {
            let mut byte = [0];
            let read = Pin::new(&mut *self).poll_read(cx, &mut ReadBuf::new(&mut byte));
            Poll::Ready(read.is_pending())
        })
        .await
    }

    /// Whether what was written may have to be flushed: TLS gathers records.
    pub(crate) const fn holds_back(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Ends it, with close_notify under TLS as far as the system takes it at once.
    pub(crate) async fn close(mut self) {
        if matches!(self, Self::Tls(_)) {
            poll_fn(|cx| Poll::Ready(Pin::new(&mut self).poll_shutdown(cx).is_ready())).await;
        }
    }
}

/// A TLS stream that gives what was decrypted before it says that the next record is bad.
#[derive(Debug)]
pub(crate) struct Secure {
    stream: TlsStream<Tap>,
    failed: Option<io::Error>,
}

impl Secure {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, into)) else {
            return Poll::Ready(Ok(()));
        };
        // The library stops at the bad record, and its plaintext of the records before it would be lost.
        let (_, connection) = self.stream.get_mut();
        match connection.reader().read(into.initialize_unfilled()) {
            Ok(count @ 1..) => {
                into.advance(count);
                self.failed = Some(error);
                Poll::Ready(Ok(()))
            }
            Ok(0) | Err(_) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, into),
            Self::Unix(unix) => Pin::new(unix).poll_read(cx, into),
            Self::Tls(tls) => tls.poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Unix(unix) => Pin::new(unix).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Unix(unix) => Pin::new(unix).poll_flush(cx),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Unix(unix) => Pin::new(unix).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
        }
    }
}

//! One connection, with or without TLS under it.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::server::TlsStream;

/// How long a peer may take to end its side once ours is ended.
const LINGER: Duration = Duration::from_secs(2);
/// How long a reset waits so that the peer's system has everything that was sent. On one machine the kernel hands bytes
/// over within the sending call, so that this is needed only when the peer's window was full.
const BEFORE_RESET: Duration = Duration::from_millis(50);
/// How many bytes of a peer are read and dropped while lingering.
const DROPPED: usize = 1 << 20;

/// A connection to a client.
pub(crate) enum Wire {
    /// Plain TCP.
    Clear(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// The client's address, while the connection is there.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        let tcp = match self {
            Self::Clear(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        };
        tcp.peer_addr().ok().map(|address| address.ip())
    }

    /// Whether there is TLS under it.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Ends the connection in order: FIN (with TLS: close_notify first), then waits for the peer's, within bounds, so
    /// that unread bytes of the peer do not turn it into a reset.
    pub(crate) async fn close(mut self) {
        if self.shutdown().await.is_ok() {
            drain(&mut self).await;
        }
    }

    /// Tears the connection down: RST, after the peer has what was sent.
    pub(crate) async fn reset(self) {
        let tcp = match self {
            Self::Clear(tcp) => tcp,
            Self::Tls(tls) => tls.into_inner().0,
        };
        reset(tcp).await;
    }

    /// Waits until the peer ends the connection, or for that long; what comes is dropped.
    pub(crate) async fn hold(&mut self, at_most: Duration) {
        read_until(self, Instant::now() + at_most, usize::MAX).await;
    }
}

/// Ends a plain connection in order, as [`Wire::close`] does.
pub(crate) async fn close(tcp: TcpStream) {
    Wire::Clear(tcp).close().await;
}

/// Tears a plain connection down, as [`Wire::reset`] does.
pub(crate) async fn reset(tcp: TcpStream) {
    sleep(BEFORE_RESET).await;
    // A failure here means that the connection is gone already.
    let _ = tcp.set_zero_linger();
}

async fn drain(stream: &mut Wire) {
    read_until(stream, Instant::now() + LINGER, DROPPED).await;
}

async fn read_until(stream: &mut Wire, deadline: Instant, mut budget: usize) {
    let mut buffer = [0; 4096];
    while budget > 0 {
        match timeout_at(deadline, stream.read(&mut buffer)).await {
            Ok(Ok(count)) if count > 0 => budget = budget.saturating_sub(count),
            _ => return,
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

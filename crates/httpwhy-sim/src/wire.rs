//! One connection, with or without TLS under it, or one stream of a connection that carries several.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::server::TlsStream;

use crate::journal::{Over, Told, Whence};

/// How long a peer may take to end its side once ours is ended.
const LINGER: Duration = Duration::from_secs(2);
/// How long a reset waits so that the peer's system has everything that was sent. On one machine the kernel hands bytes
/// over within the sending call, so that this is needed only when the peer's window was full.
const BEFORE_RESET: Duration = Duration::from_millis(50);
/// How many bytes of a peer are read and dropped while lingering.
const DROPPED: usize = 1 << 20;

/// The most that is read at a time.
const AT_ONCE: usize = 8192;

/// A connection to a client.
pub(crate) struct Wire {
    io: Io,
    /// What was read already and belongs to whoever reads next.
    ahead: Vec<u8>,
    peer: Option<IpAddr>,
    secure: bool,
    /// What the requests come in.
    over: Over,
    /// What went out since the journal asked last.
    told: Told,
}

/// What is under it.
enum Io {
    /// Plain TCP.
    Clear(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// One stream of a connection that carries several; bytes are translated at the other end.
    Piped(DuplexStream),
}

impl Wire {
    fn over(io: Io, peer: Option<IpAddr>, secure: bool) -> Self {
        Self {
            io,
            ahead: Vec::new(),
            peer,
            secure,
            over: Over::Http1,
            told: Told::default(),
        }
    }

    /// Plain TCP.
    pub(crate) fn clear(tcp: TcpStream) -> Self {
        let peer = ip(&tcp);
        Self::over(Io::Clear(tcp), peer, false)
    }

    /// The same, of that peer.
    pub(crate) fn clear_from(tcp: TcpStream, peer: IpAddr) -> Self {
        Self::over(Io::Clear(tcp), Some(peer), false)
    }

    /// TLS over TCP.
    pub(crate) fn tls(tls: TlsStream<TcpStream>) -> Self {
        let peer = ip(tls.get_ref().0);
        Self::over(Io::Tls(Box::new(tls)), peer, true)
    }

    /// One stream of a connection of that peer, in that protocol.
    pub(crate) fn piped(pipe: DuplexStream, from: Whence) -> Self {
        let mut wire = Self::over(Io::Piped(pipe), from.peer, from.secure);
        wire.over = from.over;
        wire
    }

    /// Where its requests come from.
    pub(crate) fn whence(&self) -> Whence {
        Whence {
            over: self.over,
            peer: self.peer,
            secure: self.secure,
        }
    }

    /// What went out since this was asked last.
    pub(crate) fn told(&mut self) -> Told {
        std::mem::take(&mut self.told)
    }

    /// The client's address.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Whether there is TLS under it.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The protocol that TLS negotiated.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        match &self.io {
            Io::Tls(tls) => tls.get_ref().1.alpn_protocol(),
            Io::Clear(_) | Io::Piped(_) => None,
        }
    }

    /// Gives bytes back: they are read again, before all others.
    pub(crate) fn give_back(&mut self, bytes: &[u8]) {
        self.ahead.splice(..0, bytes.iter().copied());
    }

    /// Reads what is there, some kilobytes at most, and appends it; 0 at the end. As long as nothing comes, no buffer is
    /// held.
    pub(crate) async fn read_some(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|cx| {
            let mut buffer = [MaybeUninit::uninit(); AT_ONCE];
            let mut buffer = ReadBuf::uninit(&mut buffer);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer))?;
            into.extend_from_slice(buffer.filled());
            Poll::Ready(Ok(buffer.filled().len()))
        })
        .await
    }

    /// Whether the connection begins with these bytes; they stay to be read. `None` when it ends, or nothing that
    /// decides comes in time.
    pub(crate) async fn begins_with(&mut self, mark: &[u8], deadline: Duration) -> Option<bool> {
        let deadline = Instant::now() + deadline;
        let mut first = std::mem::take(&mut self.ahead);
        loop {
            let length = first.len().min(mark.len());
            if first[..length] != mark[..length] || length == mark.len() {
                self.ahead = first;
                return Some(length == mark.len() && self.ahead.starts_with(mark));
            }
            match timeout_at(deadline, self.read_some(&mut first)).await {
                Ok(Ok(count)) if count > 0 => {}
                _ => return None,
            }
        }
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
        match self.io {
            Io::Clear(tcp) => reset(tcp).await,
            Io::Tls(tls) => reset(tls.into_inner().0).await,
            Io::Piped(_) => {}
        }
    }

    /// Waits until the peer ends the connection, or for that long; what comes is dropped.
    pub(crate) async fn hold(&mut self, at_most: Duration) {
        self.told.silent = true;
        read_until(self, Instant::now() + at_most, usize::MAX).await;
    }
}

/// Ends a plain connection in order, as [`Wire::close`] does.
pub(crate) async fn close(tcp: TcpStream) {
    Wire::clear(tcp).close().await;
}

/// Tears a plain connection down, as [`Wire::reset`] does.
pub(crate) async fn reset(tcp: TcpStream) {
    sleep(BEFORE_RESET).await;
    // A failure here means that the connection is gone already.
    let _ = tcp.set_zero_linger();
}

fn ip(tcp: &TcpStream) -> Option<IpAddr> {
    tcp.peer_addr().ok().map(|address| address.ip())
}

async fn drain(stream: &mut Wire) {
    read_until(stream, Instant::now() + LINGER, DROPPED).await;
}

async fn read_until(stream: &mut Wire, deadline: Instant, mut budget: usize) {
    let mut dropped = Vec::new();
    while budget > 0 {
        dropped.clear();
        match timeout_at(deadline, stream.read_some(&mut dropped)).await {
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
        let wire = self.get_mut();
        if !wire.ahead.is_empty() {
            let count = wire.ahead.len().min(buf.remaining());
            buf.put_slice(&wire.ahead[..count]);
            wire.ahead.drain(..count);
            return Poll::Ready(Ok(()));
        }
        match &mut wire.io {
            Io::Clear(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Io::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
            Io::Piped(pipe) => Pin::new(pipe).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = match &mut wire.io {
            Io::Clear(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Io::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
            Io::Piped(pipe) => Pin::new(pipe).poll_write(cx, bytes),
        };
        if let Poll::Ready(Ok(count)) = &written {
            wire.told.hear(&bytes[..*count]);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Clear(tcp) => Pin::new(tcp).poll_flush(cx),
            Io::Tls(tls) => Pin::new(tls).poll_flush(cx),
            Io::Piped(pipe) => Pin::new(pipe).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Clear(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Io::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            Io::Piped(pipe) => Pin::new(pipe).poll_shutdown(cx),
        }
    }
}

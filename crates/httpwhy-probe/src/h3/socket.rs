//! The UDP socket of one QUIC connection, with what the system says of it kept.
//!
//! It is connected, so that the system tells of a refused port (ICMP), which the QUIC library would not hear of; and
//! one datagram is sent at a time, so that nothing needs an option that a system may lack.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use httpwhy_model::Signal;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::signals;

/// Errors of the socket in a row before others get their turn.
const PATIENCE: usize = 16;

/// What was seen of a connection's datagrams.
#[derive(Debug, Default)]
pub(super) struct Datagrams {
    first: OnceLock<Instant>,
    error: Mutex<Option<Signal>>,
    changed: Notify,
}

impl Datagrams {
    /// When the first came.
    pub(super) fn first(&self) -> Option<Instant> {
        self.first.get().copied()
    }

    /// The first error that the system told of.
    pub(super) fn error(&self) -> Option<Signal> {
        self.lock().clone()
    }

    /// Waits until a datagram or an error has come.
    pub(super) async fn news(&self) {
        while self.first().is_none() && self.error().is_none() {
            // A note that is given between the look and the wait is kept.
            self.changed.notified().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Signal>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, error: &io::Error) {
        self.lock().get_or_insert_with(|| signals::of_io(error));
        self.changed.notify_one();
    }

    fn came(&self) {
        if self.first.set(Instant::now()).is_ok() {
            self.changed.notify_one();
        }
    }
}

/// A UDP socket that talks to one peer.
#[derive(Debug)]
pub(super) struct Socket {
    udp: UdpSocket,
    peer: SocketAddr,
    seen: Arc<Datagrams>,
}

impl Socket {
    /// Of a socket that is connected to that address.
    pub(super) fn new(udp: UdpSocket, peer: SocketAddr) -> (Arc<Self>, Arc<Datagrams>) {
        let seen = Arc::new(Datagrams::default());
        let socket = Self {
            udp,
            peer,
            seen: Arc::clone(&seen),
        };
        (Arc::new(socket), seen)
    }
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.udp.try_send(transmit.contents) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            Err(error) => {
                // A datagram that cannot be sent is one that is lost; what that means shows in time.
                self.seen.note(&error);
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else {
            return Poll::Ready(Ok(0));
        };
        for _ in 0..PATIENCE {
            ready!(self.udp.poll_recv_ready(cx))?;
            match self.udp.try_recv(buffer) {
                Ok(length) => {
                    self.seen.came();
                    *meta = RecvMeta {
                        addr: self.peer,
                        len: length,
                        stride: length,
                        ecn: None,
                        dst_ip: None,
                    };
                    return Poll::Ready(Ok(1));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => self.seen.note(&error),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.udp.local_addr()
    }
}

/// Waits until a datagram can be sent. Each socket has one connection, and so one of these waits at a time.
#[derive(Debug)]
struct Writable(Arc<Socket>);

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.udp.poll_send_ready(cx)
    }
}

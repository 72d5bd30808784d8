//! Connections: opened address by address, and kept for the next request.

use std::borrow::Cow;
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use httpwhy_model::{Exchange, Phase, Signal, TlsFacts};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use url::Host;

use crate::Deadlines;
use crate::deadline::Budget;
use crate::run::Local;
use crate::signals;
use crate::stream::Stream;
use crate::target::Origin;
use crate::tls;

/// A connection and what is known of it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) origin: Origin,
    pub(crate) stream: Stream,
    pub(crate) peer: SocketAddr,
    pub(crate) tls: Option<TlsFacts>,
    /// What was wrong with the certificates: a fact of every exchange on this connection.
    pub(crate) problems: Vec<Signal>,
    /// The server asked for a client certificate and got none.
    pub(crate) client_cert_wanted: bool,
}

impl Connection {
    /// Whether nothing has come since the last response: neither bytes nor the end. Bytes and an end that the runtime
    /// has not yet been told of are not seen.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let stream = &mut self.stream;
        poll_fn(|cx| {
            let mut byte = [0];
            let read = Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte));
            Poll::Ready(read.is_pending())
        })
        .await
    }

    /// Ends it, with close_notify under TLS as far as the system takes it at once.
    pub(crate) async fn close(mut self) {
        if self.stream.is_tls() {
            poll_fn(|cx| Poll::Ready(Pin::new(&mut self.stream).poll_shutdown(cx).is_ready()))
                .await;
        }
    }

    /// Copies what is known of it into an exchange on it.
    pub(crate) fn describe(&self, exchange: &mut Exchange) {
        exchange.peer = Some(self.peer);
        exchange.tls.clone_from(&self.tls);
        for problem in &self.problems {
            exchange.signal(Phase::Tls, problem.clone());
        }
    }
}

/// Opens a connection: name, addresses in order, TLS. What fails is recorded in the exchange, and then there is none.
pub(crate) async fn open(
    local: &Local,
    origin: &Origin,
    deadlines: &Deadlines,
    budget: &Budget,
    exchange: &mut Exchange,
) -> Option<Connection> {
    let addresses = addresses(local, origin, deadlines, budget, exchange).await?;
    let (tcp, peer) = dial(&addresses, origin.port, deadlines, budget, exchange).await?;
    local.count(|totals| totals.connections += 1);
    exchange.peer = Some(peer);
    let mut connection = Connection {
        origin: origin.clone(),
        stream: Stream::Plain(tcp),
        peer,
        tls: None,
        problems: Vec::new(),
        client_cert_wanted: false,
    };
    if origin.tls {
        let anchors = &local.shared.anchors;
        let Stream::Plain(tcp) = connection.stream else {
            return None;
        };
        let began = Instant::now();
        let handshake = tls::handshake(anchors, &origin.host, tcp, deadlines.tls, budget);
        let secured = Box::pin(handshake).await;
        exchange.timeline.add(Phase::Tls, began.elapsed());
        for problem in &secured.problems {
            exchange.signal(Phase::Tls, problem.clone());
        }
        exchange.tls = Some(secured.facts.clone());
        connection.stream = match secured.stream {
            Ok(stream) => Stream::tls(stream),
            Err(broken) => {
                for signal in broken {
                    exchange.signal(Phase::Tls, signal);
                }
                return None;
            }
        };
        connection.tls = Some(secured.facts);
        connection.problems = secured.problems;
        connection.client_cert_wanted = secured.client_cert_wanted;
    }
    Some(connection)
}

async fn addresses<'a>(
    local: &Local,
    origin: &'a Origin,
    deadlines: &Deadlines,
    budget: &Budget,
    exchange: &mut Exchange,
) -> Option<Cow<'a, [IpAddr]>> {
    let name = match &origin.host {
        Host::Ipv4(address) => return Some(Cow::Owned(vec![IpAddr::V4(*address)])),
        Host::Ipv6(address) => return Some(Cow::Owned(vec![IpAddr::V6(*address)])),
        Host::Domain(name) => name,
    };
    let began = Instant::now();
    let resolving = Box::pin(local.shared.names.resolve(name, deadlines.resolve));
    let resolution = budget.within(Duration::MAX, resolving).await;
    exchange.timeline.add(Phase::Resolve, began.elapsed());
    match resolution {
        Ok(resolution) => {
            for signal in resolution.signals {
                exchange.signal(Phase::Resolve, signal);
            }
            let addresses = resolution.addresses;
            (!addresses.is_empty()).then_some(Cow::Owned(addresses))
        }
        Err(signal) => {
            exchange.signal(Phase::Resolve, signal);
            None
        }
    }
}

/// Tries each address in order; each failure is recorded.
async fn dial(
    addresses: &[IpAddr],
    port: u16,
    deadlines: &Deadlines,
    budget: &Budget,
    exchange: &mut Exchange,
) -> Option<(TcpStream, SocketAddr)> {
    let began = Instant::now();
    let mut connected = None;
    for &address in addresses {
        let peer = SocketAddr::new(address, port);
        exchange.peer = Some(peer);
        let signal = match budget
            .within(deadlines.connect, TcpStream::connect(peer))
            .await
        {
            Ok(Ok(tcp)) => {
                connected = Some((tcp, peer));
                break;
            }
            Ok(Err(error)) => signals::of_io(&error),
            Err(signal) => signal,
        };
        exchange.signal(Phase::Connect, signal);
    }
    exchange.timeline.add(Phase::Connect, began.elapsed());
    connected
}

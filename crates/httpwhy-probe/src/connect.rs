//! Opening a transport: name, addresses in order, TLS. Which protocol is spoken on it is not decided here.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use httpwhy_model::{Exchange, Phase};
use tokio::net::TcpStream;
use url::Host;

use crate::Deadlines;
use crate::connection::Facts;
use crate::deadline::Budget;
use crate::run::Local;
use crate::signals;
use crate::stream::Stream;
use crate::target::Origin;
use crate::tls;

/// An open transport: its bytes, and what is known of it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    pub(crate) facts: Facts,
}

/// Opens a transport, offering these protocols by ALPN (RFC 7301) under TLS. What fails is recorded in the exchange, and
/// then there is none.
pub(crate) async fn open(
    local: &Local,
    origin: &Origin,
    alpn: &[&[u8]],
    deadlines: &Deadlines,
    budget: &Budget,
    exchange: &mut Exchange,
) -> Option<Opened> {
    let addresses = addresses(local, origin, deadlines, budget, exchange).await?;
    let (tcp, peer) = dial(&addresses, origin.port, deadlines, budget, exchange).await?;
    local.count(|totals| totals.connections += 1);
    exchange.peer = Some(peer);
    let mut facts = Facts {
        peer,
        tls: None,
        problems: Vec::new(),
        client_cert_wanted: false,
    };
    if !origin.tls {
        let stream = Stream::Plain(tcp);
        return Some(Opened { stream, facts });
    }
    let anchors = &local.shared.anchors;
    let began = Instant::now();
    let handshake = tls::handshake(anchors, &origin.host, alpn, tcp, deadlines.tls, budget);
    let secured = Box::pin(handshake).await;
    exchange.timeline.add(Phase::Tls, began.elapsed());
    for problem in &secured.problems {
        exchange.signal(Phase::Tls, problem.clone());
    }
    exchange.tls = Some(secured.facts.clone());
    let stream = match secured.stream {
        Ok(stream) => Stream::tls(stream),
        Err(broken) => {
            for signal in broken {
                exchange.signal(Phase::Tls, signal);
            }
            return None;
        }
    };
    facts.tls = Some(secured.facts);
    facts.problems = secured.problems;
    facts.client_cert_wanted = secured.client_cert_wanted;
    Some(Opened { stream, facts })
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

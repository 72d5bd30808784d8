//! Opening a transport by the way asked for: address by address, through a proxy, with TLS. Which protocol is spoken on
//! it is not decided here.
//!
//! With a proxy, everything up to its tunnel is phase `tunnel`: its name, its addresses, its TLS, what it answers.

mod address;
mod proxy;
mod route;
mod socks;
mod tcp;
mod tunnel;
mod udp;

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use httpwhy_model::{Exchange, Instead, Phase, Signal};

use crate::Deadlines;
use crate::connection::Facts;
use crate::deadline::Budget;
use crate::run::Local;
use crate::signals;
use crate::stream::Stream;
use crate::target::Origin;
use crate::tls;
use crate::ways::{Place, Proxy, ProxyScheme, Ways};
use route::Kind;
pub(crate) use route::{Alternative, Route};
pub(crate) use tunnel::authorization;

/// What opening a connection needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialler<'a> {
    pub(crate) local: &'a Local,
    pub(crate) deadlines: &'a Deadlines,
    pub(crate) budget: &'a Budget,
}

/// The phases in which the parts of reaching somebody are recorded.
#[derive(Debug, Clone, Copy)]
struct Phases {
    resolve: Phase,
    connect: Phase,
    tls: Phase,
}

/// To the target itself.
const TARGET: Phases = Phases {
    resolve: Phase::Resolve,
    connect: Phase::Connect,
    tls: Phase::Tls,
};
/// To a proxy.
const PROXY: Phases = Phases {
    resolve: Phase::Tunnel,
    connect: Phase::Tunnel,
    tls: Phase::Tunnel,
};

/// An open transport: its bytes, and what is known of it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    pub(crate) facts: Facts,
}

/// A stream to the one asked for, or to the proxy that passes on to it.
struct Reached {
    stream: Stream,
    peer: Option<SocketAddr>,
}

impl Dialler<'_> {
    /// Opens a transport by that route, offering these protocols by ALPN (RFC 7301) under TLS with the target. What fails
    /// is recorded in the exchange, and then there is none.
    pub(crate) async fn open(
        &self,
        route: &Route,
        alpn: &[&[u8]],
        exchange: &mut Exchange,
    ) -> Option<Opened> {
        let ways = &*route.rules.0;
        if let Some(from) = &ways.from {
            exchange.way_mut().from = Some(from.to_string());
        }
        let reached = match &route.kind {
            Kind::Direct { origin, address } => self.direct(ways, origin, *address, exchange).await,
            Kind::Alternative { to, .. } => {
                let place = to.place(ways);
                describe(&place, exchange);
                self.reach(ways, &place, TARGET, exchange).await
            }
            Kind::Forward(proxy) => self.reach_proxy(ways, proxy, exchange).await,
            Kind::Tunnel { proxy, origin } => self.tunnel(ways, proxy, origin, exchange).await,
        }?;
        exchange.peer = reached.peer;
        let opened = Opened {
            stream: reached.stream,
            facts: Facts {
                peer: reached.peer,
                way: exchange.way.clone(),
                tls: None,
                problems: Vec::new(),
                client_cert_wanted: false,
            },
        };
        match route.origin().filter(|origin| origin.tls) {
            Some(origin) => self.secure(opened, origin, alpn, exchange).await,
            None => Some(opened),
        }
    }

    async fn tunnel(
        &self,
        ways: &Ways,
        proxy: &Proxy,
        origin: &Origin,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let place = ways.place(&origin.host, origin.port);
        describe(&place, exchange);
        match proxy.scheme() {
            ProxyScheme::Http | ProxyScheme::Https => {
                self.through_http(ways, proxy, &place, exchange).await
            }
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => {
                self.through_socks(ways, proxy, &place, exchange).await
            }
        }
    }

    async fn direct(
        &self,
        ways: &Ways,
        origin: &Origin,
        address: Option<IpAddr>,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        if let Some(path) = &ways.unix {
            return self.unix_socket(path, exchange).await;
        }
        let place = ways.straight(origin, address);
        describe(&place, exchange);
        self.reach(ways, &place, TARGET, exchange).await
    }

    /// Connects to one of a place's addresses.
    async fn reach(
        &self,
        ways: &Ways,
        place: &Place,
        phases: Phases,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        let addresses = if let Some(addresses) = &place.addresses {
            Cow::Borrowed(&addresses[..])
        } else {
            let resolving = self.addresses(ways, &place.host, phases.resolve, exchange);
            Cow::Owned(resolving.await?)
        };
        self.connect(ways, &addresses, place.port, phases.connect, exchange)
            .await
    }

    async fn unix_socket(&self, path: &Path, exchange: &mut Exchange) -> Option<Reached> {
        exchange.way_mut().instead = Some(Instead {
            to: format!("unix:{}", path.display()),
            set_by: "--unix-socket".to_owned(),
        });
        let began = Instant::now();
        let connecting = tokio::net::UnixStream::connect(path);
        let connected = self.budget.within(self.deadlines.connect, connecting).await;
        exchange.timeline.add(Phase::Connect, began.elapsed());
        let signal = match connected {
            Ok(Ok(unix)) => {
                self.local.count(|totals| totals.connections += 1);
                return Some(Reached {
                    stream: Stream::Unix(unix),
                    peer: None,
                });
            }
            Ok(Err(error)) => signals::of_io(&error),
            Err(signal) => signal,
        };
        exchange.signal(Phase::Connect, signal);
        None
    }

    /// TLS with the origin.
    async fn secure(
        &self,
        mut opened: Opened,
        origin: &Origin,
        alpn: &[&[u8]],
        exchange: &mut Exchange,
    ) -> Option<Opened> {
        let hello = tls::Hello {
            host: &origin.host,
            alpn,
            proxy: false,
        };
        let (stream, known) = self.handshake(opened.stream, hello, exchange).await;
        exchange.tls = Some(known.facts.clone());
        opened.stream = stream?;
        opened.facts.tls = Some(known.facts);
        opened.facts.problems = known.problems;
        opened.facts.client_cert_wanted = known.client_cert_wanted;
        Some(opened)
    }

    /// A TLS handshake; what is wrong with it is recorded.
    async fn handshake(
        &self,
        stream: Stream,
        hello: tls::Hello<'_>,
        exchange: &mut Exchange,
    ) -> (Option<Stream>, tls::Known) {
        let anchors = &self.local.shared.anchors;
        let phase = if hello.proxy { PROXY.tls } else { TARGET.tls };
        let began = Instant::now();
        let deadline = self.deadlines.tls;
        let handshake = tls::handshake(anchors, hello, stream, deadline, self.budget);
        let secured = Box::pin(handshake).await;
        exchange.timeline.add(phase, began.elapsed());
        for problem in &secured.known.problems {
            exchange.signal(phase, problem.clone());
        }
        let stream = match secured.stream {
            Ok(stream) => Some(Stream::tls(stream)),
            Err(broken) => {
                for signal in broken {
                    exchange.signal(phase, signal);
                }
                None
            }
        };
        (stream, secured.known)
    }

    /// Awaits within that time, the whole exchange's included, as [`Budget::within`].
    async fn within<F: Future>(&self, phase: Duration, future: F) -> Result<F::Output, Signal> {
        self.budget.within(phase, future).await
    }
}

/// Records where the connection goes instead.
fn describe(place: &Place, exchange: &mut Exchange) {
    if let Some((to, set_by)) = &place.instead {
        exchange.way_mut().instead = Some(Instead {
            to: to.clone(),
            set_by: (*set_by).to_owned(),
        });
    }
}

//! Where a QUIC connection goes, and the socket for it.

use std::io;
use std::net::SocketAddr;

use httpwhy_model::{Exchange, Phase, Signal};
use tokio::net::UdpSocket;

use super::route::Kind;
use super::{Dialler, Route, TARGET, describe};
use crate::resolve::unspecified;
use crate::signals;
use crate::ways::From;

impl Dialler<'_> {
    /// The addresses of a route, in the order in which they are to be tried. Why there are none is recorded. No proxy
    /// that is known here passes QUIC on, and no Unix socket carries it.
    pub(crate) async fn peers(
        &self,
        route: &Route,
        exchange: &mut Exchange,
    ) -> Option<Vec<SocketAddr>> {
        let ways = &*route.rules.0;
        let place = match &route.kind {
            Kind::Direct { origin, address } if route.carries_quic() => {
                ways.straight(origin, *address)
            }
            Kind::Alternative { to, .. } => to.place(ways),
            Kind::Direct { .. } | Kind::Forward(_) | Kind::Tunnel { .. } => {
                exchange.signal(Phase::Queue, Signal::word("input", "no-http3"));
                return None;
            }
        };
        if let Some(from) = &ways.from {
            exchange.way_mut().from = Some(from.to_string());
        }
        describe(&place, exchange);
        let addresses = if let Some(addresses) = place.addresses {
            addresses
        } else {
            let resolving = self.addresses(ways, &place.host, TARGET.resolve, exchange);
            resolving.await?
        };
        let port = place.port;
        Some(
            addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, port))
                .collect(),
        )
    }

    /// A UDP socket connected to that address; nothing is sent.
    pub(crate) async fn udp(&self, route: &Route, to: SocketAddr) -> Result<UdpSocket, Signal> {
        let from = route.rules.0.from.as_ref();
        let socket = bound(from, to).await;
        let socket = socket.map_err(|error| match from {
            Some(_) => signals::of_bind(&error),
            None => signals::of_io(&error),
        })?;
        let connected = socket.connect(to).await;
        connected.map_err(|error| signals::of_io(&error))?;
        Ok(socket)
    }
}

/// A socket that comes from there.
async fn bound(from: Option<&From>, to: SocketAddr) -> io::Result<UdpSocket> {
    match from {
        None => UdpSocket::bind((unspecified(to.ip()), 0)).await,
        Some(From::Address(address)) => UdpSocket::bind((*address, 0)).await,
        #[cfg(target_os = "linux")]
        Some(From::Interface(name)) => {
            let socket = UdpSocket::bind((unspecified(to.ip()), 0)).await?;
            socket.bind_device(Some(name.as_bytes()))?;
            Ok(socket)
        }
        #[cfg(not(target_os = "linux"))]
        Some(From::Interface(_)) => Err(io::ErrorKind::Unsupported.into()),
    }
}

//! To a proxy, up to where it can be asked for something.

use httpwhy_model::{Exchange, Phase, ProxyFacts, Signal};

use super::{Dialler, PROXY, Reached};
use crate::tls;
use crate::ways::{Place, Proxy, ProxyScheme, Ways};

impl Dialler<'_> {
    /// Connects to the proxy, with TLS if it is spoken to so.
    pub(super) async fn reach_proxy(
        &self,
        ways: &Ways,
        proxy: &Proxy,
        exchange: &mut Exchange,
    ) -> Option<Reached> {
        exchange.way_mut().proxy = Some(ProxyFacts {
            uri: proxy.to_string(),
            set_by: proxy.set_by().to_owned(),
            credentials: proxy.user().is_some(),
            answer: None,
        });
        let place = Place {
            host: proxy.host().clone(),
            port: proxy.port(),
            addresses: None,
            instead: None,
        };
        let Some(reached) = self.reach(ways, &place, PROXY, exchange).await else {
            say_how_far(exchange);
            return None;
        };
        if proxy.scheme() != ProxyScheme::Https {
            return Some(reached);
        }
        let hello = tls::Hello {
            host: proxy.host(),
            alpn: &[b"http/1.1"],
            proxy: true,
        };
        let (stream, known) = self.handshake(reached.stream, hello, exchange).await;
        // Credentials and requests of others are not for a proxy that may be anybody.
        let trusted = known.problems.is_empty() || self.local.shared.config.tls.insecure;
        Some(Reached {
            stream: stream.filter(|_| trusted)?,
            peer: reached.peer,
        })
    }
}

/// A deadline that passes in phase `tunnel` does not say what was awaited: the name of the proxy, or the proxy.
fn say_how_far(exchange: &mut Exchange) {
    let timed_out = matches!(
        exchange.signals().last(),
        Some((Phase::Tunnel, Signal::Timeout(_)))
    );
    if timed_out {
        let word = if exchange.peer.is_some() {
            "no-connection"
        } else {
            "no-address"
        };
        exchange.signal(Phase::Tunnel, Signal::word("tunnel", word));
    }
}

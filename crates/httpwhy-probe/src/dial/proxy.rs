//! To a proxy, up to where it can be asked for something.

use httpwhy_model::{Exchange, ProxyFacts};

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
        let reached = self.reach(ways, &place, PROXY, exchange).await?;
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

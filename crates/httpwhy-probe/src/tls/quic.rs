//! TLS inside QUIC (RFC 9001): the same verifier, the same facts.

use std::sync::Arc;

use httpwhy_model::Signal;
use quinn::crypto::rustls::{HandshakeData, QuicClientConfig};
use url::Host;

use super::verifier::{Collecting, NoClientCert};
use super::{Anchors, Known, prepare, server_name};
use crate::signals;

/// What watches one handshake.
#[derive(Debug)]
pub(crate) struct Watch {
    verifier: Arc<Collecting>,
    no_cert: Arc<NoClientCert>,
    server_name: Option<String>,
}

/// TLS for a QUIC connection to that host, offering these protocols by ALPN. The text is the host as QUIC wants it named.
pub(crate) fn quic(
    anchors: &Anchors,
    host: &Host<String>,
    alpn: &[&[u8]],
) -> Result<(Arc<QuicClientConfig>, String, Watch), Signal> {
    let watch = Watch {
        verifier: Arc::new(Collecting::new(anchors.roots())),
        no_cert: Arc::new(NoClientCert::default()),
        server_name: server_name(host),
    };
    let (config, name) = prepare(host, alpn, &watch.verifier, &watch.no_cert)?;
    let config = QuicClientConfig::try_from(config).map_err(|_| signals::engine("internal"))?;
    Ok((Arc::new(config), name.to_str().into_owned(), watch))
}

impl Watch {
    /// What has been seen so far; `connection` once it stands. The library does not tell which cipher was agreed on.
    pub(crate) fn known(&self, connection: Option<&quinn::Connection>) -> Known {
        let (problems, mut facts) = self.verifier.found();
        facts.server_name.clone_from(&self.server_name);
        if let Some(connection) = connection {
            // RFC 9001 section 4.2: QUIC uses no other.
            "TLSv1.3".clone_into(&mut facts.version);
            let agreed = connection.handshake_data();
            facts.alpn = agreed
                .and_then(|data| data.downcast::<HandshakeData>().ok())
                .and_then(|data| data.protocol)
                .map(|protocol| String::from_utf8_lossy(&protocol).into_owned());
        }
        Known {
            facts,
            problems,
            client_cert_wanted: self.no_cert.was_asked(),
        }
    }
}

//! TLS inside QUIC (RFC 9001): the same verifier, the same facts.

use std::sync::Arc;

use httpwhy_model::{Signal, TlsFault};
use quinn::crypto::rustls::{HandshakeData, QuicClientConfig};
use url::Host;

use super::verifier::{ClientCert, Collecting};
use super::{Anchors, Hello, Known, prepare};
use crate::signals;

/// What watches one handshake.
#[derive(Debug)]
pub(crate) struct Watch {
    verifier: Arc<Collecting>,
    client: Arc<ClientCert>,
    server_name: Option<String>,
}

/// TLS for a QUIC connection to that host, offering these protocols by ALPN. The text is the host as QUIC wants it named.
pub(crate) fn quic(
    anchors: &Anchors,
    host: &Host<String>,
    alpn: &[&[u8]],
) -> Result<(Arc<QuicClientConfig>, String, Watch), Signal> {
    let prepared = prepare(
        anchors,
        Hello {
            host,
            alpn,
            proxy: false,
        },
    )?;
    // QUIC has TLS 1.3 alone, which may not have been asked for.
    let config = QuicClientConfig::try_from(prepared.config)
        .map_err(|_| signals::tls(TlsFault::Incompatible))?;
    let name = prepared.sent;
    let watch = Watch {
        verifier: prepared.verifier,
        client: prepared.client,
        server_name: prepared.named,
    };
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
            client_cert_wanted: self.client.was_wanted(),
        }
    }
}

//! TLS: the handshake, with everything that is wrong with it collected while the answer is still read.

mod anchors;
mod chain;
mod quic;
mod tap;
mod verifier;

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use httpwhy_model::{Signal, TlsFacts, TlsFault};
use httpwhy_wire::tls::looks_like_record;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

use crate::deadline::Budget;
use crate::signals;
use crate::stream::Stream;
use crate::visit::Internal;
pub(crate) use anchors::Anchors;
pub(crate) use quic::{Watch, quic};
use tap::Flow;
pub(crate) use tap::Tap;
use verifier::{Collecting, NoClientCert};

/// What came of a handshake.
#[derive(Debug)]
pub(crate) struct Secured {
    /// The stream, or why there is none.
    pub(crate) stream: Result<TlsStream<Tap>, Vec<Signal>>,
    pub(crate) known: Known,
}

/// What is known of the one at the other end.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) facts: TlsFacts,
    /// What is wrong with the certificates.
    pub(crate) problems: Vec<Signal>,
    /// The server asked for a client certificate and got none.
    pub(crate) client_cert_wanted: bool,
}

/// The cryptography in use.
fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Internal> {
    let mut bytes = [0; N];
    match provider().secure_random.fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Internal("internal".into())),
    }
}

/// Makes a TLS connection of another one, whatever the certificates are, offering these protocols by ALPN (RFC 7301).
pub(crate) async fn handshake(
    anchors: &Anchors,
    host: &Host<String>,
    alpn: &[&[u8]],
    under: Stream,
    deadline: Duration,
    budget: &Budget,
) -> Secured {
    let verifier = Arc::new(Collecting::new(anchors.roots()));
    let no_cert = Arc::new(NoClientCert::default());
    let (tap, flow) = Tap::new(under);
    let stream = match prepare(host, alpn, &verifier, &no_cert) {
        Ok((config, name)) => {
            let connecting = TlsConnector::from(Arc::new(config)).connect(name, tap);
            match budget.within(deadline, connecting).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(failure(&error, &flow, no_cert.was_asked())),
                Err(signal) => Err(late(signal, &flow)),
            }
        }
        Err(signal) => Err(vec![signal]),
    };
    let (problems, leaf) = verifier.found();
    let mut facts = leaf;
    facts.server_name = server_name(host);
    if let Ok(stream) = &stream {
        flow.establish();
        describe(stream.get_ref().1, &mut facts);
    }
    Secured {
        stream,
        known: Known {
            facts,
            problems,
            client_cert_wanted: no_cert.was_asked(),
        },
    }
}

/// The name to send (SNI, RFC 6066 section 3): addresses are not sent.
fn server_name(host: &Host<String>) -> Option<String> {
    match host {
        Host::Domain(name) => Some(name.trim_end_matches('.').to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn prepare(
    host: &Host<String>,
    alpn: &[&[u8]],
    verifier: &Arc<Collecting>,
    no_cert: &Arc<NoClientCert>,
) -> Result<(ClientConfig, ServerName<'static>), Signal> {
    let name = match host {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
            .map_err(|_| Signal::word("input", "invalid-url"))?,
        Host::Ipv4(address) => ServerName::IpAddress(IpAddr::V4(*address).into()),
        Host::Ipv6(address) => ServerName::IpAddress(IpAddr::V6(*address).into()),
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| signals::engine("internal"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(verifier) as _)
        .with_client_cert_resolver(Arc::clone(no_cert) as _);
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    // A resumed session shows no certificates.
    config.resumption = Resumption::disabled();
    Ok((config, name))
}

/// Why the handshake failed, in the order in which a person would ask: was it TLS at all, did it break off, what did
/// the library or the peer say.
fn failure(error: &io::Error, flow: &Rc<Flow>, cert_asked: bool) -> Vec<Signal> {
    if let Some(signal) = not_tls(flow) {
        return vec![signal];
    }
    let signal = if signals::is_unclean_end(error) {
        Signal::Eof(flow.received())
    } else {
        signals::of_stream(error)
    };
    let wanted = cert_asked.then(|| signals::tls(TlsFault::ClientCertWanted));
    wanted.into_iter().chain([signal]).collect()
}

fn late(signal: Signal, flow: &Rc<Flow>) -> Vec<Signal> {
    not_tls(flow).into_iter().chain([signal]).collect()
}

fn not_tls(flow: &Rc<Flow>) -> Option<Signal> {
    let first = flow.first();
    (looks_like_record(&first) == Some(false)).then_some(Signal::Tls {
        fault: TlsFault::NotTls,
        first,
    })
}

fn describe(connection: &ClientConnection, facts: &mut TlsFacts) {
    facts.version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3".to_owned(),
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2".to_owned(),
        _ => String::new(),
    };
    facts.cipher = connection
        .negotiated_cipher_suite()
        .and_then(|suite| suite.suite().as_str())
        // The library marks the suites of TLS 1.3, the registry does not.
        .map_or_else(String::new, |name| name.replacen("TLS13_", "TLS_", 1));
    facts.alpn = connection
        .alpn_protocol()
        .map(|protocol| String::from_utf8_lossy(protocol).into_owned());
}

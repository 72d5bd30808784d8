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
use crate::{ServerNameSent, TlsOptions, TlsVersions};
pub(crate) use anchors::Anchors;
pub(crate) use quic::{Watch, quic};
use tap::Flow;
pub(crate) use tap::Tap;
use verifier::{ClientCert, Collecting};

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

/// What the first message of a handshake is to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hello<'a> {
    /// Whom the certificate is to be of.
    pub(crate) host: &'a Host<String>,
    /// The protocols offered (RFC 7301).
    pub(crate) alpn: &'a [&'a [u8]],
    /// It goes to a proxy: options and the client certificate are for targets.
    pub(crate) proxy: bool,
}

/// Makes a TLS connection of another one, whatever the certificates are.
pub(crate) async fn handshake(
    anchors: &Anchors,
    hello: Hello<'_>,
    under: Stream,
    deadline: Duration,
    budget: &Budget,
) -> Secured {
    let (tap, flow) = Tap::new(under);
    let prepared = match prepare(anchors, hello) {
        Ok(prepared) => prepared,
        Err(signal) => return Secured::failed(signal),
    };
    let client = prepared.client;
    let connector = TlsConnector::from(Arc::new(prepared.config));
    let connecting = connector.connect(prepared.sent, tap);
    let stream = match budget.within(deadline, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(failure(&error, &flow, client.was_wanted())),
        Err(signal) => Err(late(signal, &flow)),
    };
    let (problems, leaf) = prepared.verifier.found();
    let mut facts = leaf;
    facts.server_name = prepared.named;
    if let Ok(stream) = &stream {
        flow.establish();
        describe(stream.get_ref().1, &mut facts);
    }
    Secured {
        stream,
        known: Known {
            facts,
            problems,
            client_cert_wanted: client.was_wanted(),
        },
    }
}

impl Secured {
    fn failed(signal: Signal) -> Self {
        Self {
            stream: Err(vec![signal]),
            known: Known {
                facts: TlsFacts::default(),
                problems: Vec::new(),
                client_cert_wanted: false,
            },
        }
    }
}

/// What one handshake needs.
struct Prepared {
    config: ClientConfig,
    verifier: Arc<Collecting>,
    client: Arc<ClientCert>,
    sent: ServerName<'static>,
    /// The server name as it is sent, when one is.
    named: Option<String>,
}

fn prepare(anchors: &Anchors, hello: Hello<'_>) -> Result<Prepared, Signal> {
    let bad = || Signal::word("input", "invalid-url");
    let dns = |name: &str| ServerName::try_from(name.to_owned()).map_err(|_| bad());
    let (host, own) = match hello.host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (dns(name)?, Some(name.to_owned()))
        }
        Host::Ipv4(address) => (ServerName::IpAddress(IpAddr::V4(*address).into()), None),
        Host::Ipv6(address) => (ServerName::IpAddress(IpAddr::V6(*address).into()), None),
    };
    let defaults = TlsOptions::default();
    let options = if hello.proxy {
        &defaults
    } else {
        &anchors.options
    };
    let (sent, named) = match &options.server_name {
        ServerNameSent::Host => (host.clone(), own),
        ServerNameSent::Other(name) => (dns(name)?, Some(name.clone())),
        ServerNameSent::Nothing => (host.clone(), None),
    };
    let identity = anchors.identity.clone().filter(|_| !hello.proxy);
    let verifier = Arc::new(Collecting::new(anchors.roots(), host));
    let client = Arc::new(ClientCert::new(identity));
    let versions: &[_] = match options.versions {
        TlsVersions::Both => rustls::ALL_VERSIONS,
        TlsVersions::Only12 => &[&rustls::version::TLS12],
        TlsVersions::Only13 => &[&rustls::version::TLS13],
    };
    let mut config = ClientConfig::builder_with_provider(Arc::clone(provider()))
        .with_protocol_versions(versions)
        .map_err(|_| signals::engine("internal"))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
        .with_client_cert_resolver(Arc::clone(&client) as _);
    config.alpn_protocols = hello.alpn.iter().map(|name| name.to_vec()).collect();
    config.enable_sni = named.is_some();
    // A resumed session shows no certificates.
    config.resumption = Resumption::disabled();
    Ok(Prepared {
        config,
        verifier,
        client,
        sent,
        named,
    })
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

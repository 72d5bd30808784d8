//! Every certificate problem that can be minted. The answer is read all the same.

use std::sync::Arc;

use httpwhy_model::Seen;
use httpwhy_probe::{Config, Job};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams,
    CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, NameConstraints, RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::Write;

use crate::servers::{Server, config, drain, exchange, read_head, signals};

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        let (key, params) = (KeyPair::generate().unwrap(), authority(name));
        Self {
            certificate: params.self_signed(&key).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }

    fn below(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.signed_by(&key, &self.issuer).unwrap(),
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn leaf(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            chain: vec![certificate.der().clone()],
            key,
        }
    }

    fn list(&self, revoked: &[u8], until: i32) -> Vec<u8> {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from_slice(revoked),
                revocation_time: date_time_ymd(2021, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params
            .signed_by(&self.issuer)
            .unwrap()
            .pem()
            .unwrap()
            .into_bytes()
    }
}

/// A chain and the key of its leaf.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: KeyPair,
}

impl Identity {
    fn with(mut self, issuers: &[&Certificate]) -> Self {
        self.chain
            .extend(issuers.iter().map(|issuer| issuer.der().clone()));
        self
    }
}

impl Identity {
    fn itself(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            chain: vec![certificate.der().clone()],
            key,
        }
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "leaf");
    params.serial_number = Some(SerialNumber::from_slice(&[7]));
    params
}

/// A leaf whose last day has passed.
pub(crate) fn expired() -> CertificateParams {
    changed(|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    })
}

fn changed(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = params("a.localhost");
    change(&mut params);
    params
}

/// Shows whatever it was given, unchecked.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

pub(crate) fn server_config(identity: &Identity) -> ServerConfig {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = Arc::new(CertifiedKey::new(identity.chain.clone(), key));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(shown)))
}

/// Answers one request a connection over TLS.
pub(crate) fn serve(config: ServerConfig) -> Server {
    let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    serve_with(config, answer.to_owned())
}

/// The same with that answer.
pub(crate) fn serve_with(config: ServerConfig, answer: String) -> Server {
    let config = Arc::new(config);
    Server::new(move |tcp| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        if read_head(&mut stream).is_empty() {
            return;
        }
        let sent = stream.write_all(answer.as_bytes());
        stream.conn.send_close_notify();
        if sent.and_then(|()| stream.flush()).is_ok() {
            drain(&mut stream.sock);
        }
    })
}

fn trusting(root: &Authority, lists: Vec<Vec<u8>>) -> Config {
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    config.trust.crls = lists;
    config
}

fn problems(config: &Config, host: &str, identity: &Identity) -> String {
    let server = serve(server_config(identity));
    let url = format!("https://{host}:{}/", server.address.port());
    let seen = exchange(config.clone(), Job::get(0, url));
    assert_eq!(
        seen.status(),
        Some(200),
        "the answer is read: {}",
        signals(&seen)
    );
    let body = seen
        .response
        .as_ref()
        .unwrap()
        .body
        .as_ref()
        .present()
        .unwrap();
    assert_eq!(&body.bytes[..], b"hi");
    signals(&seen)
}

#[test]
fn a_good_chain_has_no_problems_and_its_facts() {
    let root = Authority::root("root");
    let middle = root.below(authority("middle"));
    let mut good = params("a.localhost");
    good.not_after = date_time_ymd(2100, 1, 1);
    let identity = middle.leaf(&good).with(&[&middle.certificate]);
    let server = serve(server_config(&identity));
    let url = format!("https://a.localhost:{}/", server.address.port());
    let seen = exchange(trusting(&root, Vec::new()), Job::get(0, url));
    assert_eq!(signals(&seen), "");
    let facts = seen.tls.unwrap();
    assert_eq!((&*facts.version, facts.alpn.as_deref()), ("TLSv1.3", None));
    assert!(facts.cipher.starts_with("TLS_"), "{}", facts.cipher);
    assert_eq!(facts.server_name.as_deref(), Some("a.localhost"));
    assert_eq!(facts.subject.as_deref(), Some("CN=leaf"));
    assert_eq!(facts.issuer.as_deref(), Some("CN=middle"));
    assert_eq!(facts.not_after, Some(4_102_444_800));
    assert_eq!(seen.reused, Seen::Present(false));
}

#[test]
fn one_problem_at_a_time() {
    let root = Authority::root("root");
    let trusting = trusting(&root, Vec::new());
    let good = params("a.localhost");
    let bad_extension = changed(|p| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        p.custom_extensions = vec![extension];
    });
    let past = changed(|p| p.not_after = date_time_ymd(2001, 2, 3));
    let future = changed(|p| p.not_before = date_time_ymd(2099, 2, 3));
    let for_clients =
        changed(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let as_authority = changed(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    for (what, identity, expected) in [
        ("good", root.leaf(&good), ""),
        (
            "expired",
            root.leaf(&past),
            "tls cert:expired not-after=2001-02-03T00:00:00Z",
        ),
        (
            "early",
            root.leaf(&future),
            "tls cert:not-yet-valid not-before=2099-02-03T00:00:00Z",
        ),
        (
            "name",
            root.leaf(&params("b.localhost")),
            "tls cert:name-mismatch names=b.localhost",
        ),
        (
            "client",
            root.leaf(&for_clients),
            "tls cert:invalid-purpose",
        ),
        ("as ca", root.leaf(&as_authority), "tls cert:ca-as-leaf"),
        (
            "critical",
            root.leaf(&bad_extension),
            "tls cert:critical-extension",
        ),
        (
            "self-signed",
            Identity::itself(&good),
            "tls cert:self-signed",
        ),
        (
            "self-signed as openssl makes it",
            Identity::itself(&as_authority),
            "tls cert:self-signed, tls cert:ca-as-leaf",
        ),
    ] {
        assert_eq!(
            problems(&trusting, "a.localhost", &identity),
            expected,
            "{what}"
        );
    }
}

#[test]
fn issuers_that_are_not_known() {
    let root = Authority::root("root");
    let trusting = trusting(&root, Vec::new());
    let stranger = Authority::root("stranger");
    let middle = stranger.below(authority("middle"));
    let good = params("a.localhost");
    for (sent, expected) in [
        (vec![], "tls cert:leaf-unverifiable"),
        (vec![&middle.certificate], "tls cert:unknown-issuer"),
        (
            vec![&middle.certificate, &stranger.certificate],
            "tls cert:self-signed-in-chain",
        ),
    ] {
        let identity = middle.leaf(&good).with(&sent);
        assert_eq!(problems(&trusting, "a.localhost", &identity), expected);
    }
    // Named like its issuer, signed by another key: names prove nothing.
    let mut named = authority("stranger");
    named.subject_alt_names = good.subject_alt_names;
    named.is_ca = IsCa::NoCa;
    named.key_usages.clear();
    let identity = stranger.leaf(&named);
    assert_eq!(
        problems(&trusting, "a.localhost", &identity),
        "tls cert:leaf-unverifiable"
    );
}

#[test]
fn a_self_signed_certificate_that_is_trusted_is_no_problem() {
    let own = Authority {
        certificate: Authority::root("unused").certificate,
        issuer: Authority::root("unused").issuer,
    };
    let mut config = trusting(&own, Vec::new());
    let identity = Identity::itself(&changed(|p| {
        p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }));
    let pem = pem(&identity.chain[0]);
    config.trust.roots = vec![pem.into_bytes()];
    assert_eq!(problems(&config, "a.localhost", &identity), "");
}

pub(crate) fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::prelude::BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

#[test]
fn several_problems_at_once_are_all_told() {
    let root = Authority::root("root");
    let mut all = params("b.localhost");
    all.not_after = date_time_ymd(2001, 2, 3);
    let identity = Authority::root("stranger").leaf(&all);
    assert_eq!(
        problems(&trusting(&root, Vec::new()), "a.localhost", &identity),
        "tls cert:expired not-after=2001-02-03T00:00:00Z, \
         tls cert:name-mismatch names=b.localhost, tls cert:leaf-unverifiable"
    );
}

#[test]
fn addresses_are_matched_as_addresses() {
    let root = Authority::root("root");
    let trusting = trusting(&root, Vec::new());
    let by_address = root.leaf(&params("127.0.0.1"));
    assert_eq!(problems(&trusting, "127.0.0.1", &by_address), "");
    let by_name = root.leaf(&params("a.localhost"));
    let expected = "tls cert:ip-mismatch names=a.localhost";
    assert_eq!(problems(&trusting, "127.0.0.1", &by_name), expected);
    let expected = "tls cert:name-mismatch names=127.0.0.1";
    assert_eq!(problems(&trusting, "a.localhost", &by_address), expected);
}

#[test]
fn problems_of_issuers() {
    let root = Authority::root("root");
    let trusting = trusting(&root, Vec::new());
    let good = params("a.localhost");

    let mut old = authority("old");
    old.not_after = date_time_ymd(2001, 2, 3);
    let old = root.below(old);
    let identity = old.leaf(&good).with(&[&old.certificate]);
    let expected = "tls cert:expired not-after=2001-02-03T00:00:00Z depth=1";
    assert_eq!(problems(&trusting, "a.localhost", &identity), expected);

    // Sent with the chain and not needed for it: no problem.
    let middle = root.below(authority("middle"));
    let identity = middle
        .leaf(&good)
        .with(&[&middle.certificate, &old.certificate]);
    assert_eq!(problems(&trusting, "a.localhost", &identity), "");

    let mut short = authority("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = root.below(short);
    let below = short.below(authority("below"));
    let identity = below
        .leaf(&good)
        .with(&[&below.certificate, &short.certificate]);
    assert_eq!(
        problems(&trusting, "a.localhost", &identity),
        "tls cert:path-length"
    );

    let mut narrow = authority("narrow");
    narrow.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("b.localhost".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let narrow = root.below(narrow);
    let identity = narrow.leaf(&good).with(&[&narrow.certificate]);
    assert_eq!(
        problems(&trusting, "a.localhost", &identity),
        "tls cert:name-constraint"
    );
}

#[test]
fn signatures_that_do_not_verify() {
    let root = Authority::root("root");
    let trusting = trusting(&root, Vec::new());
    let mut tampered = root.leaf(&params("a.localhost"));
    let mut der = tampered.chain[0].to_vec();
    *der.last_mut().unwrap() ^= 1;
    tampered.chain[0] = der.into();
    assert_eq!(
        problems(&trusting, "a.localhost", &tampered),
        "tls cert:bad-signature"
    );

    let mut other_key = root.leaf(&params("a.localhost"));
    other_key.key = KeyPair::generate().unwrap();
    let expected = "tls cert:bad-signature of=handshake";
    assert_eq!(problems(&trusting, "a.localhost", &other_key), expected);

    let mut garbage = root.leaf(&params("a.localhost"));
    garbage.chain[0] = b"\x30\x03abc".to_vec().into();
    assert_eq!(
        problems(&trusting, "a.localhost", &garbage),
        "tls cert:malformed"
    );
}

#[test]
fn revocation_lists_are_used_when_given() {
    let (root, other) = (Authority::root("root"), Authority::root("other"));
    let identity = root.leaf(&params("a.localhost"));
    for (lists, expected) in [
        (vec![], ""),
        (vec![root.list(&[9], 2090)], ""),
        (vec![root.list(&[7], 2090)], "tls cert:revoked"),
        (vec![root.list(&[9], 2021)], "tls cert:crl-expired"),
        (vec![other.list(&[7], 2090)], "tls cert:revocation-unknown"),
    ] {
        let config = trusting(&root, lists);
        assert_eq!(problems(&config, "a.localhost", &identity), expected);
    }
}

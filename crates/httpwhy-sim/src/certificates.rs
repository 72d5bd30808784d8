//! Certificates, minted at start relative to now: a good one, and bad ones with one fault each.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{TransportConfig, VarInt};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CustomExtension,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData, RevocationReason, RevokedCertParams,
    SanType, SignatureAlgorithm,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS12;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::weak_signature;

/// What can be wrong with a certificate; `bad-cert`'s `how`.
pub(crate) const FAULTS: &[&str] = &[
    "bad-signature",
    "ca-as-leaf",
    "critical-extension",
    "crl-expired",
    "expired",
    "expired-intermediate",
    "invalid-purpose",
    "ip-mismatch",
    "leaf-as-ca",
    "leaf-unverifiable",
    "malformed",
    "name-constraint",
    "not-yet-valid",
    "path-length",
    "revocation-unknown",
    "revoked",
    "self-signed",
    "self-signed-in-chain",
    "unknown-issuer",
    "unsupported-signature",
    "weak-key",
    "weak-signature",
    "wrong-host",
];

/// Certificates for clients: one that is accepted, and one for each reason to refuse it.
pub(crate) const CLIENTS: &[&str] = &["expired", "good", "not-for-clients", "unknown-issuer"];

/// How long a QUIC connection may be silent, in milliseconds: as any other, or briefly.
const SILENCE: u32 = 60_000;
const BRIEFLY: u32 = 300;
/// The serial number of the certificate that is revoked.
const REVOKED: u64 = 0x04a1_b2c3;
const DAY: Duration = Duration::from_hours(24);
/// ecdsa-with-SHA256 (RFC 5758 section 3.2) as it stands in a certificate.
const SHA256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
/// ecdsa-with-SHA224, of the same length: a true algorithm that the usual TLS libraries do not verify.
const SHA224: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01";

type Minted<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The server's certificates.
pub(crate) struct Certificates {
    /// The certificate of the trusted authority.
    pub(crate) ca_pem: String,
    good: Arc<ServerConfig>,
    good_http1: Arc<ServerConfig>,
    wants_client: Arc<ServerConfig>,
    wants_client_tls12: Arc<ServerConfig>,
    odd_alpn: Arc<ServerConfig>,
    clients: Vec<String>,
    quic: quinn::ServerConfig,
    quic_idle: quinn::ServerConfig,
    bad: Vec<Arc<ServerConfig>>,
    crl: String,
    crl_expired: String,
    crl_other: String,
}

impl Certificates {
    /// Mints them for that address.
    pub(crate) fn mint(ip: IpAddr) -> Minted<Self> {
        let root = Authority::root("Simulator Root")?;
        let issuing = root.authority("Simulator Issuing", |_| {})?;
        let good = issuing.leaf("sim.test", |leaf| {
            leaf.subject_alt_names.push(SanType::IpAddress(ip));
        })?;
        let wants_client_tls12 = wants_client(&good, &root, &[&TLS12])?;
        let wants_client = wants_client(&good, &root, rustls::ALL_VERSIONS)?;
        let quic = over_quic(&good)?;
        let good = config(good)?;
        let bad = FAULTS
            .iter()
            .map(|how| config(bad(how, &root, &issuing)?))
            .collect::<Minted<_>>()?;
        Ok(Self {
            crl: issuing.revokes(-1, 30)?,
            crl_expired: issuing.revokes(-60, -30)?,
            crl_other: stranger()?.1.revokes(-1, 30)?,
            ca_pem: root.pem.clone(),
            wants_client,
            wants_client_tls12,
            clients: CLIENTS
                .iter()
                .map(|how| Ok(client(how, &issuing)?.pem()))
                .collect::<Minted<_>>()?,
            good_http1: only_alpn(&good, b"http/1.1"),
            odd_alpn: only_alpn(&good, b"acme-tls/1"),
            good,
            quic_idle: with_idle(quic.clone(), BRIEFLY),
            quic: with_idle(quic, SILENCE),
            bad,
        })
    }

    /// A good certificate for `sim.test`, `*.sim.test`, `localhost` and the address.
    pub(crate) fn good(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.good)
    }

    /// The same; HTTP/2 is not offered.
    pub(crate) fn good_http1(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.good_http1)
    }

    /// The good certificate, for HTTP/3.
    pub(crate) fn quic(&self) -> quinn::ServerConfig {
        self.quic.clone()
    }

    /// The same; a connection that is silent for 300 ms is over.
    pub(crate) fn quic_idle(&self) -> quinn::ServerConfig {
        self.quic_idle.clone()
    }

    /// The good certificate; the client must present one too, of the same authority.
    pub(crate) fn wants_client(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.wants_client)
    }

    /// The same over TLS 1.2, where the client learns of a refusal within the handshake.
    pub(crate) fn wants_client_tls12(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.wants_client_tls12)
    }

    /// The good certificate; no protocol of HTTP is offered, but that of ACME challenges (RFC 8737).
    pub(crate) fn odd_alpn(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.odd_alpn)
    }

    /// A certificate for clients, one of [`CLIENTS`], with its chain and its key. PEM.
    pub(crate) fn client(&self, how: &str) -> Option<&str> {
        let at = CLIENTS.iter().position(|known| *known == how)?;
        self.clients.get(at).map(String::as_str)
    }

    /// The revocation list (PEM) that a client needs to see that fault of [`FAULTS`]; `None` where it needs none.
    pub(crate) fn crl(&self, how: &str) -> Option<&str> {
        match how {
            "revoked" => Some(&self.crl),
            "crl-expired" => Some(&self.crl_expired),
            "revocation-unknown" => Some(&self.crl_other),
            _ => None,
        }
    }

    /// The certificate with that fault of [`FAULTS`].
    pub(crate) fn bad(&self, how: &str) -> Option<Arc<ServerConfig>> {
        let at = FAULTS.iter().position(|known| *known == how)?;
        self.bad.get(at).cloned()
    }
}

/// A chain with one fault. What the fault does not need is as in the good one.
fn bad(how: &str, root: &Authority, issuing: &Authority) -> Minted<Chain> {
    let host = format!("{how}.sim.test");
    let host = host.as_str();
    let with = |edit: &dyn Fn(&mut CertificateParams)| issuing.leaf(host, edit);
    match how {
        "expired" => with(&|leaf| valid(leaf, -91, -1)),
        "not-yet-valid" => with(&|leaf| valid(leaf, 30, 120)),
        "revoked" => with(&|leaf| leaf.serial_number = Some(REVOKED.into())),
        // Nothing is wrong with these but what the client's revocation list says, or does not.
        "crl-expired" | "revocation-unknown" => with(&|_| {}),
        "weak-key" => issuing.leaf_of(host, &WeakKey),
        "weak-signature" => {
            let mut chain = with(&|_| {})?;
            let key = issuing.issuer.key().serialize_der();
            let again = weak_signature::sign_again(&chain.certificates[0], &key);
            chain.certificates[0] = again.ok_or("a certificate cannot be signed anew")?.into();
            Ok(chain)
        }
        "wrong-host" => issuing.leaf("other.test", |_| {}),
        // The target is the address; the certificate knows names only.
        "ip-mismatch" => with(&|_| {}),
        "invalid-purpose" => with(&|leaf| {
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }),
        "critical-extension" => with(&|leaf| {
            let oid = [1, 3, 6, 1, 4, 1, 99_999, 1];
            let mut unknown = CustomExtension::from_oid_content(&oid, b"\x05\x00".to_vec());
            unknown.set_criticality(true);
            leaf.custom_extensions.push(unknown);
        }),
        "ca-as-leaf" => with(&|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        "bad-signature" => Ok(with(&|_| {})?.alter(|der| {
            if let Some(last) = der.last_mut() {
                *last ^= 1;
            }
        })),
        "unsupported-signature" => Ok(with(&|_| {})?.alter(|der| replace(der, SHA256, SHA224))),
        // A certificate that ends in the middle of its second half.
        "malformed" => Ok(with(&|_| {})?.alter(|der| der.truncate(der.len() * 3 / 4))),
        "self-signed" => Chain::self_signed(host),
        "leaf-unverifiable" => Ok(with(&|_| {})?.keep(1)),
        "unknown-issuer" => stranger()?.1.leaf(host, |_| {}),
        "self-signed-in-chain" => {
            let (root, issuing) = stranger()?;
            let mut chain = issuing.leaf(host, |_| {})?;
            chain.certificates.push(root.der);
            Ok(chain)
        }
        "leaf-as-ca" => {
            let shop =
                issuing.authority("shop.sim.test", |params| params.is_ca = IsCa::ExplicitNoCa)?;
            shop.leaf(host, |_| {})
        }
        "path-length" => {
            let last = root.authority("Simulator Last", |params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            })?;
            last.authority("Simulator Beyond", |_| {})?
                .leaf(host, |_| {})
        }
        "name-constraint" => {
            let narrow = root.authority("Simulator Narrow", |params| {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".to_owned())],
                    excluded_subtrees: Vec::new(),
                });
            })?;
            narrow.leaf(host, |_| {})
        }
        "expired-intermediate" => {
            let old = root.authority("Simulator Old", |params| {
                valid(params, -400, -1);
            })?;
            old.leaf(host, |_| {})
        }
        other => Err(format!("no certificate is bad in the way '{other}'").into()),
    }
}

/// A client's certificate.
fn client(how: &str, issuing: &Authority) -> Minted<Chain> {
    let stranger = match how {
        "unknown-issuer" => Some(stranger()?.1),
        _ => None,
    };
    let issuer = stranger.as_ref().unwrap_or(issuing);
    issuer.leaf("client.sim.test", |leaf| {
        if how != "not-for-clients" {
            leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        if how == "expired" {
            valid(leaf, -91, -1);
        }
    })
}

/// An authority that nobody trusts: its root, and one below.
fn stranger() -> Minted<(Authority, Authority)> {
    let root = Authority::root("Unknown Root")?;
    let issuing = root.authority("Unknown Issuing", |_| {})?;
    Ok((root, issuing))
}

/// One who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
    /// From this one up, without the root.
    chain: Vec<CertificateDer<'static>>,
}

impl Authority {
    fn root(name: &str) -> Minted<Self> {
        let key = KeyPair::generate()?;
        let params = authority_params(name);
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
            chain: Vec::new(),
        })
    }

    fn authority(&self, name: &str, edit: impl FnOnce(&mut CertificateParams)) -> Minted<Self> {
        let key = KeyPair::generate()?;
        let mut params = authority_params(name);
        edit(&mut params);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let mut chain = vec![certificate.der().clone()];
        chain.extend_from_slice(&self.chain);
        Ok(Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
            chain,
        })
    }

    /// A revocation list of that time, which names [`REVOKED`]. PEM.
    fn revokes(&self, from: i64, until: i64) -> Minted<String> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let revoked = RevokedCertParams {
            serial_number: REVOKED.into(),
            revocation_time: epoch + from_now(from),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: epoch + from_now(from),
            next_update: epoch + from_now(until),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }

    /// A certificate of that key, which the server does not have.
    fn leaf_of(&self, host: &str, key: &impl PublicKeyData) -> Minted<Chain> {
        let certificate = leaf_params(host)?.signed_by(key, &self.issuer)?;
        let mut certificates = vec![certificate.der().clone()];
        certificates.extend_from_slice(&self.chain);
        let key = KeyPair::generate()?;
        Ok(Chain { certificates, key })
    }

    fn leaf(&self, host: &str, edit: impl FnOnce(&mut CertificateParams)) -> Minted<Chain> {
        let key = KeyPair::generate()?;
        let mut params = leaf_params(host)?;
        edit(&mut params);
        let mut certificates = vec![params.signed_by(&key, &self.issuer)?.der().clone()];
        certificates.extend_from_slice(&self.chain);
        Ok(Chain { certificates, key })
    }
}

/// A public key of RSA with 1024 bits. Nobody has its private half: whoever refuses it does so before that matters.
struct WeakKey;

impl PublicKeyData for WeakKey {
    fn der_bytes(&self) -> &[u8] {
        &WEAK_KEY
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

/// RSAPublicKey (RFC 8017 appendix A.1.1): a modulus of 128 bytes, the exponent 65537.
static WEAK_KEY: [u8; 140] = {
    let mut key = [0xc5; 140];
    let head = [0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00];
    let tail = [0x02, 0x03, 0x01, 0x00, 0x01];
    let mut at = 0;
    while at < head.len() {
        key[at] = head[at];
        at += 1;
    }
    at = 0;
    while at < tail.len() {
        key[135 + at] = tail[at];
        at += 1;
    }
    key
};

/// What a server sends, and the key of the first certificate.
struct Chain {
    certificates: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Chain {
    fn self_signed(host: &str) -> Minted<Self> {
        let key = KeyPair::generate()?;
        let certificate = leaf_params(host)?.self_signed(&key)?;
        Ok(Self {
            certificates: vec![certificate.der().clone()],
            key,
        })
    }

    /// Alters the first certificate's bytes.
    fn alter(mut self, edit: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut der = self.certificates[0].to_vec();
        edit(&mut der);
        self.certificates[0] = der.into();
        self
    }

    /// The certificates, the leaf first, and the key.
    fn pem(&self) -> String {
        let one = |der: &CertificateDer<'_>| pem("CERTIFICATE", der);
        let certificates: String = self.certificates.iter().map(one).collect();
        certificates + &self.key.serialize_pem()
    }

    /// Sends the first ones only.
    fn keep(mut self, count: usize) -> Self {
        self.certificates.truncate(count);
        self
    }
}

/// PEM (RFC 7468 section 2).
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out + &format!("-----END {label}-----\n")
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid(&mut params, -400, 3650);
    params
}

fn leaf_params(host: &str) -> Minted<CertificateParams> {
    let names = match host {
        "sim.test" => vec![
            "sim.test".to_owned(),
            "*.sim.test".to_owned(),
            "localhost".to_owned(),
        ],
        host => vec![host.to_owned()],
    };
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = called(host);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid(&mut params, -1, 90);
    Ok(params)
}

fn called(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Makes it valid from and until so many days from now.
fn valid(params: &mut CertificateParams, from: i64, until: i64) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from_now(from);
    params.not_after = epoch + from_now(until);
}

/// The moment so many days from now, since 1970.
fn from_now(days: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // Before 1970 the clock is so wrong that any certificate is as good as another.
    let now = now.unwrap_or_default();
    let distance = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    match days {
        0.. => now + distance,
        _ => now.saturating_sub(distance),
    }
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        at += 1;
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A server that sends that chain, whatever it is.
fn config(chain: Chain) -> Minted<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    let mut config =
        builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified(chain)?)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn only_alpn(config: &ServerConfig, protocol: &[u8]) -> Arc<ServerConfig> {
    let mut config = config.clone();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

/// A server that speaks HTTP/3 with that chain.
fn over_quic(chain: &Chain) -> Minted<quinn::ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(chain.key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain.certificates.clone(), key)?;
    config.alpn_protocols = vec![b"h3".to_vec()];
    let config = QuicServerConfig::try_from(config)?;
    Ok(quinn::ServerConfig::with_crypto(Arc::new(config)))
}

/// The same; a connection that is silent for so many milliseconds is over.
fn with_idle(mut config: quinn::ServerConfig, milliseconds: u32) -> quinn::ServerConfig {
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(VarInt::from_u32(milliseconds).into()));
    config.transport_config(Arc::new(transport));
    config
}

fn wants_client(
    chain: &Chain,
    root: &Authority,
    versions: &[&'static SupportedProtocolVersion],
) -> Minted<Arc<ServerConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(root.der.clone())?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(chain.key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.certificates.clone(), key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Pairs chain and key without looking: some chains are broken on purpose.
fn certified(chain: Chain) -> Minted<CertifiedKey> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(chain.key.serialize_der()));
    let key = provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(chain.certificates, key))
}

#[cfg(test)]
mod tests {
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls_pki_types::{ServerName, UnixTime};

    use super::*;

    /// What a client that trusts `root` says of a chain so many days from now; empty when it is content.
    fn verdict(root: &Authority, chain: &Chain, name: &str, days: i64) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(root.der.clone()).expect("an authority");
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        let (leaf, others) = chain.certificates.split_first().expect("a certificate");
        let name = ServerName::try_from(name).expect("a name");
        let now = UnixTime::since_unix_epoch(from_now(days));
        let outcome =
            verifier
                .build()
                .expect("a verifier")
                .verify_server_cert(leaf, others, &name, &[], now);
        outcome
            .err()
            .map(|error| format!("{error:?}"))
            .unwrap_or_default()
    }

    #[test]
    fn each_fault_is_the_only_one() {
        let root = Authority::root("Root").expect("minted");
        let issuing = root.authority("Issuing", |_| {}).expect("minted");
        let minted = |how: &str| bad(how, &root, &issuing).expect("minted");
        // What is wrong, and for which name and moment nothing is.
        for (how, wrong, name, days) in [
            ("expired", "Expired", "expired.sim.test", -10),
            ("not-yet-valid", "NotValidYet", "not-yet-valid.sim.test", 40),
            (
                "expired-intermediate",
                "Expired",
                "expired-intermediate.sim.test",
                -1,
            ),
            ("wrong-host", "NotValidForName", "other.test", 0),
        ] {
            let chain = minted(how);
            let asked = format!("{how}.sim.test");
            assert!(verdict(&root, &chain, &asked, 0).contains(wrong), "{how}");
            assert_eq!(verdict(&root, &chain, name, days), "", "{how}");
        }
        let by_address = minted("ip-mismatch");
        assert!(verdict(&root, &by_address, "127.0.0.1", 0).contains("NotValidForName"));
        assert_eq!(verdict(&root, &by_address, "ip-mismatch.sim.test", 0), "");
        let alone = minted("leaf-unverifiable");
        let name = "leaf-unverifiable.sim.test";
        assert!(verdict(&root, &alone, name, 0).contains("UnknownIssuer"));
        assert_eq!(verdict(&issuing, &alone, name, 0), "");
        let as_leaf = minted("ca-as-leaf");
        assert!(verdict(&root, &as_leaf, "ca-as-leaf.sim.test", 0).contains("CaUsedAsEndEntity"));
        let own = minted("self-signed");
        assert!(verdict(&root, &own, "self-signed.sim.test", 0).contains("UnknownIssuer"));
    }

    #[test]
    fn chains_hold_what_their_faults_need() {
        let root = Authority::root("Root").expect("minted");
        let issuing = root.authority("Issuing", |_| {}).expect("minted");
        let length = |how: &str| {
            bad(how, &root, &issuing)
                .expect("minted")
                .certificates
                .len()
        };
        for (how, expected) in [
            ("self-signed", 1),
            ("leaf-unverifiable", 1),
            ("unknown-issuer", 2),
            ("self-signed-in-chain", 3),
            ("leaf-as-ca", 3),
            ("path-length", 3),
        ] {
            assert_eq!(length(how), expected, "{how}");
        }
        assert!(bad("unheard-of", &root, &issuing).is_err());
    }
}

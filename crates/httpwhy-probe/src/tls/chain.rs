//! Everything that is wrong with a certificate chain, not only the first thing.
//!
//! The chain builder stops at its first error, so it is asked separate questions: the dates here, the name alone, the
//! chain at a moment when the leaf is valid, and then with the revocation lists.

use std::borrow::Cow;
use std::time::Duration;

use httpwhy_model::{CertFacts, CertProblem, Signal, TlsFacts};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use super::anchors::Roots;
use super::provider;
use crate::signals;

/// Signature algorithms over digests that can be forged, and their names (RFC 3279 section 2.2, RFC 5758).
const WEAK_SIGNATURES: &[(&str, &str)] = &[
    ("1.2.840.10040.4.3", "dsa-with-sha1"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
];
/// The smallest RSA key that is not weak, in bits (NIST SP 800-131A).
const RSA: usize = 2_048;
/// How many of the names in a certificate are quoted, and how long each may be.
const NAMES: usize = 5;
const NAME: usize = 64;
/// How many certificates of a chain are described, and how many characters of a subject or issuer are kept.
const CHAIN: usize = 8;
const SUBJECT: usize = 512;

/// What was found in a chain.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) problems: Vec<Signal>,
    /// Subject, issuer and end of the leaf.
    pub(super) leaf: TlsFacts,
}

impl Found {
    pub(super) fn has(&self, wanted: CertProblem) -> bool {
        self.problems
            .iter()
            .any(|signal| matches!(signal, Signal::Cert { problem, .. } if *problem == wanted))
    }

    fn note(&mut self, problem: CertProblem) {
        self.note_with(problem, Vec::new());
    }

    fn note_with(&mut self, problem: CertProblem, detail: Vec<(&'static str, String)>) {
        let detail: Vec<_> = detail
            .into_iter()
            .map(|(key, value)| (Cow::Borrowed(key), value))
            .collect();
        let signal = Signal::Cert { problem, detail };
        if !self.problems.contains(&signal) {
            self.problems.push(signal);
        }
    }
}

/// Examines a chain as the server sent it.
pub(super) fn examine(
    roots: &Roots,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> Found {
    let mut found = Found::default();
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else {
        found.note(CertProblem::Malformed);
        return found;
    };
    let chain = Chain {
        roots,
        leaf,
        parsed: &parsed,
        intermediates,
        name,
        now: seconds(now),
    };
    found.leaf = TlsFacts {
        subject: Some(parsed.subject().to_string()),
        issuer: Some(parsed.issuer().to_string()),
        not_after: Some(parsed.validity().not_after.timestamp()),
        chain: std::iter::once(facts(&parsed))
            .chain(chain.sent().map(|(_, certificate)| facts(&certificate)))
            .take(CHAIN)
            .collect(),
        ..TlsFacts::default()
    };
    dates(&parsed, chain.now, None, &mut found);
    weak_key(&parsed, None, &mut found);
    chain.check_name(&mut found);
    chain.check_path(&mut found);
    found
}

/// What one certificate says of itself.
fn facts(certificate: &X509Certificate<'_>) -> CertFacts {
    let name = |name: &X509Name<'_>| name.to_string().chars().take(SUBJECT).collect();
    CertFacts {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
    }
}

struct Chain<'a> {
    roots: &'a Roots,
    leaf: &'a CertificateDer<'a>,
    parsed: &'a X509Certificate<'a>,
    intermediates: &'a [CertificateDer<'a>],
    name: &'a ServerName<'a>,
    now: i64,
}

impl Chain<'_> {
    fn check_name(&self, found: &mut Found) {
        let verified = ParsedCertificate::try_from(self.leaf)
            .and_then(|leaf| verify_server_name(&leaf, self.name));
        let Err(Error::InvalidCertificate(error)) = verified else {
            return;
        };
        let problem = match (signals::of_certificate(&error), self.name) {
            (CertProblem::NameMismatch, ServerName::IpAddress(_)) => CertProblem::IpMismatch,
            // What else is wrong shows again on the path.
            (CertProblem::NameMismatch, _) => CertProblem::NameMismatch,
            _ => return,
        };
        let names = names(self.parsed);
        let detail = (!names.is_empty()).then(|| ("names", names.join(",")));
        found.note_with(problem, detail.into_iter().collect());
    }

    /// The path to a trusted root, at a moment when the leaf is valid; again at one when all are, if dates are in the
    /// way; then with the revocation lists.
    fn check_path(&self, found: &mut Found) {
        let own = self.parsed.validity();
        let (from, to) = (own.not_before.timestamp(), own.not_after.timestamp());
        let mut moment = self.now.clamp(from, to.max(from));
        let mut verified = self.verify_path(moment);
        if matches!(&verified, Err(error) if is_date(error)) {
            self.intermediate_dates(moment, found);
            if let Some(better) = self.moment_for_all() {
                moment = better;
                verified = self.verify_path(moment);
            }
        }
        match verified {
            Ok(()) => self.check_revocation(moment, found),
            Err(error) => self.note_path(&error, found),
        }
    }

    fn verify_path(&self, moment: i64) -> Result<(), CertificateError> {
        let leaf = ParsedCertificate::try_from(self.leaf).map_err(certificate_error)?;
        verify_server_cert_signed_by_trust_anchor(
            &leaf,
            &self.roots.store,
            self.intermediates,
            unix(moment),
            provider().signature_verification_algorithms.all,
        )
        .map_err(certificate_error)
    }

    fn intermediate_dates(&self, moment: i64, found: &mut Found) {
        for (depth, certificate) in self.sent() {
            dates(&certificate, moment, Some(depth), found);
        }
    }

    /// A moment at which the leaf and everything sent with it is valid, as near to now as can be.
    fn moment_for_all(&self) -> Option<i64> {
        let own = self.parsed.validity();
        let mut from = own.not_before.timestamp();
        let mut to = own.not_after.timestamp();
        for (_, certificate) in self.sent() {
            from = from.max(certificate.validity().not_before.timestamp());
            to = to.min(certificate.validity().not_after.timestamp());
        }
        (from <= to).then(|| self.now.clamp(from, to))
    }

    /// The certificates sent behind the leaf that can be read, with their place in the chain, the leaf being 0.
    fn sent(&self) -> impl Iterator<Item = (usize, X509Certificate<'_>)> {
        (1..)
            .zip(self.intermediates)
            .filter_map(|(depth, der)| Some((depth, X509Certificate::from_der(der).ok()?.1)))
    }

    fn note_path(&self, error: &CertificateError, found: &mut Found) {
        let problem = signals::of_certificate(error);
        let self_signed = signed_itself(self.leaf, self.parsed);
        match problem {
            _ if self_signed && self.is_anchor(self.parsed) => {
                // The very certificate is trusted: there is no path to speak of.
            }
            CertProblem::UnknownIssuer if self_signed => found.note(CertProblem::SelfSigned),
            CertProblem::UnknownIssuer if self.roots.missing => {
                found.problems.push(signals::engine("no-trust-store"));
            }
            CertProblem::UnknownIssuer => found.note(self.why_unknown()),
            CertProblem::CaAsLeaf if self_signed => {
                found.note(CertProblem::SelfSigned);
                found.note(problem);
            }
            CertProblem::CaAsLeaf => {
                found.note(problem);
            }
            CertProblem::BadSignature => self.note_bad_signature(found),
            CertProblem::UnsupportedSignature => self.note_unsupported(found),
            CertProblem::Expired | CertProblem::NotYetValid => {
                // Of an intermediate, and noted with its dates already; or of a root, which the server did not send.
                if !found.has(problem) {
                    found.note_with(problem, vec![("of", "issuer".to_owned())]);
                }
            }
            _ => found.note(problem),
        }
    }

    fn why_unknown(&self) -> CertProblem {
        if self.intermediates.is_empty() {
            return CertProblem::LeafUnverifiable;
        }
        let untrusted_root = self.intermediates.iter().any(|der| {
            X509Certificate::from_der(der)
                .is_ok_and(|(_, parsed)| signed_itself(der, &parsed) && !self.is_anchor(&parsed))
        });
        if untrusted_root {
            CertProblem::SelfSignedInChain
        } else {
            CertProblem::UnknownIssuer
        }
    }

    /// The library refuses to verify with a short RSA key, and says that the signature is bad.
    fn note_bad_signature(&self, found: &mut Found) {
        let before = found.problems.len();
        for (depth, certificate) in self.sent() {
            weak_key(&certificate, Some(depth), found);
        }
        if found.problems.len() == before {
            found.note(CertProblem::BadSignature);
        }
    }

    /// The library knows no weak digest, and says that the algorithm is not supported.
    fn note_unsupported(&self, found: &mut Found) {
        let before = found.problems.len();
        weak_signature(self.parsed, None, found);
        for (depth, certificate) in self.sent() {
            // Nobody relies on what a root says of itself.
            if certificate.subject().as_raw() != certificate.issuer().as_raw() {
                weak_signature(&certificate, Some(depth), found);
            }
        }
        if found.problems.len() == before {
            found.note(CertProblem::UnsupportedSignature);
        }
    }

    fn check_revocation(&self, moment: i64, found: &mut Found) {
        let Some(lists) = &self.roots.revocation else {
            return;
        };
        let verified =
            lists.verify_server_cert(self.leaf, self.intermediates, self.name, &[], unix(moment));
        let problem = match verified {
            Err(Error::InvalidCertificate(error)) => signals::of_certificate(&error),
            Err(Error::InvalidCertRevocationList(_)) => CertProblem::RevocationUnknown,
            Ok(_) | Err(_) => return,
        };
        if problem != CertProblem::NameMismatch {
            found.note(problem);
        }
    }

    /// Whether it is a trusted root itself: same name, same key.
    fn is_anchor(&self, certificate: &X509Certificate<'_>) -> bool {
        let subject = inside(certificate.subject().as_raw());
        let key = inside(certificate.public_key().raw);
        self.roots.store.roots.iter().any(|anchor| {
            Some(&*anchor.subject) == subject && Some(&*anchor.subject_public_key_info) == key
        })
    }
}

fn certificate_error(error: Error) -> CertificateError {
    match error {
        Error::InvalidCertificate(error) => error,
        other => CertificateError::Other(rustls::OtherError(std::sync::Arc::new(other))),
    }
}

fn is_date(error: &CertificateError) -> bool {
    matches!(
        signals::of_certificate(error),
        CertProblem::Expired | CertProblem::NotYetValid
    )
}

/// Notes dates that do not hold at that moment. `depth` is the place in the chain behind the leaf.
fn dates(certificate: &X509Certificate<'_>, moment: i64, depth: Option<usize>, found: &mut Found) {
    let validity = certificate.validity();
    let (from, to) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let place = depth.map(|depth| ("depth", depth.to_string()));
    if moment > to {
        let detail = [("not-after", date(to))].into_iter().chain(place);
        found.note_with(CertProblem::Expired, detail.collect());
    } else if moment < from {
        let detail = [("not-before", date(from))].into_iter().chain(place);
        found.note_with(CertProblem::NotYetValid, detail.collect());
    }
}

fn weak_key(certificate: &X509Certificate<'_>, depth: Option<usize>, found: &mut Found) {
    let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed() else {
        return;
    };
    let bits = key.key_size();
    if bits < RSA {
        let place = depth.map(|depth| ("depth", depth.to_string()));
        let detail = [("bits", bits.to_string())].into_iter().chain(place);
        found.note_with(CertProblem::WeakKey, detail.collect());
    }
}

/// Notes a signature over a digest that can be forged (RFC 9155; RFC 6151 for MD5).
fn weak_signature(certificate: &X509Certificate<'_>, depth: Option<usize>, found: &mut Found) {
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    let weak = WEAK_SIGNATURES.iter().find(|(oid, _)| *oid == algorithm);
    if let Some((_, name)) = weak {
        let place = depth.map(|depth| ("depth", depth.to_string()));
        let detail = [("algorithm", (*name).to_owned())].into_iter().chain(place);
        found.note_with(CertProblem::WeakSignature, detail.collect());
    }
}

/// The first names a certificate holds, shortened, without white space.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = alternative.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .take(NAMES)
        .map(|name| {
            let plain = name.chars().filter(char::is_ascii_graphic);
            plain.take(NAME).collect()
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = |bytes: [u8; 4]| std::net::Ipv4Addr::from(bytes).to_string();
    let v6 = |bytes: [u8; 16]| std::net::Ipv6Addr::from(bytes).to_string();
    let short = bytes.try_into().map(v4);
    short.or_else(|_| bytes.try_into().map(v6)).ok()
}

/// Whether a certificate names itself as its issuer and its own key verifies its signature. Equal names alone prove
/// nothing.
fn signed_itself(der: &[u8], parsed: &X509Certificate<'_>) -> bool {
    if parsed.subject().as_raw() != parsed.issuer().as_raw() {
        return false;
    }
    let Some(algorithm) = signature_algorithm(der, parsed) else {
        return false;
    };
    let key = parsed.public_key();
    let Some(key_algorithm) = inside(key.raw).and_then(inside) else {
        return false;
    };
    let algorithms = provider().signature_verification_algorithms.all;
    algorithms.iter().any(|verifier| {
        &*verifier.signature_alg_id() == algorithm
            && &*verifier.public_key_alg_id() == key_algorithm
            && verifier
                .verify_signature(
                    &key.subject_public_key.data,
                    parsed.tbs_certificate.as_ref(),
                    &parsed.signature_value.data,
                )
                .is_ok()
    })
}

/// What stands in the AlgorithmIdentifier behind the signed part (RFC 5280 section 4.1).
fn signature_algorithm<'a>(der: &'a [u8], parsed: &X509Certificate<'_>) -> Option<&'a [u8]> {
    let signed = parsed.tbs_certificate.as_ref().len();
    inside(der)?.get(signed..).and_then(inside)
}

/// The content of the DER value that these bytes begin with.
fn inside(der: &[u8]) -> Option<&[u8]> {
    let &[_tag, length, ..] = der else {
        return None;
    };
    let (length, head) = if length < 0x80 {
        (usize::from(length), 2)
    } else {
        let count = usize::from(length & 0x7f);
        let digits = der.get(2..2 + count).filter(|_| count <= 4)?;
        let length = digits.iter().fold(0, |sum, &d| sum << 8 | usize::from(d));
        (length, 2 + count)
    };
    der.get(head..head.checked_add(length)?)
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn unix(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap_or(0)))
}

/// RFC 3339, in UTC. Years beyond what certificates can hold come out as they are.
fn date(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date: the calendar repeats every 400 years, 146,097 days; years begin in March.
    let shifted = days + 719_468;
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + carry;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_rfc_3339_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_738_367_999, "2025-01-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(date(seconds), text);
        }
    }

    #[test]
    fn der_is_entered_only_as_far_as_it_goes() {
        assert_eq!(inside(b"\x30\x02ab"), Some(&b"ab"[..]));
        assert_eq!(inside(b"\x30\x81\x02abc"), Some(&b"ab"[..]));
        for cut in [
            &b""[..],
            b"\x30",
            b"\x30\x02a",
            b"\x30\x82\x01",
            b"\x30\x85\x01\x01\x01\x01\x01",
        ] {
            assert_eq!(inside(cut), None, "{cut:02x?}");
        }
    }

    fn fixture(pem: &[u8]) -> CertificateDer<'static> {
        use rustls::pki_types::pem::PemObject;
        CertificateDer::from_pem_slice(pem).unwrap()
    }

    #[test]
    fn what_cannot_be_minted() {
        let mut store = rustls::RootCertStore::empty();
        let root = fixture(include_bytes!("../../tests/fixtures/root.pem"));
        store.add(root).unwrap();
        let roots = Roots {
            store: std::sync::Arc::new(store),
            revocation: None,
            missing: false,
        };
        let weak = fixture(include_bytes!("../../tests/fixtures/weak.pem"));
        let sha1 = fixture(include_bytes!("../../tests/fixtures/sha1.pem"));
        let issuer = fixture(include_bytes!("../../tests/fixtures/weak-issuer.pem"));
        let below = fixture(include_bytes!("../../tests/fixtures/below-weak.pem"));
        let name = ServerName::try_from("a.example").unwrap();
        let now = unix(1_800_000_000);
        for (leaf, sent, expected) in [
            (&weak, vec![], "cert:weak-key bits=1024"),
            (
                &sha1,
                vec![],
                "cert:weak-signature algorithm=sha1WithRSAEncryption",
            ),
            (&below, vec![issuer], "cert:weak-key bits=1024 depth=1"),
        ] {
            let found = examine(&roots, leaf, &sent, &name, now);
            let texts: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
            assert_eq!(texts, [expected]);
        }
    }

    #[test]
    fn without_any_roots_nothing_is_said_of_issuers() {
        let roots = Roots {
            store: std::sync::Arc::new(rustls::RootCertStore::empty()),
            revocation: None,
            missing: true,
        };
        let leaf = fixture(include_bytes!("../../tests/fixtures/below-weak.pem"));
        let name = ServerName::try_from("a.example").unwrap();
        let found = examine(&roots, &leaf, &[], &name, unix(1_800_000_000));
        let texts: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["engine:no-trust-store"]);
    }
}

//! Errors of TLS and of certificates.

use std::io;

use httpwhy_model::{CertProblem, Signal, TlsFault};
use rustls::{AlertDescription, CertificateError};

use super::io::of_io;

/// Why a stream with or without TLS ended, when it did not end in order.
pub(crate) fn of_stream(error: &io::Error) -> Signal {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.map_or_else(|| of_io(error), of_tls)
}

/// Whether a TLS stream ended without close_notify: rustls has this one kind of its own for it.
pub(crate) fn is_unclean_end(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}

/// An error that the TLS library gives.
pub(crate) fn of_tls(error: &rustls::Error) -> Signal {
    use rustls::Error as E;
    let fault = match error {
        E::AlertReceived(alert) => return Signal::TlsAlert((*alert).into()),
        E::InvalidCertificate(error) => return Signal::cert(of_certificate(error)),
        E::NoCertificatesPresented => return Signal::cert(CertProblem::Malformed),
        E::InvalidMessage(_) | E::PeerSentOversizedRecord => TlsFault::InvalidMessage,
        E::InappropriateMessage { .. }
        | E::InappropriateHandshakeMessage { .. }
        | E::PeerMisbehaved(_) => TlsFault::Misbehaved,
        E::PeerIncompatible(_) | E::UnsupportedNameType => TlsFault::Incompatible,
        E::DecryptError => TlsFault::BadRecordMac,
        E::NoApplicationProtocol => TlsFault::NoAlpn,
        E::InvalidCertRevocationList(_) => return Signal::cert(CertProblem::RevocationUnknown),
        // Ours: no random bytes, no clock, a configuration or a use that the library does not take.
        E::FailedToGetCurrentTime
        | E::FailedToGetRandomBytes
        | E::HandshakeNotComplete
        | E::BadMaxFragmentSize
        | E::InconsistentKeys(_)
        | E::EncryptError => return super::engine("internal"),
        // Without a name of its own; the enum may grow, and a test says when.
        _ => TlsFault::Other,
    };
    tls(fault)
}

/// A TLS fault without the peer's first bytes.
pub(crate) const fn tls(fault: TlsFault) -> Signal {
    Signal::Tls {
        fault,
        first: Vec::new(),
    }
}

/// Whether the alert says that a client certificate is missing (RFC 8446 section 6.2, certificate_required).
pub(crate) fn wants_client_cert(signal: &Signal) -> bool {
    *signal == Signal::TlsAlert(AlertDescription::CertificateRequired.into())
}

/// A problem of a certificate chain.
pub(crate) fn of_certificate(error: &CertificateError) -> CertProblem {
    use CertificateError as E;
    match error {
        E::BadEncoding => CertProblem::Malformed,
        E::Expired | E::ExpiredContext { .. } => CertProblem::Expired,
        E::NotValidYet | E::NotValidYetContext { .. } => CertProblem::NotYetValid,
        E::Revoked => CertProblem::Revoked,
        E::UnhandledCriticalExtension => CertProblem::CriticalExtension,
        E::UnknownIssuer => CertProblem::UnknownIssuer,
        E::UnknownRevocationStatus | E::InvalidOcspResponse => CertProblem::RevocationUnknown,
        E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            CertProblem::CrlExpired
        }
        E::BadSignature => CertProblem::BadSignature,
        #[expect(deprecated, reason = "the library still gives it")]
        E::UnsupportedSignatureAlgorithm => CertProblem::UnsupportedSignature,
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            CertProblem::UnsupportedSignature
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => CertProblem::NameMismatch,
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => CertProblem::InvalidPurpose,
        E::Other(other) => other.0.downcast_ref().map_or(CertProblem::Other, of_webpki),
        _ => CertProblem::Other,
    }
}

/// What the chain builder says where rustls has no word of its own.
fn of_webpki(error: &webpki::Error) -> CertProblem {
    use webpki::Error as E;
    match error {
        E::CaUsedAsEndEntity => CertProblem::CaAsLeaf,
        E::UnsupportedCriticalExtension => CertProblem::CriticalExtension,
        E::EndEntityUsedAsCa => CertProblem::LeafAsCa,
        E::PathLenConstraintViolated
        | E::MaximumPathDepthExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumSignatureChecksExceeded => CertProblem::PathLength,
        E::NameConstraintViolation
        | E::MaximumNameConstraintComparisonsExceeded
        | E::InvalidNetworkMaskConstraint
        | E::MalformedNameConstraint => CertProblem::NameConstraint,
        E::BadDer
        | E::BadDerTime
        | E::TrailingData(_)
        | E::ExtensionValueInvalid
        | E::MalformedExtensions
        | E::MalformedDnsIdentifier
        | E::InvalidSerialNumber
        | E::InvalidCertValidity
        | E::UnsupportedNameType
        | E::SignatureAlgorithmMismatch
        | E::UnsupportedCertVersion => CertProblem::Malformed,
        E::EmptyEkuExtension | E::RequiredEkuNotFoundContext(_) => CertProblem::InvalidPurpose,
        E::CertExpired { .. } => CertProblem::Expired,
        E::CertNotValidYet { .. } => CertProblem::NotYetValid,
        E::CertNotValidForName(_) => CertProblem::NameMismatch,
        E::CertRevoked => CertProblem::Revoked,
        E::CrlExpired { .. } => CertProblem::CrlExpired,
        E::UnknownIssuer => CertProblem::UnknownIssuer,
        E::InvalidSignatureForPublicKey => CertProblem::BadSignature,
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            CertProblem::UnsupportedSignature
        }
        error if of_a_list(error) => CertProblem::RevocationUnknown,
        _ => of_older_webpki(error),
    }
}

/// Whether a revocation list is what is wrong, or what it says cannot be used.
fn of_a_list(error: &webpki::Error) -> bool {
    use webpki::Error as E;
    matches!(
        error,
        E::UnknownRevocationStatus
            | E::InvalidCrlNumber
            | E::InvalidCrlSignatureForPublicKey
            | E::IssuerNotCrlSigner
            | E::UnsupportedCrlIssuingDistributionPoint
            | E::UnsupportedCrlVersion
            | E::UnsupportedDeltaCrl
            | E::UnsupportedIndirectCrl
            | E::UnsupportedRevocationReason
            | E::UnsupportedRevocationReasonsPartitioning
            | E::UnsupportedCrlSignatureAlgorithmContext(_)
            | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
    )
}

/// What older releases said instead; the enum may also grow, and a test says when.
#[expect(deprecated, reason = "the library still has the words")]
fn of_older_webpki(error: &webpki::Error) -> CertProblem {
    use webpki::Error as E;
    match error {
        E::RequiredEkuNotFound => CertProblem::InvalidPurpose,
        E::UnsupportedSignatureAlgorithm | E::UnsupportedSignatureAlgorithmForPublicKey => {
            CertProblem::UnsupportedSignature
        }
        E::UnsupportedCrlSignatureAlgorithm | E::UnsupportedCrlSignatureAlgorithmForPublicKey => {
            CertProblem::RevocationUnknown
        }
        _ => CertProblem::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn tls_errors_are_told_apart() {
        use rustls::{Error as E, InvalidMessage, PeerIncompatible, PeerMisbehaved};
        for (error, text) in [
            (
                E::AlertReceived(AlertDescription::HandshakeFailure),
                "tls-alert:40",
            ),
            (
                E::AlertReceived(AlertDescription::Unknown(200)),
                "tls-alert:200",
            ),
            (
                E::InvalidMessage(InvalidMessage::InvalidCcs),
                "tls:invalid-message",
            ),
            (E::PeerSentOversizedRecord, "tls:invalid-message"),
            (
                E::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
                "tls:misbehaved",
            ),
            (
                E::PeerIncompatible(PeerIncompatible::NullCompressionRequired),
                "tls:incompatible",
            ),
            (E::DecryptError, "tls:bad-record-mac"),
            (E::NoApplicationProtocol, "tls:no-alpn"),
            (E::NoCertificatesPresented, "cert:malformed"),
            (
                E::InvalidCertificate(CertificateError::Revoked),
                "cert:revoked",
            ),
            (E::General("?".to_owned()), "tls:other"),
        ] {
            let text_of_stream = of_stream(&io::Error::other(error.clone())).to_string();
            assert_eq!(
                (&*of_tls(&error).to_string(), &*text_of_stream),
                (text, text)
            );
        }
    }

    #[test]
    fn errors_of_the_chain_builder_have_words() {
        use webpki::Error as E;
        for (error, problem) in [
            (E::CaUsedAsEndEntity, CertProblem::CaAsLeaf),
            (E::PathLenConstraintViolated, CertProblem::PathLength),
            (E::NameConstraintViolation, CertProblem::NameConstraint),
            (
                E::UnsupportedCriticalExtension,
                CertProblem::CriticalExtension,
            ),
            (E::UnsupportedCertVersion, CertProblem::Malformed),
            (E::UnknownIssuer, CertProblem::UnknownIssuer),
        ] {
            let error = CertificateError::Other(rustls::OtherError(Arc::new(error)));
            assert_eq!(of_certificate(&error), problem, "{error:?}");
        }
    }
}

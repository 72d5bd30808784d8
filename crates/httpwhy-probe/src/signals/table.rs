//! Every error that the libraries can give, against the committed table: each row is made and mapped.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use h3::error::{Code, ConnectionError as H3Connection, StreamError};
use h3::quic::ConnectionErrorIncoming;
use hickory_proto::op::ResponseCode;
use httpwhy_model::{DnsFault, Signal};
use quinn::{ApplicationClose, ConnectError, ConnectionClose, ConnectionError};
use quinn::{ReadError, TransportErrorCode, VarInt, WriteError};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{CertificateError, ExtendedKeyPurpose, OtherError};

use super::quic::{of_quic_start, of_read, of_write};
use super::{Via, of_certificate, of_h2, of_h3, of_h3_stream, of_io, of_quic, of_tls};

struct Row {
    of: String,
    variant: String,
    signals: String,
    note: String,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../../tests/fixtures/errors.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t').map(str::to_owned);
            let mut next = || columns.next().unwrap_or_default();
            let (of, _file, name) = (next(), next(), next());
            let (variant, _phase, signals, note) = (next(), next(), next(), next());
            Row {
                of: format!("{of} {name}"),
                variant,
                signals,
                note,
            }
        })
        .collect()
}

/// The name of a variant as the libraries' own `Debug` has it.
fn name(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    text.chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

/// Each of the values has its row, with the signals it maps to; and no row that has signals is left.
fn check<T: Debug>(of: &str, values: Vec<T>, map: impl Fn(&T) -> Vec<Signal>) {
    let rows = rows();
    let rows: Vec<_> = rows.iter().filter(|row| row.of == of).collect();
    assert!(!rows.is_empty(), "no row of {of}");
    let mut met = BTreeSet::new();
    for value in values {
        let variant = name(&value);
        let row = rows.iter().find(|row| row.variant == variant);
        let row = row.unwrap_or_else(|| panic!("{of}::{variant} has no row in errors.tsv"));
        let signals: Vec<_> = map(&value).iter().map(ToString::to_string).collect();
        assert_eq!(signals.join(" | "), row.signals, "{of}::{variant}");
        met.insert(variant);
    }
    for row in rows {
        let never = row.signals == "-";
        assert!(
            !never || !row.note.is_empty(),
            "{of}::{}: why never?",
            row.variant
        );
        assert!(
            never || met.contains(&row.variant),
            "{of}::{} has no example here",
            row.variant
        );
    }
}

/// All rows of that enum say the same.
fn all(of: &str, signal: &Signal) {
    let rows = rows();
    let rows: Vec<_> = rows.iter().filter(|row| row.of == of).collect();
    assert!(!rows.is_empty(), "no row of {of}");
    for row in rows {
        assert_eq!(row.signals, signal.to_string(), "{of}::{}", row.variant);
    }
}

#[test]
fn rustls() {
    use rustls::{Error as E, InvalidMessage, PeerIncompatible, PeerMisbehaved};
    let message = E::InvalidMessage(InvalidMessage::InvalidCcs);
    let misbehaved = E::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments);
    let incompatible = E::PeerIncompatible(PeerIncompatible::NullCompressionRequired);
    let list = E::InvalidCertRevocationList(rustls::CertRevocationListError::BadSignature);
    let keys = E::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch);
    all("rustls InvalidMessage", &of_tls(&message));
    all("rustls PeerMisbehaved", &of_tls(&misbehaved));
    all("rustls PeerIncompatible", &of_tls(&incompatible));
    all("rustls CertRevocationListError", &of_tls(&list));
    all("rustls InconsistentKeys", &of_tls(&keys));
    let values = vec![
        E::InappropriateMessage {
            expect_types: Vec::new(),
            got_type: rustls::ContentType::Alert,
        },
        E::InappropriateHandshakeMessage {
            expect_types: Vec::new(),
            got_type: rustls::HandshakeType::Finished,
        },
        message,
        misbehaved,
        incompatible,
        list,
        keys,
        E::NoCertificatesPresented,
        E::UnsupportedNameType,
        E::DecryptError,
        E::EncryptError,
        E::AlertReceived(rustls::AlertDescription::HandshakeFailure),
        E::InvalidCertificate(CertificateError::Revoked),
        E::General(String::new()),
        E::FailedToGetCurrentTime,
        E::FailedToGetRandomBytes,
        E::HandshakeNotComplete,
        E::PeerSentOversizedRecord,
        E::NoApplicationProtocol,
        E::BadMaxFragmentSize,
        E::Other(OtherError(Arc::new(io::Error::other("?")))),
    ];
    check("rustls Error", values, |error| vec![of_tls(error)]);
}

fn moment() -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::ZERO)
}

#[test]
fn certificates() {
    use CertificateError as E;
    let expected = ServerName::try_from("a.example").unwrap();
    let (time, id) = (moment(), Vec::new);
    #[expect(deprecated, reason = "the library still gives it")]
    let older = E::UnsupportedSignatureAlgorithm;
    let values = vec![
        E::BadEncoding,
        E::Expired,
        E::ExpiredContext {
            time,
            not_after: time,
        },
        E::NotValidYet,
        E::NotValidYetContext {
            time,
            not_before: time,
        },
        E::Revoked,
        E::UnhandledCriticalExtension,
        E::UnknownIssuer,
        E::UnknownRevocationStatus,
        E::ExpiredRevocationList,
        E::ExpiredRevocationListContext {
            time,
            next_update: time,
        },
        E::BadSignature,
        older,
        E::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: id(),
            supported_algorithms: Vec::new(),
        },
        E::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: id(),
            public_key_algorithm_id: id(),
        },
        E::NotValidForName,
        E::NotValidForNameContext {
            expected,
            presented: Vec::new(),
        },
        E::InvalidPurpose,
        E::InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            presented: Vec::new(),
        },
        E::InvalidOcspResponse,
        E::ApplicationVerificationFailure,
        E::Other(OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity))),
    ];
    check("rustls CertificateError", values, |error| {
        vec![Signal::cert(of_certificate(error))]
    });
}

#[test]
#[expect(deprecated, reason = "the library still has the words")]
fn chains() {
    use webpki::{
        Error as E, InvalidNameContext, KeyUsage, RequiredEkuNotFoundContext,
        UnsupportedSignatureAlgorithmContext, UnsupportedSignatureAlgorithmForPublicKeyContext,
    };
    let time = moment();
    let algorithm = || UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: Vec::new(),
        supported_algorithms: Vec::new(),
    };
    let for_key = || UnsupportedSignatureAlgorithmForPublicKeyContext {
        signature_algorithm_id: Vec::new(),
        public_key_algorithm_id: Vec::new(),
    };
    let values = vec![
        E::BadDer,
        E::BadDerTime,
        E::CaUsedAsEndEntity,
        E::CertDistrusted,
        E::CertExpired {
            time,
            not_after: time,
        },
        E::CertNotValidForName(InvalidNameContext {
            expected: ServerName::try_from("a.example").unwrap(),
            presented: Vec::new(),
        }),
        E::CertNotValidYet {
            time,
            not_before: time,
        },
        E::CertRevoked,
        E::CrlExpired {
            time,
            next_update: time,
        },
        E::EmptyEkuExtension,
        E::EndEntityUsedAsCa,
        E::ExtensionValueInvalid,
        E::InvalidCertValidity,
        E::InvalidCrlNumber,
        E::InvalidNetworkMaskConstraint,
        E::InvalidSerialNumber,
        E::InvalidCrlSignatureForPublicKey,
        E::InvalidSignatureForPublicKey,
        E::IssuerNotCrlSigner,
        E::MalformedDnsIdentifier,
        E::MalformedExtensions,
        E::MalformedNameConstraint,
        E::MaximumNameConstraintComparisonsExceeded,
        E::MaximumPathBuildCallsExceeded,
        E::MaximumPathDepthExceeded,
        E::MaximumSignatureChecksExceeded,
        E::NameConstraintViolation,
        E::PathLenConstraintViolated,
        E::RequiredEkuNotFound,
        E::RequiredEkuNotFoundContext(RequiredEkuNotFoundContext {
            required: KeyUsage::server_auth(),
            present: Vec::new(),
        }),
        E::SignatureAlgorithmMismatch,
        E::TrailingData(webpki::DerTypeId::Certificate),
        E::UnknownIssuer,
        E::UnknownRevocationStatus,
        E::UnsupportedCertVersion,
        E::UnsupportedCriticalExtension,
        E::UnsupportedCrlIssuingDistributionPoint,
        E::UnsupportedCrlVersion,
        E::UnsupportedDeltaCrl,
        E::UnsupportedIndirectCrl,
        E::UnsupportedNameType,
        E::UnsupportedRevocationReason,
        E::UnsupportedRevocationReasonsPartitioning,
        E::UnsupportedCrlSignatureAlgorithm,
        E::UnsupportedCrlSignatureAlgorithmContext(algorithm()),
        E::UnsupportedSignatureAlgorithm,
        E::UnsupportedSignatureAlgorithmContext(algorithm()),
        E::UnsupportedCrlSignatureAlgorithmForPublicKey,
        E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(for_key()),
        E::UnsupportedSignatureAlgorithmForPublicKey,
        E::UnsupportedSignatureAlgorithmForPublicKeyContext(for_key()),
    ];
    check("rustls-webpki Error", values, |error| {
        let error = CertificateError::Other(OtherError(Arc::new(error.clone())));
        vec![Signal::cert(of_certificate(&error))]
    });
}

#[test]
fn quic() {
    use ConnectionError as E;
    let values = vec![
        E::VersionMismatch,
        E::TransportError(TransportErrorCode::PROTOCOL_VIOLATION.into()),
        E::ConnectionClosed(ConnectionClose {
            error_code: TransportErrorCode::crypto(48),
            frame_type: None,
            reason: b"go away"[..].into(),
        }),
        E::ApplicationClosed(ApplicationClose {
            error_code: VarInt::from_u32(0x107),
            reason: b"slow\x07down"[..].into(),
        }),
        E::Reset,
        E::TimedOut,
        E::LocallyClosed,
        E::CidsExhausted,
    ];
    check("quinn-proto ConnectionError", values, of_quic);
    let values = vec![
        ConnectError::EndpointStopping,
        ConnectError::CidsExhausted,
        ConnectError::InvalidServerName(String::new()),
        ConnectError::InvalidRemoteAddress(([127, 0, 0, 1], 0).into()),
        ConnectError::NoDefaultClientConfig,
        ConnectError::UnsupportedVersion,
    ];
    check("quinn-proto ConnectError", values, |error| {
        vec![of_quic_start(error)]
    });
    let values = vec![
        ReadError::Reset(VarInt::from_u32(0x10c)),
        ReadError::ConnectionLost(E::TimedOut),
        ReadError::ClosedStream,
        ReadError::IllegalOrderedRead,
        ReadError::ZeroRttRejected,
    ];
    check("quinn ReadError", values, of_read);
    let values = vec![
        WriteError::Stopped(VarInt::from_u32(0x107)),
        WriteError::ConnectionLost(E::Reset),
        WriteError::ClosedStream,
        WriteError::ZeroRttRejected,
    ];
    check("quinn WriteError", values, of_write);
}

#[test]
fn http3() {
    let closed =
        |error_code| H3Connection::Remote(ConnectionErrorIncoming::ApplicationClose { error_code });
    let undefined = |error| ConnectionErrorIncoming::Undefined(Arc::new(error));
    let remote = vec![closed(0x100), H3Connection::Timeout];
    // Local ones cannot be made here: tests/probe/h3.rs meets them on sockets.
    for error in &remote {
        let row = rows()
            .into_iter()
            .find(|row| row.of == "h3 ConnectionError" && row.variant == name(error));
        let signals = of_h3(error, None);
        assert_eq!(row.unwrap().signals, signals[0].to_string());
    }
    let incoming = vec![
        ConnectionErrorIncoming::ApplicationClose { error_code: 0x102 },
        ConnectionErrorIncoming::Timeout,
        ConnectionErrorIncoming::InternalError(String::new()),
        undefined(ConnectionError::Reset),
    ];
    check("h3 ConnectionErrorIncoming", incoming, |error| {
        of_h3(&H3Connection::Remote(error.clone()), None)
    });
    let streams = vec![
        StreamError::StreamError {
            code: Code::H3_MESSAGE_ERROR,
            reason: String::new(),
        },
        StreamError::RemoteTerminate {
            code: Code::H3_REQUEST_REJECTED,
        },
        StreamError::ConnectionError(H3Connection::Timeout),
        StreamError::HeaderTooBig {
            actual_size: 10,
            max_size: 9,
        },
        StreamError::RemoteClosing,
        StreamError::Undefined(Box::new(WriteError::Stopped(VarInt::from_u32(0x10c)))),
    ];
    check("h3 StreamError", streams, |error| {
        of_h3_stream(error, Via::Reset, None)
    });
    // What has no row of its own, but another way through.
    let sent = StreamError::HeaderTooBig {
        actual_size: 10,
        max_size: 9,
    };
    let sent = of_h3_stream(&sent, Via::StopSending, None);
    assert_eq!(sent[0].to_string(), "h3:field-section-limit size=10 max=9");
    let read = StreamError::Undefined(Box::new(ReadError::Reset(VarInt::from_u32(5))));
    let read = of_h3_stream(&read, Via::Reset, None);
    assert_eq!(
        read[0].to_string(),
        "h3:unknown code=0x5 by=peer via=reset-stream"
    );
}

#[test]
fn hickory() {
    let garbage = Signal::dns(DnsFault::Garbage);
    all("hickory-proto ProtoError", &garbage);
    all("hickory-proto DecodeError", &garbage);
    let values = vec![
        ResponseCode::FormErr,
        ResponseCode::ServFail,
        ResponseCode::NXDomain,
        ResponseCode::NotImp,
        ResponseCode::Refused,
        ResponseCode::YXDomain,
        ResponseCode::YXRRSet,
        ResponseCode::NXRRSet,
        ResponseCode::NotAuth,
        ResponseCode::NotZone,
        ResponseCode::BADVERS,
        ResponseCode::BADKEY,
        ResponseCode::BADTIME,
        ResponseCode::BADMODE,
        ResponseCode::BADNAME,
        ResponseCode::BADALG,
        ResponseCode::BADTRUNC,
        ResponseCode::BADCOOKIE,
        ResponseCode::Unknown(4_095),
    ];
    check("hickory-proto ResponseCode", values, |code| {
        vec![Signal::dns(DnsFault::Rcode(u16::from(*code)))]
    });
}

#[test]
fn h2() {
    // The other kinds cannot be made here: tests/probe/h2.rs meets them on sockets.
    let error = ::h2::Error::from(::h2::Reason::PROTOCOL_ERROR);
    let rows = rows();
    let row = rows
        .iter()
        .find(|row| row.of == "h2 Kind" && row.variant == "Reason");
    let found = of_h2(&error).to_string();
    assert!(found.starts_with(&row.unwrap().signals), "{found}");
}

/// The kinds of the standard library that a socket can give.
const KINDS: &[io::ErrorKind] = &[
    io::ErrorKind::NotFound,
    io::ErrorKind::PermissionDenied,
    io::ErrorKind::ConnectionRefused,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::HostUnreachable,
    io::ErrorKind::NetworkUnreachable,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::NotConnected,
    io::ErrorKind::AddrInUse,
    io::ErrorKind::AddrNotAvailable,
    io::ErrorKind::NetworkDown,
    io::ErrorKind::BrokenPipe,
    io::ErrorKind::NotADirectory,
    io::ErrorKind::InvalidInput,
    io::ErrorKind::TimedOut,
    io::ErrorKind::WriteZero,
    io::ErrorKind::Unsupported,
    io::ErrorKind::OutOfMemory,
];

#[test]
fn the_system() {
    let mut errors: Vec<_> = KINDS.iter().map(|&kind| io::Error::from(kind)).collect();
    if cfg!(target_os = "linux") {
        // EMFILE has no kind with a name.
        errors.push(io::Error::from_raw_os_error(24));
    }
    let rows = rows();
    for error in errors {
        let kind = format!("{:?}", error.kind());
        let row = rows
            .iter()
            .find(|row| row.of == "std ErrorKind" && row.variant == kind);
        let row = row.unwrap_or_else(|| panic!("ErrorKind::{kind} has no row in errors.tsv"));
        assert_eq!(of_io(&error).to_string(), row.signals, "{kind}");
    }
    // A kind that a newer standard library gives an old number has no row.
    for number in 1..=133 {
        let kind = format!("{:?}", io::Error::from_raw_os_error(number).kind());
        let known = rows
            .iter()
            .any(|row| row.of == "std ErrorKind" && row.variant == kind);
        assert!(
            known || !cfg!(target_os = "linux"),
            "ErrorKind::{kind} (error {number}) is new: map it in signals/io.rs, and add it to errors.tsv"
        );
    }
}

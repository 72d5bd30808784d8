//! Errors of QUIC and of HTTP/3.

use std::borrow::Cow;
use std::error::Error;

use h3::error::{ConnectionError as H3Connection, LocalError, StreamError};
use h3::quic::ConnectionErrorIncoming;
use httpwhy_model::{Errno, Signal, TlsFault};
use quinn::{ClosedStream, ConnectError, ConnectionError, ReadError, WriteError};

use super::{engine, tls};

/// Bytes of a reason phrase that are kept.
const REASON: usize = 64;
/// TLS alerts inside QUIC: CRYPTO_ERROR (RFC 9000 section 20.1).
const CRYPTO: std::ops::RangeInclusive<u64> = 0x100..=0x1ff;
/// The highest transport error code that has a name (IANA, QUIC Transport Error Codes).
const LAST: u64 = 0x10;
/// The error codes of HTTP/3 that have a name (IANA, HTTP/3 Error Codes).
const H3_CODES: [std::ops::RangeInclusive<u64>; 3] = [0x33..=0x33, 0x100..=0x110, 0x200..=0x202];

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The other side.
    Peer,
    /// Our library, of what the other side did.
    Us,
}

/// How an HTTP/3 error code came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// The other side gave up its response (RFC 9000 section 19.4).
    Reset,
    /// The other side wants no more of the request (RFC 9000 section 19.5).
    StopSending,
}

impl Via {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset-stream",
            Self::StopSending => "stop-sending",
        }
    }
}

/// How a QUIC connection ended.
pub(crate) fn of_quic(error: &ConnectionError) -> Vec<Signal> {
    use ConnectionError as E;
    match error {
        E::VersionMismatch => vec![quic("version-negotiation")],
        E::TransportError(error) => transport(error.code.into(), By::Us, error.reason.as_bytes()),
        E::ConnectionClosed(close) => transport(close.error_code.into(), By::Peer, &close.reason),
        E::ApplicationClosed(close) => vec![closed(
            close.error_code.into_inner(),
            By::Peer,
            &close.reason,
        )],
        E::Reset => vec![quic("stateless-reset")],
        E::TimedOut => vec![quic("idle-timeout")],
        // Neither happens unless we are at fault: we use what we have closed, or have run out of identifiers.
        E::LocallyClosed | E::CidsExhausted => vec![engine("internal")],
    }
}

/// Why no QUIC connection could be begun.
pub(crate) fn of_quic_start(error: &ConnectError) -> Signal {
    use ConnectError as E;
    match error {
        E::InvalidServerName(_) => Signal::word("input", "invalid-url"),
        // Port 0, or a family that the socket is not of: what the system says of it.
        E::InvalidRemoteAddress(_) => Signal::Errno(Errno::named("EINVAL")),
        E::EndpointStopping
        | E::CidsExhausted
        | E::NoDefaultClientConfig
        | E::UnsupportedVersion => engine("internal"),
    }
}

/// Why an HTTP/3 connection ended. `ended` is what QUIC knows of it, which the library does not always hand on.
#[allow(
    clippy::unneeded_struct_pattern,
    reason = "the variants are not exhaustive, save where tests make them so"
)]
pub(crate) fn of_h3(error: &H3Connection, ended: Option<&ConnectionError>) -> Vec<Signal> {
    match error {
        H3Connection::Local { error, .. } => vec![of_local(error)],
        H3Connection::Remote { 0: incoming, .. } => of_incoming(incoming, ended),
        H3Connection::Timeout { .. } => vec![quic("idle-timeout")],
        // The enum may grow; a test says when.
        _ => ended.map_or_else(|| vec![engine("internal")], of_quic),
    }
}

/// What the library found wrong with the other side.
fn of_local(error: &LocalError) -> Signal {
    match error {
        LocalError::Application { code, reason, .. } => {
            closed(code.value(), By::Us, reason.as_bytes())
        }
        // We were the ones to end it in order.
        _ => engine("internal"),
    }
}

fn of_incoming(error: &ConnectionErrorIncoming, ended: Option<&ConnectionError>) -> Vec<Signal> {
    use ConnectionErrorIncoming as E;
    match (error, ended) {
        (E::ApplicationClose { .. } | E::Undefined(_), Some(ended)) => of_quic(ended),
        (E::ApplicationClose { error_code }, None) => vec![closed(*error_code, By::Peer, b"")],
        (E::Timeout, _) => vec![quic("idle-timeout")],
        (E::Undefined(error), None) => of_any(&**error),
        (E::InternalError(_), _) => vec![engine("internal")],
    }
}

/// Why a request's stream failed. `via` says which side of it was used; `limit` is the bound of a field section.
#[allow(
    clippy::unneeded_struct_pattern,
    reason = "the variants are not exhaustive, save where tests make them so"
)]
pub(crate) fn of_h3_stream(
    error: &StreamError,
    via: Via,
    ended: Option<&ConnectionError>,
) -> Vec<Signal> {
    match error {
        StreamError::StreamError { code, reason, .. } => {
            vec![closed(code.value(), By::Us, reason.as_bytes())]
        }
        StreamError::RemoteTerminate { code, .. } => vec![terminated(code.value(), via)],
        StreamError::ConnectionError { 0: error, .. } => of_h3(error, ended),
        StreamError::HeaderTooBig {
            actual_size,
            max_size,
            ..
        } => vec![too_big(*actual_size, *max_size, via)],
        StreamError::RemoteClosing { .. } => vec![quic("goaway-retry")],
        StreamError::Undefined { 0: error, .. } => of_any(&**error),
        // The enum may grow; a test says when.
        _ => ended.map_or_else(|| vec![engine("internal")], of_quic),
    }
}

/// A field section beyond a bound: ours of what is received, the other side's (SETTINGS_MAX_FIELD_SECTION_SIZE, RFC
/// 9114 section 4.2.2) of what is sent.
fn too_big(size: u64, max: u64, via: Via) -> Signal {
    match via {
        Via::Reset => crate::deadline::limit("head", max),
        Via::StopSending => word(
            "h3",
            "field-section-limit",
            vec![("size", size.to_string()), ("max", max.to_string())],
        ),
    }
}

/// An error that one library hands through another.
fn of_any(error: &(dyn Error + Send + Sync + 'static)) -> Vec<Signal> {
    let connection = error.downcast_ref().map(of_quic);
    let write = || error.downcast_ref().map(of_write);
    let read = || error.downcast_ref().map(of_read);
    let closed = || {
        error
            .downcast_ref()
            .map(|ClosedStream { .. }| vec![engine("internal")])
    };
    connection
        .or_else(write)
        .or_else(read)
        .or_else(closed)
        .unwrap_or_else(|| vec![engine("internal")])
}

/// Why a stream could not be written to.
pub(super) fn of_write(error: &WriteError) -> Vec<Signal> {
    match error {
        WriteError::Stopped(code) => vec![terminated(code.into_inner(), Via::StopSending)],
        WriteError::ConnectionLost(error) => of_quic(error),
        WriteError::ClosedStream | WriteError::ZeroRttRejected => vec![engine("internal")],
    }
}

/// Why a stream could not be read from.
pub(super) fn of_read(error: &ReadError) -> Vec<Signal> {
    match error {
        ReadError::Reset(code) => vec![terminated(code.into_inner(), Via::Reset)],
        ReadError::ConnectionLost(error) => of_quic(error),
        ReadError::ClosedStream | ReadError::IllegalOrderedRead | ReadError::ZeroRttRejected => {
            vec![engine("internal")]
        }
    }
}

/// A word of the QUIC transport that is no code.
pub(crate) fn quic(name: &'static str) -> Signal {
    Signal::word("quic", name)
}

/// A GOAWAY that turned our request away (RFC 9114 section 5.2).
pub(crate) fn goaway_retry(id: u64) -> Signal {
    word("quic", "goaway-retry", vec![("id", id.to_string())])
}

/// A GOAWAY that lets our request be finished.
pub(crate) fn goaway(id: u64) -> Signal {
    word("h3", "goaway", vec![("id", id.to_string())])
}

/// A response that breaks the rules of HTTP/3 in a way that the library does not see (RFC 9114 section 4.1.2).
pub(crate) fn h3_malformed(what: &'static str) -> Signal {
    let params = vec![("by", "us".to_owned()), ("reason", what.to_owned())];
    word("h3", "270", params)
}

/// Whether a signal says that the other side is done without a complaint: HTTP/3's H3_NO_ERROR.
pub(crate) fn is_no_error(signal: &Signal) -> bool {
    signal.is("h3:256")
}

/// A transport error code (RFC 9000 section 20.1); CRYPTO_ERROR with the alert inside.
fn transport(code: u64, by: By, reason: &[u8]) -> Vec<Signal> {
    if !CRYPTO.contains(&code) {
        let params = params(by, None, reason);
        return vec![named("quic", code, code <= LAST, params)];
    }
    let alert = (code & 0xff) as u8;
    let inside = match by {
        By::Peer => Signal::TlsAlert(alert),
        By::Us => tls(of_own_alert(alert)),
    };
    vec![inside, named("quic", code, true, params(by, None, reason))]
}

/// What our TLS library had found when it sent that alert (RFC 8446 section 6.2).
const fn of_own_alert(alert: u8) -> TlsFault {
    match alert {
        // handshake_failure, protocol_version, insufficient_security, missing_extension
        40 | 70 | 71 | 109 => TlsFault::Incompatible,
        // unexpected_message, illegal_parameter, unsupported_extension
        10 | 47 | 110 => TlsFault::Misbehaved,
        // decode_error
        50 => TlsFault::InvalidMessage,
        // bad_record_mac, decrypt_error
        20 | 51 => TlsFault::BadRecordMac,
        // no_application_protocol
        120 => TlsFault::NoAlpn,
        _ => TlsFault::Other,
    }
}

/// A code of HTTP/3 or QPACK with which a connection was closed.
fn closed(code: u64, by: By, reason: &[u8]) -> Signal {
    let known = H3_CODES.iter().any(|codes| codes.contains(&code));
    let params = params(by, Some("connection-close"), reason);
    named("h3", code, known, params)
}

/// A code of HTTP/3 with which a stream was ended.
fn terminated(code: u64, via: Via) -> Signal {
    let known = H3_CODES.iter().any(|codes| codes.contains(&code));
    named("h3", code, known, params(By::Peer, Some(via.as_str()), b""))
}

type Params = Vec<(&'static str, String)>;

fn params(by: By, via: Option<&'static str>, reason: &[u8]) -> Params {
    let by = match by {
        By::Peer => "peer",
        By::Us => "us",
    };
    let mut params = vec![("by", by.to_owned())];
    params.extend(via.map(|via| ("via", via.to_owned())));
    let reason = token(reason, REASON);
    if !reason.is_empty() {
        params.push(("reason", reason));
    }
    params
}

/// A code that has a name; one that has none is said to be unknown.
fn named(dialect: &'static str, code: u64, known: bool, mut params: Params) -> Signal {
    if known {
        return word(dialect, code.to_string(), params);
    }
    params.insert(0, ("code", format!("{code:#x}")));
    word(dialect, "unknown", params)
}

fn word(dialect: &'static str, word: impl Into<Cow<'static, str>>, params: Params) -> Signal {
    Signal::Word {
        dialect: dialect.into(),
        word: word.into(),
        params: params
            .into_iter()
            .map(|(key, value)| (Cow::Borrowed(key), value))
            .collect(),
    }
}

/// Text of the other side as the value of a parameter: its first bytes, graphic ASCII, `_` for spaces and `?` for the rest.
pub(crate) fn token(text: &[u8], longest: usize) -> String {
    let bytes = text.trim_ascii().iter().take(longest);
    bytes
        .map(|&byte| match byte {
            b' ' => '_',
            byte if byte.is_ascii_graphic() => char::from(byte),
            _ => '?',
        })
        .collect()
}

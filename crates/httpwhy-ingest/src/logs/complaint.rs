//! What an error line shows: on which leg, in which phase, in the text form of signals.
//!
//! Error lines are read so that they prove what an access line leaves open. Where the line names a fact that every
//! machine shares (an error of the operating system, a TLS alert, a problem of a certificate), the signal is that fact.
//! Otherwise it is the error type of RFC 9209 section 2.3 that says the same of the server behind (`proxy-status:…`),
//! or, where the line is about the client or about the writer itself, a word of the dialect `log`:
//!
//! | word | what the writer noted |
//! |---|---|
//! | `log:client-malformed` | the request broke HTTP |
//! | `log:client-method` | the method is none that the writer knows |
//! | `log:client-too-large` | the request line, the head or the content was larger than allowed |
//! | `log:client-late` | the rest of the request did not come in time |
//! | `log:client-gone` | the client ended the connection or the stream |
//! | `log:client-plain` | a request without TLS on a port for TLS |
//! | `log:client-certificate` | the client's certificate was missing or refused |
//! | `log:client-handshake` | the TLS handshake with the client failed for what the client sent |
//! | `log:handshake` | the TLS handshake with the client failed, not said why |
//! | `log:denied` | a rule of the configuration forbids it |
//! | `log:limited` | a limit of rate or connections was reached |
//! | `log:credentials` | no, unknown or wrong credentials |
//! | `log:no-file` | there is no such file or listing |
//! | `log:no-permission` | the file is there and the server may not read it |
//! | `log:resources` | the writer itself had no descriptors, connections, memory or space left |
//! | `log:program-failed` | the program behind (CGI, FastCGI) failed and said so |
//! | `log:worker-off` | the server behind is switched off, by hand or after an earlier failure |

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memmem;

use super::{Format, Kind, Layout, Legs, Line, Open, Shape};

/// On which leg something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Between the client and the writer.
    Client,
    /// Between the writer and the server behind.
    Upstream,
}

/// What a line shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// On which leg.
    pub leg: Leg,
    /// In which phase of it.
    pub phase: Phase,
    /// The fact, in the text form of signals.
    pub signal: &'static str,
    /// How exact it is: of several lines about one exchange the most exact one counts, of equals the first.
    pub weight: u8,
    /// The status that the writer answers then; 0 where that may differ.
    pub status: u16,
}

impl Cause {
    /// An exact cause on the client's leg.
    pub(crate) const fn client(phase: Phase, signal: &'static str) -> Self {
        Self {
            leg: Leg::Client,
            phase,
            signal,
            weight: 3,
            status: 0,
        }
    }

    /// An exact cause on the leg to the server behind.
    pub(crate) const fn upstream(phase: Phase, signal: &'static str) -> Self {
        Self {
            leg: Leg::Upstream,
            phase,
            signal,
            weight: 3,
            status: 0,
        }
    }

    /// The same, as one that only follows from another.
    pub(crate) const fn following(mut self) -> Self {
        self.weight = 1;
        self
    }

    /// The same, which the writer answers with that status.
    pub(crate) const fn answered(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The shape of a line with this cause. It fits in the shape's bits and one word.
    pub(crate) fn shape(self) -> Shape<'static> {
        let leg = u16::from(self.leg == Leg::Upstream);
        Shape {
            status: self.status,
            bits: leg << 15 | u16::from(self.weight) << 8 | self.phase as u16,
            words: [self.signal.as_bytes(), b""],
            ..Shape::default()
        }
    }

    /// The cause of a shape; `None` for a line that shows none.
    pub fn of(shape: &Shape<'_>) -> Option<(Leg, Phase, Signal, u8)> {
        let signal = std::str::from_utf8(shape.words[0]).ok()?.parse().ok()?;
        let leg = if shape.bits >> 15 == 1 {
            Leg::Upstream
        } else {
            Leg::Client
        };
        let phase = *Phase::ALL.get(usize::from(shape.bits & 0xff))?;
        Some((leg, phase, signal, (shape.bits >> 8 & 0x7f) as u8))
    }
}

/// An entry of a table: all of these texts stand in the message, and then the cause is this.
pub(crate) type Known = (&'static [&'static str], Cause);

/// The cause of messages that show nothing that failed.
pub(crate) const HARMLESS: Cause = Cause {
    weight: 0,
    ..Cause::client(Phase::Close, "")
};

/// What the first entry says whose texts stand in the message.
pub(crate) fn look_up(table: &[Known], message: &[u8]) -> Option<Cause> {
    let said = Said::of(message);
    table
        .iter()
        .find(|(texts, _)| texts.iter().all(|text| said.holds(text)))
        .map(|(_, cause)| *cause)
}

/// A message that is asked for many texts. Which pairs of bytes it has is noted once, so that hardly any text that does
/// not stand in it is searched for.
pub(crate) struct Said<'m> {
    message: &'m [u8],
    pairs: [u64; 16],
}

impl<'m> Said<'m> {
    pub(crate) fn of(message: &'m [u8]) -> Self {
        let mut pairs = [0; 16];
        for pair in message.array_windows() {
            let (word, bit) = place_of(*pair);
            pairs[word] |= bit;
        }
        Self { message, pairs }
    }

    /// Whether a text stands in the message.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let mut pairs = text.as_bytes().array_windows();
        let may = pairs.all(|pair| {
            let (word, bit) = place_of(*pair);
            self.pairs[word] & bit != 0
        });
        may && memmem::find(self.message, text.as_bytes()).is_some()
    }
}

/// Where a pair of bytes is noted: the low bits tell letters apart.
const fn place_of([first, second]: [u8; 2]) -> (usize, u64) {
    let number = ((first & 31) as u16) << 5 | (second & 31) as u16;
    ((number >> 6) as usize, 1 << (number & 63))
}

/// The message without what stands between its first and its last quotation mark: paths, fields and names there are
/// what a client sent, and may say anything.
pub(crate) fn unquoted(message: &[u8]) -> Vec<u8> {
    let message = &message[..message.len().min(MAX_MESSAGE)];
    match (
        memchr::memchr(b'"', message),
        memchr::memrchr(b'"', message),
    ) {
        (Some(from), Some(to)) if to > from => [&message[..=from], &message[to..]].concat(),
        _ => message.to_vec(),
    }
}

/// Messages are read so far, in bytes.
const MAX_MESSAGE: usize = 2048;

/// How C libraries say the errors of the operating system (glibc, musl and the BSDs), and the errors.
const ERRORS: &[(&str, &str)] = &[
    ("onnection refused", "errno:ECONNREFUSED"),
    ("onnection reset by peer", "errno:ECONNRESET"),
    ("onnection timed out", "errno:ETIMEDOUT"),
    ("peration timed out", "errno:ETIMEDOUT"),
    ("o route to host", "errno:EHOSTUNREACH"),
    ("ost is unreachable", "errno:EHOSTUNREACH"),
    ("etwork is unreachable", "errno:ENETUNREACH"),
    ("etwork unreachable", "errno:ENETUNREACH"),
    ("etwork is down", "errno:ENETDOWN"),
    ("ost is down", "errno:EHOSTDOWN"),
    ("roken pipe", "errno:EPIPE"),
    ("ermission denied", "errno:EACCES"),
    ("peration not permitted", "errno:EPERM"),
    ("o such file or directory", "errno:ENOENT"),
    ("oo many open files", "errno:EMFILE"),
    ("annot assign requested address", "errno:EADDRNOTAVAIL"),
    ("an't assign requested address", "errno:EADDRNOTAVAIL"),
    ("oftware caused connection abort", "errno:ECONNABORTED"),
    ("esource temporarily unavailable", "errno:EAGAIN"),
    ("o space left on device", "errno:ENOSPC"),
    ("annot allocate memory", "errno:ENOMEM"),
    ("o buffer space available", "errno:ENOBUFS"),
];

/// The error of the operating system that a text names.
pub(crate) fn errno(text: &[u8]) -> Option<&'static str> {
    let said = Said::of(text);
    ERRORS
        .iter()
        .find(|(words, _)| said.holds(words))
        .map(|(_, signal)| *signal)
}

/// How OpenSSL says what is wrong in a handshake (crypto/err/openssl.txt), and the facts. Alerts are those received.
const TLS: &[(&str, &str)] = &[
    ("wrong version number", "tls:not-tls"),
    ("packet length too long", "tls:not-tls"),
    ("record layer failure", "tls:invalid-message"),
    ("unexpected eof", "eof:0"),
    ("unsupported protocol", "tls:incompatible"),
    ("no shared cipher", "tls:incompatible"),
    ("no suitable signature algorithm", "tls:incompatible"),
    ("unsafe legacy renegotiation disabled", "tls:incompatible"),
    ("dh key too small", "tls:incompatible"),
    ("alert handshake failure", "tls-alert:40"),
    ("alert bad certificate", "tls-alert:42"),
    ("alert unsupported certificate", "tls-alert:43"),
    ("alert certificate revoked", "tls-alert:44"),
    ("alert certificate expired", "tls-alert:45"),
    ("alert certificate unknown", "tls-alert:46"),
    ("alert unknown ca", "tls-alert:48"),
    ("alert access denied", "tls-alert:49"),
    ("alert decode error", "tls-alert:50"),
    ("alert decrypt error", "tls-alert:51"),
    ("alert protocol version", "tls-alert:70"),
    ("alert internal error", "tls-alert:80"),
    ("alert inappropriate fallback", "tls-alert:86"),
    ("unrecognized name", "tls-alert:112"),
    ("alert certificate required", "tls-alert:116"),
    ("alert no application protocol", "tls-alert:120"),
    ("certificate has expired", "cert:expired"),
    ("ertificate is not yet valid", "cert:not-yet-valid"),
    (
        "self-signed certificate in certificate chain",
        "cert:self-signed-in-chain",
    ),
    (
        "self signed certificate in certificate chain",
        "cert:self-signed-in-chain",
    ),
    ("self-signed certificate", "cert:self-signed"),
    ("self signed certificate", "cert:self-signed"),
    (
        "unable to get local issuer certificate",
        "cert:unknown-issuer",
    ),
    ("unable to get issuer certificate", "cert:unknown-issuer"),
    (
        "unable to verify the first certificate",
        "cert:unknown-issuer",
    ),
    ("certificate revoked", "cert:revoked"),
    ("ostname mismatch", "cert:name-mismatch"),
    ("IP address mismatch", "cert:ip-mismatch"),
    (
        "certificate verify failed",
        "proxy-status:tls_certificate_error",
    ),
];

/// What OpenSSL says of a handshake.
pub(crate) fn tls(text: &[u8]) -> Option<&'static str> {
    let said = Said::of(text);
    TLS.iter()
        .find(|(words, _)| said.holds(words))
        .map(|(_, signal)| *signal)
}

/// What a handshake with the client shows about the client: an alert or an end of the stream that it sent, bytes that
/// are no TLS. What two sides have not in common shows neither to be wrong.
pub(crate) fn client_tls(text: &[u8]) -> Cause {
    let signal = match tls(text) {
        _ if memmem::find(text, b"http request").is_some() => "log:client-plain",
        Some("tls:not-tls" | "eof:0" | "tls:invalid-message") => "log:client-handshake",
        Some("tls:incompatible") => "tls:incompatible",
        Some(alert) if alert.starts_with("tls-alert:") => alert,
        _ => "log:handshake",
    };
    Cause::client(Phase::Tls, signal)
}

/// [`Format::fit`].
type Fit = fn(&[&[u8]]) -> Option<Arc<dyn Layout>>;

/// The format of error lines of that name.
pub(crate) const fn format(
    name: &'static str,
    title: &'static str,
    fit: Fit,
    shape: for<'a> fn(&Line<'a>) -> Shape<'a>,
    visit: fn(&Shape<'_>) -> Visit,
) -> Format {
    Format {
        name,
        title,
        kind: Kind::Error,
        side: Side::Between,
        rank: 50,
        fit,
        shape,
        visit,
        open,
    }
}

fn open(_: &Shape<'_>) -> Option<Open> {
    None
}

/// An error line alone as facts: the leg that failed, with its cause.
pub(crate) fn visit(name: &str, shape: &Shape<'_>) -> Visit {
    let legs = Legs::of(name, Side::Between);
    match Cause::of(shape) {
        Some((Leg::Client, phase, signal, _)) => legs.word(phase, signal),
        Some((Leg::Upstream, phase, signal, _)) => legs.upstream_failed(phase, &[signal]),
        None => legs,
    }
    .visit()
}

//! One fact in a machine's own vocabulary, with one text form shared by catalogue, JSON, `explain` and transcripts.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::words::words;

/// One fact in a machine's own vocabulary.
///
/// The text form is `dialect:word`, then parameters `key=value` behind spaces:
///
/// ```
/// use httpwhy_model::Signal;
/// let signal: Signal = "h1:bare-lf at=17".parse().unwrap();
/// assert_eq!(signal.to_string(), "h1:bare-lf at=17");
/// assert!(signal.is("h1:bare-lf") && signal.is("h1") && !signal.is("h1:bare"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// `errno:ECONNRESET`: the operating system's error name.
    Errno(Errno),
    /// `timeout:5000`: our own deadline fired after so many milliseconds.
    Timeout(u64),
    /// `eof:120`: the peer ended the stream in order when so many bytes of this message or handshake had come.
    Eof(u64),
    /// `dns:3`, `dns:nodata`, `dns:2 ede=22`: what the name server said, or that it could not be read.
    Dns {
        /// The fact.
        fault: DnsFault,
        /// Parameters in order: `ede` and `ede-text` (RFC 8914), `edns=no`; values hold no white space.
        detail: Vec<(Cow<'static, str>, String)>,
    },
    /// `tls-alert:40`: an alert received from the peer (RFC 8446 section 6).
    TlsAlert(u8),
    /// `tls:not-tls first=48545450`: what the TLS layer saw; `first` is the peer's first bytes in hex.
    Tls {
        /// The fact.
        fault: TlsFault,
        /// The first bytes the peer sent, at most 16, when they matter.
        first: Vec<u8>,
    },
    /// `cert:expired not-after=…`: one problem of the certificate chain.
    Cert {
        /// The problem.
        problem: CertProblem,
        /// Parameters in order, e.g. `not-after`; values hold no white space.
        detail: Vec<(Cow<'static, str>, String)>,
    },
    /// `h1:bare-lf at=17`: a defect of an HTTP/1 message and its byte offset from the message's start.
    H1 {
        /// The defect.
        defect: H1Defect,
        /// Byte offset from the start of the message.
        at: u64,
    },
    /// Any other machine's word: `nginx:499`, `envoy:UF`, `chromium:net::ERR_ABORTED`, `limit:head max=65536`.
    Word {
        /// Whose vocabulary, lower case without colon or space.
        dialect: Cow<'static, str>,
        /// The word; no white space.
        word: Cow<'static, str>,
        /// Parameters in order; values hold no white space.
        params: Vec<(Cow<'static, str>, String)>,
    },
}

/// An error name of the operating system, e.g. `ECONNRESET`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Errno(Cow<'static, str>);

impl Errno {
    /// An error name known at compile time.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The name, or `E` and the number when the name is not known.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Errno {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

/// What went wrong at the name server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DnsFault {
    /// The response code (RFC 1035 section 4.1.1, RFC 6895): 1 FORMERR, 2 SERVFAIL, 3 NXDOMAIN, 4 NOTIMP, 5 REFUSED.
    Rcode(u16),
    /// The name exists and has no address.
    NoData,
    /// The answer could not be read.
    Garbage,
    /// The answer was cut off and could not be had over TCP.
    Truncated,
}

words! {
    /// What the TLS layer saw, beside alerts and certificates.
    pub enum TlsFault as "TLS fault" {
        /// The peer's first bytes are no TLS record.
        NotTls = "not-tls",
        /// The stream ended without close_notify (RFC 8446 section 6.1).
        NoCloseNotify = "no-close-notify",
        /// No common version, cipher or parameter.
        Incompatible = "incompatible",
        /// The peer broke the TLS protocol.
        Misbehaved = "misbehaved",
        /// A TLS message that cannot be decoded.
        InvalidMessage = "invalid-message",
        /// The server asked for a client certificate.
        ClientCertWanted = "client-cert-wanted",
        /// A record that does not authenticate (bad MAC).
        BadRecordMac = "bad-record-mac",
        /// No common application protocol.
        NoAlpn = "no-alpn",
        /// Anything else the TLS library refused.
        Other = "other",
    }
}

words! {
    /// A problem of the certificate chain (RFC 5280 section 6, RFC 9525).
    pub enum CertProblem as "certificate problem" {
        /// The last day has passed.
        Expired = "expired",
        /// The first day has not come.
        NotYetValid = "not-yet-valid",
        /// The host name asked for is not in it.
        NameMismatch = "name-mismatch",
        /// The IP address asked for is not in it.
        IpMismatch = "ip-mismatch",
        /// No trusted issuer was found.
        UnknownIssuer = "unknown-issuer",
        /// Only the leaf came, and its issuer is not known: an intermediate is missing.
        LeafUnverifiable = "leaf-unverifiable",
        /// The leaf signed itself, proven by its own key.
        SelfSigned = "self-signed",
        /// The chain ends in a root that signed itself and is not trusted.
        SelfSignedInChain = "self-signed-in-chain",
        /// A signature in the chain, or of the handshake, does not verify.
        BadSignature = "bad-signature",
        /// A revocation list names it.
        Revoked = "revoked",
        /// It cannot be decoded.
        Malformed = "malformed",
        /// Its key may not be used for this.
        InvalidPurpose = "invalid-purpose",
        /// A CA certificate used as a server's own.
        CaAsLeaf = "ca-as-leaf",
        /// A certificate that is no CA's has signed another.
        LeafAsCa = "leaf-as-ca",
        /// Its signature algorithm is not supported here.
        UnsupportedSignature = "unsupported-signature",
        /// A name constraint of an issuer forbids the name.
        NameConstraint = "name-constraint",
        /// It has a critical extension that is not understood.
        CriticalExtension = "critical-extension",
        /// An issuer in the chain is no CA or the chain is longer than it allows.
        PathLength = "path-length",
        /// The revocation list has expired.
        CrlExpired = "crl-expired",
        /// Its revocation status could not be learnt.
        RevocationUnknown = "revocation-unknown",
        /// Its key is too small.
        WeakKey = "weak-key",
        /// Its signature rests on a digest that can be forged: SHA-1 or MD5.
        WeakSignature = "weak-signature",
        /// Any other problem.
        Other = "other",
    }
}

words! {
    /// A defect of an HTTP/1 message (RFC 9112).
    pub enum H1Defect as "HTTP/1 defect" {
        /// The first bytes are no HTTP/1 start line at all.
        NotHttp = "not-http",
        /// The status line is malformed (section 4).
        BadStatusLine = "bad-status-line",
        /// Three digits outside 100 to 599 (RFC 9110 section 15).
        StatusOutOfRange = "status-out-of-range",
        /// The request line is malformed (section 3).
        BadRequestLine = "bad-request-line",
        /// A line ends with LF alone (section 2.2).
        BareLf = "bare-lf",
        /// A CR that no LF follows (section 2.2).
        BareCr = "bare-cr",
        /// A NUL byte in the head (RFC 9110 section 5.5).
        Nul = "nul",
        /// A field line folded over several lines (section 5.2).
        ObsFold = "obs-fold",
        /// White space between field name and colon (section 5.1).
        SpaceBeforeColon = "space-before-colon",
        /// A field line without a colon.
        NoColon = "no-colon",
        /// A field name that is no token (RFC 9110 section 5.1).
        BadFieldName = "bad-field-name",
        /// White space before the first field line (section 2.2).
        LeadingSpace = "leading-space",
        /// Content-Length is no number (section 6.3).
        ContentLengthInvalid = "content-length-invalid",
        /// Content-Length repeated with the same value (section 6.3).
        ContentLengthRepeated = "content-length-repeated",
        /// Several different Content-Length values (section 6.3).
        ContentLengthConflict = "content-length-conflict",
        /// Content-Length together with Transfer-Encoding (section 6.1).
        LengthAndTransferEncoding = "length-and-transfer-encoding",
        /// A transfer coding that is not chunked, or chunked not last (section 6.1).
        TransferEncodingUnknown = "transfer-encoding-unknown",
        /// A chunk size that is no hexadecimal number (section 7.1).
        BadChunkSize = "bad-chunk-size",
        /// A chunk whose data no CRLF ends (section 7.1).
        ChunkEndMissing = "chunk-end-missing",
        /// The stream ended inside the head (section 8).
        TruncatedHead = "truncated-head",
        /// The stream ended before Content-Length bytes had come (section 8).
        TruncatedBody = "truncated-body",
        /// The stream ended before the last chunk (section 8).
        TruncatedChunk = "truncated-chunk",
        /// The stream ended inside the trailer section (section 8).
        TruncatedTrailers = "truncated-trailers",
        /// Bytes after the end of the message that no next message explains.
        ExtraBytes = "extra-bytes",
        /// The head is longer than the reader's bound.
        HeadTooLarge = "head-too-large",
        /// Content framing on a message that cannot have content (section 6.3).
        BodyOnBodyless = "body-on-bodyless",
    }
}

impl Signal {
    /// A word of another machine without parameters. `dialect` and `word` must hold no white space.
    pub fn word(dialect: impl Into<Cow<'static, str>>, word: impl Into<Cow<'static, str>>) -> Self {
        Self::Word {
            dialect: dialect.into(),
            word: word.into(),
            params: Vec::new(),
        }
    }

    /// An HTTP/1 defect at a byte offset.
    pub const fn h1(defect: H1Defect, at: u64) -> Self {
        Self::H1 { defect, at }
    }

    /// What a name server said, without parameters.
    pub const fn dns(fault: DnsFault) -> Self {
        Self::Dns {
            fault,
            detail: Vec::new(),
        }
    }

    /// A certificate problem without parameters.
    pub const fn cert(problem: CertProblem) -> Self {
        Self::Cert {
            problem,
            detail: Vec::new(),
        }
    }

    /// Whose vocabulary it is: the part before the colon.
    pub fn dialect(&self) -> &str {
        match self {
            Self::Errno(_) => "errno",
            Self::Timeout(_) => "timeout",
            Self::Eof(_) => "eof",
            Self::Dns { .. } => "dns",
            Self::TlsAlert(_) => "tls-alert",
            Self::Tls { .. } => "tls",
            Self::Cert { .. } => "cert",
            Self::H1 { .. } => "h1",
            Self::Word { dialect, .. } => dialect,
        }
    }

    /// The word behind the colon, without parameters.
    pub fn word_text(&self) -> Cow<'_, str> {
        match self {
            Self::Errno(errno) => errno.as_str().into(),
            Self::Timeout(millis) => millis.to_string().into(),
            Self::Eof(after) => after.to_string().into(),
            Self::Dns { fault, .. } => match fault {
                DnsFault::Rcode(code) => code.to_string().into(),
                DnsFault::NoData => "nodata".into(),
                DnsFault::Garbage => "garbage".into(),
                DnsFault::Truncated => "truncated".into(),
            },
            Self::TlsAlert(code) => code.to_string().into(),
            Self::Tls { fault, .. } => fault.as_str().into(),
            Self::Cert { problem, .. } => problem.as_str().into(),
            Self::H1 { defect, .. } => defect.as_str().into(),
            Self::Word { word, .. } => word.as_ref().into(),
        }
    }

    /// A parameter of a word, of a certificate's problem, or of what a name server said.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (Self::Word { params, .. }
        | Self::Cert { detail: params, .. }
        | Self::Dns { detail: params, .. }) = self
        else {
            return None;
        };
        let found = params.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// True when `head` is this signal's dialect (`eof`) or its dialect and word (`errno:ECONNRESET`).
    pub fn is(&self, head: &str) -> bool {
        match head.split_once(':') {
            None => self.dialect() == head,
            Some((dialect, word)) => self.dialect() == dialect && self.word_text() == word,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.dialect(), self.word_text())?;
        match self {
            Self::Tls { first, .. } if !first.is_empty() => {
                f.write_str(" first=")?;
                first.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::H1 { at, .. } => write!(f, " at={at}"),
            Self::Cert { detail: params, .. }
            | Self::Dns { detail: params, .. }
            | Self::Word { params, .. } => params
                .iter()
                .try_for_each(|(key, value)| write!(f, " {key}={value}")),
            _ => Ok(()),
        }
    }
}

/// A text that is no signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalError(String);

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SignalError {}

impl FromStr for Signal {
    type Err = SignalError;

    /// Reads the text form. Unknown dialects become [`Signal::Word`]; unknown words of a closed dialect are an error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split_ascii_whitespace();
        let head = parts.next().unwrap_or_default();
        let Some((dialect, word)) = head
            .split_once(':')
            .filter(|(d, w)| is_dialect(d) && !w.is_empty())
        else {
            return Err(SignalError(format!(
                "'{text}' is no signal: dialect:word is expected"
            )));
        };
        let params = parts
            .map(|part| {
                part.split_once('=')
                    .map(|(key, value)| (Cow::Owned(key.to_owned()), value.to_owned()))
                    .ok_or_else(|| {
                        SignalError(format!("'{part}' in signal '{text}' is no key=value"))
                    })
            })
            .collect::<Result<Vec<_>, _>>()?;
        typed(dialect, word, params)
            .map_err(|reason| SignalError(format!("signal '{text}': {reason}")))
    }
}

type Params = Vec<(Cow<'static, str>, String)>;

fn is_dialect(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn typed(dialect: &str, word: &str, params: Params) -> Result<Signal, String> {
    let number = |what: &str| {
        word.parse::<u64>()
            .map_err(|_| format!("{what} is a number, not '{word}'"))
    };
    let param = |name: &str| {
        params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    Ok(match dialect {
        "errno" => Signal::Errno(Errno::from(word.to_owned())),
        "timeout" => Signal::Timeout(number("milliseconds")?),
        "eof" => Signal::Eof(number("the count of bytes")?),
        "dns" => Signal::Dns {
            fault: match word {
                "nodata" => DnsFault::NoData,
                "garbage" => DnsFault::Garbage,
                "truncated" => DnsFault::Truncated,
                _ => DnsFault::Rcode(
                    word.parse()
                        .map_err(|_| format!("no DNS fault is called '{word}'"))?,
                ),
            },
            detail: params,
        },
        "tls-alert" => Signal::TlsAlert(
            word.parse()
                .map_err(|_| format!("an alert is 0 to 255, not '{word}'"))?,
        ),
        "tls" => Signal::Tls {
            fault: word
                .parse()
                .map_err(|error: crate::UnknownWord| error.to_string())?,
            first: param("first")
                .map(from_hex)
                .transpose()?
                .unwrap_or_default(),
        },
        "cert" => Signal::Cert {
            problem: word
                .parse()
                .map_err(|error: crate::UnknownWord| error.to_string())?,
            detail: params,
        },
        "h1" => Signal::H1 {
            defect: word
                .parse()
                .map_err(|error: crate::UnknownWord| error.to_string())?,
            at: param("at")
                .map_or(Ok(0), str::parse)
                .map_err(|_| "at is a byte offset".to_owned())?,
        },
        _ => Signal::Word {
            dialect: dialect.to_owned().into(),
            word: word.to_owned().into(),
            params,
        },
    })
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(format!("'{text}' is no hexadecimal"));
    }
    let value = |digit: u8| (digit as char).to_digit(16).unwrap_or_default() as u8;
    Ok(digits
        .chunks(2)
        .map(|pair| value(pair[0]) * 16 + value(pair[1]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        for text in [
            "errno:ECONNRESET",
            "timeout:5000",
            "eof:120",
            "dns:3",
            "dns:nodata",
            "dns:2 ede=22 ede-text=no_route",
            "tls-alert:40",
            "tls:not-tls first=48545450",
            "tls:no-close-notify",
            "cert:expired not-after=2025-01-31T00:00:00Z",
            "h1:bare-lf at=17",
            "nginx:499",
            "chromium:net::ERR_ABORTED",
            "limit:head max=65536",
            "h2:7 stream=9 last=5",
        ] {
            assert_eq!(
                text.parse::<Signal>().map(|s| s.to_string()).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for (text, reason) in [
            ("hello", "dialect:word"),
            ("h1:nonsense at=1", "unknown HTTP/1 defect"),
            ("tls-alert:400", "0 to 255"),
            ("tls:not-tls first=4", "hexadecimal"),
            ("errno:EPIPE oops", "key=value"),
            ("Nope:x", "dialect:word"),
        ] {
            let error = text.parse::<Signal>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}

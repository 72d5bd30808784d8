//! One request attempt and whatever came back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::words::words;
use crate::{Documented, Phase, Request, Response, Seen, Signal, Way};

/// One request attempt and whatever came back, seen from one vantage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exchange {
    /// Who observed, and where it stood.
    pub vantage: Vantage,
    /// When the attempt began.
    pub observed_at: Seen<SystemTime>,
    /// The target URI as asked, e.g. `https://shop.example/cart`; for a bad input the input itself.
    pub target: String,
    /// The request.
    pub request: Request,
    /// How much of the request went out.
    pub sent: Sent,
    /// Interim (1xx) responses before the final one, in order.
    pub interim: Vec<Response>,
    /// The final response, or as much of it as came; a 101 too.
    pub response: Option<Response>,
    /// What came.
    pub end: End,
    /// What broke or was odd, in order of time: one fault per phase.
    pub faults: Vec<Fault>,
    /// The Close frame, when the exchange was upgraded to WebSocket.
    pub close: Seen<WsClose>,
    /// Whether the connection had carried an exchange before.
    pub reused: Seen<bool>,
    /// The address at the other end: the proxy's, when one was used.
    pub peer: Option<SocketAddr>,
    /// How the connection came about, where that was not straight to the only address of the target's host.
    pub way: Option<Box<Way>>,
    /// What TLS agreed on.
    pub tls: Option<TlsFacts>,
    /// How long each phase took.
    pub timeline: Timeline,
    /// Why the prober held it back before it began: one of [`Exchange::HELD`]; the time is that of the phase queue.
    /// `None` when it was not held back, or that is not known.
    pub held: Option<&'static str>,
    /// Bytes received after the TLS layer, heads included.
    pub received: u64,
    /// What the description that the request was made from documents of it.
    pub documented: Option<Arc<Documented>>,
}

impl Exchange {
    /// Why a prober holds an exchange back: as many as are allowed are under way with this host, or were begun this
    /// second with it, or with all; the host named a time (Retry-After); it was in trouble or slow; it is a retry; the
    /// session that it needs was being made or checked.
    pub const HELD: &'static [&'static str] = &[
        "host-limit",
        "host-rate",
        "rate",
        "host-asked",
        "host-slowed",
        "retry",
        "login",
    ];

    /// Records a signal in its phase: at the end of the last fault if that has the same phase, else as a new fault.
    pub fn signal(&mut self, phase: Phase, signal: Signal) {
        match self.faults.last_mut() {
            Some(fault) if fault.phase == phase => fault.signals.push(signal),
            _ => self.faults.push(Fault {
                phase,
                signals: vec![signal],
            }),
        }
    }

    /// Every signal with its phase, in order of time.
    pub fn signals(&self) -> impl DoubleEndedIterator<Item = (Phase, &Signal)> {
        self.faults.iter().flat_map(|fault| {
            fault
                .signals
                .iter()
                .map(move |signal| (fault.phase, signal))
        })
    }

    /// How the connection came about, to be written to.
    pub fn way_mut(&mut self) -> &mut Way {
        self.way.get_or_insert_default()
    }

    /// The answer of a proxy to CONNECT, when one came.
    pub fn tunnel_answer(&self) -> Option<&Response> {
        self.way.as_ref()?.proxy.as_ref()?.answer.as_ref()
    }

    /// What was answered last: the final response, or else a proxy's refusal of a tunnel.
    pub fn spoken(&self) -> Option<&Response> {
        let refusal = || {
            self.tunnel_answer()
                .filter(|answer| !answer.code.starts_with(b"2"))
        };
        self.response.as_ref().or_else(refusal)
    }

    /// The final status when it is three digits.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().and_then(Response::status)
    }
}

/// What broke: a phase and its signals in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The phase in which it broke.
    pub phase: Phase,
    /// The facts, in order of time; never empty.
    pub signals: Vec<Signal>,
}

words! {
    /// How much of the request went out.
    #[derive(Default)]
    pub enum Sent as "sent" {
        /// No byte of it.
        Nothing = "nothing",
        /// Some of it.
        Part = "part",
        /// All of it.
        All = "all",
        /// The observer cannot tell.
        #[default]
        Unknown = "unknown",
    }
}

words! {
    /// What came back.
    #[derive(Default)]
    pub enum End as "end" {
        /// A complete response.
        Answered = "answered",
        /// Part of a response.
        Partial = "partial",
        /// No byte of a response.
        Nothing = "nothing",
        /// The protocol was switched (101, or 2xx to CONNECT).
        Upgraded = "upgraded",
        /// The observer does not know: a log line.
        #[default]
        NotCaptured = "not-captured",
    }
}

/// Who observed and on which side of the exchange it stood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vantage {
    /// Who observed.
    pub who: Who,
    /// Where it stood.
    pub side: Side,
}

/// Who observed an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Who {
    /// httpwhy's own prober, here.
    #[default]
    Local,
    /// A named repeater inside a private network.
    Repeater(String),
    /// A browser.
    Browser,
    /// A HAR file.
    Har,
    /// A transcript: `curl -v` output, a raw response, an example.
    Transcript,
    /// A log of that format or software, e.g. `nginx`.
    Log(String),
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Repeater(name) => write!(f, "repeater {name}"),
            Self::Browser => f.write_str("browser"),
            Self::Har => f.write_str("har"),
            Self::Transcript => f.write_str("transcript"),
            Self::Log(name) => write!(f, "log {name}"),
        }
    }
}

impl std::str::FromStr for Who {
    type Err = crate::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            Some(("repeater", name)) => Ok(Self::Repeater(name.to_owned())),
            Some(("log", name)) => Ok(Self::Log(name.to_owned())),
            None if text == "local" => Ok(Self::Local),
            None if text == "browser" => Ok(Self::Browser),
            None if text == "har" => Ok(Self::Har),
            None if text == "transcript" => Ok(Self::Transcript),
            _ => Err(crate::UnknownWord {
                given: text.to_owned(),
                set: "vantage",
                allowed: &[
                    "local",
                    "repeater NAME",
                    "browser",
                    "har",
                    "transcript",
                    "log NAME",
                ],
            }),
        }
    }
}

words! {
    /// On which side of the exchange the observer stood.
    #[derive(Default)]
    pub enum Side as "side" {
        /// With the client.
        #[default]
        Client = "client",
        /// Between client and origin.
        Between = "between",
        /// With the server.
        Server = "server",
    }
}

/// A WebSocket Close frame (RFC 6455 section 5.5.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WsClose {
    /// The close code, or `None` for a Close frame without one.
    pub code: Option<u16>,
    /// The reason's bytes.
    pub reason: Vec<u8>,
}

/// What TLS agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsFacts {
    /// `TLSv1.3` or `TLSv1.2`; empty when the handshake did not get that far.
    pub version: String,
    /// The cipher suite's registered name.
    pub cipher: String,
    /// The protocol chosen by ALPN.
    pub alpn: Option<String>,
    /// The server name sent (SNI).
    pub server_name: Option<String>,
    /// The subject of the leaf certificate.
    pub subject: Option<String>,
    /// The issuer of the leaf certificate.
    pub issuer: Option<String>,
    /// The end of the leaf's validity, seconds since 1970-01-01 UTC.
    pub not_after: Option<i64>,
    /// The certificates as the server sent them, the leaf first; the first few of many.
    pub chain: Vec<CertFacts>,
}

impl TlsFacts {
    /// Whole days until the leaf's validity ends, counted from that moment; negative once it has ended.
    pub fn days_left(&self, from: SystemTime) -> Option<i64> {
        let now = match from.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).ok()?,
            Err(before) => -i64::try_from(before.duration().as_secs()).ok()?,
        };
        Some(self.not_after?.saturating_sub(now).div_euclid(24 * 60 * 60))
    }
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertFacts {
    /// The subject, as text (RFC 4514).
    pub subject: String,
    /// The issuer, as text.
    pub issuer: String,
    /// The beginning of its validity, seconds since 1970-01-01 UTC.
    pub not_before: i64,
    /// The end of its validity, seconds since 1970-01-01 UTC.
    pub not_after: i64,
}

/// How long each phase took, to the nanosecond and at most 584 years; indexed by [`Phase`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline([u64; Phase::ALL.len()]);

/// Stands for a phase that was not measured: half the room of an option, and there are many exchanges.
const NOT_MEASURED: u64 = u64::MAX;

impl Default for Timeline {
    /// One in which no phase was measured.
    fn default() -> Self {
        Self([NOT_MEASURED; Phase::ALL.len()])
    }
}

impl Timeline {
    /// How long that phase took, if it was measured.
    pub const fn get(&self, phase: Phase) -> Option<Duration> {
        match self.0[phase as usize] {
            NOT_MEASURED => None,
            nanoseconds => Some(Duration::from_nanos(nanoseconds)),
        }
    }

    /// Records how long a phase took; phases met twice (several addresses) add up.
    pub fn add(&mut self, phase: Phase, took: Duration) {
        let all = self.get(phase).unwrap_or_default().saturating_add(took);
        let longest = NOT_MEASURED - 1;
        self.0[phase as usize] =
            u64::try_from(all.as_nanos()).map_or(longest, |nanoseconds| nanoseconds.min(longest));
    }

    /// The phases that were measured, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, Duration)> + '_ {
        Phase::ALL
            .iter()
            .filter_map(|&phase| self.get(phase).map(|took| (phase, took)))
    }

    /// The sum of all measured phases.
    pub fn total(&self) -> Duration {
        self.iter().map(|(_, took)| took).sum()
    }
}

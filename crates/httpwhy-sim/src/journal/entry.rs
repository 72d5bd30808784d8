//! One line of the journal.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cut;

/// What an exchange was carried in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Over {
    /// HTTP/1.0 or HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2.
    Http2,
    /// HTTP/3.
    Http3,
    /// A TCP connection to a port of an act, before any HTTP.
    Tcp,
    /// Datagrams to a port of an act.
    Udp,
}

impl Over {
    /// As it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "h1",
            Self::Http2 => "h2",
            Self::Http3 => "h3",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// How an exchange ended, as the simulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ended {
    /// It has not.
    #[default]
    UnderWay,
    /// The connection was kept.
    Kept,
    /// The connection was ended in order (FIN).
    Fin,
    /// The connection was torn down (RST).
    Reset,
    /// The simulator was silent until the client went or time was over.
    Silence,
    /// The client went before the simulator was done.
    ClientGone,
    /// Its time was over, or the simulator was stopped.
    GivenUp,
    /// The act did it all: it speaks in frames, or on a port of its own.
    ByAct,
}

impl Ended {
    /// As it stands in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "under-way",
            Self::Kept => "kept",
            Self::Fin => "fin",
            Self::Reset => "reset",
            Self::Silence => "silence",
            Self::ClientGone => "client-gone",
            Self::GivenUp => "given-up",
            Self::ByAct => "by-act",
        }
    }
}

/// What was asked for, and what was done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entry {
    /// Its number, from 0, since the simulator was started.
    pub number: u64,
    /// When the request had been read.
    pub at: Option<SystemTime>,
    /// What it came in.
    pub over: Over,
    /// Whether there was TLS under it.
    pub secure: bool,
    /// The client's address.
    pub peer: Option<IpAddr>,
    /// The method; empty for a port of an act.
    pub method: String,
    /// The path, as it was written; cut at 2048 bytes.
    pub path: String,
    /// The query, without the question mark.
    pub query: Option<String>,
    /// The fields, without secrets; `None` unless the journal keeps requests.
    pub fields: Option<Vec<(String, String)>>,
    /// The beginning of the content; `None` unless the journal keeps requests.
    pub content: Option<Vec<u8>>,
    /// The length of the content, in bytes.
    pub length: u64,
    /// What was played: an outcome's id and its act, a rule of the scenario; empty for a plain path.
    pub act: String,
    /// The final status that was sent, or the last interim one; `None` when none was, or the act spoke in frames.
    pub status: Option<u16>,
    /// How many bytes were sent, heads included.
    pub bytes: u64,
    /// How it ended.
    pub ended: Ended,
    /// How long it took; `None` while it is under way, and where that is not measured.
    pub took: Option<Duration>,
}

impl Entry {
    pub(super) fn set(&mut self, method: &str, path: &str, act: &str) {
        cut(method).clone_into(&mut self.method);
        cut(path).clone_into(&mut self.path);
        cut(act).clone_into(&mut self.act);
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).ok();
        let millis = |took: Duration| (took.as_secs_f64() * 1e6).round() / 1e3;
        json!({
            "number": self.number,
            "at_ms": self.at.and_then(since).map(millis),
            "over": self.over.as_str(),
            "tls": self.secure,
            "peer": self.peer.map(|peer| peer.to_string()),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "fields": self.fields,
            "content": self.content.as_deref().map(content),
            "length": self.length,
            "act": (!self.act.is_empty()).then_some(&self.act),
            "status": self.status,
            "bytes": self.bytes,
            "ended": self.ended.as_str(),
            "took_ms": self.took.map(millis),
        })
    }
}

/// Content as text, or as base64 when it is none.
fn content(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}

//! Recorded bytes to visits.
//!
//! What was recorded is recognised by its content: our own JSON, a transcript in the notation of `curl -v` (with the
//! `* ` lines of the catalogue's examples), raw responses as `curl -i` prints them, or
//! the bytes of one side of an HTTP/2 connection. Reading keeps malformed input and
//! goes on; only content that is none of these is refused. Logs are read line by line, and counted by shape: [`logs`].

mod curl;
mod frames;
mod json;
pub mod logs;
mod raw;
mod transcript;

pub use frames::read_connection;
pub use raw::read_request;
pub use transcript::read_transcript;

use std::fmt;

use httpwhy_model::{Request, Visit};
use httpwhy_wire::h1;

/// Recorded content that cannot be read, with the place and what it looks like instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The line, from 1; 0 when no line is to blame.
    pub line: usize,
    /// What is wrong, as a sentence without final stop.
    pub what: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unread {}

/// What recorded bytes hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Our own JSON: exchanges or visits, one a line.
    Json,
    /// A transcript in the notation of `curl -v`.
    Transcript,
    /// One or several raw responses.
    Raw,
    /// One side of an HTTP/2 connection, or TLS records.
    Frames,
}

/// Recognises recorded content by its first lines.
pub fn recognise(bytes: &[u8]) -> Result<Kind, Unread> {
    let start = bytes.trim_ascii_start();
    if start.is_empty() {
        return Err(Unread {
            line: 0,
            what: "the input is empty".into(),
        });
    }
    if frames::looks_like_one(bytes) {
        return Ok(Kind::Frames);
    }
    if start.starts_with(b"{") {
        return Ok(Kind::Json);
    }
    if transcript::looks_like_one(start) {
        return Ok(Kind::Transcript);
    }
    // A response whose status line is broken is still a response when a head follows it.
    if start[..start.len().min(5)].eq_ignore_ascii_case(b"HTTP/") || looks_like_head(start) {
        return Ok(Kind::Raw);
    }
    Err(Unread {
        line: 1,
        what: unrecognised(start),
    })
}

/// Reads recorded content of any kind. `request` is the request that belongs to it, when known from elsewhere.
pub fn read(bytes: &[u8], request: Option<&Request>) -> Result<Vec<Visit>, Unread> {
    match recognise(bytes)? {
        Kind::Json => json::read(bytes),
        Kind::Transcript => {
            read_transcript(&String::from_utf8_lossy(bytes)).map(|visit| vec![visit])
        }
        Kind::Raw => Ok(vec![raw::read(bytes, request)]),
        Kind::Frames => Ok(vec![frames::read(bytes)]),
    }
}

/// Reads response heads. curl prints `HTTP/2 200` for protocols whose heads are no text: the minor version is supplied
/// for reading and taken away again.
pub(crate) fn read_response(bytes: &[u8], method: &[u8], at_eof: bool) -> (h1::Message, usize) {
    let limits = h1::Limits::default();
    if !bytes.starts_with(b"HTTP/2 ") && !bytes.starts_with(b"HTTP/3 ") {
        return h1::read_response(bytes, method, at_eof, limits);
    }
    let (version, rest) = bytes.split_at("HTTP/2".len());
    let (mut message, consumed) =
        h1::read_response(&[version, b".0", rest].concat(), method, at_eof, limits);
    if let Some(response) = message.response.as_mut() {
        response.version = bytes::Bytes::copy_from_slice(version);
    }
    (message, consumed.saturating_sub(2))
}

/// Two or more `name: value` lines after a first line, then an empty one.
fn looks_like_head(start: &[u8]) -> bool {
    let mut lines = start.split(|&b| b == b'\n').skip(1);
    let fields = lines.by_ref().take_while(|line| {
        line.iter().position(|&b| b == b':').is_some_and(|at| {
            at > 0
                && line[..at]
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '))
        })
    });
    fields.count() >= 2
}

fn unrecognised(start: &[u8]) -> String {
    let looks = match start {
        [b'<', ..] => {
            "it looks like HTML or XML: a response begins with its status line (curl -i prints it)"
        }
        [0x1f, 0x8b, ..] => "it is compressed with gzip: unpack it first",
        [0x16, 0x03, ..] => "it looks like TLS records: the plain text inside is needed",
        [b'P', b'R', b'I', b' ', ..] => "it looks like an HTTP/2 preface that is cut off",
        _ if start.contains(&0) => "it looks like binary data",
        _ => {
            "neither a raw response (HTTP/1.1 200 OK …), nor curl -v output, nor httpwhy's own JSON"
        }
    };
    let first = String::from_utf8_lossy(&start[..start.len().min(40)])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    format!("'{}' is not recognised: {looks}", first.escape_debug())
}

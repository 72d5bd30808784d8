//! Requests, read within bounds.

use std::io;
use std::time::Duration;

use httpwhy_model::Seen;
use httpwhy_wire::h1::{Limits, Reader, State};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use crate::wire::Wire;

/// The most content of a request that is kept, in bytes; what is beyond is counted.
pub(crate) const KEPT_CONTENT: usize = 1 << 20;
/// Bounds of a request's head and of the content that is kept, in bytes.
const LIMITS: Limits = Limits {
    head: 65_536,
    body: KEPT_CONTENT,
    interim: 0,
};
/// The most content of a request that is read.
pub(crate) const MOST_CONTENT: u64 = 10 << 20;
/// How long a client may take to send one request, and to begin it.
const DEADLINE: Duration = Duration::from_mins(1);

/// A request that was read to its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// The method.
    pub(crate) method: String,
    /// The path, without the query.
    pub(crate) path: String,
    /// The query, without the question mark.
    pub(crate) query: Option<String>,
    /// The authority of a target in absolute form (RFC 9112 section 3.2.2): what a client of a proxy sends.
    pub(crate) authority: Option<String>,
    /// The major version of HTTP that the client says it speaks.
    pub(crate) major: u8,
    /// Whether the client speaks HTTP/1.1 or later minor versions: it understands interim answers.
    pub(crate) modern: bool,
    /// The fields, in order.
    pub(crate) fields: Vec<(String, String)>,
    /// The content, up to [`KEPT_CONTENT`] bytes of it.
    pub(crate) content: Vec<u8>,
    /// The length of the content, kept or not, in bytes.
    pub(crate) length: u64,
    /// How many requests this connection has carried before.
    pub(crate) before: u32,
    /// Whether the connection may carry another.
    pub(crate) keep: bool,
    /// Whether content may still come: only the head was waited for.
    pub(crate) head_only: bool,
}

impl Asked {
    /// The first field of that name, any case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter();
        found
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a comma-separated field holds that token, any case.
    pub(crate) fn has_token(&self, name: &str, token: &str) -> bool {
        self.fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .flat_map(|(_, value)| value.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case(token))
    }

    /// Whether the answer has no content because of the method.
    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// What came instead of, or as, a request.
pub(crate) enum Incoming {
    /// A request.
    Request(Asked),
    /// No request that could be read: the status to answer with, and the path, as far as there is one.
    Unreadable(u16, String),
    /// The end of the connection, or nothing in time.
    Nothing,
}

/// Reads the next request. What is read beyond it is given back to the connection. When `head_suffices` says so of its
/// path, the content is not read.
pub(crate) async fn next(
    wire: &mut Wire,
    before: u32,
    head_suffices: impl Fn(&str) -> bool,
) -> io::Result<Incoming> {
    let deadline = Instant::now() + DEADLINE;
    let mut reader = Reader::request(LIMITS);
    let mut head = Vec::new();
    let mut input = Vec::new();
    loop {
        let had_head = reader.has_head();
        let progress = reader.feed(&input);
        if !had_head {
            head.extend_from_slice(&input[..progress.consumed]);
        }
        if progress.state == State::Done || progress.state == State::Upgraded {
            wire.give_back(&input[progress.consumed..]);
            break;
        }
        if reader.total().saturating_sub(reader.head_bytes()) > MOST_CONTENT {
            return Ok(Incoming::Unreadable(413, path(&head).unwrap_or_default()));
        }
        if !had_head && reader.has_head() && path(&head).is_some_and(|path| head_suffices(&path)) {
            return Ok(asked(reader, &head, before, true));
        }
        if !had_head && reader.has_head() && expects_continue(&head) {
            wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            wire.flush().await?;
        }
        input.clear();
        let Ok(read) = timeout_at(deadline, wire.read_some(&mut input)).await else {
            let begun = reader.total() > 0;
            return Ok(if begun {
                Incoming::Unreadable(408, path(&head).unwrap_or_default())
            } else {
                Incoming::Nothing
            });
        };
        if read? == 0 {
            return Ok(Incoming::Nothing);
        }
    }
    Ok(asked(reader, &head, before, false))
}

/// The path of the request that this head begins.
fn path(head: &[u8]) -> Option<String> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let target = line.split(|byte| *byte == b' ').nth(1)?;
    let target = String::from_utf8_lossy(target);
    Some(split(&target).0.to_owned())
}

/// Whether the client waits for `100 Continue` before its content (RFC 9110 section 10.1.1). An expectation that the
/// simulator does not know is left to the outcome.
fn expects_continue(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut lines = head.lines();
    lines.any(|line| {
        line.strip_prefix("expect:")
            .is_some_and(|value| value.trim() == "100-continue")
    })
}

fn asked(reader: Reader, head: &[u8], before: u32, head_only: bool) -> Incoming {
    let keep = reader.reusable() && !head_only;
    let message = reader.finish();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let unreadable = |status| Incoming::Unreadable(status, path(head).unwrap_or_default());
    if message
        .defects
        .iter()
        .any(|defect| defect.is("h1:head-too-large"))
    {
        return unreadable(431);
    }
    // A lone LF may be taken for a line's end (RFC 9112 section 2.2); anything else that is wrong is refused.
    let wrong = message
        .defects
        .iter()
        .any(|defect| defect.dialect() == "h1" && !defect.is("h1:bare-lf"));
    let Some(request) = message
        .request
        .filter(|_| (message.complete || head_only) && !wrong)
    else {
        return unreadable(400);
    };
    let target = text(&request.target);
    let (path, query) = split(&target);
    let (content, length) = match request.body {
        Seen::Present(body) => {
            let kept = body.bytes.len() as u64;
            let length = match body.received {
                Seen::Present(received) => received,
                Seen::Absent | Seen::NotCaptured => kept,
            };
            (body.bytes.to_vec(), length)
        }
        Seen::Absent | Seen::NotCaptured => (Vec::new(), 0),
    };
    Incoming::Request(Asked {
        method: text(&request.method),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        authority: authority(&target).map(str::to_owned),
        // Read as `HTTP/` digit `.` digit.
        major: request.version.get(5).map_or(1, |digit| digit - b'0'),
        modern: request.version.as_ref() == b"HTTP/1.1",
        fields: request
            .fields
            .list
            .iter()
            .map(|field| (text(&field.name), text(field.value.as_bytes())))
            .collect(),
        content,
        length,
        before,
        keep,
        head_only,
    })
}

/// The authority of a request target in absolute form.
fn authority(target: &str) -> Option<&str> {
    let (_, rest) = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'))?;
    rest.split(['/', '?']).next()
}

/// Path and query of a request target, in origin or absolute form (RFC 9112 section 3.2).
pub(crate) fn split(target: &str) -> (&str, Option<&str>) {
    let from_path = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    match from_path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (from_path, None),
    }
}

//! HTTP/1.0 and HTTP/1.1 messages (RFC 9112): a lenient incremental reader, and a writer of heads.
//!
//! What the reader accepts, and what it notes ([`H1Defect`] with the byte offset from the first byte fed, interim heads
//! included):
//!
//! | on the wire | read as | defect, and where it points |
//! |---|---|---|
//! | LF without CR at a line's end (2.2) | a line end | `bare-lf`: the LF |
//! | CR without LF, NUL in a line (2.2; RFC 9110 5.5) | data | `bare-cr`, `nul`: the byte |
//! | a first line that is no status line | content up to the end of the stream or the bound | `not-http`: the line |
//! | a status line that is not as section 4 has it | what can be split | `bad-status-line`: the line |
//! | a code outside 100 to 599 (RFC 9110 15) | that code | `status-out-of-range`: the line |
//! | a request line that is not as section 3 has it | what can be split | `bad-request-line`: the line |
//! | white space before the first field line (2.2) | a field whose name begins with it | `leading-space`: the line |
//! | a folded field line (5.2) | one value, joined by a space | `obs-fold`: the continuation |
//! | white space before the colon (5.1) | the name without it | `space-before-colon`: the space |
//! | no colon | a name without value | `no-colon`: the line |
//! | a name that is no token | that name | `bad-field-name`: the line |
//! | Content-Length unusable (6.3) | content up to the end (response), none (request) | `content-length-invalid`, `-conflict`: the line |
//! | Content-Length said twice (6.3) | that length | `content-length-repeated`: the second line |
//! | Content-Length beside Transfer-Encoding (6.1) | Transfer-Encoding | `length-and-transfer-encoding`: the Content-Length line |
//! | a coding other than one `chunked` (6.1) | chunked when that is last, else content up to the end | `transfer-encoding-unknown`: the line |
//! | either on 1xx, 204, 2xx to CONNECT (6.1; RFC 9110 8.6) | no content | `body-on-bodyless`: the line |
//! | a chunk size that is none (7.1) | the end of what can be read | `bad-chunk-size`: the chunk's line |
//! | chunk data not followed by a line end (7.1) | the end of what can be read | `chunk-end-missing`: where it should be |
//! | the end of the stream too early (8) | what came | `truncated-head`, `-body`, `-chunk`, `-trailers`: the end |
//! | a head, or trailer section, beyond the bound | what fits | `head-too-large`: the bound |
//!
//! A transfer coding on a response to HEAD or on a 304 is no defect: section 6.1 allows it. At most 16 defects of a kind
//! are noted in one message.

mod chunked;
mod defects;
mod framing;
mod head;
mod lines;
mod reader;

use httpwhy_model::{Fields, Request, Response, Signal};

#[cfg(doc)]
use httpwhy_model::H1Defect;

pub use reader::Reader;

/// Bounds of what one message may make the reader keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one head (start line and fields, empty lines before it included) or trailer section; at least 1.
    pub head: usize,
    /// Bytes of content kept; content beyond is counted, not kept. What is not HTTP is not even read beyond.
    pub body: usize,
    /// Number of interim (1xx) heads.
    pub interim: usize,
}

impl Default for Limits {
    /// Heads of 65,536 bytes, 65,536 bytes of content, 32 interim heads.
    fn default() -> Self {
        Self {
            head: 65_536,
            body: 65_536,
            interim: 32,
        }
    }
}

/// How far a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing of the final head, or part of it.
    Head,
    /// Content or trailers are awaited. For what is not HTTP: more of it.
    Body,
    /// Nothing more is read: the message is complete, or cannot be read any further.
    Done,
    /// The protocol was switched: a 101, or a 2xx to CONNECT. What follows is not HTTP/1.
    Upgraded,
}

/// What became of the bytes fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many of the bytes fed belong to this message; fewer than were fed only when `state` is
    /// [`State::Done`] or [`State::Upgraded`].
    pub consumed: usize,
    /// How far the reader is now.
    pub state: State,
}

/// All that was read of one message.
///
/// At most one of `response` and `request` is there, by what was read for; neither when not even a usable start line
/// came. A response that is not HTTP has empty version, code and fields, and the raw bytes as its content.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// Interim (1xx, without 101) responses before the final one, in order.
    pub interim: Vec<Response>,
    /// The final response, or as much of it as came; a 101 too.
    pub response: Option<Response>,
    /// The request, or as much of it as came.
    pub request: Option<Request>,
    /// Whether the message came to its end (RFC 9112 section 8). Content that only the connection's end delimits
    /// counts as complete here once that end came in order, while its [`httpwhy_model::Body::complete`] says that
    /// this cannot be known.
    pub complete: bool,
    /// Whether the protocol was switched.
    pub upgraded: bool,
    /// Bytes consumed.
    pub received: u64,
    /// The defects ([`Signal::H1`]), in order of offset; `limit:interim` behind them.
    pub defects: Vec<Signal>,
}

/// Reads one recorded response to a request of that method. Also says how many of the bytes belong to it.
///
/// `at_eof`: the record ends where the stream ended, so that what is missing was never sent. A field line counts only
/// with its line end: a record that lost its last one needs it back.
pub fn read_response(
    bytes: &[u8],
    method: &[u8],
    at_eof: bool,
    limits: Limits,
) -> (Message, usize) {
    read(Reader::response(method, limits), bytes, at_eof)
}

/// Reads one recorded request. Also says how many of the bytes belong to it; `at_eof` as in [`read_response`].
pub fn read_request(bytes: &[u8], at_eof: bool, limits: Limits) -> (Message, usize) {
    read(Reader::request(limits), bytes, at_eof)
}

fn read(mut reader: Reader, bytes: &[u8], at_eof: bool) -> (Message, usize) {
    let consumed = reader.feed(bytes).consumed;
    if at_eof {
        reader.eof();
    }
    (reader.finish(), consumed)
}

/// Writes a head: the three parts of the start line (RFC 9112 sections 3 and 4) with a space between, the field lines
/// in order, the empty line. Nothing is checked: a tester may send anything.
pub fn write_head(out: &mut Vec<u8>, start_line: [&[u8]; 3], fields: &Fields) {
    let [first, second, third] = start_line;
    for part in [first, b" ", second, b" ", third, b"\r\n"] {
        out.extend_from_slice(part);
    }
    for field in &fields.list {
        for part in [&field.name, &b": "[..], field.value.as_bytes(), b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
}

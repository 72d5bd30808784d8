//! HTTP/1.0 and HTTP/1.1 messages (RFC 9112): a lenient incremental reader, and a writer of heads.

use httpwhy_model::{Fields, Request, Response, Signal};

/// Bounds of what one message may make the reader keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one head: start line and fields.
    pub head: usize,
    /// Bytes of content kept; content beyond is counted, not kept.
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
    /// Nothing, or part of a head.
    Head,
    /// The head is there; content or trailers are awaited.
    Body,
    /// Nothing more is read: the message is complete, or cannot be read any further.
    Done,
    /// The protocol was switched: a 101, or a 2xx to CONNECT. What follows is not HTTP/1.
    Upgraded,
}

/// What became of the bytes fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many of the bytes fed belong to this message.
    pub consumed: usize,
    /// How far the reader is now.
    pub state: State,
}

/// All that was read of one message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// Interim (1xx) responses before the final one, in order.
    pub interim: Vec<Response>,
    /// The final response, or as much of it as came.
    pub response: Option<Response>,
    /// The request, or as much of it as came.
    pub request: Option<Request>,
    /// Whether the message came to its end.
    pub complete: bool,
    /// Whether the protocol was switched.
    pub upgraded: bool,
    /// Bytes consumed.
    pub received: u64,
    /// Every defect, in order of offset.
    pub defects: Vec<Signal>,
}

/// Incremental lenient reader.
#[derive(Debug)]
pub struct Reader {
    total: u64,
}

#[allow(unused_variables)]
impl Reader {
    /// Reads the response to a request of that method.
    pub fn response(method: &[u8], limits: Limits) -> Self {
        Self { total: 0 }
    }
    /// Reads a request.
    pub fn request(limits: Limits) -> Self {
        Self { total: 0 }
    }
    /// Feeds the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Progress {
        Progress {
            consumed: bytes.len(),
            state: State::Head,
        }
    }
    /// The stream ended.
    pub fn eof(&mut self) -> State {
        State::Done
    }
    /// Notes bytes after the end.
    pub fn extra(&mut self, bytes: &[u8]) {}
    /// How far it is.
    pub fn state(&self) -> State {
        State::Head
    }
    /// Bytes of heads.
    pub fn head_bytes(&self) -> u64 {
        0
    }
    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.total
    }
    /// A final head is complete.
    pub fn has_head(&self) -> bool {
        false
    }
    /// Another message may follow.
    pub fn reusable(&self) -> bool {
        false
    }
    /// All that was read.
    pub fn finish(self) -> Message {
        Message::default()
    }
}

/// Reads a recorded response.
pub fn read_response(
    bytes: &[u8],
    method: &[u8],
    at_eof: bool,
    limits: Limits,
) -> (Message, usize) {
    read(Reader::response(method, limits), bytes, at_eof)
}

/// Reads a recorded request.
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

/// Writes a head.
pub fn write_head(out: &mut Vec<u8>, start_line: [&[u8]; 3], fields: &Fields) {
    out.extend_from_slice(&start_line.join(&b' '));
    out.extend_from_slice(b"\r\n");
    for field in &fields.list {
        out.extend_from_slice(&field.name);
        out.extend_from_slice(b": ");
        out.extend_from_slice(field.value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

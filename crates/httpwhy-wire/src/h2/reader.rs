//! What one side of an HTTP/2 connection sends, read leniently: the message of one stream, and what ends streams and
//! connections.
//!
//! | on the wire | read as | defect |
//! |---|---|---|
//! | first bytes that are no frame (3.4) | an HTTP/1 response, if it is one | `h2:not-h2 first=…` |
//! | a first frame that is not SETTINGS (3.4) | that frame | `h2:no-settings` |
//! | a frame longer than 16,384 bytes, or of a wrong fixed size (4.2) | nothing more | `h2:6 by=us` |
//! | fields that HPACK cannot undo (4.3) | nothing more | `h2:9 by=us` |
//! | no `:status`, or not one of three digits (8.3.2) | the head without it | `h2:incomplete-headers` |
//! | capitals in a name, a connection's own field, a pseudo-field that does not belong (8.2, 8.3) | that field | `h2:malformed-message field=…` |
//! | content that is longer or shorter than Content-Length (8.1.1) | that content | `h2:malformed-message field=content-length` |
//! | fields beyond the bound | nothing more | `limit:head` |

use std::borrow::Cow;

use bytes::Bytes;
use httpwhy_model::{Body, Field, Fields, Framing, Request, Response, Seen, Signal, Value};

use super::frames::{Frames, Piece};
use super::{FrameHead, flag, kind, read_goaway, read_reset};
use crate::h1::{Limits, Message, read_response};
use crate::hpack::{Decoder, Pair, Unreadable};

/// The longest frame that is taken unless SETTINGS say otherwise (RFC 9113 section 6.5.2); ours never do.
const LONGEST: u32 = 16_384;
/// How many of the first bytes are kept.
const FIRST: usize = 16;
/// How many parameters of SETTINGS are kept.
const SETTINGS: usize = 32;
/// How many bytes of a GOAWAY's text are kept.
const DEBUG: usize = 256;
/// FRAME_SIZE_ERROR and COMPRESSION_ERROR (RFC 9113 section 7).
const FRAME_SIZE: u32 = 6;
const COMPRESSION: u32 = 9;
/// Fields that speak of one HTTP/1 connection (RFC 9113 section 8.2.2).
const OF_THE_CONNECTION: &[&[u8]] = &[
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
    b"upgrade",
];

/// What a GOAWAY frame said, kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// The highest stream that was or may be processed.
    pub last: u32,
    /// The error code (RFC 9113 section 7).
    pub code: u32,
    /// The text's first 256 bytes.
    pub debug: Vec<u8>,
}

/// Reads one side of a connection and follows one stream at a time.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one connection"
)]
pub struct Reader {
    limits: Limits,
    from_client: bool,
    frames: Frames,
    head: FrameHead,
    begun: bool,
    /// What comes is no HTTP/2; it is kept within the bound of a head.
    is_foreign: bool,
    /// Nothing more is read.
    over: bool,
    /// The payload of a frame that is read as a whole, or a block of fields so far.
    kept: Vec<u8>,
    /// Where the fields of the current frame begin in `kept`.
    fields_from: usize,
    /// The stream whose fields go on in CONTINUATION frames, and whether they end it.
    block: Option<(u32, bool)>,
    /// Bytes of padding still to skip, and whether its length has come.
    padding: u32,
    decoder: Decoder,
    first: Vec<u8>,
    received: u64,
    settings: Vec<(u16, u32)>,
    acknowledged: bool,
    goaway: Option<Farewell>,
    defects: Vec<Signal>,
    stream: u32,
    followed: Followed,
}

/// The message of the stream that is followed.
#[derive(Debug, Default)]
struct Followed {
    is_head_request: bool,
    interim: Vec<Response>,
    request: Option<Request>,
    response: Option<Response>,
    content: Vec<u8>,
    content_bytes: u64,
    /// Bytes of its frames with fields and content, heads included.
    bytes: u64,
    ended: bool,
    reset: Option<u32>,
}

impl Reader {
    /// Reads what a server sends; `follow` says which stream matters.
    pub fn of_server(limits: Limits) -> Self {
        Self::new(limits, false)
    }

    /// Reads what a client sends behind its preface.
    pub fn of_client(limits: Limits) -> Self {
        Self::new(limits, true)
    }

    fn new(limits: Limits, from_client: bool) -> Self {
        Self {
            limits,
            from_client,
            frames: Frames::default(),
            head: FrameHead::default(),
            begun: false,
            is_foreign: false,
            over: false,
            kept: Vec::new(),
            fields_from: 0,
            block: None,
            padding: 0,
            decoder: Decoder::default(),
            first: Vec::new(),
            received: 0,
            settings: Vec::new(),
            acknowledged: false,
            goaway: None,
            defects: Vec::new(),
            stream: 0,
            followed: Followed::default(),
        }
    }

    /// Follows that stream from now on, which answers a request of that method. What was known of another is forgotten.
    pub fn follow(&mut self, stream: u32, method: &[u8], limits: Limits) {
        self.stream = stream;
        self.limits = limits;
        self.followed = Followed {
            is_head_request: method == b"HEAD",
            ..Followed::default()
        };
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        self.received += bytes.len() as u64;
        if self.first.len() < FIRST {
            let free = FIRST - self.first.len();
            self.first
                .extend_from_slice(&bytes[..bytes.len().min(free)]);
            self.check_first();
        }
        if self.is_foreign {
            let room = self.limits.head.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        while !bytes.is_empty() && !self.over {
            let (taken, piece) = self.frames.next(bytes);
            bytes = &bytes[taken..];
            match piece {
                None => continue,
                Some(Piece::Head(head)) => self.begin(head),
                Some(Piece::Payload(payload)) => self.payload(payload),
            }
            if self.frames.left() == 0 && !self.over {
                self.end();
            }
        }
    }

    /// Bytes fed.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Bytes of the frames with fields and content on the stream that is followed, heads included.
    pub fn stream_bytes(&self) -> u64 {
        self.followed.bytes
    }

    /// Bytes of content on the stream that is followed.
    pub fn content_bytes(&self) -> u64 {
        self.followed.content_bytes
    }

    /// Whether the final head of the stream that is followed has come.
    pub fn has_head(&self) -> bool {
        self.followed.response.is_some()
    }

    /// Whether an interim response of that status has come.
    pub fn has_interim(&self, code: &[u8]) -> bool {
        self.followed.interim.iter().any(|head| head.code == code)
    }

    /// Whether the stream that is followed was ended in order.
    pub fn has_ended(&self) -> bool {
        self.followed.ended
    }

    /// The error code that reset the stream that is followed.
    pub fn reset(&self) -> Option<u32> {
        self.followed.reset
    }

    /// The last GOAWAY.
    pub fn goaway(&self) -> Option<&Farewell> {
        self.goaway.as_ref()
    }

    /// The parameters of SETTINGS in order, the first 32.
    pub fn settings(&self) -> &[(u16, u32)] {
        &self.settings
    }

    /// Whether our SETTINGS were acknowledged.
    pub fn has_acknowledged(&self) -> bool {
        self.acknowledged
    }

    /// Whether the first bytes are those of another protocol.
    pub fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    /// Whether nothing more is read: it is no HTTP/2, or the connection is lost.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether the bytes so far end between two frames and two blocks of fields.
    pub fn is_between(&self) -> bool {
        self.frames.is_between() && self.block.is_none()
    }

    /// The defects so far, of the connection and of the streams followed.
    pub fn defects(&self) -> &[Signal] {
        &self.defects
    }

    /// What was read of the stream that is followed, with all defects since the last call.
    pub fn message(&mut self) -> Message {
        if self.is_foreign {
            return self.foreign();
        }
        let mut followed = std::mem::take(&mut self.followed);
        let body = Body {
            bytes: Bytes::from(std::mem::take(&mut followed.content)),
            received: Seen::Present(followed.content_bytes),
            complete: Seen::Present(followed.ended),
            framing: match followed.is_head_request && followed.ended {
                true => Framing::None,
                false => Framing::Frames,
            },
        };
        let has_content = !followed.ended || followed.content_bytes > 0;
        if let Some(response) = &mut followed.response {
            response.body = Seen::Present(body);
        } else if let Some(request) = &mut followed.request {
            request.body = match has_content {
                true => Seen::Present(body),
                false => Seen::Absent,
            };
        }
        Message {
            complete: followed.ended && (followed.response.is_some() || followed.request.is_some()),
            interim: followed.interim,
            response: followed.response,
            request: followed.request,
            upgraded: false,
            received: followed.bytes,
            defects: std::mem::take(&mut self.defects),
        }
    }

    /// A peer that does not speak HTTP/2 says so in HTTP/1 (RFC 9113 section 3.4).
    fn foreign(&mut self) -> Message {
        let mut defects = std::mem::take(&mut self.defects);
        let kept = std::mem::take(&mut self.kept);
        let mut message = match kept.starts_with(b"HTTP/1.") {
            true => read_response(&kept, b"GET", true, self.limits).0,
            false => Message::default(),
        };
        defects.append(&mut message.defects);
        Message {
            complete: false,
            received: self.received,
            defects,
            ..message
        }
    }

    /// The first frame must be SETTINGS (RFC 9113 section 3.4); letters in its place are another protocol.
    fn check_first(&mut self) {
        if self.begun || self.over {
            return;
        }
        // Length, type, flags, stream: a SETTINGS frame is short and on no stream.
        let is_settings = |at: usize, byte: u8| match at {
            0 => byte == 0,
            3 => byte == kind::SETTINGS,
            // The reserved bit may be set.
            5 => matches!(byte, 0 | 0x80),
            6..=8 => byte == 0,
            _ => true,
        };
        let wrong = self
            .first
            .iter()
            .take(super::HEAD)
            .enumerate()
            .find(|&(at, &byte)| !is_settings(at, byte));
        let Some((at, _)) = wrong else { return };
        let is_frame = at >= 3 && self.first.get(3).is_none_or(|&kind| kind <= 0x10);
        if is_frame && self.first.len() < super::HEAD {
            return;
        }
        if is_frame {
            self.defects.push(signal("no-settings", Vec::new()));
        } else {
            self.over = true;
            self.is_foreign = true;
            let hex = self.first.iter().map(|byte| format!("{byte:02x}"));
            let params = vec![("first".into(), hex.collect())];
            self.defects.push(signal("not-h2", params));
        }
    }

    fn begin(&mut self, head: FrameHead) {
        self.begun = true;
        self.head = head;
        self.padding = 0;
        if self.is_of_message() {
            self.followed.bytes += super::HEAD as u64;
        }
        let wrong_size = match head.kind {
            kind::RST_STREAM | kind::WINDOW_UPDATE => head.length != 4,
            kind::PRIORITY => head.length != 5,
            kind::PING => head.length != 8,
            kind::SETTINGS if head.has(flag::ACK) => head.length != 0,
            kind::SETTINGS => !head.length.is_multiple_of(6),
            kind::GOAWAY => head.length < 8,
            _ => false,
        };
        if wrong_size || head.length > LONGEST {
            self.fail(code(FRAME_SIZE));
            return;
        }
        let goes_on = head.kind == kind::CONTINUATION;
        if goes_on != self.block.is_some() || (goes_on && !self.goes_on(head.stream)) {
            self.fail(code(1));
            return;
        }
        if !goes_on {
            self.kept.clear();
        }
        self.fields_from = self.kept.len();
    }

    /// Whether the current frame is on the stream that is followed.
    fn is_followed(&self) -> bool {
        self.head.stream == self.stream && self.stream != 0
    }

    /// Whether the current frame is a part of the message that is followed.
    fn is_of_message(&self) -> bool {
        let kinds = [kind::DATA, kind::HEADERS, kind::CONTINUATION];
        self.is_followed() && kinds.contains(&self.head.kind)
    }

    fn goes_on(&self, stream: u32) -> bool {
        self.block.is_some_and(|(id, _)| id == stream)
    }

    fn payload(&mut self, mut payload: &[u8]) {
        let is_followed = self.is_followed();
        if self.is_of_message() {
            self.followed.bytes += payload.len() as u64;
        }
        match self.head.kind {
            kind::DATA if is_followed => {
                let is_first =
                    self.frames.left() as usize + payload.len() == self.head.length as usize;
                if is_first && self.head.has(flag::PADDED) {
                    self.padding = u32::from(payload[0]);
                    payload = &payload[1..];
                }
                // What is left of the frame ends with the padding.
                let behind = self.frames.left() as usize + payload.len();
                let content = behind.saturating_sub(self.padding as usize);
                self.followed
                    .content(&payload[..content.min(payload.len())], self.limits.body);
            }
            kind::HEADERS
            | kind::PUSH_PROMISE
            | kind::CONTINUATION
            | kind::SETTINGS
            | kind::RST_STREAM
            | kind::GOAWAY => {
                // A block that is coded is hardly ever longer than what it stands for.
                if self.kept.len() + payload.len() > self.limits.head.max(LONGEST as usize) {
                    self.too_large();
                    return;
                }
                self.kept.extend_from_slice(payload);
            }
            _ => {}
        }
    }

    /// A frame is whole.
    fn end(&mut self) {
        let head = self.head;
        let is_followed = self.is_followed();
        match head.kind {
            kind::SETTINGS if head.has(flag::ACK) => self.acknowledged = true,
            kind::SETTINGS => {
                let room = SETTINGS.saturating_sub(self.settings.len());
                let parameters = self.kept.chunks_exact(6).take(room).map(|p| {
                    let value = u32::from_be_bytes([p[2], p[3], p[4], p[5]]);
                    (u16::from_be_bytes([p[0], p[1]]), value)
                });
                self.settings.extend(parameters);
            }
            kind::GOAWAY => {
                self.goaway = read_goaway(&self.kept).map(|goaway| Farewell {
                    last: goaway.last,
                    code: goaway.code,
                    debug: goaway.debug[..goaway.debug.len().min(DEBUG)].to_vec(),
                });
            }
            // Behind the end of an answer a reset says nothing; a client takes back what it has asked in full.
            kind::RST_STREAM if is_followed && (self.from_client || !self.followed.ended) => {
                self.followed.reset = read_reset(&self.kept);
            }
            kind::DATA if is_followed && head.has(flag::END_STREAM) => self.stream_ended(),
            kind::HEADERS => self.fields_end(head.has(flag::END_STREAM), head.stream, 5),
            // The stream that is promised stands before its fields.
            kind::PUSH_PROMISE => {
                self.fields_end(false, 0, if head.has(flag::PADDED) { 5 } else { 4 });
            }
            kind::CONTINUATION => {
                if let (true, Some((stream, ends))) = (head.has(flag::END_HEADERS), self.block) {
                    self.block = None;
                    self.fields(stream, ends);
                }
            }
            _ => {}
        }
    }

    /// A HEADERS or PUSH_PROMISE frame is whole: what is not fields is cut off.
    fn fields_end(&mut self, ends: bool, stream: u32, before: usize) {
        let mut from = 0;
        if self.head.has(flag::PADDED) {
            let padding = usize::from(self.kept.first().copied().unwrap_or_default());
            self.kept.truncate(self.kept.len().saturating_sub(padding));
            from = 1;
        }
        match self.head.kind {
            kind::HEADERS if self.head.has(flag::PRIORITY) => from += before,
            kind::PUSH_PROMISE => from = before,
            _ => {}
        }
        self.kept.drain(..from.min(self.kept.len()));
        if self.head.has(flag::END_HEADERS) {
            self.fields(stream, ends);
        } else {
            self.block = Some((stream, ends));
        }
    }

    /// A block of fields is whole.
    fn fields(&mut self, stream: u32, ends: bool) {
        // Each field counts 32 bytes more than it has; a head of the bound in HTTP/1 is to pass.
        let bound = self.limits.head.saturating_mul(4);
        let fields = match self.decoder.read(&self.kept, bound) {
            Ok(fields) => fields,
            Err(Unreadable::Malformed) => return self.fail(code(COMPRESSION)),
            Err(Unreadable::TooLarge) => return self.too_large(),
        };
        self.kept.clear();
        let bytes: usize = fields.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        if bytes > self.limits.head {
            return self.too_large();
        }
        if stream != self.stream || self.stream == 0 {
            return;
        }
        if self.followed.response.is_some() || self.followed.request.is_some() {
            self.trailers(fields);
        } else if self.from_client {
            self.request(fields);
        } else {
            self.response(fields);
        }
        if ends {
            self.stream_ended();
        }
    }

    fn response(&mut self, fields: Vec<Pair>) {
        let statuses = fields.iter().filter(|(name, _)| name == b":status");
        let is_three_digits =
            |value: &[u8]| value.len() == 3 && value.iter().all(u8::is_ascii_digit);
        let status: Option<Bytes> = statuses.clone().next().map(|(_, v)| v.clone().into());
        if statuses.count() != 1 || !status.as_deref().is_some_and(is_three_digits) {
            self.defect("incomplete-headers", None);
        }
        let response = Response {
            version: Bytes::from_static(b"HTTP/2"),
            code: status.unwrap_or_default(),
            fields: self.section(fields, &[b":status"]),
            ..Response::default()
        };
        let is_interim = response.code.first() == Some(&b'1') && response.code != "101";
        if !is_interim {
            self.followed.response = Some(response);
        } else if self.followed.interim.len() < self.limits.interim {
            self.followed.interim.push(response);
        }
    }

    fn request(&mut self, fields: Vec<Pair>) {
        let take = |name: &[u8]| {
            let value = fields.iter().find(|(other, _)| other == name);
            value.map(|(_, value)| Bytes::from(value.clone()))
        };
        let authority = take(b":authority");
        let (method, target) = (take(b":method"), take(b":path"));
        let pseudo: &[&[u8]] = &[
            b":method",
            b":path",
            b":scheme",
            b":authority",
            b":protocol",
        ];
        let mut section = self.section(fields, pseudo);
        if let Some(authority) = authority {
            section.list.insert(0, field("host".into(), authority));
        }
        self.followed.request = Some(Request {
            method: method.unwrap_or_default(),
            target: target.unwrap_or_default(),
            version: Bytes::from_static(b"HTTP/2"),
            fields: section,
            body: Seen::NotCaptured,
        });
    }

    fn trailers(&mut self, fields: Vec<Pair>) {
        let section = self.section(fields, &[]);
        if let Some(response) = &mut self.followed.response {
            response.trailers = section;
        }
    }

    /// The fields without these pseudo-fields; what must not be in a message is noted.
    fn section(&mut self, fields: Vec<Pair>, pseudo: &[&[u8]]) -> Fields {
        let mut section = Fields::all();
        let mut wrong: Option<Vec<u8>> = None;
        for (name, value) in fields {
            let is_pseudo = name.first() == Some(&b':');
            let is_known = is_pseudo && pseudo.contains(&&*name);
            let is_wrong = match is_pseudo {
                true => !is_known || !section.list.is_empty(),
                false => is_forbidden(&name, &value),
            };
            if is_wrong && wrong.is_none() {
                wrong = Some(name.clone());
            }
            if !is_known {
                section.list.push(field(name.into(), value.into()));
            }
        }
        if let Some(name) = wrong {
            self.defect("malformed-message", Some(&name));
        }
        section
    }

    fn stream_ended(&mut self) {
        self.followed.ended = true;
        let fields = match (&self.followed.response, &self.followed.request) {
            (Some(response), _) if !self.followed.is_head_request && response.code != "304" => {
                &response.fields
            }
            (None, Some(request)) => &request.fields,
            _ => return,
        };
        let promised = fields
            .text("content-length")
            .and_then(|value| value.parse::<u64>().ok());
        if promised.is_some_and(|length| length != self.followed.content_bytes) {
            self.defect("malformed-message", Some(b"content-length"));
        }
    }

    fn too_large(&mut self) {
        self.over = true;
        self.defects.push(Signal::Word {
            dialect: "limit".into(),
            word: "head".into(),
            params: vec![("max".into(), self.limits.head.to_string())],
        });
    }

    fn fail(&mut self, signal: Signal) {
        self.over = true;
        self.defects.push(signal);
    }

    /// A defect of the message that is followed.
    fn defect(&mut self, word: &'static str, field: Option<&[u8]>) {
        let mut params = vec![(Cow::Borrowed("stream"), self.stream.to_string())];
        if let Some(name) = field {
            params.push(("field".into(), printable(name, 64)));
        }
        self.defects.push(signal(word, params));
    }
}

impl Followed {
    fn content(&mut self, content: &[u8], bound: usize) {
        self.content_bytes += content.len() as u64;
        let room = bound.saturating_sub(self.content.len());
        self.content
            .extend_from_slice(&content[..content.len().min(room)]);
    }
}

/// RFC 9113 sections 8.2.1 and 8.2.2.
fn is_forbidden(name: &[u8], value: &[u8]) -> bool {
    let is_token = |byte: &u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(byte)
    };
    name.is_empty()
        || !name.iter().all(is_token)
        || value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
        || OF_THE_CONNECTION.contains(&name)
        || (name == b"te" && value != b"trailers")
}

fn field(name: Bytes, value: Bytes) -> Field {
    let value = Value::Bytes(value);
    Field { name, value }
}

fn signal(word: &'static str, params: Vec<(Cow<'static, str>, String)>) -> Signal {
    Signal::Word {
        dialect: "h2".into(),
        word: word.into(),
        params,
    }
}

/// An error code of HTTP/2 that this side found in what the other side did.
fn code(code: u32) -> Signal {
    Signal::Word {
        dialect: "h2".into(),
        word: code.to_string().into(),
        params: vec![("by".into(), "us".into())],
    }
}

/// Bytes of the other side as the value of a signal's parameter: at most so many, without white space.
pub fn printable(bytes: &[u8], most: usize) -> String {
    let shown = bytes.iter().take(most).map(|&byte| match byte {
        b'!'..=b'~' => byte as char,
        _ => '_',
    });
    shown.collect()
}

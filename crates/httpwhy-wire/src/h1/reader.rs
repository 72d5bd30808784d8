//! The incremental reader of one message.

use bytes::Bytes;
use httpwhy_model::{Body, Field, Fields, Framing, H1Defect, Kept, Request, Response, Seen, Value};

use super::chunked::{Chunked, Step};
use super::defects::Defects;
use super::framing::{self, Asked, Next};
use super::head::{self, Head, Kind, is_status_line};
use super::lines::{Edge, Scan};
use super::{Limits, Message, Progress, State};

/// Incremental lenient reader of one response, with the interim (1xx) heads before it, or of one request.
///
/// However the stream is cut into pieces, the [`Message`] is the same. Memory is bounded by [`Limits`].
///
/// ```
/// use httpwhy_wire::h1::{Limits, Reader, State};
/// let mut reader = Reader::response(b"GET", Limits::default());
/// reader.feed(b"HTTP/1.1 200 OK\nContent-Length: 2\r\n");
/// let progress = reader.feed(b"\r\nhi and more");
/// assert_eq!((progress.consumed, progress.state), (4, State::Done));
/// let message = reader.finish();
/// assert_eq!(message.response.unwrap().status(), Some(200));
/// assert_eq!(message.defects[0].to_string(), "h1:bare-lf at=15");
/// ```
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
    asked: Asked,
    limits: Limits,
    part: Part,
    heads: u64,
    total: u64,
    has_head: bool,
    persists: bool,
    message: Message,
    defects: Defects,
}

/// What is being read.
#[derive(Debug)]
enum Part {
    Head(Pending),
    Content(Content),
    Over,
}

/// A head that is not at its end.
#[derive(Debug, Default)]
struct Pending {
    /// Its absolute offset.
    base: u64,
    bytes: Vec<u8>,
    scan: Scan,
}

/// Content that is not at its end.
#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    received: u64,
    decoder: Decoder,
}

#[derive(Debug)]
enum Decoder {
    /// The length, and how many bytes of it are to come.
    Length(u64, u64),
    Chunked(Chunked),
    Close,
    /// Not HTTP.
    Foreign,
}

impl Reader {
    /// Reads the response to a request of that method: HEAD and CONNECT change the framing (RFC 9112 section 6.3).
    pub fn response(method: &[u8], limits: Limits) -> Self {
        Self::new(Kind::Response, Asked::with(method), limits)
    }

    /// Reads a request.
    pub fn request(limits: Limits) -> Self {
        Self::new(Kind::Request, Asked::Other, limits)
    }

    fn new(kind: Kind, asked: Asked, limits: Limits) -> Self {
        Self {
            kind,
            asked,
            limits: Limits {
                head: limits.head.max(1),
                ..limits
            },
            part: Part::Head(Pending::default()),
            heads: 0,
            total: 0,
            has_head: false,
            persists: false,
            message: Message::default(),
            defects: Defects::default(),
        }
    }

    /// Feeds the next bytes of the stream. Fewer are consumed than given only when the message is over, or the
    /// protocol switched: the rest belongs to what follows.
    pub fn feed(&mut self, bytes: &[u8]) -> Progress {
        let mut rest = bytes;
        while !rest.is_empty() && !matches!(self.part, Part::Over) {
            let taken = match self.part {
                Part::Head(_) => self.feed_head(rest),
                Part::Content(_) => self.feed_content(rest),
                Part::Over => 0,
            };
            rest = &rest[taken..];
        }
        Progress {
            consumed: bytes.len() - rest.len(),
            state: self.state(),
        }
    }

    /// The stream ended in order. What is missing then is noted (RFC 9112 section 8). After a reset or a deadline, do
    /// not call this: [`Reader::finish`] alone keeps what came.
    pub fn eof(&mut self) -> State {
        self.stop(true);
        self.state()
    }

    /// Notes that these bytes came on the same stream behind the message and belong to nothing. They are not counted.
    /// Does nothing unless the message is complete, or after a switch of protocol.
    pub fn extra(&mut self, bytes: &[u8]) {
        let noted = self.defects.has(H1Defect::ExtraBytes);
        let over = self.state() == State::Done && self.message.complete;
        if over && !noted && !bytes.is_empty() {
            self.defects.note(H1Defect::ExtraBytes, self.total);
        }
    }

    /// How far the reader is.
    pub fn state(&self) -> State {
        match self.part {
            Part::Head(_) => State::Head,
            Part::Content(_) => State::Body,
            Part::Over if self.message.upgraded => State::Upgraded,
            Part::Over => State::Done,
        }
    }

    /// Bytes of heads consumed so far: start lines and fields, interim ones included. What is not HTTP has none.
    pub fn head_bytes(&self) -> u64 {
        match &self.part {
            Part::Head(head) => self.heads + head.bytes.len() as u64,
            Part::Content(_) | Part::Over => self.heads,
        }
    }

    /// Bytes consumed so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether a complete final head has been read. Never true for what is not HTTP.
    pub fn has_head(&self) -> bool {
        self.has_head
    }

    /// The interim heads read so far, in order.
    pub fn interim_heads(&self) -> &[Response] {
        &self.message.interim
    }

    /// Bytes of content still to come, when a Content-Length tells; `None` where only the end itself would.
    pub fn content_left(&self) -> Option<u64> {
        match &self.part {
            Part::Content(Content {
                decoder: Decoder::Length(_, left),
                ..
            }) => Some(*left),
            _ => None,
        }
    }

    /// Whether the connection may carry another message: this one is complete, delimits itself, persists by version
    /// and `Connection` (RFC 9112 section 9.3), and has no defect that makes its end doubtful.
    pub fn reusable(&self) -> bool {
        self.state() == State::Done
            && self.message.complete
            && self.persists
            && !self.defects.doubtful()
    }

    /// All that was read.
    pub fn finish(mut self) -> Message {
        self.stop(false);
        Message {
            received: self.total,
            defects: self.defects.into_signals(),
            ..self.message
        }
    }

    fn feed_head(&mut self, input: &[u8]) -> usize {
        let Part::Head(head) = &mut self.part else {
            return 0;
        };
        let before = head.bytes.len();
        let fresh = &input[..input.len().min(self.limits.head - before)];
        let is_start_line = |line: &[u8]| self.kind == Kind::Request || is_status_line(line);
        let edge = if before == 0 {
            head.scan.advance(fresh, is_start_line)
        } else {
            head.bytes.extend_from_slice(fresh);
            head.scan.advance(&head.bytes, is_start_line)
        };
        let end = match edge {
            Some(Edge::End(end) | Edge::Foreign(end)) => end,
            None => before + fresh.len(),
        };
        self.total += (end - before) as u64;
        if edge.is_none() && end < self.limits.head {
            if before == 0 {
                head.bytes.extend_from_slice(fresh);
            }
            return end - before;
        }
        let Pending {
            base,
            mut bytes,
            scan,
        } = std::mem::take(head);
        let bytes = if before == 0 {
            Bytes::copy_from_slice(&fresh[..end])
        } else {
            bytes.truncate(end);
            Bytes::from(bytes)
        };
        match edge {
            Some(Edge::End(_)) => self.head_ended(&bytes, base, scan.lines),
            Some(Edge::Foreign(_)) => self.foreign(&bytes, base, &scan),
            None => self.head_too_large(&bytes, base, &scan),
        }
        end - before
    }

    fn head_ended(&mut self, bytes: &Bytes, base: u64, lines: usize) {
        self.heads += bytes.len() as u64;
        let Some(head) = head::parse(bytes, base, self.kind, lines, &mut self.defects) else {
            self.part = Part::Over;
            return;
        };
        let at = |field: &Field| base + offset_in(bytes, &field.name);
        match self.kind {
            Kind::Request => {
                let framing = framing::of_request(&head, at, &mut self.defects);
                self.persists = framing::persists(&head.start[2], &head.fields);
                self.message.request = Some(request(head));
                self.begin_content(framing);
            }
            Kind::Response => {
                let raw = (!head.is_usual(bytes)).then(|| Value::Bytes(bytes.clone()));
                let next = self.after_response_head(&head, at);
                self.response_head_ended(response(head, raw), next);
            }
        }
    }

    fn after_response_head(&mut self, head: &Head, at: impl Fn(&Field) -> u64) -> Next {
        let status = status(&head.start[1]);
        let next = framing::after_response(self.asked, status, head, at, &mut self.defects);
        self.persists = matches!(next, Next::Content(framing) if framing != Framing::Close)
            && framing::persists(&head.start[0], &head.fields);
        next
    }

    fn response_head_ended(&mut self, response: Response, next: Next) {
        let framing = match next {
            Next::Head => return self.interim(response),
            Next::Upgraded => Framing::None,
            Next::Content(framing) => framing,
        };
        self.message.response = Some(response);
        self.message.upgraded = next == Next::Upgraded;
        self.begin_content(framing);
    }

    fn interim(&mut self, mut response: Response) {
        if self.message.interim.len() >= self.limits.interim {
            self.defects.reached("interim", self.limits.interim);
            self.part = Part::Over;
            return;
        }
        response.body = Seen::Present(Body::whole(Bytes::new(), Framing::None));
        response.trailers = Fields::all();
        self.message.interim.push(response);
        self.part = Part::Head(Pending {
            base: self.total,
            ..Pending::default()
        });
    }

    fn begin_content(&mut self, framing: Framing) {
        self.has_head = true;
        let decoder = match framing {
            Framing::Length(length) if length > 0 => Decoder::Length(length, length),
            Framing::Chunked => Decoder::Chunked(Chunked::default()),
            Framing::Close => Decoder::Close,
            _ => {
                self.message.complete = true;
                self.end(Body::whole(Bytes::new(), framing), Fields::all());
                return;
            }
        };
        self.part = Part::Content(Content {
            bytes: Vec::new(),
            received: 0,
            decoder,
        });
    }

    fn feed_content(&mut self, input: &[u8]) -> usize {
        let Part::Content(content) = &mut self.part else {
            return 0;
        };
        let keep = self.limits.body;
        let (taken, ended) = match &mut content.decoder {
            Decoder::Length(_, left) => {
                let taken =
                    usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                *left -= taken as u64;
                let ended = *left == 0;
                content.push(&input[..taken], keep);
                (taken, ended.then_some(Ended::Whole(Vec::new())))
            }
            Decoder::Close => {
                content.push(input, keep);
                (input.len(), None)
            }
            Decoder::Foreign => {
                let room = (keep as u64).saturating_sub(content.received);
                let taken = usize::try_from(room).map_or(input.len(), |room| room.min(input.len()));
                content.push(&input[..taken], keep);
                (taken, (taken as u64 == room).then_some(Ended::Cut))
            }
            Decoder::Chunked(chunked) => {
                match chunked.step(input, self.total, self.limits.head, &mut self.defects) {
                    Step::Framing(taken) => (taken, None),
                    Step::Broken(taken) => (taken, Some(Ended::Cut)),
                    Step::Complete(taken, fields) => (taken, Some(Ended::Whole(fields))),
                    Step::Content(data) => {
                        content.push(data, keep);
                        (data.len(), None)
                    }
                }
            }
        };
        self.total += taken as u64;
        match ended {
            None => {}
            Some(Ended::Cut) => self.stop(false),
            Some(Ended::Whole(list)) => self.content_ended(list),
        }
        taken
    }

    fn content_ended(&mut self, list: Vec<Field>) {
        let Part::Content(content) = std::mem::replace(&mut self.part, Part::Over) else {
            return;
        };
        self.message.complete = true;
        let (body, _) = content.into_body(Seen::Present(true));
        let trailers = Fields {
            list,
            kept: Kept::All,
        };
        self.end(body, trailers);
    }

    /// Nothing more will be read: keeps what came, and when the stream ended, notes what is missing.
    fn stop(&mut self, at_eof: bool) {
        match std::mem::replace(&mut self.part, Part::Over) {
            Part::Head(head) if head.bytes.is_empty() => {}
            Part::Head(head) => self.cut_head(head, at_eof),
            Part::Content(content) => self.cut_content(content, at_eof),
            Part::Over => {}
        }
    }

    fn cut_head(&mut self, head: Pending, at_eof: bool) {
        let Pending { base, bytes, scan } = head;
        let bytes = Bytes::from(bytes);
        if self.is_foreign(&bytes, &scan) {
            self.foreign(&bytes, base, &scan);
            return self.stop(at_eof);
        }
        self.heads += bytes.len() as u64;
        self.keep_cut_head(&bytes, base, &scan);
        if at_eof {
            self.defects.note(H1Defect::TruncatedHead, self.total);
        }
    }

    fn head_too_large(&mut self, bytes: &Bytes, base: u64, scan: &Scan) {
        if self.is_foreign(bytes, scan) {
            return self.foreign(bytes, base, scan);
        }
        self.part = Part::Over;
        self.heads += bytes.len() as u64;
        self.keep_cut_head(bytes, base, scan);
        self.defects.note(H1Defect::HeadTooLarge, self.total);
    }

    /// Whether a first line that is not at its end can be no status line.
    fn is_foreign(&self, bytes: &[u8], scan: &Scan) -> bool {
        self.kind == Kind::Response
            && scan
                .cut_first_line(bytes)
                .is_some_and(|line| !is_status_line(line) && !b"HTTP/".starts_with(line))
    }

    /// Keeps the complete lines; of a start line that is not at its end, what is certain.
    fn keep_cut_head(&mut self, bytes: &Bytes, base: u64, scan: &Scan) {
        let head = match scan.cut_first_line(bytes) {
            None => head::parse(bytes, base, self.kind, scan.lines, &mut self.defects),
            Some(line) => head::split_exactly(line, self.kind).map(|parts| Head {
                start: parts.map(|part| bytes.slice_ref(&line[part])),
                fields: Fields::default(),
            }),
        };
        let Some(mut head) = head else {
            return;
        };
        head.fields = head::only_these(head.fields.list);
        match self.kind {
            Kind::Request => self.message.request = Some(request(head)),
            Kind::Response => {
                let raw = Some(Value::Bytes(bytes.clone()));
                self.message.response = Some(response(head, raw));
            }
        }
    }

    /// The bytes are no HTTP/1 response: they become content.
    fn foreign(&mut self, bytes: &[u8], base: u64, scan: &Scan) {
        let line = scan.first.unwrap_or(scan.open_line());
        self.defects.note(H1Defect::NotHttp, base + line as u64);
        self.message.response = Some(Response::default());
        let mut content = Content {
            bytes: Vec::new(),
            received: 0,
            decoder: Decoder::Foreign,
        };
        content.push(bytes, self.limits.body);
        self.part = Part::Content(content);
        if bytes.len() >= self.limits.body {
            self.stop(false);
        }
    }

    fn cut_content(&mut self, content: Content, at_eof: bool) {
        let (defect, complete) = match &content.decoder {
            Decoder::Length(..) => (Some(H1Defect::TruncatedBody), Seen::Present(false)),
            Decoder::Chunked(chunked) if chunked.content_complete() => {
                (Some(H1Defect::TruncatedTrailers), Seen::Present(true))
            }
            Decoder::Chunked(_) => (Some(H1Defect::TruncatedChunk), Seen::Present(false)),
            Decoder::Close | Decoder::Foreign if at_eof => (None, Seen::NotCaptured),
            Decoder::Close | Decoder::Foreign => (None, Seen::Present(false)),
        };
        if let Some(defect) = defect.filter(|_| at_eof) {
            self.defects.note(defect, self.total);
        }
        self.message.complete = at_eof && matches!(content.decoder, Decoder::Close);
        let (body, decoder) = content.into_body(complete);
        let trailers = match decoder {
            Decoder::Chunked(chunked) => chunked.cut(self.total, &mut self.defects),
            Decoder::Length(..) | Decoder::Close => Fields::all(),
            Decoder::Foreign => Fields::default(),
        };
        self.end(body, trailers);
    }

    /// Hands the content to its message.
    fn end(&mut self, body: Body, trailers: Fields) {
        self.part = Part::Over;
        if let Some(response) = &mut self.message.response {
            response.body = Seen::Present(body);
            response.trailers = trailers;
        } else if let Some(request) = &mut self.message.request {
            request.body = Seen::Present(body);
        }
    }
}

/// How content ended.
enum Ended {
    /// With these trailer fields.
    Whole(Vec<Field>),
    Cut,
}

impl Content {
    fn push(&mut self, data: &[u8], keep: usize) {
        let room = keep.saturating_sub(self.bytes.len()).min(data.len());
        self.bytes.extend_from_slice(&data[..room]);
        self.received += data.len() as u64;
    }

    fn into_body(self, complete: Seen<bool>) -> (Body, Decoder) {
        let body = Body {
            bytes: Bytes::from(self.bytes),
            received: Seen::Present(self.received),
            complete,
            framing: self.decoder.framing(),
        };
        (body, self.decoder)
    }
}

impl Decoder {
    const fn framing(&self) -> Framing {
        match self {
            Self::Length(length, _) => Framing::Length(*length),
            Self::Chunked(_) => Framing::Chunked,
            Self::Close | Self::Foreign => Framing::Close,
        }
    }
}

fn request(head: Head) -> Request {
    let [method, target, version] = head.start;
    Request {
        method,
        target,
        version,
        fields: head.fields,
        body: Seen::NotCaptured,
    }
}

fn response(head: Head, raw_head: Option<Value>) -> Response {
    let [version, code, reason] = head.start;
    Response {
        version,
        code,
        reason,
        fields: head.fields,
        raw_head,
        ..Response::default()
    }
}

fn status(code: &Bytes) -> Option<u16> {
    Response {
        code: code.clone(),
        ..Response::default()
    }
    .status()
}

/// Where a slice of that buffer begins in it.
fn offset_in(buffer: &Bytes, slice: &Bytes) -> u64 {
    slice.as_ptr().addr().saturating_sub(buffer.as_ptr().addr()) as u64
}

//! The HTTP/1 reader over a table of good and broken messages, at every split, and over mutations of them.

mod table;

use std::fmt::Write as _;

use httpwhy_model::{Body, Fields, Framing, H1Defect, Kept, Seen, Signal};
use httpwhy_wire::h1::{Limits, Message, Reader, State, read_request, read_response, write_head};
use table::{ROWS, Row};

/// Small bounds, so that the table can reach them.
const LIMITS: Limits = Limits {
    head: 200,
    body: 24,
    interim: 2,
};

fn reader(row: &Row) -> Reader {
    match row.reads {
        "request" => Reader::request(LIMITS),
        method => Reader::response(method.as_bytes(), LIMITS),
    }
}

/// What one way of feeding gave.
#[derive(Debug, PartialEq)]
struct Outcome {
    message: Message,
    consumed: usize,
    state: State,
    reusable: bool,
    has_head: bool,
    head_bytes: u64,
}

/// Feeds the pieces; what is left when the message is over is told as extra.
fn feed<'a>(row: &Row, pieces: impl IntoIterator<Item = &'a [u8]>, eof: bool) -> Outcome {
    let mut reader = reader(row);
    let mut consumed = 0;
    for piece in pieces {
        let progress = reader.feed(piece);
        consumed += progress.consumed;
        assert_eq!(progress.state, reader.state());
        if progress.consumed < piece.len() {
            assert!(matches!(progress.state, State::Done | State::Upgraded));
            reader.extra(&piece[progress.consumed..]);
        }
    }
    assert_eq!(reader.total(), consumed as u64);
    let state = if eof { reader.eof() } else { reader.state() };
    let (reusable, has_head, head_bytes) =
        (reader.reusable(), reader.has_head(), reader.head_bytes());
    Outcome {
        message: reader.finish(),
        consumed,
        state,
        reusable,
        has_head,
        head_bytes,
    }
}

/// Feeds whole, byte by byte and at the given splits, and asserts that all give the same.
fn feed_all_ways(
    row: &Row,
    bytes: &[u8],
    eof: bool,
    splits: impl IntoIterator<Item = usize>,
) -> Outcome {
    let whole = feed(row, [bytes], eof);
    assert_eq!(
        whole,
        feed(row, bytes.chunks(1), eof),
        "byte by byte: {}",
        bytes.escape_ascii()
    );
    for split in splits {
        let (a, b) = bytes.split_at(split);
        let halves = feed(row, [a, b], eof);
        assert_eq!(whole, halves, "split at {split}: {}", bytes.escape_ascii());
    }
    whole
}

/// One line that says all that a row expects.
fn describe(outcome: &Outcome, given: usize) -> String {
    let message = &outcome.message;
    let mut line = String::new();
    for interim in &message.interim {
        write!(
            line,
            "({}{}) ",
            text(&interim.code),
            fields(&interim.fields)
        )
        .expect("a string");
    }
    if let Some(it) = &message.response {
        let start = [&it.version, &it.code, &it.reason]
            .map(|part| text(part))
            .join("|");
        write!(line, "{start}{} {}", fields(&it.fields), body(&it.body)).expect("a string");
        if !it.trailers.list.is_empty() || it.trailers.kept != Kept::All {
            write!(line, " trailers{}", fields(&it.trailers)).expect("a string");
        }
    }
    if let Some(it) = &message.request {
        let start = [&it.method, &it.target, &it.version]
            .map(|part| text(part))
            .join("|");
        write!(line, "{start}{} {}", fields(&it.fields), body(&it.body)).expect("a string");
    }
    let end = match (message.complete, outcome.reusable) {
        (true, true) => "complete reusable",
        (true, false) => "complete",
        (false, false) => "incomplete",
        (false, true) => "BOTH INCOMPLETE AND REUSABLE",
    };
    write!(line, " {end}").expect("a string");
    if outcome.state == State::Upgraded {
        line.push_str(" upgraded");
    }
    if given > outcome.consumed {
        write!(line, " left={}", given - outcome.consumed).expect("a string");
    }
    for defect in &message.defects {
        let defect = defect.to_string().replace("h1:", "").replace(" at=", "@");
        write!(line, " {defect}").expect("a string");
    }
    line
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn fields(fields: &Fields) -> String {
    let list: Vec<String> = fields
        .list
        .iter()
        .map(|field| format!("{}={}", text(&field.name), text(field.value.as_bytes())))
        .collect();
    let kept = match &fields.kept {
        Kept::All => String::new(),
        Kept::Only(names) => format!(" only {names:?}"),
        Kept::Nothing => " nothing".to_owned(),
    };
    format!(" [{}{kept}]", list.join(", "))
}

fn body(body: &Seen<Body>) -> String {
    let Seen::Present(body) = body else {
        return format!("{body:?}");
    };
    let framing = match body.framing {
        Framing::None => "none".to_owned(),
        Framing::Length(length) => format!("length {length}"),
        Framing::Chunked => "chunked".to_owned(),
        Framing::Close => "close".to_owned(),
        other => format!("{other:?}"),
    };
    let complete = match body.complete {
        Seen::Present(true) => "",
        Seen::Present(false) => " cut",
        _ => " ?",
    };
    let received = match body.received {
        Seen::Present(received) if received == body.bytes.len() as u64 => String::new(),
        other => format!(" {other:?}"),
    };
    format!("<{framing}: {}{received}{complete}>", text(&body.bytes))
}

#[test]
fn every_row_reads_as_expected_at_every_split() {
    let mut wrong = String::new();
    for row in ROWS {
        let bytes = row.bytes;
        let outcome = feed_all_ways(row, bytes, row.eof, 0..=bytes.len());
        let found = describe(&outcome, bytes.len());
        if found != row.expected {
            writeln!(
                wrong,
                "{}\n  expected {}\n  found    {found}",
                text(bytes),
                row.expected
            )
            .expect("a string");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(ROWS.len() >= 60);
}

/// Marsaglia's xorshift, so that every run sees the same mutations.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// What mutations put in: the bytes that mean something to the reader.
const PIECES: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"0",
    b"1",
    b"f",
    b"\xff",
    b"HTTP/1.1 ",
    b"100 ",
    b"204 ",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\r\n0\r\n\r\n",
    b"9999999999999999999",
];

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() + 1);
        let to = bytes.len().min(at + random.below(9));
        match random.below(4) {
            0 => _ = bytes.splice(at..to, []),
            1 => _ = bytes.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied()),
            2 => _ = bytes.splice(at..to, PIECES[random.below(PIECES.len())].iter().copied()),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
}

#[test]
fn mutated_messages_never_panic_and_read_the_same_at_every_split() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let row = &ROWS[random.below(ROWS.len())];
        let mut bytes = row.bytes.to_vec();
        mutate(&mut random, &mut bytes);
        let split = random.below(bytes.len() + 1);
        let eof = random.below(2) == 0;
        let outcome = feed_all_ways(row, &bytes, eof, [split]);
        assert_sound(&outcome, &bytes);
    }
}

/// What holds of every message, whatever the bytes.
fn assert_sound(outcome: &Outcome, bytes: &[u8]) {
    let message = &outcome.message;
    let bytes = bytes.escape_ascii();
    assert!(outcome.head_bytes <= message.received, "{bytes}");
    assert_eq!(message.received, outcome.consumed as u64, "{bytes}");
    assert!(message.complete || !outcome.reusable, "{bytes}");
    assert_eq!(
        message.upgraded,
        outcome.state == State::Upgraded,
        "{bytes}"
    );
    let offsets: Vec<u64> = message.defects.iter().filter_map(offset).collect();
    assert!(offsets.is_sorted(), "{bytes}");
    assert!(offsets.iter().all(|&at| at <= message.received), "{bytes}");
    let contents = [
        message.response.as_ref().map(|it| &it.body),
        message.request.as_ref().map(|it| &it.body),
    ];
    for content in contents.into_iter().flatten() {
        if let Seen::Present(content) = content {
            let Seen::Present(received) = content.received else {
                panic!("not counted: {bytes}");
            };
            assert!(content.bytes.len() <= LIMITS.body, "{bytes}");
            assert!(content.bytes.len() as u64 <= received, "{bytes}");
        }
    }
}

fn offset(signal: &Signal) -> Option<u64> {
    match signal {
        Signal::H1 { at, .. } => Some(*at),
        _ => None,
    }
}

#[test]
fn progress_is_told_as_it_is_made() {
    let mut reader = Reader::response(b"GET", Limits::default());
    let mut told = Vec::new();
    for piece in [
        "HTTP/1.1 100 Continue\r\n",
        "\r\nHTTP/1.1 200 OK\r\n",
        "Content-Length: 3\r\n\r\nab",
        "cdef",
    ] {
        let progress = reader.feed(piece.as_bytes());
        told.push((
            progress.consumed,
            progress.state,
            reader.has_head(),
            reader.head_bytes(),
            reader.total(),
        ));
    }
    assert_eq!(
        told,
        [
            (23, State::Head, false, 23, 23),
            (19, State::Head, false, 42, 42),
            (23, State::Body, true, 63, 65),
            (1, State::Done, true, 63, 66),
        ]
    );
    assert!(reader.reusable());
    reader.extra(b"");
    assert!(reader.reusable());
    reader.extra(b"def");
    reader.extra(b"more");
    assert!(!reader.reusable());
    assert_eq!(
        reader.finish().defects,
        [Signal::h1(H1Defect::ExtraBytes, 66)]
    );
}

#[test]
fn a_peer_cannot_fill_memory() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    bytes.extend(b"1\nx\n".repeat(50_000));
    let (message, consumed) = read_response(&bytes, b"GET", false, Limits::default());
    assert_eq!(consumed, bytes.len());
    assert_eq!(message.defects.len(), 16, "of a kind");

    bytes.truncate(47);
    bytes.extend(b"1;");
    bytes.extend([b'x'; 5_000]);
    let (message, consumed) = read_response(&bytes, b"GET", false, Limits::default());
    assert_eq!(consumed, 47 + 4_096);
    assert_eq!(message.defects, [Signal::h1(H1Defect::BadChunkSize, 47)]);
}

#[test]
fn names_and_values_are_slices_of_one_buffer() {
    let bytes = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n";
    let (message, _) = read_response(bytes, b"GET", true, Limits::default());
    let response = message.response.expect("a response");
    let start = response.version.as_ptr().addr();
    for field in &response.fields.list {
        let within = field.name.as_ptr().addr() - start;
        assert!(bytes[within..].starts_with(&field.name));
    }
}

/// The octets of a head are kept where they cannot be had again from its parts.
#[test]
fn the_octets_of_every_head_can_be_had() {
    let table: [(&[u8], bool); 12] = [
        (
            b"HTTP/1.1 200 OK\r\nServer: x\r\nX: \r\nA: b  c\r\n\r\n",
            false,
        ),
        (b"HTTP/1.1 200 \r\n\r\n", false),
        (b"HTTP/1.1 200\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\nServer: x\n\n", true),
        (b"HTTP/1.1 200 OK\r\nServer:x \r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nServer:\tx\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nServer : x\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\n X: a\r\nY: b\r\n\r\n", false),
        (b"\r\nHTTP/1.1 200 OK\r\nX\r\n\r\n", true),
        (b"HTTP/1.1  200  OK\r\n\r\n", true),
        (b"HTTP/1.1 200 OK\r\nServer: x\r\nSet-Coo", true),
    ];
    for (octets, odd) in table {
        for split in 0..octets.len() {
            let mut reader = Reader::response(b"GET", Limits::default());
            reader.feed(&octets[..split]);
            reader.feed(&octets[split..]);
            let response = reader.finish().response.expect("a response");
            let shown = text(octets);
            assert_eq!(text(&response.head_octets()), shown);
            assert_eq!(response.raw_head.is_some(), odd, "{shown}");
        }
    }
}

#[test]
fn a_head_is_written_as_given_and_read_back() {
    let mut head = Vec::new();
    let fields = Fields::of([("Host", "a"), ("X", "")]);
    write_head(&mut head, [b"GET", b"/", b"HTTP/1.1"], &fields);
    assert_eq!(head, b"GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n");
    let (message, consumed) = read_request(&head, false, Limits::default());
    assert_eq!((consumed, message.complete), (head.len(), true));
    assert_eq!(message.request.expect("a request").fields, fields);
}

//! The HTTP/1 reader over a table of good and broken messages, at every split, and over mutations of them.

mod table;

use std::fmt::Write as _;

use httpwhy_model::{Body, Fields, Framing, Kept, Seen};
use httpwhy_wire::h1::{Limits, Message, Reader, State};
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

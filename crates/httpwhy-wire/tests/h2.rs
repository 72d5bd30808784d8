//! The reader of HTTP/2: one side of a connection, recorded.

use httpwhy_model::{Seen, Signal};
use httpwhy_wire::h1::{Limits, Message};
use httpwhy_wire::h2::{GoAway, Reader, flag, kind, write_frame, write_goaway, write_reset};
use httpwhy_wire::hpack::write_literal;

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in fields {
        write_literal(&mut out, name.as_bytes(), value.as_bytes());
    }
    out
}

fn read(bytes: &[u8], size: usize) -> (Reader, Message) {
    let mut reader = Reader::of_server(Limits::default());
    reader.follow(1, b"GET", Limits::default());
    for piece in bytes.chunks(size) {
        reader.feed(piece);
    }
    let message = reader.message();
    (reader, message)
}

fn defects(message: &Message) -> String {
    let all: Vec<_> = message.defects.iter().map(Signal::to_string).collect();
    all.join(", ")
}

const HEADERS: u8 = kind::HEADERS;
const END: u8 = flag::END_HEADERS;
const LAST: u8 = flag::END_HEADERS | flag::END_STREAM;

#[test]
fn a_whole_answer_is_read_at_every_split() {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);
    write_frame(&mut bytes, kind::SETTINGS, flag::ACK, 0, b"");
    let hints = block(&[(":status", "103"), ("link", "</a>")]);
    write_frame(&mut bytes, HEADERS, END, 1, &hints);
    let head = block(&[(":status", "200"), ("a", "1"), ("b", "2"), ("a", "3")]);
    let padded = [&[2, 0, 0, 0, 0, 9][..], &head[..7]].concat();
    let padded = [&padded[..], b"\0\0"].concat();
    let flags = flag::PADDED | flag::PRIORITY;
    write_frame(&mut bytes, HEADERS, flags, 1, &padded);
    write_frame(&mut bytes, kind::CONTINUATION, 0, 1, &head[7..20]);
    write_frame(&mut bytes, kind::CONTINUATION, END, 1, &head[20..]);
    write_frame(&mut bytes, kind::DATA, flag::PADDED, 1, b"\x03hello\0\0\0");
    write_frame(&mut bytes, kind::DATA, 0, 3, b"of another");
    write_frame(&mut bytes, kind::DATA, 0, 1, b" you");
    let trailers = block(&[("grpc-status", "5")]);
    write_frame(&mut bytes, HEADERS, LAST, 1, &trailers);
    for size in 1..bytes.len() {
        let (reader, message) = read(&bytes, size);
        assert_eq!(defects(&message), "", "{size}");
        assert!(message.complete && reader.is_between());
        assert_eq!(
            (reader.settings(), reader.has_acknowledged()),
            (&[(3, 100)][..], true)
        );
        assert_eq!(message.interim[0].code, "103");
        let response = message.response.expect("an answer");
        let names: Vec<_> = response.fields.list.iter().map(|f| &*f.name).collect();
        assert_eq!(names, [b"a", b"b", b"a"], "in order");
        let Seen::Present(body) = &response.body else {
            panic!("no content")
        };
        assert_eq!(body.bytes, "hello you", "{size}");
        assert_eq!(body.complete, Seen::Present(true));
        assert_eq!(response.trailers.text("grpc-status"), Some("5"));
    }
}

#[test]
fn defects_are_named() {
    let settings = |then: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, kind::SETTINGS, 0, 0, b"");
        then(&mut bytes);
        bytes
    };
    let head = |fields: &[(&str, &str)], flags| {
        settings(&|out| write_frame(out, HEADERS, flags, 1, &block(fields)))
    };
    let ok = (":status", "200");
    for (bytes, expected) in [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            "h2:not-h2 first=485454502f312e312034303020426164",
        ),
        (
            b"SSH-2.0-x\r\n".to_vec(),
            "h2:not-h2 first=5353482d322e302d780d0a",
        ),
        (
            b"\0\0\x08\x06\0\0\0\0\x0012345678".to_vec(),
            "h2:no-settings",
        ),
        (
            settings(&|out| write_frame(out, kind::PING, 0, 0, b"123")),
            "h2:6 by=us",
        ),
        (
            settings(&|out| write_frame(out, kind::DATA, 0, 1, &vec![0; 16_385])),
            "h2:6 by=us",
        ),
        (
            settings(&|out| write_frame(out, HEADERS, END, 1, &[0xff; 6])),
            "h2:9 by=us",
        ),
        (
            settings(&|out| write_frame(out, kind::CONTINUATION, END, 1, b"")),
            "h2:1 by=us",
        ),
        (head(&[("a", "b")], LAST), "h2:incomplete-headers stream=1"),
        (
            head(&[(":status", "2x0")], LAST),
            "h2:incomplete-headers stream=1",
        ),
        (
            head(&[ok, ("Server", "x")], LAST),
            "h2:malformed-message stream=1 field=Server",
        ),
        (
            head(&[ok, ("connection", "close")], LAST),
            "h2:malformed-message stream=1 field=connection",
        ),
        (
            head(&[("a", "b"), ok], LAST),
            "h2:malformed-message stream=1 field=:status",
        ),
        (
            head(&[ok, (":path", "/")], LAST),
            "h2:malformed-message stream=1 field=:path",
        ),
        (
            head(&[ok, ("content-length", "5")], LAST),
            "h2:malformed-message stream=1 field=content-length",
        ),
    ] {
        let (reader, message) = read(&bytes, bytes.len());
        assert_eq!(defects(&message), expected);
        assert!(reader.received() > 0);
    }
    let (_, message) = read(b"HTTP/1.1 400 Bad Request\r\n\r\n", 3);
    assert_eq!(message.response.and_then(|r| r.status()), Some(400));
}

#[test]
fn ends_are_kept() {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, kind::SETTINGS, 0, 0, b"");
    write_reset(&mut bytes, 3, 2);
    write_reset(&mut bytes, 1, 7);
    let debug = &[b'x'; 1000];
    write_goaway(
        &mut bytes,
        GoAway {
            last: 5,
            code: 11,
            debug,
        },
    );
    let (reader, message) = read(&bytes, 5);
    assert!(!message.complete && message.response.is_none());
    let goaway = reader.goaway().expect("one");
    assert_eq!((goaway.last, goaway.code, goaway.debug.len()), (5, 11, 256));
    let mut reader = Reader::of_server(Limits::default());
    reader.follow(1, b"GET", Limits::default());
    reader.feed(&bytes);
    assert_eq!((reader.reset(), reader.has_ended()), (Some(7), false));
}

#[test]
fn a_head_has_a_bound() {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, kind::SETTINGS, 0, 0, b"");
    let long = block(&[(":status", "200"), ("a", &"x".repeat(2000))]);
    write_frame(&mut bytes, HEADERS, LAST, 1, &long);
    let mut reader = Reader::of_server(Limits::default());
    let limits = Limits {
        head: 1000,
        ..Limits::default()
    };
    reader.follow(1, b"GET", limits);
    reader.feed(&bytes);
    assert_eq!(defects(&reader.message()), "limit:head max=1000");
}

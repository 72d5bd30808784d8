//! A client of HTTP/2 that hides nothing: frames out, frames in.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "each test file is a crate of its own")]

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use httpwhy_wire::h2::{FrameHead, HEAD, PREFACE, flag, kind, read_frame_head, write_frame};
use httpwhy_wire::hpack::{Decoder, write_literal};

use super::{End, PATIENCE, SILENCE, connect, read_all};

/// What came, and how it ended.
#[derive(Debug)]
pub struct Heard {
    pub frames: Vec<(FrameHead, Vec<u8>)>,
    pub rest: Vec<u8>,
    pub end: End,
}

/// Preface, SETTINGS and one request, on stream 1.
pub fn request(method: &str, path: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = PREFACE.to_vec();
    write_frame(&mut out, kind::SETTINGS, 0, 0, b"");
    stream(&mut out, 1, method, path, fields, body);
    out
}

/// One more request.
pub fn stream(
    out: &mut Vec<u8>,
    stream: u32,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) {
    let mut block = Vec::new();
    let pseudo = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "sim.test"),
    ];
    for (name, value) in pseudo.iter().chain(fields) {
        write_literal(&mut block, name.as_bytes(), value.as_bytes());
    }
    let end = if body.is_empty() { flag::END_STREAM } else { 0 };
    write_frame(out, kind::HEADERS, flag::END_HEADERS | end, stream, &block);
    let pieces = body.chunks(16_384);
    let count = pieces.len();
    for (at, piece) in pieces.enumerate() {
        let end = if at + 1 == count { flag::END_STREAM } else { 0 };
        write_frame(out, kind::DATA, end, stream, piece);
    }
}

/// Sends these bytes, and takes what comes until the end, or until nothing comes any more.
pub fn say(address: SocketAddr, bytes: &[u8]) -> Heard {
    hear(address, bytes, SILENCE)
}

/// Sends these bytes, and takes what comes until the end, which must come.
pub fn say_to_the_end(address: SocketAddr, bytes: &[u8]) -> Heard {
    hear(address, bytes, PATIENCE)
}

fn hear(address: SocketAddr, bytes: &[u8], silence: Duration) -> Heard {
    let mut stream = connect(address);
    stream.set_read_timeout(Some(silence)).expect("a timeout");
    stream.write_all(bytes).expect("sends");
    let (mut rest, end) = read_all(&mut stream);
    let mut frames = Vec::new();
    while let Some(head) = read_frame_head(&rest) {
        let length = HEAD + head.length as usize;
        if rest.len() < length {
            break;
        }
        let tail = rest.split_off(length);
        frames.push((head, rest[HEAD..].to_vec()));
        rest = tail;
    }
    Heard { frames, rest, end }
}

impl Heard {
    /// The frames of that kind on that stream.
    pub fn of(&self, kind: u8, stream: u32) -> Vec<&(FrameHead, Vec<u8>)> {
        let wanted = |(head, _): &&(FrameHead, Vec<u8>)| head.kind == kind && head.stream == stream;
        self.frames.iter().filter(wanted).collect()
    }

    /// The heads and trailers of a stream, as lines.
    pub fn fields(&self, stream: u32) -> Vec<Vec<String>> {
        let mut decoder = Decoder::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let blocks = self.of(kind::HEADERS, stream).into_iter();
        blocks
            .map(|(_, block)| {
                let fields = decoder.read(block, 1 << 20).expect("readable");
                let line =
                    |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}: {}", text(name), text(value));
                fields.iter().map(line).collect()
            })
            .collect()
    }

    /// The content of a stream.
    pub fn content(&self, stream: u32) -> Vec<u8> {
        let frames = self.of(kind::DATA, stream).into_iter();
        frames.flat_map(|(_, payload)| payload.clone()).collect()
    }

    /// Whether the stream is ended in order.
    pub fn is_whole(&self, stream: u32) -> bool {
        self.frames.iter().any(|(head, _)| {
            head.stream == stream
                && matches!(head.kind, kind::DATA | kind::HEADERS)
                && head.has(flag::END_STREAM)
        })
    }
}

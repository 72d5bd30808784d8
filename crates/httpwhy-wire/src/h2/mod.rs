//! HTTP/2 (RFC 9113): frame heads, the payloads that end streams and connections, and a lenient reader of messages.

mod frames;
mod reader;

pub use frames::{Frames, Piece};
pub use reader::{Farewell, Reader, printable};

/// What a client sends first, before its SETTINGS (RFC 9113 section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The length of a frame head, in bytes.
pub const HEAD: usize = 9;

/// The types of frames (RFC 9113 section 6).
pub mod kind {
    /// Content of a message.
    pub const DATA: u8 = 0;
    /// Fields of a message.
    pub const HEADERS: u8 = 1;
    /// Deprecated.
    pub const PRIORITY: u8 = 2;
    /// The end of a stream, with an error code.
    pub const RST_STREAM: u8 = 3;
    /// Parameters of the connection.
    pub const SETTINGS: u8 = 4;
    /// A request that the server makes up.
    pub const PUSH_PROMISE: u8 = 5;
    /// A question that is answered at once.
    pub const PING: u8 = 6;
    /// The end of the connection, with an error code.
    pub const GOAWAY: u8 = 7;
    /// More may be sent.
    pub const WINDOW_UPDATE: u8 = 8;
    /// More fields.
    pub const CONTINUATION: u8 = 9;
}

/// Flags of frames (RFC 9113 section 6); `ACK` and `END_STREAM` are one bit with two meanings.
pub mod flag {
    /// Of SETTINGS and PING: an answer.
    pub const ACK: u8 = 0x1;
    /// Of DATA and HEADERS: the sender's last frame on the stream.
    pub const END_STREAM: u8 = 0x1;
    /// Of HEADERS, PUSH_PROMISE and CONTINUATION: no CONTINUATION follows.
    pub const END_HEADERS: u8 = 0x4;
    /// Of DATA, HEADERS and PUSH_PROMISE: padding is there.
    pub const PADDED: u8 = 0x8;
    /// Of HEADERS: a priority is there.
    pub const PRIORITY: u8 = 0x20;
}

/// The head of a frame (RFC 9113 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameHead {
    /// The payload's length in bytes, as claimed: 0 to 2^24 - 1.
    pub length: u32,
    /// The type: see [`kind`].
    pub kind: u8,
    /// The flags: see [`flag`].
    pub flags: u8,
    /// The stream, without the reserved bit; 0 for the connection.
    pub stream: u32,
}

impl FrameHead {
    /// Whether that flag is set.
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Reads a frame head; `None` when more bytes are needed. Nothing is checked.
pub fn read_frame_head(bytes: &[u8]) -> Option<FrameHead> {
    let &[a, b, c, kind, flags, s0, s1, s2, s3] = bytes.first_chunk()?;
    Some(FrameHead {
        length: u32::from_be_bytes([0, a, b, c]),
        kind,
        flags,
        stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
    })
}

/// Writes one frame. Nothing is checked: a tester may send anything; of the payload's length the low 24 bits are told,
/// of `stream` the low 31.
pub fn write_frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    write_frame_head(
        out,
        FrameHead {
            length: payload.len() as u32,
            kind,
            flags,
            stream,
        },
    );
    out.extend_from_slice(payload);
}

/// Writes a frame head, whatever follows it.
pub fn write_frame_head(out: &mut Vec<u8>, head: FrameHead) {
    out.extend_from_slice(&head.length.to_be_bytes()[1..]);
    out.extend_from_slice(&[head.kind, head.flags]);
    out.extend_from_slice(&(head.stream & 0x7fff_ffff).to_be_bytes());
}

/// What a GOAWAY frame says (RFC 9113 section 6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoAway<'a> {
    /// The highest stream that was or may be processed.
    pub last: u32,
    /// The error code (RFC 9113 section 7).
    pub code: u32,
    /// Text for people, of any form.
    pub debug: &'a [u8],
}

/// Reads the payload of a GOAWAY frame; `None` when it is too short.
pub fn read_goaway(payload: &[u8]) -> Option<GoAway<'_>> {
    let (last, rest) = payload.split_first_chunk()?;
    let (code, debug) = rest.split_first_chunk()?;
    Some(GoAway {
        last: u32::from_be_bytes(*last) & 0x7fff_ffff,
        code: u32::from_be_bytes(*code),
        debug,
    })
}

/// Writes a GOAWAY frame.
pub fn write_goaway(out: &mut Vec<u8>, goaway: GoAway<'_>) {
    let payload = [
        &goaway.last.to_be_bytes()[..],
        &goaway.code.to_be_bytes(),
        goaway.debug,
    ]
    .concat();
    write_frame(out, kind::GOAWAY, 0, 0, &payload);
}

/// Reads the error code of a RST_STREAM frame (RFC 9113 section 6.4); `None` when the payload is too short.
pub fn read_reset(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*payload.first_chunk()?))
}

/// Writes a RST_STREAM frame.
pub fn write_reset(out: &mut Vec<u8>, stream: u32, code: u32) {
    write_frame(out, kind::RST_STREAM, 0, stream, &code.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_written() {
        let mut out = Vec::new();
        write_frame(
            &mut out,
            kind::DATA,
            flag::END_STREAM,
            0x8000_0005,
            &[7; 300],
        );
        let head = read_frame_head(&out).expect("a head");
        let expected = FrameHead {
            length: 300,
            kind: kind::DATA,
            flags: flag::END_STREAM,
            stream: 5,
        };
        assert_eq!(head, expected, "the reserved bit is not told");
        assert!(head.has(flag::END_STREAM) && !head.has(flag::PADDED));
        assert_eq!(out.len(), HEAD + 300);
        assert_eq!(read_frame_head(&out[..8]), None);
    }

    #[test]
    fn ends_are_read_as_written() {
        let goaway = GoAway {
            last: 9,
            code: 11,
            debug: b"calm",
        };
        let mut out = Vec::new();
        write_goaway(&mut out, goaway);
        assert_eq!(read_frame_head(&out).map(|head| head.length), Some(12));
        assert_eq!(read_goaway(&out[HEAD..]), Some(goaway));
        assert_eq!(read_goaway(&out[HEAD..HEAD + 7]), None);
        out.clear();
        write_reset(&mut out, 3, 8);
        assert_eq!(out, b"\0\0\x04\x03\0\0\0\0\x03\0\0\0\x08");
        assert_eq!(read_reset(&out[HEAD..]), Some(8));
        assert_eq!(read_reset(b"\0\0"), None);
    }
}

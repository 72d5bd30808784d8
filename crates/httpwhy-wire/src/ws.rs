//! WebSocket frames (RFC 6455 section 5). `Sec-WebSocket-Accept` is not computed here.

use httpwhy_model::WsClose;

/// The first opcode of control frames (RFC 6455 section 5.5).
const CONTROL: u8 = 8;
/// The longest payload of a control frame, in bytes.
const CONTROL_PAYLOAD: u64 = 125;

/// The head of a frame (RFC 6455 section 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FrameHead {
    /// The last frame of its message.
    pub fin: bool,
    /// The three reserved bits, RSV1 being 4: 0 to 7.
    pub rsv: u8,
    /// 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong.
    pub opcode: u8,
    /// Whether the payload is masked.
    pub masked: bool,
    /// The masking key; zero when not masked.
    pub mask: [u8; 4],
    /// The payload's length in bytes, as claimed.
    pub length: u64,
}

/// Reads a frame head and says how many bytes it takes (2 to 14). `None` when more bytes are needed. Nothing is checked.
pub fn read_frame_head(bytes: &[u8]) -> Option<(FrameHead, usize)> {
    let &[first, second] = bytes.first_chunk()?;
    let (length, size) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(array(bytes, 2)?)), 4),
        127 => (u64::from_be_bytes(array(bytes, 2)?), 10),
        short => (u64::from(short), 2),
    };
    let masked = second & 0x80 != 0;
    let (mask, size) = if masked {
        (array(bytes, size)?, size + 4)
    } else {
        ([0; 4], size)
    };
    let head = FrameHead {
        fin: first & 0x80 != 0,
        rsv: (first >> 4) & 7,
        opcode: first & 0x0f,
        masked,
        mask,
        length,
    };
    Some((head, size))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Writes one frame, masking the payload when a key is given. Nothing is checked: a tester may send anything. Only the
/// low four bits of `opcode` are used.
pub fn write_frame(
    out: &mut Vec<u8>,
    opcode: u8,
    fin: bool,
    mask: Option<[u8; 4]>,
    payload: &[u8],
) {
    out.push(u8::from(fin) << 7 | opcode & 0x0f);
    write_length(out, mask.is_some(), payload.len());
    match mask {
        None => out.extend_from_slice(payload),
        Some(key) => {
            out.extend_from_slice(&key);
            out.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
        }
    }
}

fn write_length(out: &mut Vec<u8>, masked: bool, length: usize) {
    let flag = u8::from(masked) << 7;
    match length {
        0..=125 => out.push(flag | length as u8),
        126..=0xffff => {
            out.push(flag | 0x7e);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(flag | 0x7f);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// What is wrong with a frame head from a peer, when no extension was agreed on (RFC 6455 sections 5.1 to 5.5):
/// `masked-frame` for a masked frame of a server; `bad-frame` for an unmasked frame of a client, a reserved bit or
/// opcode, a control frame that is fragmented or longer than 125 bytes, a length of 2^63 bytes or more.
pub fn frame_defect(head: &FrameHead, from_server: bool) -> Option<&'static str> {
    if from_server && head.masked {
        return Some("masked-frame");
    }
    let control = head.opcode >= CONTROL;
    let bad = (!from_server && !head.masked)
        || head.rsv != 0
        || !matches!(head.opcode, 0..=2 | 8..=10)
        || (control && (!head.fin || head.length > CONTROL_PAYLOAD))
        || head.length > i64::MAX as u64;
    bad.then_some("bad-frame")
}

/// Reads the payload of a Close frame, unmasked (RFC 6455 section 5.5.1): nothing, or a code and a reason.
///
/// The code is not judged. `Err` is the word of the defect: `bad-frame` for a payload of one byte, `bad-utf8` for a
/// reason that is no UTF-8.
pub fn parse_close(payload: &[u8]) -> Result<WsClose, &'static str> {
    match payload {
        [] => Ok(WsClose::default()),
        [_] => Err("bad-frame"),
        [high, low, reason @ ..] if std::str::from_utf8(reason).is_ok() => Ok(WsClose {
            code: Some(u16::from_be_bytes([*high, *low])),
            reason: reason.to_vec(),
        }),
        _ => Err("bad-utf8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_written() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let payload = vec![7; length];
                let mut frame = Vec::new();
                write_frame(&mut frame, 2, true, mask, &payload);
                let (head, size) = read_frame_head(&frame).expect("whole");
                assert_eq!((head.fin, head.rsv, head.opcode), (true, 0, 2));
                assert_eq!((head.masked, head.length), (mask.is_some(), length as u64));
                assert_eq!(frame.len(), size + length);
                for short in 0..size {
                    assert_eq!(read_frame_head(&frame[..short]), None);
                }
                let unmasked: Vec<u8> = frame[size..]
                    .iter()
                    .zip(head.mask.iter().cycle())
                    .map(|(b, k)| b ^ k)
                    .collect();
                assert_eq!(unmasked, payload);
            }
        }
    }

    #[test]
    fn the_example_of_rfc_6455_5_7() {
        let mut frame = Vec::new();
        write_frame(
            &mut frame,
            1,
            true,
            Some([0x37, 0xfa, 0x21, 0x3d]),
            b"Hello",
        );
        assert_eq!(frame, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    }

    #[test]
    fn defects_of_frame_heads() {
        let good = FrameHead {
            fin: true,
            opcode: 1,
            length: 5,
            ..FrameHead::default()
        };
        let masked = FrameHead {
            masked: true,
            ..good
        };
        assert_eq!(frame_defect(&good, true), None);
        assert_eq!(frame_defect(&masked, false), None);
        assert_eq!(frame_defect(&masked, true), Some("masked-frame"));
        assert_eq!(frame_defect(&good, false), Some("bad-frame"));
        for bad in [
            FrameHead { rsv: 4, ..good },
            FrameHead { opcode: 3, ..good },
            FrameHead { opcode: 11, ..good },
            FrameHead {
                opcode: 8,
                length: 126,
                ..good
            },
            FrameHead {
                opcode: 9,
                fin: false,
                ..good
            },
            FrameHead {
                length: 1 << 63,
                ..good
            },
        ] {
            assert_eq!(frame_defect(&bad, true), Some("bad-frame"), "{bad:?}");
        }
    }

    #[test]
    fn close_payloads() {
        assert_eq!(parse_close(b""), Ok(WsClose::default()));
        assert_eq!(parse_close(b"\x03"), Err("bad-frame"));
        assert_eq!(parse_close(b"\x03\xe8\xff"), Err("bad-utf8"));
        let bye = WsClose {
            code: Some(1000),
            reason: b"bye".to_vec(),
        };
        assert_eq!(parse_close(b"\x03\xe8bye"), Ok(bye));
    }
}

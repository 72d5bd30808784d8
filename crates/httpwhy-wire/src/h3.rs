//! HTTP/3 frames (RFC 9114 section 7) and the integers of QUIC (RFC 9000 section 16).

/// The types of frames.
pub mod kind {
    /// Content of a message.
    pub const DATA: u64 = 0;
    /// Fields of a message.
    pub const HEADERS: u64 = 1;
    /// The peer gives up a push.
    pub const CANCEL_PUSH: u64 = 3;
    /// Parameters of the connection.
    pub const SETTINGS: u64 = 4;
    /// A request that the server makes up.
    pub const PUSH_PROMISE: u64 = 5;
    /// The connection takes no more requests.
    pub const GOAWAY: u64 = 7;
    /// How many pushes may come.
    pub const MAX_PUSH_ID: u64 = 13;
}

/// The types of unidirectional streams (RFC 9114 section 6.2, RFC 9204 section 4.2).
pub mod stream {
    /// Frames of the connection.
    pub const CONTROL: u64 = 0;
    /// A pushed answer.
    pub const PUSH: u64 = 1;
    /// Insertions into QPACK's table.
    pub const ENCODER: u64 = 2;
    /// Acknowledgements of them.
    pub const DECODER: u64 = 3;
}

/// Reads an integer, and says how many bytes it takes (1, 2, 4 or 8). `None` when more bytes are needed.
pub fn read_integer(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = 1 << (bytes.first()? >> 6);
    let bytes = bytes.get(..length)?;
    let all = bytes
        .iter()
        .fold(0, |all, byte| all << 8 | u64::from(*byte));
    Some((all & (u64::MAX >> (66 - 8 * length).min(63)), length))
}

/// Writes an integer; of one beyond 2^62 - 1 the lower bits only.
pub fn write_integer(out: &mut Vec<u8>, number: u64) {
    let number = number & (u64::MAX >> 2);
    match number {
        0..0x40 => out.push(number as u8),
        0x40..0x4000 => out.extend_from_slice(&(number as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => out.extend_from_slice(&(number as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(number | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// Reads a frame head: type and length of the payload, and how many bytes they take. `None` when more are needed.
pub fn read_frame_head(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let (kind, first) = read_integer(bytes)?;
    let (length, second) = read_integer(&bytes[first..])?;
    Some((kind, length, first + second))
}

/// Writes one frame. Nothing is checked.
pub fn write_frame(out: &mut Vec<u8>, kind: u64, payload: &[u8]) {
    write_integer(out, kind);
    write_integer(out, payload.len() as u64);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integers_of_rfc_9000_a_1() {
        for (bytes, number) in [
            (
                &b"\xc2\x19\x7c\x5e\xff\x14\xe8\x8c"[..],
                151_288_809_941_952_652,
            ),
            (b"\x9d\x7f\x3e\x7d", 494_878_333),
            (b"\x7b\xbd", 15_293),
            (b"\x25", 37),
        ] {
            assert_eq!(read_integer(bytes), Some((number, bytes.len())));
            let mut out = Vec::new();
            write_integer(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(read_integer(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(
            read_integer(b"\x40\x25"),
            Some((37, 2)),
            "longer than needed"
        );
    }

    #[test]
    fn frames_are_read_as_written() {
        let mut out = Vec::new();
        write_frame(&mut out, kind::HEADERS, &[7; 100]);
        assert_eq!(read_frame_head(&out), Some((1, 100, 3)));
        assert_eq!(read_frame_head(&out[..2]), None);
    }
}

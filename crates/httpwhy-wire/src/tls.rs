//! TLS record heads and plaintext alerts (RFC 8446 sections 5.1 and 6): enough to tell TLS from anything else.

/// Bytes of a record head: type, version, length.
const HEAD: usize = 5;
/// The content type of an alert record.
const ALERT: u8 = 21;
/// The longest record: 2^14 bytes and what encryption may add (RFC 5246 section 6.2.3).
const LONGEST: u16 = 16_384 + 2_048;

/// Whether these first bytes of a stream can be a TLS record head: content type 20 to 24, version 3.0 to 3.4, at most
/// 18,432 bytes long. `None` when there are too few bytes to say; a wrong byte is told as soon as it is there.
pub fn looks_like_record(first: &[u8]) -> Option<bool> {
    let kind = *first.first()?;
    if !(20..=24).contains(&kind) {
        return Some(false);
    }
    if *first.get(1)? != 3 || *first.get(2)? > 4 {
        return Some(false);
    }
    let (_, _, length) = read_record_head(first)?;
    Some(length <= LONGEST)
}

/// Reads a record head: content type, version (`0x0303` is TLS 1.2), length in bytes of what follows. `None` when fewer
/// than five bytes are there. Nothing is checked.
pub fn read_record_head(bytes: &[u8]) -> Option<(u8, u16, u16)> {
    let &[kind, major, minor, high, low] = bytes.first_chunk::<HEAD>()?;
    Some((
        kind,
        u16::from_be_bytes([major, minor]),
        u16::from_be_bytes([high, low]),
    ))
}

/// The level (1 warning, 2 fatal) and description of a plaintext alert record (RFC 8446 section 6). `None` when it is
/// no alert, encrypted, or not wholly there.
pub fn read_alert(record: &[u8]) -> Option<(u8, u8)> {
    match (read_record_head(record)?, record.get(HEAD..HEAD + 2)?) {
        ((ALERT, _, 2), &[level, description]) => Some((level, description)),
        _ => None,
    }
}

/// Writes a plaintext alert record of version 3.3.
pub fn write_alert(out: &mut Vec<u8>, level: u8, description: u8) {
    out.extend_from_slice(&[ALERT, 3, 3, 0, 2, level, description]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_other_first_bytes() {
        for (first, expected) in [
            (&b""[..], None),
            (b"H", Some(false)),
            (b"SSH-2.0", Some(false)),
            (b"\x16", None),
            (b"\x16\x03\x01\x02", None),
            (b"\x16\x03\x01\x02\x00", Some(true)),
            (b"\x15\x03\x03\x00\x02\x02\x28", Some(true)),
            (b"\x16\x02", Some(false)),
            (b"\x16\x03\x05", Some(false)),
            (b"\x17\x03\x03\x48\x00", Some(true)),
            (b"\x17\x03\x03\x48\x01", Some(false)),
            (b"\x19\x03\x03\x00\x01", Some(false)),
        ] {
            assert_eq!(looks_like_record(first), expected, "{first:02x?}");
        }
    }

    #[test]
    fn alerts_are_read_as_written() {
        let mut record = Vec::new();
        write_alert(&mut record, 2, 40);
        assert_eq!(read_record_head(&record), Some((21, 0x0303, 2)));
        assert_eq!(read_alert(&record), Some((2, 40)));
        assert_eq!(read_alert(&record[..6]), None);
        assert_eq!(
            read_alert(b"\x15\x03\x03\x00\x1a\x00\x00"),
            None,
            "encrypted"
        );
        assert_eq!(
            read_alert(b"\x16\x03\x03\x00\x02\x02\x28"),
            None,
            "handshake"
        );
    }
}

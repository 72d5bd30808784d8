//! QPACK, the coding of fields in HTTP/3 (RFC 9204), without the dynamic table, which a peer may use only when it was
//! offered room for it.

use crate::hpack::{Input, Pair, Unreadable};

/// What an entry counts beside its bytes (RFC 9114 section 4.2.2).
const ENTRY: usize = 32;

/// Reads an encoded field section; the fields together have at most `bound` bytes, 32 counted for each besides its own.
///
/// # Errors
/// When it breaks a rule of RFC 9204, names the dynamic table, or is too large.
pub fn read(section: &[u8], bound: usize) -> Result<Vec<Pair>, Unreadable> {
    let mut input = Input(section);
    // Required Insert Count and Delta Base (RFC 9204 section 4.5.1): nothing was inserted.
    if input.integer(8)? != 0 {
        return Err(Unreadable::Malformed);
    }
    input.integer(7)?;
    let mut fields = Vec::new();
    let mut total = 0;
    while let Some(first) = input.0.first().copied() {
        let field = match first {
            0xc0.. => entry(input.integer(6)?)?,
            0x50..=0x5f | 0x70..=0x7f => {
                let (name, _) = entry(input.integer(4)?)?;
                (name, input.text_behind(7)?)
            }
            0x20..=0x3f => (input.text_behind(3)?, input.text_behind(7)?),
            _ => return Err(Unreadable::Malformed),
        };
        total += field.0.len() + field.1.len() + ENTRY;
        if total > bound {
            return Err(Unreadable::TooLarge);
        }
        fields.push(field);
    }
    Ok(fields)
}

fn entry(index: usize) -> Result<Pair, Unreadable> {
    let (name, value) = STATIC.get(index).ok_or(Unreadable::Malformed)?;
    Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()))
}

/// Writes a field section of literals (RFC 9204 section 4.5.6). Nothing is checked.
pub fn write<N: AsRef<str>, V: AsRef<str>>(out: &mut Vec<u8>, fields: &[(N, V)]) {
    out.extend_from_slice(&[0, 0]);
    for (name, value) in fields {
        let (name, value) = (name.as_ref().as_bytes(), value.as_ref().as_bytes());
        write_integer(out, 0x20, 3, name.len());
        out.extend_from_slice(name);
        write_integer(out, 0, 7, value.len());
        out.extend_from_slice(value);
    }
}

fn write_integer(out: &mut Vec<u8>, flags: u8, prefix: u32, number: usize) {
    let mask = (1 << prefix) - 1;
    if number < mask {
        out.push(flags | number as u8);
        return;
    }
    out.push(flags | mask as u8);
    let mut rest = number - mask;
    while rest >= 0x80 {
        out.push(rest as u8 & 0x7f | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// RFC 9204 appendix A.
#[rustfmt::skip]
const STATIC: [(&str, &str); 99] = [
    (":authority", ""),
    (":path", "/"),
    ("age", "0"),
    ("content-disposition", ""),
    ("content-length", "0"),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("referer", ""),
    ("set-cookie", ""),
    (":method", "CONNECT"),
    (":method", "DELETE"),
    (":method", "GET"),
    (":method", "HEAD"),
    (":method", "OPTIONS"),
    (":method", "POST"),
    (":method", "PUT"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "103"),
    (":status", "200"),
    (":status", "304"),
    (":status", "404"),
    (":status", "503"),
    ("accept", "*/*"),
    ("accept", "application/dns-message"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-ranges", "bytes"),
    ("access-control-allow-headers", "cache-control"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-allow-origin", "*"),
    ("cache-control", "max-age=0"),
    ("cache-control", "max-age=2592000"),
    ("cache-control", "max-age=604800"),
    ("cache-control", "no-cache"),
    ("cache-control", "no-store"),
    ("cache-control", "public, max-age=31536000"),
    ("content-encoding", "br"),
    ("content-encoding", "gzip"),
    ("content-type", "application/dns-message"),
    ("content-type", "application/javascript"),
    ("content-type", "application/json"),
    ("content-type", "application/x-www-form-urlencoded"),
    ("content-type", "image/gif"),
    ("content-type", "image/jpeg"),
    ("content-type", "image/png"),
    ("content-type", "text/css"),
    ("content-type", "text/html; charset=utf-8"),
    ("content-type", "text/plain"),
    ("content-type", "text/plain;charset=utf-8"),
    ("range", "bytes=0-"),
    ("strict-transport-security", "max-age=31536000"),
    ("strict-transport-security", "max-age=31536000; includesubdomains"),
    ("strict-transport-security", "max-age=31536000; includesubdomains; preload"),
    ("vary", "accept-encoding"),
    ("vary", "origin"),
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
    (":status", "100"),
    (":status", "204"),
    (":status", "206"),
    (":status", "302"),
    (":status", "400"),
    (":status", "403"),
    (":status", "421"),
    (":status", "425"),
    (":status", "500"),
    ("accept-language", ""),
    ("access-control-allow-credentials", "FALSE"),
    ("access-control-allow-credentials", "TRUE"),
    ("access-control-allow-headers", "*"),
    ("access-control-allow-methods", "get"),
    ("access-control-allow-methods", "get, post, options"),
    ("access-control-allow-methods", "options"),
    ("access-control-expose-headers", "content-length"),
    ("access-control-request-headers", "content-type"),
    ("access-control-request-method", "get"),
    ("access-control-request-method", "post"),
    ("alt-svc", "clear"),
    ("authorization", ""),
    ("content-security-policy", "script-src 'none'; object-src 'none'; base-uri 'none'"),
    ("early-data", "1"),
    ("expect-ct", ""),
    ("forwarded", ""),
    ("if-range", ""),
    ("origin", ""),
    ("purpose", "prefetch"),
    ("server", ""),
    ("timing-allow-origin", "*"),
    ("upgrade-insecure-requests", "1"),
    ("user-agent", ""),
    ("x-forwarded-for", ""),
    ("x-frame-options", "deny"),
    ("x-frame-options", "sameorigin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_as_written() {
        let long = "v".repeat(300);
        let mut section = Vec::new();
        write(
            &mut section,
            &[(":status", "200"), ("a-name-beyond-the-prefix", &long)],
        );
        let fields = read(&section, 4096).expect("readable");
        assert_eq!(fields[0], (b":status".to_vec(), b"200".to_vec()));
        assert_eq!(fields[1].1.len(), 300);
        assert_eq!(read(&section, 300), Err(Unreadable::TooLarge));
    }

    #[test]
    fn the_example_of_rfc_9204_b_1() {
        let section = b"\x00\x00\x51\x0b/index.html";
        let fields = read(section, 4096).expect("readable");
        assert_eq!(fields, [(b":path".to_vec(), b"/index.html".to_vec())]);
        assert_eq!(
            read(b"\0\0\xd1", 4096),
            Ok(vec![(b":method".to_vec(), b"GET".to_vec())])
        );
    }

    #[test]
    fn what_breaks_the_rules() {
        for section in [
            &b""[..],
            b"\0",
            b"\x03\x81\x10",
            b"\0\0\xff\x7f",
            b"\0\0\x80",
            b"\0\0\x10",
            b"\0\0\x51\x0b/cut",
        ] {
            assert_eq!(
                read(section, 4096),
                Err(Unreadable::Malformed),
                "{section:x?}"
            );
        }
    }
}

//! Paths as templates: numbers, ids and hashes are folded, so that a million addresses become a few routes.

/// The longest template; longer ones are cut.
const LONGEST: usize = 120;

/// Writes the template of a path (without query) into `out`, which comes empty: numbers become `{n}`, UUIDs `{uuid}`,
/// dates `{date}`, hexadecimal parts `{hex}`, tokens and hashes `{id}`, addresses of mail `{email}`. At most some 120 bytes, then an ellipsis.
pub fn fold(path: &[u8], out: &mut Vec<u8>) {
    let mut first = true;
    for segment in path.split(|byte| *byte == b'/') {
        if !first {
            out.push(b'/');
        }
        first = false;
        fold_segment(segment, out);
        if out.len() > LONGEST {
            out.truncate(LONGEST);
            out.extend_from_slice("\u{2026}".as_bytes());
            return;
        }
    }
}

fn fold_segment(segment: &[u8], out: &mut Vec<u8>) {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    if is_email(segment) {
        out.extend_from_slice(b"{email}");
    } else if digits == 0 {
        out.extend_from_slice(segment);
    } else if digits == segment.len() {
        out.extend_from_slice(b"{n}");
    } else if is_uuid(segment) {
        out.extend_from_slice(b"{uuid}");
    } else if is_date(segment) {
        out.extend_from_slice(b"{date}");
    } else if is_opaque(segment, digits) {
        out.extend_from_slice(b"{id}");
    } else {
        fold_parts(segment, out);
    }
}

/// `report-20261103.pdf`, `app.3f2a1b9c.js`: the parts between punctuation, one by one.
fn fold_parts(segment: &[u8], out: &mut Vec<u8>) {
    let mut rest = segment;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        let (part, more) = rest.split_at(end);
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digits == part.len() && digits > 0 {
            out.extend_from_slice(b"{n}");
        } else if digits > 0 && part.len() >= 6 && part.iter().all(u8::is_ascii_hexdigit) {
            out.extend_from_slice(b"{hex}");
        } else if is_opaque(part, digits) {
            out.extend_from_slice(b"{id}");
        } else {
            out.extend_from_slice(part);
        }
        match more.split_first() {
            Some((byte, after)) => {
                out.push(*byte);
                rest = after;
            }
            None => return,
        }
    }
}

/// Whether a text is an address of mail (RFC 5321 section 4.1.2, as people have them), its `@` maybe written `%40`.
/// Versions (`react@18.2.0`) and pictures for fine screens (`logo@2x.png`) are none.
pub fn is_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().position(|byte| matches!(byte, b'@' | b'%')) else {
        return false;
    };
    let (local, rest) = text.split_at(at);
    let Some(domain) = rest
        .strip_prefix(b"@")
        .or_else(|| rest.strip_prefix(b"%40"))
    else {
        return false;
    };
    let is_local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._+-".contains(byte);
    let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if local.is_empty() || !local.iter().all(is_local) || !domain.iter().all(is_domain) {
        return false;
    }
    let labels: Vec<&[u8]> = domain.split(|byte| *byte == b'.').collect();
    let [first, .., last] = labels[..] else {
        return false;
    };
    let is_number = |label: &[u8]| label.iter().all(u8::is_ascii_digit);
    let is_version = is_number(first) && labels[1].first().is_some_and(u8::is_ascii_digit);
    let is_scale = matches!(first, [b'0'..=b'9', b'x']);
    let is_top = last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic);
    is_top && !is_version && !is_scale && labels.iter().all(|label| !label.is_empty())
}

/// 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4).
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2026-11-03`.
fn is_date(text: &[u8]) -> bool {
    text.len() == 10
        && text.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Long, and letters and digits mixed as no word does: a token, a hash, base64.
fn is_opaque(text: &[u8], digits: usize) -> bool {
    let length = text.len();
    let plain = text
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'='));
    if !plain {
        return false;
    }
    let hex = text.iter().all(u8::is_ascii_hexdigit);
    let mixed = text.iter().any(u8::is_ascii_lowercase) && text.iter().any(u8::is_ascii_uppercase);
    (hex && length >= 8 && digits >= 2)
        || (length >= 16 && digits * 6 >= length)
        || (length >= 20 && digits > 0 && mixed)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn templates() {
        let table = [
            ("/", "/"),
            ("/cart", "/cart"),
            ("/users/123/orders/9", "/users/{n}/orders/{n}"),
            ("/item-48213.html", "/item-{n}.html"),
            ("/v2/api", "/v2/api"),
            ("/app.3f2a1b9c.js", "/app.{hex}.js"),
            ("/o/6f1c2f4e-0a51-4e0f-9a54-3d1a0c6f9f11/x", "/o/{uuid}/x"),
            ("/d/2026-11-03/a", "/d/{date}/a"),
            ("/users/ana.b+c@example.org/orders", "/users/{email}/orders"),
            ("/reset/ana%40163.com", "/reset/{email}"),
            ("/@babel/core", "/@babel/core"),
            ("/react@18.2.0/umd", "/react@{n}.{n}.{n}/umd"),
            ("/logo@2x.png", "/logo@2x.png"),
            ("/a%20b.html", "/a%20b.html"),
            ("/t/eyJhbGciOiJIUzI1NiJ9X", "/t/{id}"),
            ("/h/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/h/{id}"),
            ("/s/1Z9f8K2m4Q7x0P3v5B6n", "/s/{id}"),
            ("/cafe/deadbeef", "/cafe/deadbeef"),
            ("", ""),
            ("//a", "//a"),
        ];
        for (path, wanted) in table {
            let mut out = Vec::new();
            fold(path.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), wanted, "{path}");
        }
    }

    #[test]
    fn endless_paths_are_cut() {
        let mut out = Vec::new();
        fold("/abc".repeat(1000).as_bytes(), &mut out);
        assert!(out.len() < 130);
    }
}

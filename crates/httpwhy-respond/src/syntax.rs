//! The grammar of field values, RFC 9110 section 5.6 and RFC 3986: everything here is printable ASCII.

use std::time::{Duration, SystemTime};

use http::HeaderValue;

use crate::Invalid;

/// The longest single value that is taken, in bytes: what RFC 9110 section 4.1 asks everyone to support for a URI.
pub(crate) const MAX_VALUE: usize = 8_000;

/// 9999-12-31T23:59:59Z, the last second that a date in a field can say.
const LAST_SECOND: u64 = 253_402_300_799;

/// A token: no space, no separator, not empty. RFC 9110 section 5.6.2.
pub(crate) fn token<'a>(place: &'static str, text: &'a str) -> Result<&'a str, Invalid> {
    every(
        place,
        text,
        is_token,
        "only letters, digits and !#$%&'*+-.^_`|~ make a token",
    )?;
    not_empty(place, text)
}

/// The text as a quoted string, with its quotes. RFC 9110 section 5.6.4.
///
/// What is not printable ASCII is refused: a control character would split the field, and of other bytes no recipient
/// knows the encoding.
pub(crate) fn quoted(place: &'static str, text: &str) -> Result<String, Invalid> {
    every(
        place,
        text,
        |byte| matches!(byte, b' '..=b'~'),
        "only printable ASCII can be quoted",
    )?;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out.push('"');
    Ok(out)
}

/// A URI reference, not empty: the characters of RFC 3986 section 2, and whole percent-encodings.
pub(crate) fn uri_reference<'a>(place: &'static str, text: &'a str) -> Result<&'a str, Invalid> {
    every(
        place,
        text,
        |byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte),
        "percent-encode it",
    )?;
    let bytes = text.as_bytes();
    let is_cut = |at: &usize| {
        let digits = bytes.get(at + 1..at + 3);
        bytes[*at] == b'%' && !digits.is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    };
    if let Some(at) = (0..bytes.len()).find(is_cut) {
        return Err(Invalid::byte(
            place,
            at,
            b'%',
            "two hexadecimal digits follow a %",
        ));
    }
    not_empty(place, text)
}

/// An IMF-fixdate. RFC 9110 section 5.6.7.
pub(crate) fn date(place: &'static str, time: SystemTime) -> Result<String, Invalid> {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|_| Invalid::whole(place, "a time before 1970 is not written"))?;
    if since.as_secs() > LAST_SECOND {
        return Err(Invalid::whole(place, "a year has four digits"));
    }
    Ok(httpdate::fmt_http_date(time))
}

/// Whole seconds, rounded up: who comes back earlier than asked comes in vain.
pub(crate) fn seconds(span: Duration) -> u64 {
    span.as_secs()
        .saturating_add(u64::from(span.subsec_nanos() > 0))
}

/// A value made of checked parts.
pub(crate) fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("its parts were checked: all is printable ASCII")
}

/// Refuses the first byte that is not `allowed`, and more than [`MAX_VALUE`].
pub(crate) fn every(
    place: &'static str,
    text: &str,
    allowed: impl Fn(u8) -> bool,
    why: &'static str,
) -> Result<(), Invalid> {
    if text.len() > MAX_VALUE {
        return Err(Invalid::whole(place, "longer than 8000 bytes"));
    }
    match text.bytes().enumerate().find(|&(_, byte)| !allowed(byte)) {
        Some((at, byte)) => Err(Invalid::byte(place, at, byte, why)),
        None => Ok(()),
    }
}

pub(crate) fn not_empty<'a>(place: &'static str, text: &'a str) -> Result<&'a str, Invalid> {
    match text {
        "" => Err(Invalid::whole(place, "empty")),
        _ => Ok(text),
    }
}

pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The members of a list in one value.
pub(crate) fn list<T: AsRef<str>>(members: impl IntoIterator<Item = T>) -> String {
    let mut out = String::new();
    for member in members {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(member.as_ref());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Result<String, Invalid>;
    /// The check, the text, and what comes of it: a value, or where it stops.
    type Case = (Check, &'static str, Result<&'static str, Option<usize>>);
    const TOKEN: Check = |text| token("x", text).map(str::to_owned);
    const QUOTED: Check = |text| quoted("x", text);
    const URI: Check = |text| uri_reference("x", text).map(str::to_owned);

    #[test]
    fn hostile_text_is_refused_where_it_stands() {
        let cases: &[Case] = &[
            (TOKEN, "GET", Ok("GET")),
            (TOKEN, "a b", Err(Some(1))),
            (TOKEN, "a\r\nb", Err(Some(1))),
            (TOKEN, "a,b", Err(Some(1))),
            (TOKEN, "", Err(None)),
            (QUOTED, "", Ok("\"\"")),
            (QUOTED, "a, b", Ok("\"a, b\"")),
            (QUOTED, "a\"b\\", Ok("\"a\\\"b\\\\\"")),
            (QUOTED, "ab\r\nX: y", Err(Some(2))),
            (QUOTED, "a\0", Err(Some(1))),
            (QUOTED, "a\tb", Err(Some(1))),
            (QUOTED, "caf\u{e9}", Err(Some(3))),
            (QUOTED, "\u{7f}", Err(Some(0))),
            (URI, "/a?b=c#d", Ok("/a?b=c#d")),
            (URI, "https://[::1]:80/%20", Ok("https://[::1]:80/%20")),
            (URI, "/a b", Err(Some(2))),
            (URI, "/\\evil.example", Err(Some(1))),
            (URI, "/100%", Err(Some(4))),
            (URI, "/%zz", Err(Some(1))),
            (URI, "/%2", Err(Some(1))),
            (URI, "/a>b", Err(Some(2))),
            (URI, "/caf\u{e9}", Err(Some(4))),
            (URI, "", Err(None)),
        ];
        for (check, text, expected) in cases {
            let got = check(text);
            let got = got.as_deref().map_err(Invalid::at);
            assert_eq!(got, *expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_has_a_bound() {
        assert!(quoted("x", &"a".repeat(MAX_VALUE)).is_ok());
        assert!(quoted("x", &"a".repeat(MAX_VALUE + 1)).is_err());
    }

    #[test]
    fn dates_that_no_field_can_say_are_refused() {
        let after = |secs| SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
        assert_eq!(
            date("x", after(784_111_777)).unwrap(),
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        assert_eq!(
            date("x", after(LAST_SECOND)).unwrap(),
            "Fri, 31 Dec 9999 23:59:59 GMT"
        );
        assert!(date("x", after(LAST_SECOND + 1)).is_err());
        assert!(date("x", SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
    }

    #[test]
    fn seconds_are_rounded_up() {
        for (millis, expected) in [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2)] {
            assert_eq!(seconds(Duration::from_millis(millis)), expected);
        }
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }
}

//! Content-Range of bytes is `bytes 0-499/1234`, `bytes 0-499/*` or `bytes */1234`, its last byte not before its first
//! and its length greater than its last byte.
//!
//! A client must not put a part together from a value that is invalid. Other range units have forms of their own and
//! are not judged. RFC 9110 section 14.4.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_number, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "content-range-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 14.4",
    about: "Content-Range names a range that can exist, in the form of its unit.",
    watches: Watch::Field(&["content-range"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-4
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Range: bytes 0-4/8
< Content-Length: 5
<
< hello
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-4
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Range: bytes=0-4/8
< Content-Length: 5
<
< hello
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    for value in values(&response.fields, "content-range") {
        if let Err(what) = judge(value) {
            return say(format!("Content-Range: {} {what}", quote(value)).into());
        }
    }
}

fn judge(value: &[u8]) -> Result<(), &'static str> {
    let form = "is not of the form bytes 0-499/1234";
    let (unit, range) = split(value, b' ').ok_or(form)?;
    if !unit.eq_ignore_ascii_case(b"bytes") {
        return if unit
            .iter()
            .all(|&b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
        {
            Ok(())
        } else {
            Err(form)
        };
    }
    let (range, length) = split(range, b'/').ok_or(form)?;
    let (range, length) = (range, length.trim_ascii_end());
    if range == b"*" {
        return is_number(length).then_some(()).ok_or(form);
    }
    let (first, last) = split(range, b'-').ok_or(form)?;
    if !is_number(first) || !is_number(last) || !(is_number(length) || length == b"*") {
        return Err(form);
    }
    if is_less(last, first) {
        return Err("ends before it begins");
    }
    if length != b"*" && !is_less(last, length) {
        return Err("ends behind the length that it names");
    }
    Ok(())
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&b| b == at)?;
    Some((&text[..place], &text[place + 1..]))
}

/// Compares numbers of any size.
fn is_less(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (without_zeros(a), without_zeros(b));
    (a.len(), a) < (b.len(), b)
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&b| b == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn ranges_that_can_exist() {
        for (value, end) in [
            ("bytes 0-0/1", None),
            ("bytes 0-0/*", None),
            ("bytes */0", None),
            ("BYTES 9-10/11", None),
            (
                "bytes 5-99999999999999999999998/99999999999999999999999",
                None,
            ),
            ("items 1 to 3", None),
            ("bytes 0-4", Some("1234")),
            ("bytes */*", Some("1234")),
            ("bytes 4-0/8", Some("begins")),
            ("bytes 0-8/8", Some("names")),
            ("bytes 0-10/9", Some("names")),
            ("", Some("1234")),
        ] {
            let said = said_of_field(&RULE, "content-range", value.as_bytes());
            assert_eq!(said.len(), usize::from(end.is_some()), "{value}: {said:?}");
            assert!(end.is_none_or(|end| said[0].ends_with(end)), "{said:?}");
        }
    }
}

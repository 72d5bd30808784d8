//! Location is a URI reference: spaces, quotes, angle brackets, and all that is not ASCII are percent-encoded in it.
//!
//! Browsers mend such a value, each in its way, and libraries refuse it or ask for another path. Only the characters
//! are looked at (RFC 3986 section 2), not the parts; an empty reference is one. RFC 9110 section 10.2.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::values;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "location-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 10.2.2",
    about: "Location is a URI reference: what a URI may not hold is percent-encoded.",
    watches: Watch::Field(&["location"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 302 Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Location: https://[::1]:80/b%20c?d=e#f
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 302 Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Location: /b c
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    for value in values(&response.fields, "location") {
        if let Some(what) = foreign(value) {
            return say(format!("Location: {} holds {what}", quote(value)).into());
        }
    }
}

/// What stands in the value that no URI has.
fn foreign(value: &[u8]) -> Option<&'static str> {
    value.iter().enumerate().find_map(|(at, &byte)| match byte {
        b'%' if !is_encoding(&value[at..]) => Some("a % that begins no percent-encoding"),
        b' ' => Some("a space"),
        0..=0x1f | 0x7f => Some("a control character"),
        0x80.. => Some("what is not ASCII"),
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
            Some("a character that no URI has")
        }
        _ => None,
    })
}

fn is_encoding(text: &[u8]) -> bool {
    matches!(text, [_, a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn the_character_is_named() {
        for (value, what) in [
            (&b"/a|b"[..], Some("a character that no URI has")),
            (b"/100%", Some("a % that begins no percent-encoding")),
            (b"/%zz", Some("a % that begins no percent-encoding")),
            ("/caf\u{e9}".as_bytes(), Some("what is not ASCII")),
            (b"/a\tb", Some("a control character")),
            (b"", None),
            (b"../a;b=c,d!$&'()*+~:@", None),
        ] {
            let said = said_of_field(&RULE, "Location", value);
            assert_eq!(said.len(), usize::from(what.is_some()), "{said:?}");
            assert!(what.is_none_or(|what| said[0].ends_with(what)), "{said:?}");
        }
    }
}

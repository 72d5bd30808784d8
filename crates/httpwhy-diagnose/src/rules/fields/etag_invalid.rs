//! ETag is a string in double quotes, with `W/` before it when it is weak: `"6d-5e"`, `W/"6d"`.
//!
//! The quotes belong to the value. Without them a client gives it back in If-None-Match as it came, strict servers
//! refuse or never match it, and every revalidation becomes a full transfer. RFC 9110 section 8.8.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::values;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "etag-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 8.8.3",
    about: "ETag is a quoted string, with W/ before it when weak.",
    watches: Watch::Field(&["etag"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: W/\"6d-5e\"
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: 6d-5e
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(value) = values(&response.fields, "etag").find(|value| !is_entity_tag(value)) {
        say(format!("ETag: {} is not a string in double quotes", quote(value)).into());
    }
}

fn is_entity_tag(value: &[u8]) -> bool {
    let quoted = value.strip_prefix(b"W/").unwrap_or(value);
    matches!(quoted, [b'"', inner @ .., b'"'] if inner.iter().all(|&b| matches!(b, 0x21 | 0x23..=0x7e | 0x80..)))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn the_quotes_belong_to_it() {
        for (value, said) in [
            ("\"\"", 0),
            ("\"a\"", 0),
            ("\"", 1),
            ("w/\"a\"", 1),
            ("'a'", 1),
            ("\"a b\"", 1),
            ("\"a\"b\"", 1),
            ("W/a", 1),
            ("\"a\"-gzip", 1),
        ] {
            assert_eq!(
                said_of_field(&RULE, "etag", value.as_bytes()).len(),
                said,
                "{value}"
            );
        }
    }
}

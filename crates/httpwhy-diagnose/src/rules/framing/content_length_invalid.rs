//! Content-Length is digits and nothing else: no sign, no fraction, no unit.
//!
//! The end of the message hangs on it. One reader takes `+5` for 5, another for nothing and reads to the end of the
//! connection; where two such readers stand behind each other, one message is taken for two. RFC 9110 section 8.6.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_number, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "content-length-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 8.6",
    about: "Content-Length is a decimal number of bytes.",
    watches: Watch::Field(&["content-length"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 5
<
< hello
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: +5
<
< hello
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let is_valid = |value: &&[u8]| {
        value
            .split(|&b| b == b',')
            .all(|member| is_number(member.trim_ascii()))
    };
    if let Some(value) = values(&response.fields, "content-length").find(|value| !is_valid(value)) {
        say(format!("Content-Length: {} is no decimal number", quote(value)).into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn digits_and_nothing_else() {
        for (value, said) in [
            ("5", 0),
            ("007", 0),
            ("5, 5", 0),
            ("", 1),
            ("5.0", 1),
            ("0x5", 1),
            ("5 bytes", 1),
            ("-1", 1),
        ] {
            let messages = said_of_field(&RULE, "Content-Length", value.as_bytes());
            assert_eq!(messages.len(), said, "{value}: {messages:?}");
        }
    }
}

//! Content-Length is said once.
//!
//! Two that differ make the end of the message a matter of which one a reader believes: the way in which responses are
//! smuggled past a proxy. Two that agree come from software that adds the field without looking; recipients may refuse
//! the message for it. RFC 9110 sections 5.3 and 8.6, RFC 9112 section 6.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "content-length-repeated",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 8.6",
    about: "Content-Length is said once.",
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
< Content-Length: 5
< Content-Length: 7
<
< hello
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let mut lengths = members(&response.fields, "content-length");
    let Some(first) = lengths.next() else { return };
    let mut times = 1;
    let mut other = None;
    for length in lengths {
        times += 1;
        if length != first {
            other = other.or(Some(length));
        }
    }
    let first = quote(first);
    match other {
        Some(other) => {
            let other = quote(other);
            say(
                format!("Content-Length is said {times} times and differs: {first} and {other}")
                    .into(),
            );
        }
        None if times > 1 => say(format!("Content-Length: {first} is said {times} times").into()),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn a_list_repeats_too() {
        let said = |value: &str| said_of_field(&RULE, "content-length", value.as_bytes());
        assert_eq!(said("5, 5,5"), ["Content-Length: 5 is said 3 times"]);
        assert_eq!(
            said("5, 6"),
            ["Content-Length is said 2 times and differs: 5 and 6"]
        );
    }
}

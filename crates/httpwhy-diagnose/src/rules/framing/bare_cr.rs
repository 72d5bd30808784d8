//! No CR stands alone outside the content.
//!
//! Some readers end the line there, others do not: what follows is a field for one and part of a value for the other.
//! RFC 9112 section 2.2.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "bare-cr",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 2.2",
    about: "No CR stands alone outside the content.",
    watches: Watch::Defect(H1Defect::BareCr),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
* h1:bare-cr at=40
",
};

fn check(_: &Exchange, _: &Response, say: Say<'_>) {
    say("a CR that no LF follows stands in the message's lines".into());
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_raw;

    #[test]
    fn it_is_found_in_raw_bytes() {
        assert_eq!(
            said_of_raw(&RULE, b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n").len(),
            1
        );
    }
}

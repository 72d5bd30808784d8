//! A 416 to a byte range request says the current length of the representation: `Content-Range: bytes */1234`.
//!
//! With it a client that resumes a download learns whether it has everything already, or whether the file became
//! shorter. The demand is about byte ranges, so the rule speaks only where the request is known to have asked for one.
//! RFC 9110 sections 15.5.17 and 14.4.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::values;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "range-not-satisfiable-without-content-range",
    level: Level::Should,
    party: Party::Origin,
    section: "RFC 9110 15.5.17",
    about: "A 416 to a byte range request says the current length in Content-Range.",
    watches: Watch::Status(&[416]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Range: bytes */8
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=99-
>
< HTTP/1.1 416 Range Not Satisfiable
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let asked = values(&exchange.request.fields, "range").next();
    let Some(asked) = asked.filter(|range| is_bytes(range)) else {
        return;
    };
    if response.fields.get("content-range").is_absent() {
        let asked = quote(asked);
        say(
            format!("416 to Range: {asked} without Content-Range: the current length is not said")
                .into(),
        );
    }
}

/// Range units are compared without case (RFC 9110 section 14.1).
fn is_bytes(range: &[u8]) -> bool {
    range
        .get(..6)
        .is_some_and(|unit| unit.eq_ignore_ascii_case(b"bytes="))
}

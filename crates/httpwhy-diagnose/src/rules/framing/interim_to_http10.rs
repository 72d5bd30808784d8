//! An HTTP/1.0 request gets no 1xx response: HTTP/1.0 has none, so the client takes it for the final answer.
//!
//! RFC 9110 section 15.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::asked_http10;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "interim-to-http10",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.2",
    about: "An HTTP/1.0 request gets no 1xx response.",
    watches: Watch::Status(&[100, 101, 102, 103, 104]),
    check,
    conforming: "\
> GET /a HTTP/1.0
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.0
> Host: a.example
>
< HTTP/1.1 100 Continue
<
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if asked_http10(exchange) {
        say(format!("{} to an HTTP/1.0 request", quote(&response.code)).into());
    }
}

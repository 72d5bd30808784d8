//! The response to an HTTP/1.0 request has no Transfer-Encoding: such a client does not know chunks and hands their
//! sizes on as content.
//!
//! The version on the response does not matter; what counts is the request's. RFC 9112 section 6.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{asked_http10, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "transfer-encoding-to-http10",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 6.1",
    about: "The response to an HTTP/1.0 request has no Transfer-Encoding.",
    watches: Watch::Field(&["transfer-encoding"]),
    check,
    conforming: "\
> GET /a HTTP/1.0
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Connection: close
<
< hello
",
    violating: "\
> GET /a HTTP/1.0
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Transfer-Encoding: chunked
<
< hello
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if !asked_http10(exchange) {
        return;
    }
    if let Some(coding) = values(&response.fields, "transfer-encoding").next() {
        say(format!(
            "Transfer-Encoding: {} to an HTTP/1.0 request",
            quote(coding)
        )
        .into());
    }
}

//! The `status` member of a problem detail (application/problem+json) is the status of the response that carries it.
//!
//! Software that does not know the format goes by the status line, software that does may go by the member: the two
//! then treat one answer differently. RFC 9457 section 3.1.2.

use httpwhy_model::{Exchange, Level, Party, Response, Seen};

use crate::quote::quote;
use crate::rules::syntax::is_of_type;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "problem-status-mismatch",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9457 3.1.2",
    about: "The status member of a problem detail is the status of its response.",
    watches: Watch::Field(&["content-type"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 404 Not Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: application/problem+json
< Content-Length: 14
<
< {\"status\":404}
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 404 Not Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: application/problem+json
< Content-Length: 14
<
< {\"status\":500}
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let fields = &response.fields;
    if !is_of_type(fields, "application/problem+json") || fields.has("content-encoding") {
        return;
    }
    let (Some(status), Seen::Present(body)) = (response.status(), &response.body) else {
        return;
    };
    // Content that was cut is no JSON, and nothing is said about it.
    let told = serde_json::from_slice::<serde_json::Value>(&body.bytes)
        .ok()
        .and_then(|problem| problem.get("status")?.as_u64());
    if let Some(told) = told.filter(|&told| told != u64::from(status)) {
        let status = quote(&response.code);
        say(format!("the problem detail says status {told}, the status line {status}").into());
    }
}

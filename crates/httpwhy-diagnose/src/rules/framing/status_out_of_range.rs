//! A status is a number from 100 to 599.
//!
//! Others belong to no class, so that no client can know whether it succeeded or failed; clients are to treat them as
//! a 5xx, and not all do. A server that means to refuse has 403 and 429 for it. RFC 9110 section 15.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "status-out-of-range",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15",
    about: "A status is a number from 100 to 599.",
    watches: Watch::Defect(H1Defect::StatusOutOfRange),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 599 Odd
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 999 Request denied
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    say(format!("the status {} is outside 100 to 599", quote(&response.code)).into());
}

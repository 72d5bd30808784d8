//! A status line is `HTTP/1.1`, one space, three digits, one space, and a reason that may be empty.
//!
//! Lenient readers guess what was meant, strict ones give up: the same server works in one client and not in another.
//! A missing space before an empty reason is let pass, as most readers do. RFC 9112 section 4.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "status-line-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 4",
    about: "A status line is HTTP-version, one space, three digits, one space and a reason.",
    watches: Watch::Defect(H1Defect::BadStatusLine),
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
< HTTP/1.1 2OO OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let (version, code) = (quote(&response.version), quote(&response.code));
    say(format!("the status line has '{version}' for the version and '{code}' for the status, or other spaces than it must").into());
}

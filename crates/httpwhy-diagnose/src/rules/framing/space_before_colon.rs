//! No white space stands between a field's name and its colon.
//!
//! One reader takes `Server ` for Server, another for a field of another name, a third refuses the message. A proxy
//! must remove the space from a response that it passes on. RFC 9112 section 5.1.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "space-before-colon",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 5.1",
    about: "No white space stands between a field's name and its colon.",
    watches: Watch::Defect(H1Defect::SpaceBeforeColon),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Server: a
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
< Server : a
< Content-Length: 0
<
",
};

fn check(_: &Exchange, _: &Response, say: Say<'_>) {
    say("white space stands between a field's name and its colon".into());
}

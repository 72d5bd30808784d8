//! A field line is not continued on the next line.
//!
//! HTTP/1.0 allowed it. Readers that do not know it any more take the continuation for a line of its own, which has no
//! colon, or refuse the message. RFC 9112 section 5.2.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "obs-fold",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 5.2",
    about: "A field line is not continued on the next line.",
    watches: Watch::Defect(H1Defect::ObsFold),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< X-Long: one two
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
< X-Long: one
<  two
< Content-Length: 0
<
",
};

fn check(_: &Exchange, _: &Response, say: Say<'_>) {
    say("a field line is continued on the next line".into());
}

//! A 205 has no content.
//!
//! It tells the user agent to reset the form it was sent from; there is nothing to show. Its length is said in the
//! usual way, by Content-Length: 0 or an empty chunked body. RFC 9110 section 15.3.6.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::forbidden_content;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "reset-content-with-content",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.3.6",
    about: "A 205 has no content.",
    watches: Watch::Status(&[205]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 205 Reset Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 205 Reset Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 4
<
< done
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(bytes) = forbidden_content(response) {
        say(format!("205 with {bytes} byte(s) of content").into());
    }
}

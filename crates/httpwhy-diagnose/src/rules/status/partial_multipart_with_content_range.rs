//! A 206 that carries several parts as multipart/byteranges has no Content-Range in its header section: each part has
//! its own.
//!
//! A client that sees the field takes the whole multipart body, boundaries included, for that one range. RFC 9110
//! section 15.3.7.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_of_type, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "partial-multipart-with-content-range",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.3.7.2",
    about: "A 206 with several parts has no Content-Range in its header section.",
    watches: Watch::Status(&[206]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-1,4-5
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: multipart/byteranges; boundary=x
< Content-Length: 98
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-1,4-5
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: multipart/byteranges; boundary=x
< Content-Range: bytes 0-5/8
< Content-Length: 98
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if !is_of_type(&response.fields, "multipart/byteranges") {
        return;
    }
    if let Some(range) = values(&response.fields, "content-range").next() {
        say(format!(
            "206 with multipart/byteranges and Content-Range: {}",
            quote(range)
        )
        .into());
    }
}

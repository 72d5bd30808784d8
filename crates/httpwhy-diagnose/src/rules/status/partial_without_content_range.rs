//! A 206 says which part of the representation it carries: in Content-Range when it carries one range, inside its
//! parts when it carries several as multipart/byteranges.
//!
//! Without it the client cannot put the part where it belongs; one that resumes a download appends the wrong bytes.
//! RFC 9110 sections 15.3.7.1 and 15.3.7.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::is_of_type;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "partial-without-content-range",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.3.7",
    about: "A 206 says which part it carries: in Content-Range, or in each part of multipart/byteranges.",
    watches: Watch::Status(&[206]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-1
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Range: bytes 0-1/8
< Content-Length: 2
<
< ab
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
> Range: bytes=0-1
>
< HTTP/1.1 206 Partial Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 2
<
< ab
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let fields = &response.fields;
    if fields.get("content-range").is_absent() && !is_of_type(fields, "multipart/byteranges") {
        say(
            "206 with neither Content-Range nor multipart/byteranges: which part it is is not said"
                .into(),
        );
    }
}

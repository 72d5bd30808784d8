//! A message with Transfer-Encoding has no Content-Length.
//!
//! Transfer-Encoding wins, but not every reader knows: where two disagree, one response is taken for two. An
//! intermediary that passes both on must remove the length. RFC 9112 sections 6.2 and 6.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http1, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "length-with-transfer-encoding",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 6.2",
    about: "A message with Transfer-Encoding has no Content-Length.",
    watches: Watch::Field(&["transfer-encoding"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Transfer-Encoding: chunked
<
< hello
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 5
< Transfer-Encoding: chunked
<
< hello
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let fields = &response.fields;
    let length = values(fields, "content-length").next();
    let coding = values(fields, "transfer-encoding").next();
    if let (true, Some(length), Some(coding)) = (is_http1(response), length, coding) {
        let (length, coding) = (quote(length), quote(coding));
        say(format!("Content-Length: {length} beside Transfer-Encoding: {coding}").into());
    }
}

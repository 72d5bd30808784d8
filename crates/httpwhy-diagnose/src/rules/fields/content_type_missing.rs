//! A response with content names its media type in Content-Type, unless the server does not know it.
//!
//! Without it each client guesses from the first bytes, and a guess of HTML runs what was meant as text. That the
//! server may truly not know is why the word is SHOULD. RFC 9110 section 8.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::has_content;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "content-type-missing",
    level: Level::Should,
    party: Party::Origin,
    section: "RFC 9110 8.3",
    about: "A response with content names its media type in Content-Type.",
    watches: Watch::Every,
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 5
<
< hello
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 5
<
< hello
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    // Where content is forbidden it has a rule of its own.
    let may_have = exchange.request.method.as_ref() != b"HEAD"
        && !matches!(response.status(), Some(100..=199 | 204 | 205 | 304));
    if may_have && has_content(response) && response.fields.get("content-type").is_absent() {
        say(format!(
            "{} with content and without Content-Type",
            quote(&response.code)
        )
        .into());
    }
}

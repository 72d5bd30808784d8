//! A cache does not store a 428, 429, 431 or 511.
//!
//! Each speaks about one request: kept, a 429 locks out everyone behind the cache for what one client did. An Age
//! above 0 shows that the response was kept; 0 is let pass, since some software adds it to all responses. RFC 6585
//! sections 3 to 6, RFC 9111 section 5.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_number, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "unstorable-status-from-cache",
    level: Level::Must,
    party: Party::Intermediary,
    section: "RFC 6585 3-6",
    about: "A cache does not store a 428, 429, 431 or 511, so none has an Age.",
    watches: Watch::Status(&[428, 429, 431, 511]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 429 Too Many Requests
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Age: 0
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 429 Too Many Requests
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Age: 17
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let kept = |value: &&[u8]| is_number(value) && value.iter().any(|&b| b != b'0');
    if let Some(age) = values(&response.fields, "age").find(kept) {
        let (status, age) = (quote(&response.code), quote(age));
        say(format!("{status} with Age: {age}, so it was stored").into());
    }
}

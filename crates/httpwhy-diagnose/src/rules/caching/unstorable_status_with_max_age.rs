//! A 428, 429, 431 or 511 is not given a time for which it stays fresh.
//!
//! No cache may store one, so the time is without effect at best; a cache that goes by the time and not by the status
//! answers everyone with what was meant for one. No requirement word binds the origin here. With no-store beside it
//! the time says nothing. RFC 6585 sections 3 to 6.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{directives, is_number};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "unstorable-status-with-max-age",
    level: Level::Practice,
    party: Party::Origin,
    section: "RFC 6585 3-6",
    about: "A 428, 429, 431 or 511 is not given a time for which it stays fresh.",
    watches: Watch::Status(&[428, 429, 431, 511]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 429 Too Many Requests
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Cache-Control: no-store, max-age=60
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 429 Too Many Requests
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Cache-Control: public, max-age=60
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let is = |name: &[u8], known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if directives(&response.fields).any(|(name, _)| is(name, "no-store")) {
        return;
    }
    let fresh = directives(&response.fields).find(|(name, argument)| {
        (is(name, "max-age") || is(name, "s-maxage"))
            && is_number(argument)
            && argument.iter().any(|&b| b != b'0')
    });
    if let Some((name, argument)) = fresh {
        let (status, name, argument) = (quote(&response.code), quote(name), quote(argument));
        say(format!("{status} with Cache-Control: {name}={argument}").into());
    }
}

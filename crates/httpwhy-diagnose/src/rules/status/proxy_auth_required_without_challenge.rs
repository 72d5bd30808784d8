//! A 407 says how to authenticate to the proxy: at least one challenge in Proxy-Authenticate.
//!
//! Only a proxy may ask so, and only a proxy can mend it. A client that is given no challenge cannot answer, and a
//! WWW-Authenticate is none here: that field speaks for the origin. RFC 9110 sections 15.5.8 and 11.7.1.

use httpwhy_model::{Exchange, Level, Party, Response, Seen};

use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "proxy-auth-required-without-challenge",
    level: Level::Must,
    party: Party::Intermediary,
    section: "RFC 9110 15.5.8",
    about: "A 407 names at least one way to authenticate to the proxy in Proxy-Authenticate.",
    watches: Watch::Status(&[407]),
    check,
    conforming: "\
> GET http://a.example/ HTTP/1.1
> Host: a.example
>
< HTTP/1.1 407 Proxy Authentication Required
< Proxy-Authenticate: Basic realm=\"proxy\"
< Content-Length: 0
<
",
    violating: "\
> GET http://a.example/ HTTP/1.1
> Host: a.example
>
< HTTP/1.1 407 Proxy Authentication Required
< WWW-Authenticate: Basic realm=\"proxy\"
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    match response.fields.get("proxy-authenticate") {
        Seen::Absent => say("407 without Proxy-Authenticate: no scheme is offered".into()),
        Seen::Present(_)
            if members(&response.fields, "proxy-authenticate")
                .next()
                .is_none() =>
        {
            say("407 with an empty Proxy-Authenticate: no scheme is offered".into());
        }
        Seen::Present(_) | Seen::NotCaptured => {}
    }
}

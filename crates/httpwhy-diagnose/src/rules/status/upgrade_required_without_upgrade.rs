//! A 426 names the protocols that the server wants to be asked with, in Upgrade.
//!
//! Without it the client is told to change the protocol and not to which. HTTP/2 and HTTP/3 have no Upgrade (RFC 9113
//! section 8.2.2), so the rule speaks about HTTP/1 only. RFC 9110 section 15.5.22.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::is_http1;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "upgrade-required-without-upgrade",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.5.22",
    about: "A 426 names the protocols it wants in Upgrade.",
    watches: Watch::Status(&[426]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 426 Upgrade Required
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Upgrade: websocket
< Connection: Upgrade
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 426 Upgrade Required
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if is_http1(response) && response.fields.get("upgrade").is_absent() {
        say("426 without Upgrade: which protocol is wanted is not said".into());
    }
}

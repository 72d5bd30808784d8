//! A message with Upgrade names `upgrade` in Connection too.
//!
//! Upgrade speaks about this one connection. The option is what keeps an intermediary that does not know the field
//! from passing it on. RFC 9110 sections 7.8 and 7.6.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http1, members, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "upgrade-without-connection-option",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 7.8",
    about: "A message with Upgrade names it in Connection too.",
    watches: Watch::Field(&["upgrade"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Upgrade: h2c
< Connection: keep-alive, Upgrade
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Upgrade: h2c
< Connection: keep-alive
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let named = members(&response.fields, "connection")
        .any(|option| option.eq_ignore_ascii_case(b"upgrade"));
    if named || !is_http1(response) {
        return;
    }
    if let Some(upgrade) = values(&response.fields, "upgrade").next() {
        say(format!("Upgrade: {} without Connection: upgrade", quote(upgrade)).into());
    }
}

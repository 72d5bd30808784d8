//! A 101 names the protocol that it switches to in Upgrade.
//!
//! Without it the client cannot know what the bytes behind the empty line are, and closes the connection. RFC 9110
//! sections 15.2.2 and 7.8.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "switching-without-upgrade",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.2.2",
    about: "A 101 names the protocol it switches to in Upgrade.",
    watches: Watch::Status(&[101]),
    check,
    conforming: "\
> GET /chat HTTP/1.1
> Host: a.example
> Upgrade: websocket
> Connection: Upgrade
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 101 Switching Protocols
< Upgrade: websocket
< Connection: Upgrade
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
<
",
    violating: "\
> GET /chat HTTP/1.1
> Host: a.example
> Upgrade: websocket
> Connection: Upgrade
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
>
< HTTP/1.1 101 Switching Protocols
< Connection: Upgrade
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if response.fields.get("upgrade").is_absent() {
        say("101 without Upgrade: to which protocol is not said".into());
    }
}

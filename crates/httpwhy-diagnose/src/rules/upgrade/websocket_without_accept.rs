//! A 101 to WebSocket proves in Sec-WebSocket-Accept that the server read the request's key.
//!
//! Every client fails the connection without it: the answer could be a cache's, or that of a server that switches
//! whatever it is asked. RFC 6455 sections 4.1 and 4.2.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "websocket-without-accept",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 6455 4.2.2",
    about: "A 101 to WebSocket proves in Sec-WebSocket-Accept that it read the key.",
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
< Upgrade: websocket
< Connection: Upgrade
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let websocket = members(&response.fields, "upgrade")
        .any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"));
    if websocket && response.fields.get("sec-websocket-accept").is_absent() {
        say("101 to websocket without Sec-WebSocket-Accept".into());
    }
}

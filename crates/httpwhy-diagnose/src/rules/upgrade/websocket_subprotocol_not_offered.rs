//! The answer to a WebSocket handshake chooses one of the subprotocols that the request offered, or none.
//!
//! Every client fails the connection otherwise. Names are compared with case. Judged only where the whole request head
//! is known. RFC 6455 sections 4.1 and 4.2.2.

use httpwhy_model::{Exchange, Level, Party, Response, Seen};

use crate::quote::quote;
use crate::rules::syntax::{members, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "websocket-subprotocol-not-offered",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 6455 4.2.2",
    about: "A WebSocket handshake chooses one of the subprotocols that the request offered.",
    watches: Watch::Status(&[101]),
    check,
    conforming: "\
> GET /chat HTTP/1.1
> Host: a.example
> Upgrade: websocket
> Connection: Upgrade
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Sec-WebSocket-Protocol: chat, soap
>
< HTTP/1.1 101 Switching Protocols
< Upgrade: websocket
< Connection: Upgrade
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
< Sec-WebSocket-Protocol: soap
<
",
    violating: "\
> GET /chat HTTP/1.1
> Host: a.example
> Upgrade: websocket
> Connection: Upgrade
> Sec-WebSocket-Version: 13
> Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
> Sec-WebSocket-Protocol: chat, soap
>
< HTTP/1.1 101 Switching Protocols
< Upgrade: websocket
< Connection: Upgrade
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
< Sec-WebSocket-Protocol: mqtt
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let name = "sec-websocket-protocol";
    let asked = &exchange.request.fields;
    if exchange.request.method.is_empty() || asked.get(name) == Seen::NotCaptured {
        return;
    }
    let Some(chosen) = values(&response.fields, name).next() else {
        return;
    };
    if !members(asked, name).any(|offer| offer == chosen) {
        say(format!(
            "Sec-WebSocket-Protocol: {}, which the request did not offer",
            quote(chosen)
        )
        .into());
    }
}

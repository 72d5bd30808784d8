//! A 101 switches to a protocol that the request offered in Upgrade, and to no other.
//!
//! The client does not speak the other one, or did not want it on this connection. Judged only where the whole request
//! head is known. RFC 9110 section 7.8.

use httpwhy_model::{Exchange, Level, Party, Response, Seen};

use crate::quote::quote;
use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "switching-to-unoffered-protocol",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 7.8",
    about: "A 101 switches to a protocol that the request offered in Upgrade.",
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
< Upgrade: WebSocket
< Connection: Upgrade
< Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
<
",
    violating: "\
> GET /chat HTTP/1.1
> Host: a.example
> Upgrade: websocket
> Connection: Upgrade
>
< HTTP/1.1 101 Switching Protocols
< Upgrade: h2c
< Connection: Upgrade
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let asked = &exchange.request.fields;
    if exchange.request.method.is_empty() || asked.get("upgrade") == Seen::NotCaptured {
        return;
    }
    let is_offered = |protocol: &&[u8]| {
        members(asked, "upgrade").any(|offer| offer.eq_ignore_ascii_case(protocol))
    };
    if let Some(other) = members(&response.fields, "upgrade").find(|protocol| !is_offered(protocol))
    {
        say(format!("101 to {}, which the request did not offer", quote(other)).into());
    }
}

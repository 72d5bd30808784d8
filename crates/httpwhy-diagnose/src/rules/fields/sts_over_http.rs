//! Strict-Transport-Security is not sent over plain HTTP.
//!
//! Clients ignore it there, since anyone on the way could have put it in: who relies on it is not protected. It
//! belongs to the https site that the plain one redirects to. Only a record from the client's side of an http URL is
//! judged: behind a proxy that ends TLS the same bytes are in order. RFC 6797 sections 7.2 and 8.1.

use httpwhy_model::{Exchange, Level, Party, Response, Side};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "sts-over-http",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 6797 7.2",
    about: "Strict-Transport-Security is not sent over plain HTTP.",
    watches: Watch::Field(&["strict-transport-security"]),
    check,
    conforming: "\
* target https://a.example/a
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Strict-Transport-Security: max-age=31536000
< Content-Length: 0
<
",
    violating: "\
* target http://a.example/a
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Strict-Transport-Security: max-age=31536000
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, _: &Response, say: Say<'_>) {
    let plain = exchange.target.starts_with("http://") && exchange.tls.is_none();
    if plain && exchange.vantage.side == Side::Client {
        say("Strict-Transport-Security in a response over plain HTTP".into());
    }
}

//! A 1xx, a 204, and a 2xx to CONNECT have no Transfer-Encoding: they end with their header section.
//!
//! A client that believes the field waits for a chunk that never comes, or takes the next response for one. RFC 9112
//! section 6.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{has_no_framing, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "transfer-encoding-on-bodyless",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9112 6.1",
    about: "A 1xx, a 204, and a 2xx to CONNECT have no Transfer-Encoding.",
    watches: Watch::Status(&[100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 204 No Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 204 No Content
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Transfer-Encoding: chunked
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if !has_no_framing(exchange, response) {
        return;
    }
    if let Some(value) = values(&response.fields, "transfer-encoding").next() {
        let (status, value) = (quote(&response.code), quote(value));
        say(format!("{status} with Transfer-Encoding: {value}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn interim_heads_and_tunnels_are_looked_at() {
        let interim = "> GET / HTTP/1.1\n>\n< HTTP/1.1 100 Continue\n< Transfer-Encoding: 5\n<\n< HTTP/1.1 200 OK\n<\n";
        assert_eq!(said(&RULE, interim), ["100 with Transfer-Encoding: 5"]);
        let tunnel = "> CONNECT a:443 HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Transfer-Encoding: 5\n<\n";
        assert_eq!(said(&RULE, tunnel), ["200 with Transfer-Encoding: 5"]);
        assert!(said(&RULE, &tunnel.replace("CONNECT", "GET")).is_empty());
    }
}

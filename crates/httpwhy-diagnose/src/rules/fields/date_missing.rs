//! A server that has a clock sends Date with every 2xx, 3xx and 4xx.
//!
//! Ages, Expires, Last-Modified and a dated Retry-After are counted from it; without it a client counts from its own
//! clock. The RFC's word is MUST, on a condition that a response does not show: a server without a clock must not send
//! the field. So the level here is SHOULD. A 407 comes from a proxy, of which the sentence does not speak, and a
//! record made at the server or between may have been made before the field was added. RFC 9110 section 6.6.1.

use httpwhy_model::{Exchange, Level, Party, Response, Side};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "date-missing",
    level: Level::Should,
    party: Party::Origin,
    section: "RFC 9110 6.6.1",
    about: "A server that has a clock sends Date with every 2xx, 3xx and 4xx.",
    watches: Watch::Every,
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let demanded = matches!(response.status(), Some(200..=406 | 408..=499));
    if demanded && exchange.vantage.side == Side::Client && response.fields.get("date").is_absent()
    {
        say(format!("{} without Date", quote(&response.code)).into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn a_server_error_need_not_have_one() {
        assert!(said(&RULE, &RULE.violating.replace("200 OK", "503 No")).is_empty());
        assert!(said(&RULE, &RULE.violating.replace("200 OK", "407 No")).is_empty());
    }
}

//! The response to HEAD ends with its header section, whatever its Content-Length says: that is the length GET would
//! have.
//!
//! What follows is read as the beginning of the next response on that connection. RFC 9110 section 9.3.2, RFC 9112
//! section 6.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::{bytes_behind, forbidden_content};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "head-with-content",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 9.3.2",
    about: "The response to HEAD ends with its header section.",
    watches: Watch::Every,
    check,
    conforming: "\
> HEAD /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 5
<
",
    violating: "\
> HEAD /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Content-Length: 5
<
< hello
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    // The statuses that never have content have rules of their own.
    if exchange.request.method.as_ref() != b"HEAD"
        || matches!(response.status(), Some(101 | 204 | 205 | 304))
    {
        return;
    }
    if let Some(bytes) = forbidden_content(response) {
        say(format!("{bytes} byte(s) of content in the response to HEAD").into());
    } else if bytes_behind(exchange) {
        say("bytes follow the header section of the response to HEAD".into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn curl_prints_the_head_twice() {
        let echoed = RULE
            .violating
            .replace("< hello", "HTTP/1.1 200 OK\nContent-Length: 5\n");
        assert!(said(&RULE, &echoed).is_empty());
        let extra = format!("{}* h1:extra-bytes at=60\n", RULE.conforming);
        assert!(!said(&RULE, &extra).is_empty());
    }
}

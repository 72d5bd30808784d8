//! A 204 ends with its header section: nothing of it follows.
//!
//! What follows is read as the beginning of the next response on that connection, so that the next exchange fails and
//! this one looks well. RFC 9110 section 15.3.5, RFC 9112 section 6.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::{bytes_behind, forbidden_content};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "no-content-with-content",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.3.5",
    about: "A 204 ends with its header section.",
    watches: Watch::Status(&[204]),
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
< Content-Type: text/plain
<
< done
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(bytes) = forbidden_content(response) {
        say(format!("204 with {bytes} byte(s) of content").into());
    } else if bytes_behind(exchange) {
        say("bytes follow the header section of a 204".into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn bytes_that_came_behind_it_are_content() {
        let extra = format!("{}* h1:extra-bytes at=60\n", RULE.conforming);
        assert_eq!(
            said(&RULE, &extra),
            ["bytes follow the header section of a 204"]
        );
    }

    #[test]
    fn the_next_response_is_not_its_content() {
        let next = format!("{}< HTTP/1.1 200 OK\n<\n", RULE.conforming);
        assert!(said(&RULE, &next).is_empty());
    }
}

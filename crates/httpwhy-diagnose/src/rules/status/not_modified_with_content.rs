//! A 304 ends with its header section: the client has the content already.
//!
//! What follows is read as the beginning of the next response on that connection. A browser's own record (HAR) shows
//! the content that it took from its cache, so nothing is said about those. RFC 9110 section 15.4.5, RFC 9112 section
//! 6.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::syntax::{by_browser, bytes_behind, forbidden_content};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "not-modified-with-content",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.4.5",
    about: "A 304 ends with its header section.",
    watches: Watch::Status(&[304]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
> If-None-Match: \"1\"
>
< HTTP/1.1 304 Not Modified
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: \"1\"
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
> If-None-Match: \"1\"
>
< HTTP/1.1 304 Not Modified
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< ETag: \"1\"
<
< <p>hello</p>
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if by_browser(exchange) {
        return;
    }
    if let Some(bytes) = forbidden_content(response) {
        say(format!("304 with {bytes} byte(s) of content").into());
    } else if bytes_behind(exchange) {
        say("bytes follow the header section of a 304".into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn a_browser_shows_what_it_had() {
        assert!(said(&RULE, &format!("* vantage har\n{}", RULE.violating)).is_empty());
    }
}

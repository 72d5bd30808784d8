//! A 401 says with which scheme, and for which realm, to authenticate: at least one challenge in WWW-Authenticate.
//!
//! Without one a client cannot tell a login that it could perform from a plain refusal, which is a 403. Browsers show
//! the content and ask for nothing; HTTP libraries that answer challenges do not begin. RFC 9110 sections 15.5.2 and
//! 11.6.1.

use httpwhy_model::{Exchange, Level, Party, Response, Seen};

use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "unauthorized-without-challenge",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.5.2",
    about: "A 401 names at least one way to authenticate in WWW-Authenticate.",
    watches: Watch::Status(&[401]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 401 Unauthorized
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< WWW-Authenticate: Basic realm=\"a\"
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 401 Unauthorized
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    match response.fields.get("www-authenticate") {
        Seen::Absent => say("401 without WWW-Authenticate: no scheme is offered".into()),
        Seen::Present(_)
            if members(&response.fields, "www-authenticate")
                .next()
                .is_none() =>
        {
            say("401 with an empty WWW-Authenticate: no scheme is offered".into());
        }
        Seen::Present(_) | Seen::NotCaptured => {}
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_raw;

    #[test]
    fn an_empty_challenge_is_none() {
        let said = said_of_raw(&RULE, b"HTTP/1.1 401 No\r\nWWW-Authenticate: \r\n\r\n");
        assert_eq!(
            said,
            ["401 with an empty WWW-Authenticate: no scheme is offered"]
        );
    }
}

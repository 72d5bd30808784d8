//! A 405 lists the methods that the resource supports in Allow.
//!
//! The list is what makes the refusal useful: the caller learns what to send instead. It may be empty, for a resource
//! that supports no method for the time being, so an empty Allow is no breach. RFC 9110 sections 15.5.6 and 10.2.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "method-not-allowed-without-allow",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 15.5.6",
    about: "A 405 lists the methods that the resource supports in Allow.",
    watches: Watch::Status(&[405]),
    check,
    conforming: "\
> DELETE /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 405 Method Not Allowed
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Allow: GET, HEAD
< Content-Length: 0
<
",
    violating: "\
> DELETE /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 405 Method Not Allowed
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    if !response.fields.get("allow").is_absent() {
        return;
    }
    let method = &exchange.request.method;
    say(if method.is_empty() {
        "405 without Allow: which methods are allowed is not said".into()
    } else {
        format!(
            "405 to {} without Allow: which methods are allowed is not said",
            quote(method)
        )
        .into()
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_raw;

    #[test]
    fn an_empty_list_is_a_list() {
        let said = |fields: &str| {
            said_of_raw(&RULE, format!("HTTP/1.1 405 No\r\n{fields}\r\n").as_bytes())
        };
        assert!(said("Allow:\r\n").is_empty());
        assert_eq!(
            said(""),
            ["405 without Allow: which methods are allowed is not said"]
        );
    }
}

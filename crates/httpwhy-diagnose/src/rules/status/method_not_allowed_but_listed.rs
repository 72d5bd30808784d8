//! The Allow of a 405 does not list the method that was refused.
//!
//! A 405 says that the resource does not support the method, Allow lists those that it does support: one of the two is
//! false. No requirement word forbids the pair in itself. Methods are compared with case (RFC 9110 section 9.1). A
//! request with a method override field is let pass: the refusal may speak of the method named there. RFC 9110 section
//! 15.5.6.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::members;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "method-not-allowed-but-listed",
    level: Level::Practice,
    party: Party::Origin,
    section: "RFC 9110 15.5.6",
    about: "The Allow of a 405 does not list the method that was refused.",
    watches: Watch::Status(&[405]),
    check,
    conforming: "\
> POST /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 405 Method Not Allowed
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Allow: GET, HEAD
< Content-Length: 0
<
",
    violating: "\
> POST /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 405 Method Not Allowed
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Allow: GET,POST
< Content-Length: 0
<
",
};

/// Fields in which frameworks look for a method other than the request's own.
const OVERRIDES: &[&str] = &[
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let request = &exchange.request;
    let overridden = OVERRIDES.iter().any(|name| request.fields.has(name));
    let listed = members(&response.fields, "allow").any(|method| method == request.method.as_ref());
    if listed && !overridden {
        let method = quote(&request.method);
        say(format!("405 to {method}, and Allow lists {method}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn an_override_may_be_what_was_refused() {
        let overridden = RULE
            .violating
            .replace("> Host", "> X-HTTP-Method-Override: DELETE\n> Host");
        assert!(said(&RULE, &overridden).is_empty());
    }
}

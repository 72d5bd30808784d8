//! Retry-After is a number of whole seconds, or a date in the one form that may be sent.
//!
//! A client that cannot read it does not wait: the very load that the field was to keep away comes back at once.
//! Fractions, units and signs are not allowed. RFC 9110 section 10.2.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http_date, is_number, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "retry-after-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 10.2.3",
    about: "Retry-After is whole seconds or a date.",
    watches: Watch::Field(&["retry-after"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 503 Service Unavailable
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Retry-After: 120
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 503 Service Unavailable
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Retry-After: 1.5
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let is_valid = |value: &&[u8]| is_number(value) || is_http_date(value);
    if let Some(value) = values(&response.fields, "retry-after").find(|value| !is_valid(value)) {
        say(format!(
            "Retry-After: {} is neither whole seconds nor a date",
            quote(value)
        )
        .into());
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn seconds_or_a_date() {
        for (value, said) in [
            ("0", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("60s", 1),
            ("-1", 1),
            ("", 1),
            ("Sun, 06 Nov 1994", 1),
        ] {
            assert_eq!(
                said_of_field(&RULE, "retry-after", value.as_bytes()).len(),
                said,
                "{value}"
            );
        }
    }
}

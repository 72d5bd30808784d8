//! The arguments of max-age and s-maxage in Cache-Control are whole seconds.
//!
//! Caches are told to take a response whose freshness cannot be read for stale; some keep it all the same. A number in
//! quotes is let pass: recipients have to read that form. RFC 9111 sections 4.2.1, 5.2.2.1 and 5.2.2.10.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{directives, is_number};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "max-age-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9111 5.2.2",
    about: "max-age and s-maxage in Cache-Control are whole seconds.",
    watches: Watch::Field(&["cache-control"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Cache-Control: public, max-age=\"60\", community=\"a, max-age=b\"
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Cache-Control: public, max-age=-1
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    for (name, argument) in directives(&response.fields) {
        let is_age = ["max-age", "s-maxage"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        let unquoted = argument
            .strip_prefix(b"\"")
            .and_then(|rest| rest.strip_suffix(b"\""))
            .unwrap_or(argument);
        if is_age && !is_number(unquoted) {
            let (name, argument) = (quote(name), quote(argument));
            return say(
                format!("Cache-Control: {name}={argument} is no number of whole seconds").into(),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said_of_field;

    #[test]
    fn whole_seconds() {
        for (value, said) in [
            ("max-age=0", 0),
            ("MAX-AGE=5 , no-cache", 0),
            ("no-store", 0),
            ("max-age", 1),
            ("s-maxage=1h", 1),
            ("a,max-age=1.5", 1),
            ("max-age=", 1),
        ] {
            assert_eq!(
                said_of_field(&RULE, "cache-control", value.as_bytes()).len(),
                said,
                "{value}"
            );
        }
    }
}

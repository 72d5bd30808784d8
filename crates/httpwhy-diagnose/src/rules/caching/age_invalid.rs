//! Age is a number of whole seconds.
//!
//! Only a cache makes the field, so only a cache can mend it. A recipient that cannot read it may take a response that
//! is long stale for fresh. RFC 9111 section 5.1.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_number, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "age-invalid",
    level: Level::Must,
    party: Party::Intermediary,
    section: "RFC 9111 5.1",
    about: "Age is whole seconds.",
    watches: Watch::Field(&["age"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Age: 12
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Age: -1
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(value) = values(&response.fields, "age").find(|value| !is_number(value)) {
        say(format!("Age: {} is no number of whole seconds", quote(value)).into());
    }
}

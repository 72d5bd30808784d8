//! Date is a date in the one form that may be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
//!
//! Recipients may put the time of receipt in its place, so that ages are counted from there. The two older forms are
//! to be read, never sent. RFC 9110 section 5.6.7.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http_date, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "date-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 5.6.7",
    about: "Date is a date in the one form that may be sent.",
    watches: Watch::Field(&["date"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sat, 05 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun Nov  6 08:49:37 1994
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(value) = values(&response.fields, "date").find(|value| !is_http_date(value)) {
        say(format!(
            "Date: {} is no date of the form Sun, 06 Nov 1994 08:49:37 GMT",
            quote(value)
        )
        .into());
    }
}

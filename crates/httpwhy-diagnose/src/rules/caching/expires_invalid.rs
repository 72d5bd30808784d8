//! Expires is a date in the one form that may be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
//!
//! Caches take any other value, 0 and -1 above all, for a time in the past. To forbid reuse, `Cache-Control: no-cache`
//! or `no-store` says it in words. The two older forms are to be read, never sent. RFC 9110 section 5.6.7, RFC 9111
//! section 5.3.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http_date, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "expires-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9111 5.3",
    about: "Expires is a date in the one form that may be sent.",
    watches: Watch::Field(&["expires"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Expires: Sat, 05 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Expires: 0
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(value) = values(&response.fields, "expires").find(|value| !is_http_date(value)) {
        say(format!(
            "Expires: {} is no date of the form Sun, 06 Nov 1994 08:49:37 GMT",
            quote(value)
        )
        .into());
    }
}

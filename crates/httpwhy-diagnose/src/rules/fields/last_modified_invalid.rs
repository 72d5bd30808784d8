//! Last-Modified is a date in the one form that may be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
//!
//! Clients give it back in If-Modified-Since; a date that cannot be read makes every such request a full one. The two
//! older forms are to be read, never sent. RFC 9110 section 5.6.7, RFC 9110 section 8.8.2.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::{is_http_date, values};
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "last-modified-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 8.8.2",
    about: "Last-Modified is a date in the one form that may be sent.",
    watches: Watch::Field(&["last-modified"]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Last-Modified: 06 Nov 1994
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if let Some(value) =
        values(&response.fields, "last-modified").find(|value| !is_http_date(value))
    {
        say(format!(
            "Last-Modified: {} is no date of the form Sun, 06 Nov 1994 08:49:37 GMT",
            quote(value)
        )
        .into());
    }
}

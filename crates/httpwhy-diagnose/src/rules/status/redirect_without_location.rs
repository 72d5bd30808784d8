//! A 301, 302, 303, 307 or 308 says where to go in Location.
//!
//! Without it no client can follow: a browser shows the content, a library returns the redirect as its answer. For
//! 301, 302, 307 and 308 the RFC's word is SHOULD; a 303 is defined by the field. RFC 9110 sections 15.4.2 to 15.4.4,
//! 15.4.8, 15.4.9.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "redirect-without-location",
    level: Level::Should,
    party: Party::Origin,
    section: "RFC 9110 15.4",
    about: "A 301, 302, 303, 307 or 308 says where to go in Location.",
    watches: Watch::Status(&[301, 302, 303, 307, 308]),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 302 Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Location: /b
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 302 Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    if response.fields.get("location").is_absent() {
        let status = quote(&response.code);
        say(format!("{status} without Location: where to go is not said").into());
    }
}

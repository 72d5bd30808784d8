//! A field's name is a token: letters, digits, and the marks ``!#$%&'*+-.^_`|~``. No space, no bracket, no slash.
//!
//! Strict readers refuse the whole message for it, lenient ones drop the field. RFC 9110 sections 5.1 and 5.6.2.

use httpwhy_model::{Exchange, H1Defect, Level, Party, Response};

use crate::quote::quote;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "field-name-invalid",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 5.1",
    about: "A field's name is a token: letters, digits and few marks.",
    watches: Watch::Defect(H1Defect::BadFieldName),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< X_Trace.1: 7f3a
< Content-Length: 0
<
",
    violating: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< X Trace: 7f3a
< Content-Length: 0
<
",
};

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    let is_token = |name: &[u8]| {
        let is_mark = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
        !name.is_empty() && name.iter().all(is_mark)
    };
    // The defect may stand in an interim head or a trailer; then the name is not at hand.
    let name = response
        .fields
        .list
        .iter()
        .find(|field| !is_token(&field.name));
    say(match name {
        Some(field) => format!("the field name '{}' is no token", quote(&field.name)).into(),
        None => "a field name is no token".into(),
    });
}

//! An API answers with the statuses that its description documents.
//!
//! A description (OpenAPI, Swagger) need not list every status that may come, but those of success and the known errors
//! belong in it: clients are generated from it. Where one came that is not listed, either the description or the program
//! is to be mended. Nothing is said where the description has a default, and of answers that were made before the program
//! was asked (a redirect to another scheme, an answer of a gateway) it holds as well: clients meet them all the same.
//! OpenAPI Specification 3.1.1 section 4.8.16.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "status-not-documented",
    level: Level::Practice,
    party: Party::Origin,
    section: "OpenAPI 3.1.1 4.8.16",
    about: "An API answers with the statuses that its description documents.",
    watches: Watch::Every,
    check,
    conforming: "\
* documented /users/{id} 200 4XX
> GET /users/7 HTTP/1.1
> Host: a.example
>
< HTTP/1.1 404 Not Found
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
    violating: "\
* documented /users/{id} 200 404
> GET /users/7 HTTP/1.1
> Host: a.example
>
< HTTP/1.1 410 Gone
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Length: 0
<
",
};

fn check(exchange: &Exchange, response: &Response, say: Say<'_>) {
    let Some(documented) = exchange.documented.as_deref() else {
        return;
    };
    let Some(status) = response.status() else {
        return;
    };
    if documented.statuses.is_empty() || documented.covers(status) {
        return;
    }
    let listed: Vec<_> = documented
        .statuses
        .iter()
        .take(20)
        .map(ToString::to_string)
        .collect();
    let operation = match &*documented.operation {
        "" => &documented.template,
        operation => operation,
    };
    let operation: String = operation
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    say(format!(
        "{status} is not documented for {operation}: {} {}",
        listed.join(", "),
        if listed.len() == 1 { "is" } else { "are" }
    )
    .into());
}

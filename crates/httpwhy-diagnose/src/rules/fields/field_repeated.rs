//! A field that holds one value, and no list, is said once.
//!
//! Which of two lines counts is each reader's own choice: the first, the last, or both joined by a comma, which is no
//! value at all. Content-Length has a rule of its own. RFC 9110 sections 5.3 and 5.5.

use httpwhy_model::{Exchange, Level, Party, Response};

use crate::quote::quote;
use crate::rules::syntax::values;
use crate::rules::{Rule, Say, Watch};

pub(crate) static RULE: Rule = Rule {
    name: "field-repeated",
    level: Level::Must,
    party: Party::Origin,
    section: "RFC 9110 5.3",
    about: "A field that holds one value is said once.",
    watches: Watch::Field(&SINGLES),
    check,
    conforming: "\
> GET /a HTTP/1.1
> Host: a.example
>
< HTTP/1.1 200 OK
< Date: Sun, 06 Nov 1994 08:49:37 GMT
< Content-Type: text/plain
< Set-Cookie: a=b
< Set-Cookie: c=d
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
< Content-Type: text/html
< Content-Length: 0
<
",
};

/// Fields whose grammar is no list, in the order of their names.
const SINGLES: [&str; 12] = [
    "age",
    "content-location",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "server",
    "strict-transport-security",
];

fn check(_: &Exchange, response: &Response, say: Say<'_>) {
    for name in repeated(response) {
        let lines: Vec<&[u8]> = values(&response.fields, name).collect();
        let times = lines.len();
        match lines.iter().find(|line| **line != lines[0]) {
            Some(other) => {
                let (one, other) = (quote(lines[0]), quote(other));
                say(format!("{name} is said {times} times and differs: {one} and {other}").into());
            }
            None => say(format!("{name} is said {times} times: {}", quote(lines[0])).into()),
        }
    }
}

/// The names that stand on more than one line, found in one pass.
fn repeated(response: &Response) -> impl Iterator<Item = &'static str> {
    let mut counts = [0usize; SINGLES.len()];
    for field in &response.fields.list {
        let single = SINGLES
            .iter()
            .position(|name| field.name.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(single) = single {
            counts[single] += 1;
        }
    }
    SINGLES
        .into_iter()
        .zip(counts)
        .filter_map(|(name, count)| (count > 1).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::rules::proof::said;

    #[test]
    fn lines_that_agree_are_too_many_as_well() {
        let same = RULE.violating.replace("text/html", "text/plain");
        assert_eq!(
            said(&RULE, &same),
            ["content-type is said 2 times: text/plain"]
        );
    }
}

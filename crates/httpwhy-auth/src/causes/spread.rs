//! Whether the same session is known and not known in turns: several servers without a store in common.

use std::collections::BTreeSet;

use httpwhy_model::{Exchange, Signal};

use super::shown;

/// Fields that differ between any two answers, or say nothing of who answered.
const PASSED_OVER: &[&str] = &[
    "age",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "set-cookie",
    "www-authenticate",
    "cache-control",
    "vary",
    "content-encoding",
];

/// What the answers to the same verify request show, each with whether it was inside; `None` when all are alike.
pub(crate) fn alternates(answers: &[(bool, &Exchange)]) -> Option<Signal> {
    let passed = answers.iter().filter(|(inside, _)| *inside).count();
    if passed == 0 || passed == answers.len() {
        return None;
    }
    let mut params = vec![
        ("passed", passed.to_string()),
        ("of", answers.len().to_string()),
    ];
    if let Some((name, inside, outside)) = telling(answers) {
        params.push(("by", name));
        params.push(("in", inside));
        params.push(("out", outside));
    }
    Some(crate::auth("verify-alternates", &params))
}

/// A field that has one value where the session is known and others where it is not.
fn telling(answers: &[(bool, &Exchange)]) -> Option<(String, String, String)> {
    let first = answers.first()?.1.response.as_ref()?;
    let names = first.fields.list.iter();
    let names = names.map(|field| String::from_utf8_lossy(&field.name).to_ascii_lowercase());
    let values = |name: &str, wanted: bool| -> BTreeSet<String> {
        let those = answers.iter().filter(|(inside, _)| *inside == wanted);
        those
            .filter_map(|(_, exchange)| exchange.response.as_ref()?.fields.text(name))
            .map(shown)
            .collect()
    };
    let mut telling = names
        .filter(|name| !PASSED_OVER.contains(&name.as_str()))
        .filter_map(|name| {
            let (inside, outside) = (values(&name, true), values(&name, false));
            let apart = inside.is_disjoint(&outside) && inside.len() == 1 && !outside.is_empty();
            let pair = (inside.into_iter().next()?, outside.into_iter().next()?);
            apart.then_some((shown(&name), pair.0, pair.1))
        });
    telling.next()
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Fields, Response};

    use super::*;

    fn by(server: &'static str) -> Exchange {
        Exchange {
            response: Some(Response {
                fields: Fields::of([("Date", "now"), ("X-Served-By", server)]),
                ..Response::default()
            }),
            ..Exchange::default()
        }
    }

    #[test]
    fn servers_that_do_not_share_are_told_apart() {
        let (a, b) = (by("a"), by("b"));
        let found = alternates(&[(true, &a), (false, &b), (true, &a), (false, &b)]);
        let found = found.map(|signal| signal.to_string());
        assert_eq!(
            found.as_deref(),
            Some("auth:verify-alternates passed=2 of=4 by=x-served-by in=a out=b")
        );
        let found = alternates(&[(true, &a), (false, &a)]).map(|signal| signal.to_string());
        assert_eq!(
            found.as_deref(),
            Some("auth:verify-alternates passed=1 of=2")
        );
        assert_eq!(alternates(&[(false, &a), (false, &b)]), None);
        assert_eq!(alternates(&[]), None);
    }
}

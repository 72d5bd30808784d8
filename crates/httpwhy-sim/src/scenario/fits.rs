//! Whether a request is what a rule wants.

use std::borrow::Cow;

use httpwhy_schema::{ScenarioHow, ScenarioMatch, ScenarioText};

use crate::request::Asked;

/// Whether all that is said holds.
pub(super) fn fits(when: &ScenarioMatch, asked: &Asked) -> bool {
    let target = || match &asked.query {
        Some(query) => Cow::Owned(format!("{}?{query}", asked.path)),
        None => Cow::Borrowed(asked.path.as_str()),
    };
    let is_method = |method: &String| method.eq_ignore_ascii_case(&asked.method);
    let content = || String::from_utf8_lossy(&asked.content);
    when.method.as_ref().is_none_or(is_method)
        && when
            .path
            .as_ref()
            .is_none_or(|path| fits_path(path, &asked.path))
        && when
            .target
            .as_ref()
            .is_none_or(|wanted| *wanted == target())
        && when
            .query
            .iter()
            .all(|(name, wanted)| is(wanted, parameter(asked, name).as_deref()))
        && when
            .fields
            .iter()
            .all(|(name, wanted)| is(wanted, asked.field(name)))
        && when
            .body
            .as_ref()
            .is_none_or(|wanted| is(wanted, Some(&content())))
}

fn is(wanted: &ScenarioText, text: Option<&str>) -> bool {
    match wanted {
        ScenarioText::Is(wanted) => text == Some(wanted),
        ScenarioText::How(ScenarioHow::Begins(wanted)) => {
            text.is_some_and(|text| text.starts_with(wanted))
        }
        ScenarioText::How(ScenarioHow::Contains(wanted)) => {
            text.is_some_and(|text| text.contains(wanted))
        }
        ScenarioText::How(ScenarioHow::Present(wanted)) => text.is_some() == *wanted,
    }
}

fn parameter(asked: &Asked, name: &str) -> Option<String> {
    let query = crate::endpoints::query(asked.query.as_deref()?);
    let found = query.into_iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

/// `{name}` stands for a segment, `*` at the end for all that follows.
fn fits_path(pattern: &str, path: &str) -> bool {
    let (pattern, open) = match pattern.strip_suffix('*') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut wanted = pattern.split('/');
    let mut found = path.split('/');
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (None, Some(_)) => return open,
            (Some(""), None) => return false,
            (Some(_), None) => return false,
            (Some(part), Some(segment)) => {
                let is_last = wanted.clone().next().is_none();
                let stands_for_any =
                    part.starts_with('{') && part.ends_with('}') && !segment.is_empty();
                if is_last && open && segment.starts_with(part) {
                    return true;
                }
                if part != segment && !stands_for_any {
                    return false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (pattern, path, fit) in [
            ("/orders/{id}", "/orders/7", true),
            ("/orders/{id}", "/orders/7/lines", false),
            ("/orders/{id}", "/orders/", false),
            ("/orders/*", "/orders/7/lines", true),
            ("/orders/*", "/orders/", true),
            ("/orders/*", "/orders", false),
            ("/or*", "/orders/7", true),
            ("/{any}/b", "/a/b", true),
            ("/", "/", true),
            ("*", "/a", true),
            ("/a", "/b", false),
        ] {
            assert_eq!(fits_path(pattern, path), fit, "{pattern} {path}");
        }
    }

    #[test]
    fn all_that_is_said_must_hold() {
        let asked = Asked {
            method: "POST".to_owned(),
            path: "/a".to_owned(),
            query: Some("x=1&y=%32".to_owned()),
            fields: vec![("Accept".to_owned(), "text/html, */*".to_owned())],
            content: b"a needle".to_vec(),
            ..Asked::default()
        };
        for (when, fit) in [
            ("{}", true),
            ("{\"method\": \"post\", \"path\": \"/a\"}", true),
            ("{\"method\": \"GET\"}", false),
            ("{\"target\": \"/a?x=1&y=%32\"}", true),
            ("{\"target\": \"/a\"}", false),
            ("{\"query\": {\"y\": \"2\"}}", true),
            ("{\"query\": {\"z\": {\"present\": false}}}", true),
            ("{\"fields\": {\"accept\": {\"contains\": \"html\"}}}", true),
            ("{\"fields\": {\"accept\": {\"begins\": \"html\"}}}", false),
            ("{\"body\": {\"contains\": \"needle\"}}", true),
            ("{\"body\": \"needle\"}", false),
        ] {
            let read: ScenarioMatch = serde_json::from_str(when).expect("a match");
            assert_eq!(fits(&read, &asked), fit, "{when}");
        }
    }
}

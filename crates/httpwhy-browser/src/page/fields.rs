//! Fields as the protocol gives them: an object, in which fields of one name are joined by line breaks; or the octets of
//! the head.

use httpwhy_model::{Fields, Kept};
use serde_json::{Value, json};

use crate::json::cut;

/// Bytes of one message's fields kept at most.
const ROOM: usize = 64 * 1024;

/// All fields of a message. `whole`: a name that is not there was absent; else nothing is known of it.
pub(crate) fn of_object(object: &Value, whole: bool) -> Fields {
    let pairs = object.as_object().into_iter().flatten();
    let lines = pairs.flat_map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        value.split('\n').map(move |line| (name.as_str(), line))
    });
    collected(lines, whole)
}

/// The fields of a head's octets (`headersText`): the lines behind the first, as they came.
pub(crate) fn of_head(head: &str) -> Fields {
    let lines = head.split('\n').skip(1);
    let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
    let pairs = lines.filter_map(|line| line.split_once(':'));
    collected(pairs.map(|(name, value)| (name, value.trim())), true)
}

fn collected<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>, whole: bool) -> Fields {
    let mut fields = Fields::all();
    let mut room = ROOM;
    let mut all = whole;
    for (name, value) in lines {
        // HTTP/2 and 3: what stands in the request line or status line of HTTP/1.
        if name.starts_with(':') || name.is_empty() {
            continue;
        }
        if name.len() + value.len() > room {
            all = false;
            continue;
        }
        room -= name.len() + value.len();
        fields.push(name.to_owned(), value.to_owned());
    }
    if !all {
        let names = fields.list.iter();
        let names = names.map(|field| String::from_utf8_lossy(&field.name).to_ascii_lowercase());
        fields.kept = Kept::Only(names.collect());
    }
    fields
}

/// The version of HTTP in a head's first line.
pub(crate) fn version_of_head(head: &str) -> Option<&str> {
    let first = head.split_ascii_whitespace().next()?;
    first.starts_with("HTTP/").then(|| cut(first, 16))
}

/// The fields of a request with ours, or without them; as a list of `{name, value}`.
pub(crate) fn changed(object: &Value, ours: &[(String, String)], with: bool) -> Value {
    let given = object.as_object().into_iter().flatten();
    let given = given.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let is_ours = |name: &str, value: &str| {
        let mut ours = ours.iter();
        ours.any(|(known, its)| known.eq_ignore_ascii_case(name) && (with || its == value))
    };
    let mut list: Vec<Value> = given
        .filter(|(name, value)| !is_ours(name, value))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    if with {
        list.extend(
            ours.iter()
                .map(|(name, value)| json!({"name": name, "value": value})),
        );
    }
    list.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(fields: &Fields) -> Vec<String> {
        let lines = fields.list.iter();
        lines
            .map(|field| {
                let name = String::from_utf8_lossy(&field.name).into_owned();
                format!("{name}: {}", field.value.as_str().unwrap_or("?"))
            })
            .collect()
    }

    #[test]
    fn fields_of_one_name_are_taken_apart() {
        let fields = of_object(
            &json!({":status": "200", "X-A": "1\n2", "Date": "now", "n": 5}),
            true,
        );
        assert_eq!(lines(&fields), ["Date: now", "X-A: 1", "X-A: 2", "n: "]);
        assert!(fields.get("via").is_absent());
        let part = of_object(&json!({"A": "b"}), false);
        assert!(!part.get("via").is_absent());
    }

    #[test]
    fn a_head_is_read_in_its_order() {
        let head = "HTTP/1.1 404 Not Found\r\nX-B: 1\r\nX-A:2 \r\nx-b: 3\r\n\r\n";
        assert_eq!(lines(&of_head(head)), ["X-B: 1", "X-A: 2", "x-b: 3"]);
        assert_eq!(version_of_head(head), Some("HTTP/1.1"));
        assert_eq!(version_of_head("nonsense"), None);
    }

    #[test]
    fn too_many_fields_are_not_all_kept() {
        let head = format!("HTTP/1.1 200 OK\r\nA: {}\r\nB: c\r\n\r\n", "x".repeat(ROOM));
        let fields = of_head(&head);
        assert_eq!(lines(&fields), ["B: c"]);
        assert!(!fields.get("a").is_absent());
    }

    #[test]
    fn ours_go_to_our_origin_alone() {
        let ours = [("X-Token".to_owned(), "s".to_owned())];
        let with = changed(&json!({"x-token": "old", "A": "b"}), &ours, true);
        assert_eq!(
            with,
            json!([{"name": "A", "value": "b"}, {"name": "X-Token", "value": "s"}])
        );
        let without = changed(&json!({"x-token": "s", "A": "b"}), &ours, false);
        assert_eq!(without, json!([{"name": "A", "value": "b"}]));
        let theirs = changed(&json!({"x-token": "their own"}), &ours, false);
        assert_eq!(theirs, json!([{"name": "x-token", "value": "their own"}]));
    }
}

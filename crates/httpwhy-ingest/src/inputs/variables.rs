//! Variables in double braces, as Postman and Insomnia write them.

use crate::Unread;

/// Variables within variables, one after the other.
const DEEPEST: usize = 8;
/// The longest text that variables may make of one.
const LONGEST: usize = 1024 * 1024;

/// Puts values in the place of `{{name}}`. `find` gives them; the error names one that has none.
pub(super) fn filled<'a>(
    text: &str,
    find: &dyn Fn(&str) -> Option<&'a str>,
) -> Result<String, Unread> {
    at_depth(text, find, 0)
}

fn at_depth<'a>(
    text: &str,
    find: &dyn Fn(&str) -> Option<&'a str>,
    depth: usize,
) -> Result<String, Unread> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        let name = name.trim();
        let plain = name.strip_prefix("_.").unwrap_or(name);
        let unknown = |why: &str| {
            let shown: String = plain.chars().take(80).collect();
            Unread::word(
                "variable-unknown",
                format!(
                    "{{{{{}}}}} {why}: give --var {}=VALUE",
                    shown.escape_debug(),
                    shown.escape_debug()
                ),
            )
            .with("name", shown)
        };
        match find(plain).or_else(|| made_up(plain)) {
            Some(_) if depth == DEEPEST || out.len() > LONGEST => {
                return Err(unknown("stands for itself, or for too much"));
            }
            Some(value) => out.push_str(&at_depth(value, find, depth + 1)?),
            None => return Err(unknown("has no value here")),
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Postman's dynamic variables: always the same value, so that a run can be repeated.
fn made_up(name: &str) -> Option<&'static str> {
    Some(match name {
        "$guid" | "$randomUUID" => "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "$timestamp" => "1767225600",
        "$isoTimestamp" => "2026-01-01T00:00:00.000Z",
        "$randomInt" => "7",
        "$randomEmail" => "user@example.com",
        "$randomFirstName" | "$randomUserName" => "user",
        _ if name.starts_with("$random") => "example",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn variables_within_variables() {
        let find = |name: &str| match name {
            "host" => Some("{{scheme}}://a.example"),
            "scheme" => Some("http"),
            "loop" => Some("{{loop}}{{loop}}"),
            _ => None,
        };
        for (text, wanted) in [
            ("{{host}}/x", Some("http://a.example/x")),
            ("{{ _.scheme }}s", Some("https")),
            ("{{nobody}}", None),
            ("{{loop}}", None),
            ("{{open", Some("{{open")),
            ("{{$randomInt}}", Some("7")),
        ] {
            assert_eq!(filled(text, &find).ok().as_deref(), wanted, "{text}");
        }
    }
}

//! A value in JSON, by a path: the singular queries of JSONPath (RFC 9535 section 2.3.5.1): `$.a.b`, `$['a b'][0]`.

use serde_json::Value;

/// A path to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    /// From the end when negative.
    Index(i64),
}

impl Path {
    /// # Errors
    /// What is not understood.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut rest = text
            .strip_prefix('$')
            .ok_or("a path begins with $: $.access_token")?;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                if end == 0 || after[..end].contains(['*', ']']) {
                    return Err(
                        "a name is expected behind '.'; a path leads to one value".to_owned()
                    );
                }
                parts.push(Part::Name(after[..end].to_owned()));
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix('[') {
                let (part, left) = bracket(after)?;
                parts.push(part);
                rest = left;
            } else {
                return Err("'.' or '[' is expected behind a name".to_owned());
            }
        }
        if parts.is_empty() {
            return Err("the path names nothing: $.access_token".to_owned());
        }
        Ok(Self(parts))
    }

    /// The value there as text; `None` where there is none, or it is no scalar.
    pub(crate) fn find(&self, content: &[u8]) -> Option<String> {
        let document: Value = serde_json::from_slice(content).ok()?;
        let mut at = &document;
        for part in &self.0 {
            at = match (part, at) {
                (Part::Name(name), Value::Object(members)) => members.get(name)?,
                (Part::Index(index), Value::Array(elements)) => {
                    let length = elements.len() as i64;
                    let index = if *index < 0 { length + index } else { *index };
                    elements.get(usize::try_from(index).ok()?)?
                }
                _ => return None,
            };
        }
        match at {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

fn bracket(text: &str) -> Result<(Part, &str), String> {
    let open = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if let Some(quote) = open {
        let end = text[1..].find(quote).ok_or("a quote is not closed")? + 1;
        let rest = text[end + 1..]
            .strip_prefix(']')
            .ok_or("']' is expected behind the quote")?;
        return Ok((Part::Name(text[1..end].to_owned()), rest));
    }
    let end = text.find(']').ok_or("'[' has no ']'")?;
    let index = text[..end]
        .trim()
        .parse()
        .map_err(|_| "a number or a quoted name is expected between brackets".to_owned())?;
    Ok((Part::Index(index), &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_one_value() {
        let content = br#"{"a":{"b c":[1,"two",{"d":true}]},"n":null,"access_token":"t"}"#;
        for (path, value) in [
            ("$.access_token", Some("t")),
            ("$.a['b c'][1]", Some("two")),
            ("$['a'][\"b c\"][-1].d", Some("true")),
            ("$.a['b c'][0]", Some("1")),
            ("$.a", None),
            ("$.n", None),
            ("$.a['b c'][9]", None),
            ("$.A", None),
        ] {
            let read = Path::read(path).expect(path);
            assert_eq!(read.find(content).as_deref(), value, "{path}");
        }
        assert_eq!(Path::read("$.a").expect("good").find(b"<html>"), None);
        for wrong in ["", "a", "$", "$..a", "$.*", "$[x]", "$['a]", "$.a]", "$[0"] {
            assert!(Path::read(wrong).is_err(), "{wrong}");
        }
    }
}

//! JSON values as YAML 1.2, in block style; texts are quoted as in JSON, which YAML takes.

use serde_json::Value;

/// The value as a document.
pub(super) fn written(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    out
}

/// Writes a value behind a key or dash; blocks begin on a line of their own.
fn write(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                begin(out, depth);
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(out, value, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                begin(out, depth);
                out.push('-');
                write(out, item, depth + 1);
            }
        }
        plain => {
            out.push(' ');
            out.push_str(&plain.to_string());
        }
    }
    if depth == 0 {
        out.push('\n');
    }
}

fn begin(out: &mut String, depth: usize) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks() {
        let value = json!({"a": {"b": [1, {"c": "x: \"y\""}, []]}, "d": null});
        let text = "\"a\":\n  \"b\":\n    - 1\n    -\n      \"c\": \"x: \\\"y\\\"\"\n    - []\n\"d\": null\n";
        assert_eq!(written(&value), text);
    }
}

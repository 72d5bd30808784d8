//! JSON as httpbin writes it: keys sorted, indented by two, everything beyond ASCII escaped, a line end behind it.

use std::fmt::Write;

use serde_json::Value;

/// The deepest indentation: beyond it, white space would outgrow what it indents.
const DEEPEST: usize = 16;

/// The value as an indented text with a line end.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0));
    out.push('\n');
    out
}

/// The value in one line, without a line end.
pub(crate) fn line(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None);
    out
}

/// A JSON string (RFC 8259 section 7).
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

fn write(out: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            let items = items.iter().map(|item| (None, item));
            group(out, ('[', ']'), items.collect(), indent);
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(key, value)| (Some(key.as_str()), value))
                .collect();
            members.sort_by_key(|(key, _)| *key);
            group(out, ('{', '}'), members, indent);
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}

fn group(
    out: &mut String,
    (open, close): (char, char),
    items: Vec<(Option<&str>, &Value)>,
    indent: Option<usize>,
) {
    let inner = indent.map(|indent| indent + 1);
    let is_empty = items.is_empty();
    out.push(open);
    for (at, (key, value)) in items.into_iter().enumerate() {
        if at > 0 {
            out.push_str(if indent.is_some() { "," } else { ", " });
        }
        new_line(out, inner);
        if let Some(key) = key {
            string(out, key);
            out.push_str(": ");
        }
        write(out, value, inner);
    }
    if !is_empty {
        new_line(out, indent);
    }
    out.push(close);
}

fn new_line(out: &mut String, indent: Option<usize>) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", indent.min(DEEPEST)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_form_of_httpbin() {
        let value = json!({"b": [1, 2.0], "a": {}, "c": "ü\n\"😀\u{7f}", "d": null, "e": []});
        let expected = "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2.0\n  ],\n  \
                        \"c\": \"\\u00fc\\n\\\"\\ud83d\\ude00\\u007f\",\n  \"d\": null,\n  \"e\": []\n}\n";
        assert_eq!(pretty(&value), expected);
        assert_eq!(
            line(&json!({"b": 1, "a": [true]})),
            "{\"a\": [true], \"b\": 1}"
        );
    }
}

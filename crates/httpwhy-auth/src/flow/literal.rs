//! Secrets that stand in the file itself, where a reference belongs.

use serde_json::Value;

use crate::template::Template;

/// How names of fields and parameters end that hold secrets.
const ENDINGS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "pass",
    "pwd",
    "pin",
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "authorization",
    "cookie",
];

/// What is said of one.
pub(crate) const SAID: &str = "a secret stands here itself: name it under secrets by reference (env:NAME, file:PATH or cmd:PROGRAM) and write ${name} here";

/// Whether a value of that name is a secret that stands there itself.
pub(crate) fn is_one(name: &str, value: &Template) -> bool {
    value.is_plain() && !value.shown().is_empty() && is_secret_name(name)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The pointer to the first one in JSON content.
pub(crate) fn within(value: &Value, pointer: &str) -> Option<String> {
    let under = |name: &str| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| match member {
            Value::String(text)
                if is_secret_name(name) && !text.is_empty() && !text.contains("${") =>
            {
                Some(under(name))
            }
            other => within(other, &under(name)),
        }),
        Value::Array(elements) => {
            let mut all = elements.iter().enumerate();
            all.find_map(|(index, element)| within(element, &under(&index.to_string())))
        }
        _ => None,
    }
}

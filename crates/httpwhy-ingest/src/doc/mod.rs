//! Documents, JSON or YAML alike, with the place of everything in them.

pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod xml;
pub(crate) mod yaml;

use std::borrow::Cow;

use crate::Unread;

/// How deep documents may nest.
pub(crate) const DEEPEST: usize = 128;
/// How many values a document may hold; one takes some 100 bytes.
pub(crate) const MOST: usize = 4_000_000;

/// Line and column in characters, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a document is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// As written.
    Number(Box<str>),
    /// A text.
    Text(Box<str>),
    /// Elements in order.
    List(Vec<Node>),
    /// In the document's order; of a name given twice the last one counts.
    Map(Vec<(Box<str>, Node)>),
}

impl Node {
    /// The member of that name, unless it is null.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let found = self.map().iter().rev().find(|(key, _)| **key == *name);
        found
            .map(|(_, node)| node)
            .filter(|node| node.value != Value::Null)
    }

    /// The text of the member of that name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members, none where it is no map.
    pub fn map(&self) -> &[(Box<str>, Self)] {
        match &self.value {
            Value::Map(members) => members,
            _ => &[],
        }
    }

    /// The elements, none where it is no list.
    pub(crate) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(elements) => elements,
            _ => &[],
        }
    }

    pub(crate) fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(is) => Some(is),
            _ => None,
        }
    }

    /// A whole number; a number in quotes too.
    pub(crate) fn whole(&self) -> Option<i64> {
        match &self.value {
            Value::Number(text) | Value::Text(text) => {
                let whole = text.parse().ok();
                whole.or_else(|| {
                    let number: f64 = text.parse().ok()?;
                    (number.abs() < 9e15).then_some(number as i64)
                })
            }
            _ => None,
        }
    }

    /// A number.
    pub(crate) fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A scalar as text: what stands in a URI or a field.
    pub(crate) fn plain(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Bool(is) => Some(is.to_string().into()),
            Value::Number(text) | Value::Text(text) => Some((&**text).into()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The value under a JSON pointer (RFC 6901), which begins with `/` or is empty.
    pub fn under(&self, pointer: &str) -> Option<&Self> {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match &node.value {
                Value::Map(_) => node.get(&part)?,
                Value::List(elements) => elements.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(node)
    }

    /// What kind of value it is, for a person.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
            Value::Number(text) if json::is_number(text.as_bytes()) => out.push_str(text),
            // YAML has numbers that JSON has not (`.inf`, `0x1f`).
            Value::Number(text) | Value::Text(text) => quote(text, out),
            Value::List(elements) => {
                out.push('[');
                for (nth, element) in elements.iter().enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    element.write_json(out);
                }
                out.push(']');
            }
            Value::Map(members) => {
                out.push('{');
                for (nth, (name, member)) in members.iter().enumerate() {
                    if nth > 0 {
                        out.push(',');
                    }
                    quote(name, out);
                    out.push(':');
                    member.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

/// A text as JSON writes it.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// A JSON pointer (RFC 6901), longer by one name.
pub(crate) fn pointer(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A whole document: JSON where it begins like JSON, else YAML.
///
/// # Errors
/// What cannot be read, with its place.
pub fn read(bytes: &[u8]) -> Result<Node, Unread> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        Some(b'{' | b'[') => {
            // YAML's flow style looks like JSON to its first byte.
            let json = json::document(bytes);
            json.or_else(|error| yaml::document(bytes).ok().filter(is_flow).ok_or(error))
        }
        _ => yaml::document(bytes),
    }
}

/// Whether YAML found more in it than a text.
fn is_flow(node: &Node) -> bool {
    !node.map().is_empty() || !node.list().is_empty()
}

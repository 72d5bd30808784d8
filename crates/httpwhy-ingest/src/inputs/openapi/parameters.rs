//! Parameters of an operation with their values.

use std::borrow::Cow;

use crate::Unread;
use crate::doc::{Node, Value, pointer};
use crate::inputs::call::encoded;
use crate::inputs::openapi::{Api, Operation};

/// Parameters with their values, by where they go.
#[derive(Default)]
pub(super) struct Given<'a> {
    /// Name and encoded value.
    pub(super) path: Vec<(String, String)>,
    /// `name=value`, encoded.
    pub(super) query: Vec<String>,
    pub(super) fields: Vec<(String, String)>,
    pub(super) cookies: Vec<String>,
    /// Of Swagger 2.0: the parameter that is the content.
    pub(super) body: Option<&'a Node>,
    /// Of Swagger 2.0: name and value of a form's fields.
    pub(super) form: Vec<(String, String)>,
}

/// Fields that parameters do not set (OpenAPI 3.1.1 section 4.8.12.2.1).
const RESERVED: &[&str] = &["accept", "content-type", "authorization"];

impl<'a> Api<'a> {
    pub(super) fn parameters(&self, operation: &Operation<'a>) -> Result<Given<'a>, Unread> {
        let mut given = Given::default();
        for parameter in self.all_parameters(operation)? {
            let (Some(name), Some(place)) = (parameter.text_of("name"), parameter.text_of("in"))
            else {
                let what = "a parameter needs name and in";
                return Err(Unread::mapping(parameter.place, &operation.pointer, what));
            };
            let required = parameter.get("required").and_then(Node::bool) == Some(true);
            let wanted = required || place == "path" || self.is_told(parameter, name);
            match place {
                "body" => given.body = Some(parameter),
                _ if !wanted => {}
                "path" => {
                    let value = self.value(parameter, name);
                    given.path.push((name.to_owned(), encoded(&joined(&value))));
                }
                "query" => {
                    let value = self.value(parameter, name);
                    self.query(parameter, name, &value, &mut given.query);
                }
                "header" if !RESERVED.contains(&name.to_ascii_lowercase().as_str()) => {
                    let value = joined(&self.value(parameter, name));
                    given.fields.push((name.to_owned(), on_one_line(&value)));
                }
                "cookie" => {
                    let value = encoded(&joined(&self.value(parameter, name)));
                    given.cookies.push(format!("{name}={value}"));
                }
                "formData" => {
                    let value = joined(&self.value(parameter, name));
                    given.form.push((name.to_owned(), value));
                }
                _ => {}
            }
        }
        Ok(given)
    }

    /// Those of the path, with those of the operation in their place.
    fn all_parameters(&self, operation: &Operation<'a>) -> Result<Vec<&'a Node>, Unread> {
        let mut all: Vec<&Node> = Vec::new();
        for level in [operation.item, operation.node] {
            let list = level.get("parameters").map_or(&[][..], Node::list);
            for (nth, parameter) in list.iter().enumerate() {
                let at = pointer(&pointer(&operation.pointer, "parameters"), &nth.to_string());
                let parameter = self.resolved(parameter, &at)?;
                let key = |node: &Node| {
                    let text = |name| node.text_of(name).unwrap_or_default().to_owned();
                    (text("name"), text("in"))
                };
                all.retain(|known| key(known) != key(parameter));
                all.push(parameter);
            }
        }
        Ok(all)
    }

    /// Whether a value is told: by the user, or as an example.
    fn is_told(&self, parameter: &'a Node, name: &str) -> bool {
        self.variable(name).is_some() || self.given_example(parameter).is_some()
    }

    fn value(&self, parameter: &'a Node, name: &str) -> Cow<'a, Node> {
        if let Some(told) = self.variable(name) {
            return Cow::Owned(Node {
                place: parameter.place,
                value: Value::Text(told.into()),
            });
        }
        if let Some(example) = self.given_example(parameter) {
            return Cow::Borrowed(example);
        }
        let media_type = || {
            let (_, media_type) = parameter.get("content")?.map().first()?;
            Some(media_type)
        };
        if let Some(example) = media_type().and_then(|media_type| self.given_example(media_type)) {
            return Cow::Borrowed(example);
        }
        let schema = parameter
            .get("schema")
            .or_else(|| media_type()?.get("schema"));
        // In Swagger 2.0 the parameter is its own schema.
        Cow::Owned(self.sample(schema.unwrap_or(parameter)))
    }

    /// A query parameter by its style (OpenAPI 3.1.1 section 4.8.12.2; Swagger 2.0 collectionFormat).
    fn query(&self, parameter: &Node, name: &str, value: &Node, query: &mut Vec<String>) {
        let explode = match parameter.get("explode").and_then(Node::bool) {
            Some(explode) => explode,
            None if self.old => parameter.text_of("collectionFormat") == Some("multi"),
            None => true,
        };
        let key = encoded(name);
        match &value.value {
            Value::List(list) if explode => {
                let plain = list.iter().filter_map(Node::plain);
                query.extend(plain.map(|text| format!("{key}={}", encoded(&text))));
            }
            Value::Map(members) if parameter.text_of("style") == Some("deepObject") => {
                for (member, node) in members {
                    if let Some(text) = node.plain() {
                        query.push(format!("{key}%5B{}%5D={}", encoded(member), encoded(&text)));
                    }
                }
            }
            Value::Map(members) if explode => {
                for (member, node) in members {
                    if let Some(text) = node.plain() {
                        query.push(format!("{}={}", encoded(member), encoded(&text)));
                    }
                }
            }
            _ => query.push(format!("{key}={}", encoded(&joined(value)))),
        }
    }
}

/// A value as one text: elements with commas between.
fn joined(node: &Node) -> String {
    match &node.value {
        Value::List(list) => {
            let plain: Vec<_> = list.iter().filter_map(Node::plain).collect();
            plain.join(",")
        }
        Value::Map(_) => node.to_json(),
        _ => node.plain().unwrap_or_default().into_owned(),
    }
}

/// A field's value holds no line ends (RFC 9110 section 5.5).
fn on_one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

//! The content of an operation's request.

use bytes::Bytes;

use crate::Unread;
use crate::doc::{Node, Value, pointer};
use crate::inputs::form::{BOUNDARY, multipart, pair};
use crate::inputs::openapi::{Api, Operation};

impl<'a> Api<'a> {
    /// Media type and bytes of the content, when the operation takes any.
    pub(super) fn content(
        &self,
        operation: &Operation<'a>,
        body: Option<&'a Node>,
        form: &[(String, String)],
    ) -> Result<Option<(String, Bytes)>, Unread> {
        if self.old {
            return Ok(self.old_content(operation, body, form));
        }
        let Some(body) = operation.node.get("requestBody") else {
            return Ok(None);
        };
        let at = pointer(&operation.pointer, "requestBody");
        let body = self.resolved(body, &at)?;
        let Some((name, media_type)) = preferred(body.get("content").map_or(&[][..], Node::map))
        else {
            return Ok(None);
        };
        let value = match self.given_example(media_type) {
            Some(example) => example.clone(),
            None => match media_type.get("schema") {
                Some(schema) => self.sample(schema),
                None => return Ok(None),
            },
        };
        Ok(Some(written(name, &value)))
    }

    fn old_content(
        &self,
        operation: &Operation<'a>,
        body: Option<&'a Node>,
        form: &[(String, String)],
    ) -> Option<(String, Bytes)> {
        let consumes = operation
            .node
            .get("consumes")
            .or_else(|| self.root.get("consumes"));
        let consumes: Vec<&str> = consumes
            .map_or(&[][..], Node::list)
            .iter()
            .filter_map(Node::text)
            .collect();
        if !form.is_empty() {
            let members = form.iter().map(|(name, value)| {
                let node = Node {
                    place: operation.node.place,
                    value: Value::Text(value.as_str().into()),
                };
                (name.as_str().into(), node)
            });
            let value = Node {
                place: operation.node.place,
                value: Value::Map(members.collect()),
            };
            let parts = consumes.iter().any(|name| name.starts_with("multipart/"));
            let name = if parts {
                "multipart/form-data"
            } else {
                "application/x-www-form-urlencoded"
            };
            return Some(written(name, &value));
        }
        let schema = body?.get("schema")?;
        let json = consumes.iter().find(|name| name.contains("json"));
        let name = json
            .or(consumes.first())
            .copied()
            .unwrap_or("application/json");
        Some(written(name, &self.sample(schema)))
    }
}

/// JSON, then a form, then whatever comes first.
fn preferred(content: &[(Box<str>, Node)]) -> Option<(&str, &Node)> {
    let find = |is: fn(&str) -> bool| content.iter().find(|(name, _)| is(name));
    let found = find(|name| name.starts_with("application/json"))
        .or_else(|| find(|name| name.contains("json")))
        .or_else(|| find(|name| name.starts_with("application/x-www-form-urlencoded")))
        .or_else(|| content.first())?;
    Some((&found.0, &found.1))
}

fn written(name: &str, value: &Node) -> (String, Bytes) {
    let name = match name {
        "*/*" | "application/*" => "application/json",
        name => name,
    };
    if name.starts_with("application/x-www-form-urlencoded") {
        let form: Vec<String> = value
            .map()
            .iter()
            .map(|(name, node)| pair(name, &as_text(node)))
            .collect();
        return (name.to_owned(), form.join("&").into());
    }
    if name.starts_with("multipart/") {
        let fields = value.map().iter();
        let fields: Vec<_> = fields
            .map(|(name, node)| (name.to_string(), as_text(node)))
            .collect();
        return (
            format!("{name}; boundary={BOUNDARY}"),
            multipart(&fields).into(),
        );
    }
    let bytes = match &value.value {
        _ if name.contains("json") => value.to_json(),
        _ => as_text(value),
    };
    (name.to_owned(), bytes.into())
}

fn as_text(node: &Node) -> String {
    match node.plain() {
        Some(text) => text.into_owned(),
        None => node.to_json(),
    }
}

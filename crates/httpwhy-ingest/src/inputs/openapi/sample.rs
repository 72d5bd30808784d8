//! Example values: what the description gives, or what its schema allows.

use crate::doc::{Node, Place, Value};
use crate::inputs::openapi::Api;

/// How deep example values nest.
const DEEPEST: usize = 8;
/// Values in one example at most; schemas refer to each other, and to themselves.
const MOST: usize = 1000;

impl<'a> Api<'a> {
    /// The example that a parameter, a media type or a schema itself gives.
    pub(super) fn given_example(&self, node: &'a Node) -> Option<&'a Node> {
        let named = || {
            let examples = node.get("examples")?;
            // Of a schema (JSON Schema 2020-12) a list, else by name.
            if let Value::List(list) = &examples.value {
                return list.first();
            }
            let (_, example) = examples.map().first()?;
            self.resolved(example, "").ok()?.get("value")
        };
        let direct = node.get("example").or_else(|| node.get("x-example"));
        direct.or_else(named)
    }

    /// A value that the schema allows.
    pub(super) fn sample(&self, schema: &'a Node) -> Node {
        let mut room = MOST;
        self.sampled(schema, 0, &mut room)
    }

    fn sampled(&self, schema: &'a Node, depth: usize, room: &mut usize) -> Node {
        *room = room.saturating_sub(1);
        let Ok(schema) = self.resolved(schema, "") else {
            return value(Value::Null);
        };
        let told = self
            .given_example(schema)
            .or_else(|| schema.get("const"))
            .or_else(|| schema.get("default"))
            .or_else(|| schema.get("enum")?.list().first());
        if let Some(told) = told {
            return told.clone();
        }
        if depth >= DEEPEST || *room == 0 {
            return value(Value::Null);
        }
        for name in ["oneOf", "anyOf"] {
            let first = schema.get(name).map_or(&[][..], Node::list).first();
            if let Some(first) = first
                && schema.get("properties").is_none()
            {
                return self.sampled(first, depth + 1, room);
            }
        }
        if let Some(parts) = schema.get("allOf") {
            return self.merged(schema, parts.list(), depth, room);
        }
        match kind(schema) {
            "object" => self.object(schema, depth, room),
            "array" => {
                let items = schema
                    .get("items")
                    .map(|items| self.sampled(items, depth + 1, room));
                value(Value::List(items.into_iter().collect()))
            }
            "integer" | "number" => value(Value::Number(number(schema).into())),
            "boolean" => value(Value::Bool(true)),
            "null" => value(Value::Null),
            _ => value(Value::Text(text(schema).into())),
        }
    }

    fn object(&self, schema: &'a Node, depth: usize, room: &mut usize) -> Node {
        let required = schema.get("required").map_or(&[][..], Node::list);
        let is_required = |name: &str| required.iter().any(|known| known.text() == Some(name));
        let mut members = Vec::new();
        for (name, property) in schema.get("properties").map_or(&[][..], Node::map) {
            let resolved = self.resolved(property, "").ok();
            let read_only = resolved
                .and_then(|property| property.get("readOnly"))
                .and_then(Node::bool)
                .unwrap_or(false);
            let has_example =
                resolved.is_some_and(|property| self.given_example(property).is_some());
            let wanted = is_required(name) || has_example || required.is_empty() && depth == 0;
            if read_only || !wanted || *room == 0 {
                continue;
            }
            members.push((name.clone(), self.sampled(property, depth + 1, room)));
        }
        value(Value::Map(members))
    }

    /// The members of all parts (`allOf`); of parts that are no objects the first.
    fn merged(&self, schema: &'a Node, parts: &'a [Node], depth: usize, room: &mut usize) -> Node {
        let mut members: Vec<(Box<str>, Node)> = Vec::new();
        let mut other = None;
        let own = schema
            .get("properties")
            .map(|_| self.object(schema, depth + 1, room));
        let sampled: Vec<Node> = parts
            .iter()
            .map(|part| self.sampled(part, depth + 1, room))
            .collect();
        for part in sampled.into_iter().chain(own) {
            match part.value {
                Value::Map(more) => {
                    members.retain(|(name, _)| !more.iter().any(|(new, _)| new == name));
                    members.extend(more);
                }
                _ => other = other.or(Some(part)),
            }
        }
        match other {
            Some(other) if members.is_empty() => other,
            _ => value(Value::Map(members)),
        }
    }
}

fn value(value: Value) -> Node {
    Node {
        place: Place::default(),
        value,
    }
}

/// The type: of several (OpenAPI 3.1) the first that is not null, and what the other keywords speak of where none is
/// named.
fn kind(schema: &Node) -> &str {
    let named = schema.get("type");
    let named = named.and_then(|named| match &named.value {
        Value::List(list) => list
            .iter()
            .filter_map(Node::text)
            .find(|name| *name != "null"),
        _ => named.text(),
    });
    match named {
        Some(named) => named,
        None if schema.get("properties").is_some() => "object",
        None if schema.get("items").is_some() => "array",
        None => "string",
    }
}

/// The least number that is allowed, or 1.
fn number(schema: &Node) -> String {
    let of = |name: &str| schema.get(name).and_then(Node::number);
    let exclusive = of("exclusiveMinimum").map(|least| least.floor() + 1.0);
    let least = exclusive.or_else(|| {
        let least = of("minimum")?;
        let beyond = schema.get("exclusiveMinimum").and_then(Node::bool) == Some(true);
        Some(if beyond {
            least.floor() + 1.0
        } else {
            least.ceil()
        })
    });
    let number = match (least, of("maximum")) {
        (Some(least), _) if least > 1.0 => least,
        (_, Some(most)) if most < 1.0 => most.floor(),
        _ => 1.0,
    };
    let step = of("multipleOf").filter(|step| *step > 1.0);
    let number = step.map_or(number, |step| (number / step).ceil() * step);
    format!("{}", number.clamp(-9e15, 9e15) as i64)
}

/// A text of the format that is asked for, long enough.
fn text(schema: &Node) -> String {
    let formed = match schema.text_of("format").unwrap_or_default() {
        "date" => "2026-01-31",
        "date-time" => "2026-01-31T12:00:00Z",
        "time" => "12:00:00Z",
        "duration" => "PT1H",
        "uuid" => "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "email" | "idn-email" => "user@example.com",
        "uri" | "url" | "iri" => "https://example.com/",
        "uri-reference" => "/",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "byte" => "ZXhhbXBsZQ==",
        _ => "example",
    };
    let length = |name: &str| schema.get(name).and_then(Node::whole);
    let mut formed = formed.to_owned();
    let least = usize::try_from(length("minLength").unwrap_or(0))
        .unwrap_or(0)
        .min(4096);
    while formed.len() < least {
        formed.push('x');
    }
    if let Some(most) = length("maxLength").and_then(|most| usize::try_from(most).ok()) {
        formed.truncate(most.max(1));
    }
    formed
}

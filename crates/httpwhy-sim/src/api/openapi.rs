//! The OpenAPI 3.1 document, made from the operations that the router uses.

use serde_json::{Map, Value, json};

use super::BASE;
use super::built::JSON;
use super::operation::{Answer, Content, Operation, Taken};
use super::operations::OPERATIONS;
use super::{links, schemas};

/// The media type of problem details.
const PROBLEM: &str = "application/problem+json";

/// The document.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        let method = operation.method.as_str().to_ascii_lowercase();
        path[method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The reference API of httpwhy sim",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A service in memory in which each HTTP status happens for its true reason. \
                HEAD is answered wherever GET is, and OPTIONS everywhere. As a proxy (targets in absolute form for \
                origin.sim.test) the port also answers 203 and 407. A method that no resource knows is answered by 501.",
        },
        "servers": [{"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "demo, or a key from POST /keys"},
            },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let answers = operation.all_answers();
    let answers: Map<String, Value> = answers
        .iter()
        .map(|answer| (answer.status.to_string(), answered(operation.id, answer)))
        .collect();
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.about,
        "responses": answers,
        "security": if operation.is_keyed() { json!([{"key": []}]) } else { json!([]) },
    });
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(taken) = &operation.takes {
        described["requestBody"] = content_taken(taken);
    }
    described
}

fn content_taken(taken: &Taken) -> Value {
    let example = match taken.media {
        JSON => serde_json::from_str(taken.example).unwrap_or_default(),
        "application/x-www-form-urlencoded" => {
            let (name, value) = taken.example.split_once('=').unwrap_or_default();
            json!({name: value})
        }
        _ => Value::from(taken.example),
    };
    let content = json!({"schema": schemas::reference(taken.schema), "example": example});
    json!({"required": true, "content": {(taken.media): content}})
}

fn answered(operation: &str, answer: &Answer) -> Value {
    let mut described = json!({"description": answer.about});
    let content = match answer.content {
        Content::Nothing => None,
        Content::Problem => Some(json!({PROBLEM: {"schema": schemas::reference("Problem")}})),
        Content::Json(schema) => Some(json!({JSON: {"schema": schemas::reference(schema)}})),
        Content::Text(types) => {
            let schema = |media: &&str| match *media {
                JSON => json!({"schema": {"type": "object"}}),
                "application/yaml" => json!({"schema": schemas::reference("Document")}),
                _ => json!({"schema": {"type": "string"}}),
            };
            let types = types
                .iter()
                .map(|media| ((*media).to_owned(), schema(media)));
            Some(Value::Object(types.collect()))
        }
    };
    if let Some(content) = content {
        described["content"] = content;
    }
    if !answer.fields.is_empty() {
        let field = json!({"required": true, "schema": {"type": "string"}});
        let fields = answer.fields.iter();
        let fields: Map<String, Value> = fields
            .map(|name| ((*name).to_owned(), field.clone()))
            .collect();
        described["headers"] = fields.into();
    }
    if let Some(links) = links::of(operation, answer.status) {
        described["links"] = links;
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let segments = operation.path.split('/');
    let names = segments.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let of_path = names.map(|name| {
        let (values, example) = match name {
            "upstream" => (json!({"enum": super::gateway::UPSTREAMS}), "live"),
            "pot" => (json!({"enum": ["coffee", "tea"]}), "coffee"),
            "key" => (named(), "demo"),
            "job" => (named(), "j1"),
            "folder" => (named(), "root"),
            _ => (named(), "r1"),
        };
        json!({"name": name, "in": "path", "required": true, "schema": values, "example": example})
    });
    let of_query = operation.query.iter().map(|name| {
        let schema = match *name {
            "limit" => json!({"type": "integer", "minimum": 1, "maximum": 100}),
            _ => json!({"type": "string"}),
        };
        json!({"name": name, "in": "query", "required": false, "schema": schema})
    });
    let fields = operation.fields.iter().map(|name| {
        json!({"name": name, "in": "header", "required": false, "schema": {"type": "string"}})
    });
    of_path.chain(of_query).chain(fields).collect()
}

fn named() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"})
}

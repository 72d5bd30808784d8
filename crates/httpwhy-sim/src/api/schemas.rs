//! The schemas of requests and answers (JSON Schema 2020-12, as OpenAPI 3.1 has it).

use serde_json::{Value, json};

use super::batch::{LONGEST_MS, MOST_STEPS};
use super::jobs::MOST_LOOKS;
use super::keys::{LONGEST_WINDOW, MOST_REQUESTS};
use super::records::LARGEST;
use super::tenant::MOST_RECORDS;

/// All of them, by name.
pub(super) fn all() -> Value {
    let name = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$"});
    let region = json!({"type": "string", "pattern": "^[A-Z]{2}$"});
    let title = json!({"type": "string", "minLength": 1, "maxLength": 100});
    let amount = json!({"type": "integer", "minimum": 0, "maximum": LARGEST});
    let regions = json!({"type": "array", "maxItems": 8, "items": region});
    let version = json!({"type": "integer", "minimum": 1, "maximum": u32::MAX});
    let flag = json!({"type": "boolean"});
    let text = json!({"type": "string"});
    let key = json!({
        "key": name, "disabled": flag, "unpaid": flag, "conditional": flag, "maintenance": flag, "captive": flag,
        "region": region,
        "requests": {"type": "integer", "minimum": 1, "maximum": MOST_REQUESTS},
        "per_seconds": {"type": "integer", "minimum": 1, "maximum": LONGEST_WINDOW},
        "records": {"type": "integer", "minimum": 0, "maximum": MOST_RECORDS},
    });
    let needs = json!({
        "type": "integer", "minimum": 0, "maximum": MOST_STEPS,
        "description": "The number of an earlier step, from 0; this one is 424 when that one failed.",
    });
    let state = json!({"enum": ["running", "failed"]});
    json!({
        "Problem": object(
            &["type", "title", "status"],
            json!({"type": text, "title": text, "status": {"type": "integer"}, "detail": text}),
            true,
        ),
        "Index": object(
            &["about", "codes", "openapi", "operations"],
            json!({"about": text, "codes": text, "openapi": text, "operations": list(object(
                &["method", "path", "about"],
                json!({"method": text, "path": text, "about": text}),
                false,
            ))}),
            false,
        ),
        "Codes": object(
            &["about", "codes"],
            json!({"about": text, "codes": list(object(
                &["code", "name", "why"],
                json!({
                    "code": {"type": "integer"}, "name": text, "why": text, "before": list(text.clone()),
                    "request": text, "http1_only": flag, "status": {"type": "integer"}, "fields": list(text.clone()),
                    "says": text,
                }),
                false,
            ))}),
            false,
        ),
        "Document": object(&["openapi", "info", "paths"], json!({}), true),
        "Key": object(
            &["key", "disabled", "unpaid", "conditional", "maintenance", "captive", "region", "requests", "per_seconds", "records"],
            key.clone(),
            false,
        ),
        "NewKey": object(&[], key, false),
        "Keys": object(&["keys"], json!({"keys": list(reference("Key"))}), false),
        "NewRecord": object(
            &["title"],
            json!({"id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,40}$", "not": {"const": "latest"}},
                "title": title, "quantity": amount, "price": amount, "blocked_in": regions}),
            false,
        ),
        "Replacement": object(
            &["row_version", "title"],
            json!({"row_version": version, "title": title, "quantity": amount, "price": amount, "blocked_in": regions}),
            false,
        ),
        "Record": object(
            &["id", "row_version", "title", "quantity", "price", "blocked_in", "content"],
            json!({"id": name, "row_version": version, "title": title, "quantity": amount, "price": amount,
                "blocked_in": regions, "content": text}),
            false,
        ),
        "Records": object(
            &["items", "next", "total"],
            json!({"items": list(reference("Record")), "next": {"type": ["string", "null"]}, "total": {"type": "integer"}}),
            false,
        ),
        "Total": object(&["id", "cents"], json!({"id": name, "cents": {"type": "integer"}}), false),
        "Lock": object(&["record", "token"], json!({"record": name, "token": text}), false),
        "Text": {"type": "string", "maxLength": 16_384},
        "Batch": object(
            &["steps"],
            json!({
                "steps": {"type": "array", "minItems": 1, "maxItems": MOST_STEPS, "items": object(
                    &["do", "record"],
                    json!({"do": {"enum": ["read", "delete", "lock"]}, "record": name, "needs": needs}),
                    false,
                )},
                "takes_ms": {"type": "integer", "minimum": 0, "maximum": LONGEST_MS},
            }),
            false,
        ),
        "NewJob": object(
            &["task"],
            json!({"task": {"enum": ["count", "average"]}, "looks": {"type": "integer", "minimum": 0, "maximum": MOST_LOOKS}, "needs": name}),
            false,
        ),
        "Job": object(
            &["id", "state"],
            json!({"id": name, "state": state, "looks": {"type": "integer"}, "why": text}),
            false,
        ),
        "Result": object(&[], json!({"count": {"type": "integer"}, "average": {"type": "integer"}}), false),
        "NewFolder": object(&["name"], json!({"in": name, "name": name, "to": name}), false),
        "Folder": object(
            &["id", "members"],
            json!({"id": name, "members": {"type": "object", "additionalProperties": name}}),
            false,
        ),
        "Choices": object(
            &["choices"],
            json!({"choices": list(object(&["type", "href"], json!({"type": text, "href": text}), false))}),
            false,
        ),
        "Guide": object(&["guide"], json!({"guide": text}), false),
        "Feedback": object(&["text"], json!({"text": {"type": "string", "minLength": 1, "maxLength": 1000}}), true),
        "Brew": object(&["brew"], json!({"brew": {"enum": ["coffee", "tea"]}}), false),
        "Brewing": object(&["pot", "brewing"], json!({"pot": text, "brewing": text}), false),
    })
}

/// A reference to one of them.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn object(required: &[&str], properties: impl Into<Value>, open: bool) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": properties.into(),
        "additionalProperties": open,
    })
}

fn list(items: impl Into<Value>) -> Value {
    json!({"type": "array", "items": items.into()})
}

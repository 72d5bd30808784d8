//! The public JSON as the tests read it: every line is held against the committed schema of its kind.

use std::fs;
use std::path::Path;

use httpwhy_testkit::Ran;
use serde_json::{Map, Value};

/// The objects on standard output, one a line, each valid by the schema of its `kind`.
pub(crate) fn lines(ran: &Ran) -> Vec<Value> {
    ran.lines().into_iter().map(valid).collect()
}

fn valid(line: &str) -> Value {
    let object: Value =
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    let kind = object["kind"]
        .as_str()
        .unwrap_or_else(|| panic!("no kind in {line}"));
    // A visit is a diagnosis of all its steps, by the same schema.
    let file = if kind == "visit" { "diagnosis" } else { kind };
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../httpwhy-schema/schemas/{file}.v1.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("kind {kind}: {error}"));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let mut problems = Vec::new();
    check(&schema, &schema, &object, "$", &mut problems);
    assert!(problems.is_empty(), "{problems:?} in {line}");
    object
}

/// Holds a value against a schema. Only the words that our schemas use are understood; any other fails the test, so
/// that nothing is passed over.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    let Value::Object(schema) = schema else {
        if *schema != Value::Bool(true) {
            problems.push(format!("{at}: nothing is allowed here"));
        }
        return;
    };
    for (word, told) in schema {
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => {}
            "$ref" => check(root, definition(root, told), value, at, problems),
            "type" if !is_of_type(told, value) => problems.push(format!("{at}: is not {told}")),
            "const" if told != value => problems.push(format!("{at}: is not {told}")),
            "enum" if !list(told).contains(value) => {
                problems.push(format!("{at}: is none of {told}"));
            }
            "type" | "const" | "enum" => {}
            "minimum" if value.as_f64() < told.as_f64() && value.is_number() => {
                problems.push(format!("{at}: is below {told}"));
            }
            "maximum" if value.as_f64() > told.as_f64() => {
                problems.push(format!("{at}: is above {told}"));
            }
            "minItems" if items(value).is_some_and(|n| n < number(told)) => {
                problems.push(format!("{at}: has less than {told} items"));
            }
            "maxItems" if items(value).is_some_and(|n| n > number(told)) => {
                problems.push(format!("{at}: has more than {told} items"));
            }
            "minimum" | "maximum" | "minItems" | "maxItems" => {}
            "anyOf" | "oneOf" => {
                let fits = list(told).iter().filter(|one| fits(root, one, value));
                let count = fits.count();
                if count == 0 || (word == "oneOf" && count > 1) {
                    problems.push(format!("{at}: fits {count} of {word}"));
                }
            }
            "required" => {
                let there = |name: &&Value| value.get(name.as_str().unwrap_or_default()).is_none();
                if let (true, Some(name)) = (value.is_object(), list(told).iter().find(there)) {
                    problems.push(format!("{at}: {name} is missing"));
                }
            }
            "properties" | "additionalProperties" => {
                members(root, schema, word, value, at, problems);
            }
            "prefixItems" => {
                for (index, (one, item)) in list(told).iter().zip(list(value)).enumerate() {
                    check(root, one, item, &format!("{at}[{index}]"), problems);
                }
            }
            "items" => {
                let first = schema
                    .get("prefixItems")
                    .map_or(0, |before| list(before).len());
                for (index, item) in list(value).iter().enumerate().skip(first) {
                    check(root, told, item, &format!("{at}[{index}]"), problems);
                }
            }
            _ => problems.push(format!(
                "{at}: the test does not know the schema's '{word}'"
            )),
        }
    }
}

fn members(
    root: &Value,
    schema: &Map<String, Value>,
    word: &str,
    value: &Value,
    at: &str,
    problems: &mut Vec<String>,
) {
    let Value::Object(object) = value else { return };
    for (name, member) in object {
        let own = schema.get("properties").and_then(|all| all.get(name));
        let rule = match word {
            "properties" => own,
            _ => own.is_none().then(|| &schema["additionalProperties"]),
        };
        if let Some(rule) = rule {
            check(root, rule, member, &format!("{at}.{name}"), problems);
        }
    }
}

fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let mut problems = Vec::new();
    check(root, schema, value, "$", &mut problems);
    problems.is_empty()
}

fn definition<'a>(root: &'a Value, reference: &Value) -> &'a Value {
    let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
    let found = pointer.and_then(|pointer| root.pointer(pointer));
    found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn is_of_type(told: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    match told {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn items(value: &Value) -> Option<usize> {
    value.as_array().map(Vec::len)
}

fn number(value: &Value) -> usize {
    value.as_u64().unwrap_or_default() as usize
}

#[test]
fn the_check_can_fail() {
    let schema: Value = serde_json::from_str(
        r##"{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"type": "array",
        "items": {"const": "x"}, "maxItems": 1}}, "$defs": {"n": {"type": ["integer", "null"], "minimum": 0}}}"##,
    )
    .expect("a schema");
    let table = [
        (r#"{"a": 1}"#, true),
        (r#"{"a": null, "b": ["x"], "c": 1}"#, true),
        ("[]", false),
        ("{}", false),
        (r#"{"a": -1}"#, false),
        (r#"{"a": "1"}"#, false),
        (r#"{"a": 1, "b": ["y"]}"#, false),
        (r#"{"a": 1, "b": ["x", "x"]}"#, false),
    ];
    for (text, wanted) in table {
        let value = serde_json::from_str(text).expect("JSON");
        assert_eq!(fits(&schema, &schema, &value), wanted, "{text}");
    }
}

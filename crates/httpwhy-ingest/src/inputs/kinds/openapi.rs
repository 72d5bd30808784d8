//! API descriptions: OpenAPI 3.0 and 3.1, Swagger 2.0, as JSON or YAML. Each operation becomes a request with example
//! values, which knows the statuses that are documented of it.

use crate::inputs::openapi::calls;
use crate::inputs::{Kind, Look, Sure};

pub(crate) static KIND: Kind = Kind {
    name: "openapi",
    title: "an API description (OpenAPI or Swagger)",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: false,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let named = |name| {
        look.json(name) == Some(b'"') || look.yaml(name).is_some_and(|value| !value.is_empty())
    };
    (named("openapi") || named("swagger") || look.json("swagger").is_some())
        .then_some(Sure::Certain)
}

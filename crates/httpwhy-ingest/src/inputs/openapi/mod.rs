//! Operations of an API description as requests (OpenAPI 3.1.1, 3.0.4; Swagger 2.0).

mod body;
mod parameters;
mod sample;

use std::sync::Arc;

use bytes::Bytes;
use httpwhy_model::{Documented, StatusSet};

use crate::Unread;
use crate::doc::{Node, Value, pointer};
use crate::inputs::call::{More, encoded, joined};
use crate::inputs::{Call, Content, Items, Options, items};

/// The methods that a Path Item Object names (OpenAPI 3.1.1 section 4.8.9).
const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// References followed one after the other.
const HOPS: usize = 32;

pub(crate) fn calls(content: Content, options: &Options) -> Items<Call> {
    items(content.document().and_then(|root| {
        let api = Api::new(&root, options)?;
        Ok(api.calls())
    }))
}

/// A description, and what is known beside it.
struct Api<'a> {
    root: &'a Node,
    /// Swagger 2.0.
    old: bool,
    options: &'a Options,
}

/// An operation with what stands around it.
struct Operation<'a> {
    path: &'a str,
    method: &'static str,
    item: &'a Node,
    node: &'a Node,
    pointer: String,
}

impl<'a> Api<'a> {
    fn new(root: &'a Node, options: &'a Options) -> Result<Self, Unread> {
        let stated = ["openapi", "swagger"].iter().find_map(|name| {
            let node = root.get(name)?;
            Some((node, *name, node.plain()?.into_owned()))
        });
        let Some((node, name, version)) = stated else {
            let what = "neither openapi nor swagger says the version: it is no API description";
            return Err(Unread::mapping(root.place, "", what));
        };
        let old = name == "swagger";
        let known = if old {
            version.starts_with('2')
        } else {
            version.starts_with("3.")
        };
        if !known {
            let what = format!(
                "version {} is not known: OpenAPI 3.x and Swagger 2.0 are",
                version.escape_debug()
            );
            return Err(Unread::mapping(node.place, &pointer("", name), what));
        }
        match root.get("paths") {
            Some(paths) if matches!(paths.value, Value::Map(_)) => {}
            // 3.1 allows a description of webhooks or components alone.
            None if root.get("webhooks").is_some() || root.get("components").is_some() => {}
            other => {
                let found = other.map_or("nothing", Node::kind);
                let what = format!("an object of paths is expected, and {found} stands there");
                let place = other.unwrap_or(root).place;
                return Err(Unread::mapping(place, "/paths", what));
            }
        }
        Ok(Self { root, old, options })
    }

    fn calls(&self) -> Vec<Result<Call, Unread>> {
        let mut calls = Vec::new();
        for (path, item) in self.root.get("paths").map_or(&[][..], Node::map) {
            if !path.starts_with('/') {
                continue;
            }
            let at = pointer("/paths", path);
            let item = match self.resolved(item, &at) {
                Ok(item) => item,
                Err(error) => {
                    calls.push(Err(error));
                    continue;
                }
            };
            for &method in METHODS {
                let Some(node) = item.get(method) else {
                    continue;
                };
                let operation = Operation {
                    path,
                    method,
                    item,
                    node,
                    pointer: pointer(&at, method),
                };
                calls.push(self.call(&operation));
            }
        }
        if calls.is_empty() {
            let what = "no operation stands under paths: nothing can be asked for";
            calls.push(Err(Unread::word("file-empty", what).under("/paths")));
        }
        calls
    }

    fn call(&self, operation: &Operation<'_>) -> Result<Call, Unread> {
        if !matches!(operation.node.value, Value::Map(_)) {
            let what = format!(
                "an object is expected, and {} stands there",
                operation.node.kind()
            );
            return Err(Unread::mapping(
                operation.node.place,
                &operation.pointer,
                what,
            ));
        }
        let server = self.server(operation)?;
        let given = self.parameters(operation)?;
        let mut path = self.filled(operation, &given)?;
        if !given.query.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&given.query.join("&"));
        }
        let mut fields: Vec<(Bytes, Bytes)> = Vec::new();
        for (name, value) in given.fields {
            fields.push((name.into(), value.into()));
        }
        if !given.cookies.is_empty() {
            fields.push(("Cookie".into(), given.cookies.join("; ").into()));
        }
        let content = self.content(operation, given.body, &given.form)?;
        let mut body = None;
        if let Some((media_type, bytes)) = content {
            fields.push(("Content-Type".into(), media_type.into()));
            body = Some(bytes);
        }
        if let Some(accepted) = self.accepted(operation) {
            fields.push(("Accept".into(), accepted.into()));
        }
        let more = More {
            method: operation.method.to_ascii_uppercase().into(),
            fields,
            body,
            documented: Some(Arc::new(self.documented(operation, &server))),
            pointer: operation.pointer.clone(),
            line: operation.node.place.line as usize,
            ..More::default()
        };
        Ok(Call::new(joined(&server, &path), more))
    }

    fn documented(&self, operation: &Operation<'_>, server: &str) -> Documented {
        let method = operation.method.to_ascii_uppercase();
        let named = operation.node.text_of("operationId");
        let statuses = operation.node.get("responses").map_or(&[][..], Node::map);
        let statuses = statuses
            .iter()
            .filter_map(|(key, _)| key.parse::<StatusSet>().ok());
        let base = server.split_once("://").map_or("", |(_, rest)| {
            rest.find('/')
                .map_or("", |at| rest[at..].trim_end_matches('/'))
        });
        Documented {
            operation: named.map_or_else(|| format!("{method} {}", operation.path), str::to_owned),
            template: format!("{base}{}", operation.path),
            statuses: statuses.collect(),
            at: format!("{}#{}", self.options.name, operation.pointer),
        }
    }

    /// The URL of the server: the one given, or the first that is described.
    fn server(&self, operation: &Operation<'_>) -> Result<String, Unread> {
        if let Some(base) = &self.options.base {
            return Ok(base.clone());
        }
        if self.old {
            return self.old_server();
        }
        let levels = [operation.node, operation.item, self.root];
        let server = levels
            .iter()
            .find_map(|level| level.get("servers")?.list().first());
        let Some(server) = server else {
            return Err(no_server(self.root, "/servers"));
        };
        let url = server.text_of("url").unwrap_or_default();
        let mut filled = String::new();
        let mut rest = url;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                break;
            };
            filled.push_str(before);
            let variable = server
                .get("variables")
                .and_then(|variables| variables.get(name));
            let default = variable
                .and_then(|variable| variable.get("default"))
                .and_then(Node::plain);
            let Some(value) = self.variable(name).map(Into::into).or(default) else {
                let what = format!(
                    "{{{}}} in the server's URL has no default: give --var {name}=VALUE",
                    name.escape_debug()
                );
                return Err(Unread::word("variable-unknown", what)
                    .at(server.place)
                    .with("name", name));
            };
            filled.push_str(&value);
            rest = behind;
        }
        filled.push_str(rest);
        if filled.contains("://") {
            return Ok(filled);
        }
        Err(no_server(server, "/servers/0/url"))
    }

    fn old_server(&self) -> Result<String, Unread> {
        let Some(host) = self.root.text_of("host") else {
            return Err(no_server(self.root, "/host"));
        };
        let schemes = self.root.get("schemes").map_or(&[][..], Node::list);
        let has = |scheme: &str| schemes.iter().any(|known| known.text() == Some(scheme));
        let scheme = if has("http") && !has("https") {
            "http"
        } else {
            "https"
        };
        let base = self.root.text_of("basePath").unwrap_or_default();
        Ok(joined(&format!("{scheme}://{host}"), base))
    }

    /// The path with its parameters' values.
    fn filled(
        &self,
        operation: &Operation<'_>,
        given: &parameters::Given<'_>,
    ) -> Result<String, Unread> {
        let mut filled = String::new();
        let mut rest = operation.path;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else {
                break;
            };
            filled.push_str(before);
            if let Some((_, value)) = given.path.iter().find(|(known, _)| known == name) {
                filled.push_str(value);
            } else if let Some(value) = self.variable(name) {
                filled.push_str(&encoded(value));
            } else {
                let what = format!(
                    "{{{}}} in the path is described by no parameter: give --var {name}=VALUE",
                    name.escape_debug()
                );
                return Err(Unread::word("variable-unknown", what)
                    .at(operation.node.place)
                    .under(&operation.pointer)
                    .with("name", name));
            }
            rest = behind;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// The media types of the first successful response.
    fn accepted(&self, operation: &Operation<'_>) -> Option<String> {
        let types: Vec<&str> = if self.old {
            let produces = operation
                .node
                .get("produces")
                .or_else(|| self.root.get("produces"))?;
            produces.list().iter().filter_map(Node::text).collect()
        } else {
            let responses = operation.node.get("responses")?.map();
            let (_, response) = responses.iter().find(|(key, _)| key.starts_with('2'))?;
            let response = self.resolved(response, "").ok()?;
            response
                .get("content")?
                .map()
                .iter()
                .map(|(name, _)| &**name)
                .collect()
        };
        let types: Vec<_> = types
            .into_iter()
            .filter(|name| !name.chars().any(char::is_control))
            .take(5)
            .collect();
        (!types.is_empty()).then(|| types.join(", "))
    }

    /// What the user says that a name stands for.
    fn variable(&self, name: &str) -> Option<&'a str> {
        let found = self
            .options
            .variables
            .iter()
            .rev()
            .find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What a reference leads to; a value that is none is itself. Only references within the document are followed.
    fn resolved(&self, node: &'a Node, at: &str) -> Result<&'a Node, Unread> {
        let mut node = node;
        for _ in 0..HOPS {
            let Some(reference) = node.text_of("$ref") else {
                return Ok(node);
            };
            let wrong = |what: String| Err(Unread::mapping(node.place, &pointer(at, "$ref"), what));
            let Some(local) = reference.strip_prefix('#') else {
                return wrong(format!(
                    "'{}' leads to another document, which is not fetched: bundle the description into one file first",
                    reference.escape_debug()
                ));
            };
            let local = decoded(local);
            match self.root.under(&local) {
                Some(found) => node = found,
                None => return wrong(format!("'{}' leads to nothing", reference.escape_debug())),
            }
        }
        Err(Unread::mapping(
            node.place,
            at,
            "references lead in a circle",
        ))
    }
}

fn no_server(node: &Node, at: &str) -> Unread {
    Unread::word(
        "no-server",
        "the description does not say on which host the API is: give it with --base https://HOST/PATH",
    )
    .at(node.place)
    .under(at)
}

/// A fragment of a URI without its percent-encoding (RFC 6901 section 6).
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|&b| (b as char).to_digit(16));
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

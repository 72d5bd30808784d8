//! The reference API's own table of codes: each row is walked by any client, and what came is checked.

use std::net::SocketAddr;

use serde_json::Value;

use super::{ask, get, text};

/// An answer to a request of the table: interim status lines, status, fields, content.
pub struct Got {
    pub interim: Vec<String>,
    pub status: u16,
    pub fields: Vec<(String, String)>,
    pub content: String,
}

impl Got {
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        fields
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Fills in what stands in braces.
fn filled(request: &str, tags: &[String]) -> String {
    let mut request = request.to_owned();
    for (at, tag) in tags.iter().enumerate() {
        request = request.replace(&format!("{{etag:{}}}", at + 1), tag);
    }
    while let Some(at) = request.find("{long:") {
        let end = at + request[at..].find('}').expect("an end");
        let number: usize = request[at + 6..end].parse().expect("a number");
        request.replace_range(at..=end, &"x".repeat(number));
    }
    assert!(!request.contains("{etag"), "{request}");
    request
}

/// Asks for a row as it says; resets go to that address.
pub fn walk(address: SocketAddr, row: &Value, over: impl Fn(&str) -> Got) -> Got {
    let request = row["request"].as_str().expect("a request");
    let key = request
        .split("\r\n")
        .find_map(|line| line.strip_prefix("Authorization: Bearer "));
    if let Some(key) = key {
        let authorization = format!("Bearer {key}");
        let fields = [("Authorization", authorization.as_str())];
        let reset = ask(address, "POST", "/api/v1/reset", &fields, b"");
        assert_eq!(reset.status(), 204, "{key}");
    }
    let mut tags = Vec::new();
    for before in row["before"].as_array().expect("a list") {
        let before = filled(before.as_str().expect("a request"), &tags);
        let got = over(&before);
        assert!(got.status < 400, "{before}: {} {}", got.status, got.content);
        tags.push(got.field("ETag").unwrap_or_default().to_owned());
    }
    over(&filled(request, &tags))
}

/// Compares what came with the row, and with the OpenAPI document.
pub fn check(row: &Value, got: &Got, document: &Value) {
    let code = row["code"].as_u64().expect("a code");
    let name = format!("{code}: {}", row["request"]);
    assert_eq!(
        u64::from(got.status),
        row["status"],
        "{name}: {}",
        got.content
    );
    for field in row["fields"].as_array().expect("a list") {
        let field = field.as_str().expect("a name");
        assert!(
            got.field(field).is_some(),
            "{name}: no {field}: {:?}",
            got.fields
        );
    }
    let says = row["says"].as_str().expect("a text").trim();
    let interim = got.interim.iter().any(|line| line.contains(says));
    assert!(
        interim || got.content.contains(says),
        "{name}: {}",
        got.content
    );
    if got.status >= 400 {
        assert_eq!(
            got.field("Content-Type"),
            Some("application/problem+json"),
            "{name}"
        );
        let problem: Value = serde_json::from_str(&got.content).expect("JSON");
        assert_eq!(problem["status"], got.status, "{name}");
        assert!(problem["detail"].is_string(), "{name}: {problem}");
    }
    assert!(
        is_documented(row, got.status, document),
        "{name}: OpenAPI does not know it"
    );
}

/// Whether the OpenAPI document says that the operation may answer so. It cannot speak of proxies and of methods that no
/// resource has.
fn is_documented(row: &Value, status: u16, document: &Value) -> bool {
    let request = row["request"].as_str().expect("a request");
    let mut words = request.split([' ', '\r']);
    let method = words.next().expect("a method").to_ascii_lowercase();
    let Some(path) = words.next().and_then(|path| path.strip_prefix("/api/v1")) else {
        return matches!(status, 203 | 407);
    };
    let path: Vec<&str> = path.split('?').next().expect("a path").split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == path.len()
            && parts
                .iter()
                .zip(&path)
                .all(|(part, segment)| part == segment || part.starts_with('{'))
    };
    let paths = document["paths"].as_object().expect("paths");
    let exact = paths.get(&path.join("/"));
    let found = exact.or_else(|| {
        paths
            .iter()
            .find(|(template, _)| fits(template))
            .map(|(_, it)| it)
    });
    match found.and_then(|found| found.get(&method)) {
        Some(operation) => operation["responses"].get(status.to_string()).is_some(),
        None => matches!(status, 405 | 501),
    }
}

/// The table, and the OpenAPI document.
pub fn table(address: SocketAddr) -> (Vec<Value>, Value) {
    let parsed =
        |path: &str| -> Value { serde_json::from_str(&text(&get(address, path))).expect("JSON") };
    let codes = parsed("/api/v1/codes")["codes"]
        .as_array()
        .expect("a list")
        .clone();
    (codes, parsed("/api/v1/openapi.json"))
}

/// The parts of a request of the table: method, path, fields in small letters, content.
pub struct Parts<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub fields: Vec<(String, &'a str)>,
    pub content: &'a [u8],
}

/// Takes a request of HTTP/1.1 apart.
pub fn parts(request: &str) -> Parts<'_> {
    let (head, content) = request.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.split("\r\n");
    let mut first = lines.next().expect("a line").split(' ');
    Parts {
        method: first.next().expect("GET"),
        path: first.next().expect("a path"),
        fields: lines
            .map(|line| line.split_once(": ").expect("a field"))
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect(),
        content: content.as_bytes(),
    }
}

/// An answer of HTTP/2 or HTTP/3: its heads as lines, `:status` first, and its content.
pub fn got(mut heads: Vec<Vec<String>>, content: &[u8]) -> Got {
    let last = heads.pop().expect("a head");
    let mut fields: Vec<(String, String)> = last
        .iter()
        .map(|line| line.split_once(": ").expect("a field"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let (_, status) = fields.remove(0);
    Got {
        interim: heads.iter().map(|head| head[0].clone()).collect(),
        status: status.parse().expect("a number"),
        content: String::from_utf8_lossy(content).into_owned(),
        fields,
    }
}

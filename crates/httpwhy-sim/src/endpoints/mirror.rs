//! Endpoints that say what was asked: `/get`, `/post`, `/anything`, `/headers`, `/ip` and their like.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::form::{self, Form};
use super::reply::{Refusal, Reply};
use super::text::{self, Pairs};
use crate::request::KEPT_CONTENT;

/// Fields that proxies in front add; shown with `?show_env` only, as httpbin does.
const BY_PROXIES: &[&str] = &[
    "Connect-Time",
    "Total-Route-Time",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Ssl",
    "X-Heroku-Dynos-In-Use",
    "X-Heroku-Queue-Depth",
    "X-Heroku-Queue-Wait-Time",
    "X-Real-Ip",
    "X-Request-Id",
    "X-Request-Start",
    "X-Varnish",
];

/// `/get`, and what else shows a request without content.
pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::json(&told(
        call,
        &["args", "headers", "origin", "url"],
    )?))
}

/// `/post`, `/put`, `/patch`, `/delete`.
pub(crate) fn with_content(call: &Call<'_>) -> Result<Reply, Refusal> {
    let keys = [
        "args", "data", "files", "form", "headers", "json", "origin", "url",
    ];
    Ok(Reply::json(&told(call, &keys)?))
}

/// `/anything`.
pub(crate) fn anything(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::json(&told(call, ALL)?))
}

const ALL: &[&str] = &[
    "args", "data", "files", "form", "headers", "json", "method", "origin", "url",
];

/// `/headers`.
pub(crate) fn headers(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::json(&json!({"headers": fields(call)})))
}

/// `/ip`; `?format=text` for the bare address.
pub(crate) fn ip(call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.arg("format") == Some("text") {
        return Ok(Reply::text(origin(call)));
    }
    Ok(Reply::json(&json!({"origin": origin(call)})))
}

/// `/user-agent`.
pub(crate) fn user_agent(call: &Call<'_>) -> Result<Reply, Refusal> {
    let agent = call.asked.field("User-Agent");
    Ok(Reply::json(&json!({"user-agent": agent})))
}

/// `/dump/request`: the request as it is on the wire, as far as it was kept.
pub(crate) fn dump(call: &Call<'_>) -> Result<Reply, Refusal> {
    let asked = call.asked;
    let query = asked.query.as_ref().map(|query| format!("?{query}"));
    let version = if asked.modern { "1.1" } else { "1.0" };
    let mut dump = format!(
        "{} {}{} HTTP/{version}\r\n",
        asked.method,
        asked.path,
        query.unwrap_or_default()
    );
    for (name, value) in &asked.fields {
        dump.extend([name, ": ", value, "\r\n"]);
    }
    dump.push_str("\r\n");
    Ok(Reply::text([dump.as_bytes(), &asked.content].concat()))
}

/// `/upload`: counts the content and forgets it.
pub(crate) fn upload(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut told = told_without_content(call);
    told.insert("bytes".to_owned(), json!(call.asked.length));
    Ok(Reply::json(&Value::Object(told)))
}

/// Those keys of what httpbin tells of a request.
pub(crate) fn told(call: &Call<'_>, keys: &[&str]) -> Result<Value, Refusal> {
    let mut all = told_without_content(call);
    if keys.contains(&"data") {
        if call.asked.length > KEPT_CONTENT as u64 {
            return Err(Refusal {
                status: 413,
                why: format!("Content is shown up to {KEPT_CONTENT} bytes."),
            });
        }
        all.append(&mut told_content(call));
    }
    all.retain(|key, _| keys.contains(&key.as_str()));
    Ok(Value::Object(all))
}

fn told_without_content(call: &Call<'_>) -> Map<String, Value> {
    let args = text::query(call.asked.query.as_deref().unwrap_or_default());
    Map::from_iter([
        ("args".to_owned(), grouped(&args, wants_lists(call))),
        ("headers".to_owned(), fields(call)),
        ("method".to_owned(), json!(call.asked.method)),
        ("origin".to_owned(), json!(origin(call))),
        ("url".to_owned(), json!(url(call))),
    ])
}

fn told_content(call: &Call<'_>) -> Map<String, Value> {
    let content = &call.asked.content;
    let Form { fields, files } = form::read(call.asked).unwrap_or_default();
    let is_form = form::is_form(call.asked);
    let data = if is_form { &[][..] } else { content };
    let json = serde_json::from_slice(data).unwrap_or(Value::Null);
    let files: Map<String, Value> = files
        .into_iter()
        .map(|file| (file.name, json!(shown(&file.content, &file.kind))))
        .collect();
    Map::from_iter([
        (
            "data".to_owned(),
            json!(shown(data, "application/octet-stream")),
        ),
        ("files".to_owned(), Value::Object(files)),
        ("form".to_owned(), grouped(&fields, wants_lists(call))),
        ("json".to_owned(), json),
    ])
}

/// Whether every value is to be a list, as go-httpbin has it (`?lists=always`).
fn wants_lists(call: &Call<'_>) -> bool {
    call.arg("lists") == Some("always")
}

/// Content as text, or as a data URL where it is none.
fn shown(content: &[u8], kind: &str) -> String {
    match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("data:{kind};base64,{}", STANDARD.encode(content)),
    }
}

/// Names with their value, or a list of those where there are several.
fn grouped(pairs: &Pairs, lists: bool) -> Value {
    let mut groups: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let group = groups.entry(name).or_insert_with(|| json!([]));
        if let Value::Array(values) = group {
            values.push(json!(value));
        }
    }
    if !lists {
        for group in groups.values_mut() {
            if let Value::Array(values) = group
                && values.len() == 1
            {
                *group = values.remove(0);
            }
        }
    }
    Value::Object(groups)
}

/// The fields of the request: names written as WSGI servers write them, values of one name joined.
fn fields(call: &Call<'_>) -> Value {
    let shows_all = call.arg("show_env").is_some();
    let mut all: Map<String, Value> = Map::new();
    for (name, value) in &call.asked.fields {
        let name = titled(name);
        if !shows_all && BY_PROXIES.contains(&name.as_str()) {
            continue;
        }
        match all.get_mut(&name) {
            Some(Value::String(known)) => known.extend([",", value]),
            _ => drop(all.insert(name, json!(value))),
        }
    }
    Value::Object(all)
}

/// `user-agent` as `User-Agent`.
fn titled(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_ascii_uppercase());
        first
            .into_iter()
            .chain(chars.map(|c| c.to_ascii_lowercase()))
            .collect()
    };
    let words: Vec<String> = name.split('-').map(word).collect();
    words.join("-")
}

/// Where the request came from, by its own account if it gives one.
fn origin(call: &Call<'_>) -> String {
    let said = call.asked.field("X-Forwarded-For");
    let peer = match call.peer {
        IpAddr::V6(ip) => ip.to_canonical().to_string(),
        IpAddr::V4(ip) => ip.to_string(),
    };
    said.map_or(peer, str::to_owned)
}

/// The URL that was asked for, readable, with the scheme that a proxy in front names.
fn url(call: &Call<'_>) -> String {
    let field = |name| call.asked.field(name).filter(|value| !value.is_empty());
    let by_ssl = (field("X-Forwarded-Ssl") == Some("on")).then_some("https");
    let own = if call.secure { "https" } else { "http" };
    let scheme = field("X-Forwarded-Proto")
        .or(field("X-Forwarded-Protocol"))
        .or(by_ssl)
        .unwrap_or(own);
    let query = call.asked.query.as_ref().filter(|query| !query.is_empty());
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let path = text::beyond_ascii(&(call.asked.path.clone() + &query));
    format!("{scheme}://{}{path}", call.host())
}

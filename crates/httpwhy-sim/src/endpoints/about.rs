//! What the server says of itself: `/uuid`, `/env`, `/hostname`, `/version`, and the response fields that a query asks
//! for.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{Refusal, Reply};
use super::text;
use crate::json;

/// How often the content of `/response-headers` is written anew until it tells its own length.
const MOST_ROUNDS: usize = 5;

/// `/uuid`: a random one, version 4 (RFC 9562 section 5.4).
pub(crate) fn uuid(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut bytes = call.world.state.random(|random| random.bytes(16));
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    Ok(Reply::json(&json!({"uuid": text})))
}

/// `/env`: no variable is shown, since none is meant for it.
pub(crate) fn env(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::json(&json!({"env": {}})))
}

/// `/hostname`: a fixed name, since the real one is nobody's business.
pub(crate) fn hostname(_: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::json(&json!({"hostname": "sim.test"})))
}

/// `/version`.
pub(crate) fn version(_: &Call<'_>) -> Result<Reply, Refusal> {
    let version = env!("CARGO_PKG_VERSION");
    Ok(Reply::json(&json!({"version": version})))
}

/// `/response-headers`: sets the fields of the query, and tells all fields, Content-Length included.
pub(crate) fn response_headers(call: &Call<'_>) -> Result<Reply, Refusal> {
    for (name, value) in &call.query {
        if !text::is_token(name) || !text::is_field_value(value) {
            return Err(Refusal::bad(format!("'{name}' cannot be sent as a field")));
        }
        let framing = ["content-length", "transfer-encoding", "connection"];
        if framing.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(Refusal::bad(format!(
                "{name} would break the framing; /fault does that"
            )));
        }
    }
    let mut body = String::new();
    for _ in 0..MOST_ROUNDS {
        let told = json::pretty(&Value::Object(told(call, body.len())));
        if told == body {
            break;
        }
        body = told;
    }
    let mut reply = Reply::content("application/json", body);
    for (name, value) in &call.query {
        reply = reply.and(name, value);
    }
    let has_type = text::first(&call.query, "Content-Type").is_some();
    if has_type {
        // One Content-Type is the only right number of them.
        let asked_for = text::first(&call.query, "Content-Type").unwrap_or_default();
        reply = reply.with("Content-Type", asked_for);
    }
    Ok(reply)
}

fn told(call: &Call<'_>, length: usize) -> Map<String, Value> {
    let own = [
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Content-Length".to_owned(), length.to_string()),
    ];
    let mut told: Map<String, Value> = Map::new();
    for (name, value) in own.iter().chain(&call.query) {
        match told.get_mut(name) {
            None => {
                told.insert(name.clone(), json!(value));
            }
            Some(Value::Array(values)) => values.push(json!(value)),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    told
}

//! Authentication by Basic and Bearer (RFC 7617, RFC 6750); digest has a file of its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::call::Call;
use super::reply::{Refusal, Reply};

/// `/basic-auth/{user}/{password}`.
pub(crate) fn basic(call: &Call<'_>) -> Result<Reply, Refusal> {
    if is_known(call) {
        return Ok(welcome(call));
    }
    let challenge = "Basic realm=\"Fake Realm\"";
    Ok(Reply::empty(401).with("WWW-Authenticate", challenge))
}

/// `/hidden-basic-auth/{user}/{password}`: without the right credentials nothing is there.
pub(crate) fn hidden(call: &Call<'_>) -> Result<Reply, Refusal> {
    if is_known(call) {
        return Ok(welcome(call));
    }
    Ok(Reply::empty(404))
}

/// `/bearer`: any token will do.
pub(crate) fn bearer(call: &Call<'_>) -> Result<Reply, Refusal> {
    match credentials(call, "bearer").filter(|token| !token.is_empty()) {
        Some(token) => Ok(Reply::json(&json!({"authenticated": true, "token": token}))),
        None => Ok(Reply::empty(401).with("WWW-Authenticate", "Bearer")),
    }
}

/// What a user who is known gets.
pub(crate) fn welcome(call: &Call<'_>) -> Reply {
    Reply::json(&json!({"authenticated": true, "user": call.param("user")}))
}

/// What stands behind that scheme, any case, in Authorization.
pub(crate) fn credentials<'a>(call: &Call<'a>, scheme: &str) -> Option<&'a str> {
    let (said, rest) = call.asked.field("Authorization")?.split_once(' ')?;
    said.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn is_known(call: &Call<'_>) -> bool {
    let decoded = credentials(call, "basic").and_then(|text| STANDARD.decode(text).ok());
    let expected = format!("{}:{}", call.param("user"), call.param("password"));
    decoded.is_some_and(|given| given == expected.as_bytes())
}

//! `/cookies`: shows, sets and deletes them.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::reply::{Refusal, Reply};
use super::text::is_token;

/// `/cookies`.
pub(crate) fn shown(call: &Call<'_>) -> Result<Reply, Refusal> {
    let cookies = call.cookies().into_iter();
    let cookies: Map<String, Value> = cookies.map(|(name, value)| (name, json!(value))).collect();
    Ok(Reply::json(&json!({"cookies": cookies})))
}

/// `/cookies/set?name=value`.
pub(crate) fn set(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut reply = Reply::found("/cookies");
    for (name, value) in &call.query {
        reply = with_cookie(reply, call, name, value)?;
    }
    Ok(reply)
}

/// `/cookies/set/{name}/{value}`.
pub(crate) fn set_one(call: &Call<'_>) -> Result<Reply, Refusal> {
    with_cookie(
        Reply::found("/cookies"),
        call,
        call.param("name"),
        call.param("value"),
    )
}

/// `/cookies/delete?name`.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Refusal> {
    let mut reply = Reply::found("/cookies");
    for (name, _) in &call.query {
        checked(name)?;
        let value = format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/");
        reply = reply.and("Set-Cookie", &value);
    }
    Ok(reply)
}

fn with_cookie(reply: Reply, call: &Call<'_>, name: &str, value: &str) -> Result<Reply, Refusal> {
    checked(name)?;
    let secure = if call.secure { "; Secure" } else { "" };
    Ok(reply.and(
        "Set-Cookie",
        &format!("{name}={}; Path=/{secure}", quoted(value)),
    ))
}

fn checked(name: &str) -> Result<(), Refusal> {
    if is_token(name) {
        return Ok(());
    }
    Err(Refusal::bad(format!("'{name}' is no name of a cookie")))
}

/// The value as it is where RFC 6265 section 4.1.1 allows it, else in quotes with octal escapes, as Python writes it.
fn quoted(value: &str) -> String {
    let is_plain =
        |byte: u8| matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    if value.bytes().all(is_plain) {
        return value.to_owned();
    }
    let mut out = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            byte if is_plain(byte) || byte == b' ' => out.push(char::from(byte)),
            byte => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}

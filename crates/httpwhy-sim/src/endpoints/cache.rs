//! Caching and validators: `/cache`, `/etag`.

use std::time::SystemTime;

use super::call::Call;
use super::mirror;
use super::reply::{Refusal, Reply};
use super::text;

/// `/cache`: 304 to whoever says that it has a copy.
pub(crate) fn cache(call: &Call<'_>) -> Result<Reply, Refusal> {
    let asked = call.asked;
    match asked.field("If-None-Match") {
        // The tag of the content would be the client's own (RFC 9110 section 15.4.5).
        Some(tag) if tag.starts_with(['"', 'W']) && !tag.contains(',') => {
            return Ok(Reply::unchanged().with("ETag", tag));
        }
        None if asked.field("If-Modified-Since").is_none() => {}
        _ => return Ok(Reply::unchanged()),
    }
    let tag = call.world.state.random(super::super::random::Random::bits);
    Ok(mirror::get(call)?
        .with("Last-Modified", &httpdate::fmt_http_date(SystemTime::now()))
        .with("ETag", &format!("\"{tag:016x}\"")))
}

/// `/cache/{seconds}`.
pub(crate) fn for_seconds(call: &Call<'_>) -> Result<Reply, Refusal> {
    let seconds: u32 = call.whole("seconds")?;
    let value = format!("public, max-age={seconds}");
    Ok(mirror::get(call)?.with("Cache-Control", &value))
}

/// `/etag/{etag}`: honours If-None-Match and If-Match (RFC 9110 sections 13.1.1 and 13.1.2).
pub(crate) fn etag(call: &Call<'_>) -> Result<Reply, Refusal> {
    let tag = call.param("etag");
    if tag.contains('"') || !text::is_field_value(tag) {
        return Err(Refusal::bad(
            "An entity tag holds no quotes and no line ends.",
        ));
    }
    let field = format!("\"{tag}\"");
    let listed = |name: &str| {
        let list = call.asked.field(name)?;
        let mut tags = list
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
        Some(tags.any(|known| known == tag || known == "*"))
    };
    match (listed("If-None-Match"), listed("If-Match")) {
        (Some(true), _) => Ok(Reply::unchanged().with("ETag", &field)),
        (None, Some(false)) => {
            let mut reply = Reply::empty(412);
            reply.answer.remove("ETag");
            Ok(reply)
        }
        _ => Ok(mirror::get(call)?.with("ETag", &field)),
    }
}

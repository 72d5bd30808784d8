//! The answers that demand nothing of their status, built in one place.

use std::fmt::Write;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use httpwhy_respond::{ETag, Location, MediaType};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::BASE;
use super::trouble::Trouble;

/// The media type of JSON.
pub(super) const JSON: &str = "application/json";
/// The media type of text.
pub(super) const TEXT: &str = "text/plain";

/// That status with JSON.
pub(super) fn json(status: StatusCode, value: &Value) -> Response<Bytes> {
    content(status, JSON, crate::json::pretty(value).into_bytes())
}

/// 200 with JSON.
pub(super) fn ok(value: &Value) -> Response<Bytes> {
    json(StatusCode::OK, value)
}

/// That status with that content.
pub(super) fn content(
    status: StatusCode,
    media: &'static str,
    bytes: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(bytes.into());
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// The response with that field.
pub(super) fn with(
    mut response: Response<Bytes>,
    name: HeaderName,
    value: &str,
) -> Result<Response<Bytes>, Trouble> {
    let value = HeaderValue::from_str(value).map_err(Trouble::unhandled)?;
    response.headers_mut().insert(name, value);
    Ok(response)
}

/// The response with that tag.
pub(super) fn tagged(response: Response<Bytes>, tag: &ETag) -> Result<Response<Bytes>, Trouble> {
    with(response, ETAG, &tag.to_string())
}

/// The tag of these bytes: the same bytes, the same tag, after a reset too.
pub(super) fn tag(bytes: &[u8]) -> Result<ETag, Trouble> {
    let hash = Sha256::digest(bytes);
    let mut hex = String::new();
    for byte in &hash[..8] {
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(ETag::strong(&hex)?)
}

/// The place of a resource of the API.
pub(super) fn place(segments: &[&str]) -> Result<Location, Trouble> {
    let base = BASE.trim_start_matches('/').split('/');
    Ok(Location::segments(base.chain(segments.iter().copied()))?)
}

/// A media type of ours.
pub(super) fn media(text: &'static str) -> Result<MediaType, Trouble> {
    Ok(MediaType::new(text)?)
}

//! Requests and responses between the model and the HTTP/3 library.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use httpwhy_model::{Fields, Request, Response};

/// Fields that speak of one HTTP/1 connection and have no place here (RFC 9114 section 4.2); Host becomes `:authority`.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// What makes a request one of HTTP/3: its version, and no fields of the connection. Host stays, as the authority.
pub(crate) fn adapt(request: &mut Request) {
    request.version = Bytes::from_static(b"HTTP/3");
    request.fields.list.retain(|field| {
        let is = |name: &&str| field.name.eq_ignore_ascii_case(name.as_bytes());
        is(&"host") || !OF_THE_CONNECTION.iter().any(is)
    });
}

/// The request as the library takes it. `None` when its method, target or fields cannot be written in HTTP/3.
pub(super) fn request(request: &Request) -> Option<http::Request<()>> {
    let authority = request.fields.text("host")?;
    let path = std::str::from_utf8(&request.target).ok()?;
    let uri = Uri::builder()
        .scheme("https")
        .authority(authority)
        .path_and_query(path)
        .build()
        .ok()?;
    let mut out = http::Request::new(());
    *out.method_mut() = Method::from_bytes(&request.method).ok()?;
    *out.uri_mut() = uri;
    for field in &request.fields.list {
        let name = HeaderName::from_bytes(&field.name).ok()?;
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            let value = HeaderValue::from_bytes(field.value.as_bytes()).ok()?;
            out.headers_mut().append(name, value);
        }
    }
    Some(out)
}

/// A head as it is recorded. The library keeps the order of fields, those of one name side by side.
pub(super) fn response(head: &http::Response<()>) -> Response {
    Response {
        version: Bytes::from_static(b"HTTP/3"),
        code: Bytes::copy_from_slice(head.status().as_str().as_bytes()),
        fields: fields(head.headers()),
        ..Response::default()
    }
}

/// A field section as it is recorded.
pub(super) fn fields(map: &HeaderMap) -> Fields {
    let mut fields = Fields::all();
    for (name, value) in map {
        fields.push(
            Bytes::copy_from_slice(name.as_str().as_bytes()),
            Bytes::copy_from_slice(value.as_bytes()),
        );
    }
    fields
}

//! The API's own transforming proxy: who sends a target in absolute form for `origin.sim.test` (`curl -x`) uses the port
//! as a proxy. It asks for credentials, passes the request on over a connection of its own, and writes JSON shorter on
//! the way back, which makes 203 of a 200 (RFC 9110 section 7.7).

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, PROXY_AUTHORIZATION, TRANSFER_ENCODING, VIA,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use httpwhy_respond::{Basic, ContentTooLarge, Failure, ProxyAuthenticationRequired};

use super::BASE;
use super::ask::Ask;
use super::built;
use super::gateway::failed;
use super::service::{MOST_NEEDLESS, host};
use super::trouble::{Done, Trouble};
use crate::request::Asked;
use crate::upstream::{self, Fetched};

/// The name for which it stands.
pub(super) const ORIGIN: &str = "origin.sim.test";
/// What it calls itself.
const NAME: &str = "sim-proxy";
/// Who may use it.
const CREDENTIALS: &str = "proxy:proxy";
/// How long it waits for the origin server.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fields that end at a proxy (RFC 9110 section 7.6.1), and those that it writes itself.
const NOT_FORWARDED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "httpwhy-sim",
];

/// Whether the client uses us as a proxy.
pub(super) fn is_meant(ask: &Ask) -> bool {
    let host = ask.authority.as_deref().map(host);
    host.is_some_and(|host| host.eq_ignore_ascii_case(ORIGIN))
}

/// Passes the request on.
pub(super) async fn pass_on(ask: &Ask, asked: &Asked, http: SocketAddr) -> Done {
    if !may(ask) {
        let challenge = Basic::new("sim-proxy")?.utf8();
        let required = ProxyAuthenticationRequired::new(challenge)
            .detail("The proxy takes Basic credentials: proxy and proxy.");
        return Ok(required.into());
    }
    may_forward(ask)?;
    if ask.declared().is_some_and(|length| ask.length < length) {
        let detail = "The content did not come in time. Send the request again.";
        return Err(Failure::request_timeout().detail(detail).into());
    }
    let request = request(ask, asked);
    let method = ask.method.as_str().as_bytes();
    match upstream::fetch(http, method, &request, PATIENCE).await {
        Ok(fetched) => transformed(fetched, ask.method == Method::HEAD),
        Err(missing) => failed(NAME, missing),
    }
}

/// Whether the head promises no more content than is passed on, and says how much it is.
pub(super) fn may_forward(ask: &Ask) -> Result<(), Trouble> {
    if ask.fields.contains_key(TRANSFER_ENCODING) {
        let detail = "Say before the content how long it is: Content-Length.";
        return Err(Failure::length_required().detail(detail).into());
    }
    if ask.declared().unwrap_or(0) > MOST_NEEDLESS {
        let detail = format!("At most {MOST_NEEDLESS} bytes are passed on.");
        return Err(ContentTooLarge::new().detail(detail).into());
    }
    Ok(())
}

fn may(ask: &Ask) -> bool {
    let value = ask.field(PROXY_AUTHORIZATION).unwrap_or_default();
    let credentials = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    credentials.is_some_and(|(_, given)| given.trim() == STANDARD.encode(CREDENTIALS))
}

/// The request in origin form (RFC 9112 section 3.2.1).
fn request(ask: &Ask, asked: &Asked) -> Vec<u8> {
    let query = asked.query.as_ref().map(|query| format!("?{query}"));
    let mut head = format!(
        "{} {BASE}{}{} HTTP/1.1\r\nHost: {ORIGIN}\r\n",
        ask.method,
        if ask.path == "/" { "" } else { &ask.path },
        query.unwrap_or_default()
    );
    let named = ask.field(http::header::CONNECTION).unwrap_or_default();
    let is_kept = |name: &str| {
        let mut named = named.split(',').map(str::trim);
        !NOT_FORWARDED.contains(&name) && !named.any(|option| option.eq_ignore_ascii_case(name))
    };
    for (name, value) in &asked.fields {
        if is_kept(&name.to_ascii_lowercase()) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    if !ask.content.is_empty() {
        let _ = write!(head, "Content-Length: {}\r\n", ask.content.len());
    }
    let _ = write!(head, "Via: 1.1 {NAME}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), &ask.content].concat()
}

/// The answer as the proxy sends it: JSON in its shortest form, unless no-transform forbids it (RFC 9110 section 7.7).
fn transformed(fetched: Fetched, is_head: bool) -> Done {
    let mut fields = HeaderMap::new();
    for (name, value) in &fetched.fields {
        let is_ours = NOT_FORWARDED.contains(&name.to_ascii_lowercase().as_str());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(Trouble::unhandled)?;
        let value = HeaderValue::from_str(value).map_err(Trouble::unhandled)?;
        // The length of what GET would give.
        if !is_ours || (is_head && name == CONTENT_LENGTH) {
            fields.append(name, value);
        }
    }
    let says = |name: HeaderName, word: &str| {
        let mut lines = fields.get_all(name).iter();
        lines.any(|line| line.to_str().is_ok_and(|line| line.contains(word)))
    };
    let may = fetched.status == 200
        && says(CONTENT_TYPE, "application/json")
        && !says(CACHE_CONTROL, "no-transform");
    let shorter = may.then(|| shortest(&fetched.content)).flatten();
    let status = match shorter {
        Some(_) => StatusCode::NON_AUTHORITATIVE_INFORMATION,
        None => StatusCode::from_u16(fetched.status).map_err(Trouble::unhandled)?,
    };
    if shorter.is_some() {
        // The tag named other bytes (RFC 9110 section 8.8.1).
        fields.remove(ETAG);
    }
    let via = fields.get(VIA).and_then(|via| via.to_str().ok());
    let via = via.map_or_else(String::new, |via| format!("{via}, ")) + "1.1 " + NAME;
    let mut response = Response::new(Bytes::from(shorter.unwrap_or(fetched.content)));
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    built::with(response, VIA, &via)
}

fn shortest(json: &[u8]) -> Option<Vec<u8>> {
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    Some(value.to_string().into_bytes())
}

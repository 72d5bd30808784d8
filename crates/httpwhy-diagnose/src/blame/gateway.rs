//! Failures that a server in front reports: about the server behind it, or by a rule of its own.

use httpwhy_catalog::Usual;
use httpwhy_model::{Blame, Place, Response};

use super::{Case, FRONT, Ruling};

/// The intermediary itself names the failure in Proxy-Status (RFC 9209).
pub(super) fn named(case: &Case) -> Option<Ruling> {
    let Usual::Party(party) = case.entry.usual else {
        return None;
    };
    let field = case
        .response()?
        .fields
        .iter("proxy-status")
        .filter_map(httpwhy_model::Value::as_str)
        .find(|text| text.contains("error="))
        .filter(|_| case.entry.id.namespace() == "proxy-status")?;
    let place = Place::Field("proxy-status".into());
    let shows = "the intermediary names its error";
    Some(case.ruling(Blame::Proven(party), place, Some(field.as_bytes()), shows))
}

/// A 5xx that the one in front made of itself, not of what came from behind.
pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let response = case.response().filter(|_| case.is_plain_status())?;
    nginx(case, response).or_else(|| caddy(case, response))
}

/// nginx makes a 502 or a 504 of a failure behind it, never a 500, 503 or 507: those come from its configuration (`return`,
/// `limit_req`, `limit_conn`, a loop of rewrites) or from itself (ngx_http_upstream.c, ngx_http_limit_req_module.c). Its
/// status line differs from what others write for 503 (ngx_http_header_filter_module.c), while a status line from behind
/// is passed on as it came.
fn nginx(case: &Case, response: &Response) -> Option<Ruling> {
    let nginx = ["nginx", "openresty", "tengine"]
        .iter()
        .any(|name| case.producer.has(name));
    let own_line = response.reason[..] == *b"Service Temporarily Unavailable";
    let made = nginx && (case.producer.made || own_line);
    match response.status()? {
        500 | 503 | 507 if made => Some(case.by_status_line(
            FRONT,
            "made by nginx itself, which answers a failure behind it with 502 or 504",
        )),
        _ => None,
    }
}

/// Caddy's own errors have no content; a 502, 503 or 504 among them is about the server behind, a 500 about Caddy
/// (modules/caddyhttp/errors.go, reverseproxy.go). A short text with no field but those that Caddy adds is that of a
/// `respond` directive (staticresp.go).
fn caddy(case: &Case, response: &Response) -> Option<Ruling> {
    let servers: Vec<_> = response
        .fields
        .iter("server")
        .map(httpwhy_model::Value::as_bytes)
        .collect();
    if servers != [b"Caddy"] {
        return None;
    }
    let empty = case.answered("content-length") == Some("0");
    let text = case.answered("content-type") == Some("text/plain; charset=utf-8");
    let bare = response.fields.list.iter().all(|field| {
        ADDED_BY_CADDY
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()))
    });
    match response.status()? {
        500 if empty && bare => {
            Some(case.by_status_line(FRONT, "made by Caddy, about a failure of its own"))
        }
        500..=599 if text && bare => Some(case.by_status_line(
            FRONT,
            "a text with no field but Caddy's own: its configuration answers so",
        )),
        _ => None,
    }
}

const ADDED_BY_CADDY: &[&str] = &[
    "alt-svc",
    "connection",
    "content-length",
    "content-type",
    "date",
    "server",
];

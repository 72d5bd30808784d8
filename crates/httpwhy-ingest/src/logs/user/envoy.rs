//! Envoy's format strings: text with `%START_TIME%`, `%REQ(:METHOD)%` (Envoy documentation, command operators).

use super::splitter::{Piece, Value};
use crate::logs::Column;

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let tail = &rest[at + 1..];
        let Some((length, column)) = operator(tail) else {
            pieces.push(Piece::Literal(rest.as_bytes()[..=at].to_vec()));
            rest = tail;
            continue;
        };
        pieces.push(Piece::Literal(rest.as_bytes()[..at].to_vec()));
        pieces.push(Piece::Value(Value::of(column)));
        rest = &tail[length..];
    }
    pieces.push(Piece::Literal(rest.as_bytes().to_vec()));
    // A format string in a configuration ends with a line feed, a line in a file does not.
    if let Some(Piece::Literal(last)) = pieces.last_mut() {
        while last.ends_with(b"\n") || last.ends_with(b"\\n") {
            let cut = if last.ends_with(b"\n") { 1 } else { 2 };
            last.truncate(last.len() - cut);
        }
    }
    pieces
}

/// `NAME%`, `NAME(argument)%`, `NAME(argument):10%`: its length with the closing sign, and what it is.
fn operator(text: &str) -> Option<(usize, Option<Column>)> {
    let name = text
        .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .unwrap_or(text.len());
    let mut end = name;
    let mut argument = "";
    if text[end..].starts_with('(') {
        let close = text[end..].find(')')?;
        argument = &text[end + 1..end + close];
        end += close + 1;
    }
    if let Some(length) = text[end..].strip_prefix(':') {
        end += 1 + length.bytes().take_while(u8::is_ascii_digit).count();
    }
    (name > 0 && text[end..].starts_with('%')).then(|| (end + 1, column(&text[..name], argument)))
}

fn column(name: &str, argument: &str) -> Option<Column> {
    let argument = argument.to_ascii_lowercase();
    Some(match name {
        "START_TIME" => Column::Time,
        "REQ" if argument.contains(":path") => Column::Target,
        "REQ" => match argument.split('?').next().unwrap_or_default() {
            ":method" => Column::Method,
            ":authority" => Column::Host,
            ":scheme" => Column::Scheme,
            "x-forwarded-for" => Column::ForwardedFor,
            "user-agent" => Column::Agent,
            "referer" => Column::Referer,
            "x-request-id" => Column::RequestId,
            "traceparent" | "x-b3-traceid" => Column::TraceId,
            _ => return None,
        },
        "RESP" if argument.starts_with("x-envoy-upstream-service-time") => Column::UpstreamHeader,
        "PROTOCOL" => Column::Protocol,
        "RESPONSE_CODE" => Column::Status,
        "RESPONSE_FLAGS" => Column::State,
        "RESPONSE_CODE_DETAILS" => Column::Detail,
        "UPSTREAM_TRANSPORT_FAILURE_REASON" => Column::Cause,
        "BYTES_RECEIVED" => Column::BytesIn,
        "BYTES_SENT" => Column::Bytes,
        "DURATION" => Column::Duration,
        "RESPONSE_DURATION" => Column::FirstByte,
        "UPSTREAM_HOST" => Column::Upstream,
        "UPSTREAM_CLUSTER" => Column::Pool,
        "UPSTREAM_REQUEST_ATTEMPT_COUNT" => Column::Retries,
        "ROUTE_NAME" => Column::Route,
        "DOWNSTREAM_REMOTE_ADDRESS" | "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => Column::Client,
        "TRACE_ID" => Column::TraceId,
        "STREAM_ID" => Column::RequestId,
        _ => return None,
    })
}

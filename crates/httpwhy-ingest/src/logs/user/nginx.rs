//! nginx's `log_format`: text with `$name` and `${name}` (ngx_http_log_module, ngx_http_core_module variables).

use super::splitter::{Piece, Value};
use crate::logs::Column;

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        pieces.push(Piece::Literal(rest.as_bytes()[..at].to_vec()));
        let tail = &rest[at + 1..];
        let braced = tail
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let (name, after) = braced.unwrap_or_else(|| {
            let end = tail
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(tail.len());
            tail.split_at(end)
        });
        pieces.push(Piece::Value(value(name)));
        rest = after;
    }
    pieces.push(Piece::Literal(rest.as_bytes().to_vec()));
    pieces
}

fn value(name: &str) -> Value {
    Value {
        list: name.starts_with("upstream_"),
        ..Value::of(column(name))
    }
}

fn column(name: &str) -> Option<Column> {
    Some(match name {
        "remote_addr" | "realip_remote_addr" => Column::Client,
        "remote_user" => Column::User,
        "time_local" | "time_iso8601" | "msec" => Column::Time,
        "request" => Column::Request,
        "request_method" => Column::Method,
        "request_uri" | "uri" | "document_uri" => Column::Target,
        "args" | "query_string" => Column::Query,
        "server_protocol" => Column::Protocol,
        "host" | "http_host" | "server_name" => Column::Host,
        "status" => Column::Status,
        "body_bytes_sent" | "bytes_sent" => Column::Bytes,
        "request_length" => Column::BytesIn,
        "request_time" => Column::Duration,
        "http_referer" => Column::Referer,
        "http_user_agent" => Column::Agent,
        "http_x_forwarded_for" | "proxy_add_x_forwarded_for" => Column::ForwardedFor,
        "upstream_addr" => Column::Upstream,
        "proxy_host" | "proxy_upstream_name" => Column::Pool,
        "upstream_status" => Column::UpstreamStatus,
        "upstream_connect_time" => Column::UpstreamConnect,
        "upstream_header_time" => Column::UpstreamHeader,
        "upstream_response_time" => Column::UpstreamResponse,
        "upstream_cache_status" => Column::Cache,
        "request_id" | "req_id" | "http_x_request_id" => Column::RequestId,
        "http_traceparent" | "otel_trace_id" => Column::TraceId,
        "connection" => Column::Connection,
        "scheme" | "ssl_protocol" => Column::Scheme,
        _ => return None,
    })
}

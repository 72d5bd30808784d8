//! nginx as JSON (`log_format … escape=json`), with any order and the names that people give to its variables.

use httpwhy_model::{Side, Visit};

use super::nginx;
use crate::logs::record::{self, Known};
use crate::logs::{Column, Format, Kind, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "nginx-json",
    title: "nginx JSON",
    kind: Kind::Access,
    side: Side::Server,
    rank: 5,
    fit: |sample| record::fit(&KNOWN, sample),
    shape: nginx::shape,
    visit,
    open: nginx::open,
};

/// Names that people give to nginx's variables, the variable's own first.
static KNOWN: Known = Known {
    members: &[
        (
            Column::Time,
            &[
                "time_iso8601",
                "time_local",
                "msec",
                "time",
                "timestamp",
                "@timestamp",
                "ts",
                "date",
            ],
        ),
        (
            Column::Client,
            &[
                "remote_addr",
                "client_ip",
                "client",
                "clientip",
                "ip",
                "remote_ip",
            ],
        ),
        (
            Column::ForwardedFor,
            &[
                "http_x_forwarded_for",
                "x_forwarded_for",
                "xff",
                "realip_remote_addr",
            ],
        ),
        (Column::User, &["remote_user", "user"]),
        (Column::Request, &["request", "request_line"]),
        (Column::Method, &["request_method", "method", "verb"]),
        (
            Column::Target,
            &["request_uri", "uri", "url", "path", "request_path"],
        ),
        (Column::Query, &["query_string"]),
        (
            Column::Protocol,
            &["server_protocol", "protocol", "http_version"],
        ),
        (
            Column::Host,
            &["host", "http_host", "vhost", "server_name", "domain"],
        ),
        (
            Column::Status,
            &[
                "status",
                "status_code",
                "code",
                "http_status",
                "response_status",
            ],
        ),
        (
            Column::Bytes,
            &[
                "body_bytes_sent",
                "bytes_sent",
                "bytes",
                "size",
                "response_size",
            ],
        ),
        (Column::BytesIn, &["request_length", "bytes_received"]),
        (
            Column::Duration,
            &["request_time", "duration", "response_time", "rt"],
        ),
        (
            Column::Referer,
            &["http_referer", "http_referrer", "referer", "referrer"],
        ),
        (
            Column::Agent,
            &["http_user_agent", "user_agent", "agent", "useragent"],
        ),
        (
            Column::Upstream,
            &["upstream_addr", "upstream", "upstream_host", "upstreamAddr"],
        ),
        (
            Column::Pool,
            &["proxy_upstream_name", "proxy_host", "upstream_name"],
        ),
        (
            Column::UpstreamStatus,
            &[
                "upstream_status",
                "upstreamStatus",
                "upstream_response_status",
                "us",
            ],
        ),
        (Column::UpstreamConnect, &["upstream_connect_time", "uct"]),
        (Column::UpstreamHeader, &["upstream_header_time", "uht"]),
        (Column::UpstreamResponse, &["upstream_response_time", "urt"]),
        (Column::Cache, &["upstream_cache_status", "cache_status"]),
        (
            Column::RequestId,
            &["request_id", "req_id", "http_x_request_id", "x_request_id"],
        ),
        (
            Column::TraceId,
            &["trace_id", "traceparent", "http_traceparent"],
        ),
        (Column::Connection, &["connection"]),
        (Column::Scheme, &["scheme", "ssl_protocol"]),
    ],
    // A status, and something that was asked for.
    needed: &[&[Column::Status], &[Column::Request, Column::Target]],
    kinds: &[],
    units: (Unit::Seconds, Unit::Seconds),
};

fn visit(shape: &Shape<'_>) -> Visit {
    nginx::visit_as("nginx-json", shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Line, NOT_CAPTURED, Spans, Split};

    #[test]
    fn synonyms_are_read_in_any_order() {
        let lines: &[(&str, u16, u16)] = &[
            (
                r#"{"time_iso8601":"2026-11-03T14:05:12+00:00","remote_addr":"203.0.113.9","request_uri":"/cart","status":"502","upstream_status":"502","upstream_header_time":"-"}"#,
                502,
                502,
            ),
            (
                r#"{"code":200,"url":"/a","ts":1793714712.3}"#,
                200,
                NOT_CAPTURED,
            ),
            (
                r#"{"request":"\x16\x03\x01","status":400,"upstream_status":""}"#,
                400,
                0,
            ),
        ];
        for (raw, status, upstream) in lines {
            let raw = raw.as_bytes();
            let layout = (FORMAT.fit)(&[raw]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw, &mut spans), Split::Read);
            let shape = nginx::shape(&Line::new(raw, &spans));
            assert_eq!((shape.status, shape.upstream), (*status, *upstream));
        }
        assert!((FORMAT.fit)(&[br#"{"level":"info","msg":"started"}"#]).is_none());
    }
}

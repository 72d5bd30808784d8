//! Google Cloud load balancer: `httpRequest` with `jsonPayload.statusDetails` or `jsonPayload.proxyStatus`.
//!
//! Members (Google Cloud, HTTP(S) load balancing logging; `LogEntry.httpRequest`): numbers may stand as strings, the
//! latency ends with `s`. Status is missing altogether where the client left before any answer. `proxyStatus` has the
//! form of RFC 9209.

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memmem;

use crate::logs::record::{self, Known, status};
use crate::logs::{Column, Format, Kind, Legs, Line, Shape, Unit, nothing_open};

pub(crate) static FORMAT: Format = Format {
    name: "gcp-lb",
    title: "Google Cloud load balancer",
    kind: Kind::Access,
    side: Side::Between,
    rank: 40,
    fit: |sample| record::fit(&KNOWN, sample),
    shape,
    visit,
    open: nothing_open,
};

static KNOWN: Known = Known {
    members: &[
        (Column::Time, &["timestamp"]),
        (Column::Method, &["httpRequest.requestMethod"]),
        (Column::Target, &["httpRequest.requestUrl"]),
        (Column::Status, &["httpRequest.status"]),
        (Column::BytesIn, &["httpRequest.requestSize"]),
        (Column::Bytes, &["httpRequest.responseSize"]),
        (Column::Duration, &["httpRequest.latency"]),
        (Column::Client, &["httpRequest.remoteIp"]),
        (Column::Upstream, &["httpRequest.serverIp"]),
        (Column::Agent, &["httpRequest.userAgent"]),
        (Column::Referer, &["httpRequest.referer"]),
        (Column::Protocol, &["httpRequest.protocol"]),
        (Column::State, &["jsonPayload.statusDetails"]),
        (Column::Detail, &["jsonPayload.proxyStatus"]),
        (Column::Cache, &["jsonPayload.cacheDecision"]),
        (Column::Pool, &["resource.labels.backend_service_name"]),
        (Column::Route, &["resource.labels.url_map_name"]),
        (Column::TraceId, &["trace"]),
        (Column::RequestId, &["insertId"]),
    ],
    needed: &[&[Column::Target]],
    units: (Unit::Seconds, Unit::Seconds),
    kinds: &[],
};

/// The error type in `error="…"` or `error=…`; the value stands in a JSON string, so that its quotes are escaped.
fn proxy_error(text: &[u8]) -> &[u8] {
    let Some(at) = memmem::find(text, b"error=") else {
        return b"";
    };
    let rest = text[at + 6..].trim_ascii_start();
    let from = rest
        .iter()
        .take_while(|b| matches!(b, b'"' | b'\\'))
        .count();
    let rest = &rest[from..];
    let end = rest
        .iter()
        .take_while(|b| b.is_ascii_lowercase() || **b == b'_')
        .count();
    &rest[..end]
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        status: status(line, Column::Status),
        words: [
            line.some(Column::State).unwrap_or_default(),
            line.some(Column::Detail)
                .map(proxy_error)
                .unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("gcp-lb", Side::Between).answered(shape.status);
    let [details, error] = shape.words;
    if details == b"response_sent_by_backend" {
        return legs.upstream_answered(shape.status).visit();
    }
    if !error.is_empty() {
        let word = String::from_utf8_lossy(error).into_owned();
        return legs
            .word(Phase::Wait, Signal::word("proxy-status", word))
            .visit();
    }
    let from_cache =
        details.starts_with(b"response_from_cache") || details.starts_with(b"byte_range");
    if details.is_empty() || from_cache || details == b"response_sent_by_load_balancer" {
        return if shape.status >= 400 && !details.is_empty() {
            legs.not_forwarded()
        } else {
            legs
        }
        .visit();
    }
    let word = String::from_utf8_lossy(details).into_owned();
    legs.word(Phase::Wait, Signal::word("gclb", word)).visit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn details_are_told() {
        for (status, payload, wanted) in [
            (
                r#""status":502,"#,
                r#""statusDetails":"backend_connection_closed_before_data_sent_to_client""#,
                "0 502, 0 gclb:backend_connection_closed_before_data_sent_to_client",
            ),
            (
                r#""status":500,"#,
                r#""statusDetails":"response_sent_by_backend""#,
                "0 500, 1 500",
            ),
            (
                "",
                r#""statusDetails":"client_disconnected_before_any_response""#,
                "0 gclb:client_disconnected_before_any_response",
            ),
            (
                r#""status":503,"#,
                r#""proxyStatus":"error=\"destination_unavailable\"; details=\"no_healthy\"""#,
                "0 503, 0 proxy-status:destination_unavailable",
            ),
        ] {
            let raw = format!(
                r#"{{"httpRequest":{{"requestMethod":"GET","requestUrl":"https://shop.example.com/cart",{status}"latency":"0.004s","remoteIp":"203.0.113.9"}},"jsonPayload":{{{payload}}},"resource":{{"type":"http_load_balancer"}},"timestamp":"2026-11-03T14:05:12.345Z"}}"#
            );
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.path(), Some(&b"/cart"[..]));
            assert_eq!(line.micros(Column::Duration), Some(4000));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}

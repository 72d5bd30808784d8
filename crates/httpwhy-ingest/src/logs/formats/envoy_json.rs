//! Envoy and Istio as JSON.
//!
//! Members: those of Istio's default JSON encoding (`response_code`, `response_flags`, `response_code_details`,
//! `upstream_cluster`, `upstream_transport_failure_reason`, …) and the names that Envoy's documentation uses in its
//! examples.

use httpwhy_model::{Side, Visit};

use super::envoy;
use crate::logs::record::{self, Known};
use crate::logs::{Column, Format, Kind, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "envoy-json",
    title: "Envoy or Istio JSON",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit: |sample| record::fit(&KNOWN, sample),
    shape: envoy::shape,
    visit,
    open: envoy::open,
};

static KNOWN: Known = Known {
    members: &[
        (Column::Time, &["start_time", "timestamp"]),
        (Column::Method, &["method"]),
        (Column::Target, &["path", "x_envoy_original_path"]),
        (Column::Protocol, &["protocol"]),
        (Column::Status, &["response_code"]),
        (Column::State, &["response_flags"]),
        (Column::Detail, &["response_code_details"]),
        (Column::Cause, &["upstream_transport_failure_reason"]),
        (Column::BytesIn, &["bytes_received"]),
        (Column::Bytes, &["bytes_sent"]),
        (Column::Duration, &["duration"]),
        (Column::UpstreamHeader, &["upstream_service_time"]),
        (Column::ForwardedFor, &["x_forwarded_for"]),
        (Column::Client, &["downstream_remote_address"]),
        (Column::Agent, &["user_agent"]),
        (Column::RequestId, &["request_id"]),
        (Column::Host, &["authority"]),
        (Column::Upstream, &["upstream_host"]),
        (Column::Pool, &["upstream_cluster"]),
        (Column::Route, &["route_name"]),
    ],
    needed: &[&[Column::Status], &[Column::State]],
    kinds: &[],
    units: (Unit::Millis, Unit::Millis),
};

fn visit(shape: &Shape<'_>) -> Visit {
    envoy::visit_as("envoy-json", shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Line, Spans, Split};

    #[test]
    fn records_are_told() {
        for (raw, wanted) in [
            (
                r#"{"start_time":"2026-11-03T14:05:12.345Z","method":"GET","path":"/cart","response_code":503,"response_flags":"UF,URX","response_code_details":"upstream_reset","duration":5001,"upstream_host":"10.0.0.5:8080"}"#,
                "0 503, 0 envoy:UF, 0 envoy:URX",
            ),
            (
                r#"{"start_time":"2026-11-03T14:05:12.345Z","method":"GET","path":"/cart","response_code":500,"response_flags":"-","response_code_details":"via_upstream","duration":1}"#,
                "0 500, 1 500",
            ),
        ] {
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.target(), Some(&b"/cart"[..]));
            assert_eq!(
                crate::logs::legs::told(&visit(&envoy::shape(&line))),
                wanted
            );
        }
        assert!((FORMAT.fit)(&[br#"{"status":200,"uri":"/"}"#]).is_none());
    }
}

//! Envoy and Istio as JSON.
//!
//! Members: those of Istio's default JSON encoding (`response_code`, `response_flags`, `response_code_details`,
//! `upstream_cluster`, `upstream_transport_failure_reason`, …) and the names that Envoy's documentation uses in its
//! examples.

use std::sync::Arc;

use httpwhy_model::{Side, Visit};

use super::envoy;
use crate::logs::json::Keys;
use crate::logs::{Column, Format, Kind, Layout, Shape, Spans, Split, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "envoy-json",
    title: "Envoy or Istio JSON",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape: envoy::shape,
    visit,
    open: envoy::open,
};

const MEMBERS: &[(&str, Column)] = &[
    ("start_time", Column::Time),
    ("timestamp", Column::Time),
    ("method", Column::Method),
    ("path", Column::Target),
    ("x_envoy_original_path", Column::Target),
    ("protocol", Column::Protocol),
    ("response_code", Column::Status),
    ("response_flags", Column::State),
    ("response_code_details", Column::Detail),
    ("upstream_transport_failure_reason", Column::Cause),
    ("bytes_received", Column::BytesIn),
    ("bytes_sent", Column::Bytes),
    ("duration", Column::Duration),
    ("upstream_service_time", Column::UpstreamHeader),
    ("x_forwarded_for", Column::ForwardedFor),
    ("downstream_remote_address", Column::Client),
    ("user_agent", Column::Agent),
    ("request_id", Column::RequestId),
    ("authority", Column::Host),
    ("upstream_host", Column::Upstream),
    ("upstream_cluster", Column::Pool),
    ("route_name", Column::Route),
];

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let layout = EnvoyJson(Keys::new(MEMBERS));
    let example = sample
        .iter()
        .find(|raw| layout.split(raw, &mut Spans::default()) == Split::Read)?;
    Some(Arc::new(EnvoyJson(layout.0.learn(example))))
}

#[derive(Debug)]
struct EnvoyJson(Keys);

impl Layout for EnvoyJson {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        spans.unit = Unit::Millis;
        spans.upstream_unit = Unit::Millis;
        match self.0.split(raw, spans) {
            Split::Read if !spans.has(Column::Status) || !spans.has(Column::State) => {
                Split::Foreign
            }
            other => other,
        }
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    envoy::visit_as("envoy-json", shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Line;

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
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.target(), Some(&b"/cart"[..]));
            assert_eq!(
                crate::logs::legs::told(&visit(&envoy::shape(&line))),
                wanted
            );
        }
        assert!(fit(&[br#"{"status":200,"uri":"/"}"#]).is_none());
    }
}

//! Traefik's JSON access log: `"DownstreamStatus"`.
//!
//! Members (Traefik documentation, access logs, available fields); durations count nanoseconds. `OriginStatus` 0 or
//! absent: no server behind answered.

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::record::{self, Known, status};
use crate::logs::{Column, Format, Kind, Legs, Line, Open, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "traefik-json",
    title: "Traefik JSON",
    kind: Kind::Access,
    side: Side::Between,
    rank: 40,
    fit: |sample| record::fit(&KNOWN, sample),
    shape,
    visit,
    open,
};

static KNOWN: Known = Known {
    members: &[
        (Column::Time, &["StartUTC", "time"]),
        (Column::Client, &["ClientHost", "ClientAddr"]),
        (Column::Method, &["RequestMethod"]),
        (Column::Target, &["RequestPath"]),
        (Column::Host, &["RequestHost"]),
        (Column::Protocol, &["RequestProtocol"]),
        (Column::Scheme, &["RequestScheme"]),
        (Column::Status, &["DownstreamStatus"]),
        (Column::Bytes, &["DownstreamContentSize"]),
        (Column::BytesIn, &["RequestContentSize"]),
        (Column::Duration, &["Duration"]),
        (Column::UpstreamStatus, &["OriginStatus"]),
        (Column::UpstreamResponse, &["OriginDuration"]),
        (Column::Retries, &["RetryAttempts"]),
        (Column::Route, &["RouterName"]),
        (Column::Pool, &["ServiceName"]),
        (Column::Upstream, &["ServiceAddr", "ServiceURL"]),
        (Column::Agent, &["request_User-Agent"]),
        (Column::Referer, &["request_Referer"]),
        (Column::TraceId, &["TraceId"]),
    ],
    needed: &[&[Column::Status]],
    units: (Unit::Nanos, Unit::Nanos),
    kinds: &[],
};

/// [`Shape::bits`]: a service was chosen.
const SERVICE: u16 = 1;

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let service = line.some(Column::Upstream).is_some() || line.some(Column::Pool).is_some();
    Shape {
        status: status(line, Column::Status),
        upstream: status(line, Column::UpstreamStatus),
        bits: if service { SERVICE } else { 0 },
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    told("traefik-json", shape)
}

/// What Traefik's lines say, whatever their form.
pub(super) fn told(name: &str, shape: &Shape<'_>) -> Visit {
    let legs = Legs::of(name, Side::Between);
    if shape.status == 499 {
        return legs
            .word(Phase::Wait, Signal::word("traefik", "499"))
            .visit();
    }
    let legs = legs.answered(shape.status);
    let chosen = shape.bits & SERVICE != 0;
    // Traefik notes its own 502 and 504 as the origin's too (pkg/proxy/httputil, the error handler sits behind the
    // observer), so that equal ones tell nothing.
    let open = matches!(shape.status, 502 | 504) && chosen;
    match shape.upstream {
        100..1000 if !open => legs.upstream_answered(shape.upstream),
        _ if open => legs.upstream_failed(
            Phase::Wait,
            &[Signal::word("upstream", "failed-or-said-it")],
        ),
        _ if shape.status >= 400 => legs.not_forwarded(),
        _ => legs,
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    matches!(shape.status, 502 | 504).then_some(Open {
        between: "Traefik could not connect to the server behind, that server broke off or was silent, or it said so itself",
        paste: "# traefik.yml: the reason stands in Traefik's own log\nlog:\n  level: DEBUG\naccessLog:\n  format: json\n  fields:\n    defaultMode: keep",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn both_sides_are_told() {
        for (down, origin, service, wanted) in [
            (
                "504",
                "0",
                "shop@docker",
                "0 504, 1 upstream:failed-or-said-it",
            ),
            ("500", "500", "shop@docker", "0 500, 1 500"),
            ("404", "0", "", "0 404, 0 upstream:not-asked"),
            ("499", "0", "shop@docker", "0 traefik:499"),
        ] {
            let raw = format!(
                r#"{{"ClientHost":"203.0.113.9","DownstreamStatus":{down},"OriginStatus":{origin},"Duration":30001000000,"RequestMethod":"GET","RequestPath":"/cart","RetryAttempts":0,"RouterName":"shop@docker","ServiceName":"{service}","StartUTC":"2026-11-03T14:05:12Z","level":"info","msg":"","time":"2026-11-03T14:05:42Z"}}"#
            );
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(
                (line.path(), line.micros(Column::Duration)),
                (Some(&b"/cart"[..]), Some(30_001_000))
            );
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}

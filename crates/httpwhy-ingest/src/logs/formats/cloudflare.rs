//! Cloudflare Logpush, dataset HTTP requests.
//!
//! Members are chosen by the user (Cloudflare documentation, Logpush datasets, HTTP requests); times are RFC 3339, seconds
//! or nanoseconds, told by magnitude. `EdgeResponseStatus` is what the client got, `OriginResponseStatus` what the origin
//! said, 0 when it said nothing.

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::record::{self, Known, status};
use crate::logs::{Column, Format, Kind, Legs, Line, NOT_CAPTURED, Open, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "cloudflare",
    title: "Cloudflare Logpush",
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
        (Column::Time, &["EdgeStartTimestamp"]),
        (Column::Client, &["ClientIP"]),
        (Column::Method, &["ClientRequestMethod"]),
        (Column::Host, &["ClientRequestHost"]),
        (Column::Target, &["ClientRequestURI", "ClientRequestPath"]),
        (Column::Protocol, &["ClientRequestProtocol"]),
        (Column::Agent, &["ClientRequestUserAgent"]),
        (Column::Referer, &["ClientRequestReferer"]),
        (Column::Scheme, &["ClientRequestScheme"]),
        (Column::Status, &["EdgeResponseStatus"]),
        (Column::Bytes, &["EdgeResponseBytes"]),
        (Column::FirstByte, &["EdgeTimeToFirstByteMs"]),
        (Column::UpstreamStatus, &["OriginResponseStatus"]),
        (Column::Upstream, &["OriginIP"]),
        (Column::UpstreamConnect, &["OriginTCPHandshakeDurationMs"]),
        (
            Column::UpstreamHeader,
            &["OriginResponseHeaderReceiveDurationMs"],
        ),
        (Column::UpstreamResponse, &["OriginResponseDurationMs"]),
        (Column::Cache, &["CacheCacheStatus"]),
        (
            Column::Action,
            &["SecurityAction", "SecurityActions", "WAFAction"],
        ),
        (Column::Pop, &["EdgeColoCode"]),
        (Column::RequestId, &["RayID"]),
        (Column::TraceId, &["ParentRayID"]),
        (Column::Detail, &["WorkerStatus"]),
    ],
    needed: &[&[Column::Status]],
    units: (Unit::Millis, Unit::Millis),
    kinds: &[],
};

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let action = line.some(Column::Action).unwrap_or_default();
    Shape {
        status: status(line, Column::Status),
        upstream: line
            .get(Column::UpstreamStatus)
            .map_or(NOT_CAPTURED, |_| status(line, Column::UpstreamStatus)),
        words: [
            if matches!(action, b"unknown" | b"skip" | b"log" | b"allow" | b"[]") {
                b""
            } else {
                action
            },
            line.some(Column::Cache).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("cloudflare", Side::Between);
    let own = matches!(shape.status, 0 | 499 | 520..=530);
    let said = shape.upstream != NOT_CAPTURED && shape.upstream >= 100;
    // A synthetic 52x may stand as the origin's too (a Worker's subrequest).
    let passed_on = said && shape.upstream == shape.status && !own;
    if passed_on {
        return legs
            .answered(shape.status)
            .upstream_answered(shape.upstream)
            .visit();
    }
    let mut legs = legs.answered(shape.status);
    if !shape.words[0].is_empty() && shape.status >= 300 {
        return legs
            .word(Phase::Wait, Signal::word("log", "denied"))
            .not_forwarded()
            .visit();
    }
    if own && shape.status != 0 {
        legs = legs.word(
            Phase::Wait,
            Signal::word("cloudflare", format!("{}", shape.status)),
        );
    } else if shape.status == 0 {
        legs = legs.word(Phase::Wait, Signal::word("log", "client-gone"));
    }
    if shape.upstream == 0 && !own && shape.status >= 400 {
        legs = legs.not_forwarded();
    }
    legs.visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let bare = shape.upstream == NOT_CAPTURED && matches!(shape.status, 500..=504);
    bare.then_some(Open {
        between: "the origin said it, or Cloudflare did",
        paste: "# Logpush job, fields: EdgeResponseStatus,OriginResponseStatus,OriginIP,OriginTCPHandshakeDurationMs,OriginResponseDurationMs,SecurityAction,CacheCacheStatus,RayID,ParentRayID",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn edge_and_origin_are_told_apart() {
        for (edge, origin, action, wanted) in [
            ("522", "0", "", "0 522, 0 cloudflare:522"),
            ("502", "502", "", "0 502, 1 502"),
            (
                "403",
                "0",
                "block",
                "0 403, 0 log:denied, 0 upstream:not-asked",
            ),
            ("200", "200", "", "0 200, 1 200"),
            ("520", "520", "", "0 520, 0 cloudflare:520"),
        ] {
            let raw = format!(
                r#"{{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"/cart","EdgeStartTimestamp":"2026-11-03T14:05:12Z","EdgeResponseStatus":{edge},"OriginResponseStatus":{origin},"OriginIP":"198.51.100.20","CacheCacheStatus":"miss","SecurityAction":"{action}","RayID":"8dd0a1b2c3d4e5f6"}}"#
            );
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.target(), Some(&b"/cart"[..]));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}

//! Fastly's JSON template for logging endpoints.
//!
//! Fastly has no fixed layout; these are the members of the template in its console (`timestamp client_ip host url
//! request_method request_protocol request_referer request_user_agent response_state response_status response_reason
//! response_body_size fastly_server fastly_is_edge`). `response_state` tells who answered (`fastly_info.state`),
//! `response_reason` what Fastly met. Behind a shield each request logs twice.

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::record::{self, Known, status};
use crate::logs::{Column, Format, Kind, Legs, Line, Open, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "fastly",
    title: "Fastly JSON",
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
        (Column::Time, &["timestamp"]),
        (Column::Client, &["client_ip"]),
        (Column::Host, &["host"]),
        (Column::Target, &["url"]),
        (Column::Method, &["request_method"]),
        (Column::Protocol, &["request_protocol"]),
        (Column::Referer, &["request_referer"]),
        (Column::Agent, &["request_user_agent"]),
        (Column::State, &["response_state"]),
        (Column::Status, &["response_status"]),
        (Column::Detail, &["response_reason"]),
        (Column::Bytes, &["response_body_size"]),
        (Column::Pop, &["fastly_server"]),
    ],
    needed: &[&[Column::Status], &[Column::Pop]],
    units: (Unit::Seconds, Unit::Seconds),
    kinds: &[],
};

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        status: status(line, Column::Status),
        words: [
            line.some(Column::State).unwrap_or_default(),
            line.some(Column::Detail).map(reason).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

/// The reason as a word of the catalogue; an origin's own reason phrase is none.
fn reason(text: &[u8]) -> &'static [u8] {
    const REASONS: &[(&[u8], &[u8])] = &[
        (b"first byte timeout", b"first-byte-timeout"),
        (b"backend read error", b"backend-read-error"),
        (b"fetch timeout", b"fetch-timeout"),
        (b"all backends failed or unhealthy", b"all-backends-failed"),
        (b"no healthy backends", b"all-backends-failed"),
        (b"backend.max_conn reached", b"max-conn-reached"),
        (b"quorum weight not reached", b"quorum-weight-not-reached"),
        (b"between bytes timeout", b"between-bytes-timeout"),
        (b"backend fetch failed", b"backend-fetch-failed"),
        (b"connection timed out", b"connection-timed-out"),
        (b"connection refused", b"connection-refused"),
    ];
    let lower = text.to_ascii_lowercase();
    REASONS
        .iter()
        .find(|(said, _)| memchr::memmem::find(&lower, said).is_some())
        .map_or(b"", |(_, word)| word)
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("fastly", Side::Between).answered(shape.status);
    let [state, reason] = shape.words;
    match reason {
        b"between-bytes-timeout" => {
            return legs
                .upstream_failed(Phase::Receive, &[Signal::word("upstream", "late")])
                .visit();
        }
        b"connection-timed-out" => {
            return legs
                .upstream_failed(Phase::Connect, &[Signal::word("upstream", "late")])
                .visit();
        }
        b"connection-refused" => {
            return legs
                .upstream_failed(
                    Phase::Connect,
                    &[Signal::word("proxy-status", "connection_refused")],
                )
                .visit();
        }
        b"backend-fetch-failed" => {
            return legs
                .upstream_failed(Phase::Wait, &[Signal::word("upstream", "no-head")])
                .visit();
        }
        b"" => {}
        word => {
            let word = String::from_utf8_lossy(word).into_owned();
            return legs.word(Phase::Wait, Signal::word("fastly", word)).visit();
        }
    }
    let fetched = state.starts_with(b"MISS") || state.starts_with(b"PASS");
    match () {
        () if fetched && shape.status >= 400 => legs.upstream_answered(shape.status),
        () if state.starts_with(b"HIT-SYNTH") || state.starts_with(b"SYNTH") => {
            legs.not_forwarded()
        }
        () => legs,
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    (shape.status >= 500 && shape.words[0].is_empty()).then_some(Open {
        between: "the origin said it, or Fastly could not fetch",
        paste: "\"response_state\": \"%{json.escape(fastly_info.state)}V\", \"response_reason\": %{if(resp.response, \"%22\"+json.escape(resp.response)+\"%22\", \"null\")}V",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn reasons_are_told() {
        for (state, status, reason, wanted) in [
            (
                "ERROR",
                503,
                "first byte timeout",
                "0 503, 0 fastly:first-byte-timeout",
            ),
            ("MISS", 500, "Internal Server Error", "0 500, 1 500"),
            ("HIT-SYNTH", 403, "Forbidden", "0 403, 0 upstream:not-asked"),
            ("HIT", 200, "OK", "0 200"),
        ] {
            let raw = format!(
                r#"{{"timestamp":"2026-11-03T14:05:12+0000","client_ip":"203.0.113.9","host":"shop.example.com","url":"/cart","request_method":"GET","response_state":"{state}","response_status":{status},"response_reason":"{reason}","fastly_server":"cache-fra-1","fastly_is_edge":true}}"#
            );
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.path(), Some(&b"/cart"[..]));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}

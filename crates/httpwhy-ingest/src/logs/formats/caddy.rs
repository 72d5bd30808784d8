//! Caddy's access records: `"logger":"http.log.access…"`.
//!
//! Members (modules/caddyhttp/server.go, marshalers.go): `ts` (seconds with a fraction, or ISO), `request{remote_ip,
//! remote_port, client_ip, proto, method, host, uri, headers, tls}`, `bytes_read`, `user_id`, `duration` (seconds), `size`,
//! `status`, `resp_headers`. Status 0: nothing was written. Caddy's own errors have no content (size 0); why it made one
//! stands in the error record beside it.

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::record::{self, Known};
use crate::logs::{Column, Format, Kind, Legs, Line, Open, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "caddy",
    title: "Caddy JSON",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit: |sample| record::fit(&KNOWN, sample),
    shape,
    visit,
    open,
};

static KNOWN: Known = Known {
    members: &[
        (Column::Time, &["ts"]),
        (Column::Kind, &["logger"]),
        (Column::ForwardedFor, &["request.client_ip"]),
        (
            Column::Client,
            &["request.remote_ip", "request.remote_addr"],
        ),
        (Column::Protocol, &["request.proto"]),
        (Column::Method, &["request.method"]),
        (Column::Host, &["request.host"]),
        (Column::Target, &["request.uri"]),
        (Column::Agent, &["request.headers.User-Agent"]),
        (Column::Referer, &["request.headers.Referer"]),
        (Column::BytesIn, &["bytes_read"]),
        (Column::User, &["user_id"]),
        (Column::Duration, &["duration"]),
        (Column::Bytes, &["size"]),
        (Column::Status, &["status"]),
        (Column::RequestId, &["request_id"]),
        (Column::TraceId, &["traceID"]),
    ],
    needed: &[&[Column::Status]],
    kinds: &["http.log.access"],
    units: (Unit::Seconds, Unit::Seconds),
};

/// [`Shape::bits`]: no content was sent.
const EMPTY: u16 = 1;

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let status = line.get(Column::Status).and_then(crate::logs::line::number);
    Shape {
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(0),
        bits: if line.bytes() == Some(0) { EMPTY } else { 0 },
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("caddy", Side::Between).answered(shape.status);
    match shape.status {
        0 => legs.word(Phase::Receive, Signal::word("caddy", "nothing-written")),
        // A content: the handler's, or that of the server behind.
        500.. if shape.bits & EMPTY == 0 => legs.upstream_answered(shape.status),
        _ => legs,
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let own = shape.bits & EMPTY != 0;
    (own && matches!(shape.status, 502..=504)).then_some(Open {
        between: "Caddy could not connect to, resolve or understand the server behind, or that server was silent",
        paste: "# read the records with \"logger\":\"http.log.error\" too: they hold the reason\n{\n\tlog {\n\t\toutput file /var/log/caddy/caddy.log\n\t}\n}",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn records_are_split_and_told() {
        let record = |status: u16, size: u16| {
            format!(
                r#"{{"level":"error","ts":1793714712.345,"logger":"http.log.access.log0","msg":"handled request","request":{{"remote_ip":"203.0.113.9","remote_port":"51234","client_ip":"203.0.113.9","proto":"HTTP/2.0","method":"GET","host":"shop.example.com","uri":"/cart","headers":{{"User-Agent":["curl/8.5.0"]}}}},"bytes_read":0,"user_id":"","duration":3.004,"size":{size},"status":{status},"resp_headers":{{"Server":["Caddy"]}}}}"#
            )
        };
        for (raw, wanted) in [
            (record(502, 0), "0 502"),
            (record(502, 27), "0 502, 1 502"),
            (record(0, 0), "0 caddy:nothing-written"),
            (record(200, 5), "0 200"),
        ] {
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.target(), Some(&b"/cart"[..]));
            assert_eq!(line.get(Column::Agent), Some(&b"curl/8.5.0"[..]));
            assert_eq!(line.micros(Column::Duration), Some(3_004_000));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
        assert!((FORMAT.fit)(&[br#"{"logger":"http.log.error","status":502}"#]).is_none());
    }
}

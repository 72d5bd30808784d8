//! Envoy's default text format, and Istio's.
//!
//! | name | layout |
//! |---|---|
//! | Envoy | `[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%"` (Envoy documentation, default format string) |
//! | Istio | behind the flags `%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%"`, behind the upstream `%UPSTREAM_CLUSTER% …` (Istio, `pkg/config/mesh`, defaults of accessLogFormat) |
//!
//! Flags are a list with commas; `-` with a status means that the server behind said it, and `via_upstream` says so in
//! words. Code 0: the client left before a head.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Open, Shape, Spans, Split, Unit, clf, is_nothing,
    nothing_open,
};

pub(crate) static FORMAT: Format = Format {
    name: "envoy",
    title: "Envoy or Istio",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Envoy.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Envoy) as _)
}

#[derive(Debug)]
struct Envoy;

impl Layout for Envoy {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        // `[2026-11-03T14:05:12.345Z] "`
        let is_one = raw.len() > 24
            && raw[0] == b'['
            && [raw[5], raw[8], raw[11], raw[14]] == *b"--T:"
            && raw[1..5].iter().all(u8::is_ascii_digit);
        if !is_one {
            return Split::Foreign;
        }
        spans.unit = Unit::Millis;
        spans.upstream_unit = Unit::Millis;
        split(raw, spans).map_or(Split::Torn, |()| Split::Read)
    }
}

fn split(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let close = memchr(b']', raw)?;
    spans.set(Column::Time, 1, close);
    let request_end = clf::quoted(raw, close + 2)?;
    spans.set(Column::Request, close + 3, request_end);
    let mut words = Words {
        raw,
        at: request_end + 2,
    };
    spans.set_pair(Column::Status, words.next()?);
    spans.set_pair(Column::State, words.next()?);
    // Istio: details, termination details, a quoted reason; Envoy: a number.
    let next = words.next()?;
    let received = if raw[next.0..next.1].iter().all(u8::is_ascii_digit) {
        next
    } else {
        spans.set_pair(Column::Detail, next);
        let mut at = words.next()?;
        // A termination detail of several words is not quoted.
        while raw.get(at.0) != Some(&b'"') {
            at = words.next()?;
        }
        spans.set(Column::Cause, at.0 + 1, at.1 - 1);
        words.next()?
    };
    spans.set_pair(Column::BytesIn, received);
    spans.set_pair(Column::Bytes, words.next()?);
    spans.set_pair(Column::Duration, words.next()?);
    spans.set_pair(Column::UpstreamHeader, words.next()?);
    for column in [
        Column::ForwardedFor,
        Column::Agent,
        Column::RequestId,
        Column::Host,
        Column::Upstream,
    ] {
        let (from, to) = words.next()?;
        if raw.get(from) != Some(&b'"') {
            return None;
        }
        spans.set(column, from + 1, to - 1);
    }
    if let Some(cluster) = words.next() {
        spans.set_pair(Column::Pool, cluster);
        words.next();
        words.next();
        if let Some(client) = words.next() {
            spans.set_pair(Column::Client, client);
        }
        words.next();
        if let Some(route) = words.next() {
            spans.set_pair(Column::Route, route);
        }
    }
    Some(())
}

/// Words between single spaces, quoted ones with their quotes.
struct Words<'a> {
    raw: &'a [u8],
    at: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Option<(usize, usize)> {
        let from = self.at;
        let to = match self.raw.get(from)? {
            b'"' => clf::quoted(self.raw, from)? + 1,
            _ => from + clf::word(&self.raw[from..]),
        };
        self.at = to + 1;
        (to > from).then_some((from, to))
    }
}

/// The name of the details without what changes: `upstream_reset_before_response_started{connection_termination}` is its
/// first word.
fn detail(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .position(|b| !(b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.')))
        .unwrap_or(text.len());
    &text[..end]
}

pub(super) fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let status = line.get(Column::Status).and_then(crate::logs::line::number);
    Shape {
        status: status
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(0),
        words: [
            line.some(Column::State).unwrap_or_default(),
            line.some(Column::Detail).map(detail).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    visit_as("envoy", shape)
}

pub(super) fn visit_as(name: &str, shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of(name, Side::Between).answered(shape.status);
    let [flags, details] = shape.words;
    // The first flag is the cause, those behind it follow from it (`UF,URX`: no connection, and no try left).
    let mut when = None;
    for flag in flags.split(|&b| b == b',').filter(|flag| !is_nothing(flag)) {
        let flag = String::from_utf8_lossy(flag).into_owned();
        let when = *when.get_or_insert_with(|| phase(&flag));
        legs = legs.word(when, Signal::word("envoy", flag));
    }
    if flags.is_empty() && matches!(details, b"" | b"via_upstream") && shape.status >= 100 {
        return legs.upstream_answered(shape.status).visit();
    }
    if flags.is_empty() && !details.is_empty() {
        legs = legs.not_forwarded();
    }
    legs.visit()
}

/// When the flags say it was (Envoy, `StreamInfo::ResponseFlag`).
fn phase(flag: &str) -> Phase {
    match flag {
        "UF" | "UH" | "UO" | "NR" | "NC" | "NFCF" => Phase::Connect,
        "DF" => Phase::Resolve,
        "DC" | "DR" | "UPE" | "UC" | "LR" | "UR" | "UT" | "URX" => Phase::Wait,
        "DPE" | "IH" => Phase::Send,
        _ => Phase::Queue,
    }
}

pub(super) fn open(shape: &Shape<'_>) -> Option<Open> {
    nothing_open(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_and_told() {
        for (raw, split, wanted) in [
            (
                r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/2" 503 UF,URX 0 91 5001 - "203.0.113.9" "curl/8.5.0" "6f1c2f4e-0a51" "shop.example.com" "10.0.0.5:8080""#,
                Split::Read,
                "0 503, 0 envoy:UF, 0 envoy:URX",
            ),
            (
                r#"[2026-11-03T14:05:12.345Z] "GET /cart HTTP/1.1" 503 UC upstream_reset_before_response_started{connection_termination} - "-" 0 95 3 - "-" "curl/8.5.0" "6f1c2f4e" "cart:8080" "10.4.1.7:8080" outbound|8080||cart.shop.svc.cluster.local 10.4.2.3:40122 10.8.0.9:8080 10.4.2.3:51122 - default"#,
                Split::Read,
                "0 503, 0 envoy:UC",
            ),
            (
                r#"[2026-11-03T14:05:12.345Z] "GET / HTTP/1.1" 500 - via_upstream - "-" 0 95 3 2 "-" "curl" "id" "h" "10.4.1.7:8080" c - - 10.4.2.3:51122 - default"#,
                Split::Read,
                "0 500, 1 500",
            ),
            (
                r#"[2026-11-03T14:05:12.345Z] "GET / HTTP/1.1" 403 - rbac_access_denied_matched_policy[none] - "-" 0 19 0 - "-" "curl" "id" "h" "-" c - - 10.4.2.3:51122 - -"#,
                Split::Read,
                "0 403, 0 upstream:not-asked",
            ),
            (
                r#"[2026-11-03T14:05:12.345Z] "GET / HTTP/1.1" 0 DC 0 0 10 - "-" "curl" "id" "h" "10.0.0.5:80""#,
                Split::Read,
                "0 envoy:DC",
            ),
            (
                r#"[2026-11-03T14:05:12.345Z] "GET / HTTP/1.1" 503 UF 0"#,
                Split::Torn,
                "",
            ),
            (
                "[Fri Nov 20 20:47:38.010407 2026] [core:error] x",
                Split::Foreign,
                "",
            ),
        ] {
            let mut spans = Spans::default();
            assert_eq!(Envoy.split(raw.as_bytes(), &mut spans), split, "{raw}");
            if split == Split::Read {
                let line = Line::new(raw.as_bytes(), &spans);
                assert_eq!(
                    crate::logs::legs::told(&visit(&shape(&line))),
                    wanted,
                    "{raw}"
                );
                assert!(line.get(Column::Upstream).is_some());
            }
        }
    }
}

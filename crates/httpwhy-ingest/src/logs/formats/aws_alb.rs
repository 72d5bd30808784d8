//! AWS Application Load Balancer, and the classic ELB.
//!
//! Layout (Elastic Load Balancing user guide, access log entries): `type time elb client:port target:port
//! request_processing_time target_processing_time response_processing_time elb_status_code target_status_code
//! received_bytes sent_bytes "request" "user_agent" ssl_cipher ssl_protocol target_group_arn "trace_id" "domain_name"
//! "chosen_cert_arn" matched_rule_priority request_creation_time "actions_executed" "redirect_url" "error_reason" …`. AWS
//! appends fields: any tail is accepted. The classic ELB has no `type` and ends behind `ssl_protocol`.
//!
//! `-` as the target's status: the target never answered. The first of the three times that is -1 says where it ended.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, NO_UPSTREAM, Shape, Spans, Split, clf, nothing_open,
};

pub(crate) static FORMAT: Format = Format {
    name: "aws-alb",
    title: "AWS ALB or classic ELB",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape,
    visit,
    open: nothing_open,
};

/// [`Shape::bits`]: the request was not dispatched to a target; a target had been chosen.
const NOT_DISPATCHED: u16 = 1;
const CHOSEN: u16 = 2;

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Alb.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Alb) as _)
}

#[derive(Debug)]
struct Alb;

impl Layout for Alb {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let first = &raw[..clf::word(raw)];
        let has_type = matches!(
            first,
            b"http" | b"https" | b"h2" | b"grpc" | b"grpcs" | b"ws" | b"wss"
        );
        let from = if has_type { first.len() + 1 } else { 0 };
        let stamp = raw.get(from..).unwrap_or_default();
        let is_time = stamp.len() > 20
            && [stamp[4], stamp[7], stamp[10], stamp[13]] == *b"--T:"
            && stamp[..4].iter().all(u8::is_ascii_digit);
        if !is_time {
            return Split::Foreign;
        }
        if has_type {
            spans.set(Column::Scheme, 0, first.len());
        }
        split(raw, from, has_type, spans)
    }
}

fn split(raw: &[u8], from: usize, has_type: bool, spans: &mut Spans) -> Split {
    let mut words = Words { raw, at: from };
    let head = [
        Some(Column::Time),
        Some(Column::Route),
        Some(Column::Client),
        Some(Column::Upstream),
        Some(Column::UpstreamConnect),
        Some(Column::UpstreamHeader),
        Some(Column::UpstreamResponse),
        Some(Column::Status),
        Some(Column::UpstreamStatus),
        Some(Column::BytesIn),
        Some(Column::Bytes),
    ];
    for column in head.into_iter().flatten() {
        let Some(place) = words.next() else {
            return Split::Torn;
        };
        spans.set_pair(column, place);
    }
    // Three numbers of time make it one; a line of another kind has none there.
    let line = Line::new(raw, spans);
    let is_number = |column| {
        line.get(column)
            .is_some_and(|text| text.iter().all(|b| b.is_ascii_digit() || b".-".contains(b)))
    };
    let numbers = [
        Column::UpstreamConnect,
        Column::UpstreamHeader,
        Column::UpstreamResponse,
        Column::Status,
    ];
    if !numbers.into_iter().all(is_number) {
        return Split::Foreign;
    }
    let Some((from, to)) = words
        .next()
        .filter(|(from, to)| raw[*from] == b'"' && to - from > 1)
    else {
        return Split::Torn;
    };
    spans.set(Column::Request, from + 1, to - 1);
    tail(raw, &mut words, has_type, spans);
    Split::Read
}

/// What stands behind the request, as far as the line goes.
fn tail(raw: &[u8], words: &mut Words<'_>, has_type: bool, spans: &mut Spans) {
    let columns: &[Option<Column>] = &[
        Some(Column::Agent),
        None,
        None,
        Some(Column::Pool),
        Some(Column::TraceId),
        Some(Column::Host),
        None,
        None,
        None,
        Some(Column::Action),
        None,
        Some(Column::Detail),
    ];
    let columns = if has_type { columns } else { &columns[..1] };
    for column in columns {
        let Some((from, to)) = words.next() else {
            return;
        };
        if let Some(column) = column {
            let quoted = usize::from(raw[from] == b'"' && to - from > 1);
            spans.set(*column, from + quoted, to - quoted);
        }
    }
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

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let ran = |column| !line.get(column).is_some_and(|text| text.starts_with(b"-"));
    let mut bits = 0;
    if !ran(Column::UpstreamConnect) {
        bits |= NOT_DISPATCHED;
    }
    if line.some(Column::Upstream).is_some() {
        bits |= CHOSEN;
    }
    Shape {
        bits,
        words: [
            line.some(Column::Detail).unwrap_or_default(),
            line.some(Column::Action).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let [reason, actions] = shape.words;
    let mut legs = Legs::of("aws-alb", Side::Between);
    let answered = shape.upstream >= 100 && shape.upstream < 1000;
    if answered && shape.upstream == shape.status {
        return legs
            .answered(shape.status)
            .upstream_answered(shape.upstream)
            .visit();
    }
    legs = legs.answered(shape.status);
    if !reason.is_empty() {
        let word = String::from_utf8_lossy(reason).into_owned();
        legs = legs.word(Phase::Wait, Signal::word("aws-alb", word));
    }
    let own = [&b"fixed-response"[..], b"redirect", b"authenticate", b"waf"];
    let by_action = actions
        .split(|&b| b == b',')
        .any(|action| own.contains(&action));
    if by_action && shape.status < 500
        || actions.ends_with(b"fixed-response")
        || actions.ends_with(b"redirect")
    {
        return legs.not_forwarded().visit();
    }
    if shape.upstream == NO_UPSTREAM && shape.status >= 400 {
        legs = legs.word(
            Phase::Wait,
            Signal::word("aws-alb", format!("{:03}", shape.status)),
        );
    }
    if answered {
        return legs.upstream_answered(shape.upstream).visit();
    }
    match (shape.bits & CHOSEN != 0, shape.bits & NOT_DISPATCHED != 0) {
        (false, _) if shape.status >= 400 => legs.not_forwarded(),
        (true, true) if shape.status >= 500 => {
            legs.upstream_failed(Phase::Connect, &[Signal::word("upstream", "no-connection")])
        }
        (true, false) if shape.status >= 500 => {
            legs.upstream_failed(Phase::Wait, &[Signal::word("upstream", "no-head")])
        }
        _ => legs,
    }
    .visit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_and_told() {
        let alb = |times: &str, status: &str, target: &str, actions: &str, reason: &str| {
            format!(
                r#"h2 2026-11-03T14:05:12.345678Z app/shop/50dc6c495c0c9188 203.0.113.9:51234 {target} {times} {status} 211 277 "GET https://shop.example.com:443/cart HTTP/2.0" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/73e2d6bc24d8a067 "Root=1-6908b658-1a2b" "shop.example.com" "session-reused" 0 2026-11-03T14:05:12.340000Z "{actions}" "-" "{reason}" "10.0.0.5:8080" "-" "-" "-" TID_1234abcd new-field"#
            )
        };
        for (raw, wanted) in [
            (
                alb("0.000 -1 -1", "502 -", "10.0.0.5:8080", "forward", "-"),
                "0 502, 0 aws-alb:502, 1 upstream:no-head",
            ),
            (
                alb("-1 -1 -1", "504 -", "10.0.0.5:8080", "forward", "-"),
                "0 504, 0 aws-alb:504, 1 upstream:no-connection",
            ),
            (
                alb("-1 -1 -1", "503 -", "-", "forward", "-"),
                "0 503, 0 aws-alb:503, 0 upstream:not-asked",
            ),
            (
                alb(
                    "0.001 0.2 0.000",
                    "500 500",
                    "10.0.0.5:8080",
                    "forward",
                    "-",
                ),
                "0 500, 1 500",
            ),
            (
                alb(
                    "0.001 0.2 0.000",
                    "200 200",
                    "10.0.0.5:8080",
                    "forward",
                    "-",
                ),
                "0 200, 1 200",
            ),
            (
                alb("-1 -1 -1", "403 -", "-", "waf", "-"),
                "0 403, 0 upstream:not-asked",
            ),
            (
                alb(
                    "0.000 0.010 0.000",
                    "502 -",
                    "-",
                    "forward",
                    "LambdaUnhandled",
                ),
                "0 502, 0 aws-alb:LambdaUnhandled, 0 aws-alb:502, 0 upstream:not-asked",
            ),
        ] {
            let mut spans = Spans::default();
            assert_eq!(Alb.split(raw.as_bytes(), &mut spans), Split::Read, "{raw}");
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.path(), Some(&b"/cart"[..]));
            assert_eq!(line.get(Column::Host), Some(&b"shop.example.com"[..]));
            assert_eq!(
                crate::logs::legs::told(&visit(&shape(&line))),
                wanted,
                "{raw}"
            );
        }
    }

    #[test]
    fn classic_and_others() {
        let classic = r#"2026-11-03T14:05:12.345678Z my-elb 203.0.113.9:51234 10.0.0.5:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#;
        let mut spans = Spans::default();
        assert_eq!(Alb.split(classic.as_bytes(), &mut spans), Split::Read);
        assert_eq!(Line::new(classic.as_bytes(), &spans).status(), Some(200));
        assert_eq!(
            Alb.split(b"h2 2026-11-03T14:05:12.345678Z app/shop", &mut spans),
            Split::Torn
        );
        assert_eq!(
            Alb.split(
                b"2026-11-03T14:05:12.345Z INFO a b c d e f g h i j k",
                &mut spans
            ),
            Split::Foreign
        );
        assert_eq!(Alb.split(b"hello", &mut spans), Split::Foreign);
    }
}

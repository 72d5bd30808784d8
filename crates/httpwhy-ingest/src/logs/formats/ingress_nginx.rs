//! The `upstreaminfo` format of ingress-nginx.
//!
//! Layout (ingress-nginx documentation, log format): combined ` $request_length $request_time [$proxy_upstream_name]
//! [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status
//! $req_id`. After a retry each of the four upstream fields is a list with `, ` inside and no quotes: the line is read from
//! both ends, and the words between are shared out evenly.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, NO_UPSTREAM, NOT_CAPTURED, Open, Shape, Spans, Split,
    clf,
};

pub(crate) static FORMAT: Format = Format {
    name: "ingress-nginx",
    title: "ingress-nginx upstreaminfo",
    kind: Kind::Access,
    side: Side::Between,
    rank: 20,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Ingress.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Ingress) as _)
}

#[derive(Debug)]
struct Ingress;

impl Layout for Ingress {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let end = match clf::split(raw, 0, spans) {
            Ok(end) => end,
            Err(split) => return split,
        };
        tail(raw, end, spans).map_or(Split::Foreign, |()| Split::Read)
    }
}

/// ` length time [name] [other] addresses lengths times statuses id`
fn tail(raw: &[u8], at: usize, spans: &mut Spans) -> Option<()> {
    let length = at + 1;
    let length_end = length + memchr(b' ', raw.get(length..)?)?;
    let time = length_end + 1;
    let time_end = time + memchr(b' ', raw.get(time..)?)?;
    let is_number = |from: usize, to: usize| {
        to > from
            && raw[from..to]
                .iter()
                .all(|b| b.is_ascii_digit() || *b == b'.')
    };
    if !is_number(length, length_end)
        || !is_number(time, time_end)
        || raw.get(time_end + 1) != Some(&b'[')
    {
        return None;
    }
    let name = time_end + 2;
    let name_end = name + memchr(b']', &raw[name..])?;
    let other = raw.get(name_end + 1..)?.strip_prefix(b" [")?;
    let list = name_end + 3 + memchr(b']', other)? + 2;
    let id = memchr::memrchr(b' ', raw)? + 1;
    spans.set(Column::BytesIn, length, length_end);
    spans.set(Column::Duration, time, time_end);
    spans.set(Column::Pool, name, name_end);
    spans.set(Column::RequestId, id, raw.len());
    lists(raw, list, id.checked_sub(1)?, spans)
}

/// Four lists of equally many words.
fn lists(raw: &[u8], from: usize, to: usize, spans: &mut Spans) -> Option<()> {
    let words = 1 + memchr::memchr_iter(b' ', raw.get(from..to)?).count();
    if !words.is_multiple_of(4_usize) {
        return None;
    }
    let mut at = from;
    for column in [
        Some(Column::Upstream),
        None,
        Some(Column::UpstreamResponse),
        Some(Column::UpstreamStatus),
    ] {
        let start = at;
        for _ in 0..words / 4 {
            at += clf::word(&raw[at..to]) + 1;
        }
        if let Some(column) = column {
            spans.set(column, start, at - 1);
        }
    }
    Some(())
}

/// [`Shape::bits`]: the last server took no measurable time, and a name was given to the pool.
const NAMED: u16 = 1;

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        bits: if line.some(Column::Pool).is_some() {
            NAMED
        } else {
            0
        },
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of("ingress-nginx", Side::Between);
    if matches!(shape.status, 0 | 444 | 494..=499) {
        legs = legs.word(
            Phase::Wait,
            Signal::word("nginx", format!("{:03}", shape.status)),
        );
        return legs.visit();
    }
    legs = legs.answered(shape.status);
    match shape.upstream {
        NOT_CAPTURED => legs,
        NO_UPSTREAM => legs.not_forwarded(),
        // nginx notes its own 502 and 504 there as well, and this layout has no time of the head.
        502 => legs.upstream_failed(
            Phase::Wait,
            &[Signal::word("upstream", "failed-or-said-it")],
        ),
        504 => legs.upstream_failed(
            Phase::Wait,
            &[
                Signal::word("upstream", "failed-or-said-it"),
                Signal::word("upstream", "late"),
            ],
        ),
        status => legs.upstream_answered(status),
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    matches!(shape.upstream, 502 | 504).then_some(Open {
        between: "the server behind answered so itself, or nginx gave up on it (connecting, or waiting for its head)",
        paste: "# ConfigMap of the controller\nlog-format-upstream: '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
                \"$http_user_agent\" rt=$request_time ua=\"$upstream_addr\" us=\"$upstream_status\" uct=\"$upstream_connect_time\" \
                uht=\"$upstream_header_time\" urt=\"$upstream_response_time\" rid=$req_id'",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_move_no_column() {
        const HEAD: &str = r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" STATUS 512 "-" "curl/8.5.0" 411 5.012 [shop-cart-8080] []"#;
        for (status, lists, upstreams, statuses, wanted) in [
            (
                "200",
                "10.4.1.7:8080, 10.4.1.8:8080 0, 512 5.001, 0.011 504, 200 9a3c",
                "10.4.1.7:8080, 10.4.1.8:8080",
                "504, 200",
                "0 200, 1 200",
            ),
            (
                "502",
                "10.4.1.7:8080 0 0.001 502 9a3c",
                "10.4.1.7:8080",
                "502",
                "0 502, 1 upstream:failed-or-said-it",
            ),
            (
                "404",
                "- - - - 9a3c",
                "-",
                "-",
                "0 404, 0 upstream:not-asked",
            ),
            (
                "499",
                "10.4.1.7:8080 0 5.001 - 9a3c",
                "10.4.1.7:8080",
                "-",
                "0 nginx:499",
            ),
        ] {
            let raw = format!("{} {lists}", HEAD.replace("STATUS", status));
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.get(Column::Upstream), Some(upstreams.as_bytes()));
            assert_eq!(line.get(Column::UpstreamStatus), Some(statuses.as_bytes()));
            assert_eq!(line.get(Column::RequestId), Some(&b"9a3c"[..]));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}

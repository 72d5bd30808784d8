//! varnishncsa: combined with a whole URL in the request, and perhaps `%{Varnish:handling}x` and `%{VSL:FetchError}x`.
//!
//! Layout (varnishncsa(1), default format): `%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i"`; `%r` is built from
//! method, `http://`, Host, URL and protocol.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Open, Shape, Spans, Split, clf, is_nothing,
};

pub(crate) static FORMAT: Format = Format {
    name: "varnish",
    title: "varnishncsa",
    kind: Kind::Access,
    side: Side::Between,
    rank: 15,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Varnish.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Varnish) as _)
}

#[derive(Debug)]
struct Varnish;

impl Layout for Varnish {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let end = match clf::split(raw, 0, spans) {
            Ok(end) => end,
            Err(split) => return split,
        };
        let request = Line::new(raw, spans)
            .get(Column::Request)
            .unwrap_or_default();
        let whole = memchr::memchr(b' ', request)
            .map(|space| &request[space + 1..])
            .is_some_and(|target| {
                target.starts_with(b"http://") || target.starts_with(b"https://")
            });
        if !whole {
            return Split::Foreign;
        }
        tail(raw, end, spans)
    }
}

/// The handling, and the fetch error in quotes.
fn tail(raw: &[u8], mut at: usize, spans: &mut Spans) -> Split {
    while at < raw.len() {
        let from = at + 1;
        if raw.get(from) == Some(&b'"') {
            let Some(end) = clf::quoted(raw, from) else {
                return Split::Torn;
            };
            let column = if is_handling(&raw[from + 1..end]) {
                Column::Cache
            } else {
                Column::Detail
            };
            spans.set(column, from + 1, end);
            at = end + 1;
            continue;
        }
        let to = from + clf::word(raw.get(from..).unwrap_or_default());
        match raw.get(from..to) {
            Some(word) if is_handling(word) => spans.set(Column::Cache, from, to),
            Some(word) if word.iter().all(|b| b.is_ascii_digit() || b".-".contains(b)) => {
                spans.set(Column::Duration, from, to);
            }
            _ => return Split::Foreign,
        }
        at = to;
    }
    Split::Read
}

fn is_handling(word: &[u8]) -> bool {
    matches!(
        word,
        b"hit"
            | b"miss"
            | b"pass"
            | b"pipe"
            | b"error"
            | b"synth"
            | b"hitmiss"
            | b"hitpass"
            | b"streaming-hit"
    )
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let error = line.some(Column::Detail).filter(|text| !is_nothing(text));
    Shape {
        words: [
            line.get(Column::Cache).unwrap_or_default(),
            error
                .and_then(super::varnish_vsl::fetch_error)
                .map_or(b"", |cause| cause.signal.as_bytes()),
        ],
        bits: error
            .and_then(super::varnish_vsl::fetch_error)
            .map_or(0, |cause| cause.phase as u16),
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of("varnish", Side::Between).answered(shape.status);
    if matches!(shape.words[0], b"synth" | b"error") {
        legs = legs.not_forwarded();
    }
    let cause = std::str::from_utf8(shape.words[1])
        .ok()
        .and_then(|text| text.parse::<Signal>().ok());
    if let (Some(signal), Some(phase)) = (cause, Phase::ALL.get(usize::from(shape.bits))) {
        legs = legs.upstream_failed(*phase, &[signal]);
    } else if shape.status != 503 && !matches!(shape.words[0], b"synth" | b"error") {
        // What Varnish makes itself is a 503, or what its VCL says (synth).
        legs = legs.upstream_answered(shape.status);
    }
    legs.visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    (shape.status == 503 && shape.words[1].is_empty()).then_some(Open {
        between: "Varnish could not fetch (refused, silent, garbled, no backend), its VCL made the 503, or the server behind said it",
        paste: "varnishncsa -F '%h %l %u %t \"%r\" %s %b \"%{Referer}i\" \"%{User-agent}i\" %{Varnish:handling}x \"%{VSL:FetchError}x\"'",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET http://shop.example/cart HTTP/1.1" 503 282 "-" "curl/8.5.0""#;

    #[test]
    fn lines_are_split_and_told() {
        for (tail, wanted) in [
            ("", "0 503"),
            (" miss", "0 503"),
            (" synth", "0 503, 0 upstream:not-asked"),
            (r#" miss "first byte timeout""#, "0 503, 1 errno:ETIMEDOUT"),
            (
                r#" miss "backend be: fail errno 111 (Connection refused)""#,
                "0 503, 1 errno:ECONNREFUSED",
            ),
        ] {
            let raw = format!("{LINE}{tail}");
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.path(), Some(&b"/cart"[..]));
            assert_eq!(line.host(), Some(&b"shop.example"[..]));
            let visit = visit(&shape(&line));
            assert_eq!(crate::logs::legs::told(&visit), wanted);
        }
        assert!(fit(&[LINE.replace("http://shop.example", "").as_bytes()]).is_none());
    }
}

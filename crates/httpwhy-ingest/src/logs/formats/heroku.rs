//! Heroku's router: logfmt.
//!
//! Members (Heroku Dev Center, HTTP routing, router log format): `at= code= desc="" method= path="" host= request_id= fwd=""
//! dyno= connect=ms service=ms status= bytes= protocol= tls=`, in any order here. `code=H12` and its kin say what failed.
//! The line has no time: it stands in the carrier.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Shape, Spans, Split, Unit, clf, nothing_open,
};

pub(crate) static FORMAT: Format = Format {
    name: "heroku",
    title: "Heroku router",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape,
    visit,
    open: nothing_open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Heroku.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Heroku) as _)
}

#[derive(Debug)]
struct Heroku;

impl Layout for Heroku {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if !raw.starts_with(b"at=") && !raw.starts_with(b"sock=") {
            return Split::Foreign;
        }
        spans.unit = Unit::Millis;
        spans.upstream_unit = Unit::Millis;
        let mut at = 0;
        while at < raw.len() {
            let Some(next) = pair(raw, at, spans) else {
                return Split::Torn;
            };
            at = next;
        }
        if spans.has(Column::Status) || spans.has(Column::State) {
            Split::Read
        } else {
            Split::Torn
        }
    }
}

/// `key=value` or `key="value"`; where the next one begins.
fn pair(raw: &[u8], at: usize, spans: &mut Spans) -> Option<usize> {
    let equals = at + memchr(b'=', &raw[at..])?;
    let value = equals + 1;
    let (from, to, end) = if raw.get(value) == Some(&b'"') {
        let close = clf::quoted(raw, value)?;
        (value + 1, close, close + 1)
    } else {
        let to = value + clf::word(raw.get(value..)?);
        (value, to, to)
    };
    let column = match &raw[at..equals] {
        b"code" => Column::State,
        b"desc" => Column::Detail,
        b"method" => Column::Method,
        b"path" => Column::Target,
        b"host" => Column::Host,
        b"request_id" => Column::RequestId,
        b"fwd" => Column::Client,
        b"dyno" => Column::Upstream,
        b"connect" => Column::UpstreamConnect,
        b"service" => Column::Duration,
        b"status" => Column::Status,
        b"bytes" => Column::Bytes,
        b"protocol" => Column::Scheme,
        _ => return Some(end + 1),
    };
    spans.set(column, from, to);
    Some(end + 1)
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        words: [line.some(Column::State).unwrap_or_default(), b""],
        bits: u16::from(line.some(Column::Upstream).is_some()),
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("heroku", Side::Between).answered(shape.status);
    let code = String::from_utf8_lossy(shape.words[0]).into_owned();
    if !code.is_empty() {
        return legs.word(Phase::Wait, Signal::word("heroku", code)).visit();
    }
    if shape.bits == 1 && shape.status > 0 {
        legs.upstream_answered(shape.status)
    } else {
        legs
    }
    .visit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told() {
        for (raw, wanted) in [
            (
                r#"at=error code=H12 desc="Request timeout" method=GET path="/r" host=shop.herokuapp.com request_id=6f1c fwd="203.0.113.9" dyno=web.1 connect=1ms service=30001ms status=503 bytes=0 protocol=https"#,
                Some("0 503, 0 heroku:H12"),
            ),
            (
                r#"at=info method=GET path="/r?a=\"b\"" host=h request_id=6 fwd="203.0.113.9" dyno=web.1 connect=0ms service=18ms status=500 bytes=13 protocol=https tls=true tls_version=tls1.3"#,
                Some("0 500, 1 500"),
            ),
            (r#"at=error code=H12 desc="Requ"#, None),
            ("level=info msg=started", None),
        ] {
            let mut spans = Spans::default();
            let split = Heroku.split(raw.as_bytes(), &mut spans);
            assert_eq!(split == Split::Read, wanted.is_some(), "{raw}");
            if let Some(wanted) = wanted {
                let line = Line::new(raw.as_bytes(), &spans);
                assert_eq!(line.path(), Some(&b"/r"[..]));
                assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
            }
        }
    }
}

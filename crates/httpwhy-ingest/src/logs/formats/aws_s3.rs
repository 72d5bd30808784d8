//! AWS S3 server access log.
//!
//! Layout (Amazon S3 user guide, server access log format): `owner bucket [time] remote_ip requester request_id operation
//! key "request-uri" http_status error_code bytes_sent object_size total_time turn_around_time "referer" "user-agent"
//! version_id host_id …`; older files end earlier, newer ones later. Times count milliseconds.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Shape, Spans, Split, Unit, clf, nothing_open,
};

pub(crate) static FORMAT: Format = Format {
    name: "aws-s3",
    title: "AWS S3 access",
    kind: Kind::Access,
    side: Side::Server,
    rank: 30,
    fit,
    shape,
    visit,
    open: nothing_open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| S3.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(S3) as _)
}

#[derive(Debug)]
struct S3;

impl Layout for S3 {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let owner = clf::word(raw);
        let is_owner = owner == 1 && raw.first() == Some(&b'-')
            || owner >= 32 && raw[..owner].iter().all(u8::is_ascii_hexdigit);
        let bucket = raw.get(owner + 1..).unwrap_or_default();
        let bucket = owner + 1 + clf::word(bucket);
        if !is_owner || raw.get(bucket + 1) != Some(&b'[') {
            return Split::Foreign;
        }
        spans.unit = Unit::Millis;
        spans.set(Column::Host, owner + 1, bucket);
        split(raw, bucket + 2, spans).map_or(Split::Torn, |()| Split::Read)
    }
}

fn split(raw: &[u8], time: usize, spans: &mut Spans) -> Option<()> {
    let close = time + memchr(b']', &raw[time..])?;
    spans.set(Column::Time, time, close);
    let mut at = close + 2;
    let mut word = || {
        let from = at;
        let to = match raw.get(from)? {
            b'"' => clf::quoted(raw, from)? + 1,
            _ => from + clf::word(&raw[from..]),
        };
        at = to + 1;
        (to > from).then_some((from, to))
    };
    for column in [
        Some(Column::Client),
        Some(Column::User),
        Some(Column::RequestId),
        Some(Column::Route),
        None,
    ] {
        let place = word()?;
        if let Some(column) = column {
            spans.set_pair(column, place);
        }
    }
    let (from, to) = word()?;
    // `-` for operations that no request asked for.
    if to - from > 1 {
        spans.set(Column::Request, from + 1, to - 1);
    }
    spans.set_pair(Column::Status, word()?);
    spans.set_pair(Column::State, word()?);
    spans.set_pair(Column::Bytes, word()?);
    word()?;
    spans.set_pair(Column::Duration, word()?);
    for column in [None, Some(Column::Referer), Some(Column::Agent)] {
        let Some((from, to)) = word() else { break };
        if let Some(column) = column.filter(|_| to - from > 1) {
            spans.set(column, from + 1, to - 1);
        }
    }
    Some(())
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        words: [line.some(Column::State).unwrap_or_default(), b""],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("aws-s3", Side::Server).answered(shape.status);
    let code = String::from_utf8_lossy(shape.words[0]).into_owned();
    if code.is_empty() {
        return legs.visit();
    }
    legs.word(Phase::Wait, Signal::word("aws-s3", code)).visit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told() {
        let owner = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
        for (raw, split, wanted) in [
            (
                format!(
                    r#"{owner} shop-assets [03/Nov/2026:14:05:12 +0000] 203.0.113.9 - 3E57427F3EXAMPLE REST.GET.OBJECT img/a.png "GET /shop-assets/img/a.png HTTP/1.1" 503 SlowDown 291 - 21 - "-" "curl/8.5.0" - s9lzHYrFp76Z= - ECDHE - shop-assets.s3.amazonaws.com TLSv1.2 - - new"#
                ),
                Split::Read,
                "0 503, 0 aws-s3:SlowDown",
            ),
            (
                format!(
                    r#"{owner} b [03/Nov/2026:14:05:12 +0000] 203.0.113.9 - 3E REST.GET.OBJECT a "GET /a HTTP/1.1" 200 - 5 5 21 2 "-" "x""#
                ),
                Split::Read,
                "0 200",
            ),
            (
                format!("{owner} b [03/Nov/2026:14:05:12 +0000] 203.0.113.9 -"),
                Split::Torn,
                "",
            ),
            (
                "a b [03/Nov/2026:14:05:12 +0000] c".to_owned(),
                Split::Foreign,
                "",
            ),
        ] {
            let mut spans = Spans::default();
            assert_eq!(S3.split(raw.as_bytes(), &mut spans), split, "{raw}");
            if split == Split::Read {
                let line = Line::new(raw.as_bytes(), &spans);
                assert_eq!(line.micros(Column::Duration), Some(21_000));
                assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
            }
        }
    }
}

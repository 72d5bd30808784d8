//! Apache: `common`, `combined`, `vhost_combined`, `combinedio`, with `%D` or `%T` behind.
//!
//! | name | layout (mod_log_config, and Debian's apache2.conf for the virtual host) |
//! |---|---|
//! | common | `%h %l %u %t "%r" %>s %b` |
//! | combined | common ` "%{Referer}i" "%{User-Agent}i"` |
//! | `vhost_combined` | `%v:%p ` combined, with `%O` for the bytes |
//! | combinedio | combined ` %I %O` |
//!
//! `%b` is `-` for no byte, `"` and `\` have a backslash before them. `%D` counts microseconds, `%T` seconds: a sample
//! tells which, by its magnitude.

use std::sync::Arc;

use httpwhy_model::{Phase, Sent, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::line::number;
use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Open, Request, Shape, Spans, Split, Unit, clf,
};

pub(crate) static FORMAT: Format = Format {
    name: "apache",
    title: "Apache common or combined",
    kind: Kind::Access,
    side: Side::Server,
    rank: 9,
    fit,
    shape,
    visit,
    open,
};

/// What a lone number at the end counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    None,
    Time(Unit),
}

#[derive(Debug)]
struct Apache {
    tail: Tail,
}

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let unit = unit(&Apache { tail: Tail::None }, sample)?;
    Some(Arc::new(Apache {
        tail: Tail::Time(unit),
    }))
}

/// What a lone number at the end counts in the lines of a sample that a layout splits; `None` when it splits none.
pub(super) fn unit(layout: &dyn Layout, sample: &[&[u8]]) -> Option<Unit> {
    let (mut any, mut largest, mut decimal) = (false, 0, false);
    for raw in sample {
        let mut spans = Spans::default();
        if layout.split(raw, &mut spans) != Split::Read {
            continue;
        }
        any = true;
        if let Some(text) = Line::new(raw, &spans).get(Column::Duration) {
            decimal |= text.contains(&b'.');
            largest = largest.max(number(text).unwrap_or(0));
        }
    }
    // Nobody's requests take more than a quarter of an hour and none of a sample less than a millisecond.
    let unit = if !decimal && largest >= 1000 {
        Unit::Micros
    } else {
        Unit::Seconds
    };
    any.then_some(unit)
}

impl Layout for Apache {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let from = vhost(raw, spans);
        let end = match clf::split(raw, from, spans) {
            Ok(end) => end,
            Err(split) => return split,
        };
        if let Tail::Time(unit) = self.tail {
            spans.unit = unit;
        }
        tail(raw, end, spans)
    }

    fn learnt(&self) -> String {
        match self.tail {
            Tail::Time(Unit::Micros) => "a lone number at the end counts microseconds".to_owned(),
            _ => String::new(),
        }
    }
}

/// `name:port ` before the client; where the rest begins.
fn vhost(raw: &[u8], spans: &mut Spans) -> usize {
    let Some(first) = memchr(b' ', raw) else {
        return 0;
    };
    // A second word that is `-` or an identity makes the first one the client.
    let second = &raw[first + 1..];
    let is_client = second.starts_with(b"- ") || second.first() == Some(&b'[');
    let port = memchr::memrchr(b':', &raw[..first]).filter(|colon| {
        let digits = &raw[colon + 1..first];
        !digits.is_empty() && digits.len() < 6 && digits.iter().all(u8::is_ascii_digit)
    });
    match port {
        Some(colon) if !is_client => {
            spans.set(Column::Route, 0, first);
            spans.set(Column::Host, 0, colon);
            first + 1
        }
        _ => 0,
    }
}

/// `%I %O`, `%D`, `%T`; anything else is another format.
pub(super) fn tail(raw: &[u8], mut at: usize, spans: &mut Spans) -> Split {
    let mut numbers = 0;
    while at < raw.len() {
        if raw[at] != b' ' {
            return Split::Foreign;
        }
        let from = at + 1;
        let to = from + clf::word(&raw[from..]);
        let word = &raw[from..to];
        let plain = !word.is_empty() && word.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        numbers += usize::from(plain);
        match (plain, numbers) {
            (true, 1) => spans.set(Column::Duration, from, to),
            // Two numbers are received and sent; a third one is the time.
            (true, 2) => {
                if let Some((first, end)) = spans.get(Column::Duration) {
                    spans.set(Column::BytesIn, first, end);
                }
                spans.set(Column::Duration, from, from);
            }
            (true, 3) => spans.set(Column::Duration, from, to),
            (true, _) => return Split::Foreign,
            (false, _) if word == b"X" || word == b"+" || word == b"-" => {
                spans.set(Column::State, from, to);
            }
            (false, _) => return Split::Foreign,
        }
        at = to;
    }
    Split::Read
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let aborted = line.get(Column::State) == Some(b"X");
    Shape {
        bits: u16::from(aborted),
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    asked(
        Legs::of("apache", Side::Server).answered(shape.status),
        shape,
    )
    .visit()
}

/// What every server of this family notes about the request.
pub(super) fn asked(legs: Legs, shape: &Shape<'_>) -> Legs {
    let legs = match shape.request {
        Request::Missing => legs.sent(Sent::Nothing),
        Request::Tls => legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "tls-handshake")),
        Request::Garbled => legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "no-request-line")),
        Request::Sound | Request::Connect => legs,
    };
    if shape.bits & 1 == 1 {
        legs.word(Phase::Receive, Signal::word("log", "client-gone"))
    } else {
        legs
    }
}

/// What to paste for a log that tells more.
const PASTE: &str = "LogFormat \"%h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" first=%s conn=%X us=%D \
    handler=%R errorlog=%L\" httpwhy\nCustomLog ${APACHE_LOG_DIR}/access.log httpwhy\nLogLevel proxy:info ssl:info";

fn open(shape: &Shape<'_>) -> Option<Open> {
    let between = match shape.status {
        502 => {
            "the server behind closed the connection or answered what is no HTTP, or it answered 502 itself"
        }
        503 => {
            "the server behind refused the connection, Apache had set it aside after such a refusal, it answered 503 itself, \
             or a rule did"
        }
        504 => "the server behind was silent, or it answered 504 itself",
        500 => {
            "the application failed, or Apache's own configuration or its TLS to the server behind did"
        }
        _ => return None,
    };
    Some(Open {
        between,
        paste: PASTE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str =
        r#"203.0.113.9 - alice [03/Nov/2026:14:05:12 +0000] "GET /a\"b HTTP/1.1" 503 299"#;

    #[test]
    fn the_family_is_split() {
        type Columns = &'static [(Column, &'static str)];
        let table: &[(String, Split, Columns)] = &[
            (
                COMMON.to_owned(),
                Split::Read,
                &[
                    (Column::Client, "203.0.113.9"),
                    (Column::User, "alice"),
                    (Column::Status, "503"),
                    (Column::Bytes, "299"),
                    (Column::Request, r#"GET /a\"b HTTP/1.1"#),
                ],
            ),
            (
                format!(r#"{COMMON} "-" "curl \"8\"""#),
                Split::Read,
                &[(Column::Agent, r#"curl \"8\""#), (Column::Referer, "-")],
            ),
            (
                format!(r#"shop.example:443 {COMMON} "-" "x""#),
                Split::Read,
                &[
                    (Column::Host, "shop.example"),
                    (Column::Client, "203.0.113.9"),
                ],
            ),
            (
                format!(r#"{COMMON} "-" "x" 411 512"#),
                Split::Read,
                &[(Column::BytesIn, "411")],
            ),
            (
                format!(r#"{COMMON} "-" "x" 2000943"#),
                Split::Read,
                &[(Column::Duration, "2000943")],
            ),
            (
                format!(r#"{COMMON} "-" "x" 10 20 2000943"#),
                Split::Read,
                &[(Column::Duration, "2000943"), (Column::BytesIn, "10")],
            ),
            (
                COMMON.replace("299", "-"),
                Split::Read,
                &[(Column::Bytes, "-")],
            ),
            (
                format!(r#"{COMMON} "-" "x" 4711 "shop@docker" "http://a" 3ms"#),
                Split::Foreign,
                &[],
            ),
            (COMMON[..70].to_owned(), Split::Torn, &[]),
            ("hello".to_owned(), Split::Foreign, &[]),
        ];
        for (raw, wanted, columns) in table {
            let raw = raw.as_bytes();
            let mut spans = Spans::default();
            let layout = fit(&[raw]).unwrap_or_else(|| Arc::new(Apache { tail: Tail::None }));
            assert_eq!(
                layout.split(raw, &mut spans),
                *wanted,
                "{}",
                raw.escape_ascii()
            );
            for (column, text) in *columns {
                assert_eq!(
                    Line::new(raw, &spans).get(*column),
                    Some(text.as_bytes()),
                    "{column:?}"
                );
            }
        }
    }

    #[test]
    fn units_are_told_by_magnitude() {
        for (tail, micros) in [("2000943", 2_000_943), ("2", 2_000_000)] {
            let raw = format!(r#"{COMMON} "-" "x" {tail}"#);
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            layout.split(raw.as_bytes(), &mut spans);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.micros(Column::Duration), Some(micros));
        }
    }
}

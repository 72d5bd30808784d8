//! Layouts that nobody described: the columns are told by their values over the sample.
//!
//! What was inferred is always said (`status=$7 bytes=$8 confidence 0.98`), and a format that is given overrules it.

use std::fmt::Write;
use std::sync::Arc;

use httpwhy_model::{Side, Visit};

use crate::logs::roles::{self, Roles};
use crate::logs::{Column, Format, Kind, Layout, Legs, Line, Open, Shape, Spans, Split};

pub(crate) static FORMAT: Format = Format {
    name: "inferred",
    title: "inferred from its values",
    kind: Kind::Access,
    side: Side::Server,
    rank: 0,
    fit,
    shape,
    visit,
    open,
};

/// Less than that, and nothing is claimed.
const LEAST: u8 = 70;

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let roles = roles::infer(sample).filter(|roles| roles.confidence >= LEAST)?;
    Some(Arc::new(Inferred(roles)))
}

#[derive(Debug)]
struct Inferred(Roles);

impl Layout for Inferred {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let words = roles::words(raw);
        spans.unit = self.0.unit;
        for (nth, column) in &self.0.columns {
            let Some(place) = words.places().get(*nth) else {
                return Split::Foreign;
            };
            spans.set_pair(*column, *place);
        }
        let line = Line::new(raw, spans);
        if line
            .status()
            .is_some_and(|status| (100..600).contains(&status))
        {
            Split::Read
        } else {
            Split::Foreign
        }
    }

    fn learnt(&self) -> String {
        let mut text = String::new();
        for (nth, column) in &self.0.columns {
            let word = Column::WORDS[*column as usize];
            // Writing to a string cannot fail.
            let _ = write!(text, "{word}=${} ", nth + 1);
        }
        let confidence = f32::from(self.0.confidence) / 100.0;
        let _ = write!(text, "confidence {confidence:.2}");
        text
    }
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape::of(line)
}

fn visit(shape: &Shape<'_>) -> Visit {
    Legs::of("inferred", Side::Server)
        .answered(shape.status)
        .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    (shape.status >= 500).then_some(Open {
        between: "the writer made it itself, or a server behind it said it: an inferred layout has no column for that",
        paste: "httpwhy logs --format 'the line of the configuration that defines this log format' FILE",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_their_values() {
        let lines: Vec<String> = (0..200)
            .map(|n| {
                let status = ["200", "200", "304", "404", "502"][n % 5];
                format!(
                    "shop 2026-11-03T14:05:{:02}Z 203.0.113.{} {} {status} {} \"GET /p/{n} HTTP/1.1\" 0.{n:03}",
                    n % 60,
                    n % 250,
                    100 + n % 400,
                    200 + n,
                )
            })
            .collect();
        let sample: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let layout = fit(&sample).expect("enough to tell");
        assert_eq!(
            layout.learnt(),
            "time=$2 client=$3 status=$5 bytes=$6 request=$7 duration=$8 confidence 1.00"
        );
        let mut spans = Spans::default();
        assert_eq!(layout.split(sample[4], &mut spans), Split::Read);
        assert_eq!(Line::new(sample[4], &spans).status(), Some(502));
        assert_eq!(
            layout.split(b"a b c d e f", &mut Spans::default()),
            Split::Foreign
        );
    }

    #[test]
    fn other_text_is_nobodys() {
        for line in [&b"starting worker 200"[..], b"a b c", b"", b"1 2 3 4 5 6"] {
            let sample = vec![line; 50];
            assert!(fit(&sample).is_none(), "{line:?}");
        }
    }
}

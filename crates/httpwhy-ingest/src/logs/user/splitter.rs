//! Literals and columns one after the other.

use memchr::{memchr, memmem};

use super::Unusable;
use crate::logs::{Column, Layout, Spans, Split, Unit, clf};

/// One piece of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes that stand in every line.
    Literal(Vec<u8>),
    /// A value.
    Value(Value),
}

/// A value of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Value {
    /// What it is; `None` for what is of no interest.
    pub(super) column: Option<Column>,
    /// What it counts, for times.
    pub(super) unit: Option<Unit>,
    /// It may be a list with `, ` and ` : ` inside (nginx's upstream variables).
    pub(super) list: bool,
    /// It is left out with the separator behind it when it is empty; else it stands in braces (HAProxy's captures).
    pub(super) braced: bool,
}

impl Value {
    pub(super) fn of(column: Option<Column>) -> Self {
        Self {
            column,
            ..Self::default()
        }
    }
}

/// A compiled format.
#[derive(Debug)]
pub(super) struct Splitter {
    pieces: Vec<Piece>,
    unit: Unit,
    upstream_unit: Unit,
}

/// Formats have at most so many pieces.
const MAX_PIECES: usize = 256;

impl Splitter {
    pub(super) fn new(pieces: Vec<Piece>, server: &str) -> Result<Self, Unusable> {
        let pieces = merged(pieces);
        if pieces.len() > MAX_PIECES {
            return Err(Unusable(format!("a format has at most {MAX_PIECES} parts")));
        }
        for (at, pair) in pieces.windows(2).enumerate() {
            if let [Piece::Value(a), Piece::Value(b)] = pair
                && !a.braced
                && !b.braced
            {
                return Err(Unusable(format!(
                    "nothing stands between value {} and the next, so that no line can be split there: put a separator between \
                     them",
                    at + 1
                )));
            }
        }
        let has_status = pieces.iter().any(|piece| {
            matches!(
                piece,
                Piece::Value(Value {
                    column: Some(Column::Status | Column::State),
                    ..
                })
            )
        });
        if !has_status {
            return Err(Unusable(
                "the format has no status: without $status, %>s, %ST or %RESPONSE_CODE% no line tells an outcome".into(),
            ));
        }
        let unit_of = |wanted: &[Column], usual: Unit| {
            pieces
                .iter()
                .find_map(|piece| match piece {
                    Piece::Value(value) if value.column.is_some_and(|c| wanted.contains(&c)) => {
                        value.unit
                    }
                    _ => None,
                })
                .unwrap_or(usual)
        };
        let usual = match server {
            "haproxy" | "envoy" => Unit::Millis,
            _ => Unit::Seconds,
        };
        Ok(Self {
            unit: unit_of(&[Column::Duration, Column::FirstByte], usual),
            upstream_unit: unit_of(
                &[
                    Column::UpstreamConnect,
                    Column::UpstreamHeader,
                    Column::UpstreamResponse,
                ],
                usual,
            ),
            pieces,
        })
    }
}

/// Literals that stand side by side become one, and so do the parts of a target.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Literal(last)), Piece::Literal(more)) => last.extend_from_slice(&more),
            (_, Piece::Literal(text)) if text.is_empty() => {}
            // `%U%q`, `$uri$is_args$args`: path and query are one target.
            (Some(Piece::Value(first)), Piece::Value(more))
                if first.column == Some(Column::Target)
                    && matches!(more.column, None | Some(Column::Query)) => {}
            (_, piece) => out.push(piece),
        }
    }
    out
}

impl Layout for Splitter {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        spans.unit = self.unit;
        spans.upstream_unit = self.upstream_unit;
        let mut walk = Walk { raw, at: 0 };
        for (nth, piece) in self.pieces.iter().enumerate() {
            let done = match piece {
                Piece::Literal(text) => walk.literal(text),
                Piece::Value(value) => {
                    let before = nth.checked_sub(1).and_then(|at| self.pieces.get(at));
                    walk.value(*value, before, self.pieces.get(nth + 1), spans)
                }
            };
            if done.is_none() {
                // A line that began like one of its own, with a time or a status, is torn.
                return if spans.has(Column::Status) || nth * 2 > self.pieces.len() {
                    Split::Torn
                } else {
                    Split::Foreign
                };
            }
        }
        if walk.at == raw.len() {
            Split::Read
        } else {
            Split::Foreign
        }
    }

    fn learnt(&self) -> String {
        let known = self.pieces.iter().filter(|piece| {
            matches!(
                piece,
                Piece::Value(Value {
                    column: Some(_),
                    ..
                })
            )
        });
        format!("given, {} columns understood", known.count())
    }
}

struct Walk<'a> {
    raw: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.raw
            .get(self.at..)?
            .starts_with(text)
            .then(|| self.at += text.len())
    }

    fn value(
        &mut self,
        value: Value,
        before: Option<&Piece>,
        next: Option<&Piece>,
        spans: &mut Spans,
    ) -> Option<()> {
        if value.braced {
            return self.braced(value, spans);
        }
        let from = self.at;
        let to = match next {
            None => self.raw.len(),
            Some(Piece::Value(_)) => from + clf::word(self.raw.get(from..)?),
            Some(Piece::Literal(text)) => self.end(text, opens_quote(before), value.list)?,
        };
        if let Some(column) = value.column {
            // Of two values for one column the first that holds something counts.
            let holds = spans.get(column).is_some_and(|(from, to)| to > from);
            if !holds {
                spans.set(column, from, to);
            }
        }
        self.at = to;
        Some(())
    }

    /// Where a value ends that has this literal behind it.
    fn end(&self, literal: &[u8], quoted: bool, list: bool) -> Option<usize> {
        if quoted && literal.first() == Some(&b'"') {
            // The quote may be escaped inside.
            return clf::quoted(self.raw, self.at.checked_sub(1)?);
        }
        let mut from = self.at;
        loop {
            let found = from + memmem::find(self.raw.get(from..)?, literal)?;
            let inside = list
                && literal == b" "
                && (self.raw[..found].ends_with(b",")
                    || self.raw[found..].starts_with(b" : ")
                    || self.raw[..found].ends_with(b" :"));
            if !inside {
                return Some(found);
            }
            from = found + 1;
        }
    }

    /// `{a|b} `, or nothing at all.
    fn braced(&mut self, value: Value, spans: &mut Spans) -> Option<()> {
        let rest = self.raw.get(self.at..)?;
        if rest.first() != Some(&b'{') {
            // The separator behind it is left out too: it has been read before it.
            self.at = self
                .at
                .saturating_sub(usize::from(rest.first() != Some(&b' ')));
            return Some(());
        }
        let end = memchr(b'}', rest)?;
        if let Some(column) = value.column {
            spans.set(column, self.at + 1, self.at + end);
        }
        self.at += end + 1;
        Some(())
    }
}

fn opens_quote(before: Option<&Piece>) -> bool {
    matches!(before, Some(Piece::Literal(text)) if text.last() == Some(&b'"'))
}

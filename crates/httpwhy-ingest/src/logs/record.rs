//! What formats of JSON records share: which members are which column, and what makes a record a format's own.
//!
//! Such a format is a table, [`Known`], and the two functions that say what its columns mean.

use std::sync::Arc;

use super::json::{Keys, is_object};
use super::line::number;
use super::{Column, Layout, Line, Spans, Split, Unit};

/// What a format knows of its records.
#[derive(Debug)]
pub(crate) struct Known {
    /// Columns, and the dotted names of the members that hold them; the first in a line that holds something wins.
    pub(crate) members: &'static [(Column, &'static [&'static str])],
    /// Of each of these, a record that has none is another's.
    pub(crate) needed: &'static [&'static [Column]],
    /// What [`Column::Kind`] must begin with, one of these; empty where a record's members are enough.
    pub(crate) kinds: &'static [&'static str],
    /// What durations count; those of the server behind.
    pub(crate) units: (Unit, Unit),
}

#[derive(Debug)]
struct Record {
    known: &'static Known,
    keys: Keys,
}

/// The layout for these records, if one of the sample is the format's.
pub(crate) fn fit(known: &'static Known, sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    if !sample.iter().any(|raw| is_object(raw)) {
        return None;
    }
    let members: Vec<(&str, Column)> = known
        .members
        .iter()
        .flat_map(|(column, names)| names.iter().map(move |name| (*name, *column)))
        .collect();
    let layout = Record {
        known,
        keys: Keys::new(&members),
    };
    let example = sample
        .iter()
        .find(|raw| layout.split(raw, &mut Spans::default()) == Split::Read)?;
    let keys = layout.keys.learn(example);
    Some(Arc::new(Record { known, keys }))
}

impl Layout for Record {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        (spans.unit, spans.upstream_unit) = self.known.units;
        match self.keys.split(raw, spans) {
            Split::Read if !self.known.is_own(raw, spans) => Split::Foreign,
            other => other,
        }
    }
}

impl Known {
    fn is_own(&self, raw: &[u8], spans: &Spans) -> bool {
        let any = |columns: &&[Column]| columns.iter().any(|column| spans.has(*column));
        self.needed.iter().all(any) && (self.kinds.is_empty() || self.is_kind(raw, spans))
    }

    fn is_kind(&self, raw: &[u8], spans: &Spans) -> bool {
        let kind = Line::new(raw, spans).get(Column::Kind).unwrap_or_default();
        let mut kinds = self.kinds.iter();
        kinds.any(|known| kind.starts_with(known.as_bytes()))
    }
}

/// A status that may be written as any number, or not at all.
pub(crate) fn status(line: &Line<'_>, column: Column) -> u16 {
    line.get(column)
        .and_then(number)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| *status < 1000)
        .unwrap_or(0)
}

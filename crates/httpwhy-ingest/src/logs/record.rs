//! What formats of JSON records share: members by name, and which of them make a record theirs.

use std::sync::Arc;

use super::json::Keys;
use super::line::number;
use super::{Column, Layout, Line, Spans, Split, Unit};

/// What a format knows of its records.
#[derive(Debug)]
pub(crate) struct Known {
    /// Members by dotted name, and the columns they are.
    pub(crate) members: &'static [(&'static str, Column)],
    /// A record that has none of these is another's.
    pub(crate) needed: &'static [Column],
    /// What durations count; those of the server behind.
    pub(crate) units: (Unit, Unit),
    /// What must stand in the line, beside the columns: a name of a member or a value that no other has.
    pub(crate) mark: &'static str,
}

#[derive(Debug)]
struct Record {
    known: &'static Known,
    keys: Keys,
}

/// The layout for these records, if one of the sample is the format's.
pub(crate) fn fit(known: &'static Known, sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let layout = Record {
        known,
        keys: Keys::new(known.members),
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
            Split::Read => {
                let whole = self.known.needed.iter().all(|column| spans.has(*column));
                let marked = memchr::memmem::find(raw, self.known.mark.as_bytes()).is_some();
                if whole && marked {
                    Split::Read
                } else {
                    Split::Foreign
                }
            }
            other => other,
        }
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

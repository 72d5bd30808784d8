//! The W3C extended log format: the columns stand in the latest `#Fields:` line (W3C WD-logfile).
//!
//! IIS, HTTP.sys and CloudFront write it; the separator is a space or a tab, `-` is nothing, and a header may come
//! again in the middle of a file with other columns.

use std::sync::Arc;

use memchr::memchr;

use super::{Column, Layout, Spans, Split, Unit};

/// What one program means by its column names.
#[derive(Debug)]
pub(crate) struct Names {
    /// The columns of interest by name.
    pub(crate) columns: &'static [(&'static str, Column)],
    /// A header without one of these is another program's.
    pub(crate) needed: &'static [&'static str],
    /// The columns of a file without header, if they are always the same.
    pub(crate) usual: &'static str,
    /// What durations count.
    pub(crate) unit: Unit,
}

/// The columns of one header.
#[derive(Debug)]
struct Columns {
    names: &'static Names,
    /// One for each word of a line.
    places: Vec<Option<Column>>,
    separator: u8,
}

/// What begins a header that names columns.
const FIELDS: &[u8] = b"#Fields:";

/// The layout of a sample: by the first header in it, or by the usual columns.
pub(crate) fn fit(names: &'static Names, sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let header = sample.iter().find_map(|raw| header(names, raw));
    let layout = match header {
        Some(layout) => layout,
        None if names.usual.is_empty() => return None,
        None => {
            let tabs = sample.iter().any(|raw| memchr(b'\t', raw).is_some());
            let separator = if tabs { b'\t' } else { b' ' };
            of_names(names, names.usual.as_bytes(), separator)
        }
    };
    let is_one = |raw: &&[u8]| layout.split(raw, &mut Spans::default()) == Split::Read;
    let only_headers = sample.iter().all(|raw| raw.starts_with(b"#"));
    (only_headers || sample.iter().any(is_one)).then(|| Arc::new(layout) as _)
}

/// The columns that a header names.
fn header(names: &'static Names, raw: &[u8]) -> Option<Columns> {
    let list = raw.strip_prefix(FIELDS)?.trim_ascii();
    let has = |name: &&str| {
        list.split(u8::is_ascii_whitespace)
            .any(|word| word == name.as_bytes())
    };
    // CloudFront separates the names by spaces and the values by tabs.
    let separator = if names.needed.contains(&"x-edge-location") {
        b'\t'
    } else {
        b' '
    };
    names
        .needed
        .iter()
        .all(has)
        .then(|| of_names(names, list, separator))
}

fn of_names(names: &'static Names, list: &[u8], separator: u8) -> Columns {
    let places = list
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .take(256)
        .map(|word| {
            names
                .columns
                .iter()
                .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))
                .map(|(_, column)| *column)
        })
        .collect();
    Columns {
        names,
        places,
        separator,
    }
}

impl Layout for Columns {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if raw.first() == Some(&b'#') {
            // The columns of another program are not ours.
            let own = !raw.starts_with(FIELDS) || header(self.names, raw).is_some();
            return if own {
                Split::Directive
            } else {
                Split::Foreign
            };
        }
        spans.unit = self.names.unit;
        let mut at = 0;
        let mut count = 0;
        while at <= raw.len() {
            let to = memchr(self.separator, &raw[at..]).map_or(raw.len(), |end| at + end);
            match self.places.get(count) {
                Some(Some(column)) => spans.set(*column, at, to),
                Some(None) => {}
                // CloudFront appends columns without saying so in old headers.
                None => break,
            }
            count += 1;
            at = to + 1;
        }
        self.verdict(raw, count, spans)
    }

    fn after(&self, directive: &[u8]) -> Option<Arc<dyn Layout>> {
        header(self.names, directive).map(|layout| Arc::new(layout) as _)
    }

    fn directive(&self) -> Option<&'static [u8]> {
        Some(FIELDS)
    }

    fn learnt(&self) -> String {
        format!("{} columns by #Fields", self.places.len())
    }
}

impl Columns {
    fn verdict(&self, raw: &[u8], count: usize, spans: &Spans) -> Split {
        let is_date = |place: Option<(usize, usize)>| {
            place.is_some_and(|(from, to)| {
                to - from == 10 && raw[from + 4] == b'-' && raw[from + 7] == b'-'
            })
        };
        let dated = !self.places.contains(&Some(Column::Date)) || is_date(spans.get(Column::Date));
        if !dated {
            return Split::Foreign;
        }
        let short = count < self.places.len() && self.names.usual.is_empty();
        if short || !spans.has(Column::Status) && !spans.has(Column::State) {
            return Split::Torn;
        }
        Split::Read
    }
}

//! The example line of a shape: kept as it was written, with the columns that may name a person marked, so that
//! [`crate::shown`] can take them out. Cookies are not kept at all.
//!
//! Some formats write the query in a column of its own (IIS, CloudFront), where nothing in the text tells what it is.
//! The marks are two bytes that UTF-8 never uses.

use httpwhy_ingest::logs::{Column, Spans};

use crate::network;
use crate::tables::EXAMPLE;

/// Stands before a private column.
pub(crate) const PRIVATE: u8 = 0xfe;
/// Stands behind it.
pub(crate) const PUBLIC: u8 = 0xff;

/// The line, cut, with its private columns marked.
pub(crate) fn example(raw: &[u8], spans: &Spans) -> Box<[u8]> {
    let raw = &raw[..raw.len().min(EXAMPLE)];
    let private = [Column::Query, Column::User, Column::Cookie, Column::Client];
    let mut marked: Vec<(usize, usize, Column)> = private
        .into_iter()
        .filter_map(|column| {
            let (from, to) = spans.get(column)?;
            // The line may have been cut in the middle of it.
            let to = to.min(raw.len());
            let text = raw
                .get(from..to)
                .filter(|text| !text.is_empty() && *text != b"-")?;
            // Addresses are cut to their network where they are shown.
            let marks = column != Column::Client || network::is_name(text);
            marks.then_some((from, to, column))
        })
        .collect();
    marked.sort_unstable_by_key(|(from, ..)| *from);
    let mut out = Vec::with_capacity(raw.len() + 2 * marked.len());
    let mut done = 0;
    for (from, to, column) in marked {
        if from < done {
            continue;
        }
        push(&raw[done..from], &mut out);
        if column == Column::Cookie {
            out.extend_from_slice(b"***");
        } else {
            out.push(PRIVATE);
            push(&raw[from..to], &mut out);
            out.push(PUBLIC);
        }
        done = to;
    }
    push(&raw[done..], &mut out);
    out.into()
}

/// Appends a stranger's bytes, in which no mark may stand; another byte that is no UTF-8 either shows just so.
fn push(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().map(|byte| {
        if matches!(*byte, PRIVATE | PUBLIC) {
            0xfd
        } else {
            *byte
        }
    }));
}

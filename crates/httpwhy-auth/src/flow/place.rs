//! Where in the file something stands.

use httpwhy_ingest::Unread;
use httpwhy_ingest::doc::{Node, Place};

/// A mistake at the place that a JSON pointer names. `key`: the name there is wrong, not its value.
pub(crate) fn mistake(
    text: &str,
    document: &Node,
    pointer: &str,
    key: bool,
    what: impl Into<String>,
) -> Unread {
    let place = place(text, document, pointer, key);
    Unread {
        line: place.line as usize,
        column: place.column as usize,
        pointer: pointer.to_owned(),
        what: what.into(),
        word: "yaml-mapping",
        ..Unread::default()
    }
}

fn place(text: &str, document: &Node, pointer: &str, key: bool) -> Place {
    let mut shorter = pointer;
    let node = loop {
        if let Some(node) = document.under(shorter) {
            break node;
        }
        shorter = shorter.rfind('/').map_or("", |at| &shorter[..at]);
    };
    if !key || shorter != pointer {
        return node.place;
    }
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let name = name.replace("~1", "/").replace("~0", "~");
    before(text, node.place, &name).unwrap_or(node.place)
}

/// The place of a name whose value begins there: between the two stand a colon, white space and comments alone.
fn before(text: &str, value: Place, name: &str) -> Option<Place> {
    let start = offset(text, value)?;
    let head = &text[..start];
    let mut to = head.len();
    while let Some(at) = head[..to].rfind(name) {
        let behind = head[at + name.len()..].trim_start_matches(['"', '\'']);
        if behind.trim_start().starts_with(':') {
            let line = head[..at].matches('\n').count() + 1;
            let begin = head[..at].rfind('\n').map_or(0, |at| at + 1);
            return Some(Place {
                line: line as u32,
                column: head[begin..at].chars().count() as u32 + 1,
            });
        }
        to = at;
    }
    None
}

fn offset(text: &str, place: Place) -> Option<usize> {
    let begin: usize = text
        .split_inclusive('\n')
        .take(place.line.saturating_sub(1) as usize)
        .map(str::len)
        .sum();
    let line = text.get(begin..)?;
    let column = place.column.saturating_sub(1) as usize;
    let inside = line
        .char_indices()
        .nth(column)
        .map_or(line.len(), |(at, _)| at);
    Some(begin + inside)
}

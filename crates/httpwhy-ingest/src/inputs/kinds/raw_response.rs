//! Raw responses, one after the other, as `curl -i` prints them.

use httpwhy_model::Visit;

use crate::inputs::{Content, Items, Kind, Look, Options, Sure, items};
use crate::raw;

pub(crate) static KIND: Kind = Kind {
    name: "raw-response",
    title: "a raw response",
    looks,
    visits: Some(visits),
    calls: None,
    deliberate: true,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let start = look.start;
    // A response whose status line is broken is still a response when a head follows it.
    if start[..start.len().min(5)].eq_ignore_ascii_case(b"HTTP/") {
        Some(Sure::Likely)
    } else {
        looks_like_head(start).then_some(Sure::Perhaps)
    }
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    items(
        content
            .bytes()
            .map(|bytes| vec![Ok(raw::read(&bytes, None))]),
    )
}

/// Two or more `name: value` lines after a first line, then an empty one.
fn looks_like_head(start: &[u8]) -> bool {
    let mut lines = start.split(|&b| b == b'\n').skip(1);
    let fields = lines.by_ref().take_while(|line| {
        line.iter().position(|&b| b == b':').is_some_and(|at| {
            at > 0
                && line[..at]
                    .iter()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b' '))
        })
    });
    fields.count() >= 2
}

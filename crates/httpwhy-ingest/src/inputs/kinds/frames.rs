//! The bytes of one side of an HTTP/2 connection, or TLS records.

use httpwhy_model::Visit;

use crate::frames;
use crate::inputs::{Content, Items, Kind, Look, Options, Sure, items};

pub(crate) static KIND: Kind = Kind {
    name: "frames",
    title: "bytes of an HTTP/2 or TLS connection",
    looks,
    visits: Some(visits),
    calls: None,
    deliberate: true,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    frames::looks_like_one(look.bytes).then_some(Sure::Certain)
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    items(content.bytes().map(|bytes| vec![Ok(frames::read(&bytes))]))
}

//! Transcripts in the notation of `curl -v`.

use httpwhy_model::Visit;

use crate::inputs::{Content, Items, Kind, Look, Options, Sure, items};
use crate::transcript::{looks_like_one, read_transcript};

pub(crate) static KIND: Kind = Kind {
    name: "transcript",
    title: "a transcript of curl -v",
    looks,
    visits: Some(visits),
    calls: None,
    deliberate: true,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    looks_like_one(look.start).then_some(Sure::Likely)
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    let read = content
        .bytes()
        .and_then(|bytes| read_transcript(&String::from_utf8_lossy(&bytes)));
    items(read.map(|visit| vec![Ok(visit)]))
}

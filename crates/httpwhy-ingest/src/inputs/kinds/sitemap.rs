//! Sitemaps (sitemaps.org, protocol 0.9): the pages of a site, or an index of more sitemaps.

use crate::Unread;
use crate::doc::xml::{Record, records};
use crate::inputs::call::{More, rebased};
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};

pub(crate) static KIND: Kind = Kind {
    name: "sitemap",
    title: "a sitemap",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: true,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    matches!(look.element(), Some("urlset" | "sitemapindex")).then_some(Sure::Certain)
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.as_deref();
    items(content.text().map(|text| {
        let records = records(&text).into_iter();
        let known = records.filter(
            |record| !matches!(record, Ok(record) if !matches!(&*record.name, "url" | "sitemap")),
        );
        known
            .map(|record| record.and_then(|record| call(&record, base)))
            .collect()
    }))
}

/// A page; of an index the sitemap itself, which is asked for like any other address.
fn call(record: &Record, base: Option<&str>) -> Result<Call, Unread> {
    let Some(target) = record.text("loc") else {
        let what = format!("this <{}> has no <loc>", record.name);
        return Err(Unread::word("xml-mapping", what).at(record.place));
    };
    let more = More {
        line: record.place.line as usize,
        ..More::default()
    };
    Ok(Call::new(rebased(target, base), more))
}

//! The XML that Burp Suite saves for selected items: requests and responses, in base64 or as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpwhy_model::{End, Exchange, Side, Vantage, Visit, Who};

use crate::doc::xml::{Cell, Record, records};
use crate::inputs::call::{More, is_own, rebased};
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};
use crate::{Unread, raw};

pub(crate) static KIND: Kind = Kind {
    name: "burp",
    title: "an export of Burp Suite",
    looks,
    visits: Some(visits),
    calls: Some(calls),
    deliberate: false,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let marks = look.element() == Some("items") && look.contains("burpVersion");
    marks.then_some(Sure::Certain)
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    items(content.text().map(|text| read(&text, visit)))
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.as_deref();
    items(
        content
            .text()
            .map(|text| read(&text, |item| call(item, base))),
    )
}

fn read<T>(text: &str, one: impl Fn(&Record) -> Result<T, Unread>) -> Vec<Result<T, Unread>> {
    let records = records(text).into_iter();
    let known = records.filter(|record| !matches!(record, Ok(record) if record.name != "item"));
    known
        .map(|record| record.and_then(|record| one(&record)))
        .collect()
}

fn visit(item: &Record) -> Result<Visit, Unread> {
    let url = url(item)?;
    let request = bytes(item.cell("request"), item)?;
    let request = raw::read_request(&request)?;
    let answer = match item.cell("response") {
        Some(cell) if !cell.text.trim().is_empty() => bytes(Some(cell), item)?,
        _ => Vec::new(),
    };
    let mut visit = if answer.is_empty() {
        // Burp shows no reason.
        Visit::of(Exchange {
            request,
            end: End::NotCaptured,
            ..Exchange::default()
        })
    } else {
        raw::read(&answer, Some(&request))
    };
    url.clone_into(&mut visit.asked);
    if let Some(step) = visit.steps.first_mut() {
        url.clone_into(&mut step.exchange.target);
        step.exchange.vantage = Vantage {
            who: Who::Transcript,
            side: Side::Between,
        };
    }
    Ok(visit)
}

fn call(item: &Record, base: Option<&str>) -> Result<Call, Unread> {
    let url = url(item)?;
    let request = raw::read_request(&bytes(item.cell("request"), item)?)?;
    let more = More {
        line: item.place.line as usize,
        ..of_request(&request)
    };
    Ok(Call::new(rebased(url, base), more))
}

/// A request as it was read, without what the prober makes itself.
pub(super) fn of_request(request: &httpwhy_model::Request) -> More {
    let fields = request.fields.list.iter().filter_map(|field| {
        let own = std::str::from_utf8(&field.name).is_ok_and(is_own);
        (!own).then(|| {
            (
                field.name.clone(),
                bytes::Bytes::copy_from_slice(field.value.as_bytes()),
            )
        })
    });
    More {
        method: request.method.clone(),
        fields: fields.collect(),
        body: match &request.body {
            httpwhy_model::Seen::Present(body) if !body.bytes.is_empty() => {
                Some(body.bytes.clone())
            }
            _ => None,
        },
        ..More::default()
    }
}

fn url(item: &Record) -> Result<&str, Unread> {
    item.text("url")
        .ok_or_else(|| Unread::word("xml-mapping", "this item has no <url>").at(item.place))
}

fn bytes(cell: Option<&Cell>, item: &Record) -> Result<Vec<u8>, Unread> {
    let wrong = |what: &str, cell: &Cell| {
        Err(Unread::word("xml-mapping", format!("<{}>: {what}", cell.name)).at(cell.place))
    };
    let Some(cell) = cell else {
        return Err(Unread::word("xml-mapping", "this item has no <request>").at(item.place));
    };
    if cell.attribute("base64") != Some("true") {
        return Ok(cell
            .text
            .trim_start_matches(['\r', '\n'])
            .as_bytes()
            .to_vec());
    }
    let unbroken: String = cell.text.split_ascii_whitespace().collect();
    match STANDARD.decode(unbroken) {
        Ok(bytes) => Ok(bytes),
        Err(error) => wrong(&format!("marked as base64 and is none: {error}"), cell),
    }
}

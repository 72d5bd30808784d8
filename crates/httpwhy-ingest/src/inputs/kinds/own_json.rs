//! Our own JSON: exchanges and visits of schema v1, one a line.

use bytes::Bytes;
use httpwhy_model::{Request, Seen, Visit};

use crate::inputs::call::{More, is_own, rebased};
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};
use crate::{Unread, json};

pub(crate) static KIND: Kind = Kind {
    name: "own-json",
    title: "exchanges as httpwhy writes them",
    looks,
    visits: Some(visits),
    calls: Some(calls),
    deliberate: false,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let marks = look.json("schema").is_some() && look.json("kind").is_some();
    marks.then_some(Sure::Certain)
}

fn visits(content: Content, _: &Options) -> Items<Visit> {
    let visits = content.bytes().and_then(|bytes| json::read(&bytes));
    items(visits.map(|visits| visits.into_iter().map(Ok).collect()))
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.as_deref();
    let read = content.bytes().and_then(|bytes| json::read(&bytes));
    items(read.map(|visits| visits.iter().map(|visit| call(visit, base)).collect()))
}

/// The request that a visit began with.
fn call(visit: &Visit, base: Option<&str>) -> Result<Call, Unread> {
    let Some(step) = visit.steps.first() else {
        return Err(Unread::word(
            "json-mapping",
            "a visit without a step has no request",
        ));
    };
    let Request {
        method,
        fields,
        body,
        ..
    } = &step.exchange.request;
    let fields = fields.list.iter().filter_map(|field| {
        let name = std::str::from_utf8(&field.name)
            .ok()
            .filter(|name| !is_own(name))?;
        let value = match &field.value {
            httpwhy_model::Value::Bytes(bytes) => bytes.clone(),
            // What was hidden cannot be sent.
            httpwhy_model::Value::Redacted(_) => return None,
        };
        Some((Bytes::from(name.to_owned()), value))
    });
    let more = More {
        method: method.clone(),
        fields: fields.collect(),
        body: match body {
            Seen::Present(body) if !body.bytes.is_empty() => Some(body.bytes.clone()),
            _ => None,
        },
        ..More::default()
    };
    Ok(Call::new(rebased(&step.exchange.target, base), more))
}

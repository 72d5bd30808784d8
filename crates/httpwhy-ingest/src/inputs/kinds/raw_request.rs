//! A raw request in a file: start line, fields, content.

use crate::inputs::call::rebased;
use crate::inputs::kinds::burp::of_request;
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure, items};
use crate::raw;

pub(crate) static KIND: Kind = Kind {
    name: "raw-request",
    title: "a raw request",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: true,
};

fn looks(look: &Look<'_>) -> Option<Sure> {
    let line = look.start.split(|&b| b == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let mut words = line.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_request = method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
        && !method.is_empty()
        && !target.is_empty()
        && version.starts_with("HTTP/")
        && words.next().is_none();
    is_request.then_some(Sure::Certain)
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let base = options.base.as_deref();
    let read = content.bytes().and_then(|bytes| {
        let request = raw::read_request(&bytes)?;
        let target = raw::target_uri(&request).or_else(|| {
            // Without Host only a base says where it goes.
            base.map(|_| String::from_utf8_lossy(&request.target).into_owned())
        });
        let target = target.ok_or_else(|| {
            crate::Unread::line(
                1,
                "the request names no host: add a Host field, or give --base",
            )
            .worded("no-server")
        })?;
        Ok(vec![Ok(Call::new(
            rebased(&target, base),
            of_request(&request),
        ))])
    });
    items(read)
}

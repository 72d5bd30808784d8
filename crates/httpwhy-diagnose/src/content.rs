//! Content that is not what its fields say: coding, type, charset, range.

use httpwhy_model::{Body, Evidence, Exchange, Phase, Place, Response, Seen, Signal};

use crate::derive::{Derived, says_json};
use crate::quote::quote;

/// Content codings that a general client knows (the HTTP Content Coding Registry, with `x-` aliases of RFC 9110
/// section 8.4.1).
const CODINGS: &[&str] = &[
    "gzip",
    "x-gzip",
    "deflate",
    "compress",
    "x-compress",
    "br",
    "zstd",
    "dcb",
    "dcz",
    "aes128gcm",
    "exi",
    "pack200-gzip",
    "identity",
];
/// JSON up to this size is read to its end; of longer content only the first byte is looked at.
const JSON_READ: usize = 2 * 1024;

/// What the content of a successful answer contradicts. Errors are judged by their status.
pub(crate) fn facts(exchange: &Exchange, response: &Response, step: usize) -> Vec<Derived> {
    let Seen::Present(body) = &response.body else {
        return Vec::new();
    };
    let found = coding(response)
        .or_else(|| range(exchange, response, body))
        .or_else(|| json(response, body))
        .or_else(|| wanted_json(exchange, response, body))
        .or_else(|| charset(response, body));
    let Some((word, field, text, shows)) = found else {
        return Vec::new();
    };
    vec![Derived {
        phase: Phase::Receive,
        signal: Signal::word("content", word),
        evidence: Evidence {
            step,
            place: Place::Field(field.into()),
            quote: Some(quote(text.as_bytes())),
            shows: shows.into(),
        },
    }]
}

/// The signal's word, the field that the content contradicts, its value, and how.
type Contradiction<'a> = Option<(&'static str, &'static str, &'a str, String)>;

fn coding(response: &Response) -> Contradiction<'_> {
    let text = response.fields.text("content-encoding")?;
    let codings: Vec<String> = text
        .split(',')
        .map(|coding| coding.trim().to_ascii_lowercase())
        .collect();
    if let Some(unknown) = codings
        .iter()
        .find(|coding| !CODINGS.contains(&coding.as_str()))
    {
        return Some((
            "coding-unknown",
            "content-encoding",
            text,
            format!("no registered coding is called {unknown}"),
        ));
    }
    None
}

/// A 206 whose length is not that of the range it names (RFC 9110 section 15.3.7).
fn range<'a>(exchange: &Exchange, response: &'a Response, body: &Body) -> Contradiction<'a> {
    if response.status() != Some(206) || exchange.end != httpwhy_model::End::Answered {
        return None;
    }
    let text = response.fields.text("content-range")?;
    let (from, to) = text
        .trim()
        .strip_prefix("bytes ")?
        .split('/')
        .next()?
        .split_once('-')?;
    let named = to
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_sub(from.trim().parse().ok()?)?
        .checked_add(1)?;
    let came = body.received.present()?;
    (came != named).then(|| {
        (
            "range-mismatch",
            "content-range",
            text,
            format!("{came} bytes came for a range of {named}"),
        )
    })
}

fn json<'a>(response: &'a Response, body: &Body) -> Contradiction<'a> {
    let text = response.fields.text("content-type")?;
    if !says_json(response) || is_coded(response) {
        return None;
    }
    let first = *body.bytes.iter().find(|b| !b.is_ascii_whitespace())?;
    let starts = matches!(
        first,
        b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' | 0xef
    );
    let whole = body.complete == Seen::Present(true)
        && body.received == Seen::Present(body.bytes.len() as u64);
    let broken = || serde_json::from_slice::<serde_json::Value>(&body.bytes).is_err();
    if !starts || (whole && body.bytes.len() <= JSON_READ && first != 0xef && broken()) {
        return Some((
            "json-invalid",
            "content-type",
            text,
            "the content is no JSON".into(),
        ));
    }
    None
}

/// JSON was asked for and nothing else, and a page came.
fn wanted_json<'a>(exchange: &Exchange, response: &'a Response, body: &Body) -> Contradiction<'a> {
    let asked = exchange.request.fields.text("accept")?;
    let text = response.fields.text("content-type")?;
    let only_json = asked.split(',').all(|kind| {
        kind.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .ends_with("json")
    });
    let page = text.starts_with("text/html")
        && body.bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<');
    (only_json && page).then(|| {
        (
            "type-mismatch",
            "content-type",
            text,
            "JSON was asked for, a page came".into(),
        )
    })
}

fn charset<'a>(response: &'a Response, body: &Body) -> Contradiction<'a> {
    let text = response.fields.text("content-type")?;
    let (_, named) = text
        .to_ascii_lowercase()
        .split_once("charset=")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    let named = named
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .trim_matches('"')
        .to_owned();
    if is_coded(response) {
        return None;
    }
    let fits = match named.as_str() {
        "us-ascii" | "ascii" => body.bytes.is_ascii(),
        // Content that was cut may end inside a character.
        "utf-8" | "utf8" => match std::str::from_utf8(&body.bytes) {
            Ok(_) => true,
            Err(error) => error.error_len().is_none(),
        },
        _ => true,
    };
    (!fits).then(|| {
        (
            "charset-invalid",
            "content-type",
            text,
            format!("the content is not {named}"),
        )
    })
}

fn is_coded(response: &Response) -> bool {
    response
        .fields
        .text("content-encoding")
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
}

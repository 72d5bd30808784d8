//! A record's content: a download with ranges and conditions, and the difference to a state that the client has.

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, HeaderName, IF_RANGE, RANGE};
use http::{Response, StatusCode};
use httpwhy_respond::{NoContent, NotModified, PartialContent, RangeNotSatisfiable};
use std::ops::RangeInclusive;

use super::ask::{Ask, names};
use super::built::{self, TEXT};
use super::operation::Call;
use super::record::Record;
use super::records::{found, has_room, unlocked};
use super::tenant::Tenant;
use super::trouble::{Done, Trouble};

/// Instance manipulations (RFC 3229).
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");
const DELTA_BASE: HeaderName = HeaderName::from_static("delta-base");

/// `GET /records/{id}/content`: 200, 206, 226, 304; 416.
pub(super) fn download(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let record = found(tenant, call.param("id"))?;
    let tag = built::tag(&record.content)?;
    let whole = built::content(StatusCode::OK, TEXT, record.content.clone());
    let whole = built::tagged(whole, &tag)?;
    let whole = built::with(whole, ACCEPT_RANGES, "bytes")?;
    if call.ask.has_state(&tag.to_string()) {
        return Ok(NotModified::of(whole.headers())?.into());
    }
    if let Some(difference) = difference(call.ask, record, &whole)? {
        return Ok(difference);
    }
    let length = record.content.len() as u64;
    match range(call.ask, &tag.to_string(), length) {
        Asked::Whole => Ok(whole),
        Asked::Piece(range) => Ok(PartialContent::cut(whole, range)?.into()),
        Asked::Nowhere => {
            let detail = format!("There are {length} bytes.");
            Err(RangeNotSatisfiable::of(length).detail(detail).into())
        }
    }
}

/// `PUT /records/{id}/content`: 204.
pub(super) fn upload(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    let content = call.ask.content.clone();
    let is_needed = tenant.settings.conditional;
    let record = unlocked(call.ask, tenant, id)?;
    // The content has a tag of its own: conditions speak of that one.
    let tag = built::tag(&record.content)?.to_string();
    call.ask.may_change(&tag, is_needed)?;
    has_room(tenant, content.len())?;
    let tag = built::tag(&content)?;
    found(tenant, id)?.write(content);
    Ok(NoContent::new().etag(tag).into())
}

/// What Range asks for (RFC 9110 section 14.2).
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Piece(RangeInclusive<u64>),
    Nowhere,
}

/// One range of bytes is heeded; several, and what cannot be read, get the whole. If-Range holds by strong comparison.
fn range(ask: &Ask, tag: &str, length: u64) -> Asked {
    let Some(text) = ask.field(RANGE) else {
        return Asked::Whole;
    };
    let same = ask.field(IF_RANGE).is_none_or(|known| known.trim() == tag);
    match text.strip_prefix("bytes=") {
        Some(spec) if same => piece(spec, length),
        _ => Asked::Whole,
    }
}

fn piece(spec: &str, length: u64) -> Asked {
    let number = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Asked::Whole;
    };
    match (number(first).flatten(), number(last).flatten()) {
        (Some(first), Some(last)) if first > last => Asked::Whole,
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => {
            Asked::Nowhere
        }
        (Some(first), Some(last)) => Asked::Piece(first..=last),
        (Some(first), None) if last.is_empty() => Asked::Piece(first..=length - 1),
        (None, Some(0)) if first.is_empty() => Asked::Nowhere,
        (None, Some(_)) if first.is_empty() && length == 0 => Asked::Nowhere,
        (None, Some(suffix)) if first.is_empty() => {
            Asked::Piece(length.saturating_sub(suffix)..=length - 1)
        }
        _ => Asked::Whole,
    }
}

/// 226 with an ed script, when the client takes one and has a state that is still known (RFC 3229 sections 10.4.1, 10.5).
fn difference(
    ask: &Ask,
    record: &Record,
    whole: &Response<Bytes>,
) -> Result<Option<Response<Bytes>>, Trouble> {
    let takes = |text: String| text.split(',').any(|im| im.trim() == "diffe");
    let (Some(known), true) = (
        ask.field(http::header::IF_NONE_MATCH),
        ask.field(A_IM).is_some_and(takes),
    ) else {
        return Ok(None);
    };
    for former in &record.former {
        let base = built::tag(former)?.to_string();
        if !names(&known, &base, true) || known.trim() == "*" {
            continue;
        }
        let Some(script) = script(former, &record.content) else {
            return Ok(None);
        };
        let mut response = Response::new(Bytes::from(script));
        *response.status_mut() = StatusCode::IM_USED;
        *response.headers_mut() = whole.headers().clone();
        response.headers_mut().remove(ACCEPT_RANGES);
        let response = built::with(response, IM, "diffe")?;
        return built::with(response, DELTA_BASE, &base).map(Some);
    }
    Ok(None)
}

/// A script for ed that makes one text of the other, as `diff -e` writes it: the lines between what both begin and end
/// with are changed. `None` when ed could not read it: a line of a lone dot, a last line without an end.
fn script(from: &[u8], to: &[u8]) -> Option<String> {
    let (from, to) = (
        std::str::from_utf8(from).ok()?,
        std::str::from_utf8(to).ok()?,
    );
    if !from.ends_with('\n') || !to.ends_with('\n') {
        return None;
    }
    let (from, to): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let begin = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let rest = from.len().min(to.len()) - begin;
    let both = from.iter().rev().zip(to.iter().rev());
    let end = both.take(rest).take_while(|(a, b)| a == b).count();
    let (old, new) = (begin..from.len() - end, &to[begin..to.len() - end]);
    let lines = match old.len() {
        0 => old.start.to_string(),
        1 => (old.start + 1).to_string(),
        _ => format!("{},{}", old.start + 1, old.end),
    };
    let text: String = new.iter().flat_map(|line| [*line, "\n"]).collect();
    match (old.is_empty(), new.is_empty()) {
        _ if new.contains(&".") => None,
        (true, true) => Some(String::new()),
        (true, false) => Some(format!("{lines}a\n{text}.\n")),
        (false, true) => Some(format!("{lines}d\n")),
        (false, false) => Some(format!("{lines}c\n{text}.\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (spec, asked) in [
            ("0-0", Asked::Piece(0..=0)),
            ("4-", Asked::Piece(4..=9)),
            ("4-99", Asked::Piece(4..=99)),
            ("-3", Asked::Piece(7..=9)),
            ("-99", Asked::Piece(0..=9)),
            ("10-", Asked::Nowhere),
            ("10-12", Asked::Nowhere),
            ("-0", Asked::Nowhere),
            ("5-4", Asked::Whole),
            ("1-2,4-5", Asked::Whole),
            ("a-", Asked::Whole),
            ("-", Asked::Whole),
            ("12-x", Asked::Whole),
            ("99999999999999999999-", Asked::Whole),
        ] {
            assert_eq!(piece(spec, 10), asked, "{spec}");
        }
        assert_eq!(piece("-5", 0), Asked::Nowhere);
    }

    /// What ed makes of a script of one command.
    fn ed(from: &str, script: &str) -> String {
        let mut lines: Vec<String> = from.lines().map(str::to_owned).collect();
        let mut said = script.lines();
        if let Some(command) = said.next() {
            let (place, what) = command.split_at(command.len() - 1);
            let (first, last) = place.split_once(',').unwrap_or((place, place));
            let number = |text: &str| text.parse::<usize>().expect("a line");
            let new = said.take_while(|line| *line != ".").map(str::to_owned);
            let old = match what {
                "a" => number(first)..number(first),
                _ => number(first) - 1..number(last),
            };
            lines.splice(old, new);
        }
        lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect()
    }

    #[test]
    fn a_script_makes_one_of_the_other() {
        for (from, to, script_text) in [
            ("a\n", "b\n", "1c\nb\n.\n"),
            ("a\nb\nc\n", "a\nx\ny\nc\n", "2c\nx\ny\n.\n"),
            ("a\nb\nc\n", "a\nc\n", "2d\n"),
            ("a\nc\n", "a\nb\nc\n", "1a\nb\n.\n"),
            ("a\na\n", "a\na\na\n", "2a\na\n.\n"),
            ("a\nb\nc\nd\n", "a\nd\n", "2,3d\n"),
            ("a\n", "a\n", ""),
        ] {
            let made = script(from.as_bytes(), to.as_bytes()).expect("a script");
            assert_eq!((made.as_str(), ed(from, &made).as_str()), (script_text, to));
        }
        for (from, to) in [("a\n", ".\n"), ("a", "b\n"), ("a\n", "b"), ("a\n", "")] {
            assert_eq!(script(from.as_bytes(), to.as_bytes()), None, "{to:?}");
        }
    }
}

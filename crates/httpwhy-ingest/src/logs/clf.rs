//! The common log format and what descends from it: `host ident user [time] "request" status bytes`, then perhaps
//! `"referer" "agent"`, then whatever people put behind.
//!
//! Quotes inside a field are escaped with a backslash (Apache, Traefik) or written `\x22` (nginx, Varnish): looking for a
//! quote without a backslash before it reads both.

use memchr::{memchr, memchr2};

use super::{Column, Spans, Split};

/// Where the quoted field that begins at `at` ends: the place of its closing quote.
pub(crate) fn quoted(raw: &[u8], at: usize) -> Option<usize> {
    if raw.get(at) != Some(&b'"') {
        return None;
    }
    let mut from = at + 1;
    loop {
        let found = from + memchr2(b'"', b'\\', raw.get(from..)?)?;
        if raw[found] == b'"' {
            return Some(found);
        }
        from = found + 2;
    }
}

/// Splits the common part that begins at `from`, and the referer and agent where they follow. Where the tail begins, or
/// what the line is instead.
pub(crate) fn split(raw: &[u8], from: usize, spans: &mut Spans) -> Result<usize, Split> {
    let open = stamp(raw, from).ok_or(Split::Foreign)?;
    let close = open + 1 + memchr(b']', &raw[open..]).ok_or(Split::Torn)? - 1;
    let client = from + memchr(b' ', &raw[from..open]).ok_or(Split::Foreign)?;
    spans.set(Column::Client, from, client);
    spans.set(Column::Time, open + 1, close);
    // ` ident user `
    let between = &raw[client + 1..open.max(client + 1)];
    if let Some(space) = memchr(b' ', between).filter(|space| space + 1 < between.len()) {
        spans.set(Column::User, client + 2 + space, open - 1);
    }
    behind_time(raw, close + 1, spans).ok_or(Split::Torn)
}

/// ` "request" status bytes` and what may follow.
fn behind_time(raw: &[u8], at: usize, spans: &mut Spans) -> Option<usize> {
    let request_end = quoted(raw, at + 1)?;
    spans.set(Column::Request, at + 2, request_end);
    let status = request_end + 2;
    let digits = raw.get(status..status + 3)?;
    if !digits.iter().all(u8::is_ascii_digit) && digits[0] != b'-' {
        return None;
    }
    let status_end = status + word(&raw[status..]);
    spans.set(Column::Status, status, status_end);
    let bytes = status_end + 1;
    let length = word(raw.get(bytes..)?);
    let count = &raw[bytes..bytes + length];
    if count != b"-" && (count.is_empty() || !count.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    let end = bytes + length;
    spans.set(Column::Bytes, bytes, end);
    if raw.get(end..end + 2) != Some(b" \"") {
        return Some(end);
    }
    let referer_end = quoted(raw, end + 1)?;
    if raw.get(referer_end + 1..referer_end + 3) != Some(b" \"") {
        return Some(end);
    }
    let agent_end = quoted(raw, referer_end + 2)?;
    spans.set(Column::Referer, end + 2, referer_end);
    spans.set(Column::Agent, referer_end + 3, agent_end);
    Some(agent_end + 1)
}

/// The length of the word that begins here.
pub(crate) fn word(text: &[u8]) -> usize {
    memchr(b' ', text).unwrap_or(text.len())
}

/// Where the bracket of `[03/Nov/2026:14:05:12 +0000]` stands.
fn stamp(raw: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let open = at + memchr(b'[', raw.get(at..)?)?;
        let inside = raw.get(open + 1..open + 21)?;
        if inside[2] == b'/' && inside[6] == b'/' && inside[11] == b':' {
            return Some(open);
        }
        at = open + 1;
    }
}

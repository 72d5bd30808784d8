//! Which column of an unknown layout is what, told by how its values are distributed over a sample.
//!
//! One line cannot tell a status of 200 from 200 bytes; two hundred lines can: a status has few values, all between 100 and
//! 599. Times, addresses and request lines show by their form.

use std::collections::BTreeSet;

use memchr::memchr;

use super::{Column, Unit, clf, time};

/// Words of a line are looked at so far.
const MAX_WORDS: usize = 64;

/// A status has at most so many values in a sample of 200 lines.
const MAX_STATUSES: usize = 12;

/// What was told of a layout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Roles {
    /// Column by the number of its word, from 0.
    pub(crate) columns: Vec<(usize, Column)>,
    /// What the duration counts.
    pub(crate) unit: Unit,
    /// The share of lines in which every column holds what it should, in hundredths.
    pub(crate) confidence: u8,
}

/// The places of the words of a line: separated by spaces, tabs or bars, quoted and bracketed ones whole and without their
/// marks.
pub(crate) fn words(raw: &[u8]) -> Words {
    let mut out = Words {
        at: [(0, 0); MAX_WORDS],
        count: 0,
    };
    let mut at = 0;
    while at < raw.len() && out.count < MAX_WORDS {
        let (from, to, next) = match raw[at] {
            b' ' | b'\t' | b'|' | b',' | b';' => {
                at += 1;
                continue;
            }
            b'"' => match clf::quoted(raw, at) {
                Some(end) => (at + 1, end, end + 1),
                None => (at + 1, raw.len(), raw.len()),
            },
            b'[' => match memchr(b']', &raw[at..]) {
                Some(length) => (at + 1, at + length, at + length + 1),
                None => (at + 1, raw.len(), raw.len()),
            },
            _ => {
                let length = raw[at..]
                    .iter()
                    .position(|b| matches!(b, b' ' | b'\t' | b'|' | b'"'))
                    .unwrap_or(raw.len() - at);
                (at, at + length, at + length.max(1))
            }
        };
        out.at[out.count] = (from, to);
        out.count += 1;
        at = next;
    }
    out
}

/// The places of the words of a line, at most [`MAX_WORDS`].
pub(crate) struct Words {
    at: [(usize, usize); MAX_WORDS],
    count: usize,
}

impl Words {
    /// The places, in order.
    pub(crate) fn places(&self) -> &[(usize, usize)] {
        &self.at[..self.count]
    }
}

/// What each word of these lines is; `None` when no status can be told.
pub(crate) fn infer(sample: &[&[u8]]) -> Option<Roles> {
    let mut lines: Vec<Vec<&[u8]>> = sample
        .iter()
        .map(|raw| {
            words(raw)
                .places()
                .iter()
                .map(|(from, to)| &raw[*from..*to])
                .collect()
        })
        .collect();
    let usual = usual_count(&lines)?;
    lines.retain(|line| line.len() == usual);
    let share = |nth: usize, is: fn(&[u8]) -> bool| -> usize {
        lines.iter().filter(|line| is(line[nth])).count() * 100 / lines.len()
    };
    let find = |is: fn(&[u8]) -> bool, from: usize| (from..usual).find(|nth| share(*nth, is) >= 90);

    let request = find(is_request, 0);
    let status = status(&lines, usual, request)?;
    let mut columns = vec![(status, Column::Status)];
    columns.extend(request.map(|nth| (nth, Column::Request)));
    columns.extend(find(is_time, 0).map(|nth| (nth, Column::Time)));
    columns.extend(find(is_client, 0).map(|nth| (nth, Column::Client)));
    let free =
        |columns: &[(usize, Column)], nth: usize| !columns.iter().any(|(taken, _)| *taken == nth);
    if request.is_none() {
        let method = find(is_method, 0);
        let target = (0..usual).find(|nth| free(&columns, *nth) && share(*nth, is_target) >= 90);
        columns.extend(method.map(|nth| (nth, Column::Method)));
        columns.extend(target.map(|nth| (nth, Column::Target)));
    }
    let bytes =
        (status + 1 < usual && free(&columns, status + 1) && share(status + 1, is_count) >= 90)
            .then_some(status + 1);
    columns.extend(bytes.map(|nth| (nth, Column::Bytes)));
    let duration = (0..usual).find(|nth| free(&columns, *nth) && share(*nth, is_duration) >= 90);
    columns.extend(duration.map(|nth| (nth, Column::Duration)));
    let worst = columns
        .iter()
        .map(|(nth, column)| match column {
            Column::Status => share(*nth, is_status),
            Column::Request => share(*nth, is_request),
            Column::Time => share(*nth, is_time),
            _ => 100,
        })
        .min()
        .unwrap_or(0);
    let read = lines.len() * 100 / sample.len();
    let about = columns
        .iter()
        .any(|(_, column)| matches!(column, Column::Request | Column::Target));
    columns.sort_by_key(|(nth, _)| *nth);
    (about && columns.len() >= 3).then(|| Roles {
        columns,
        unit: Unit::Seconds,
        confidence: u8::try_from(worst * read / 100).unwrap_or(0),
    })
}

/// How many words most lines have.
fn usual_count(lines: &[Vec<&[u8]>]) -> Option<usize> {
    let counts: BTreeSet<usize> = lines.iter().map(Vec::len).collect();
    counts
        .into_iter()
        .filter(|count| *count >= 3)
        .max_by_key(|count| lines.iter().filter(|line| line.len() == *count).count())
}

/// The word that is a status in nearly all lines and has few values; the one behind the request before any other, else
/// the one with the fewest values of more than one.
fn status(lines: &[Vec<&[u8]>], usual: usize, request: Option<usize>) -> Option<usize> {
    let values = |nth: usize| -> BTreeSet<&[u8]> { lines.iter().map(|line| line[nth]).collect() };
    let is_one = |nth: &usize| {
        let fitting = lines.iter().filter(|line| is_status(line[*nth])).count();
        fitting * 100 >= lines.len() * 95 && values(*nth).len() <= MAX_STATUSES
    };
    let behind = request.map(|nth| nth + 1).filter(|nth| *nth < usual);
    if let Some(nth) = behind.filter(is_one) {
        return Some(nth);
    }
    let known = |nth: usize| values(nth).iter().filter(|value| is_common(value)).count();
    (0..usual)
        .filter(is_one)
        .filter(|nth| known(*nth) > 0)
        .max_by_key(|nth| (known(*nth), values(*nth).len()))
}

/// Statuses that every log of some length holds.
fn is_common(text: &[u8]) -> bool {
    matches!(
        text,
        b"200" | b"301" | b"302" | b"304" | b"404" | b"500" | b"503"
    )
}

fn is_status(text: &[u8]) -> bool {
    matches!(text, [b'1'..=b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
}

fn is_request(text: &[u8]) -> bool {
    let Some(space) = memchr(b' ', text) else {
        return matches!(text, b"-" | b"");
    };
    is_method(&text[..space]) && text.len() > space + 1
}

fn is_method(text: &[u8]) -> bool {
    matches!(
        text,
        b"GET"
            | b"POST"
            | b"HEAD"
            | b"PUT"
            | b"DELETE"
            | b"OPTIONS"
            | b"PATCH"
            | b"CONNECT"
            | b"TRACE"
            | b"PROPFIND"
    )
}

fn is_target(text: &[u8]) -> bool {
    text.first() == Some(&b'/') || text.starts_with(b"http://") || text.starts_with(b"https://")
}

fn is_time(text: &[u8]) -> bool {
    let plausible = |second: i64| (946_684_800..4_102_444_800).contains(&second);
    time::parse(text).is_some_and(plausible)
}

/// An address of version 4 or 6, perhaps with a port.
fn is_client(text: &[u8]) -> bool {
    let dots = memchr::memchr_iter(b'.', text).count();
    let colons = memchr::memchr_iter(b':', text).count();
    let v4 = dots == 3
        && colons <= 1
        && text
            .iter()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':'));
    let v6 = colons >= 2
        && dots == 0
        && text
            .iter()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'[' | b']' | b'%'));
    v4 || v6
}

fn is_count(text: &[u8]) -> bool {
    text == b"-" || !text.is_empty() && text.len() < 16 && text.iter().all(u8::is_ascii_digit)
}

/// A decimal, or a number with its unit.
fn is_duration(text: &[u8]) -> bool {
    let digits = text
        .iter()
        .take_while(|b| b.is_ascii_digit() || **b == b'.')
        .count();
    let unit = &text[digits..];
    let decimal = memchr::memchr_iter(b'.', &text[..digits]).count() == 1;
    digits > 0 && (unit.is_empty() && decimal || matches!(unit, b"ms" | b"s" | b"us"))
}

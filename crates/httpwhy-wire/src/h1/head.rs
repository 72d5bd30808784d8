//! Start lines (RFC 9112 sections 3 and 4) and field sections (section 5).

use std::ops::Range;

use bytes::Bytes;
use httpwhy_model::{Field, Fields, H1Defect, Kept, Value};
use memchr::memchr;

use super::defects::Defects;
use super::lines::{Line, are_usual, line_at, trim};

/// A head taken apart; the parts are slices of one buffer.
#[derive(Debug)]
pub(super) struct Head {
    /// Version, code, reason; or method, target, version.
    pub(super) start: [Bytes; 3],
    pub(super) fields: Fields,
}

/// Which start line is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
}

/// Takes a head apart, empty lines before it included. `base` is its absolute offset, `lines` the number of lines
/// behind the start line. `None` when the start line's end is missing.
pub(super) fn parse(
    head: &Bytes,
    base: u64,
    kind: Kind,
    lines: usize,
    defects: &mut Defects,
) -> Option<Head> {
    let line = first_line(head, base, defects)?;
    let start = start_line(head, line, base, kind, defects);
    let list = section(head, line.next, base, lines, defects);
    Some(Head {
        start,
        fields: Fields {
            list,
            kept: Kept::All,
        },
    })
}

impl Head {
    /// Whether these octets are exactly what the parts say, written the usual way
    /// ([`httpwhy_model::Response::head_octets`]).
    pub(super) fn is_usual(&self, octets: &[u8]) -> bool {
        let [version, code, reason] = &self.start;
        let mut rest = Some(octets);
        for piece in [&version[..], b" ", code, b" ", reason, b"\r\n"] {
            rest = rest.and_then(|rest| behind(rest, piece));
        }
        for field in &self.fields.list {
            for piece in [&field.name[..], b": ", field.value.as_bytes(), b"\r\n"] {
                rest = rest.and_then(|rest| behind(rest, piece));
            }
        }
        rest == Some(b"\r\n")
    }
}

/// What follows that piece. Mostly the piece is a slice of the same buffer, and need not be compared.
fn behind<'a>(octets: &'a [u8], piece: &[u8]) -> Option<&'a [u8]> {
    if octets.as_ptr() == piece.as_ptr() {
        octets.get(piece.len()..)
    } else {
        octets.strip_prefix(piece)
    }
}

fn first_line(head: &[u8], base: u64, defects: &mut Defects) -> Option<Line> {
    let mut at = 0;
    loop {
        let line = line_at(head, at)?;
        line.inspect(head, base, defects);
        if line.start < line.end {
            return Some(line);
        }
        at = line.next;
    }
}

fn start_line(
    head: &Bytes,
    line: Line,
    base: u64,
    kind: Kind,
    defects: &mut Defects,
) -> [Bytes; 3] {
    let content = line.content(head);
    let at = base + line.start as u64;
    let parts = if let Some(parts) = split_exactly(content, kind) {
        parts
    } else {
        defects.note(
            match kind {
                Kind::Request => H1Defect::BadRequestLine,
                Kind::Response => H1Defect::BadStatusLine,
            },
            at,
        );
        match kind {
            Kind::Request => split_request_line(content),
            Kind::Response => split_status_line(content),
        }
    };
    if kind == Kind::Response && out_of_range(&content[parts[1].clone()]) {
        defects.note(H1Defect::StatusOutOfRange, at);
    }
    parts.map(|part| head.slice(line.start + part.start..line.start + part.end))
}

/// The parts of a start line that is as it has to be.
pub(super) fn split_exactly(line: &[u8], kind: Kind) -> Option<[Range<usize>; 3]> {
    match kind {
        Kind::Request => split_good_request_line(line),
        Kind::Response => split_good_status_line(line),
    }
}

/// `HTTP/1.1 200 OK`; the reason may be missing, and the space before it too, which most accept.
fn split_good_status_line(line: &[u8]) -> Option<[Range<usize>; 3]> {
    let good = is_version(line.get(..8)?)
        && line.get(8) == Some(&b' ')
        && line.get(9..12)?.iter().all(u8::is_ascii_digit)
        && matches!(line.get(12), None | Some(b' '));
    good.then(|| [0..8, 9..12, 13.min(line.len())..line.len()])
}

/// `GET /cart HTTP/1.1`.
fn split_good_request_line(line: &[u8]) -> Option<[Range<usize>; 3]> {
    let method = memchr(b' ', line)?;
    let target = method + 1 + memchr(b' ', &line[method + 1..])?;
    let good = is_token(&line[..method])
        && target > method + 1
        && !line[method + 1..target].iter().any(u8::is_ascii_control)
        && is_version(&line[target + 1..]);
    good.then(|| [0..method, method + 1..target, target + 1..line.len()])
}

/// `HTTP/` digit `.` digit (RFC 9112 section 2.3).
fn is_version(bytes: &[u8]) -> bool {
    matches!(bytes, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Version, code and the rest, between any white space.
fn split_status_line(line: &[u8]) -> [Range<usize>; 3] {
    let version = word(line, 0);
    let code = word(line, version.end);
    let reason = (code.end + 1).min(line.len())..line.len();
    [version, code, reason]
}

/// Method, the middle, and the last word if it looks like a version.
fn split_request_line(line: &[u8]) -> [Range<usize>; 3] {
    let method = word(line, 0);
    let rest = trimmed(line, method.end..line.len());
    let last = line[rest.clone()]
        .iter()
        .rposition(|&b| is_space(b))
        .map_or(rest.start, |at| rest.start + at + 1);
    let protocol = &line[last..rest.end];
    if !protocol
        .get(..4)
        .is_some_and(|it| it.eq_ignore_ascii_case(b"HTTP"))
    {
        return [method, rest.clone(), rest.end..rest.end];
    }
    [method, trimmed(line, rest.start..last), last..rest.end]
}

/// The first run without white space at or behind `from`.
fn word(line: &[u8], from: usize) -> Range<usize> {
    let start = line[from..]
        .iter()
        .position(|&b| !is_space(b))
        .map_or(line.len(), |at| from + at);
    let end = line[start..]
        .iter()
        .position(|&b| is_space(b))
        .map_or(line.len(), |at| start + at);
    start..end
}

fn trimmed(line: &[u8], range: Range<usize>) -> Range<usize> {
    let lead = line[range.clone()]
        .iter()
        .take_while(|&&b| is_space(b))
        .count();
    let start = range.start + lead;
    start..start + trim(&line[start..range.end]).len()
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Three digits outside 100 to 599 (RFC 9110 section 15).
fn out_of_range(code: &[u8]) -> bool {
    matches!(code, [a, b, c] if [a, b, c].iter().all(|d| d.is_ascii_digit()) && !(b'1'..=b'5').contains(a))
}

/// Whether a first line, or as much of it as came, is read as a status line: it begins with `HTTP/`, or has three
/// digits behind a word like `ICY`, `http/1.1`, `RTSP/1.0`.
pub(super) fn is_status_line(line: &[u8]) -> bool {
    if line.starts_with(b"HTTP/") {
        return true;
    }
    let first = word(line, 0);
    let code = word(line, first.end);
    let first = &line[first];
    let known = first == b"ICY"
        || memchr(b'/', first).is_some_and(|at| at > 0)
        || first
            .get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case(b"HTTP"));
    known
        && first
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-'))
        && code.len() == 3
        && line[code].iter().all(u8::is_ascii_digit)
}

/// The field lines from `from` to the empty line, or to the last line that is complete. `base` is the absolute offset
/// of `bytes`, `lines` a hint how many there are.
pub(super) fn section(
    bytes: &Bytes,
    from: usize,
    base: u64,
    lines: usize,
    defects: &mut Defects,
) -> Vec<Field> {
    let mut list = Vec::with_capacity(lines);
    let mut at = from;
    let mut begun = false;
    let usual = are_usual(bytes.get(from..).unwrap_or_default());
    while let Some(line) = line_at(bytes, at) {
        at = line.next;
        if !usual {
            line.inspect(bytes, base, defects);
        }
        let (name, value) = match line.content(bytes).first() {
            None => break,
            Some(&first) if is_space(first) && !begun => {
                defects.note(H1Defect::LeadingSpace, base + line.start as u64);
                split_at_colon(bytes, line)
            }
            Some(_) => {
                begun = true;
                field_line(bytes, line, base, defects)
            }
        };
        let folded = begun
            .then(|| unfold(bytes, &value, &mut at, base, defects))
            .flatten();
        list.push(Field {
            name: bytes.slice(name),
            value: Value::Bytes(folded.unwrap_or_else(|| bytes.slice(value))),
        });
    }
    list
}

/// Name and value of a field line; notes what is wrong with the name.
fn field_line(
    bytes: &[u8],
    line: Line,
    base: u64,
    defects: &mut Defects,
) -> (Range<usize>, Range<usize>) {
    let content = line.content(bytes);
    let token = content.iter().position(|&b| !TOKEN[usize::from(b)]);
    if let Some(colon @ 1..) = token
        && content[colon] == b':'
    {
        let colon = line.start + colon;
        return (line.start..colon, trimmed(bytes, colon + 1..line.end));
    }
    let (mut name, value) = split_at_colon(bytes, line);
    if name.end == line.end {
        defects.note(H1Defect::NoColon, base + line.start as u64);
        return (name, value);
    }
    let written = trim(&bytes[name.clone()]).len();
    if written < name.len() {
        name.end = name.start + written;
        defects.note(H1Defect::SpaceBeforeColon, base + name.end as u64);
    }
    if !is_token(&bytes[name.clone()]) {
        defects.note(H1Defect::BadFieldName, base + line.start as u64);
    }
    (name, value)
}

/// What stands before the colon as it is, and what stands behind it without the white space around it; all and nothing
/// when there is no colon.
fn split_at_colon(bytes: &[u8], line: Line) -> (Range<usize>, Range<usize>) {
    match memchr(b':', line.content(bytes)) {
        None => (line.start..line.end, line.end..line.end),
        Some(colon) => {
            let colon = line.start + colon;
            (line.start..colon, trimmed(bytes, colon + 1..line.end))
        }
    }
}

/// The value with its continuation lines (RFC 9112 section 5.2), each joined by one space; `None` when there is none.
/// Moves `at` behind them.
fn unfold(
    bytes: &[u8],
    value: &Range<usize>,
    at: &mut usize,
    base: u64,
    defects: &mut Defects,
) -> Option<Bytes> {
    let mut joined: Option<Vec<u8>> = None;
    while bytes.get(*at).is_some_and(|&b| is_space(b)) {
        let Some(line) = line_at(bytes, *at) else {
            break;
        };
        *at = line.next;
        defects.note(H1Defect::ObsFold, base + line.start as u64);
        line.inspect(bytes, base, defects);
        let joined = joined.get_or_insert_with(|| bytes[value.clone()].to_vec());
        let more = trim(line.content(bytes));
        if !more.is_empty() && !joined.is_empty() {
            joined.push(b' ');
        }
        joined.extend_from_slice(more);
    }
    joined.map(Bytes::from)
}

/// One or more of the characters of RFC 9110 section 5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&b| TOKEN[usize::from(b)])
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

/// The names that came, lower case: what is known of a section that was cut.
pub(super) fn only_these(list: Vec<Field>) -> Fields {
    let mut names: Vec<String> = list
        .iter()
        .map(|field| String::from_utf8_lossy(&field.name).to_ascii_lowercase())
        .collect();
    names.sort_unstable();
    names.dedup();
    Fields {
        list,
        kept: Kept::Only(names),
    }
}

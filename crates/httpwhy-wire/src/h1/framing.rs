//! How the end of a message is found (RFC 9112 section 6.3), and whether another may follow (section 9.3).

use httpwhy_model::{Field, Fields, Framing, H1Defect, Value};

use super::defects::Defects;
use super::head::Head;
use super::lines::trim;

/// What matters about the request when its response is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Head,
    Connect,
    Other,
}

impl Asked {
    /// Methods are compared with case (RFC 9110 section 9.1).
    pub(super) fn with(method: &[u8]) -> Self {
        match method {
            b"HEAD" => Self::Head,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// What follows a response head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another head: this was an interim response.
    Head,
    /// Another protocol.
    Upgraded,
    Content(Framing),
}

/// What follows this response head. `at` gives the absolute offset of a field line.
pub(super) fn after_response(
    asked: Asked,
    status: Option<u16>,
    head: &Head,
    at: impl Fn(&Field) -> u64,
    defects: &mut Defects,
) -> Next {
    let tunnel = asked == Asked::Connect && status.is_some_and(|code| code / 100 == 2);
    if tunnel || matches!(status, Some(100..=199 | 204)) {
        forbid_framing(&head.fields, at, defects);
        return match status {
            Some(101) => Next::Upgraded,
            Some(100..=199) => Next::Head,
            _ if tunnel => Next::Upgraded,
            _ => Next::Content(Framing::None),
        };
    }
    let framing = match by_fields(head, at, defects, &head.start[0]) {
        Declared::Framing(framing) => framing,
        Declared::Nothing | Declared::Unusable => Framing::Close,
    };
    if asked == Asked::Head || status == Some(304) {
        return Next::Content(Framing::None);
    }
    Next::Content(framing)
}

/// The framing of a request; one whose framing is unusable is read as having no content.
pub(super) fn of_request(
    head: &Head,
    at: impl Fn(&Field) -> u64,
    defects: &mut Defects,
) -> Framing {
    match by_fields(head, at, defects, &head.start[2]) {
        Declared::Framing(framing) => framing,
        Declared::Nothing | Declared::Unusable => Framing::None,
    }
}

/// Whether the connection persists after this message, its framing aside.
pub(super) fn persists(version: &[u8], fields: &Fields) -> bool {
    match version {
        b"HTTP/1.0" => has_option(fields, b"keep-alive") && !has_option(fields, b"close"),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor] if minor.is_ascii_digit() => {
            !has_option(fields, b"close")
        }
        _ => false,
    }
}

fn has_option(fields: &Fields, option: &[u8]) -> bool {
    fields
        .iter("connection")
        .any(|value| items(value).any(|item| item.eq_ignore_ascii_case(option)))
}

/// The trimmed members of a comma-separated value.
fn items(value: &Value) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|&b| b == b',').map(trim)
}

fn named<'a>(fields: &'a Fields, name: &'static str) -> impl Iterator<Item = &'a Field> {
    fields
        .list
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
}

/// Notes framing fields where they must not be. A length of 0 there misleads no one about the end.
fn forbid_framing(fields: &Fields, at: impl Fn(&Field) -> u64, defects: &mut Defects) {
    if let Some(field) = named(fields, "transfer-encoding").next() {
        defects.note(H1Defect::BodyOnBodyless, at(field));
    }
    if let Some(field) = named(fields, "content-length").next() {
        if field.value.as_bytes() == b"0" {
            defects.remark(H1Defect::BodyOnBodyless, at(field));
        } else {
            defects.note(H1Defect::BodyOnBodyless, at(field));
        }
    }
}

/// What the fields say about the end of the content.
enum Declared {
    Framing(Framing),
    Nothing,
    Unusable,
}

fn by_fields(
    head: &Head,
    at: impl Fn(&Field) -> u64,
    defects: &mut Defects,
    version: &[u8],
) -> Declared {
    let Some(chunked) = chunked_last(&head.fields, &at, defects) else {
        return by_length(&head.fields, at, defects);
    };
    if let Some(length) = named(&head.fields, "content-length").next() {
        defects.note(H1Defect::LengthAndTransferEncoding, at(length));
    }
    if version == b"HTTP/1.0" {
        defects.doubt();
    }
    if chunked {
        Declared::Framing(Framing::Chunked)
    } else {
        Declared::Unusable
    }
}

/// Whether chunked is the last transfer coding; `None` when none is named. Anything but one `chunked` is noted.
fn chunked_last(
    fields: &Fields,
    at: impl Fn(&Field) -> u64,
    defects: &mut Defects,
) -> Option<bool> {
    let last = named(fields, "transfer-encoding").last()?;
    let mut codings = named(fields, "transfer-encoding").flat_map(|field| items(&field.value));
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let first = codings.next().is_some_and(is_chunked);
    match codings.last() {
        None if first => Some(true),
        final_coding => {
            defects.note(H1Defect::TransferEncodingUnknown, at(last));
            Some(final_coding.is_some_and(is_chunked))
        }
    }
}

fn by_length(fields: &Fields, at: impl Fn(&Field) -> u64, defects: &mut Defects) -> Declared {
    let mut length = None;
    let mut repeated = None;
    let mut conflict = None;
    for field in named(fields, "content-length") {
        for item in items(&field.value) {
            match (number(item), length) {
                (None, _) => {
                    defects.note(H1Defect::ContentLengthInvalid, at(field));
                    return Declared::Unusable;
                }
                (given, None) => length = given,
                (given, _) if given == length => _ = repeated.get_or_insert(field),
                _ => _ = conflict.get_or_insert(field),
            }
        }
    }
    if let Some(field) = conflict {
        defects.note(H1Defect::ContentLengthConflict, at(field));
        return Declared::Unusable;
    }
    if let Some(field) = repeated {
        defects.note(H1Defect::ContentLengthRepeated, at(field));
    }
    length.map_or(Declared::Nothing, |length| {
        Declared::Framing(Framing::Length(length))
    })
}

/// Digits only, below 2^64.
fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|&d| d < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

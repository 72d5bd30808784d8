//! HAProxy's `log-format`: text with `%ci`, `%{+Q}r`, `%[expression]` (configuration manual 8.2.6).

use super::splitter::{Piece, Value};
use crate::logs::Column;

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        pieces.push(Piece::Literal(rest.as_bytes()[..at].to_vec()));
        let mut tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('%') {
            pieces.push(Piece::Literal(b"%".to_vec()));
            rest = after;
            continue;
        }
        let mut quoted = false;
        if let Some((flags, after)) = tail
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'))
        {
            quoted = flags.contains("+Q");
            tail = after;
        }
        let (value, after) = value(tail);
        // Flags for all that follow (`%{+Q}o`) print nothing.
        if let Some(value) = value {
            let mark = if quoted { b"\"".to_vec() } else { Vec::new() };
            pieces.push(Piece::Literal(mark.clone()));
            pieces.push(Piece::Value(value));
            pieces.push(Piece::Literal(mark));
        }
        rest = after;
    }
    pieces.push(Piece::Literal(rest.as_bytes().to_vec()));
    pieces
}

/// The value that the text begins with, and what stands behind it.
fn value(text: &str) -> (Option<Value>, &str) {
    if let Some(inner) = text.strip_prefix('[') {
        let end = inner.find(']').unwrap_or(inner.len());
        let column = match &inner[..end] {
            "src" => Some(Column::Client),
            "unique-id" => Some(Column::RequestId),
            "ssl_fc_sni" => Some(Column::Host),
            "fc_err_str" | "ssl_fc_err_str" => Some(Column::Detail),
            "method" => Some(Column::Method),
            "path" | "pathq" | "url" => Some(Column::Target),
            "status" => Some(Column::Status),
            _ => None,
        };
        return (
            Some(Value::of(column)),
            inner.get(end + 1..).unwrap_or_default(),
        );
    }
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    // The longest known name wins: `%ST`, `%TR`, `%ci`; letters behind it are text.
    let name = (1..=end.min(5))
        .rev()
        .map(|length| &text[..length])
        .find(|name| NAMES.iter().any(|(known, _)| known == name))
        .unwrap_or(&text[..end]);
    let after = &text[name.len()..];
    if name == "o" {
        return (None, after);
    }
    let column = NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .and_then(|(_, column)| *column);
    let value = Value {
        braced: matches!(name, "hr" | "hs"),
        ..Value::of(column)
    };
    (Some(value), after)
}

/// The names that a line can have, and what they are.
const NAMES: &[(&str, Option<Column>)] = &[
    ("o", None),
    ("B", Some(Column::Bytes)),
    ("CC", None),
    ("CS", None),
    ("H", None),
    ("HM", Some(Column::Method)),
    ("HP", Some(Column::Target)),
    ("HPO", Some(Column::Target)),
    ("HQ", None),
    ("HU", Some(Column::Target)),
    ("HV", Some(Column::Protocol)),
    ("ID", Some(Column::RequestId)),
    ("ST", Some(Column::Status)),
    ("T", Some(Column::Time)),
    ("Ta", Some(Column::Duration)),
    ("Tc", Some(Column::UpstreamConnect)),
    ("Td", None),
    ("Th", None),
    ("Ti", None),
    ("Tl", Some(Column::Time)),
    ("Tq", None),
    ("TR", None),
    ("Tr", Some(Column::UpstreamHeader)),
    ("Ts", Some(Column::Time)),
    ("Tt", Some(Column::Duration)),
    ("Tu", None),
    ("Tw", None),
    ("U", Some(Column::BytesIn)),
    ("ac", None),
    ("b", Some(Column::Pool)),
    ("bc", None),
    ("bi", None),
    ("bp", None),
    ("bq", None),
    ("ci", Some(Column::Client)),
    ("cp", None),
    ("f", Some(Column::Route)),
    ("fc", None),
    ("fi", None),
    ("fp", None),
    ("ft", Some(Column::Route)),
    ("hr", None),
    ("hs", None),
    ("lc", None),
    ("ms", None),
    ("pid", None),
    ("r", Some(Column::Request)),
    ("rc", Some(Column::Retries)),
    ("rt", None),
    ("s", Some(Column::Upstream)),
    ("sc", None),
    ("si", None),
    ("sp", None),
    ("sq", None),
    ("sslc", None),
    ("sslv", Some(Column::Scheme)),
    ("t", Some(Column::Time)),
    ("tr", Some(Column::Time)),
    ("ts", Some(Column::State)),
    ("tsc", Some(Column::State)),
];

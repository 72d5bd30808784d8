//! Apache's `LogFormat`: text with `%h`, `%>s`, `%{Referer}i` (mod_log_config).

use super::splitter::{Piece, Value};
use crate::logs::{Column, Unit};

pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut literal = Vec::new();
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'%' if bytes.get(at) == Some(&b'%') => {
                literal.push(b'%');
                at += 1;
            }
            b'%' => {
                let (found, next) = directive(text, at);
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                pieces.extend(found);
                at = next;
            }
            b'\\' => {
                literal.push(match bytes.get(at) {
                    Some(b't') => b'\t',
                    Some(b'n') => b'\n',
                    Some(&other) => other,
                    None => b'\\',
                });
                at += 1;
            }
            byte => literal.push(byte),
        }
    }
    pieces.push(Piece::Literal(literal));
    pieces
}

/// What stands behind a `%` at `at`: conditions (`!200,304`), `<` or `>`, a name in braces, a letter.
fn directive(text: &str, mut at: usize) -> (Vec<Piece>, usize) {
    let bytes = text.as_bytes();
    while bytes
        .get(at)
        .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'!' | b',' | b'<' | b'>'))
    {
        at += 1;
    }
    let mut name = "";
    if bytes.get(at) == Some(&b'{')
        && let Some(end) = text[at..].find('}')
    {
        name = &text[at + 1..at + end];
        at += end + 1;
    }
    let long = usize::from(bytes.get(at) == Some(&b'^')) * 2;
    let letter = bytes.get(at).copied().unwrap_or_default();
    let end = (at + 1 + long).min(text.len());
    if letter == b't' && name.is_empty() {
        let time = Piece::Value(Value::of(Some(Column::Time)));
        return (
            vec![
                Piece::Literal(b"[".to_vec()),
                time,
                Piece::Literal(b"]".to_vec()),
            ],
            end,
        );
    }
    (vec![Piece::Value(value(letter, name))], end)
}

fn value(letter: u8, name: &str) -> Value {
    let unit = match (letter, name) {
        (b'D', _) | (b'T', "us") => Some(Unit::Micros),
        (b'T', "ms") => Some(Unit::Millis),
        (b'T', _) => Some(Unit::Seconds),
        _ => None,
    };
    Value {
        unit,
        ..Value::of(column(letter, name))
    }
}

fn column(letter: u8, name: &str) -> Option<Column> {
    Some(match (letter, name.to_ascii_lowercase().as_str()) {
        (b'h' | b'a', _) => Column::Client,
        (b'u', _) => Column::User,
        (b't', _) => Column::Time,
        (b'r', _) => Column::Request,
        (b's', _) => Column::Status,
        (b'b' | b'B' | b'O', _) => Column::Bytes,
        (b'I', _) => Column::BytesIn,
        (b'D' | b'T', _) => Column::Duration,
        (b'm', _) => Column::Method,
        (b'U', _) => Column::Target,
        (b'q', _) => Column::Query,
        (b'H', _) => Column::Protocol,
        (b'v' | b'V', _) | (b'i', "host") => Column::Host,
        (b'X', _) => Column::State,
        (b'R', _) => Column::Pool,
        (b'L', _) => Column::Connection,
        (b'i', "referer") => Column::Referer,
        (b'i', "user-agent") => Column::Agent,
        (b'i', "x-forwarded-for") => Column::ForwardedFor,
        (b'i', "x-request-id") | (b'e', "unique_id") => Column::RequestId,
        (b'i', "traceparent") => Column::TraceId,
        (b'e', "balancer_worker_name") => Column::Upstream,
        _ => return None,
    })
}

//! Lists with one target a line. Other columns behind a tab are a person's notes; lines that begin with `#` are remarks.

use std::io::BufRead;

use crate::Unread;
use crate::inputs::call::{More, rebased};
use crate::inputs::{Call, Content, Items, Kind, Look, Options, Sure};

pub(crate) static KIND: Kind = Kind {
    name: "list",
    title: "a list with one target a line",
    looks,
    visits: None,
    calls: Some(calls),
    deliberate: true,
};

/// A line longer than this holds no URL; its rest is passed over.
const LONGEST_LINE: usize = 64 * 1024;

fn looks(look: &Look<'_>) -> Option<Sure> {
    let has_scheme = |line: &str| line.split_whitespace().next().is_some_and(is_uri);
    look.lines()
        .take(20)
        .any(has_scheme)
        .then_some(Sure::Perhaps)
}

pub(super) fn is_uri(word: &str) -> bool {
    let lower = word.get(..8).unwrap_or(word).to_ascii_lowercase();
    ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

fn calls(content: Content, options: &Options) -> Items<Call> {
    let mut reader = content.stream();
    let base = options.base.clone();
    let mut number = 0;
    let mut bytes = Vec::new();
    Box::new(std::iter::from_fn(move || {
        loop {
            let read = match line(&mut reader, &mut bytes) {
                Ok(read) => read,
                Err(error) => {
                    let what = format!("reading stopped: {error}");
                    return Some(Err(Unread::line(number, what).worded("file-unreadable")));
                }
            };
            if !read {
                return None;
            }
            number += 1;
            let text = String::from_utf8_lossy(&bytes);
            let target = text.trim().split('\t').next().unwrap_or_default().trim();
            if target.is_empty() || target.starts_with('#') {
                continue;
            }
            let more = More {
                line: number,
                ..More::default()
            };
            return Some(Ok(Call::new(rebased(target, base.as_deref()), more)));
        }
    }))
}

/// Reads a line into `bytes`, what is too long of it left out; `false` at the end.
fn line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<bool> {
    bytes.clear();
    let mut any = false;
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', piece);
        let length = end.map_or(piece.len(), |at| at + 1);
        let room = LONGEST_LINE.saturating_sub(bytes.len());
        bytes.extend_from_slice(&piece[..length.min(room)]);
        reader.consume(length);
        if end.is_some() {
            return Ok(true);
        }
    }
}

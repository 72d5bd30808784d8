//! What is no wrapping but dress: a byte order mark, the carriage return before a line feed, colours of a terminal.
//!
//! Colours are `ESC [ parameters letter` (ECMA-48 section 5.4). An escape that is none of these is the line's own: it is
//! left, for those who show it to make harmless.

use memchr::{memchr, memmem};

use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "colours",
    begins: b"",
    peel,
};

fn peel<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    let bare = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let ends = bare
        .iter()
        .rev()
        .take_while(|b| matches!(b, b'\r' | b'\n'))
        .count();
    let bare = &bare[..bare.len() - ends];
    let of = |line| Peeled {
        line,
        ..Peeled::default()
    };
    if memchr(0x1b, bare).is_some() {
        without_colours(bare, scratch);
        if scratch.len() < bare.len() {
            return Some(of(scratch));
        }
    }
    (bare.len() < raw.len()).then(|| of(bare))
}

fn without_colours(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(at) = memmem::find(rest, b"\x1b[") {
        let tail = &rest[at + 2..];
        let parameters = tail
            .iter()
            .take_while(|b| (0x20..0x40).contains(*b))
            .count();
        let Some(0x40..0x7f) = tail.get(parameters) else {
            out.extend_from_slice(&rest[..at + 2]);
            rest = tail;
            continue;
        };
        out.extend_from_slice(&rest[..at]);
        rest = &tail[parameters + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::peel;

    #[test]
    fn the_line_is_left() {
        for (raw, line) in [
            ("\u{feff}GET", Some("GET")),
            ("GET\r", Some("GET")),
            ("\u{1b}[1;32mGET\u{1b}[0m /\r\n", Some("GET /")),
            ("GET", None),
            ("a\u{1b}[", None),
            ("a\u{1b}]0;title", None),
            ("", None),
        ] {
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).map(|peeled| peeled.line.to_vec());
            assert_eq!(found.as_deref(), line.map(str::as_bytes), "{raw:?}");
        }
    }
}

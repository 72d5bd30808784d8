//! The members of a JSON object, one level at a time, without a tree and without an allocation.
//!
//! Log lines are an attacker's input and often no valid JSON at all (nginx without `escape=json` writes `\xHH`): the
//! scan keeps what it can read, nests at most [`MAX_DEPTH`] deep and ends at the first byte that fits nowhere.

use memchr::memchr2;

/// How deep objects and arrays may nest; a line that nests deeper ends there.
pub(crate) const MAX_DEPTH: usize = 32;

/// A value as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    /// A string's bytes between its quotation marks, escapes as written.
    Text(&'a [u8]),
    /// Anything else as written: a number, a literal, an object, an array.
    Other(&'a [u8]),
}

impl<'a> Raw<'a> {
    /// The bytes as written, without quotation marks.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(bytes) | Self::Other(bytes) => bytes,
        }
    }
}

/// The members of the object that `bytes` begin with, behind white space; none when they begin otherwise.
pub(crate) fn members(bytes: &[u8]) -> Members<'_> {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace());
    let at = match start {
        Some(at) if bytes[at] == b'{' => at + 1,
        _ => bytes.len(),
    };
    Members { bytes, at }
}

/// Iterates over the members of one object: key as written, value as written.
#[derive(Debug, Clone)]
pub(crate) struct Members<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Members<'a> {
    fn skip_space(&mut self) -> Option<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// A string that begins here, and moves behind it.
    fn string(&mut self) -> Option<&'a [u8]> {
        let from = self.at + 1;
        let end = string_end(self.bytes, from)?;
        self.at = end + 1;
        self.bytes.get(from..end)
    }

    fn value(&mut self) -> Option<Raw<'a>> {
        let from = self.at;
        match self.skip_space()? {
            b'"' => self.string().map(Raw::Text),
            b'{' | b'[' => {
                let end = nested_end(self.bytes, self.at)?;
                let raw = &self.bytes[self.at..end];
                self.at = end;
                Some(Raw::Other(raw))
            }
            _ => {
                let rest = &self.bytes[self.at..];
                let end = rest
                    .iter()
                    .position(|b| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace())
                    .unwrap_or(rest.len());
                self.at += end;
                (end > 0 && self.at > from).then_some(Raw::Other(&rest[..end]))
            }
        }
    }

    fn member(&mut self) -> Option<(&'a [u8], Raw<'a>)> {
        if self.skip_space()? == b',' {
            self.at += 1;
        }
        if self.skip_space()? != b'"' {
            return None;
        }
        let key = self.string()?;
        if self.skip_space()? != b':' {
            return None;
        }
        self.at += 1;
        self.skip_space()?;
        Some((key, self.value()?))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.member();
        if found.is_none() {
            self.at = self.bytes.len();
        }
        found
    }
}

/// Where the string that begins at `from` (behind its quotation mark) ends.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found);
        }
        at = found + 2;
    }
}

/// Where the object or array that begins at `from` ends, one past its bracket.
fn nested_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => at = string_end(bytes, at + 1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
        if depth > MAX_DEPTH {
            return None;
        }
    }
    None
}

/// The text with its escapes resolved: itself where it has none, else written into `scratch`.
pub(crate) fn undo_escapes<'a>(text: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if memchr::memchr(b'\\', text).is_none() {
        return text;
    }
    *scratch = unescape(text);
    scratch
}

/// Resolves JSON's escapes, and nginx's and Apache's `\xHH`; an escape that is none stays as it is.
pub(crate) fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'\\' {
            out.push(first);
            rest = tail;
            continue;
        }
        let (plain, used) = match tail {
            [b'n', ..] => (Some(b'\n'), 1),
            [b't', ..] => (Some(b'\t'), 1),
            [b'r', ..] => (Some(b'\r'), 1),
            [b'b', ..] => (Some(8), 1),
            [b'f', ..] => (Some(12), 1),
            [mark @ (b'"' | b'\\' | b'/'), ..] => (Some(*mark), 1),
            [b'x', a, b, ..] => (hex(&[*a, *b]).map(|value| value as u8), 3),
            [b'u', ..] => {
                let used = unicode(tail, &mut out);
                if used > 0 {
                    rest = &tail[used..];
                    continue;
                }
                (None, 0)
            }
            _ => (None, 0),
        };
        out.push(plain.unwrap_or(b'\\'));
        rest = if plain.is_some() { &tail[used..] } else { tail };
    }
    out
}

/// Appends the character of `uXXXX`, with its second half when it is a surrogate pair; how many bytes were used.
fn unicode(tail: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = tail.get(1..5).and_then(hex) else {
        return 0;
    };
    let second = tail
        .get(5..11)
        .and_then(|next| next.strip_prefix(b"\\u"))
        .and_then(hex);
    let (code, used) = match second {
        Some(low) if (0xd800..0xdc00).contains(&first) && (0xdc00..0xe000).contains(&low) => {
            (0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00), 11)
        }
        _ => (first, 5),
    };
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    used
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, &digit| {
        Some(value * 16 + (digit as char).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_at_their_own_level_only() {
        let line =
            br#" {"a":"x\"y","b":{"status":1,"c":[1,"]"]}, "status" : 502,"d":"\xe9","n":null}"#;
        let found: Vec<(&[u8], Raw)> = members(line).collect();
        let wanted: [(&[u8], Raw); 5] = [
            (b"a", Raw::Text(br#"x\"y"#)),
            (b"b", Raw::Other(br#"{"status":1,"c":[1,"]"]}"#)),
            (b"status", Raw::Other(b"502")),
            (b"d", Raw::Text(br"\xe9")),
            (b"n", Raw::Other(b"null")),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for line in [
            &b""[..],
            b"[1]",
            b"\"a\"",
            b"{",
            b"{\"a",
            b"{\"a\"",
            b"{\"a\":",
            b"{a:1}",
        ] {
            assert_eq!(members(line).count(), 0, "{line:?}");
        }
        assert_eq!(
            members(b"{\"a\":1").count(),
            1,
            "a torn line keeps what came"
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = [&b"{\"a\":"[..], &b"[".repeat(100_000), b"1"].concat();
        assert_eq!(members(&deep).count(), 0);
    }

    #[test]
    fn escapes_are_resolved_or_kept() {
        for (from, to) in [
            (&br"a\nb"[..], "a\nb"),
            (br"\ud83d\ude00", "\u{1f600}"),
            (br"\ud83d", "\u{fffd}"),
            (br"\x41\q\", r"A\q\"),
        ] {
            assert_eq!(unescape(from), to.as_bytes());
        }
    }
}

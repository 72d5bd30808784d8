//! JSON (RFC 8259) as a stream, with the place of everything: a document of any size is read one piece after the other.

use std::io::BufRead;

use crate::Unread;
use crate::doc::{DEEPEST, MOST, Node, Place, Value};

/// Reads JSON from a stream.
pub(crate) struct Json<R> {
    reader: R,
    place: Place,
    /// Values that may still be kept.
    room: usize,
    /// Bytes that one piece may still take.
    bytes: usize,
    most_bytes: usize,
}

/// A whole document, and nothing behind it.
pub(crate) fn document(bytes: &[u8]) -> Result<Node, Unread> {
    let mut json = Json::new(bytes, usize::MAX);
    let node = json.value()?;
    json.end()?;
    Ok(node)
}

impl<R: BufRead> Json<R> {
    /// One value may take so many bytes.
    pub(crate) fn new(reader: R, most_bytes: usize) -> Self {
        Self {
            reader,
            place: Place { line: 1, column: 1 },
            room: MOST,
            bytes: most_bytes,
            most_bytes,
        }
    }

    /// A value with all that is in it.
    pub(crate) fn value(&mut self) -> Result<Node, Unread> {
        self.room = MOST;
        self.bytes = self.most_bytes;
        self.node(0)
    }

    /// Passes over a value.
    pub(crate) fn pass_over(&mut self) -> Result<(), Unread> {
        self.bytes = usize::MAX;
        self.skip(0)
    }

    /// The place of the next token.
    pub(crate) fn next_place(&mut self) -> Result<Place, Unread> {
        self.token()?;
        Ok(self.place)
    }

    /// What begins next: its first byte.
    pub(crate) fn next_byte(&mut self) -> Result<Option<u8>, Unread> {
        self.token()
    }

    /// Takes that mark.
    pub(crate) fn open(&mut self, mark: u8) -> Result<(), Unread> {
        match self.token()? {
            Some(byte) if byte == mark => self.take(),
            other => Err(self.unexpected(other, &format!("'{}'", mark as char))),
        }
    }

    /// The name of the next member of an object that was opened; `None` at its end, which is taken.
    pub(crate) fn member(&mut self, first: &mut bool) -> Result<Option<Box<str>>, Unread> {
        if !self.goes_on(first, b'}')? {
            return Ok(None);
        }
        match self.token()? {
            Some(b'"') => {}
            other => return Err(self.unexpected(other, "a name in double quotes")),
        }
        let name = self.text()?;
        match self.token()? {
            Some(b':') => self.take()?,
            other => return Err(self.unexpected(other, "':' behind the name")),
        }
        Ok(Some(name))
    }

    /// Whether there is a next element or member; the mark at the end is taken.
    pub(crate) fn goes_on(&mut self, first: &mut bool, end: u8) -> Result<bool, Unread> {
        let token = self.token()?;
        if token == Some(end) {
            self.take()?;
            return Ok(false);
        }
        if !std::mem::take(first) {
            match token {
                Some(b',') => self.take()?,
                other => {
                    let wanted = format!("',' or '{}'", end as char);
                    return Err(self.unexpected(other, &wanted));
                }
            }
            if self.token()? == Some(end) {
                return Err(self.wrong(format!(
                    "a comma stands before '{}', where JSON allows none",
                    end as char
                )));
            }
        }
        Ok(true)
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Unread> {
        match self.token()? {
            None => Ok(()),
            Some(b'{' | b'[') => Err(self.wrong(
                "a second value begins behind the first: it looks like JSON Lines, or like two files in one",
            )),
            Some(_) => Err(self.wrong("more stands behind the end of the document")),
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, Unread> {
        let token = self.token()?;
        let place = self.place;
        if self.room == 0 {
            return Err(self.too_large(format!("more than {MOST} values")));
        }
        self.room -= 1;
        let value = match token {
            Some(b'"') => Value::Text(self.text()?),
            Some(b'{' | b'[') if depth == DEEPEST => {
                return Err(self.wrong(format!("nested deeper than {DEEPEST} levels")));
            }
            Some(b'{') => {
                self.take()?;
                let (mut members, mut first) = (Vec::new(), true);
                while let Some(name) = self.member(&mut first)? {
                    members.push((name, self.node(depth + 1)?));
                }
                Value::Map(members)
            }
            Some(b'[') => {
                self.take()?;
                let (mut elements, mut first) = (Vec::new(), true);
                while self.goes_on(&mut first, b']')? {
                    elements.push(self.node(depth + 1)?);
                }
                Value::List(elements)
            }
            other => self.word(other)?,
        };
        Ok(Node { place, value })
    }

    fn skip(&mut self, depth: usize) -> Result<(), Unread> {
        let mut first = true;
        match self.token()? {
            Some(b'"') => self.text().map(|_| ()),
            Some(b'{' | b'[') if depth == DEEPEST => {
                Err(self.wrong(format!("nested deeper than {DEEPEST} levels")))
            }
            Some(b'{') => {
                self.take()?;
                while self.member(&mut first)?.is_some() {
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.take()?;
                while self.goes_on(&mut first, b']')? {
                    self.skip(depth + 1)?;
                }
                Ok(())
            }
            other => self.word(other).map(|_| ()),
        }
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self, first: Option<u8>) -> Result<Value, Unread> {
        let before = self.place;
        let is_word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.' | b'_');
        let mut word = Vec::new();
        while let Some(byte) = self.peek()?.filter(|&byte| is_word(byte)) {
            if word.len() == 400 {
                break;
            }
            word.push(byte);
            self.take()?;
        }
        Ok(match &word[..] {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" => Value::Null,
            word if is_number(word) => {
                Value::Number(String::from_utf8_lossy(word).into_owned().into())
            }
            b"" => return Err(self.unexpected(first, "a value")),
            word => {
                let what = format!(
                    "'{}' is no value of JSON{}",
                    String::from_utf8_lossy(&word[..word.len().min(40)]),
                    instead(word)
                );
                return Err(Unread::word("json-parse", what).at(before));
            }
        })
    }

    /// A text; its first quote comes next.
    fn text(&mut self) -> Result<Box<str>, Unread> {
        let from = self.place;
        self.take()?;
        let mut text = Vec::new();
        loop {
            let piece = self.reader.fill_buf().map_err(|error| failed(&error))?;
            if piece.is_empty() {
                return Err(self
                    .wrong("the file ends inside a text: it is cut off")
                    .at(from));
            }
            let stop = piece
                .iter()
                .position(|&b| matches!(b, b'"' | b'\\') || b < 0x20);
            let plain = stop.unwrap_or(piece.len());
            text.extend_from_slice(&piece[..plain]);
            let characters = piece[..plain].iter().filter(|&&b| b & 0xc0 != 0x80).count();
            let byte = stop.map(|at| piece[at]);
            self.reader.consume(plain);
            self.count(plain)?;
            self.place.column = self.place.column.saturating_add(characters as u32);
            match byte {
                None => {}
                Some(b'"') => {
                    self.take()?;
                    return String::from_utf8(text).map(Into::into).map_err(|error| {
                        Unread::word(
                            "encoding-not-utf8",
                            format!(
                                "this text is no UTF-8, from its byte {} on: convert the file, for example with iconv",
                                error.utf8_error().valid_up_to()
                            ),
                        )
                        .at(from)
                    });
                }
                Some(b'\\') => self.escape(&mut text)?,
                Some(control) => {
                    return Err(self.wrong(format!(
                        "a control character (0x{control:02x}) stands inside a text; JSON writes it as \\u{control:04x}"
                    )));
                }
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Unread> {
        self.take()?;
        let Some(byte) = self.peek()? else {
            return Err(self.wrong("the file ends inside a text: it is cut off"));
        };
        self.take()?;
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let c = self.unicode()?;
                text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            other => {
                return Err(self.wrong(format!(
                    "'\\{}' is no escape of JSON",
                    (other as char).escape_default()
                )));
            }
        });
        Ok(())
    }

    /// What follows `\u`; half of a pair becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, Unread> {
        let high = self.hex4()?;
        if let Some(c) = char::from_u32(high) {
            return Ok(c);
        }
        if high >= 0xdc00 || self.peek()? != Some(b'\\') {
            return Ok(char::REPLACEMENT_CHARACTER);
        }
        self.take()?;
        if self.peek()? != Some(b'u') {
            return Err(self.wrong("half of a surrogate pair stands in a text"));
        }
        self.take()?;
        let low = self.hex4()?;
        let both = 0x10000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
        let pair = (0xdc00..0xe000).contains(&low).then_some(both);
        Ok(pair
            .and_then(char::from_u32)
            .unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, Unread> {
        let mut number = 0;
        for _ in 0..4 {
            let digit = self.peek()?.and_then(|byte| (byte as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.wrong("\\u is not followed by four hexadecimal digits"));
            };
            self.take()?;
            number = number * 16 + digit;
        }
        Ok(number)
    }

    /// The first byte of the next token.
    fn token(&mut self) -> Result<Option<u8>, Unread> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.take()?,
                other => return Ok(other),
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Unread> {
        let piece = self.reader.fill_buf().map_err(|error| failed(&error))?;
        Ok(piece.first().copied())
    }

    /// Takes the byte that was seen.
    fn take(&mut self) -> Result<(), Unread> {
        let byte = self.peek()?;
        self.reader.consume(usize::from(byte.is_some()));
        match byte {
            Some(b'\n') => {
                self.place.line = self.place.line.saturating_add(1);
                self.place.column = 1;
            }
            Some(byte) if byte & 0xc0 == 0x80 => {}
            _ => self.place.column = self.place.column.saturating_add(1),
        }
        self.count(1)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Unread> {
        let Some(left) = self.bytes.checked_sub(bytes) else {
            let most = self.most_bytes;
            return Err(self.too_large(format!("more than {most} bytes in one piece")));
        };
        self.bytes = left;
        Ok(())
    }

    fn unexpected(&self, found: Option<u8>, wanted: &str) -> Unread {
        let Some(found) = found else {
            return self.wrong(format!(
                "the file ends where {wanted} is expected: it is cut off"
            ));
        };
        let what = format!(
            "{wanted} is expected, and '{}' stands there{}",
            (found as char).escape_default(),
            instead(&[found])
        );
        self.wrong(what)
    }

    fn wrong(&self, what: impl Into<String>) -> Unread {
        Unread::word("json-parse", what).at(self.place)
    }

    fn too_large(&self, what: String) -> Unread {
        Unread::word("file-too-large", what).at(self.place)
    }
}

/// What it looks like instead of JSON.
fn instead(found: &[u8]) -> &'static str {
    match found {
        [b'<', ..] => ": it looks like HTML or XML",
        [b'\'', ..] => ": it looks like JavaScript; JSON has double quotes alone",
        [b'/', ..] => ": it looks like a comment, which JSON has not",
        [b'#', ..] => ": it looks like a comment, of YAML or of a shell",
        b"NaN" | b"undefined" | b"Infinity" => ": it looks like JavaScript",
        b"None" | b"True" | b"False" => ": it looks like Python",
        [b'A'..=b'Z' | b'a'..=b'z' | b'_', ..] => ": a text needs double quotes",
        _ => "",
    }
}

fn failed(error: &std::io::Error) -> Unread {
    Unread::word("file-unreadable", format!("reading stopped: {error}"))
}

/// `-? int frac? exp?` (RFC 8259 section 6).
pub(crate) fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let mut rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || whole > 1 && rest[0] == b'0' {
        return false;
    }
    rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', rest @ ..] => rest,
            _ => exponent,
        };
        let count = digits(exponent);
        if count == 0 {
            return false;
        }
        rest = &exponent[count..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            r#"{"a":[1,-2.5e3,true,false,null,"x\"y"],"b":{}}"#,
            r#""é\u00e9\ud83d\ude00""#,
            "[]",
            " 0 ",
        ] {
            let node = document(text.as_bytes()).expect(text);
            let theirs: serde_json::Value = serde_json::from_str(text).expect(text);
            let ours: serde_json::Value = serde_json::from_str(&node.to_json()).expect(text);
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn mistakes_have_their_place_and_what_it_looks_like() {
        for (text, line, column, part) in [
            ("{\n  \"a\": 1,\n}", 3, 1, "a comma stands before '}'"),
            ("{\"a\": 'x'}", 1, 7, "JavaScript"),
            ("<html>", 1, 1, "HTML"),
            ("{\"a\": None}", 1, 7, "Python"),
            ("{\"a\":1}\n{\"a\":2}", 2, 1, "JSON Lines"),
            ("{\"a\":\"x", 1, 6, "cut off"),
            ("{\"a\":[1", 1, 8, "cut off"),
            ("{\"a\" 1}", 1, 6, "':'"),
            ("{\"a\":\"x\ny\"}", 1, 8, "0x0a"),
            ("{\"é\":01}", 1, 6, "'01'"),
            ("// no\n{}", 1, 1, "comment"),
            ("", 1, 1, "cut off"),
        ] {
            let error = document(text.as_bytes()).expect_err(text);
            assert_eq!(
                (error.line, error.column),
                (line, column),
                "{text}: {error}"
            );
            assert!(error.what.contains(part), "{text}: {error}");
            assert_eq!(error.word, "json-parse");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = "[".repeat(DEEPEST + 1);
        let error = document(deep.as_bytes()).expect_err("too deep");
        assert!(error.what.contains("deeper"), "{error}");
        let long = format!("\"{}\"", "x".repeat(100));
        let error = Json::new(long.as_bytes(), 50)
            .value()
            .expect_err("too long");
        assert_eq!(error.word, "file-too-large");
        assert!(Json::new(long.as_bytes(), 50).pass_over().is_ok());
    }

    #[test]
    fn bytes_that_are_no_utf8_are_named() {
        let error = document(b"[\"a\xff\"]").expect_err("no UTF-8");
        assert_eq!((error.word, error.column), ("encoding-not-utf8", 2));
    }
}

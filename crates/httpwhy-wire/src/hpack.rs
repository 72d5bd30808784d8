//! HPACK, the coding of fields in HTTP/2 (RFC 7541): a reader within bounds, and a writer of literals.

use std::collections::VecDeque;
use std::sync::LazyLock;

/// A field: name and value, as they came.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What the entries of the dynamic table count beside their bytes (RFC 7541 section 4.1).
const ENTRY: usize = 32;
/// The size of the dynamic table unless SETTINGS say otherwise (RFC 9113 section 6.5.2).
const TABLE_SIZE: usize = 4096;

/// Why a block of fields cannot be read. The connection is lost then: the tables of both sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It breaks a rule of RFC 7541.
    Malformed,
    /// Its fields are longer than the bound, 32 bytes counted for each besides its own.
    TooLarge,
}

/// Reads blocks of one connection, in the order in which they come.
#[derive(Debug)]
pub struct Decoder {
    table: VecDeque<Pair>,
    size: usize,
    /// What the peer chose.
    max: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: VecDeque::new(),
            size: 0,
            max: TABLE_SIZE,
        }
    }
}

impl Decoder {
    /// Reads a whole block; the fields together have at most `bound` bytes.
    ///
    /// # Errors
    /// When it cannot be read; see [`Unreadable`].
    pub fn read(&mut self, block: &[u8], bound: usize) -> Result<Vec<Pair>, Unreadable> {
        let mut input = Input(block);
        let mut fields = Vec::new();
        let mut total = 0;
        while let Some(first) = input.0.first().copied() {
            let field = match first {
                0x80.. => {
                    let index = input.integer(7)?;
                    self.entry(index)?
                }
                0x40.. => {
                    let field = self.literal(&mut input, 6)?;
                    self.insert(field.clone());
                    field
                }
                0x20.. => {
                    self.resize(input.integer(5)?)?;
                    continue;
                }
                _ => self.literal(&mut input, 4)?,
            };
            total += field.0.len() + field.1.len() + ENTRY;
            if total > bound {
                return Err(Unreadable::TooLarge);
            }
            fields.push(field);
        }
        Ok(fields)
    }

    fn literal(&self, input: &mut Input<'_>, prefix: u32) -> Result<Pair, Unreadable> {
        let name = match input.integer(prefix)? {
            0 => input.text()?,
            index => self.entry(index)?.0,
        };
        Ok((name, input.text()?))
    }

    fn entry(&self, index: usize) -> Result<Pair, Unreadable> {
        let index = index.checked_sub(1).ok_or(Unreadable::Malformed)?;
        if let Some((name, value)) = STATIC.get(index) {
            return Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        let entry = self.table.get(index - STATIC.len());
        entry.cloned().ok_or(Unreadable::Malformed)
    }

    fn insert(&mut self, field: Pair) {
        self.size += field.0.len() + field.1.len() + ENTRY;
        self.table.push_front(field);
        self.evict();
    }

    fn resize(&mut self, max: usize) -> Result<(), Unreadable> {
        if max > TABLE_SIZE {
            return Err(Unreadable::Malformed);
        }
        self.max = max;
        self.evict();
        Ok(())
    }

    fn evict(&mut self) {
        while self.size > self.max {
            let Some((name, value)) = self.table.pop_back() else {
                return;
            };
            self.size -= name.len() + value.len() + ENTRY;
        }
    }
}

/// Writes a field as a literal that no table remembers (RFC 7541 section 6.2.2). Nothing is checked.
pub fn write_literal(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.push(0);
    write_text(out, name);
    write_text(out, value);
}

fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    write_integer(out, text.len());
    out.extend_from_slice(text);
}

/// An integer with a prefix of seven bits, the first bit clear (RFC 7541 section 5.1).
fn write_integer(out: &mut Vec<u8>, number: usize) {
    if number < 0x7f {
        out.push(number as u8);
        return;
    }
    out.push(0x7f);
    let mut rest = number - 0x7f;
    while rest >= 0x80 {
        out.push(rest as u8 & 0x7f | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// What is left of a block.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.0.split_first().ok_or(Unreadable::Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// An integer whose prefix has that many bits, of at most 28 bits behind it.
    pub(crate) fn integer(&mut self, prefix: u32) -> Result<usize, Unreadable> {
        let mask = (1 << prefix) - 1;
        let mut number = usize::from(self.byte()?) & mask;
        if number < mask {
            return Ok(number);
        }
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            number += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable::Malformed)
    }

    fn text(&mut self) -> Result<Vec<u8>, Unreadable> {
        self.text_behind(7)
    }

    /// A text whose length has that many bits, the flag of the Huffman code before it.
    pub(crate) fn text_behind(&mut self, prefix: u32) -> Result<Vec<u8>, Unreadable> {
        let is_coded = self.0.first().is_some_and(|byte| byte >> prefix & 1 == 1);
        let length = self.integer(prefix)?;
        let (text, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Unreadable::Malformed)?;
        self.0 = rest;
        match is_coded {
            true => huffman(text).ok_or(Unreadable::Malformed),
            false => Ok(text.to_vec()),
        }
    }
}

/// Undoes the Huffman code; `None` for a code of the end mark, or padding that is none (RFC 7541 section 5.2).
fn huffman(coded: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(coded.len() * 2);
    let (mut code, mut length) = (0_u32, 0_usize);
    for bit in coded
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        code = code << 1 | u32::from(bit);
        length += 1;
        if let Some(symbol) = CODES.symbol(code, length) {
            // The end mark itself must not come.
            out.push(u8::try_from(symbol).ok()?);
            (code, length) = (0, 0);
        } else if length > LONGEST_CODE {
            return None;
        }
    }
    let is_padding = length < 8 && code == (1 << length) - 1;
    is_padding.then_some(out)
}

const LONGEST_CODE: usize = 30;

/// The Huffman code of RFC 7541 appendix B. It is canonical: the lengths tell everything.
struct Codes {
    /// For each length: the first code, and where its symbols begin.
    first: [(u32, usize); LONGEST_CODE + 2],
    symbols: Vec<u16>,
}

static CODES: LazyLock<Codes> = LazyLock::new(|| {
    let mut symbols: Vec<u16> = (0..=256).collect();
    symbols.sort_by_key(|symbol| LENGTHS[usize::from(*symbol)]);
    let mut first = [(0, 0); LONGEST_CODE + 2];
    for length in 0..=LONGEST_CODE {
        let count = LENGTHS
            .iter()
            .filter(|known| usize::from(**known) == length)
            .count();
        let (code, at) = first[length];
        first[length + 1] = ((code + count as u32) << 1, at + count);
    }
    Codes { first, symbols }
});

impl Codes {
    fn symbol(&self, code: u32, length: usize) -> Option<u16> {
        let (&(first, from), &(_, to)) = (self.first.get(length)?, self.first.get(length + 1)?);
        let at = from + code.checked_sub(first)? as usize;
        (at < to).then(|| self.symbols[at])
    }
}

/// The length in bits of each symbol's code, the end mark last.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// RFC 7541 appendix A.
#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(fields: &[Pair]) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = |(name, value): &Pair| format!("{}: {}", text(name), text(value));
        fields.iter().map(line).collect()
    }

    #[test]
    fn the_requests_of_rfc_7541_c_4() {
        let mut decoder = Decoder::default();
        let common = [
            ":method: GET",
            ":scheme: http",
            ":path: /",
            ":authority: www.example.com",
        ];
        let first = b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
        assert_eq!(texts(&decoder.read(first, 4096).expect("C.4.1")), common);
        let second = b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf";
        let fields = texts(&decoder.read(second, 4096).expect("C.4.2"));
        assert_eq!(fields[..4], common);
        assert_eq!(fields[4], "cache-control: no-cache");
        let third = b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf";
        let fields = texts(&decoder.read(third, 4096).expect("C.4.3"));
        assert_eq!(
            fields[2..],
            [
                ":path: /index.html",
                ":authority: www.example.com",
                "custom-key: custom-value"
            ]
        );
        assert_eq!(decoder.size, 164);
    }

    #[test]
    fn literals_are_read_as_written() {
        let long = "v".repeat(3000);
        let mut block = Vec::new();
        write_literal(&mut block, b":status", b"200");
        write_literal(&mut block, b"x", long.as_bytes());
        let mut decoder = Decoder::default();
        let fields = decoder.read(&block, 1 << 16).expect("readable");
        assert_eq!(
            texts(&fields),
            [":status: 200".to_owned(), format!("x: {long}")]
        );
        assert_eq!(decoder.read(&block, 1000), Err(Unreadable::TooLarge));
    }

    #[test]
    fn what_breaks_the_rules() {
        for (block, what) in [
            (&b"\x80"[..], "index 0"),
            (b"\xff", "an integer that is cut"),
            (b"\xff\xff\xff\xff\xff\xff", "an integer too long"),
            (b"\xbe", "an index of an empty table"),
            (b"\x00", "a literal without a name"),
            (b"\x00\x05ab", "a text that is cut"),
            (b"\x3f\xe2\x1f", "a table larger than allowed"),
            (b"\x00\x01a\x84\xff\xff\xff\xff", "the end mark"),
            (b"\x00\x01a\x81\x00", "padding of zeros"),
        ] {
            let read = Decoder::default().read(block, 4096);
            assert_eq!(read, Err(Unreadable::Malformed), "{what}");
        }
    }

    #[test]
    fn the_table_forgets() {
        let mut decoder = Decoder::default();
        decoder.read(b"\x40\x01a\x01b", 4096).expect("readable");
        assert_eq!(
            texts(&decoder.read(b"\xbe", 4096).expect("known")),
            ["a: b"]
        );
        decoder.read(b"\x20", 4096).expect("readable");
        assert_eq!(decoder.read(b"\xbe", 4096), Err(Unreadable::Malformed));
    }
}

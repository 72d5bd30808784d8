//! What decides the outcome of a line.

use super::line::digits3;
use super::{Column, Line, is_nothing, last_of_list};

/// [`Shape::upstream`]: the format has no such column.
pub const NOT_CAPTURED: u16 = u16::MAX;
/// [`Shape::upstream`]: the column is there and says that no server behind was asked, or that none answered.
pub const NO_UPSTREAM: u16 = 0;

/// What decides the outcome of a line: few bits and at most two words of the machine's own vocabulary. Bounded by the
/// formats: a log has dozens.
///
/// No two parts that [`Shape::packed`] has side by side lie so in memory: they would be read at once, right behind their
/// being written one by one, for which a processor has to wait.
#[derive(Debug, Clone, Copy, Eq)]
#[repr(C)]
pub struct Shape<'a> {
    /// The status written, 0 when none.
    pub status: u16,
    /// Bits of the format's own meaning: which timers ran, whether it was retried.
    pub bits: u16,
    /// The status of the last server behind, [`NO_UPSTREAM`] or [`NOT_CAPTURED`].
    pub upstream: u16,
    /// What the request was.
    pub request: Request,
    /// The machine's words, e.g. `sC--`, or `UF,URX` and `upstream_reset…`; empty when none. From closed vocabularies:
    /// whatever holds addresses, numbers or ids is cut down first.
    pub words: [&'a [u8]; 2],
}

/// What the request was, as far as it decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Request {
    /// A request line, or what stands for one; the default also where the format has none.
    #[default]
    Sound,
    /// None came: `""` or `"-"`.
    Missing,
    /// The first bytes of a TLS handshake on a plain port.
    Tls,
    /// Anything else that is no request line.
    Garbled,
    /// CONNECT.
    Connect,
}

impl PartialEq for Shape<'_> {
    /// Most words are empty, and comparing nothing with `memcmp` is not free: its masked load from where an empty slice
    /// points to costs more than a whole line.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &[u8], b: &[u8]| a.len() == b.len() && (a.is_empty() || a == b);
        self.packed() == other.packed()
            && same(self.words[0], other.words[0])
            && same(self.words[1], other.words[1])
    }
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Self {
            status: 0,
            upstream: NOT_CAPTURED,
            request: Request::Sound,
            bits: 0,
            words: [b"", b""],
        }
    }
}

impl<'a> Shape<'a> {
    /// The shape of a line whose status, upstream's status and request line stand in the usual columns.
    #[inline]
    pub fn of(line: &Line<'a>) -> Self {
        Self {
            status: line.status().unwrap_or(0),
            upstream: match line.get(Column::UpstreamStatus) {
                None => NOT_CAPTURED,
                Some(text) => digits3(last_of_list(text)).unwrap_or(NO_UPSTREAM),
            },
            request: Request::of(line),
            ..Self::default()
        }
    }

    /// The fixed part in one number, for hashing.
    #[inline]
    pub const fn packed(&self) -> u64 {
        self.status as u64
            | (self.upstream as u64) << 16
            | (self.bits as u64) << 32
            | (self.request as u64) << 48
    }

    /// A copy that owns its words.
    pub fn to_owned(&self) -> OwnedShape {
        OwnedShape {
            status: self.status,
            upstream: self.upstream,
            request: self.request,
            bits: self.bits,
            words: [self.words[0].into(), self.words[1].into()],
        }
    }
}

/// A shape that owns its words, for tables.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnedShape {
    status: u16,
    upstream: u16,
    request: Request,
    bits: u16,
    words: [Box<[u8]>; 2],
}

impl OwnedShape {
    /// The shape.
    #[inline]
    pub fn get(&self) -> Shape<'_> {
        Shape {
            status: self.status,
            upstream: self.upstream,
            request: self.request,
            bits: self.bits,
            words: [&self.words[0], &self.words[1]],
        }
    }
}

impl Request {
    /// What the request column of a line holds.
    #[inline]
    pub fn of(line: &Line<'_>) -> Self {
        match line.get(Column::Request) {
            None => match line.get(Column::Method) {
                Some(b"CONNECT") => Self::Connect,
                _ => Self::Sound,
            },
            Some(request) => Self::of_line(request),
        }
    }

    #[inline]
    fn of_line(request: &[u8]) -> Self {
        match request {
            [b'G', b'E', b'T', b' ', ..] | [b'P', b'O', b'S', b'T', b' ', ..] => Self::Sound,
            _ => Self::of_other_line(request),
        }
    }

    fn of_other_line(request: &[u8]) -> Self {
        match request {
            // A token, a space, and something behind it; upper case is custom, and what everything real uses.
            [b'A'..=b'Z', b'A'..=b'Z', rest @ ..] => {
                let word = rest.iter().take_while(|byte| is_token(**byte)).count();
                match rest.get(word) {
                    Some(b' ') if request.starts_with(b"CONNECT ") => Self::Connect,
                    Some(b' ') => Self::Sound,
                    _ => Self::Garbled,
                }
            }
            text if is_nothing(text) => Self::Missing,
            // As nginx, Apache and JSON writers escape the record head of a ClientHello (RFC 8446 section 5.1).
            [b'\\', b'x', b'1', b'6', b'\\', b'x', b'0', b'3', ..] => Self::Tls,
            [
                b'\\',
                b'u',
                b'0',
                b'0',
                b'1',
                b'6',
                b'\\',
                b'u',
                b'0',
                b'0',
                b'0',
                b'3',
                ..,
            ] => Self::Tls,
            [0x16, 0x03, ..] => Self::Tls,
            _ => match memchr::memchr(b' ', request) {
                Some(at) if at > 0 && request[..at].iter().all(|byte| is_token(*byte)) => {
                    Self::Sound
                }
                _ => Self::Garbled,
            },
        }
    }
}

/// RFC 9110 section 5.6.2, as far as methods use it.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'*' | b'+')
}

#[cfg(test)]
mod tests {
    use super::Request;

    #[test]
    fn requests_are_told_apart() {
        let table: &[(&[u8], Request)] = &[
            (b"GET / HTTP/1.1", Request::Sound),
            (b"M-SEARCH * HTTP/1.1", Request::Sound),
            (b"get / HTTP/1.1", Request::Sound),
            (b"CONNECT a:443 HTTP/1.1", Request::Connect),
            (b"-", Request::Missing),
            (b"", Request::Missing),
            (br"\x16\x03\x01\x02", Request::Tls),
            (br"\u0016\u0003\u0001", Request::Tls),
            (b"GET", Request::Garbled),
            (br"\x00\x00 \x01", Request::Garbled),
        ];
        for &(request, wanted) in table {
            assert_eq!(Request::of_line(request), wanted, "{request:?}");
        }
    }
}

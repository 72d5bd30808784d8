//! Lines of a head, and where the head ends (RFC 9112 section 2.2).

use httpwhy_model::H1Defect;
use memchr::{memchr, memchr2_iter};

use super::defects::Defects;

/// One line with its end: `start..end` is its content, `next` the start of what follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
}

/// The line that begins at `start`, if its LF is there.
pub(super) fn line_at(bytes: &[u8], start: usize) -> Option<Line> {
    let lf = start + memchr(b'\n', bytes.get(start..)?)?;
    Some(Line {
        start,
        end: start + without_cr(&bytes[start..lf]).len(),
        next: lf + 1,
    })
}

impl Line {
    pub(super) fn content<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start..self.end]
    }

    /// Notes the defects that any line can have; `base` is the absolute offset of `bytes`.
    pub(super) fn inspect(&self, bytes: &[u8], base: u64, defects: &mut Defects) {
        for at in memchr2_iter(b'\r', 0, self.content(bytes)) {
            let defect = match bytes[self.start + at] {
                0 => H1Defect::Nul,
                _ => H1Defect::BareCr,
            };
            defects.note(defect, base + (self.start + at) as u64);
        }
        if self.end + 1 == self.next {
            defects.note(H1Defect::BareLf, base + self.end as u64);
        }
    }
}

/// Whether no line has such a defect: there is no NUL, and every CR and LF is half of a CRLF.
pub(super) fn are_usual(lines: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (lines.first(), lines.last()) else {
        return true;
    };
    let pairs = lines.iter().zip(&lines[1..]);
    // Without a way out in the middle many bytes are looked at in one step.
    #[allow(clippy::needless_bitwise_bool, reason = "no way out in the middle")]
    let torn = pairs.fold(false, |any, (&a, &b)| {
        any | ((a == b'\r') != (b == b'\n')) | (a == 0)
    });
    !torn && first != b'\n' && !matches!(last, b'\r' | 0)
}

/// The line without the CR of its CRLF.
pub(super) fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The search for the end of a head that may come in pieces.
#[derive(Debug, Default)]
pub(super) struct Scan {
    line: usize,
    searched: usize,
    /// Where the start line begins, behind empty lines.
    pub(super) first: Option<usize>,
    /// Complete lines behind the start line.
    pub(super) lines: usize,
}

/// Where the search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Behind the empty line that ends the head.
    End(usize),
    /// Behind a first line that is no start line.
    Foreign(usize),
}

impl Scan {
    /// Searches `head`, which begins with all that was searched before.
    pub(super) fn advance(
        &mut self,
        head: &[u8],
        is_start_line: impl Fn(&[u8]) -> bool,
    ) -> Option<Edge> {
        while let Some(at) = memchr(b'\n', &head[self.searched..]) {
            let lf = self.searched + at;
            let line = without_cr(&head[self.line..lf]);
            let start = std::mem::replace(&mut self.line, lf + 1);
            self.searched = lf + 1;
            match self.first {
                None if line.is_empty() => {}
                None => {
                    self.first = Some(start);
                    if !is_start_line(line) {
                        return Some(Edge::Foreign(lf + 1));
                    }
                }
                Some(_) if line.is_empty() => return Some(Edge::End(lf + 1)),
                Some(_) => self.lines += 1,
            }
        }
        self.searched = head.len();
        None
    }

    /// What came of a start line whose end did not.
    pub(super) fn cut_first_line<'a>(&self, head: &'a [u8]) -> Option<&'a [u8]> {
        match self.first {
            None => Some(without_cr(&head[self.line..])),
            Some(_) => None,
        }
    }

    /// Where the line begins that is not at its end.
    pub(super) const fn open_line(&self) -> usize {
        self.line
    }
}

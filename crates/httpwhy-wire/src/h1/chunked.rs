//! The chunked transfer coding (RFC 9112 section 7.1).

use bytes::Bytes;
use httpwhy_model::{Field, Fields, H1Defect, Kept};

use super::defects::Defects;
use super::head;
use super::lines::{line_at, without_cr};

/// Bytes of the longest chunk line (size and extensions) that is read.
const LONGEST_LINE: usize = 4_096;
/// Digits of the longest chunk size: 64 bits.
const LONGEST_SIZE: usize = 16;

/// Where in the coding the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Size,
    /// So many bytes of the chunk are to come.
    Data(u64),
    /// The line end behind the data; whether its CR came.
    DataEnd(bool),
    /// Where in the section its open line begins.
    Trailers(usize),
}

/// An incremental decoder.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    stage: Stage,
    /// The chunk line, or the trailer section, as far as it came.
    pending: Vec<u8>,
}

/// What one step did.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// So many bytes of framing.
    Framing(usize),
    /// These bytes are content.
    Content(&'a [u8]),
    /// So many bytes, and nothing more can be read.
    Broken(usize),
    /// So many bytes, and the trailer section is complete.
    Complete(usize, Vec<Field>),
}

impl Chunked {
    /// Reads some of `input`, which is not empty; `at` is its absolute offset, `bound` that of the trailer section.
    pub(super) fn step<'a>(
        &mut self,
        input: &'a [u8],
        at: u64,
        bound: usize,
        defects: &mut Defects,
    ) -> Step<'a> {
        match self.stage {
            Stage::Size => self.size(input, at, defects),
            Stage::Data(left) => self.data(input, left),
            Stage::DataEnd(cr) => self.data_end(input[0], cr, at, defects),
            Stage::Trailers(line) => self.trailers(input, line, at, bound, defects),
        }
    }

    fn size<'a>(&mut self, input: &[u8], at: u64, defects: &mut Defects) -> Step<'a> {
        let start = at - self.pending.len() as u64;
        let (taken, complete) = self.take_line(input, LONGEST_LINE);
        if !complete && self.pending.len() < LONGEST_LINE {
            return Step::Framing(taken);
        }
        let size = line_at(&self.pending, 0).and_then(|line| {
            line.inspect(&self.pending, start, defects);
            chunk_size(line.content(&self.pending))
        });
        self.pending.clear();
        self.stage = match size {
            Some(0) => Stage::Trailers(0),
            Some(size) => Stage::Data(size),
            None => {
                defects.note(H1Defect::BadChunkSize, start);
                return Step::Broken(taken);
            }
        };
        Step::Framing(taken)
    }

    fn data<'a>(&mut self, input: &'a [u8], left: u64) -> Step<'a> {
        let taken = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        self.stage = match left - taken as u64 {
            0 => Stage::DataEnd(false),
            left => Stage::Data(left),
        };
        Step::Content(&input[..taken])
    }

    fn data_end<'a>(&mut self, byte: u8, cr: bool, at: u64, defects: &mut Defects) -> Step<'a> {
        self.stage = match byte {
            b'\r' if !cr => Stage::DataEnd(true),
            b'\n' => Stage::Size,
            _ => {
                defects.note(H1Defect::ChunkEndMissing, at - u64::from(cr));
                return Step::Broken(0);
            }
        };
        if byte == b'\n' && !cr {
            defects.note(H1Defect::BareLf, at);
        }
        Step::Framing(1)
    }

    fn trailers<'a>(
        &mut self,
        input: &[u8],
        line: usize,
        at: u64,
        bound: usize,
        defects: &mut Defects,
    ) -> Step<'a> {
        let start = at - self.pending.len() as u64;
        let (taken, complete) = self.take_line(input, bound);
        if complete {
            let last = self.pending.len() - 1;
            if without_cr(&self.pending[line..last]).is_empty() {
                return Step::Complete(taken, self.fields(start, defects));
            }
            self.stage = Stage::Trailers(last + 1);
        }
        if self.pending.len() >= bound {
            defects.note(H1Defect::HeadTooLarge, start + self.pending.len() as u64);
            return Step::Broken(taken);
        }
        Step::Framing(taken)
    }

    /// Appends the input up to its first LF or the bound. How many bytes that were, and whether the LF was there.
    fn take_line(&mut self, input: &[u8], bound: usize) -> (usize, bool) {
        let room = bound.saturating_sub(self.pending.len()).min(input.len());
        let lf = memchr::memchr(b'\n', &input[..room]);
        let taken = lf.map_or(room, |lf| lf + 1);
        self.pending.extend_from_slice(&input[..taken]);
        (taken, lf.is_some())
    }

    fn fields(&mut self, start: u64, defects: &mut Defects) -> Vec<Field> {
        let section = Bytes::from(std::mem::take(&mut self.pending));
        head::section(&section, 0, start, 0, defects)
    }

    /// Whether the last chunk came: all content is there.
    pub(super) const fn content_complete(&self) -> bool {
        matches!(self.stage, Stage::Trailers(_))
    }

    /// The trailer fields of a message that was cut at the absolute offset `at`.
    pub(super) fn cut(mut self, at: u64, defects: &mut Defects) -> Fields {
        if !self.content_complete() {
            return Fields {
                list: Vec::new(),
                kept: Kept::Nothing,
            };
        }
        let start = at - self.pending.len() as u64;
        head::only_these(self.fields(start, defects))
    }
}

/// The size in a chunk line, whose extensions are ignored. Spaces behind it are let pass: old servers pad with them.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let rest = line[digits..].trim_ascii_start();
    if !(1..=LONGEST_SIZE).contains(&digits) || !matches!(rest.first(), None | Some(b';')) {
        return None;
    }
    let text = std::str::from_utf8(&line[..digits]).ok()?;
    u64::from_str_radix(text, 16).ok()
}

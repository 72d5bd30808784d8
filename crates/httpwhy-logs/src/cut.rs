//! Cuts what is read into lines.

use std::io;
use std::sync::atomic::Ordering;

use httpwhy_ingest::logs::{QuoteIndex, Quotes};

use crate::Progress;
use crate::worker::Worker;

/// One thread's buffer, bytes. It is refilled often: what fits the second-level cache is read from there.
const BUFFER: usize = 256 * 1024;

/// How many quotes most lines have that are read by their quotes.
const USUAL: usize = 6;

/// What one thread reads into, used again for the next input.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    quotes: QuoteIndex,
}

/// The lines of a block that end in it.
struct Ends<'b> {
    block: &'b [u8],
    /// Where the next line begins.
    from: usize,
    /// The end of the line before, and the quotes and line ends from there on, where quotes are wanted.
    marks: Option<&'b [u32]>,
}

impl<'b> Ends<'b> {
    /// Where the next line ends, and its quotes.
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    fn next(&mut self) -> Option<(usize, Option<Quotes<'b>>)> {
        let Some(marks) = self.marks else {
            let length = memchr::memchr(b'\n', &self.block[self.from..])?;
            return Some((self.from + length, None));
        };
        let is_end = |place: &u32| self.block[*place as usize] == b'\n';
        let nth = match marks.first_chunk::<{ 2 + USUAL }>() {
            // A look at each without a branch for each.
            Some([_, quotes @ .., end])
                if is_end(end) && !quotes.iter().fold(false, |any, at| any | is_end(at)) =>
            {
                1 + USUAL
            }
            _ => 1 + marks.get(1..)?.iter().position(is_end)?,
        };
        let (quotes, rest) = marks.split_at(nth);
        self.marks = Some(rest);
        Some((rest[0] as usize, Some(Quotes::new(quotes))))
    }
}

/// Gives every line that begins within the first `limit` bytes to the worker; whether the last had no end. With
/// `inside`, the first byte belongs to the line before, whose rest is passed over.
pub(crate) fn lines(
    buffer: &mut Buffer,
    inside: bool,
    limit: u64,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    worker: &mut Worker<'_>,
    progress: &Progress,
) -> io::Result<bool> {
    let Buffer {
        bytes: buffer,
        quotes: index,
    } = buffer;
    buffer.resize(BUFFER, 0);
    // What of the buffer holds bytes not yet given, and where it stands in the input.
    let mut held = 0;
    let mut offset = 0_u64;
    let mut skipping = inside;
    loop {
        let count = read(&mut buffer[held..])?;
        let end = held + count;
        let bytes = &buffer[..end];
        let marks = worker.wants_quotes().then(|| {
            index.look_through(bytes);
            index.places()
        });
        let mut ends = Ends {
            block: bytes,
            from: 0,
            marks,
        };
        while offset + (ends.from as u64) < limit || skipping {
            let Some((to, quotes)) = ends.next() else {
                break;
            };
            let line = &bytes[ends.from..to];
            if skipping {
                skipping = false;
            } else if offset == 0 && ends.from == 0 {
                worker.line(without_mark(line), None);
            } else {
                worker.line(line, quotes);
            }
            ends.from = to + 1;
        }
        let from = ends.from;
        let begins_here = offset + (from as u64) < limit;
        if !begins_here && !skipping {
            return Ok(false);
        }
        if skipping && offset + (end as u64) >= limit {
            // The line began before this range and ends behind it: none begins here.
            return Ok(false);
        }
        if count == 0 || progress.stop.load(Ordering::Relaxed) {
            let unended = from < end && !skipping && count == 0;
            if unended {
                worker.line(&bytes[from..end], None);
            }
            return Ok(unended);
        }
        if from == 0 && end == buffer.len() {
            // No end in a whole buffer: nothing of it is kept.
            if !skipping {
                worker.oversize(bytes);
            }
            skipping = true;
            offset += end as u64;
            held = 0;
        } else {
            buffer.copy_within(from..end, 0);
            offset += from as u64;
            held = end - from;
            if skipping {
                offset += held as u64;
                held = 0;
            }
        }
    }
}

/// Without a UTF-8 byte order mark.
fn without_mark(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}

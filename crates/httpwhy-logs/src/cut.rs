//! Cuts what is read into lines.

use std::io;
use std::sync::atomic::Ordering;

use crate::Progress;
use crate::worker::Worker;

/// One thread's buffer, bytes. It is refilled often: what fits the second-level cache is read from there.
const BUFFER: usize = 256 * 1024;

/// Gives every line that begins within the first `limit` bytes to the worker; whether the last had no end. With
/// `inside`, the first byte belongs to the line before, whose rest is passed over.
pub(crate) fn lines(
    buffer: &mut Vec<u8>,
    inside: bool,
    limit: u64,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    worker: &mut Worker<'_>,
    progress: &Progress,
) -> io::Result<bool> {
    buffer.resize(BUFFER, 0);
    // What of the buffer holds bytes not yet given, and where it stands in the input.
    let mut held = 0;
    let mut offset = 0_u64;
    let mut skipping = inside;
    loop {
        let count = read(&mut buffer[held..])?;
        let end = held + count;
        let mut from = 0;
        let bytes = &buffer[..end];
        while offset + (from as u64) < limit || skipping {
            let Some(length) = memchr::memchr(b'\n', &bytes[from..]) else {
                break;
            };
            if skipping {
                skipping = false;
            } else {
                let line = &bytes[from..from + length];
                worker.line(if offset == 0 && from == 0 {
                    without_mark(line)
                } else {
                    line
                });
            }
            from += length + 1;
        }
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
                worker.line(&bytes[from..end]);
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

//! Requests of HTTP/3, read within bounds.

use std::io;

use httpwhy_wire::h3::{kind, read_frame_head};
use httpwhy_wire::qpack;
use quinn::RecvStream;

use crate::h2::request;
use crate::request::{Asked, KEPT_CONTENT, MOST_CONTENT};

/// The longest section of fields, in bytes.
const LONGEST_FIELDS: u64 = 1 << 16;

/// Reads a request to its end, or, when that says so, to the end of its fields; `None` when it is malformed, or cut.
pub(super) async fn read(
    from: &mut RecvStream,
    before: u32,
    fields_suffice: impl Fn(&Asked) -> bool,
) -> io::Result<Option<Asked>> {
    let mut bytes = Bytes {
        from,
        buffer: Vec::new(),
    };
    let mut asked: Option<Asked> = None;
    while let Some((kind, length)) = bytes.frame().await? {
        match (kind, &mut asked) {
            (kind::HEADERS, asked) => {
                let Some(section) = bytes.payload(length).await? else {
                    return Ok(None);
                };
                // A second section are trailers: they are read and not kept.
                if asked.is_none() {
                    let fields = qpack::read(&section, LONGEST_FIELDS as usize);
                    *asked = fields.ok().and_then(|fields| request(&fields, before));
                    match asked {
                        None => return Ok(None),
                        Some(asked) if fields_suffice(asked) => return Ok(Some(asked.clone())),
                        Some(_) => {}
                    }
                }
            }
            (kind::DATA, Some(asked)) => {
                if !bytes.content(length, asked).await? {
                    return Ok(None);
                }
            }
            (kind::DATA, None) => return Ok(None),
            // Unknown types are passed over (RFC 9114 section 9).
            _ => {
                if bytes.payload(length).await?.is_none() {
                    return Ok(None);
                }
            }
        }
    }
    Ok(asked)
}

struct Bytes<'a> {
    from: &'a mut RecvStream,
    buffer: Vec<u8>,
}

impl Bytes<'_> {
    /// Reads more; false at the end.
    async fn more(&mut self) -> io::Result<bool> {
        let mut piece = [0; 8192];
        let count = self.from.read(&mut piece).await?;
        self.buffer.extend_from_slice(&piece[..count.unwrap_or(0)]);
        Ok(count.is_some())
    }

    /// The next frame's type and length; `None` at the end.
    async fn frame(&mut self) -> io::Result<Option<(u64, u64)>> {
        loop {
            if let Some((kind, length, size)) = read_frame_head(&self.buffer) {
                self.buffer.drain(..size);
                return Ok(Some((kind, length)));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// A payload; `None` when it is cut or too long.
    async fn payload(&mut self, length: u64) -> io::Result<Option<Vec<u8>>> {
        if length > LONGEST_FIELDS {
            return Ok(None);
        }
        let length = length as usize;
        while self.buffer.len() < length {
            if !self.more().await? {
                return Ok(None);
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(Some(std::mem::replace(&mut self.buffer, rest)))
    }

    /// Content, kept up to the bound and counted beyond; false when it is cut or too much.
    async fn content(&mut self, length: u64, asked: &mut Asked) -> io::Result<bool> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() && !self.more().await? {
                return Ok(false);
            }
            let count = self
                .buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let room = KEPT_CONTENT.saturating_sub(asked.content.len());
            asked
                .content
                .extend_from_slice(&self.buffer[..count.min(room)]);
            self.buffer.drain(..count);
            left -= count as u64;
            asked.length += count as u64;
            if asked.length > MOST_CONTENT {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

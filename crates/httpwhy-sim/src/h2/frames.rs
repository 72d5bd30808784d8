//! Frames of a client, read within bounds.

use std::io;

use httpwhy_wire::h2::{FrameHead, HEAD, flag, read_frame_head};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Complaint, code};

/// The longest payload that is taken, in bytes: the least that every peer must take (RFC 9113 section 4.2).
pub(super) const LONGEST: usize = 16_384;

/// One frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// Its head.
    pub(super) head: FrameHead,
    /// Its payload.
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The payload without padding and priority (RFC 9113 sections 6.1 and 6.2).
    pub(super) fn content(&self) -> Result<&[u8], Complaint> {
        let malformed = || Complaint::connection(code::PROTOCOL, "padding beyond the frame");
        let mut content = self.payload.as_slice();
        if self.head.has(flag::PADDED) {
            let (padding, rest) = content.split_first().ok_or_else(malformed)?;
            let end = rest.len().checked_sub(usize::from(*padding));
            content = &rest[..end.ok_or_else(malformed)?];
        }
        let has_priority = self.head.kind == httpwhy_wire::h2::kind::HEADERS;
        if has_priority && self.head.has(flag::PRIORITY) {
            content = content.get(5..).ok_or_else(malformed)?;
        }
        Ok(content)
    }
}

/// Reads frames.
pub(super) struct Frames<R> {
    from: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
        }
    }

    pub(super) fn into_inner(self) -> R {
        self.from
    }

    /// Drops that many bytes; false when the connection ends before.
    pub(super) async fn skip(&mut self, count: usize) -> io::Result<bool> {
        while self.buffer.len() < count {
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(false);
            }
        }
        self.buffer.drain(..count);
        Ok(true)
    }

    /// The next frame; `None` at the end of the connection. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self) -> io::Result<Option<Result<Frame, Complaint>>> {
        loop {
            if let Some(head) = read_frame_head(&self.buffer) {
                let length = head.length as usize;
                if length > LONGEST {
                    let why = Complaint::connection(code::FRAME_SIZE, "a frame beyond 16384 bytes");
                    return Ok(Some(Err(why)));
                }
                if self.buffer.len() >= HEAD + length {
                    let rest = self.buffer.split_off(HEAD + length);
                    let frame = std::mem::replace(&mut self.buffer, rest);
                    let payload = frame[HEAD..].to_vec();
                    return Ok(Some(Ok(Frame { head, payload })));
                }
            }
            if self.from.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

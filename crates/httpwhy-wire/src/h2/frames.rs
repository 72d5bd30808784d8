//! A stream of bytes, cut into frames.

use super::{FrameHead, HEAD, read_frame_head};

/// Cuts what comes over one direction of a connection into frames, whatever the pieces it comes in. Keeps nothing of a
/// payload.
#[derive(Debug, Default)]
pub struct Frames {
    head: [u8; HEAD],
    have: usize,
    left: u32,
}

/// A piece of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A frame begins.
    Head(FrameHead),
    /// The next bytes of its payload; never empty.
    Payload(&'a [u8]),
}

impl Frames {
    /// Takes the beginning of the bytes, at least one of them when there are any: how many, and what they are. `None`
    /// is a head that is not yet complete.
    pub fn next<'a>(&mut self, bytes: &'a [u8]) -> (usize, Option<Piece<'a>>) {
        if self.left > 0 {
            let count = bytes.len().min(self.left as usize);
            self.left -= count as u32;
            return (count, (count > 0).then(|| Piece::Payload(&bytes[..count])));
        }
        let count = bytes.len().min(HEAD - self.have);
        self.head[self.have..self.have + count].copy_from_slice(&bytes[..count]);
        self.have += count;
        if self.have < HEAD {
            return (count, None);
        }
        self.have = 0;
        let head = read_frame_head(&self.head).unwrap_or_default();
        self.left = head.length;
        (count, Some(Piece::Head(head)))
    }

    /// How many bytes of the current frame's payload have not come.
    pub fn left(&self) -> u32 {
        self.left
    }

    /// Whether the stream is between two frames.
    pub fn is_between(&self) -> bool {
        self.left == 0 && self.have == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h2::{kind, write_frame};

    #[test]
    fn frames_are_the_same_at_every_split() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, kind::SETTINGS, 0, 0, b"");
        write_frame(&mut bytes, kind::DATA, 1, 3, b"hello");
        write_frame(&mut bytes, kind::PING, 0, 0, b"12345678");
        let read = |size: usize| {
            let (mut heads, mut payload) = (Vec::new(), Vec::new());
            let mut frames = Frames::default();
            for mut piece in bytes.chunks(size) {
                while !piece.is_empty() {
                    let (taken, found) = frames.next(piece);
                    assert!(taken > 0);
                    piece = &piece[taken..];
                    match found {
                        Some(Piece::Head(head)) => heads.push((head.kind, head.stream)),
                        Some(Piece::Payload(part)) => payload.extend_from_slice(part),
                        None => {}
                    }
                }
            }
            assert!(frames.is_between());
            (heads, payload)
        };
        let whole = read(bytes.len());
        assert_eq!(whole.0, [(4, 0), (0, 3), (6, 0)]);
        assert_eq!(whole.1, b"hello12345678");
        for size in 1..bytes.len() {
            assert_eq!(read(size), whole, "{size}");
        }
    }
}

//! Which file a position is in, whatever the file is called now.
//!
//! Device and inode are not enough: inodes are used again, a truncated file keeps its own, and a copy has another. So the
//! hashes of the first bytes and of those before the position belong to a position too.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use serde::{Deserialize, Serialize};

use crate::hash::steady;
use crate::source::read_at;

/// Bytes of a file's beginning that are looked at.
const HEAD: u64 = 1024;
/// Bytes before the position that are looked at.
const TAIL: u64 = 256;
/// With less in common, only the inode makes two files the same: headers of different files are alike.
const TELLING: u64 = 64;

/// The hash of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Print {
    length: u32,
    hash: u64,
}

impl Print {
    fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len() as u32,
            hash: steady(bytes),
        }
    }

    /// Of the bytes from there on; shorter where the file ends.
    fn at(file: &File, offset: u64, length: u64) -> io::Result<Self> {
        let mut bytes = vec![0; length.min(HEAD) as usize];
        let count = read_at(file, &mut bytes, offset)?;
        Ok(Self::of(&bytes[..count]))
    }
}

/// A position in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Device and inode.
    pub(crate) id: (u64, u64),
    /// What stands before was read: up to a line's end. The whole size of a packed file.
    pub(crate) offset: u64,
    /// The file is packed, and was read as a whole.
    pub(crate) packed: bool,
    head: Print,
    tail: Print,
}

/// Device and inode.
pub(crate) fn id_of(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

impl Mark {
    /// The beginning of a file.
    pub(crate) fn start(id: (u64, u64)) -> Self {
        Self {
            id,
            head: Print::of(b""),
            tail: Print::of(b""),
            ..Self::default()
        }
    }

    /// A position in a file.
    pub(crate) fn of(file: &File, id: (u64, u64), offset: u64, packed: bool) -> io::Result<Self> {
        let tail = offset.min(TAIL);
        Ok(Self {
            id,
            offset,
            packed,
            head: Print::at(file, 0, offset.min(HEAD))?,
            tail: Print::at(file, offset - tail, tail)?,
        })
    }

    /// Whether the file holds, up to the position, what was read; of a packed one, whether it is the same to its end.
    pub(crate) fn holds(&self, file: &File, size: u64) -> bool {
        let long_enough = if self.packed {
            size == self.offset
        } else {
            size >= self.offset
        };
        long_enough && Self::of(file, self.id, self.offset, self.packed).is_ok_and(|m| m == *self)
    }

    /// Whether enough was read to know the file again by its content alone.
    pub(crate) const fn is_telling(&self) -> bool {
        self.offset >= TELLING
    }

    /// Whether these are the first bytes of what was read, as far as both go.
    pub(crate) fn begins_like(&self, bytes: &[u8]) -> bool {
        bytes
            .get(..self.head.length as usize)
            .is_some_and(|head| Print::of(head) == self.head)
    }

    /// Whether these bytes stand right before the position.
    pub(crate) fn ends_like(&self, bytes: &[u8]) -> bool {
        let from = bytes.len().saturating_sub(self.tail.length as usize);
        Print::of(&bytes[from..]) == self.tail
    }

    /// How many bytes [`Mark::ends_like`] needs.
    pub(crate) const fn tail(&self) -> u64 {
        self.tail.length as u64
    }
}

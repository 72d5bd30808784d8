//! A file that was renamed, copied or packed since it was read, looked for beside the path where it was.

use std::fs::{DirEntry, read_dir};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::mark::{Mark, id_of};
use crate::read::unpacked_window;
use crate::source::{Opened, Packing, open, read_at};

/// Entries of a folder that are looked at.
const ENTRIES: usize = 10_000;
/// Files whose content is looked at.
const CANDIDATES: usize = 32;

/// Whether an opened file is the one in which the position is: the same, moved, copied or packed.
pub(super) fn is_it(opened: &Opened, mark: &Mark) -> bool {
    let Some(size) = opened.size else {
        return false;
    };
    match (opened.packing, mark.packed) {
        (Packing::Plain, false)
        | (Packing::Gzip | Packing::Zstandard | Packing::Xz | Packing::Bzip2, true) => {
            let here = opened.file.metadata().map(|meta| id_of(&meta));
            let same = here.is_ok_and(|id| id == mark.id);
            (same || mark.is_telling()) && mark.holds(&opened.file, size)
        }
        (Packing::Plain, true) => false,
        (packing, false) => mark.is_telling() && holds_unpacked(opened, packing, mark),
    }
}

/// Whether the file, unpacked, holds what was read up to the position.
fn holds_unpacked(opened: &Opened, packing: Packing, mark: &Mark) -> bool {
    let mut packed = vec![0; 64 * 1024];
    let Ok(count) = read_at(&opened.file, &mut packed, 0) else {
        return false;
    };
    if !mark.begins_like(&unpacked_window(packing, &packed[..count])) {
        return false;
    }
    let whole = FromStart {
        file: &opened.file,
        at: 0,
    };
    let mut unpacked = packing.unpack(whole);
    let before = mark.offset - mark.tail();
    let mut tail = Vec::new();
    let passed = std::io::copy(&mut unpacked.by_ref().take(before), &mut std::io::sink());
    passed.is_ok_and(|count| count == before)
        && unpacked.take(mark.tail()).read_to_end(&mut tail).is_ok()
        && mark.ends_like(&tail)
}

/// Reads a file from its beginning, without moving its own place.
pub(crate) struct FromStart<'a> {
    pub(crate) file: &'a std::fs::File,
    pub(crate) at: u64,
}

impl std::io::Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = read_at(self.file, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// The file in which the position is, among those beside the path that are not taken, with its path.
pub(super) fn beside(
    path: &Path,
    mark: &Mark,
    is_taken: impl Fn((u64, u64)) -> bool,
) -> Option<(PathBuf, Opened)> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut found: Vec<(bool, SystemTime, PathBuf)> = read_dir(folder)
        .ok()?
        .take(ENTRIES)
        .filter_map(|entry| candidate(&entry.ok()?, path, mark, &is_taken))
        .collect();
    // The same inode first, then the youngest.
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(CANDIDATES);
    found.into_iter().find_map(|(_, _, path)| {
        let opened = open(&path).ok()?;
        is_it(&opened, mark).then_some((path, opened))
    })
}

/// A regular file that is the same inode, or is named like the path: `access.log.1`, `access-20261103.log.gz`.
fn candidate(
    entry: &DirEntry,
    path: &Path,
    mark: &Mark,
    is_taken: impl Fn((u64, u64)) -> bool,
) -> Option<(bool, SystemTime, PathBuf)> {
    let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let id = id_of(&meta);
    let own = path.file_name()?.as_encoded_bytes();
    let stem = own.split(|byte| *byte == b'.').next()?;
    let name = entry.file_name();
    let named_like = name.as_encoded_bytes() != own && name.as_encoded_bytes().starts_with(stem);
    let same = id == mark.id;
    if is_taken(id) || !(same || named_like) {
        return None;
    }
    Some((
        same,
        meta.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        path.with_file_name(name),
    ))
}

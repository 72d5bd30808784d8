//! A state as a file: a line that says what it is, and a gzip member, whose check sum (RFC 1952 section 2.3.1) tells a
//! damaged one. Written beside its place and renamed, so that there is always a whole one.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::StateError;

/// How the first line begins; the version follows.
const MAGIC: &[u8] = b"httpwhy logs state ";
/// The version of everything behind the first line. To be raised when an image changes, and when a format's shape gets
/// another meaning for its bits or words.
const VERSION: u32 = 2;
/// A state is never longer, packed.
const LONGEST: u64 = 64 << 20;
/// Nor unpacked.
const LONGEST_UNPACKED: u64 = 64 << 20;

/// The file of these bytes.
pub(super) fn pack(image: &[u8]) -> Result<Vec<u8>, StateError> {
    let mut bytes = MAGIC.to_vec();
    let made_by = env!("CARGO_PKG_VERSION");
    writeln!(bytes, "{VERSION} (httpwhy {made_by})").map_err(StateError::Io)?;
    let mut packer = GzEncoder::new(bytes, Compression::fast());
    packer.write_all(image).map_err(StateError::Io)?;
    packer.finish().map_err(StateError::Io)
}

/// The bytes of a file.
pub(super) fn unpack(file: &[u8]) -> Result<Vec<u8>, StateError> {
    let rest = file.strip_prefix(MAGIC).ok_or(StateError::NotOne)?;
    let end = rest.iter().take(200).position(|byte| *byte == b'\n');
    let (line, packed) = rest.split_at(end.ok_or(StateError::NotOne)?);
    let line = String::from_utf8_lossy(line);
    let version = line.split(' ').next().and_then(|word| word.parse().ok());
    if version != Some(VERSION) {
        return Err(StateError::Version {
            found: line.into_owned(),
            known: VERSION,
        });
    }
    let packed = &packed[1..];
    let mut unpacked = Vec::new();
    let mut reader = GzDecoder::new(packed).take(LONGEST_UNPACKED + 1);
    reader
        .read_to_end(&mut unpacked)
        .map_err(|error| StateError::Damaged(error.to_string()))?;
    if unpacked.len() as u64 > LONGEST_UNPACKED {
        return Err(StateError::TooLong);
    }
    if !reader.into_inner().into_inner().is_empty() {
        return Err(StateError::Damaged(
            "something stands behind its end".to_owned(),
        ));
    }
    Ok(unpacked)
}

/// Reads a file of bounded length; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(StateError::Io)?,
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(StateError::Io)?;
    if bytes.len() as u64 > LONGEST {
        return Err(StateError::TooLong);
    }
    Ok(Some(bytes))
}

/// Puts a file in place of one that may be there, so that a reader finds the old one or the new one, whole, whatever
/// happens meanwhile. `mode` is who may read it (chmod(2)).
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A link stays one: what it points to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = beside(&path, &format!("{}.tmp", std::process::id()));
    // One that a killed process left; whatever else is there is not written through.
    let _ = std::fs::remove_file(&beside);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, &path));
    if written.is_err() {
        // Nothing half-written stays.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Holds others off a state as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes a state, by a file `….lock` beside it.
    pub fn of(path: &Path) -> Result<Self, StateError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path, "lock"))
            .map_err(StateError::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StateError::Busy),
            Err(TryLockError::Error(error)) => Err(StateError::Io(error)),
        }
    }
}

/// `folder/name.end`.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(end);
    path.with_file_name(name)
}

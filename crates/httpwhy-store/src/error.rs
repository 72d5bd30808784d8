//! Why a store could not do its work.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::RunId;

/// Why a store could not do its work: what, where, and what to do.
#[derive(Debug)]
pub enum Error {
    /// There is no store at that place.
    Missing(PathBuf),
    /// The file was written by a newer httpwhy.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The file is something else.
    Foreign(PathBuf),
    /// The file or its folder cannot be used.
    Io(PathBuf, io::Error),
    /// Another process wrote for too long.
    Busy,
    /// The run was removed, or has ended.
    Gone(RunId),
    /// The run is under way.
    Running(RunId),
    /// What is stored is not what was written.
    Damaged(String),
    /// The backend's own error: no room left on the disk, no right to write.
    Backend(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(
                f,
                "there is no store of runs at '{}'; probe --save makes one",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "'{}' was written by a newer httpwhy (tables of version {found}, known here: {known}); use that one, or \
                 another file",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "'{}' is no store of runs; name another file",
                path.display()
            ),
            Self::Io(path, error) => write!(f, "cannot use '{}': {error}", path.display()),
            Self::Busy => f.write_str("another process is writing to the store; try again later"),
            Self::Gone(run) => write!(f, "run {run} was removed or has ended"),
            Self::Running(run) => write!(
                f,
                "run {run} is under way; it can be removed once it has ended"
            ),
            Self::Damaged(what) => write!(f, "what is stored is damaged: {what}"),
            Self::Backend(what) => write!(f, "the store failed: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, error) => Some(error),
            _ => None,
        }
    }
}

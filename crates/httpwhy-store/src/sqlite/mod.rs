//! The store in one SQLite file.
//!
//! Write-ahead logging lets readers go on while somebody writes; `synchronous=NORMAL` means that a killed process loses no
//! committed batch, and that a power failure may lose the last ones but never the file (sqlite.org/pragma.html,
//! "synchronous"). One connection writes; each question opens one of its own, which costs less than a millisecond.

mod migrations;
mod parts;
mod read;
mod write;

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{
    EntryTotal, Error, MinuteTotal, NewRun, Record, Row, Run, RunEnd, RunId, Store, Total, Wanted,
};
use write::Writer;

/// How long another process may write before we give up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs in one SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    writer: Mutex<Writer>,
}

impl SqliteStore {
    /// Opens the store in that file and makes it, readable by its owner only, with its folder, where there is none. Tables
    /// of an older httpwhy are brought up to date.
    ///
    /// # Errors
    /// When the file is something else or of a newer httpwhy, or cannot be used.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Io(path.to_owned(), error);
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            private_folder(folder).map_err(failed)?;
        }
        private_file(path).map_err(failed)?;
        Self::at(path)
    }

    /// Opens the store in that file, which is there.
    ///
    /// # Errors
    /// As [`SqliteStore::create`], and [`Error::Missing`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        match path.try_exists() {
            Ok(true) => Self::at(path),
            Ok(false) => Err(Error::Missing(path.to_owned())),
            Err(error) => Err(Error::Io(path.to_owned(), error)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn at(path: &Path) -> Result<Self, Error> {
        let mut connection = connect(path)?;
        migrations::bring_up_to_date(&mut connection, path)?;
        Ok(Self {
            writer: Mutex::new(Writer::new(connection)?),
            path: path.to_owned(),
        })
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic inside rolls its transaction back.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self) -> Result<Connection, Error> {
        connect(&self.path)
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn begin(&self, new: &NewRun) -> Result<RunId, Error> {
        self.writer().begin(new)
    }

    fn append(&self, run: RunId, records: &[Record]) -> Result<(), Error> {
        self.writer().append(run, records)
    }

    fn finish(&self, run: RunId, end: &RunEnd) -> Result<(), Error> {
        self.writer().finish(run, end)
    }

    fn runs(&self) -> Result<Vec<Run>, Error> {
        read::runs(&self.reader()?, None)
    }

    fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        Ok(read::runs(&self.reader()?, Some(run))?.pop())
    }

    fn totals(&self, run: RunId) -> Result<Vec<Total>, Error> {
        read::totals(&self.reader()?, run)
    }

    fn entry_points(&self, run: RunId) -> Result<Vec<EntryTotal>, Error> {
        read::entry_points(&self.reader()?, run)
    }

    fn minutes(&self, run: RunId) -> Result<Vec<MinuteTotal>, Error> {
        read::minutes(&self.reader()?, run)
    }

    fn rows(
        &self,
        run: RunId,
        wanted: &Wanted,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        read::rows(&self.reader()?, run, wanted, each)
    }

    fn remove(&self, run: RunId) -> Result<Option<u64>, Error> {
        self.writer().remove(run)
    }

    fn sweep(&self) -> Result<u64, Error> {
        let before = self.size()?;
        self.writer().sweep()?;
        Ok(before.saturating_sub(self.size()?))
    }

    fn size(&self) -> Result<u64, Error> {
        let beside = |ending: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(ending);
            std::fs::metadata(name).map_or(0, |file| file.len())
        };
        Ok(beside("") + beside("-wal"))
    }
}

fn connect(path: &Path) -> Result<Connection, Error> {
    // Without SQLITE_OPEN_CREATE and SQLITE_OPEN_URI: a name is a name.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| told(path, error))?;
    set_up(&connection).map_err(|error| told(path, error))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    // Before the first table is made, or it has no effect.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}

/// The error with the place where it arose.
fn told(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Foreign(path.to_owned()),
        Some(ErrorCode::CannotOpen) => {
            let why = std::fs::File::open(path).err();
            let why = why.unwrap_or_else(|| io::Error::other(error.to_string()));
            Error::Io(path.to_owned(), why)
        }
        _ => error.into(),
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(ErrorCode::DiskFull) => {
                Self::Backend("there is no room left on the disk".to_owned())
            }
            Some(ErrorCode::ReadOnly) => Self::Backend("the file may not be written to".to_owned()),
            _ => Self::Backend(error.to_string()),
        }
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

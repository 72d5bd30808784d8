//! A folder that lives as long as its test.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// An empty folder of the test's own, removed when dropped.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
}

impl Workspace {
    /// Makes the folder.
    ///
    /// # Panics
    /// When the system's folder for temporary files takes none.
    #[expect(
        clippy::new_without_default,
        reason = "it makes a folder: not a default"
    )]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("httpwhy-test-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file in it, there or not.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("a file in a folder of our own");
        path
    }

    /// Reads a file as text.
    ///
    /// # Panics
    /// When it is not there or is no UTF-8.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a text file that was written")
    }
}

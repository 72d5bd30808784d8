//! The captures of real servers (`tests/reality`), each driven into one situation whose culprit is known.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// How many there are.
pub(crate) const COUNT: usize = 205;

/// One capture, as it lies on the disk.
pub(crate) struct Capture {
    /// `server/scenario`: only to say which one it is.
    pub(crate) name: String,
    /// Whoever may be blamed.
    pub(crate) culprits: Vec<String>,
    path: PathBuf,
}

/// Every capture, in the order of their names.
pub(crate) fn captures() -> Vec<Capture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reality");
    let mut files: Vec<PathBuf> = entries(&root).iter().flat_map(|at| entries(at)).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let captures: Vec<Capture> = files
        .iter()
        .map(|file| Capture::read(&root, file))
        .collect();
    assert_eq!(captures.len(), COUNT);
    captures
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .map(|list| list.map(|entry| entry.expect("readable").path()).collect())
        .unwrap_or_default()
}

/// A text among the facts; empty where there is none.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Capture {
    fn read(root: &Path, file: &Path) -> Self {
        let facts: Value =
            serde_json::from_slice(&fs::read(file).expect("readable")).expect("JSON");
        let mut culprits = vec![text(&facts["culprit"])];
        let also = facts["culprit_also"].as_array().expect("a list");
        culprits.extend(also.iter().map(text));
        let name = file.with_extension("");
        let name = name.strip_prefix(root).expect("below the root");
        Self {
            name: name.display().to_string(),
            culprits,
            path: file.to_owned(),
        }
    }

    /// The file of it with that ending: `json`, what was noted; `response`, what came; `log`, what the server wrote.
    pub(crate) fn beside(&self, ending: &str) -> Vec<u8> {
        fs::read(self.path.with_extension(ending)).expect("readable")
    }

    /// Whether that party, or `none`, is the true one.
    pub(crate) fn is_right(&self, named: &str) -> bool {
        self.culprits.iter().any(|culprit| culprit == named)
    }
}

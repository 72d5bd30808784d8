//! The files of the workspace.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold no files of ours, wherever they stand.
const NOT_OURS: &[&str] = &[".git", "target", "corpus", "artifacts", "node_modules"];

/// Whether the file's name ends so (without the dot).
pub(crate) fn has_extension(file: &str, extension: &str) -> bool {
    Path::new(file)
        .extension()
        .is_some_and(|end| end == extension)
}

/// A folder with files: the workspace, or one that a test made.
pub(crate) struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The workspace this chore was started in.
    pub(crate) fn of_this_workspace() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .context("CARGO_MANIFEST_DIR is not set: start this as `cargo xtask`")?;
        let root = Path::new(&manifest)
            .parent()
            .context("the chores live in a folder of the workspace")?;
        Ok(Self::at(root))
    }

    /// The tree at that folder.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The absolute form of a path of this tree.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }

    /// The text of a file, or `None` when it does not exist.
    pub(crate) fn read(&self, file: &str) -> Result<Option<String>> {
        match std::fs::read_to_string(self.path(file)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context(file.to_owned()),
        }
    }

    /// All files below a folder (`""`: the root), relative to the root with `/`, sorted. A folder that does not exist
    /// has none.
    pub(crate) fn files(&self, folder: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for (name, is_folder) in self.items(&folder)? {
                let path = if folder.is_empty() {
                    name.clone()
                } else {
                    format!("{folder}/{name}")
                };
                if !is_folder {
                    found.push(path);
                } else if !NOT_OURS.contains(&name.as_str()) {
                    folders.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// What stands directly in a folder: names, and whether each is a folder. Sorted by name.
    pub(crate) fn items(&self, folder: &str) -> Result<Vec<(String, bool)>> {
        let path = self.path(folder);
        if !path.is_dir() {
            return Ok(Vec::new());
        }
        let mut items = Vec::new();
        for item in std::fs::read_dir(&path).with_context(|| folder.to_owned())? {
            let item = item.with_context(|| folder.to_owned())?;
            let name = item.file_name();
            let name = name
                .to_str()
                .with_context(|| format!("{folder}/{}: no UTF-8", name.display()))?;
            items.push((name.to_owned(), item.file_type()?.is_dir()));
        }
        items.sort();
        Ok(items)
    }
}

#[cfg(test)]
pub(crate) mod planted {
    //! Trees that tests plant.

    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Tree;

    static COUNT: AtomicUsize = AtomicUsize::new(0);

    /// A tree in a folder of its own, removed at the end.
    pub(crate) struct Planted {
        folder: PathBuf,
        pub(crate) tree: Tree,
    }

    impl Planted {
        pub(crate) fn new(files: &[(&str, &str)]) -> Self {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let folder =
                std::env::temp_dir().join(format!("xtask-{}-{number}", std::process::id()));
            let planted = Self {
                tree: Tree::at(&folder),
                folder,
            };
            for (file, text) in files {
                planted.write(file, text);
            }
            planted
        }

        pub(crate) fn write(&self, file: &str, text: &str) {
            let path = self.tree.path(file);
            std::fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder");
            std::fs::write(path, text).expect("file");
        }
    }

    impl Drop for Planted {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::planted::Planted;

    #[test]
    fn files_are_sorted_and_build_products_left_out() {
        let planted = Planted::new(&[("b/x.rs", ""), ("a.rs", ""), ("target/y.rs", "")]);
        assert_eq!(
            planted.tree.files("").expect("readable"),
            ["a.rs", "b/x.rs"]
        );
        assert!(planted.tree.files("nowhere").expect("readable").is_empty());
    }
}

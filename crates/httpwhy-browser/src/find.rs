//! Where Chromium is.

use std::env;
use std::path::{Path, PathBuf};

use crate::Trouble;

/// The names under which Chromium and its kin are installed, in the order in which they are looked for on the PATH.
pub const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "microsoft-edge",
];

/// Where macOS keeps them.
const PLACES: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// The browser to start: the given one, or the first of [`NAMES`] on the PATH.
///
/// # Errors
/// [`Trouble::NotInstalled`] says what was looked for.
pub fn find(given: Option<&Path>) -> Result<PathBuf, Trouble> {
    if let Some(given) = given {
        return named(given);
    }
    let places = PLACES.iter().map(PathBuf::from);
    on_path(NAMES)
        .chain(places)
        .find(|path| can_be_started(path))
        .ok_or_else(|| Trouble::NotInstalled {
            said: format!("none of {} is on the PATH", NAMES.join(", ")),
        })
}

/// A path, or a name to be looked for on the PATH.
fn named(given: &Path) -> Result<PathBuf, Trouble> {
    let is_name = given.components().count() == 1 && !given.is_absolute();
    let found = match given.to_str().filter(|_| is_name) {
        Some(name) => on_path(&[name]).find(|path| can_be_started(path)),
        None => Some(given.to_owned()).filter(|path| can_be_started(path)),
    };
    found.ok_or_else(|| Trouble::NotInstalled {
        said: format!("'{}' is no program that can be started", given.display()),
    })
}

fn on_path(names: &[&str]) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let paths: Vec<PathBuf> = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .collect();
    paths.into_iter()
}

fn can_be_started(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_program_is_said() {
        for given in [
            "/nonexistent/chromium",
            "/etc/passwd",
            "no-such-browser-anywhere",
        ] {
            let trouble = find(Some(Path::new(given))).expect_err(given);
            assert!(trouble.to_string().contains(given), "{trouble}");
            assert_eq!(trouble.signal().word_text(), "not-installed");
        }
        assert_eq!(
            find(Some(Path::new("sh"))).map(|path| path.is_absolute()),
            Ok(true)
        );
    }
}

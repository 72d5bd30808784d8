//! Where runs are stored, and which of them is meant.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use httpwhy_store::{Error, Run, SqliteStore, Store};

use crate::exit::Failure;

/// Names the file of runs.
pub(crate) const VARIABLE: &str = "HTTPWHY_STORE";
/// Runs named when one that is not there was asked for.
const NAMED: usize = 5;

/// The file of runs: what `HTTPWHY_STORE` says, or else the one in the user's data directory.
///
/// # Errors
/// When there is no such directory.
pub(crate) fn usual(
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
) -> Result<PathBuf, Failure> {
    let set = |name: &str| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(file) = set(VARIABLE) {
        return Ok(file);
    }
    let folder = data_folder(set).ok_or_else(|| {
        Failure::usage(format_args!(
            "there is no home directory to keep runs in: name a file with {VARIABLE}"
        ))
    })?;
    Ok(folder.join("httpwhy").join("runs.db"))
}

/// The user's data directory (XDG Base Directory Specification, and its like on other systems).
fn data_folder(set: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    // A relative one counts as not set, says the specification.
    let absolute = |name: &str| set(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    let below_home = |below: &str| absolute("HOME").map(|home| home.join(below));
    if cfg!(target_os = "macos") {
        return absolute("XDG_DATA_HOME").or_else(|| below_home("Library/Application Support"));
    }
    absolute("XDG_DATA_HOME").or_else(|| below_home(".local/share"))
}

/// A run as the command line names it: its number, `last`, or `last~1` for the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Number(u64),
    FromLast(usize),
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let none = || {
            format!(
                "'{text}' names no run: a number of httpwhy runs list, last, or last~1 for the one before"
            )
        };
        if text == "last" {
            return Ok(Self::FromLast(0));
        }
        if let Some(back) = text.strip_prefix("last~") {
            return back.parse().map(Self::FromLast).map_err(|_| none());
        }
        text.parse().map(Self::Number).map_err(|_| none())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::FromLast(0) => f.write_str("last"),
            Self::FromLast(back) => write!(f, "last~{back}"),
        }
    }
}

/// The run of that name.
///
/// # Errors
/// When there is none: which there are.
pub(crate) fn find(store: &SqliteStore, name: Name) -> Result<Run, Failure> {
    let runs = store.runs()?;
    let at = match name {
        Name::Number(number) => runs.iter().position(|run| run.id.0 == number),
        Name::FromLast(back) => runs.len().checked_sub(back + 1),
    };
    if let Some(at) = at {
        return Ok(runs.into_iter().nth(at).expect("a position in it"));
    }
    let file = store.path().display();
    if runs.is_empty() {
        return Err(Failure::usage(format_args!(
            "there is no run {name}: '{file}' holds none yet"
        )));
    }
    let few = runs.iter().rev().take(NAMED).map(|run| run.id.to_string());
    let few: Vec<String> = few.collect();
    let more = match runs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Err(Failure::usage(format_args!(
        "there is no run {name}: '{file}' holds {}{more} (httpwhy runs list)",
        few.join(", ")
    )))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(_) | Error::Newer { .. } | Error::Foreign(_) | Error::Running(_) => {
                Self::usage(error)
            }
            Error::Io(..)
            | Error::Busy
            | Error::Gone(_)
            | Error::Damaged(_)
            | Error::Backend(_) => Self::infrastructure(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_runs() {
        for (text, name) in [
            ("12", Name::Number(12)),
            ("last", Name::FromLast(0)),
            ("last~3", Name::FromLast(3)),
        ] {
            assert_eq!(text.parse(), Ok(name));
            assert_eq!(name.to_string(), text);
        }
        for bad in ["", "first", "last~", "last~x", "-1", "1.5"] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn the_user_s_data_directory() {
        for (variables, wanted) in [
            (
                &[("HTTPWHY_STORE", "x.db"), ("HOME", "/home/me")][..],
                Some("x.db"),
            ),
            (
                &[("HTTPWHY_STORE", ""), ("HOME", "/home/me")],
                Some("/home/me/.local/share/httpwhy/runs.db"),
            ),
            (
                &[("XDG_DATA_HOME", "/data"), ("HOME", "/home/me")],
                Some("/data/httpwhy/runs.db"),
            ),
            (
                &[("XDG_DATA_HOME", "data"), ("HOME", "/home/me")],
                Some("/home/me/.local/share/httpwhy/runs.db"),
            ),
            (&[], None),
        ] {
            let found = usual(|name| {
                let known = variables.iter().find(|(known, _)| *known == name);
                known.map(|(_, value)| (*value).into())
            });
            assert_eq!(found.ok(), wanted.map(PathBuf::from), "{variables:?}");
        }
    }
}

//! Secrets by reference: where they are, and how they are fetched.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use crate::program;

/// Bytes of a secret at most.
const LONGEST: u64 = 64 * 1024;
/// How long a program may take that prints one.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A variable of the environment.
    Env(String),
    /// A file; line ends at its end are no part of it.
    File(String),
    /// A program and its arguments.
    Cmd(Vec<String>),
}

impl Reference {
    /// # Errors
    /// What is expected; the text itself may be a secret and is not repeated.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or(("", ""));
        match (kind, rest.trim()) {
            ("env", name) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            ("file", path) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            ("cmd", line) if !line.is_empty() => {
                Ok(Self::Cmd(line.split_whitespace().map(str::to_owned).collect()))
            }
            _ => Err(
                "a secret stands here itself: write where it is instead, env:NAME, file:PATH or cmd:PROGRAM ARGUMENTS"
                    .to_owned(),
            ),
        }
    }

    /// Fetches it. A relative path is one of `folder`.
    ///
    /// # Errors
    /// Why it cannot be had.
    pub(crate) fn fetch(&self, folder: &Path) -> Result<String, String> {
        let secret = match self {
            Self::Env(name) => std::env::var(name).map_err(|error| match error {
                std::env::VarError::NotPresent => {
                    format!("the environment variable {name} is not set")
                }
                std::env::VarError::NotUnicode(_) => {
                    format!("the environment variable {name} is no UTF-8")
                }
            })?,
            Self::File(path) => {
                let path = folder.join(path);
                let mut text = String::new();
                File::open(&path)
                    .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
                    .map_err(|error| format!("cannot read '{}': {error}", path.display()))?;
                if text.len() as u64 > LONGEST {
                    return Err(format!(
                        "'{}' is longer than a secret may be",
                        path.display()
                    ));
                }
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            Self::Cmd(command) => program::run(command, PATIENCE).map_err(|trouble| {
                format!(
                    "the program {} gave no secret: {}",
                    command.first().map_or("", String::as_str),
                    trouble.word()
                )
            })?,
        };
        if secret.is_empty() {
            return Err(format!("{} is empty", self.said()));
        }
        Ok(secret)
    }

    /// In words, without the secret.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::Env(name) => format!("env:{name}"),
            Self::File(path) => format!("file:{path}"),
            Self::Cmd(command) => format!("cmd:{}", command.first().map_or("", String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_itself_is_refused_and_not_repeated() {
        for inline in ["hunter2", "env:", "pass:word", "", "file:"] {
            let error = Reference::read(inline).expect_err(inline);
            assert!(
                !error.contains("hunter2") && error.contains("env:NAME"),
                "{error}"
            );
        }
        let read = Reference::read("cmd:echo  s3 cret").expect("good");
        assert_eq!(read.fetch(Path::new(".")).as_deref(), Ok("s3 cret"));
        let none = Reference::read("env:HTTPWHY_NO_SUCH_NAME").expect("good");
        let error = none.fetch(Path::new(".")).expect_err("not set");
        assert!(error.contains("HTTPWHY_NO_SUCH_NAME is not set"), "{error}");
        let none = Reference::read("file:no/such").expect("good");
        assert!(none.fetch(Path::new("/nowhere")).is_err());
    }
}

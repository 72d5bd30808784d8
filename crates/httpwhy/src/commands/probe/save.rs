//! `--save`: the run is kept for `httpwhy runs`.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use httpwhy_model::{Blame, redact_uri};
use httpwhy_store::{NewRun, Record, RunEnd, Saver, SqliteStore, Store};

use super::complain;
use super::summary::Ended;
use crate::commands::runs::place;
use crate::exit::Failure;
use crate::judge::Judged;

/// With so many targets a run is kept only where that was asked for.
const MANY: usize = 100_000;
/// Characters kept of the targets on the command line.
const COMMAND: usize = 300;

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Runs")]
pub(crate) struct SaveArgs {
    /// Keep the run for httpwhy runs: in that file, or else in HTTPWHY_STORE or the user's data directory. Credentials are
    /// hidden. At a terminal, runs of fewer than 100,000 targets are kept without asking
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    #[expect(
        clippy::option_option,
        reason = "how clap has an option whose value may be left out"
    )]
    save: Option<Option<PathBuf>>,

    /// Do not keep the run
    #[arg(long, conflicts_with = "save")]
    no_save: bool,

    /// Beyond the first thousand successes of a kept run, keep heads and content of one of so many; 0: of no success at
    /// all. All failures are kept, and of each exchange what it came to
    #[arg(long, value_name = "N", default_value_t = 100)]
    save_sample: u32,
}

/// A run that is being kept.
pub(crate) struct Saving {
    saver: Saver,
    file: PathBuf,
    /// Whether it was asked for: then it is a failure when it cannot be done.
    asked: bool,
}

impl SaveArgs {
    /// Begins to keep the run, where it is to be kept. `targets`: how many there are, where that is known.
    ///
    /// # Errors
    /// When it was asked for and cannot be done.
    pub(crate) fn begin(
        &self,
        words: &[String],
        targets: Option<usize>,
        quiet: bool,
    ) -> Result<Option<Saving>, Failure> {
        let variable = |name: &str| std::env::var_os(name);
        let at_terminal = std::io::stdout().is_terminal() || std::io::stderr().is_terminal();
        let asked = self.save.is_some();
        if !asked && (self.no_save || !by_itself(at_terminal, variable, targets)) {
            return Ok(None);
        }
        let named = self.save.clone().flatten();
        let begun = named
            .map_or_else(|| place::usual(variable), Ok)
            .and_then(|file| self.saver(&file, words).map(|saver| (saver, file)));
        match begun {
            Ok((saver, file)) => Ok(Some(Saving { saver, file, asked })),
            Err(failure) if asked => Err(failure),
            Err(failure) => {
                if !quiet {
                    complain(&format!("this run is not kept: {failure} (--no-save)"));
                }
                Ok(None)
            }
        }
    }

    fn saver(&self, file: &Path, words: &[String]) -> Result<Saver, Failure> {
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(file)?);
        let new = NewRun {
            command: command(words),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: SystemTime::now(),
            sample: self.save_sample,
        };
        Ok(Saver::begin(store, &new)?)
    }
}

/// Whether a run is kept without being asked for: a person looks on, and it is not too long.
fn by_itself(
    at_terminal: bool,
    variable: impl Fn(&str) -> Option<OsString>,
    targets: Option<usize>,
) -> bool {
    let in_ci = variable("CI").is_some_and(|value| !value.is_empty() && value != "false");
    at_terminal && !in_ci && targets.is_none_or(|targets| targets < MANY)
}

/// What was asked for, for a person. Options are left out: there may be credentials in them.
fn command(words: &[String]) -> String {
    let words = words.iter().map(|word| redact_uri(word));
    let all = format!("probe {}", words.collect::<Vec<_>>().join(" "));
    if all.chars().count() <= COMMAND {
        return all;
    }
    all.chars().take(COMMAND - 1).chain(['\u{2026}']).collect()
}

impl Saving {
    /// Hands one visit over.
    pub(crate) fn take(&self, number: u64, judged: &Judged<'_>) {
        let (deciding, verdict) = judged.deciding();
        let keep = self.saver.keeps(verdict.blame == Blame::Nobody);
        let record = Record::of(number, &judged.visit, judged.steps(), deciding, keep);
        self.saver.put(record);
    }

    /// Ends the run, and says where it is. `false`: it was asked for, and not all of it is kept.
    pub(crate) fn end(&self, ended: &Ended<'_>, quiet: bool) -> bool {
        let saved = self.saver.end(&RunEnd {
            at: SystemTime::now(),
            interrupted: ended.interrupted,
            connections: ended.totals.connections,
            your_side: ended.your_side.map(str::to_owned),
        });
        let file = self.file.display();
        if let Some(error) = saved.failed {
            complain(&format!(
                "run {} is not kept whole in '{file}': {error}",
                saved.run
            ));
            return !self.asked;
        }
        if !quiet {
            complain(&format!(
                "kept as run {0}: httpwhy runs show {0}",
                saved.run
            ));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_s_runs_are_kept_and_no_machine_s() {
        let none = |_: &str| None;
        let ci = |name: &str| (name == "CI").then(|| OsString::from("true"));
        let no_ci = |name: &str| (name == "CI").then(|| OsString::from("false"));
        for (kept, wanted) in [
            (by_itself(true, none, Some(1)), true),
            (by_itself(true, none, Some(99_999)), true),
            (by_itself(true, none, Some(100_000)), false),
            (by_itself(true, none, None), true),
            (by_itself(true, no_ci, Some(1)), true),
            (by_itself(false, none, Some(1)), false),
            (by_itself(true, ci, Some(1)), false),
        ] {
            assert_eq!(kept, wanted);
        }
    }

    #[test]
    fn the_command_holds_no_secret_and_has_an_end() {
        let words = [
            "https://me:secret@a.example/".to_owned(),
            "urls.txt".to_owned(),
        ];
        assert_eq!(
            command(&words),
            "probe https://me:******@a.example/ urls.txt"
        );
        assert_eq!(command(&["x".repeat(999)]).chars().count(), COMMAND);
    }
}

//! `httpwhy runs prune`

use std::time::{Duration, SystemTime};

use httpwhy_schema::write_line;
use httpwhy_store::{Error, Run, SqliteStore, Store};

use super::list;
use super::place::{Name, find};
use super::table::bytes;
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// These runs
    #[arg(value_name = "RUN")]
    runs: Vec<Name>,

    /// All but the latest so many; with --older-than these stay whatever their age
    #[arg(long, value_name = "N", conflicts_with = "runs")]
    keep: Option<usize>,

    /// All that began before: 90m, 12h, 30d
    #[arg(long, value_name = "AGE", value_parser = age, conflicts_with = "runs")]
    older_than: Option<Duration>,
}

pub(super) fn run(store: &SqliteStore, args: &Args, common: &Common) -> Result<Exit, Failure> {
    let mut removed = Vec::new();
    for run in chosen(store, args)? {
        match store.remove(run.id) {
            Ok(Some(_)) => removed.push(run),
            // Somebody else was faster.
            Ok(None) => {}
            Err(Error::Running(run)) if args.runs.is_empty() => {
                super::complain(&format!("run {run} is under way and stays"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Also where nothing was removed: an earlier one may have been broken off.
    let freed = store.sweep()?;
    output::write(|out| {
        if common.json {
            return removed
                .iter()
                .try_for_each(|run| write_line(out, &list::line(run, "removed")));
        }
        for run in &removed {
            let command = httpwhy_render::safe(&run.command);
            writeln!(
                out,
                "removed run {} of {} UTC: {command}",
                run.id,
                list::began(run)
            )?;
        }
        let left = store.runs().map_or(0, |runs| runs.len());
        writeln!(
            out,
            "{} removed, {left} left; {} given back",
            removed.len(),
            bytes(freed)
        )
    })?;
    Ok(Exit::Fine)
}

fn chosen(store: &SqliteStore, args: &Args) -> Result<Vec<Run>, Failure> {
    if !args.runs.is_empty() {
        let mut runs = Vec::new();
        for &name in &args.runs {
            let run = find(store, name)?;
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        return Ok(runs);
    }
    if args.keep.is_none() && args.older_than.is_none() {
        return Err(Failure::usage(
            "which runs? --keep N keeps the latest N, --older-than 30d removes what is older, or name them: httpwhy runs prune 3 4",
        ));
    }
    let mut runs = store.runs()?;
    if let Some(keep) = args.keep {
        runs.truncate(runs.len().saturating_sub(keep));
    }
    if let Some(age) = args.older_than {
        let before = SystemTime::now()
            .checked_sub(age)
            .unwrap_or(SystemTime::UNIX_EPOCH);
        runs.retain(|run| run.started < before);
    }
    Ok(runs)
}

/// `90m`, `12h`, `30d`.
fn age(text: &str) -> Result<Duration, String> {
    let bad = || format!("'{text}' is no age: 90m, 12h or 30d is expected");
    let end = text.len().checked_sub(1).ok_or_else(bad)?;
    let (number, unit) = text.split_at_checked(end).ok_or_else(bad)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(bad()),
    };
    let number: u64 = number.parse().map_err(|_| bad())?;
    number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        for (text, seconds) in [
            ("0s", 0),
            ("90m", 5_400),
            ("12h", 43_200),
            ("30d", 2_592_000),
        ] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "d",
            "30",
            "-1d",
            "1w",
            "1.5h",
            "é",
            "99999999999999999999d",
        ] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}

//! `httpwhy logs merge STATE…`: the states of many hosts, put together.

use std::path::{Path, PathBuf};

use httpwhy_logs::{State, StateError, Triage};
use httpwhy_render::safe;

use super::export::Tables;
use super::metrics::{Metrics, is_stdout};
use super::{Shown, html};
use crate::exit::Failure;
use crate::terms::FailOn;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Put the states of many hosts (--state) together, and say who failed, since when, and what to do
    Merge(Args),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// States that `httpwhy logs --state` has written
    #[arg(required = true, value_name = "STATE")]
    states: Vec<PathBuf>,

    /// Write the merged state as well, to be merged again with others
    #[arg(long, short, value_name = "STATE")]
    output: Option<PathBuf>,

    /// How many names each list shows
    #[arg(long, value_name = "N", default_value_t = 3)]
    top: usize,

    #[command(flatten)]
    report: html::Args,

    #[command(flatten)]
    pub(super) tables: Tables,

    /// Exit with 1 when one of these is found: outcomes, nginx/*, 5xx, parties, any; or is more: 5xx>1%, http/502>100
    #[arg(long, value_name = "TERMS", value_delimiter = ',')]
    pub(super) fail_on: Vec<FailOn>,

    #[command(flatten)]
    pub(super) export: Export,
}

/// Where what was merged goes besides.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Export {
    /// Write Prometheus metrics of what was counted to FILE; - for standard output in place of the report
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,
}

impl Args {
    pub(super) const fn shown(&self) -> Shown {
        Shown {
            top: self.top,
            anonymize: self.report.anonymize,
        }
    }

    /// Whether standard output is taken by metrics.
    pub(super) fn reports_elsewhere(&self) -> bool {
        self.export.metrics.as_deref().is_some_and(is_stdout)
    }
}

/// Merges the states; what all of them counted.
pub(super) fn run(args: &Args) -> Result<Triage, Failure> {
    let inputs: Vec<String> = args
        .states
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    args.tables
        .keep(&inputs)
        .and_then(|()| args.report.keep(&inputs))
        .map_err(Failure::usage)?;
    let single = args.states.len() == 1;
    let mut merged: Option<State> = None;
    for path in &args.states {
        let problem = |error| problem(path, &error);
        let state = State::load(path)
            .and_then(|state| {
                state.ok_or_else(|| StateError::Io(std::io::ErrorKind::NotFound.into()))
            })
            .map_err(problem)?;
        let name = if single { String::new() } else { host(path) };
        match &mut merged {
            None => merged = Some(state.named(&name)),
            Some(merged) => merged.merge(&name, state).map_err(problem)?,
        }
    }
    let merged = merged.ok_or_else(|| Failure::usage("no state was named"))?;
    if let Some(output) = &args.output {
        merged
            .save(output)
            .map_err(|error| problem(output, &error))?;
    }
    let triage = merged.triage();
    args.tables
        .write(&triage, args.report.anonymize)
        .and_then(|()| args.report.write(&triage, args.top))
        .map_err(Failure::usage)?;
    if args.export.metrics.is_some() {
        Metrics::to(args.export.metrics.clone())
            .publish(&triage)
            .map_err(|error| Failure::usage(format!("--metrics: {error}")))?;
    }
    Ok(triage)
}

fn problem(path: &Path, error: &StateError) -> Failure {
    let name = path.display().to_string();
    Failure::usage(format!("{}: {}", safe(&name), safe(&error.to_string())))
}

/// What a host's files are told under: the state's name without its folder and what follows the last dot.
fn host(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    stem.to_string_lossy().into_owned()
}

//! `httpwhy runs`: what earlier runs came to.

mod by;
mod diff;
mod export;
mod list;
pub(crate) mod place;
mod prune;
mod show;
pub(crate) mod stored;
mod table;

use std::path::PathBuf;

use clap::Subcommand;
use httpwhy_store::SqliteStore;

use crate::cli::Common;
use crate::exit::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The file of runs; without it what HTTPWHY_STORE names, or the one in the user's data directory
    #[arg(long, global = true, value_name = "FILE")]
    store: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// All runs, the latest last
    List(list::Args),
    /// One run: its outcomes, who was to blame, what to look at first
    Show(show::Args),
    /// Two runs compared: what is new, mended or otherwise, what became slower
    Diff(diff::Args),
    /// The exchanges of a run as JSON Lines, CSV, HAR or Parquet
    Export(export::Args),
    /// Remove runs
    Prune(prune::Args),
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let store = open(args.store.clone())?;
    match &args.command {
        None => list::run(&store, &list::Args::default(), common),
        Some(Command::List(args)) => list::run(&store, args, common),
        Some(Command::Show(args)) => show::run(&store, args, common),
        Some(Command::Diff(args)) => diff::run(&store, args, common),
        Some(Command::Export(args)) => export::run(&store, args),
        Some(Command::Prune(args)) => prune::run(&store, args, common),
    }
}

/// Opens the store of runs that is there.
pub(crate) fn open(file: Option<PathBuf>) -> Result<SqliteStore, Failure> {
    let file = match file {
        Some(file) => file,
        None => place::usual(|name| std::env::var_os(name))?,
    };
    Ok(SqliteStore::open(&file)?)
}

/// One line on standard error.
fn complain(text: &str) {
    use std::io::Write as _;
    // Whoever closed it does not want to know.
    let _ = writeln!(std::io::stderr(), "httpwhy: {text}");
}

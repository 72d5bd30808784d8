//! `httpwhy runs export`: the exchanges of a run, one after the other, however many there are.

mod csv;
mod har;
mod jsonl;
mod parquet;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::ValueEnum;
use httpwhy_store::{Row, Run, SqliteStore, Store, Wanted};

use super::place::{Name, find};
use crate::exit::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which: its number, last, or last~1 for the one before
    #[arg(default_value = "last", value_name = "RUN")]
    run: Name,

    /// jsonl: what was observed (kind exchange), to be judged again by httpwhy read; csv, parquet: one row an exchange, with the judgement; har: HAR 1.2
    #[arg(long, value_enum, default_value = "jsonl", value_name = "FORMAT")]
    format: Format,

    /// Write to this file instead of standard output; Parquet needs one
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Har,
    Parquet,
}

pub(super) fn run(store: &SqliteStore, args: &Args) -> Result<Exit, Failure> {
    let run = find(store, args.run)?;
    if args.output.as_deref() == Some(store.path()) {
        return Err(Failure::usage(
            "the output would overwrite the store of runs: name another file",
        ));
    }
    if args.format == Format::Parquet {
        let Some(file) = &args.output else {
            return Err(Failure::usage(
                "a Parquet file is not written to standard output: name a file with --output",
            ));
        };
        let mut table = parquet::Rows::create(file, &run).map_err(|error| {
            Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
        })?;
        each(store, &run, false, |row| table.add(&row))?;
        table.close().map_err(Failure::internal)?;
        return Ok(Exit::Fine);
    }
    let mut out: Box<dyn Write> = match &args.output {
        None => Box::new(BufWriter::new(io::stdout().lock())),
        Some(file) => Box::new(BufWriter::new(File::create(file).map_err(|error| {
            Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
        })?)),
    };
    let written = |error: io::Error| Failure::output(&error);
    match args.format {
        Format::Jsonl => each(store, &run, true, |row| jsonl::write(&mut *out, &row))?,
        Format::Csv => {
            csv::names(&mut *out).map_err(written)?;
            each(store, &run, false, |row| csv::write(&mut *out, &run, &row))?;
        }
        Format::Har => {
            let mut har = har::Har::begin(&mut *out, &run).map_err(written)?;
            each(store, &run, true, |row| har.add(&row))?;
            har.end().map_err(written)?;
        }
        Format::Parquet => {}
    }
    out.flush().map_err(written)?;
    Ok(Exit::Fine)
}

/// Gives every row to `write`, until that fails.
fn each(
    store: &SqliteStore,
    run: &Run,
    exchanges: bool,
    mut write: impl FnMut(Row) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut failed = None;
    let wanted = Wanted {
        exchanges,
        ..Wanted::default()
    };
    store.rows(run.id, &wanted, &mut |row| match write(row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), |error| Err(Failure::output(&error)))
}

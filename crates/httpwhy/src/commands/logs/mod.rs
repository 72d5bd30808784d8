//! `httpwhy logs FILE…`: who failed, since when, and what to do, from access and error logs of any size.

mod advice;
mod asked;
mod changes;
mod export;
mod fail_on;
mod figures;
mod follow;
mod given;
mod html;
mod join;
mod json;
mod merge;
mod metrics;
mod progress;
mod screen;
mod sentence;
mod signals;
mod when;

use std::io::Write as _;

use httpwhy_logs::{Depth, Input, Options, Progress, Triage, read};
use httpwhy_render::safe;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::terms::FailOn;
use export::Tables;

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<merge::Command>,

    /// Access and error logs, plain or packed by gzip, zstd, xz or bzip2; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    #[command(flatten)]
    asked: asked::Args,

    #[command(flatten)]
    given: given::Args,

    #[command(flatten)]
    join: join::Args,

    #[command(flatten)]
    report: html::Args,

    #[command(flatten)]
    follow: follow::Args,

    #[command(flatten)]
    export: export::Args,

    /// Count outcomes and statuses by minute only: no paths, clients and times, several times faster
    #[arg(long)]
    counts: bool,

    /// How many names each list shows
    #[arg(long, value_name = "N", default_value_t = 3)]
    top: usize,

    /// Exit with 1 when one of these is found: outcomes, nginx/*, 5xx, parties, any; or is more: 5xx>1%, http/502>100
    #[arg(long, value_name = "TERMS", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    /// Threads; as many as there are cores when not given
    #[arg(long, value_name = "N", default_value_t = 0, hide = true)]
    threads: usize,
}

/// How what was found is shown.
#[derive(Debug, Clone, Copy)]
struct Shown {
    top: usize,
    anonymize: bool,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    if let Some(merge::Command::Merge(merging)) = &args.command {
        let triage = merge::run(merging)?;
        if !merging.reports_elsewhere() {
            report(&triage, merging.shown(), &merging.tables, common)?;
        }
        return verdict(&merging.fail_on, &triage);
    }
    let inputs: Vec<Input> = args
        .files
        .iter()
        .map(|file| Input::from(file.as_str()))
        .collect();
    args.report.keep(&args.files).map_err(Failure::usage)?;
    let (behind, join_by) = args.join.behind(&args.files).map_err(Failure::usage)?;
    let options = Options {
        depth: if args.counts {
            Depth::Counts
        } else {
            Depth::Full
        },
        filter: args.asked.filter().map_err(Failure::usage)?,
        given: args.given.readers().map_err(Failure::usage)?,
        behind,
        join_by,
        lines: args
            .export
            .lines(&args.files, args.report.anonymize)
            .map_err(Failure::usage)?,
        threads: args.threads,
    };
    let shown = Shown {
        top: args.top,
        anonymize: args.report.anonymize,
    };
    let lines = options.lines.clone();
    let triage = if args.follow.is_asked() {
        let asked = args.asked.words();
        follow::run(&args.follow, inputs, options, &asked, shown, common)?
    } else {
        let progress = Progress::default();
        progress::beside(&progress, || read(&inputs, &options, &progress))
    };
    args.export
        .write(&triage, lines.as_deref(), args.report.anonymize)
        .map_err(Failure::usage)?;
    args.report
        .write(&triage, args.top)
        .map_err(Failure::usage)?;
    if !args.follow.reports_elsewhere() {
        report(&triage, shown, &args.export.tables, common)?;
    }
    verdict(&args.fail_on, &triage)
}

fn report(triage: &Triage, shown: Shown, tables: &Tables, common: &Common) -> Result<(), Failure> {
    let style = output::style(common.color);
    output::write(|out| {
        if tables.takes_output() {
            export::csv(out, triage, shown.anonymize)
        } else if common.json {
            json::write(out, triage, shown)
        } else {
            screen::write(out, triage, shown, style)
        }
    })
}

fn verdict(fail_on: &[FailOn], triage: &Triage) -> Result<Exit, Failure> {
    if !triage.unreadable.is_empty() {
        let told: Vec<String> = triage
            .unreadable
            .iter()
            .map(|unreadable| format!("{}: {}", safe(&unreadable.input), safe(&unreadable.what)))
            .collect();
        return Err(Failure::usage(told.join("\nhttpwhy: ")));
    }
    if triage.counters.lines() > triage.counters.empty && triage.counters.ok == 0 {
        return Err(Failure::usage(
            "no line is of a known format (httpwhy input/log-format-unknown says more)",
        ));
    }
    let found = fail_on::found(fail_on, triage);
    if found.is_empty() {
        return Ok(Exit::Fine);
    }
    for found in found {
        // Standard error may be closed; the exit code says it too.
        let _ = writeln!(std::io::stderr(), "httpwhy: --fail-on {found}");
    }
    Ok(Exit::Found)
}

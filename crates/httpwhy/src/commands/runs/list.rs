//! `httpwhy runs list`

use std::time::SystemTime;

use httpwhy_schema::{QuantilesJson, RunLine, StoredRunJson, moment, write_line};
use httpwhy_store::{Run, SqliteStore, Store};

use super::table::{Align, Table, bytes};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

/// Characters shown of a command.
const COMMAND: usize = 60;

#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Only the last so many
    #[arg(short = 'n', long, value_name = "N")]
    last: Option<usize>,
}

pub(super) fn run(store: &SqliteStore, args: &Args, common: &Common) -> Result<Exit, Failure> {
    let mut runs = store.runs()?;
    let all = runs.len();
    let shown = args.last.unwrap_or(all).min(all);
    runs.drain(..all - shown);
    let now = SystemTime::now();
    let size = store.size()?;
    output::write(|out| {
        if common.json {
            return runs
                .iter()
                .try_for_each(|run| write_line(out, &line(run, run.word(now))));
        }
        out.write_all(text(&runs, now, output::style(common.color)).as_bytes())?;
        writeln!(
            out,
            "{}, {} in {}",
            if all == 1 {
                "1 run".to_owned()
            } else {
                format!("{all} runs")
            },
            bytes(size),
            httpwhy_render::safe(&store.path().display().to_string())
        )
    })?;
    Ok(Exit::Fine)
}

fn text(runs: &[Run], now: SystemTime, style: httpwhy_render::Style) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("run", Align::Right),
        ("began (UTC)", Align::Left),
        ("took", Align::Right),
        ("targets", Align::Right),
        ("failed", Align::Right),
        ("state", Align::Left),
        ("command", Align::Left),
    ]);
    for run in runs {
        table.row([
            run.id.to_string(),
            began(run),
            took(run),
            run.targets.to_string(),
            run.failed.to_string(),
            run.word(now).to_owned(),
            command(&run.command),
        ]);
    }
    table.text(style)
}

fn command(command: &str) -> String {
    if command.chars().count() <= COMMAND {
        return command.to_owned();
    }
    command.chars().take(COMMAND - 1).chain(['…']).collect()
}

/// `2026-11-21 10:02`
pub(super) fn began(run: &Run) -> String {
    let at = moment(run.started);
    let minute = at.get(..16).unwrap_or(&at);
    minute.replace('T', " ")
}

/// `14.2 s`
pub(super) fn took(run: &Run) -> String {
    let seconds = run.took().as_secs_f64();
    if seconds >= 600.0 {
        return format!("{:.0} min", seconds / 60.0);
    }
    format!("{seconds:.1} s")
}

/// What the run itself knows, without its outcomes.
pub(super) fn line<'a>(run: &'a Run, state: &'static str) -> RunLine<'a> {
    RunLine {
        targets: run.targets,
        failed: run.failed,
        seconds: (run.took().as_secs_f64() * 1e3).round() / 1e3,
        exchanges: run.exchanges,
        connections: run.connections,
        bytes: run.bytes,
        interrupted: state == "interrupted",
        your_side: run.your_side.as_deref(),
        stored: Some(StoredRunJson {
            run: run.id.0,
            command: &run.command,
            version: &run.version,
            started: moment(run.started),
            touched: moment(run.touched),
            state,
            kept: run.kept,
            sample: run.sample,
            took_ms: QuantilesJson::default(),
        }),
        ..RunLine::new()
    }
}

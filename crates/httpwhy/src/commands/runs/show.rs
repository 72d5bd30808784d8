//! `httpwhy runs show`: a run from its counts; no row of it is read.

use std::fmt::Write as _;
use std::time::SystemTime;

use clap::ValueEnum;
use httpwhy_diagnose::health::Health;
use httpwhy_model::Audience;
use httpwhy_render::{Style, markdown_text, safe};
use httpwhy_schema::{CountJson, RunLine, write_line};
use httpwhy_store::{EntryKey, EntryTotal, Run, SqliteStore, Store, Total};

use super::by::{self, Outcome, Place};
use super::list;
use super::place::{Name, find};
use super::table::{Align, Table, bytes, millis};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::{health, output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which: its number, last, or last~1 for the one before
    #[arg(default_value = "last", value_name = "RUN")]
    run: Name,

    /// Instead of outcomes: each entry point, each host, or each code with its meaning and how to fix it
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,

    /// Rows shown at most; 0 shows all. JSON has all
    #[arg(short = 'n', long, default_value_t = 40, value_name = "N")]
    rows: usize,
}

/// What a run is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    EntryPoint,
    Host,
    Code,
}

pub(super) fn run(store: &SqliteStore, args: &Args, common: &Common) -> Result<Exit, Failure> {
    let shown = Shown::read(store, find(store, args.run)?)?;
    output::write(|out| {
        if common.json {
            return shown.json(args.by, |line| write_line(out, line));
        }
        let style = output::style(common.color);
        out.write_all(shown.text(args, style).as_bytes())
    })?;
    Ok(Exit::Fine)
}

/// A run with its counts.
struct Shown {
    run: Run,
    totals: Vec<Total>,
    entry_totals: Vec<EntryTotal>,
    outcomes: Vec<Outcome>,
    state: &'static str,
}

impl Shown {
    fn read(store: &SqliteStore, run: Run) -> Result<Self, Failure> {
        let totals = store.totals(run.id)?;
        Ok(Self {
            entry_totals: store.entry_points(run.id)?,
            outcomes: by::outcomes(&totals),
            totals,
            state: run.word(SystemTime::now()),
            run,
        })
    }

    /// Gives the run as JSON to `write`.
    fn json(
        &self,
        wanted: Option<By>,
        write: impl FnOnce(&RunLine<'_>) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let report = by::health(&self.entry_totals);
        let places = match wanted {
            Some(By::EntryPoint) => by::entry_points(&self.entry_totals),
            Some(By::Host) => by::hosts(&self.entry_totals),
            Some(By::Code) | None => Vec::new(),
        };
        let json = |is_host| places.iter().map(|place| place.json(is_host)).collect();
        let mut line = RunLine {
            outcomes: self
                .outcomes
                .iter()
                .map(|outcome| CountJson {
                    outcome: &outcome.id,
                    count: outcome.count,
                })
                .collect(),
            parties: by::parties(&self.totals),
            health: Some(health::json(&report)),
            ..list::line(&self.run, self.state)
        };
        if let Some(stored) = &mut line.stored {
            stored.took_ms = by::quantiles(&by::took(&self.totals));
        }
        match wanted {
            Some(By::EntryPoint) => line.entry_points = json(false),
            Some(By::Host) => line.hosts = json(true),
            Some(By::Code) => line.codes = self.outcomes.iter().map(by::code).collect(),
            None => {}
        }
        write(&line)
    }

    fn text(&self, args: &Args, style: Style) -> String {
        let mut out = self.head(style);
        out.push_str(&health::text(&by::health(&self.entry_totals), style));
        out.push('\n');
        let most = if args.rows == 0 {
            usize::MAX
        } else {
            args.rows
        };
        match args.by {
            None => out.push_str(&self.by_outcome(most, style)),
            Some(By::EntryPoint) => {
                out.push_str(&places(
                    &by::entry_points(&self.entry_totals),
                    most,
                    false,
                    style,
                ));
            }
            Some(By::Host) => {
                out.push_str(&places(&by::hosts(&self.entry_totals), most, true, style));
            }
            Some(By::Code) => out.push_str(&self.by_code(most, style)),
        }
        out
    }

    fn head(&self, style: Style) -> String {
        let run = &self.run;
        let mut out = String::new();
        // Writing into a string does not fail.
        let line = format!("run {}  {}", run.id, safe(&run.command));
        let _ = writeln!(out, "{}", style.cut(&line));
        let _ = writeln!(
            out,
            "{} UTC, {}, {}; {} targets, {} failed; {} exchanges, {} of them kept with their bytes; {} received",
            list::began(run),
            list::took(run),
            self.state,
            run.targets,
            run.failed,
            run.exchanges,
            run.kept,
            bytes(run.bytes)
        );
        let took = by::took(&self.totals);
        if let Some(half) = took.quantile_ms(0.5) {
            let _ = writeln!(
                out,
                "half within {}, 95 % within {}, 99 % within {} (these figures are right within 10 %)",
                millis(Some(half)),
                millis(took.quantile_ms(0.95)),
                millis(took.quantile_ms(0.99))
            );
        }
        if let Some(shared) = &run.your_side {
            let _ = writeln!(
                out,
                "hosts that have nothing to do with each other shared what failed: {}",
                safe(shared)
            );
        }
        out
    }

    fn by_outcome(&self, most: usize, style: Style) -> String {
        let mut table = Table::new(&[
            ("count", Align::Right),
            ("share", Align::Right),
            ("party", Align::Left),
            ("half", Align::Right),
            ("95 %", Align::Right),
            ("outcome", Align::Left),
        ]);
        for outcome in self.outcomes.iter().take(most) {
            let title = by::entry(&outcome.id).map_or("", |entry| entry.title);
            let share = outcome.count as f64 * 100.0 / self.run.targets.max(1) as f64;
            table.row([
                outcome.count.to_string(),
                health::percent_text(share),
                outcome.blamed.to_owned(),
                millis(outcome.took.quantile_ms(0.5)),
                millis(outcome.took.quantile_ms(0.95)),
                format!("{}  {title}", outcome.id),
            ]);
        }
        let mut out = table.text(style);
        more(&mut out, self.outcomes.len(), most);
        let parties = by::parties(&self.totals);
        let parties: Vec<String> = parties
            .iter()
            .filter(|row| row.party != "nobody")
            .map(|row| format!("{} {}", row.count, row.party))
            .collect();
        if !parties.is_empty() {
            let _ = writeln!(out, "\nTo blame   {}", parties.join(", "));
        }
        let said = format!(
            "More       httpwhy runs show {} --by entry-point, host or code",
            self.run.id
        );
        let _ = writeln!(out, "{}", style.faint(&said));
        out
    }

    /// The scanner's own table: code, count, meaning, how to fix.
    fn by_code(&self, most: usize, style: Style) -> String {
        let mut out = String::new();
        for outcome in self.outcomes.iter().take(most) {
            let code = by::code(outcome);
            let _ = writeln!(
                out,
                "{}",
                style.cut(&format!(
                    "{:>9}  {}  {}",
                    code.count,
                    safe(code.code),
                    code.title
                ))
            );
            out.push_str(&markdown_text(code.meaning, style, 11));
            let wanted = match outcome.blamed {
                "client" | "engine" => Audience::Caller,
                _ => Audience::Operator,
            };
            let fix = code.fix.iter().find(|fix| fix.audience == wanted.as_str());
            if let Some(fix) = fix.or_else(|| code.fix.first()) {
                let first = fix.text.split("\n\n").next().unwrap_or_default();
                let text = format!("Fix ({}): {first}", fix.audience);
                out.push_str(&markdown_text(&text, style, 11));
            }
            out.push('\n');
        }
        more(&mut out, self.outcomes.len(), most);
        out.push_str(&style.faint("More       httpwhy explain CODE"));
        out.push('\n');
        out
    }
}

fn places(all: &[Place], most: usize, is_host: bool, style: Style) -> String {
    let mut table = Table::new(&[
        ("health", Align::Left),
        ("ok", Align::Right),
        ("visits", Align::Right),
        ("half", Align::Right),
        ("95 %", Align::Right),
        ("most often", Align::Left),
        (if is_host { "host" } else { "entry point" }, Align::Left),
    ]);
    for place in all.iter().take(most) {
        let often = place
            .outcomes()
            .first()
            .map_or("", |(id, _)| *id)
            .to_owned();
        table.row([
            place.visits.state().as_str().to_owned(),
            place
                .visits
                .percent()
                .map_or_else(|| "-".to_owned(), health::percent_text),
            (place.visits.tried() + place.visits.get(Health::Skipped)).to_string(),
            millis(place.took.quantile_ms(0.5)),
            millis(place.took.quantile_ms(0.95)),
            often,
            match (is_host, place.key.origin.is_empty()) {
                (true, false) => place.key.origin.clone(),
                (_, true) => EntryKey::NO_URI.to_owned(),
                (false, false) => place.key.to_string(),
            },
        ]);
    }
    let mut out = table.text(style);
    more(&mut out, all.len(), most);
    out
}

fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(out, "and {} more: --rows 0 shows all", all - shown);
    }
}

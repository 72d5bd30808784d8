//! `httpwhy runs diff`

use std::fmt::Write as _;

use clap::ValueEnum;
use httpwhy_render::{Style, safe};
use httpwhy_schema::{
    ChangeJson, DiffCountsJson, DiffLine, DiffSideJson, SCHEMA, ShiftJson, write_line,
};
use httpwhy_store::{Change, ChangeKind, Diff, Shift, Side, SqliteStore, Verdict, diff};

use super::by::quantiles;
use super::place::{Name, find};
use super::table::{Align, Table, millis};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::health::rounded;
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The earlier run
    #[arg(default_value = "last~1", value_name = "EARLIER")]
    from: Name,

    /// The later run
    #[arg(default_value = "last", value_name = "LATER")]
    to: Name,

    /// Exit with 1 when there are some: new-failures (targets that fail and did not, or were not asked for), changes (of
    /// any kind)
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    fail_on: Vec<FailOn>,

    /// Rows shown at most of each kind; 0 shows all. JSON has all
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N")]
    rows: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    NewFailures,
    Changes,
}

/// All kinds, in the order in which they are told.
const KINDS: [(ChangeKind, &str); 5] = [
    (ChangeKind::New, "New failures"),
    (ChangeKind::Fixed, "Fixed"),
    (ChangeKind::Changed, "Another outcome"),
    (ChangeKind::Added, "Asked for now only, and fine"),
    (ChangeKind::Gone, "Not asked for any more"),
];

pub(super) fn run(store: &SqliteStore, args: &Args, common: &Common) -> Result<Exit, Failure> {
    let (from, to) = (find(store, args.from)?, find(store, args.to)?);
    let diff = diff(store, from.id, to.id)?;
    output::write(|out| {
        if common.json {
            return write_line(out, &line(&diff));
        }
        let most = if args.rows == 0 {
            usize::MAX
        } else {
            args.rows
        };
        out.write_all(text(&diff, most, output::style(common.color)).as_bytes())
    })?;
    let found = args.fail_on.iter().any(|what| match what {
        FailOn::NewFailures => diff.count(ChangeKind::New) > 0,
        FailOn::Changes => !diff.changes.is_empty(),
    });
    Ok(if found { Exit::Found } else { Exit::Fine })
}

fn text(diff: &Diff, most: usize, style: Style) -> String {
    let mut out = String::new();
    let mut table = Table::new(&[
        ("run", Align::Right),
        ("targets", Align::Right),
        ("failed", Align::Right),
        ("half", Align::Right),
        ("95 %", Align::Right),
    ]);
    for side in [&diff.from, &diff.to] {
        table.row([
            side.run.to_string(),
            side.targets.to_string(),
            side.failed.to_string(),
            millis(side.took.quantile_ms(0.5)),
            millis(side.took.quantile_ms(0.95)),
        ]);
    }
    out.push_str(&table.text(style));
    let said: Vec<String> = KINDS
        .iter()
        .map(|&(kind, _)| (kind, diff.count(kind)))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {}", kind.as_str()))
        .collect();
    let said = match said.is_empty() {
        true => "no target changed".to_owned(),
        false => said.join(", "),
    };
    // Writing into a string does not fail.
    let _ = writeln!(out, "\n{said}; {} as before", diff.same);
    for (kind, title) in KINDS {
        changes(&mut out, diff, kind, title, most, style);
    }
    shifts(&mut out, &diff.shifts, most, style);
    out
}

fn changes(
    out: &mut String,
    diff: &Diff,
    kind: ChangeKind,
    title: &str,
    most: usize,
    style: Style,
) {
    let of_kind: Vec<&Change> = diff
        .changes
        .iter()
        .filter(|change| change.kind == kind)
        .collect();
    if of_kind.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for change in of_kind.iter().take(most) {
        let outcome = |verdict: &Option<Verdict>| {
            let verdict = verdict.as_ref();
            verdict.map_or_else(|| "-".to_owned(), |verdict| safe(&verdict.outcome))
        };
        let line = format!(
            "{:>9}  {} -> {}  {}",
            change.count,
            outcome(&change.before),
            outcome(&change.after),
            safe(&change.entry_point.to_string())
        );
        let _ = writeln!(out, "{}", style.cut(&line));
        let example = change.examples.first();
        if let Some(example) =
            example.filter(|_| matches!(kind, ChangeKind::New | ChangeKind::Changed))
        {
            let line = style.cut(&format!("           e.g. {}", safe(example)));
            let _ = writeln!(out, "{}", style.faint(&line));
        }
    }
    if of_kind.len() > most {
        let _ = writeln!(out, "and {} more: --rows 0 shows all", of_kind.len() - most);
    }
}

fn shifts(out: &mut String, shifts: &[Shift], most: usize, style: Style) {
    if shifts.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        ("half", Align::Right),
        ("was", Align::Right),
        ("95 %", Align::Right),
        ("was", Align::Right),
        ("entry point", Align::Left),
    ]);
    for shift in shifts.iter().take(most) {
        table.row([
            millis(Some(shift.p50_ms.1)),
            millis(Some(shift.p50_ms.0)),
            millis(Some(shift.p95_ms.1)),
            millis(Some(shift.p95_ms.0)),
            shift.entry_point.to_string(),
        ]);
    }
    let _ = write!(out, "\nSlower or faster\n{}", table.text(style));
    if shifts.len() > most {
        let _ = writeln!(out, "and {} more: --rows 0 shows all", shifts.len() - most);
    }
}

fn line(diff: &Diff) -> DiffLine<'_> {
    let count = |kind| diff.count(kind);
    DiffLine {
        schema: SCHEMA,
        kind: "diff",
        from: side(&diff.from),
        to: side(&diff.to),
        same: diff.same,
        counts: DiffCountsJson {
            new: count(ChangeKind::New),
            fixed: count(ChangeKind::Fixed),
            changed: count(ChangeKind::Changed),
            added: count(ChangeKind::Added),
            gone: count(ChangeKind::Gone),
        },
        changes: diff.changes.iter().map(change).collect(),
        shifts: diff.shifts.iter().map(shift).collect(),
    }
}

fn side(side: &Side) -> DiffSideJson {
    DiffSideJson {
        run: side.run.0,
        targets: side.targets,
        failed: side.failed,
        took_ms: quantiles(&side.took),
    }
}

fn change(change: &Change) -> ChangeJson<'_> {
    ChangeJson {
        change: change.kind.as_str(),
        entry_point: change.entry_point.to_string(),
        before: change.before.as_ref().map(|verdict| &*verdict.outcome),
        after: change.after.as_ref().map(|verdict| &*verdict.outcome),
        count: change.count,
        examples: change.examples.iter().map(String::as_str).collect(),
    }
}

fn shift(shift: &Shift) -> ShiftJson {
    let pair = |(before, after)| (rounded(before), rounded(after));
    ShiftJson {
        entry_point: shift.entry_point.to_string(),
        p50_ms: pair(shift.p50_ms),
        p95_ms: pair(shift.p95_ms),
    }
}

//! What a run came to: the failures by cause, the exit code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use httpwhy_diagnose::causes::Causes;
use httpwhy_diagnose::health::{Facts, Healths};
use httpwhy_model::{Blame, EntryPoint, OutcomeId};
use httpwhy_probe::Totals;
use httpwhy_render::{Style, groups_text};
use httpwhy_schema::{CountJson, GroupJson, RunLine, write_line};

use crate::exit::{Exit, Failure};
use crate::health;
use crate::judge::Judged;
use crate::terms::{FailOn, Tally};

/// Outcomes without a fault shown at most.
const SHOWN: usize = 6;
/// Entry points told apart: some 3 MB of memory.
const ENTRY_POINTS: usize = 50_000;
/// Outcomes shown while the run goes on.
const WORST: usize = 3;

pub(crate) struct Summary(Mutex<Counts>);

struct Counts {
    /// Whether anybody will be told what it all came to: nothing is gathered for nobody.
    is_told: bool,
    /// How often each was the verdict, and how often with nobody to blame.
    outcomes: BTreeMap<OutcomeId, (u64, u64)>,
    causes: Causes,
    healths: Healths,
    targets: u64,
    tally: Tally,
    own_failures: u64,
}

/// How a run ended.
pub(crate) struct Ended<'a> {
    pub(crate) totals: Totals,
    pub(crate) took: Duration,
    pub(crate) interrupted: bool,
    /// What unrelated hosts shared when all of them failed.
    pub(crate) your_side: Option<&'a str>,
}

impl Summary {
    /// Counts what `--fail-on` looks for, too; `is_told`: it will be printed or written.
    pub(crate) fn new(fail_on: &[FailOn], is_told: bool) -> Self {
        Self(Mutex::new(Counts {
            is_told,
            outcomes: BTreeMap::new(),
            causes: Causes::default(),
            healths: Healths::with_room(ENTRY_POINTS),
            targets: 0,
            tally: Tally::new(fail_on),
            own_failures: 0,
        }))
    }

    pub(crate) fn add(&self, number: u64, judged: &Judged) {
        let verdict = judged.verdict();
        let mut counts = self.lock();
        let row = counts.outcomes.entry(verdict.outcome).or_default();
        row.0 += 1;
        row.1 += u64::from(verdict.blame == Blame::Nobody);
        if counts.is_told {
            counts.causes.add(number, &judged.visit, verdict);
            counts.health(judged);
        }
        counts.targets += 1;
        counts.tally.add(judged);
        counts.own_failures += u64::from(judged.is_own_failure());
    }

    /// The most frequent failures: ` (2 http/404, 1 net/read-timeout)`.
    pub(crate) fn worst(&self) -> String {
        let counts = self.lock();
        let failed = counts.by_frequency(|(all, fine)| all - fine);
        let failed = failed.iter().take(WORST);
        let said: Vec<String> = failed.map(|(id, count)| format!("{count} {id}")).collect();
        if said.is_empty() {
            return String::new();
        }
        format!(" ({})", said.join(", "))
    }

    pub(crate) fn exit(&self) -> Exit {
        let counts = self.lock();
        match (counts.own_failures, counts.tally.found().is_empty()) {
            (1.., _) => Exit::Internal,
            (0, false) => Exit::Found,
            (0, true) => Exit::Fine,
        }
    }

    /// What `--fail-on` looked for and was found, a line each on standard error.
    pub(crate) fn tell_found(&self) {
        let counts = self.lock();
        for found in counts.tally.found() {
            let _ = writeln!(std::io::stderr(), "httpwhy: --fail-on {found}");
        }
    }

    /// On standard error: the figures, what went well, then the failures by cause.
    pub(crate) fn print(&self, ended: &Ended<'_>, style: Style) {
        let counts = self.lock();
        let seconds = ended.took.as_secs_f64();
        let mut text = format!(
            "{} targets in {seconds:.1} s ({:.0}/s), {} exchanges over {} connections\n",
            counts.targets,
            counts.targets as f64 / seconds.max(0.001),
            ended.totals.exchanges,
            ended.totals.connections
        );
        let fine = counts.by_frequency(|(_, fine)| fine);
        let all: u64 = fine.iter().map(|(_, count)| count).sum();
        if all > 0 {
            let shown = fine.iter().take(SHOWN);
            let mut shown: Vec<String> = shown.map(|(id, count)| format!("{count} {id}")).collect();
            if fine.len() > SHOWN {
                shown.push(format!("{} other outcomes", fine.len() - SHOWN));
            }
            let _ = writeln!(text, "{all:>9}  fine: {}", shown.join(", "));
        }
        text.push_str(&groups_text(
            counts.targets,
            counts.causes.failed(),
            &counts.causes.groups(),
            style,
        ));
        let report = counts.healths.report();
        if counts.causes.failed() > 0 {
            text.push_str(&health::text(&report, style));
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// As one JSON object of kind run.
    pub(crate) fn write(&self, file: &Path, ended: &Ended<'_>) -> Result<(), Failure> {
        let counts = self.lock();
        let groups = counts.causes.groups();
        let outcomes = counts.by_frequency(|(all, _)| all);
        let report = counts.healths.report();
        let line = RunLine {
            targets: counts.targets,
            failed: counts.causes.failed(),
            seconds: (ended.took.as_secs_f64() * 1000.0).round() / 1000.0,
            exchanges: ended.totals.exchanges,
            connections: ended.totals.connections,
            bytes: ended.totals.received,
            interrupted: ended.interrupted,
            your_side: ended.your_side,
            outcomes: outcomes.iter().map(CountJson::from).collect(),
            groups: groups.iter().map(GroupJson::from).collect(),
            health: Some(health::json(&report)),
            ..RunLine::new()
        };
        let mut bytes = Vec::new();
        write_line(&mut bytes, &line).map_err(Failure::internal)?;
        if file == Path::new("-") {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(&bytes).and_then(|()| out.flush());
            return written.map_err(|error| Failure::output(&error));
        }
        std::fs::write(file, bytes).map_err(|error| {
            Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// Counts the entry point that was asked for, by the verdict on the whole.
    fn health(&mut self, judged: &Judged) {
        let (deciding, verdict) = judged.deciding();
        let steps = &judged.visit.steps;
        let (Some(asked), Some(decides)) = (steps.first(), steps.get(deciding)) else {
            return;
        };
        let entry_point = EntryPoint::of(&asked.exchange);
        let facts = Facts::of(&decides.exchange, verdict);
        self.healths.add(entry_point.as_ref(), &facts, 1);
    }

    /// Outcomes with a count, the most frequent first.
    fn by_frequency(&self, count: impl Fn((u64, u64)) -> u64) -> Vec<(OutcomeId, u64)> {
        let rows = self.outcomes.iter().map(|(id, &row)| (*id, count(row)));
        let mut rows: Vec<_> = rows.filter(|(_, count)| *count > 0).collect();
        rows.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
        rows
    }
}

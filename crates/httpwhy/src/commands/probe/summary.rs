//! What a run came to: how many of each outcome, and the exit code.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use httpwhy_catalog::by_id;
use httpwhy_model::{Blame, OutcomeId};
use httpwhy_probe::Totals;

use crate::exit::Exit;
use crate::judge::{FailOn, Judged};

/// Outcomes shown at most; the rest is counted together.
const SHOWN: usize = 20;
/// Outcomes shown while the run goes on.
const WORST: usize = 3;

#[derive(Default)]
pub(crate) struct Summary(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    outcomes: BTreeMap<OutcomeId, (u64, Option<Blame>)>,
    found: u64,
    own_failures: u64,
}

impl Summary {
    pub(crate) fn add(&self, number: u64, judged: &Judged, fail_on: &[FailOn]) {
        let _ = number;
        let found = fail_on.iter().any(|term| term.finds(judged));
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let row = counts
            .outcomes
            .entry(judged.verdict().outcome)
            .or_insert((0, Some(judged.verdict().blame)));
        row.0 += 1;
        // One outcome may have several blames; then none is shown.
        row.1 = row.1.filter(|blame| *blame == judged.verdict().blame);
        counts.found += u64::from(found);
        counts.own_failures += u64::from(judged.is_own_failure());
    }

    /// The most frequent failures: ` (2 http/404, 1 net/read-timeout)`.
    pub(crate) fn worst(&self) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = counts.outcomes.iter();
        let failed = failed.filter(|(_, (_, blame))| *blame != Some(Blame::Nobody));
        let mut failed: Vec<_> = failed.map(|(id, (count, _))| (*count, id.0)).collect();
        failed.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), *id));
        let failed = failed.iter().take(WORST);
        let said: Vec<String> = failed.map(|(count, id)| format!("{count} {id}")).collect();
        if said.is_empty() {
            return String::new();
        }
        format!(" ({})", said.join(", "))
    }

    pub(crate) fn exit(&self) -> Exit {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (counts.own_failures, counts.found) {
            (1.., _) => Exit::Internal,
            (0, 1..) => Exit::Found,
            (0, 0) => Exit::Fine,
        }
    }

    /// A table on standard error, the most frequent outcome first.
    pub(crate) fn print(&self, totals: Totals, took: Duration) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<_> = counts.outcomes.iter().collect();
        rows.sort_by_key(|(id, (count, _))| (std::cmp::Reverse(*count), **id));
        let mut text = format!(
            "{} targets in {:.1} s ({:.0}/s), {} exchanges over {} connections\n",
            totals.jobs,
            took.as_secs_f64(),
            totals.jobs as f64 / took.as_secs_f64().max(0.001),
            totals.exchanges,
            totals.connections
        );
        for (id, (count, blame)) in rows.iter().take(SHOWN) {
            let title = by_id(id.0).map_or("", |entry| entry.title);
            let who = match blame {
                Some(Blame::Nobody) => String::new(),
                Some(blame) => blame.party().map_or("blame not known".into(), |party| {
                    format!("{party}, {}", blame.certainty())
                }),
                None => "by different parties".into(),
            };
            let _ = writeln!(text, "{count:>9}  {:<32} {title:<34} {who}", id.0);
        }
        if rows.len() > SHOWN {
            let rest: u64 = rows[SHOWN..].iter().map(|(_, (count, _))| count).sum();
            let _ = writeln!(text, "{rest:>9}  {} other outcomes", rows.len() - SHOWN);
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

//! What changed while following, for pipes and files: a line now and then.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use httpwhy_logs::{Group, Incident, Reading, Triage};
use httpwhy_model::Blame;

use super::figures::grouped;
use super::sentence::{formats_of, sentence};
use super::{Shown, json, when};
use crate::exit::Failure;

/// Outcomes that one line names.
const NAMED: usize = 5;

/// Tells every so often what is new.
pub(super) struct Changes {
    shown: Shown,
    json: bool,
    /// Standard output is taken by something else.
    silent: bool,
    every: Duration,
    told: Option<Instant>,
    stale: bool,
    before: Counts,
    /// Incidents that were told, by outcome and beginning.
    incidents: Vec<(&'static str, i64)>,
}

/// Exchanges, failures, and failures by what they are.
#[derive(Default)]
struct Counts {
    exchanges: u64,
    failures: u64,
    groups: HashMap<Name, u64>,
}

/// What a group is called here.
type Name = (&'static str, &'static str, String);

impl Changes {
    pub(super) fn new(shown: Shown, json: bool, silent: bool, every: Duration) -> Self {
        Self {
            shown,
            json,
            silent,
            every,
            told: None,
            stale: false,
            before: Counts::default(),
            incidents: Vec::new(),
        }
    }

    /// Tells what changed, if anything did and it is time.
    pub(super) fn show(&mut self, reading: &mut Reading, changed: bool) -> Result<(), Failure> {
        self.stale |= changed;
        let early = self.told.is_some_and(|told| told.elapsed() < self.every);
        if self.silent || !self.stale || early {
            return Ok(());
        }
        self.stale = false;
        self.told = Some(Instant::now());
        let triage = reading.triage();
        let mut out = io::stdout().lock();
        let written = if self.json {
            json::write(&mut out, triage, self.shown)
        } else {
            let text = self.text(triage, jiff::Timestamp::now().as_second());
            out.write_all(text.as_bytes())
        };
        written
            .and_then(|()| out.flush())
            .map_err(|error| Failure::output(&error))
    }

    /// A line of counts, and one for each incident that is new.
    fn text(&mut self, triage: &Triage, now: i64) -> String {
        let counts = Counts::of(triage);
        let mut text = format!("{} {}\n", when::short(now), counts.since(&self.before));
        self.before = counts;
        let groups = triage.groups();
        for incident in triage.incidents() {
            if self.is_new(&incident) {
                let _ = writeln!(
                    text,
                    "{} {}",
                    when::short(now),
                    sentence(&incident, formats_of(&incident, &groups), self.shown)
                );
            }
        }
        text
    }

    fn is_new(&mut self, incident: &Incident) -> bool {
        let key = (incident.outcome.0, incident.from);
        let new = !self.incidents.contains(&key);
        if new {
            self.incidents.push(key);
        }
        new
    }
}

impl Counts {
    fn of(triage: &Triage) -> Self {
        let failed = triage
            .groups()
            .into_iter()
            .filter(|group| group.happened.is_failure());
        let mut groups: HashMap<Name, u64> = HashMap::new();
        for group in failed {
            *groups.entry(name(group)).or_default() += group.count;
        }
        Self {
            exchanges: triage.exchanges(),
            failures: triage.failures(),
            groups,
        }
    }

    /// `+1,204 exchanges, +37 failed: upstream-silent net/read-timeout (origin) +30, …`.
    fn since(&self, before: &Self) -> String {
        let mut text = format!(
            "+{} exchanges, +{} failed",
            grouped(self.exchanges.saturating_sub(before.exchanges)),
            grouped(self.failures.saturating_sub(before.failures))
        );
        let mut more: Vec<(u64, &Name)> = self
            .groups
            .iter()
            .map(|(name, count)| {
                let known = before.groups.get(name).copied().unwrap_or(0);
                (count.saturating_sub(known), name)
            })
            .filter(|(more, _)| *more > 0)
            .collect();
        more.sort_by(|a, b| b.cmp(a));
        for (at, (count, (happened, outcome, party))) in more.iter().take(NAMED).enumerate() {
            text.push_str(if at == 0 { ": " } else { ", " });
            let _ = write!(text, "{happened} {outcome} ({party}) +{}", grouped(*count));
        }
        if more.len() > NAMED {
            let _ = write!(text, ", and {} others", more.len() - NAMED);
        }
        text
    }
}

fn name(group: &Group) -> Name {
    let party = match group.diagnosis.blame {
        Blame::Proven(party) => format!("{party}, proven"),
        Blame::Likely(party) => format!("{party}, likely"),
        Blame::Nobody => "nobody".to_owned(),
        Blame::Unknown { .. } => "not known".to_owned(),
    };
    (group.happened.word(), group.diagnosis.outcome.0, party)
}

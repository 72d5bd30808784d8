//! Two runs, compared: by target what is new, mended or otherwise; by entry point what became slower or faster.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::ops::ControlFlow;

use crate::{EntryKey, Error, Histogram, Row, RunId, Store, Verdict, Wanted};

/// Targets named of one change.
const EXAMPLES: usize = 3;
/// Visits on both sides before it is said that an entry point became slower.
const FEW: u64 = 5;
/// A shift is told from this factor on: less is within the histogram's own width and a network's moods.
const FACTOR: f64 = 1.5;
/// And from so many milliseconds on.
const NOTICED_MS: f64 = 5.0;

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Diff {
    /// The earlier run.
    pub from: Side,
    /// The later run.
    pub to: Side,
    /// Targets of both runs with the same outcome.
    pub same: u64,
    /// The others, by entry point and outcomes, the worst kind and the most frequent first.
    pub changes: Vec<Change>,
    /// Entry points that became slower or faster, the greatest shift first.
    pub shifts: Vec<Shift>,
}

/// One of two runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Which.
    pub run: RunId,
    /// Visits.
    pub targets: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long its visits took.
    pub took: Histogram,
}

/// Targets of one entry point that all changed in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// In which.
    pub kind: ChangeKind,
    /// What was asked for.
    pub entry_point: EntryKey,
    /// The verdict before; `None` where it was not asked for.
    pub before: Option<Verdict>,
    /// The verdict after; `None` where it was not asked for.
    pub after: Option<Verdict>,
    /// How many.
    pub count: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// How a target changed, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It fails, and did not, or was not asked for.
    New,
    /// It failed, and does not any more.
    Fixed,
    /// Another outcome: another failure, or another way to be fine.
    Changed,
    /// It was not asked for before, and is fine.
    Added,
    /// It is not asked for any more.
    Gone,
}

impl ChangeKind {
    /// The word for it: new, fixed, changed, added or gone.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Fixed => "fixed",
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Gone => "gone",
        }
    }
}

/// An entry point whose times changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// Which.
    pub entry_point: EntryKey,
    /// Visits before and after.
    pub visits: (u64, u64),
    /// The median before and after, in milliseconds.
    pub p50_ms: (f64, f64),
    /// The time below which 95 % lie, before and after.
    pub p95_ms: (f64, f64),
}

impl Diff {
    /// How many targets changed in that way.
    pub fn count(&self, kind: ChangeKind) -> u64 {
        let of_kind = self.changes.iter().filter(|change| change.kind == kind);
        of_kind.map(|change| change.count).sum()
    }
}

/// Compares two runs of a store. A target asked for several times is compared with its own turn in the other run. Memory
/// grows with the targets of the earlier run, by some 40 bytes each.
///
/// # Errors
/// Those of the store.
pub fn diff(store: &dyn Store, from: RunId, to: RunId) -> Result<Diff, Error> {
    let mut earlier = Earlier::default();
    visits(store, from, &mut |visit| earlier.add(visit))?;
    let mut changes = Changes::default();
    let mut same = 0;
    visits(store, to, &mut |visit| {
        let before = earlier.take(&visit);
        let before = before.map(|before| earlier.verdicts.list[before.verdict as usize].clone());
        match kind(before.as_ref(), Some(&visit.verdict)) {
            Some(kind) => changes.add(kind, before, Some(visit.verdict), visit.entry_point, || {
                visit.target
            }),
            None => same += 1,
        }
    })?;
    for gone in earlier.all.values().filter(|seen| !seen.met) {
        let before = earlier.verdicts.list[gone.verdict as usize].clone();
        let entry_point = earlier.entry_points.list[gone.entry_point as usize].clone();
        changes.add(
            ChangeKind::Gone,
            Some(before),
            None,
            entry_point,
            String::new,
        );
    }
    let (old, new) = (times(store, from)?, times(store, to)?);
    Ok(Diff {
        from: side(store, from, &old)?,
        to: side(store, to, &new)?,
        same,
        changes: changes.sorted(),
        shifts: shifts(&old, &new),
    })
}

fn kind(before: Option<&Verdict>, after: Option<&Verdict>) -> Option<ChangeKind> {
    match (before, after) {
        (None, None) => None,
        (None, Some(after)) if after.is_fine() => Some(ChangeKind::Added),
        (None, Some(_)) => Some(ChangeKind::New),
        (Some(_), None) => Some(ChangeKind::Gone),
        (Some(before), Some(after)) => match (before.is_fine(), after.is_fine()) {
            (true, false) => Some(ChangeKind::New),
            (false, true) => Some(ChangeKind::Fixed),
            _ if before.outcome == after.outcome => None,
            _ => Some(ChangeKind::Changed),
        },
    }
}

/// One visit, as far as it is compared.
struct Compared {
    key: u128,
    target: String,
    entry_point: EntryKey,
    verdict: Verdict,
}

/// Goes through a run's visits: what was asked for, and the verdict.
fn visits(store: &dyn Store, run: RunId, give: &mut dyn FnMut(Compared)) -> Result<(), Error> {
    let mut asked: Option<Row> = None;
    store.rows(run, &Wanted::default(), &mut |row| {
        let verdict = row.decides.then(|| row.verdict.clone());
        if row.step == 0 {
            asked = Some(row);
        }
        if let Some(verdict) = verdict
            && let Some(first) = asked.take()
        {
            give(Compared {
                key: key(&first.entry_point.method, &first.target, 0),
                target: first.target,
                entry_point: first.entry_point,
                verdict,
            });
        }
        ControlFlow::Continue(())
    })
}

/// A target's own number; two are equal by chance in none of 10^25 runs.
fn key(method: &str, target: &str, turn: u32) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, method, target, turn).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (half(1) << 64) | half(2)
}

/// The earlier run in memory.
#[derive(Default)]
struct Earlier {
    all: HashMap<u128, Seen>,
    /// How often each target came that came more than once: before, and now.
    turns: HashMap<u128, (u32, u32)>,
    verdicts: Names<Verdict>,
    entry_points: Names<EntryKey>,
}

#[derive(Clone, Copy)]
struct Seen {
    verdict: u32,
    entry_point: u32,
    met: bool,
}

impl Earlier {
    fn add(&mut self, visit: Compared) {
        let seen = Seen {
            verdict: self.verdicts.number(visit.verdict),
            entry_point: self.entry_points.number(visit.entry_point.clone()),
            met: false,
        };
        let mut key_of = visit.key;
        if self.all.contains_key(&key_of) {
            let turn = &mut self.turns.entry(visit.key).or_default().0;
            *turn += 1;
            key_of = key(&visit.entry_point.method, &visit.target, *turn);
        }
        self.all.insert(key_of, seen);
    }

    /// What it was before, in the same turn.
    fn take(&mut self, visit: &Compared) -> Option<Seen> {
        let first = self.all.get_mut(&visit.key)?;
        if !first.met {
            first.met = true;
            return Some(*first);
        }
        let turn = &mut self.turns.entry(visit.key).or_default().1;
        *turn += 1;
        let key_of = key(&visit.entry_point.method, &visit.target, *turn);
        let seen = self.all.get_mut(&key_of)?;
        seen.met = true;
        Some(*seen)
    }
}

/// Values that are kept once and named by numbers.
struct Names<T> {
    numbers: HashMap<T, u32>,
    list: Vec<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            list: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Names<T> {
    fn number(&mut self, value: T) -> u32 {
        if let Some(&number) = self.numbers.get(&value) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(value.clone());
        self.numbers.insert(value, number);
        number
    }
}

/// Kind, entry point, outcome before and after.
type ChangeKey = (ChangeKind, EntryKey, Option<String>, Option<String>);

#[derive(Default)]
struct Changes(HashMap<ChangeKey, Change>);

impl Changes {
    fn add(
        &mut self,
        kind: ChangeKind,
        before: Option<Verdict>,
        after: Option<Verdict>,
        entry_point: EntryKey,
        target: impl FnOnce() -> String,
    ) {
        let outcome = |verdict: &Option<Verdict>| {
            let verdict = verdict.as_ref();
            verdict.map(|verdict| verdict.outcome.clone().into_owned())
        };
        let key = (kind, entry_point.clone(), outcome(&before), outcome(&after));
        let change = self.0.entry(key).or_insert_with(|| Change {
            kind,
            entry_point,
            before,
            after,
            count: 0,
            examples: Vec::new(),
        });
        change.count += 1;
        if change.examples.len() < EXAMPLES {
            change.examples.push(target());
            change.examples.retain(|target| !target.is_empty());
        }
    }

    fn sorted(self) -> Vec<Change> {
        let mut all: Vec<Change> = self.0.into_values().collect();
        all.sort_by(|a, b| {
            (a.kind, std::cmp::Reverse(a.count), &a.entry_point, &a.after).cmp(&(
                b.kind,
                std::cmp::Reverse(b.count),
                &b.entry_point,
                &b.after,
            ))
        });
        all
    }
}

/// How long the visits of each entry point took.
fn times(store: &dyn Store, run: RunId) -> Result<HashMap<EntryKey, Histogram>, Error> {
    let mut times: HashMap<EntryKey, Histogram> = HashMap::new();
    for total in store.entry_points(run)? {
        let took = times.entry(total.entry_point).or_default();
        took.merge(&total.count.took);
    }
    Ok(times)
}

fn side(
    store: &dyn Store,
    run: RunId,
    times: &HashMap<EntryKey, Histogram>,
) -> Result<Side, Error> {
    let known = store.run(run)?.ok_or(Error::Gone(run))?;
    let mut took = Histogram::default();
    for one in times.values() {
        took.merge(one);
    }
    Ok(Side {
        run,
        targets: known.targets,
        failed: known.failed,
        took,
    })
}

fn shifts(old: &HashMap<EntryKey, Histogram>, new: &HashMap<EntryKey, Histogram>) -> Vec<Shift> {
    let both = old.iter().filter_map(|(key, before)| {
        let after = new.get(key)?;
        let visits = (before.count(), after.count());
        let pair = |share| Some((before.quantile_ms(share)?, after.quantile_ms(share)?));
        Some(Shift {
            entry_point: key.clone(),
            visits,
            p50_ms: pair(0.5)?,
            p95_ms: pair(0.95)?,
        })
    });
    let mut shifts: Vec<Shift> = both
        .filter(|shift| shift.visits.0 >= FEW && shift.visits.1 >= FEW)
        .filter(|shift| is_noticed(shift.p50_ms))
        .collect();
    shifts.sort_by(|a, b| {
        let far = |shift: &Shift| factor(shift.p50_ms);
        let order = far(b).total_cmp(&far(a));
        order.then_with(|| a.entry_point.cmp(&b.entry_point))
    });
    shifts
}

fn is_noticed((before, after): (f64, f64)) -> bool {
    factor((before, after)) >= FACTOR && (before - after).abs() >= NOTICED_MS
}

/// How many times the smaller the greater is.
fn factor((before, after): (f64, f64)) -> f64 {
    before.max(after) / before.min(after).max(f64::EPSILON)
}

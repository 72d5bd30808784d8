//! What was found: groups of failures, each with who, since when, where, and an example.

use std::collections::HashMap;
use std::sync::Arc;

use httpwhy_diagnose::many::Happening;
use httpwhy_ingest::logs::{Cause, Format, Kind, Open, formats};
use httpwhy_model::{Blame, Diagnosis, OutcomeId};

use crate::errors::Complaints;
use crate::incidents::{self, Cell, Incident};
use crate::judge::{Complaint, Judged};
use crate::plan::Plan;
use crate::tables::histogram::middle;
use crate::tables::names::{Id, OTHER};
use crate::tables::{Dimension, Row, SAMPLES, Tables, UNTIMED};
use crate::witness::Joined;
use crate::worker::{Settings, Unread, Worker};
use crate::{Counters, Depth};

/// Cells of time that are looked at for incidents: beyond, one stray stamp has stretched the log over ages.
const LONGEST_SERIES: i64 = 2_000_000;

/// All that was counted, and what it means.
#[derive(Debug, Clone)]
pub struct Triage {
    /// The inputs that were read, in order.
    pub files: Vec<FileReport>,
    /// Those that could not be read, or not to their end.
    pub unreadable: Vec<Unreadable>,
    /// What became of the lines of all inputs.
    pub counters: Counters,
    /// A few lines that were not read, cut to 1 KiB; a stranger's bytes.
    pub unread: Vec<(Unread, Box<[u8]>)>,
    /// How deep it was looked.
    pub depth: Depth,
    /// How the join with logs from behind went; all 0 without.
    pub joined: Joined,
    /// Error lines that were more than are kept at a time, so that no access line could find them.
    pub unkept: u64,
    pub(crate) tables: Tables,
    /// The group of each row.
    pub(crate) group_of: Vec<usize>,
    pub(crate) groups: Vec<Group>,
    pub(crate) met: Vec<u64>,
}

/// An input that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Its path, or `standard input`.
    pub name: String,
    /// What was recognised; empty when nothing was.
    pub title: String,
    /// Of so many lines looked at, so many fit what was recognised.
    pub fitted: (usize, usize),
    /// What is doubtful about that, in words; a stranger's bytes among them.
    pub doubts: Vec<String>,
    /// What became of its lines.
    pub counters: Counters,
    /// Whether the last line had no line end: one more line than `wc -l` counts.
    pub unended: bool,
}

impl FileReport {
    /// Of an input of which nothing has been counted.
    pub(crate) fn of(name: &str, plan: &Plan) -> Self {
        Self {
            name: name.to_owned(),
            title: plan.title(),
            fitted: (plan.fitted(), plan.sampled),
            doubts: plan.doubts.clone(),
            counters: Counters::default(),
            unended: false,
        }
    }
}

/// An input that could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its path, or `standard input`.
    pub input: String,
    /// What happened, and what that means for the counts.
    pub what: String,
}

/// A name and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The name's bytes, cut to 160; a stranger's.
    pub name: Vec<u8>,
    /// How often; too small by at most [`Triage::error_of`].
    pub count: u64,
}

/// Times taken, in microseconds, each within 0.8 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// How many lines had a time.
    pub count: u64,
    /// Half took less.
    pub p50: u64,
    /// 90 % took less.
    pub p90: u64,
    /// 99 % took less.
    pub p99: u64,
    /// 99.9 % took less.
    pub p999: u64,
    /// The greatest.
    pub max: u64,
}

/// Lines with one outcome, one thing that happened and one party.
#[derive(Debug, Clone)]
pub struct Group {
    /// What happened.
    pub happened: Happening,
    /// The diagnosis that all of them share; its evidence is that of the first.
    pub diagnosis: Diagnosis,
    /// How many lines.
    pub count: u64,
    /// Bytes sent to clients.
    pub bytes: u64,
    /// Of those lines, from programs without a person.
    pub bots: u64,
    /// Seconds since 1970; `None` when no line had a time.
    pub first: Option<i64>,
    /// The same of the last line.
    pub last: Option<i64>,
    /// The statuses as written, with their counts.
    pub statuses: Vec<(u16, u64)>,
    /// The formats they were written in.
    pub formats: Vec<&'static str>,
    /// A line of it, cut to 1 KiB; a stranger's bytes.
    pub example: Vec<u8>,
    /// What these lines leave open, and what would tell.
    pub open: Option<Open>,
    /// Of how many an error log has a line.
    pub joined: u64,
    /// Of how many a log from behind has a line.
    pub witnessed: u64,
    /// Whether these are error lines themselves, of which no access line was found.
    pub complaint: bool,
}

impl Triage {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            files: Vec::new(),
            unreadable: Vec::new(),
            counters: Counters::default(),
            unread: Vec::new(),
            depth: settings.depth,
            joined: Joined::default(),
            unkept: 0,
            tables: Tables::new(settings.seed, settings.workers),
            group_of: Vec::new(),
            groups: Vec::new(),
            met: vec![0; formats().len()],
        }
    }

    /// Takes a worker's counts in.
    pub(crate) fn take(&mut self, worker: Worker<'_>, complaints: &mut Complaints) {
        self.counters.add(&worker.counters);
        self.joined.found += worker.witnessed;
        self.take_unread(worker.unread);
        for (sum, more) in self.met.iter_mut().zip(worker.met) {
            *sum += more;
        }
        self.tables.merge(worker.tables);
        complaints.merge(worker.complaints);
    }

    /// Takes in all that was counted elsewhere, but not what is told of files.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.counters.add(&other.counters);
        self.joined.add(&other.joined);
        self.take_unread(other.unread);
        for (sum, more) in self.met.iter_mut().zip(other.met) {
            *sum += more;
        }
        self.tables.merge(other.tables);
    }

    /// Takes in what became of the lines of the logs from behind; their exchanges are counted in front.
    pub(crate) fn take_behind(&mut self, behind: Self) {
        self.counters.add(&behind.counters);
        self.files.extend(behind.files);
        self.unreadable.extend(behind.unreadable);
        self.take_unread(behind.unread);
        for (sum, more) in self.met.iter_mut().zip(behind.met) {
            *sum += more;
        }
    }

    /// Keeps a few of the lines that were not read.
    pub(crate) fn take_unread(&mut self, unread: Vec<(Unread, Box<[u8]>)>) {
        for (why, line) in unread {
            let alike = self.unread.iter().filter(|(other, _)| *other == why);
            if alike.count() < SAMPLES {
                self.unread.push((why, line));
            }
        }
    }

    /// Forms the groups.
    pub(crate) fn finish(&mut self) {
        self.tables.flush();
        self.groups.clear();
        self.group_of.clear();
        for row in &self.tables.rows {
            let at = self.groups.iter().position(|group| group.holds(row));
            let at = at.unwrap_or_else(|| {
                self.groups.push(Group::of(row));
                self.groups.len() - 1
            });
            self.groups[at].take(row);
            self.group_of.push(at);
        }
    }

    /// Groups of exchanges with what happened to them, the greatest first: failures of servers and of what stands between,
    /// then those that began with the client, those that went well last.
    pub fn groups(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self
            .groups
            .iter()
            .filter(|group| group.count > 0 && !group.complaint)
            .collect();
        groups.sort_by_key(|group| {
            (
                weight(group.happened),
                std::cmp::Reverse(group.count),
                group.diagnosis.outcome,
            )
        });
        groups
    }

    /// Groups of error lines.
    pub fn complaints(&self) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self
            .groups
            .iter()
            .filter(|group| group.count > 0 && group.complaint)
            .collect();
        groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.diagnosis.outcome));
        groups
    }

    /// Groups of error lines that say what went wrong and of which no access line was found, the most frequent first. Of
    /// lines that say the same, as many as were joined are left out.
    pub fn loose(&self) -> Vec<Group> {
        let mut loose: Vec<Group> = Vec::new();
        for row in self.tables.rows.iter().filter(|row| row.is_complaint()) {
            let joined: u64 = self
                .tables
                .rows
                .iter()
                .filter(|other| other.error.as_ref().is_some_and(|error| row.says(error)))
                .map(|other| other.count)
                .sum();
            let count = row.count.saturating_sub(joined);
            if count == 0 || !tells_itself(row) {
                continue;
            }
            let left = Row {
                count,
                ..row.clone()
            };
            let at = loose.iter().position(|group| group.holds(row));
            let at = at.unwrap_or_else(|| {
                loose.push(Group::of(row));
                loose.len() - 1
            });
            loose[at].take(&left);
        }
        loose.sort_by_key(|group| {
            (
                weight(group.happened),
                std::cmp::Reverse(group.count),
                group.diagnosis.outcome,
            )
        });
        loose
    }

    /// How many exchanges were counted.
    pub fn exchanges(&self) -> u64 {
        self.groups
            .iter()
            .filter(|group| !group.complaint)
            .map(|group| group.count)
            .sum()
    }

    /// How many of them failed.
    pub fn failures(&self) -> u64 {
        self.groups
            .iter()
            .filter(|group| !group.complaint && group.happened.is_failure())
            .map(|group| group.count)
            .sum()
    }

    /// Exchanges by the status written, ascending; 0 for those without.
    pub fn statuses(&self) -> Vec<(u16, u64)> {
        let mut sums: HashMap<u16, u64> = HashMap::new();
        for group in self.groups.iter().filter(|group| !group.complaint) {
            for (status, count) in &group.statuses {
                *sums.entry(*status).or_default() += count;
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable();
        sums
    }

    /// The first and last second that any line had.
    pub fn span(&self) -> Option<(i64, i64)> {
        let first = self.groups.iter().filter_map(|group| group.first).min()?;
        let last = self.groups.iter().filter_map(|group| group.last).max()?;
        Some((first, last))
    }

    /// Exchanges of a group by minute since 1970 (of some minutes' span in long logs), ascending.
    pub fn minutes(&self, group: &Group) -> Vec<(i64, u64)> {
        let wanted = self.number_of(group);
        self.sum_minutes(|at| Some(at) == wanted)
    }

    /// All exchanges by minute.
    pub fn all_minutes(&self) -> Vec<(i64, u64)> {
        self.sum_minutes(|at| !self.groups[at].complaint)
    }

    fn sum_minutes(&self, wanted: impl Fn(usize) -> bool) -> Vec<(i64, u64)> {
        let mut sums: HashMap<i64, u64> = HashMap::new();
        for (row, minute, count) in self.tables.moments() {
            if wanted(self.group_of[row]) {
                *sums.entry(minute).or_default() += count;
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable();
        sums
    }

    /// How many minutes share a cell: 1, or a power of two in long logs.
    pub fn minutes_to_a_cell(&self) -> i64 {
        self.tables.span
    }

    /// What a group's failures have in common in a dimension, the most frequent first.
    pub fn top(&self, group: &Group, dimension: Dimension, most: usize) -> Vec<Counted> {
        let wanted = self.number_of(group);
        let mut sums: HashMap<Id, u64> = HashMap::new();
        if dimension == Dimension::Path {
            for (path, row, _, count) in self.tables.times() {
                if Some(self.group_of[row]) == wanted && path != OTHER {
                    *sums.entry(path).or_default() += count;
                }
            }
        } else {
            for (at, name, row, _, count) in self.tables.places() {
                if at == dimension as usize && Some(self.group_of[row]) == wanted {
                    *sums.entry(name).or_default() += count;
                }
            }
        }
        self.named(dimension, sums, most)
    }

    /// The most frequent names of a dimension among all exchanges.
    pub fn top_of_all(&self, dimension: Dimension, most: usize) -> Vec<Counted> {
        let sums = self.tables.names[dimension as usize]
            .iter()
            .map(|(_, id, count)| (id, count))
            .collect();
        self.named(dimension, sums, most)
    }

    fn named(&self, dimension: Dimension, sums: HashMap<Id, u64>, most: usize) -> Vec<Counted> {
        let names: HashMap<Id, &[u8]> = self.tables.names[dimension as usize]
            .iter()
            .map(|(name, id, _)| (id, name))
            .collect();
        let mut found: Vec<Counted> = sums
            .into_iter()
            .filter_map(|(id, count)| {
                Some(Counted {
                    name: names.get(&id)?.to_vec(),
                    count,
                })
            })
            .collect();
        found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        found.truncate(most);
        found
    }

    /// By how much a count of a dimension may be too small; 0 while all are exact. Of failures, in each span of minutes.
    pub fn error_of(&self, dimension: Dimension) -> u64 {
        self.tables.names[dimension as usize].floor() + self.tables.places_floor
    }

    /// The clients with most failures.
    pub fn clients(&self, most: usize) -> Vec<Counted> {
        let mut found: Vec<Counted> = self
            .tables
            .clients
            .iter()
            .map(|(name, _, count)| Counted {
                name: name.to_vec(),
                count,
            })
            .collect();
        found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
        found.truncate(most);
        found
    }

    /// About how many different clients there were (1.6 % standard error).
    pub fn distinct_clients(&self) -> u64 {
        self.tables.distinct.estimate()
    }

    /// Lines without a time.
    pub fn timeless(&self) -> u64 {
        self.tables.timeless
    }

    /// When one outcome was much more frequent than before and after, in order of time.
    pub fn incidents(&self) -> Vec<Incident> {
        let all: HashMap<i64, u64> = self.all_minutes().into_iter().collect();
        let Some((first, last)) = all.keys().min().zip(all.keys().max()) else {
            return Vec::new();
        };
        let span = self.tables.span;
        let length = (last - first) / span + 1;
        if length > LONGEST_SERIES {
            return Vec::new();
        }
        let mut found = Vec::new();
        for group in self.groups() {
            if !group.happened.is_failure() || group.count < incidents::FEWEST {
                continue;
            }
            let failed: HashMap<i64, u64> = self.minutes(group).into_iter().collect();
            let cells: Vec<Cell> = (0..length)
                .map(|at| first + at * span)
                .map(|minute| {
                    let of = |counts: &HashMap<i64, u64>| counts.get(&minute).copied().unwrap_or(0);
                    (of(&failed), of(&all))
                })
                .collect();
            for window in incidents::windows(&cells) {
                found.push(self.incident(group, &cells, window, *first));
            }
        }
        found.sort_by_key(|incident| (incident.from, std::cmp::Reverse(incident.count)));
        found
    }

    fn incident(
        &self,
        group: &Group,
        cells: &[Cell],
        window: (usize, usize),
        first: i64,
    ) -> Incident {
        let span = self.tables.span;
        let (from, to) = (
            first + window.0 as i64 * span,
            first + window.1 as i64 * span,
        );
        let (count, all) = incidents::sum(&cells[window.0..window.1]);
        let wanted = self.number_of(group);
        let mut inside: HashMap<(usize, Id), u64> = HashMap::new();
        for (dimension, id, row, minute, count) in self.tables.places() {
            if (from..to).contains(&minute) && Some(self.group_of[row]) == wanted {
                *inside.entry((dimension, id)).or_default() += count;
            }
        }
        let values = Dimension::ALL.into_iter().flat_map(|dimension| {
            let inside = &inside;
            self.tables.names[dimension as usize]
                .iter()
                .filter_map(move |(name, id, total)| {
                    let count = inside.get(&(dimension as usize, id))?;
                    Some((dimension, name.to_vec(), *count, total))
                })
        });
        Incident {
            happened: group.happened,
            outcome: group.diagnosis.outcome,
            blame: group.diagnosis.blame,
            from: from * 60,
            to: (window.1 < cells.len()).then_some(to * 60),
            count,
            all,
            share_else: incidents::share_else(cells, window),
            traits: incidents::traits(values, count, self.exchanges()),
            timeout: self.timeout(group),
        }
    }

    /// The round time at which a group's times taken pile up: the timeout that fired, in seconds.
    pub fn timeout(&self, group: &Group) -> Option<f64> {
        let wanted = self.number_of(group);
        let times: Vec<(u64, u64)> = self
            .tables
            .times()
            .filter(|(_, row, bucket, _)| *bucket != UNTIMED && Some(self.group_of[*row]) == wanted)
            .map(|(_, _, bucket, count)| (middle(bucket), count))
            .collect();
        incidents::timeout(&times)
    }

    pub(crate) fn number_of(&self, group: &Group) -> Option<usize> {
        self.groups.iter().position(|known| known.is_like(group))
    }

    /// The formats that read lines, with how many.
    pub fn formats(&self) -> Vec<(&'static Format, u64)> {
        let mut met: Vec<_> = formats()
            .zip(self.met.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect();
        met.sort_by_key(|(format, count)| (std::cmp::Reverse(*count), format.name));
        met
    }
}

impl Group {
    fn of(row: &Row) -> Self {
        Self {
            happened: row.judged.happened,
            diagnosis: row.judged.diagnosis.clone(),
            count: 0,
            bytes: 0,
            bots: 0,
            first: None,
            last: None,
            statuses: Vec::new(),
            formats: Vec::new(),
            example: Vec::new(),
            open: row.judged.open,
            joined: 0,
            witnessed: 0,
            complaint: row.is_complaint(),
        }
    }

    fn key(&self) -> (Happening, OutcomeId, Blame, bool) {
        (
            self.happened,
            self.diagnosis.outcome,
            self.diagnosis.blame,
            self.complaint,
        )
    }

    fn is_like(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    fn holds(&self, row: &Row) -> bool {
        let judged: &Arc<Judged> = &row.judged;
        let fine = judged.happened == Happening::Fine && self.happened == Happening::Fine;
        self.complaint == row.is_complaint()
            && self.happened == judged.happened
            && self.diagnosis.outcome == judged.diagnosis.outcome
            && (fine || self.diagnosis.blame == judged.diagnosis.blame)
    }

    fn take(&mut self, row: &Row) {
        let earlier = self.first.is_none_or(|first| row.first < first);
        if (earlier || self.example.is_empty()) && !row.example.is_empty() {
            self.example = row.example.to_vec();
        }
        self.count += row.count;
        self.bytes += row.bytes;
        self.bots += row.bots;
        match &row.error {
            Some(error) if error.witness().is_some() => self.witnessed += row.count,
            Some(_) => self.joined += row.count,
            None => {}
        }
        if row.first <= row.last {
            self.first = Some(self.first.map_or(row.first, |first| first.min(row.first)));
            self.last = Some(self.last.map_or(row.last, |last| last.max(row.last)));
        }
        let status = row.shape.get().status;
        match self.statuses.iter_mut().find(|(known, _)| *known == status) {
            Some((_, count)) => *count += row.count,
            None => self.statuses.push((status, row.count)),
        }
        if let Some(format) = formats().nth(usize::from(row.format))
            && !self.formats.contains(&format.name)
        {
            self.formats.push(format.name);
        }
        self.open = self.open.or(row.judged.open);
    }
}

/// Whether an error line says what went wrong, and does not only follow from another one.
fn tells_itself(row: &Row) -> bool {
    Cause::of(&row.shape.get()).is_some_and(|(.., weight)| weight > 1)
}

/// Whose attention a failure needs first: the operator's, the client's, nobody's.
fn weight(happened: Happening) -> u8 {
    match happened {
        Happening::Fine => 2,
        Happening::ClientLeft | Happening::ClientErred | Happening::Policy => 1,
        _ => 0,
    }
}

impl Row {
    /// Whether these are the error lines that say this.
    fn says(&self, complaint: &Complaint) -> bool {
        self.format == complaint.format && self.shape == complaint.shape
    }

    /// Whether it is of an error log.
    pub(crate) fn is_complaint(&self) -> bool {
        formats()
            .nth(usize::from(self.format))
            .is_some_and(|format| format.kind == Kind::Error)
    }
}

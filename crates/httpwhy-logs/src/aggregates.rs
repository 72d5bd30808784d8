//! What was counted, as a table: by minute, by outcome, by path and outcome.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use httpwhy_diagnose::many::Happening;
use httpwhy_model::{Blame, OutcomeId};

use crate::parquet::{Batch, Cell, Kind, Table};
use crate::tables::names::{Id, OTHER};
use crate::tables::{Dimension, Row, UNTIMED};
use crate::{Percentiles, Triage, shown};

/// What an aggregate is of, and its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The first second of the minutes counted (see [`Triage::minutes_to_a_cell`]); `None` for all times.
    pub minute: Option<i64>,
    /// The path's template, a stranger's bytes; `None` for all paths.
    pub path: Option<Vec<u8>>,
    /// The status written; 0 for none.
    pub status: u16,
    /// What happened.
    pub happened: Happening,
    /// The outcome.
    pub outcome: OutcomeId,
    /// Who is to blame.
    pub blame: Blame,
    /// How many exchanges.
    pub count: u64,
    /// Bytes sent to clients, for all times and paths only.
    pub bytes: Option<u64>,
    /// Times taken; not by minute, and `None` where no time was logged.
    pub took: Option<Percentiles>,
}

impl Aggregate {
    /// `minute`, `outcome` or `path`.
    pub(crate) const fn level(&self) -> &'static str {
        match (&self.minute, &self.path) {
            (Some(_), _) => "minute",
            (None, Some(_)) => "path",
            (None, None) => "outcome",
        }
    }

    /// The columns `p50_ms` to `max_ms`.
    pub(crate) fn took_ms(&self) -> [Option<f64>; 5] {
        let millis =
            |of: fn(&Percentiles) -> u64| self.took.as_ref().map(|took| of(took) as f64 / 1000.0);
        [
            millis(|took| took.p50),
            millis(|took| took.p90),
            millis(|took| took.p99),
            millis(|took| took.p999),
            millis(|took| took.max),
        ]
    }
}

/// What lines are put together by.
type Key = (u16, Happening, OutcomeId, Blame);

fn key(row: &Row) -> Key {
    (
        row.shape.get().status,
        row.judged.happened,
        row.judged.diagnosis.outcome,
        row.judged.diagnosis.blame,
    )
}

impl Triage {
    /// Gives every aggregate: by minute in order of time, then for all times, then by path.
    pub fn aggregates(&self, mut each: impl FnMut(&Aggregate) -> io::Result<()>) -> io::Result<()> {
        let mut keys: Vec<Key> = Vec::new();
        let of_row: Vec<Option<usize>> = self
            .tables
            .rows
            .iter()
            .map(|row| {
                if row.is_complaint() {
                    return None;
                }
                let key = key(row);
                let known = keys.iter().position(|known| *known == key);
                Some(known.unwrap_or_else(|| {
                    keys.push(key);
                    keys.len() - 1
                }))
            })
            .collect();
        self.by_minute(&keys, &of_row, &mut each)?;
        self.by_outcome(&keys, &of_row, &mut each)?;
        self.by_path(&keys, &of_row, &mut each)
    }

    fn by_minute(
        &self,
        keys: &[Key],
        of_row: &[Option<usize>],
        each: &mut impl FnMut(&Aggregate) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut sums: HashMap<(i64, usize), u64> = HashMap::new();
        for (row, minute, count) in self.tables.moments() {
            if let Some(key) = of_row[row] {
                *sums.entry((minute, key)).or_default() += count;
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable();
        for ((minute, key), count) in sums {
            each(&Aggregate {
                minute: Some(minute * 60),
                ..aggregate(keys[key], count)
            })?;
        }
        Ok(())
    }

    fn by_outcome(
        &self,
        keys: &[Key],
        of_row: &[Option<usize>],
        each: &mut impl FnMut(&Aggregate) -> io::Result<()>,
    ) -> io::Result<()> {
        for (at, key) in keys.iter().enumerate() {
            let (mut count, mut bytes) = (0, 0);
            for (row, of) in self.tables.rows.iter().zip(of_row) {
                if *of == Some(at) {
                    count += row.count;
                    bytes += row.bytes;
                }
            }
            let mut times: HashMap<u16, u64> = HashMap::new();
            for (_, row, bucket, count) in self.tables.times() {
                if of_row[row] == Some(at) && bucket != UNTIMED {
                    *times.entry(bucket).or_default() += count;
                }
            }
            let mut times: Vec<(u16, u64)> = times.into_iter().collect();
            times.sort_unstable();
            if count > 0 {
                each(&Aggregate {
                    bytes: (self.depth == crate::Depth::Full).then_some(bytes),
                    took: Percentiles::of(&times),
                    ..aggregate(*key, count)
                })?;
            }
        }
        Ok(())
    }

    fn by_path(
        &self,
        keys: &[Key],
        of_row: &[Option<usize>],
        each: &mut impl FnMut(&Aggregate) -> io::Result<()>,
    ) -> io::Result<()> {
        let names: HashMap<Id, &[u8]> = self.tables.names[Dimension::Path as usize]
            .iter()
            .map(|(name, id, _)| (id, name))
            .collect();
        let mut cells: Vec<(Id, usize, u16, u64)> = self
            .tables
            .times()
            .filter(|(path, ..)| *path != OTHER)
            .filter_map(|(path, row, bucket, count)| Some((path, of_row[row]?, bucket, count)))
            .collect();
        cells.sort_unstable();
        for group in cells.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let (path, key, ..) = group[0];
            let Some(name) = names.get(&path) else {
                continue;
            };
            let mut times: Vec<(u16, u64)> = Vec::new();
            for (.., bucket, count) in group.iter().filter(|cell| cell.2 != UNTIMED) {
                match times.last_mut() {
                    Some((last, sum)) if last == bucket => *sum += count,
                    _ => times.push((*bucket, *count)),
                }
            }
            each(&Aggregate {
                path: Some(name.to_vec()),
                took: Percentiles::of(&times),
                ..aggregate(keys[key], group.iter().map(|cell| cell.3).sum())
            })?;
        }
        Ok(())
    }
}

fn aggregate((status, happened, outcome, blame): Key, count: u64) -> Aggregate {
    Aggregate {
        minute: None,
        path: None,
        status,
        happened,
        outcome,
        blame,
        count,
        bytes: None,
        took: None,
    }
}

/// The columns of an aggregate. `level` is `minute`, `outcome` or `path`: sum the counts of one level only.
pub(crate) const COLUMNS: &[(&str, Kind)] = &[
    ("level", Kind::Text),
    ("minute", Kind::Time),
    ("path", Kind::Text),
    ("status", Kind::Int),
    ("happened", Kind::Text),
    ("outcome", Kind::Text),
    ("party", Kind::Text),
    ("certainty", Kind::Text),
    ("count", Kind::Int),
    ("bytes", Kind::Int),
    ("p50_ms", Kind::Float),
    ("p90_ms", Kind::Float),
    ("p99_ms", Kind::Float),
    ("p999_ms", Kind::Float),
    ("max_ms", Kind::Float),
];

/// Writes all aggregates as a Parquet file, in place of one that is there.
pub fn write_aggregates(triage: &Triage, path: &Path, anonymize: bool) -> io::Result<()> {
    let mut table = Table::create(path, COLUMNS)?;
    let mut batch = Batch::default();
    triage.aggregates(|one| {
        push(&mut batch, one, anonymize);
        if batch.is_full() {
            table.take(&mut batch)?;
        }
        Ok(())
    })?;
    table.take(&mut batch)?;
    table.close()
}

fn push(batch: &mut Batch, one: &Aggregate, anonymize: bool) {
    let path = one.path.as_ref().map(|path| shown(path, anonymize));
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let took = one.took_ms();
    batch.push(&[
        Cell::Text(Some(one.level())),
        Cell::Int(one.minute.map(|second| second * 1000)),
        Cell::Text(path.as_deref()),
        Cell::Int((one.status != 0).then_some(i64::from(one.status))),
        Cell::Text(Some(one.happened.word())),
        Cell::Text(Some(one.outcome.0)),
        Cell::Text(one.blame.party().map(httpwhy_model::Party::as_str)),
        Cell::Text(Some(one.blame.certainty())),
        Cell::Int(Some(whole(one.count))),
        Cell::Int(one.bytes.map(whole)),
        Cell::Float(took[0]),
        Cell::Float(took[1]),
        Cell::Float(took[2]),
        Cell::Float(took[3]),
        Cell::Float(took[4]),
    ]);
}

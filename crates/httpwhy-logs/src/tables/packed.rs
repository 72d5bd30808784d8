//! Tables as they are written into a state, and back. Names and rows are numbered anew, so that cells are small numbers.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::cells::Cells;
use super::histogram::BUCKETS;
use super::names::{Id, LONGEST, Names, OTHER};
use super::{
    Dimension, EXAMPLE, MOMENTS, NAMES, Row, SHAPES, SPAN, TIMES, Tables, UNTIMED, moment_key,
    place_key, time_key,
};
use crate::hash::Seed;
use crate::judge::{Complaint, Judged};
use crate::state::image::{ComplaintImage, Dictionary, List, MOST, SECONDS, ShapeImage, Unsound};

const DIMENSIONS: usize = Dimension::ALL.len();
/// More cells than a table ever has.
const CELLS: usize = 4 * TIMES + 2 * SHAPES;
/// Minutes that share a cell, at most: two years.
const WIDEST: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
pub(crate) struct TablesImage<'a> {
    #[serde(borrow)]
    rows: List<RowImage<'a>, { SHAPES + 1 }>,
    span: u64,
    minutes: CellsImage<{ 2 * MOMENTS }>,
    times: CellsImage<CELLS>,
    places: CellsImage<{ 2 * MOMENTS }>,
    #[serde(borrow)]
    names: [NamesImage<'a>; DIMENSIONS],
    #[serde(borrow)]
    clients: NamesImage<'a>,
    distinct: &'a [u8],
    timeless: u64,
    times_dropped: u64,
    places_floor: u64,
}

#[derive(Serialize, Deserialize)]
struct RowImage<'a> {
    /// A number of the dictionary of formats.
    format: u16,
    #[serde(borrow)]
    shape: ShapeImage<'a>,
    #[serde(borrow)]
    error: Option<ComplaintImage<'a>>,
    count: u64,
    bytes: u64,
    bots: u64,
    /// First and last second.
    seconds: Option<(i64, i64)>,
    example: &'a [u8],
}

/// Keys in ascending order, each as its distance from the one before, with their counts.
#[derive(Serialize, Deserialize)]
struct CellsImage<const LONGEST: usize>(List<(u64, u32), LONGEST>);

#[derive(Serialize, Deserialize)]
struct NamesImage<'a> {
    #[serde(borrow)]
    names: List<(&'a [u8], u64), NAMES>,
    floor: u64,
    forgotten: u64,
}

impl<const LONGEST: usize> CellsImage<LONGEST> {
    fn of(cells: impl Iterator<Item = (u64, u64)>) -> Self {
        let mut sums: HashMap<u64, u64> = HashMap::new();
        for (key, count) in cells {
            *sums.entry(key).or_default() += count;
        }
        let mut sorted: Vec<(u64, u64)> = sums.into_iter().collect();
        sorted.sort_unstable();
        let mut before = 0;
        let list = sorted.into_iter().map(|(key, count)| {
            let step = key - before;
            before = key;
            (step, u32::try_from(count).unwrap_or(u32::MAX))
        });
        Self(List(list.collect()))
    }

    /// The cells, whose keys have to be sound.
    fn cells(&self, is_sound: impl Fn(u64) -> bool) -> Result<Cells, Unsound> {
        let mut cells = Cells::default();
        let mut key = 0_u64;
        for (step, count) in &self.0.0 {
            key = key
                .checked_add(*step)
                .filter(|key| is_sound(*key))
                .ok_or(Unsound("a cell is of nothing"))?;
            cells.add(key, *count);
        }
        Ok(cells)
    }
}

impl<'a> NamesImage<'a> {
    fn of(names: &'a Names) -> Self {
        let list = names.iter().map(|(name, _, count)| (name, count));
        Self {
            names: List(list.collect()),
            floor: names.floor(),
            forgotten: names.forgotten(),
        }
    }

    fn names(&self, seed: Seed) -> Result<Names, Unsound> {
        let list = &self.names.0;
        let sound = list
            .iter()
            .all(|(name, count)| name.len() <= LONGEST && *count <= MOST);
        if !sound || self.floor > MOST || self.forgotten > MOST {
            return Err(Unsound("a name is too long, or its count too great"));
        }
        Ok(Names::restore(
            seed,
            list.iter().copied(),
            self.floor,
            self.forgotten,
        ))
    }
}

impl<'a> TablesImage<'a> {
    /// The image of tables with nothing in hand.
    pub(crate) fn of(tables: &'a Tables, formats: &mut Dictionary) -> Self {
        let numbers: Vec<HashMap<Id, Id>> = tables
            .names
            .iter()
            .map(|names| {
                let known = names.iter().map(|(_, id, _)| id);
                known.zip(OTHER + 1..).collect()
            })
            .collect();
        let number = |dimension: usize, id: Id| numbers[dimension].get(&id).copied();
        let times = tables.times().map(|(path, row, bucket, count)| {
            let path = number(Dimension::Path as usize, path).unwrap_or(OTHER);
            (time_key(path, row, bucket), count)
        });
        let places = tables
            .places()
            .filter_map(|(dimension, id, row, minute, count)| {
                let id = number(dimension, id)?;
                let span = minute.div_euclid(tables.span);
                Some((place_key(dimension, id, row, span), count))
            });
        let minutes = tables
            .moments()
            .map(|(row, minute, count)| (moment_key(row, minute.div_euclid(tables.span)), count));
        Self {
            rows: List(
                tables
                    .rows
                    .iter()
                    .map(|row| RowImage::of(row, formats))
                    .collect(),
            ),
            span: tables.span as u64,
            minutes: CellsImage::of(minutes),
            times: CellsImage::of(times),
            places: CellsImage::of(places),
            names: std::array::from_fn(|at| NamesImage::of(&tables.names[at])),
            clients: NamesImage::of(&tables.clients),
            distinct: tables.distinct.registers(),
            timeless: tables.timeless,
            times_dropped: tables.times_dropped,
            places_floor: tables.places_floor,
        }
    }

    /// The tables again; every row is judged anew.
    pub(crate) fn tables(&self, seed: Seed, formats: &Dictionary) -> Result<Tables, Unsound> {
        if !self.span.is_power_of_two() || self.span > WIDEST {
            return Err(Unsound("its minutes are no minutes"));
        }
        let mut tables = Tables::new(seed, 1);
        let mut rows = Vec::new();
        for image in &self.rows.0 {
            let row = image.row(formats)?;
            rows.push(tables.merge_row(&row));
        }
        // Equal rows would be one row now, and the cells would speak of others.
        if rows.iter().enumerate().any(|(at, row)| at != *row) {
            return Err(Unsound("two of its rows are equal"));
        }
        let mut image = Tables::new(seed, 1);
        image.rows.clone_from(&tables.rows);
        image.span = self.span as i64;
        let rows = rows.len() as u64;
        let mut names = Vec::new();
        for list in &self.names {
            names.push(list.names(seed)?);
        }
        image.names = names
            .try_into()
            .map_err(|_| Unsound("a dimension is missing"))?;
        let counts: [u64; DIMENSIONS] =
            std::array::from_fn(|at| self.names[at].names.0.len() as u64);
        image.minutes = self.minutes.cells(|key| key >> super::SPAN_BITS < rows)?;
        image.times = self.times.cells(|key| {
            let bucket = (key & super::ROW) as u16;
            let row = key >> super::BUCKET_BITS & super::ROW;
            let path = key >> (super::ROW_BITS + super::BUCKET_BITS);
            row < rows && path <= counts[0] && (bucket < BUCKETS || bucket == UNTIMED)
        })?;
        image.places = self.places.cells(|key| {
            let row = key >> super::SPAN_BITS & super::ROW;
            let id = key >> (super::ROW_BITS + super::SPAN_BITS) & super::ID;
            let dimension = key >> (super::ID_BITS + super::ROW_BITS + super::SPAN_BITS);
            let count = counts.get(dimension as usize);
            row < rows && count.is_some_and(|count| id <= *count)
        })?;
        image.clients = self.clients.names(seed)?;
        image.distinct = super::distinct::Distinct::of(self.distinct)
            .ok_or(Unsound("its sketch of clients has another length"))?;
        if self.timeless.max(self.times_dropped).max(self.places_floor) > MOST {
            return Err(Unsound("a count is too great"));
        }
        image.timeless = self.timeless;
        image.times_dropped = self.times_dropped;
        image.places_floor = self.places_floor;
        for row in &mut tables.rows {
            row.count = 0;
            (row.bytes, row.bots) = (0, 0);
        }
        tables.merge(image);
        Ok(tables)
    }
}

impl<'a> RowImage<'a> {
    fn of(row: &'a Row, formats: &mut Dictionary) -> Self {
        Self {
            format: formats.number(row.format),
            shape: ShapeImage::of(&row.shape),
            error: row
                .error
                .as_ref()
                .map(|error| ComplaintImage::of(error, formats)),
            count: row.count,
            bytes: row.bytes,
            bots: row.bots,
            seconds: (row.first <= row.last).then_some((row.first, row.last)),
            example: &row.example,
        }
    }

    fn row(&self, formats: &Dictionary) -> Result<Row, Unsound> {
        let sound = self.count <= MOST && self.bytes <= MOST && self.bots <= MOST;
        if !sound || self.example.len() > EXAMPLE {
            return Err(Unsound("a row counts too much, or its example is too long"));
        }
        let (first, last) = match self.seconds {
            None => (i64::MAX, i64::MIN),
            Some((first, last)) if 0 <= first && first <= last && last <= SECONDS => (first, last),
            Some(_) => return Err(Unsound("a time lies before 1970, or ages away")),
        };
        let (number, format) = formats.format(self.format)?;
        let shape = self.shape.shape()?.to_owned();
        let error: Option<Complaint> = self
            .error
            .as_ref()
            .map(|error| error.complaint(formats))
            .transpose()?;
        let judged: Arc<Judged> = Judged::of(format, &shape, error.as_ref());
        Ok(Row {
            format: number,
            shape,
            error,
            judged,
            count: self.count,
            bytes: self.bytes,
            bots: self.bots,
            first,
            last,
            example: self.example.into(),
        })
    }
}

/// Spans of minutes fit their bits.
const _: () = assert!(SPAN > WIDEST);

//! What is counted: by shape and minute, by path and time taken, by upstream, host, client and agent. Bounded whatever
//! the log; each worker has its own, and they are merged at the end.

pub(crate) mod cells;
pub(crate) mod distinct;
pub(crate) mod histogram;
pub(crate) mod names;
pub(crate) mod packed;

use std::sync::Arc;

use httpwhy_ingest::logs::{OwnedShape, Shape};

use crate::hash::{Seed, mix};
use crate::judge::{Complaint, Judged};
use cells::Cells;
use distinct::Distinct;
use names::{Id, Names, OTHER};

/// Distinct shapes; further ones lose their words, then share the last.
pub(crate) const SHAPES: usize = 4000;
/// Names that a table keeps at least half of.
pub(crate) const NAMES: usize = 8_000;
/// Cells by path, shape and time taken; beyond, no new time is told apart.
const TIMES: usize = 190_000;
/// Cells by shape and minute, and by dimension, name, shape and span; beyond, minutes share a cell.
const MOMENTS: usize = 96_000;
/// Places share cells of so many minutes at most: beyond, an incident would not show.
const WIDEST: i64 = 16;
/// The longest example line that is kept, bytes.
pub(crate) const EXAMPLE: usize = 1024;
/// Kept of the lines that could not be read.
pub(crate) const SAMPLES: usize = 5;

/// What a failure may share with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Dimension {
    /// The path's template.
    Path,
    /// The server behind.
    Upstream,
    /// The host asked for, or the route or virtual host.
    Host,
    /// The client's network: /24 of IPv4, /48 of IPv6.
    Network,
    /// The user agent's family.
    Agent,
    /// The method.
    Method,
    /// The network's place: point of presence, node, pod.
    Pop,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 7] = [
        Self::Path,
        Self::Upstream,
        Self::Host,
        Self::Network,
        Self::Agent,
        Self::Method,
        Self::Pop,
    ];

    /// The word for people and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Upstream => "upstream",
            Self::Host => "host",
            Self::Network => "network",
            Self::Agent => "agent",
            Self::Method => "method",
            Self::Pop => "pop",
        }
    }
}

/// One shape and what its lines have in common.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) format: u16,
    pub(crate) shape: OwnedShape,
    /// The error line that was joined.
    pub(crate) error: Option<Complaint>,
    pub(crate) judged: Arc<Judged>,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    pub(crate) bots: u64,
    /// Seconds since 1970, `i64::MAX` and `i64::MIN` when no line had a time.
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// The first line met, cut.
    pub(crate) example: Box<[u8]>,
}

/// What one failure shares.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place(pub(crate) [Id; Dimension::ALL.len()]);

/// All counts of one worker, or of all.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) rows: Vec<Row>,
    slots: Vec<u16>,
    recent: usize,
    /// The rows of shapes that are a status alone, plus one, by status, of one format; empty before the first.
    plain: Vec<u16>,
    plain_format: u16,
    /// Shape and minute.
    minutes: Cells,
    minute: i64,
    /// The first second of that minute.
    second: i64,
    row_of_minute: Vec<u32>,
    /// Minutes to one span of `minutes` and `places`; a power of two, greater in long logs.
    pub(crate) span: i64,
    pub(crate) names: [Names; Dimension::ALL.len()],
    /// Path, shape and bucket of the time taken.
    times: Cells,
    /// Lines whose time taken is not told apart any more.
    pub(crate) times_dropped: u64,
    /// Dimension, name, shape and span, of failures.
    places: Cells,
    /// By how much a cell of places may be too small.
    pub(crate) places_floor: u64,
    pub(crate) clients: Names,
    pub(crate) distinct: Distinct,
    /// Lines without a time.
    pub(crate) timeless: u64,
}

/// The bucket of lines without a time taken.
pub(crate) const UNTIMED: u16 = 4095;

impl Tables {
    pub(crate) fn new(seed: Seed, workers: usize) -> Self {
        let cap = (NAMES * 2 / workers.max(1)).clamp(1000, NAMES);
        Self {
            rows: Vec::new(),
            slots: vec![0; 256],
            recent: 0,
            plain: Vec::new(),
            plain_format: 0,
            minutes: Cells::default(),
            minute: i64::MIN,
            second: i64::MIN,
            row_of_minute: Vec::new(),
            span: 1,
            names: std::array::from_fn(|_| Names::new(cap, seed)),
            times: Cells::default(),
            times_dropped: 0,
            places: Cells::default(),
            places_floor: 0,
            clients: Names::new(cap, seed),
            distinct: Distinct::default(),
            timeless: 0,
        }
    }

    /// The row of a shape; a new one is judged.
    #[inline]
    pub(crate) fn row(
        &mut self,
        format: u16,
        shape: &Shape<'_>,
        error: Option<&Complaint>,
        judge: impl FnOnce(&OwnedShape) -> Arc<Judged>,
    ) -> usize {
        if let Some(row) = self.rows.get(self.recent)
            && row.is(format, shape, error)
        {
            return self.recent;
        }
        self.recent = self.look_up(format, shape, error, judge);
        self.recent
    }

    fn look_up(
        &mut self,
        format: u16,
        shape: &Shape<'_>,
        error: Option<&Complaint>,
        judge: impl FnOnce(&OwnedShape) -> Arc<Judged>,
    ) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash_of(format, shape) as usize & mask;
        while self.slots[at] != 0 {
            let index = usize::from(self.slots[at]) - 1;
            if self.rows[index].is(format, shape, error) {
                return index;
            }
            at = (at + 1) & mask;
        }
        if self.rows.len() >= SHAPES {
            let bare = Shape {
                words: [b"", b""],
                ..*shape
            };
            let known = self.rows.iter().position(|row| row.is(format, &bare, None));
            return known.unwrap_or(0);
        }
        let owned = shape.to_owned();
        let judged = judge(&owned);
        self.push(
            at,
            Row {
                format,
                error: error.cloned(),
                judged,
                shape: owned,
                count: 0,
                bytes: 0,
                bots: 0,
                first: i64::MAX,
                last: i64::MIN,
                example: Box::default(),
            },
        )
    }

    /// The row of a shape that is a status alone, if it was noted.
    #[inline]
    pub(crate) fn plain_row(&self, format: u16, status: u16) -> Option<usize> {
        let row = self.plain.get(usize::from(status))?;
        let known = self.plain_format == format;
        usize::from(*row).checked_sub(1).filter(|_| known)
    }

    /// Notes the row of a shape, which has no error line, if that shape is a status alone.
    pub(crate) fn note_plain(&mut self, format: u16, shape: &Shape<'_>, row: usize) {
        let status = shape.status;
        let alone = Shape {
            status,
            ..Shape::default()
        };
        if *shape != alone || status > 999 {
            return;
        }
        if self.plain_format != format || self.plain.is_empty() {
            self.plain_format = format;
            self.plain.clear();
            self.plain.resize(1000, 0);
        }
        self.plain[usize::from(status)] = row as u16 + 1;
    }

    fn push(&mut self, at: usize, row: Row) -> usize {
        self.rows.push(row);
        self.slots[at] = self.rows.len() as u16;
        if self.rows.len() * 2 > self.slots.len() {
            let mut slots = vec![0_u16; self.slots.len() * 2];
            let mask = slots.len() - 1;
            for (index, row) in self.rows.iter().enumerate() {
                let mut at = hash_of(row.format, &row.shape.get()) as usize & mask;
                while slots[at] != 0 {
                    at = (at + 1) & mask;
                }
                slots[at] = index as u16 + 1;
            }
            self.slots = slots;
        }
        self.rows.len() - 1
    }

    /// Counts one line of a row, at a second.
    #[inline]
    pub(crate) fn count(&mut self, row: usize, second: Option<i64>) {
        self.rows[row].count += 1;
        let Some(second) = second else {
            self.timeless += 1;
            return;
        };
        let known = &mut self.rows[row];
        known.first = known.first.min(second);
        known.last = known.last.max(second);
        if !(0..60).contains(&second.wrapping_sub(self.second)) {
            self.flush();
            self.minute = second.div_euclid(60);
            self.second = self.minute * 60;
        }
        if self.row_of_minute.len() <= row {
            self.row_of_minute.resize(row + 1, 0);
        }
        self.row_of_minute[row] += 1;
    }

    /// Brings the counts of the minute at hand into the table.
    pub(crate) fn flush(&mut self) {
        if self.minute == i64::MIN {
            return;
        }
        let span = self.minute.div_euclid(self.span);
        for (row, count) in self.row_of_minute.iter_mut().enumerate() {
            if *count > 0 {
                self.minutes.add(moment_key(row, span), *count);
                *count = 0;
            }
        }
        if self.minutes.len() > MOMENTS {
            self.coarsen();
        }
    }

    /// Doubles the span, so that neighbours share a cell.
    #[cold]
    fn coarsen(&mut self) {
        self.span *= 2;
        let halve = |cells: &Cells| {
            let mut coarse = Cells::default();
            for (key, count) in cells.iter() {
                coarse.add((key & !SPAN) | ((key & SPAN) >> 1), count);
            }
            coarse
        };
        self.minutes = halve(&self.minutes);
        self.places = halve(&self.places);
    }

    /// Counts a line's path and time taken.
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn time(&mut self, path: Id, row: usize, bucket: u16) {
        if !self.times.again(time_key(path, row, bucket)) {
            self.add_time(path, row, bucket, 1, TIMES);
        }
    }

    fn add_time(&mut self, path: Id, row: usize, bucket: u16, count: u32, limit: usize) {
        let key = time_key(path, row, bucket);
        if self.times.len() < limit {
            self.times.add(key, count);
        } else if !self.times.add_known(key, count) {
            self.times_dropped += u64::from(count);
            if self.times.len() < limit * 2 {
                self.times.add(time_key(path, row, UNTIMED), count);
            } else {
                self.times.add(time_key(OTHER, row, UNTIMED), count);
            }
        }
    }

    /// Counts what a failure shares with others.
    pub(crate) fn place(&mut self, row: usize, second: i64, place: &Place) {
        let span = second.div_euclid(60).div_euclid(self.span);
        for (dimension, id) in place.0.iter().enumerate() {
            if *id != OTHER {
                self.places.add(place_key(dimension, *id, row, span), 1);
            }
        }
        if self.places.len() > MOMENTS {
            self.thin();
        }
    }

    /// Makes room among the places: minutes share a cell while that is still of use, then rare ones are forgotten.
    #[cold]
    fn thin(&mut self) {
        if self.span < WIDEST {
            self.coarsen();
        }
        if self.places.len() > MOMENTS / 2 {
            self.places_floor += u64::from(self.places.prune());
        }
    }

    /// Row, first minute of the span, count.
    pub(crate) fn moments(&self) -> impl Iterator<Item = (usize, i64, u64)> + '_ {
        self.minutes.iter().map(|(key, count)| {
            let (row, span) = moment_of(key);
            (row, span * self.span, u64::from(count))
        })
    }

    /// Path, row, bucket, count.
    pub(crate) fn times(&self) -> impl Iterator<Item = (Id, usize, u16, u64)> + '_ {
        self.times.iter().map(|(key, count)| {
            (
                (key >> (ROW_BITS + BUCKET_BITS)) as Id,
                ((key >> BUCKET_BITS) & ROW) as usize,
                (key & ROW) as u16,
                u64::from(count),
            )
        })
    }

    /// Dimension, name, row, first minute of the span, count.
    pub(crate) fn places(&self) -> impl Iterator<Item = (usize, Id, usize, i64, u64)> + '_ {
        self.places.iter().map(|(key, count)| {
            (
                (key >> (ID_BITS + ROW_BITS + SPAN_BITS)) as usize,
                ((key >> (ROW_BITS + SPAN_BITS)) & ID) as Id,
                ((key >> SPAN_BITS) & ROW) as usize,
                (key & SPAN) as i64 * self.span,
                u64::from(count),
            )
        })
    }

    /// Takes another worker's counts in.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.flush();
        other.flush();
        while self.span < other.span {
            self.coarsen();
        }
        while other.span < self.span {
            other.coarsen();
        }
        let rows: Vec<usize> = other.rows.iter().map(|row| self.merge_row(row)).collect();
        let ids: Vec<Vec<Id>> = self
            .names
            .iter_mut()
            .zip(&other.names)
            .map(|(mine, theirs)| mine.merge(theirs))
            .collect();
        let id =
            |dimension: usize, id: Id| ids[dimension].get(id as usize).copied().unwrap_or(OTHER);
        for (row, minute, count) in other.moments() {
            let key = moment_key(rows[row], minute.div_euclid(self.span));
            self.minutes.add(key, count as u32);
        }
        for (path, row, bucket, count) in other.times() {
            let path = id(Dimension::Path as usize, path);
            self.add_time(path, rows[row], bucket, count as u32, 2 * TIMES);
        }
        for (dimension, name, row, minute, count) in other.places() {
            let key = place_key(
                dimension,
                id(dimension, name),
                rows[row],
                minute.div_euclid(self.span),
            );
            self.places.add(key, count as u32);
        }
        self.clients.merge(&other.clients);
        self.distinct.merge(&other.distinct);
        self.times_dropped += other.times_dropped;
        self.timeless += other.timeless;
        while self.minutes.len() > MOMENTS {
            self.coarsen();
        }
        while self.places.len() > MOMENTS {
            self.thin();
        }
        self.places_floor += other.places_floor;
    }

    fn merge_row(&mut self, theirs: &Row) -> usize {
        let index = self.look_up(
            theirs.format,
            &theirs.shape.get(),
            theirs.error.as_ref(),
            |_| Arc::clone(&theirs.judged),
        );
        let mine = &mut self.rows[index];
        if theirs.first < mine.first || mine.example.is_empty() {
            mine.example.clone_from(&theirs.example);
        }
        mine.count += theirs.count;
        mine.bytes += theirs.bytes;
        mine.bots += theirs.bots;
        mine.first = mine.first.min(theirs.first);
        mine.last = mine.last.max(theirs.last);
        index
    }
}

impl Row {
    #[inline]
    fn is(&self, format: u16, shape: &Shape<'_>, error: Option<&Complaint>) -> bool {
        self.format == format && self.shape.get() == *shape && self.error.as_ref() == error
    }
}

fn hash_of(format: u16, shape: &Shape<'_>) -> u64 {
    let mut hash = mix(shape.packed() ^ (u64::from(format) << 8));
    for word in shape.words {
        for byte in word {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash = hash.rotate_left(17);
    }
    mix(hash)
}

/// Minutes since 1970 take 28 bits: 510 years.
const SPAN_BITS: u32 = 28;
const SPAN: u64 = (1 << SPAN_BITS) - 1;
const ROW_BITS: u32 = 12;
const ROW: u64 = (1 << ROW_BITS) - 1;
const ID_BITS: u32 = 21;
const ID: u64 = (1 << ID_BITS) - 1;
const BUCKET_BITS: u32 = 12;

const fn moment_key(row: usize, span: i64) -> u64 {
    ((row as u64) << SPAN_BITS) | (span as u64 & SPAN)
}

const fn moment_of(key: u64) -> (usize, i64) {
    ((key >> SPAN_BITS) as usize, (key & SPAN) as i64)
}

const fn time_key(path: Id, row: usize, bucket: u16) -> u64 {
    (short(path) << (ROW_BITS + BUCKET_BITS))
        | ((row as u64 & ROW) << BUCKET_BITS)
        | (bucket as u64 & ROW)
}

const fn place_key(dimension: usize, id: Id, row: usize, span: i64) -> u64 {
    ((dimension as u64) << (ID_BITS + ROW_BITS + SPAN_BITS))
        | (short(id) << (ROW_BITS + SPAN_BITS))
        | ((row as u64 & ROW) << SPAN_BITS)
        | (span as u64 & SPAN)
}

/// Numbers that do not fit are those of names met after millions of others.
const fn short(id: Id) -> u64 {
    if id as u64 > ID {
        OTHER as u64
    } else {
        id as u64
    }
}

//! What was counted, kept for the next run or sent to where the counts of many hosts are put together.
//!
//! A state holds the tables and sketches, how far each file was read, and error lines that access lines to come may
//! belong to. It holds no diagnosis: each shape is judged again where it is read. Two states are merged into what one
//! triage of both logs would have counted; counts of names stay exact as long as no table was full, and are too small by
//! at most the stated error beyond.

mod file;
pub(crate) mod image;

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::Path;

use httpwhy_ingest::logs::formats;

use crate::errors::{Complaints, Said};
use crate::growing::mark::Mark;
use crate::growing::source::Record;
use crate::hash::Seed;
use crate::read::settings;
use crate::triage::Triage;
use crate::worker::Settings;
use crate::{Depth, Joined, Options};
use image::{Dictionary, FILES, Image, MOST, Made, PARTS, SECONDS, Unsound, unread};

pub use file::{Lock, replace};

/// Which state it is, and under which options it was made.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// A number of its own.
    pub(crate) identity: u64,
    /// The numbers of the states that it was merged of; none of one that was not merged.
    pub(crate) parts: Vec<u64>,
    /// Which lines are asked for, in words.
    pub(crate) asked: String,
    pub(crate) depth: Depth,
}

/// What was counted, and how far.
#[derive(Debug)]
pub struct State {
    pub(crate) origin: Origin,
    pub(crate) triage: Triage,
    pub(crate) complaints: Complaints,
    pub(crate) records: Vec<Record>,
}

/// Why a state cannot be used.
#[derive(Debug)]
pub enum StateError {
    /// It cannot be read or written.
    Io(io::Error),
    /// The file is no state.
    NotOne,
    /// It is of another version.
    Version {
        /// What its first line says; a stranger's text.
        found: String,
        /// The version that is read here.
        known: u32,
    },
    /// Its bytes are not what was written.
    Damaged(String),
    /// It is longer than any state.
    TooLong,
    /// It speaks of a log format that is not known here; a stranger's text.
    Format(String),
    /// Another process has it.
    Busy,
    /// It was merged of others, and has no places in files to go on from.
    Merged,
    /// It was made with other options: its and ours.
    Asked(String, String),
    /// The same lines would be counted twice.
    Twice,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = |words: &str| match words {
            "" => "all lines".to_owned(),
            words => format!("'{words}'"),
        };
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotOne => f.write_str(
                "it is no state of httpwhy logs; name a file that --state has written, or one that is not there yet",
            ),
            Self::Version { found, known } => write!(
                f,
                "it is a state of version {found}, and this httpwhy knows version {known}: use the httpwhy that wrote it, or \
                 begin a new one"
            ),
            Self::Damaged(what) => write!(
                f,
                "it is damaged ({what}): fetch it again, or remove it and read the logs from their beginning"
            ),
            Self::TooLong => f.write_str("it is longer than any state (64 MiB)"),
            Self::Format(name) => write!(
                f,
                "it holds lines of the format '{name}', which this httpwhy does not know: use the version that wrote it"
            ),
            Self::Busy => f.write_str(
                "another httpwhy is using it: wait until that has ended, or name another file",
            ),
            Self::Merged => f.write_str(
                "it was merged of others and cannot be gone on from: merge it again when those have grown",
            ),
            Self::Asked(its, ours) => write!(
                f,
                "it counts {}, and here {} are asked for: ask for the same, or use another state",
                asked(its),
                asked(ours)
            ),
            Self::Twice => f.write_str(
                "it holds counts of a state that is merged already: its lines would count twice",
            ),
        }
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Unsound> for StateError {
    fn from(unsound: Unsound) -> Self {
        Self::Damaged(unsound.0.to_owned())
    }
}

/// A state's bytes.
pub(crate) fn encode(
    origin: &Origin,
    triage: &Triage,
    complaints: &Complaints,
    records: &[Record],
) -> Result<Vec<u8>, StateError> {
    let kept = kept(records);
    let made = Made {
        origin,
        counters: &triage.counters,
        unread: &triage.unread,
        joined: &triage.joined,
        met: triage
            .formats()
            .into_iter()
            .map(|(format, count)| (format.name, count))
            .collect(),
        tables: &triage.tables,
        complaints,
        records: &kept,
    };
    let image = postcard::to_stdvec(&made.image())
        .map_err(|error| StateError::Damaged(error.to_string()))?;
    file::pack(&image)
}

/// Writes a state's bytes in place of those that may be there. Only its owner may read it: it names clients and paths.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    replace(path, bytes, 0o600).map_err(StateError::Io)
}

/// As many records as a state tells of: of more, those that are no longer at their paths are told together.
fn kept(records: &[Record]) -> Vec<Record> {
    let mut all: Vec<Record> = records.to_vec();
    let more = all.len().saturating_sub(FILES);
    if more == 0 {
        return all;
    }
    // Those at their paths come last, and so stay.
    all.sort_by_key(|record| record.input.is_some());
    let mut sum = Record::new("", Mark::default());
    for record in all.drain(..=more) {
        sum.report.counters.add(&record.report.counters);
    }
    sum.report.name = format!("{} earlier files", more + 1);
    all.insert(0, sum);
    all
}

impl State {
    pub(crate) fn empty(settings: &Settings, asked: &str) -> Self {
        Self {
            origin: Origin {
                identity: RandomState::new().hash_one(0_u8),
                parts: Vec::new(),
                asked: asked.to_owned(),
                depth: settings.depth,
            },
            triage: Triage::new(settings),
            complaints: Complaints::default(),
            records: Vec::new(),
        }
    }

    /// Reads a state from a file; `None` when there is none.
    pub fn load(path: &Path) -> Result<Option<Self>, StateError> {
        file::read(path)?
            .map(|bytes| Self::from_bytes(&bytes))
            .transpose()
    }

    /// Reads a state's bytes, of whoever wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        let unpacked = file::unpack(bytes)?;
        let (image, rest): (Image<'_>, _) = postcard::take_from_bytes(&unpacked)
            .map_err(|error| StateError::Damaged(error.to_string()))?;
        if !rest.is_empty() {
            return Err(Unsound("something stands behind its end").into());
        }
        Self::of(&image)
    }

    fn of(image: &Image<'_>) -> Result<Self, StateError> {
        let formats =
            Dictionary::of(&image.formats.0).map_err(|name| StateError::Format(name.to_owned()))?;
        let mut triage = Triage::new(&settings(&Options {
            depth: image.depth(),
            threads: 1,
            ..Options::default()
        }));
        triage.tables = image.tables.tables(Seed::random(), &formats)?;
        triage.counters = image.counters.counters()?;
        for line in &image.unread.0 {
            triage.unread.push(unread(line)?);
        }
        let [with_id, without_id, dropped, found] = image.joined;
        if image.joined.iter().any(|count| *count > MOST) || dropped > with_id {
            return Err(Unsound("a count of joined lines is too great").into());
        }
        triage.joined = Joined {
            with_id,
            without_id,
            dropped,
            found,
        };
        triage.meet(&image.met.0)?;
        let mut records = Vec::new();
        for record in &image.records.0 {
            records.push(record.record()?);
        }
        Ok(Self {
            origin: Origin {
                identity: image.identity,
                parts: image.parts.0.clone(),
                asked: image.asked.to_owned(),
                depth: image.depth(),
            },
            triage,
            complaints: complaints(image, &formats)?,
            records,
        })
    }

    /// The same, to be gone on from under these options.
    pub(crate) fn gone_on_with(self, depth: Depth, asked: &str) -> Result<Self, StateError> {
        if !self.origin.parts.is_empty() {
            return Err(StateError::Merged);
        }
        let ours = words(depth, asked);
        let its = words(self.origin.depth, &self.origin.asked);
        if ours != its {
            return Err(StateError::Asked(its, ours));
        }
        Ok(self)
    }

    /// Takes another state in, whose files are told under that name.
    pub fn merge(&mut self, name: &str, other: Self) -> Result<(), StateError> {
        let ours = words(self.origin.depth, &self.origin.asked);
        let its = words(other.origin.depth, &other.origin.asked);
        if ours != its {
            return Err(StateError::Asked(its, ours));
        }
        let known: HashSet<u64> = self.origin.identities().collect();
        if other.origin.identities().any(|part| known.contains(&part)) {
            return Err(StateError::Twice);
        }
        let parts: Vec<u64> = known
            .into_iter()
            .chain(other.origin.identities())
            .take(PARTS + 1)
            .collect();
        if parts.len() > PARTS {
            return Err(StateError::TooLong);
        }
        self.origin.parts = parts;
        self.complaints = Complaints::default();
        self.triage.absorb(other.triage);
        let records = other.records.into_iter().map(|record| record.of_host(name));
        self.records.extend(records);
        Ok(())
    }

    /// Tells the files of a state that others are merged into under that name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let records = self.records.into_iter();
        self.records = records.map(|record| record.of_host(name)).collect();
        self
    }

    /// Writes it to a file.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        write(
            path,
            &encode(&self.origin, &self.triage, &self.complaints, &self.records)?,
        )
    }

    /// What was found.
    pub fn triage(&self) -> Triage {
        let mut triage = self.triage.clone();
        let mut records: Vec<&Record> = self.records.iter().collect();
        records.sort_by_key(|record| !record.errors);
        triage.files = records.into_iter().map(Record::told).collect();
        triage.finish();
        triage
    }
}

impl Origin {
    /// The states of which it is: itself, if it was not merged.
    fn identities(&self) -> impl Iterator<Item = u64> + '_ {
        let own = self.parts.is_empty().then_some(self.identity);
        own.into_iter().chain(self.parts.iter().copied())
    }
}

impl Record {
    fn of_host(mut self, name: &str) -> Self {
        if !name.is_empty() {
            self.report.name = format!("{name}: {}", self.report.name);
        }
        self
    }
}

/// The options in words, as they are told.
fn words(depth: Depth, asked: &str) -> String {
    match (depth, asked) {
        (Depth::Full, asked) => asked.to_owned(),
        (Depth::Counts, "") => "--counts".to_owned(),
        (Depth::Counts, asked) => format!("--counts {asked}"),
    }
}

fn complaints(image: &Image<'_>, formats: &Dictionary) -> Result<Complaints, Unsound> {
    let mut distinct = Vec::new();
    for complaint in &image.complaints.0 {
        distinct.push(complaint.complaint(formats)?);
    }
    let marks = image.marks.0.iter();
    let marks: Vec<(u64, Said)> = marks
        .map(|&(key, second, local, index)| {
            let said = Said {
                second,
                local,
                index,
            };
            (key, said)
        })
        .collect();
    let recent = &image.recent.0;
    let mut seconds = marks
        .iter()
        .map(|(_, said)| said.second)
        .chain(recent.iter().map(|(_, second, _)| *second));
    if !seconds.all(|second| (0..=SECONDS).contains(&second)) {
        return Err(Unsound(
            "an error line's time lies before 1970, or ages away",
        ));
    }
    Complaints::restore(distinct, marks, recent.clone())
        .ok_or(Unsound("an error line says nothing"))
}

impl Triage {
    /// Takes in how many lines each format read.
    fn meet(&mut self, met: &[(&str, u64)]) -> Result<(), StateError> {
        for (name, count) in met {
            let at = formats().position(|format| format.name == *name);
            let sum = at
                .and_then(|at| self.met.get_mut(at))
                .ok_or_else(|| StateError::Format((*name).to_owned()))?;
            if *count > MOST {
                return Err(Unsound("a count of lines is too great").into());
            }
            *sum += count;
        }
        Ok(())
    }
}

//! What a state looks like in bytes (postcard's wire format). Every list has a bound, every number is looked at: a state
//! may come from a host that is not trusted.

use std::fmt;
use std::marker::PhantomData;

use httpwhy_ingest::logs::{Format, OwnedShape, Request, Shape, formats};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::errors::{RECENT, Recent};
use crate::growing::mark::Mark;
use crate::growing::source::Record;
use crate::judge::Complaint;
use crate::tables::packed::TablesImage;
use crate::tables::{EXAMPLE, SAMPLES};
use crate::triage::FileReport;
use crate::{Counters, Depth, Joined, LONGEST_LINE, Unread};

/// The greatest count, so that sums of many do not overflow.
pub(crate) const MOST: u64 = 1 << 48;
/// The last second: the year 36812.
pub(crate) const SECONDS: i64 = 1 << 40;
/// Files that a state tells of; older ones are told together.
pub(crate) const FILES: usize = 2000;
/// States that one may be merged of.
pub(crate) const PARTS: usize = 10_000;
/// Bytes of a text: names, doubts, notes.
const TEXT: usize = 16 * 1024;
/// Bytes of a shape's word, which is of a closed vocabulary.
const WORD: usize = 1024;
const FORMATS: usize = 1000;
const DOUBTS: usize = 100;

/// Why a state's content cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsound(pub(crate) &'static str);

/// A list of at most so many.
#[derive(Debug)]
pub(crate) struct List<T, const LONGEST: usize>(pub(crate) Vec<T>);

impl<T: Serialize, const LONGEST: usize> Serialize for List<T, LONGEST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const LONGEST: usize> Deserialize<'de> for List<T, LONGEST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Bounded(PhantomData))
    }
}

struct Bounded<T, const LONGEST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const LONGEST: usize> Visitor<'de> for Bounded<T, LONGEST> {
    type Value = List<T, LONGEST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {LONGEST} entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            if list.len() == LONGEST {
                return Err(A::Error::custom("a list is too long"));
            }
            list.push(entry);
        }
        Ok(List(list))
    }
}

/// The formats that a state speaks of, by name: their numbers differ from version to version.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    names: Vec<(u16, &'static Format)>,
}

impl Dictionary {
    /// The state's number of a format.
    pub(crate) fn number(&mut self, number: u16) -> u16 {
        let known = self.names.iter().position(|(known, _)| *known == number);
        let at = known.unwrap_or_else(|| {
            if let Some(format) = formats().nth(usize::from(number)) {
                self.names.push((number, format));
            }
            self.names.len().saturating_sub(1)
        });
        at as u16
    }

    /// Our number of a state's format, and the format.
    pub(crate) fn format(&self, number: u16) -> Result<(u16, &'static Format), Unsound> {
        let found = self.names.get(usize::from(number)).copied();
        found.ok_or(Unsound("a row is of no format"))
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.names.iter().map(|(_, format)| format.name).collect()
    }

    /// Of these names; the one that is not known here.
    pub(crate) fn of<'a>(names: &[&'a str]) -> Result<Self, &'a str> {
        let mut all = Self::default();
        for name in names {
            let known = formats()
                .enumerate()
                .find(|(_, format)| format.name == *name);
            let (number, format) = known.ok_or(*name)?;
            all.names.push((number as u16, format));
        }
        Ok(all)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ShapeImage<'a> {
    status: u16,
    upstream: u16,
    request: u8,
    bits: u16,
    #[serde(borrow)]
    words: (&'a [u8], &'a [u8]),
}

const REQUESTS: [Request; 5] = [
    Request::Sound,
    Request::Missing,
    Request::Tls,
    Request::Garbled,
    Request::Connect,
];

impl<'a> ShapeImage<'a> {
    pub(crate) fn of(shape: &'a OwnedShape) -> Self {
        let shape = shape.get();
        Self {
            status: shape.status,
            upstream: shape.upstream,
            request: shape.request as u8,
            bits: shape.bits,
            words: (shape.words[0], shape.words[1]),
        }
    }

    pub(crate) fn shape(&self) -> Result<Shape<'a>, Unsound> {
        let request = REQUESTS
            .into_iter()
            .find(|request| *request as u8 == self.request)
            .ok_or(Unsound("a request is of no kind"))?;
        let (first, second) = self.words;
        if first.len().max(second.len()) > WORD {
            return Err(Unsound("a machine's word is too long"));
        }
        Ok(Shape {
            status: self.status,
            upstream: self.upstream,
            request,
            bits: self.bits,
            words: [first, second],
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ComplaintImage<'a> {
    format: u16,
    #[serde(borrow)]
    shape: ShapeImage<'a>,
    late: bool,
}

impl<'a> ComplaintImage<'a> {
    pub(crate) fn of(complaint: &'a Complaint, formats: &mut Dictionary) -> Self {
        Self {
            format: formats.number(complaint.format),
            shape: ShapeImage::of(&complaint.shape),
            late: complaint.late,
        }
    }

    pub(crate) fn complaint(&self, formats: &Dictionary) -> Result<Complaint, Unsound> {
        Ok(Complaint {
            format: formats.format(self.format)?.0,
            shape: self.shape.shape()?.to_owned(),
            late: self.late,
        })
    }
}

/// A whole state.
#[derive(Serialize, Deserialize)]
pub(crate) struct Image<'a> {
    /// Who it is, and of which states it was merged.
    pub(crate) identity: u64,
    pub(crate) parts: List<u64, PARTS>,
    pub(crate) asked: &'a str,
    counts_only: bool,
    #[serde(borrow)]
    pub(crate) formats: List<&'a str, FORMATS>,
    pub(crate) counters: CountersImage,
    #[serde(borrow)]
    pub(crate) unread: List<(u8, &'a [u8]), { 3 * SAMPLES }>,
    pub(crate) joined: [u64; 4],
    /// How many lines each format read, by its name.
    #[serde(borrow)]
    pub(crate) met: List<(&'a str, u64), FORMATS>,
    #[serde(borrow)]
    pub(crate) tables: TablesImage<'a>,
    #[serde(borrow)]
    pub(crate) complaints: List<ComplaintImage<'a>, { crate::errors::MOST }>,
    /// By key: the second, whether it is of no named zone, and which complaint.
    pub(crate) marks: List<(u64, i64, bool, u32), { 2 * crate::errors::MOST }>,
    pub(crate) recent: List<Recent, RECENT>,
    #[serde(borrow)]
    pub(crate) records: List<RecordImage<'a>, FILES>,
}

impl Image<'_> {
    pub(crate) const fn depth(&self) -> Depth {
        match self.counts_only {
            true => Depth::Counts,
            false => Depth::Full,
        }
    }
}

/// What [`Image`] is made of.
pub(crate) struct Made<'a> {
    pub(crate) origin: &'a super::Origin,
    pub(crate) counters: &'a Counters,
    pub(crate) unread: &'a [(Unread, Box<[u8]>)],
    pub(crate) joined: &'a Joined,
    pub(crate) met: Vec<(&'static str, u64)>,
    pub(crate) tables: &'a crate::tables::Tables,
    pub(crate) complaints: &'a crate::errors::Complaints,
    pub(crate) records: &'a [Record],
}

impl<'a> Made<'a> {
    pub(crate) fn image(&self) -> Image<'a> {
        let mut formats = Dictionary::default();
        let tables = TablesImage::of(self.tables, &mut formats);
        let (complaints, marks, recent) = self.complaints.all();
        let marks = marks.into_iter();
        let marks = marks.map(|(key, said)| (key, said.second, said.local, said.index));
        let complaints: Vec<_> = complaints
            .iter()
            .map(|complaint| ComplaintImage::of(complaint, &mut formats))
            .collect();
        Image {
            identity: self.origin.identity,
            parts: List(self.origin.parts.clone()),
            asked: &self.origin.asked,
            counts_only: self.origin.depth == Depth::Counts,
            formats: List(formats.names()),
            counters: CountersImage::of(self.counters),
            unread: List(
                self.unread
                    .iter()
                    .map(|(why, line)| (*why as u8, &**line))
                    .collect(),
            ),
            joined: [
                self.joined.with_id,
                self.joined.without_id,
                self.joined.dropped,
                self.joined.found,
            ],
            met: List(self.met.clone()),
            tables,
            complaints: List(complaints),
            marks: List(marks.collect()),
            recent: List(recent),
            records: List(self.records.iter().map(RecordImage::of).collect()),
        }
    }
}

/// A line that was not read, and why.
pub(crate) fn unread(image: &(u8, &[u8])) -> Result<(Unread, Box<[u8]>), Unsound> {
    let why = [Unread::Torn, Unread::Foreign, Unread::Oversize]
        .into_iter()
        .find(|why| *why as u8 == image.0)
        .filter(|_| image.1.len() <= EXAMPLE)
        .ok_or(Unsound("a line that was not read is too long"))?;
    Ok((why, image.1.into()))
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CountersImage([u64; 7]);

impl CountersImage {
    const fn of(counters: &Counters) -> Self {
        Self([
            counters.ok,
            counters.torn,
            counters.foreign,
            counters.oversize,
            counters.empty,
            counters.directives,
            counters.not_asked,
        ])
    }

    pub(crate) fn counters(&self) -> Result<Counters, Unsound> {
        if self.0.iter().any(|count| *count > MOST) {
            return Err(Unsound("a counter is too great"));
        }
        let [ok, torn, foreign, oversize, empty, directives, not_asked] = self.0;
        Ok(Counters {
            ok,
            torn,
            foreign,
            oversize,
            empty,
            directives,
            not_asked,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RecordImage<'a> {
    name: &'a str,
    title: &'a str,
    fitted: (u64, u64),
    #[serde(borrow)]
    doubts: List<&'a str, DOUBTS>,
    counters: CountersImage,
    unended: bool,
    #[serde(borrow)]
    notes: List<&'a str, DOUBTS>,
    #[serde(borrow)]
    input: Option<&'a str>,
    mark: Mark,
    part: &'a [u8],
    errors: bool,
}

impl<'a> RecordImage<'a> {
    fn of(record: &'a Record) -> Self {
        let report = &record.report;
        let texts = |list: &'a [String]| {
            let fresh = list.len().saturating_sub(DOUBTS);
            List(list[fresh..].iter().map(|text| cut(text)).collect())
        };
        Self {
            name: cut(&report.name),
            title: cut(&report.title),
            fitted: (report.fitted.0 as u64, report.fitted.1 as u64),
            doubts: texts(&report.doubts),
            counters: CountersImage::of(&report.counters),
            unended: report.unended,
            notes: texts(&record.notes),
            input: record.input.as_deref().map(cut),
            mark: record.mark,
            part: &record.part,
            errors: record.errors,
        }
    }

    pub(crate) fn record(&self) -> Result<Record, Unsound> {
        let lists = self.doubts.0.iter().chain(&self.notes.0);
        let mut texts = [self.name, self.title, self.input.unwrap_or_default()]
            .into_iter()
            .chain(lists.copied());
        let (fitted, sampled) = self.fitted;
        if texts.any(|text| text.len() > TEXT)
            || self.part.len() > LONGEST_LINE
            || fitted.max(sampled) > MOST
            || self.mark.offset > MOST
        {
            return Err(Unsound("what it says of a file is too long"));
        }
        let owned =
            |list: &List<&str, DOUBTS>| list.0.iter().map(|&text| text.to_owned()).collect();
        Ok(Record {
            report: FileReport {
                name: self.name.to_owned(),
                title: self.title.to_owned(),
                fitted: (fitted as usize, sampled as usize),
                doubts: owned(&self.doubts),
                counters: self.counters.counters()?,
                unended: self.unended,
            },
            notes: owned(&self.notes),
            input: self.input.map(str::to_owned),
            mark: self.mark,
            part: self.part.to_vec(),
            errors: self.errors,
        })
    }
}

/// A text as long as is kept.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

//! Which formats and carriers a file has.

use std::sync::Arc;

use httpwhy_ingest::logs::user::misfits;
use httpwhy_ingest::logs::{
    Carrier, Column, Format, Kind, Layout, Spans, Split, VslGatherer, carriers, formats,
};

use crate::doubt::doubts;

/// A format and the layout that fits.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The format.
    pub format: &'static Format,
    /// Its place in the list of formats.
    pub number: u16,
    /// How its lines are split here.
    pub layout: Arc<dyn Layout>,
    /// How many lines of the sample it split.
    pub read: usize,
}

impl Reader {
    /// Whether lines that it reads are surely of its format.
    pub(crate) const fn is_sure(&self) -> bool {
        self.format.rank >= SURE
    }

    /// Whether its layout was more than guessed.
    pub(crate) const fn is_told(&self) -> bool {
        self.format.rank > GUESSED
    }

    /// A reader for a format that the user named.
    pub fn of(format: &'static Format, layout: Arc<dyn Layout>) -> Self {
        let number = formats().position(|known| std::ptr::eq(known, format));
        Self {
            format,
            number: number.unwrap_or(0) as u16,
            layout,
            read: 0,
        }
    }
}

/// How the lines of a file are read.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is peeled, outermost first; several where lines differ, and lines that none wraps are read as they are.
    pub carriers: Vec<Vec<&'static Carrier>>,
    /// The formats met in the sample, the best first.
    pub readers: Vec<Reader>,
    /// A format whose lines are surely its own stands beside one that would read them as well, and so is asked first.
    pub contested: bool,
    /// The records of varnishlog, several to a request, are gathered first: to a line for each request, or to one for
    /// each that went wrong, to be joined to the access lines of another file.
    pub gathers: Option<Kind>,
    /// How many lines the sample had.
    pub sampled: usize,
    /// What is doubtful about that, in words; a stranger's bytes among them.
    pub doubts: Vec<String>,
}

/// Carriers may be wrapped in one another so often.
pub(crate) const DEEPEST: usize = 3;
/// From this rank on lines that a format splits are surely its own: their heads or members are no other's.
const SURE: u8 = 20;
/// The rank of a layout that was only guessed.
const GUESSED: u8 = 0;

impl Plan {
    /// The plan for lines like these. `given` are formats that the user named, which are asked first.
    pub fn of(sample: &[&[u8]], given: &[Reader]) -> Self {
        let mut plan = Self {
            carriers: carriers_of(sample),
            ..Self::default()
        };
        let peeled: Vec<Vec<u8>> = sample
            .iter()
            .map(|raw| plan.peel(raw).trim_ascii_end().to_vec())
            .filter(|line| !line.is_empty())
            .collect();
        let mut lines: Vec<&[u8]> = peeled.iter().map(Vec::as_slice).collect();
        plan.sampled = lines.len();
        lines.retain(|line| !VslGatherer::is_record(line));
        plan.readers = readers_of(&lines, given);
        let records = plan.sampled - lines.len();
        if records > 0 && plan.readers.iter().all(|reader| reader.read < records) {
            plan.gathers = Some(Kind::Access);
            plan.readers.insert(0, gathered(Kind::Access, records));
        }
        plan.contested = plan.is_contested();
        plan.doubts = doubts(&plan.readers, given, &lines);
        plan
    }

    /// Whether these are error lines, and no access lines among them.
    pub(crate) fn is_errors(&self) -> bool {
        self.holds(Kind::Error) && !self.holds(Kind::Access)
    }

    /// Whether these are error lines and access lines.
    pub(crate) fn is_mixed(&self) -> bool {
        self.holds(Kind::Error) && self.holds(Kind::Access)
    }

    fn holds(&self, kind: Kind) -> bool {
        let mut readers = self.readers.iter();
        readers.any(|reader| reader.format.kind == kind)
    }

    /// How many of these lines it reads; those of another file of the same writer.
    pub(crate) fn reads(&self, lines: &[&[u8]]) -> usize {
        let mut rest: Vec<Vec<u8>> = lines
            .iter()
            .map(|raw| self.peel(raw).trim_ascii_end().to_vec())
            .collect();
        let all = rest.len();
        rest.retain(|line| self.gathers.is_none() || !VslGatherer::is_record(line));
        for reader in &self.readers {
            let lines: Vec<&[u8]> = rest.iter().map(Vec::as_slice).collect();
            let (_, unread) = reads(&*reader.layout, &lines);
            rest = unread.into_iter().map(<[u8]>::to_vec).collect();
        }
        all - rest.len()
    }

    /// Has the records of varnishlog joined to the access lines of another file, instead of counted as requests.
    pub(crate) fn join_gathered(&mut self) {
        if self.gathers == Some(Kind::Access) {
            self.gathers = Some(Kind::Error);
            self.readers[0] = gathered(Kind::Error, self.readers[0].read);
        }
    }

    /// Whether each line stands for itself, so that the file can be cut.
    pub(crate) fn is_by_line(&self) -> bool {
        self.carriers.is_empty() && self.gathers.is_none()
    }

    /// Reads as another plan does; the lines that this reads of the sample are counted again.
    pub(crate) fn take_over(&mut self, known: Self, lines: &[&[u8]]) {
        let read = known.reads(lines);
        self.readers = known.readers;
        self.carriers = known.carriers;
        self.gathers = known.gathers;
        self.contested = known.contested;
        let mut left = read;
        for reader in &mut self.readers {
            reader.read = reader.read.min(left);
            left -= reader.read;
        }
        if let Some(first) = self.readers.first_mut() {
            first.read += left;
        }
    }

    /// How many lines of the sample were read.
    pub fn fitted(&self) -> usize {
        self.readers.iter().map(|reader| reader.read).sum()
    }

    /// The line inside all carriers, copied; for samples.
    pub fn peel(&self, raw: &[u8]) -> Vec<u8> {
        let mut line = raw.to_vec();
        for level in &self.carriers {
            let inside = level.iter().find_map(|carrier| peeled(carrier, &line));
            match inside {
                Some(inside) => line = inside,
                None => break,
            }
        }
        line
    }

    /// Whether a reader of lines that are surely its own stands beside another one.
    pub(crate) fn is_contested(&self) -> bool {
        let mut sure = self.readers.iter().map(Reader::is_sure);
        let first = sure.next();
        first.is_some_and(|first| sure.any(|other| other != first))
    }

    /// What was recognised, for people: `nginx combined in cri`.
    pub fn title(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for reader in &self.readers {
            let learnt = reader.layout.learnt();
            let name = match learnt.as_str() {
                "" => reader.format.title.to_owned(),
                learnt if learnt.starts_with("given") => {
                    format!("{} format {learnt}", reader.format.name)
                }
                learnt => format!("{} {learnt}", reader.format.title),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let inside = names.join(" and ");
        match self.carriers.as_slice() {
            [] => inside,
            levels => {
                let names = |level: &Vec<&'static Carrier>| {
                    let names: Vec<&str> = level.iter().map(|carrier| carrier.name).collect();
                    names.join(" and ")
                };
                let around: Vec<String> = levels.iter().map(names).collect();
                format!("{inside} in {}", around.join(" in "))
            }
        }
    }
}

/// The reader of what is gathered from varnishlog's records, so many of which were in the sample.
fn gathered(kind: Kind, records: usize) -> Reader {
    let (format, layout) = VslGatherer::format(kind);
    Reader {
        read: records,
        ..Reader::of(format, layout)
    }
}

/// The carriers of these lines, outermost first: those that wrap most lines, and those inside which a format is found.
fn carriers_of(sample: &[&[u8]]) -> Vec<Vec<&'static Carrier>> {
    let mut levels = Vec::new();
    let mut lines: Vec<Vec<u8>> = sample.iter().map(|line| line.to_vec()).collect();
    while levels.len() < DEEPEST && !lines.is_empty() {
        let mut found = wrapping(&lines);
        found.sort_by_key(|(carrier, inner)| (std::cmp::Reverse(inner.len()), carrier.name));
        if found.is_empty() {
            break;
        }
        levels.push(found.iter().map(|(carrier, _)| *carrier).collect());
        lines = found.into_iter().flat_map(|(_, inner)| inner).collect();
    }
    levels
}

/// The carriers that wrap some of these lines, and what is inside them.
fn wrapping(lines: &[Vec<u8>]) -> Vec<(&'static Carrier, Vec<Vec<u8>>)> {
    let mut found = Vec::new();
    for carrier in carriers() {
        let inner: Vec<Vec<u8>> = lines
            .iter()
            .filter_map(|line| peeled(carrier, line))
            .collect();
        if inner.len() * 2 > lines.len() || holds_some(&inner, 1) {
            found.push((carrier, inner));
        }
    }
    found
}

/// Whether some of these lines are surely of a format, as they are or in carriers.
fn holds_some(lines: &[Vec<u8>], depth: usize) -> bool {
    let plain: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    if plain.is_empty() || depth > DEEPEST {
        return false;
    }
    readers_of(&plain, &[]).iter().any(Reader::is_told)
        || carriers().any(|carrier| {
            let inner = lines.iter().filter_map(|line| peeled(carrier, line));
            holds_some(&inner.collect::<Vec<_>>(), depth + 1)
        })
}

fn peeled(carrier: &Carrier, line: &[u8]) -> Option<Vec<u8>> {
    let mut scratch = Vec::new();
    Some((carrier.peel)(line, &mut scratch)?.line.to_vec())
}

/// The formats that these lines have: the best is the one that splits most of them, the next the one that splits most
/// of what remains.
fn readers_of(lines: &[&[u8]], given: &[Reader]) -> Vec<Reader> {
    let mut rest: Vec<&[u8]> = lines.to_vec();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let mut fitted: Vec<(u16, Reader)> = formats()
            .enumerate()
            .filter_map(|(number, format)| {
                let reader = Reader {
                    format,
                    number: number as u16,
                    layout: (format.fit)(&rest)?,
                    read: 0,
                };
                Some((u16::from(format.rank), reader))
            })
            .collect();
        fitted.extend(given.iter().cloned().map(|reader| {
            let rank = if fits(&*reader.layout, &rest) {
                NAMED
            } else {
                0
            };
            (rank, reader)
        }));
        // Lines that are surely another's do not count for a format that is less sure.
        let sure: Vec<Reader> = fitted
            .iter()
            .filter(|(rank, _)| (u16::from(SURE)..NAMED).contains(rank))
            .map(|(_, reader)| reader.clone())
            .collect();
        let is_owned = |line: &&[u8]| {
            let mut sure = sure.iter();
            sure.any(|reader| reads(&*reader.layout, &[*line]).0 > 0)
        };
        let (owned, free): (Vec<&[u8]>, Vec<&[u8]>) = rest.iter().copied().partition(is_owned);
        let lines_for = |rank: u16| {
            if rank < u16::from(SURE) { &free } else { &rest }
        };
        let best = fitted
            .into_iter()
            .filter_map(|(rank, mut reader)| {
                reader.read = reads(&*reader.layout, lines_for(rank)).0;
                (reader.read > 0).then_some((rank, reader))
            })
            .max_by_key(|(rank, reader)| {
                // What the user named comes first as soon as it reads most lines.
                let named = *rank == NAMED && reader.read * 2 > rest.len();
                (named, reader.read, *rank)
            });
        let Some((rank, best)) = best else {
            break;
        };
        let (_, mut unread) = reads(&*best.layout, lines_for(rank));
        if rank < u16::from(SURE) {
            unread.extend(owned);
        }
        rest = unread;
        found.push(best);
    }
    found
}

/// The rank of a format that the user named.
const NAMED: u16 = u8::MAX as u16 + 1;

/// Whether the columns hold what they are called in most lines; a format of few words splits almost anything.
fn fits(layout: &dyn Layout, lines: &[&[u8]]) -> bool {
    misfits(layout, lines)
        .iter()
        .all(|misfit| misfit.lines * 2 < misfit.of)
}

/// How many of the lines a layout reads (its directives change it on the way), and those that it does not.
fn reads<'a>(layout: &dyn Layout, lines: &[&'a [u8]]) -> (usize, Vec<&'a [u8]>) {
    let mut spans = Spans::default();
    let mut changed: Option<Arc<dyn Layout>> = None;
    let mut unread = Vec::new();
    let mut count = 0;
    for line in lines {
        spans.clear();
        let layout = changed.as_deref().unwrap_or(layout);
        match layout.split(line, &mut spans) {
            Split::Read => count += 1,
            Split::Directive => {
                count += 1;
                if let Some(next) = layout.after(line) {
                    changed = Some(next);
                }
            }
            Split::Torn | Split::Foreign => unread.push(*line),
        }
    }
    (count, unread)
}

/// A reader for one line that none of the known ones reads, for files that mix formats.
pub(crate) fn reader_of(line: &[u8]) -> Option<Reader> {
    readers_of(&[line], &[]).pop().filter(|reader| {
        let mut spans = Spans::default();
        // A line alone is little to go by: it must say when.
        reader.layout.split(line, &mut spans) == Split::Directive || spans.has(Column::Time)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMBINED: &[u8] =
        br#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 200 1 "-" "curl/8.5.0""#;

    #[test]
    fn a_mixed_sample_has_several_readers_in_order() {
        let json: &[u8] =
            br#"{"time_iso8601":"2026-11-03T14:05:12Z","status":200,"request":"GET / HTTP/1.1"}"#;
        let plan = Plan::of(&[COMBINED, json, COMBINED, b"hello"], &[]);
        let names: Vec<&str> = plan
            .readers
            .iter()
            .map(|reader| reader.format.name)
            .collect();
        assert_eq!(names, ["nginx", "nginx-json"]);
        assert_eq!(plan.readers[0].read, 2);
    }

    #[test]
    fn carriers_are_peeled_first() {
        let wrapped = [&b"[pod/a/b] "[..], COMBINED].concat();
        let plan = Plan::of(&[&wrapped, &wrapped], &[]);
        assert_eq!(
            plan.carriers
                .iter()
                .map(|level| level[0].name)
                .collect::<Vec<_>>(),
            ["kubectl"]
        );
        assert_eq!(
            plan.title(),
            "nginx combined without upstream columns in kubectl"
        );
    }

    #[test]
    fn carriers_may_differ_from_line_to_line() {
        let wrapped = [&b"[pod/a/b] "[..], COMBINED].concat();
        let other = [&b"web-1  | "[..], COMBINED].concat();
        let inner = [&b"2026-11-03T14:05:12Z stdout F "[..], &wrapped].concat();
        let plan = Plan::of(&[COMBINED, COMBINED, &wrapped, &other, &inner], &[]);
        let names = plan.carriers.iter();
        let names: Vec<Vec<&str>> = names
            .map(|level| level.iter().map(|carrier| carrier.name).collect())
            .collect();
        assert_eq!(names, [vec!["compose", "cri", "kubectl"], vec!["kubectl"]]);
        assert_eq!(plan.readers.len(), 1);
        assert_eq!(plan.fitted(), 5);
    }

    #[test]
    fn a_line_that_is_surely_of_one_format_is_not_counted_for_another() {
        let json: &[u8] = br#"{"time":"2026-11-03T14:05:12Z","status":200,"url":"/"}"#;
        let fastly: &[u8] = br#"{"timestamp":"2026-11-03T14:05:12Z","url":"/","response_status":503,"fastly_server":"x"}"#;
        let plan = Plan::of(&[json, json, fastly], &[]);
        let names: Vec<(&str, usize)> = plan
            .readers
            .iter()
            .map(|reader| (reader.format.name, reader.read))
            .collect();
        assert_eq!(names, [("nginx-json", 2), ("fastly", 1)]);
        assert!(plan.contested);
    }

    #[test]
    fn nothing_is_recognised_in_prose() {
        assert!(
            Plan::of(&[b"hello world", b"how are you"], &[])
                .readers
                .is_empty()
        );
        assert!(reader_of(b"hello").is_none());
    }
}

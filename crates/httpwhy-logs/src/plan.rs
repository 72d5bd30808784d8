//! Which formats and carriers a file has.

use std::sync::Arc;

use httpwhy_ingest::logs::user::misfits;
use httpwhy_ingest::logs::{
    Carrier, Column, Format, Kind, Layout, Spans, Split, carriers, formats,
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
    /// What is peeled, outermost first.
    pub carriers: Vec<&'static Carrier>,
    /// The formats met in the sample, the best first.
    pub readers: Vec<Reader>,
    /// How many lines the sample had.
    pub sampled: usize,
    /// What is doubtful about that, in words; a stranger's bytes among them.
    pub doubts: Vec<String>,
}

/// Carriers may be wrapped in one another so often.
const DEEPEST: usize = 3;

impl Plan {
    /// The plan for lines like these. `given` are formats that the user named, which are asked first.
    pub fn of(sample: &[&[u8]], given: &[Reader]) -> Self {
        let mut plan = Self {
            carriers: carriers_of(sample),
            readers: Vec::new(),
            sampled: 0,
            doubts: Vec::new(),
        };
        let peeled: Vec<Vec<u8>> = sample
            .iter()
            .map(|raw| plan.peel(raw).trim_ascii_end().to_vec())
            .filter(|line| !line.is_empty())
            .collect();
        let lines: Vec<&[u8]> = peeled.iter().map(Vec::as_slice).collect();
        plan.readers = readers_of(&lines, given);
        plan.sampled = lines.len();
        plan.doubts = doubts(&plan.readers, given, &lines);
        plan
    }

    /// Whether these are error lines.
    pub(crate) fn is_errors(&self) -> bool {
        let first = self.readers.first();
        first.is_some_and(|reader| reader.format.kind == Kind::Error)
    }

    /// How many of these lines it reads; those of another file of the same writer.
    pub(crate) fn reads(&self, lines: &[&[u8]]) -> usize {
        let mut rest: Vec<Vec<u8>> = lines
            .iter()
            .map(|raw| self.peel(raw).trim_ascii_end().to_vec())
            .collect();
        let all = rest.len();
        for reader in &self.readers {
            let lines: Vec<&[u8]> = rest.iter().map(Vec::as_slice).collect();
            let (_, unread) = reads(&*reader.layout, &lines);
            rest = unread.into_iter().map(<[u8]>::to_vec).collect();
        }
        all - rest.len()
    }

    /// How many lines of the sample were read.
    pub fn fitted(&self) -> usize {
        self.readers.iter().map(|reader| reader.read).sum()
    }

    /// The line inside all carriers, copied; for samples.
    pub fn peel(&self, raw: &[u8]) -> Vec<u8> {
        let mut line = raw.to_vec();
        for carrier in &self.carriers {
            let mut scratch = Vec::new();
            if let Some(peeled) = (carrier.peel)(&line, &mut scratch) {
                line = peeled.line.to_vec();
            }
        }
        line
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
            carriers => {
                let around: Vec<&str> = carriers.iter().map(|carrier| carrier.name).collect();
                format!("{inside} in {}", around.join(" in "))
            }
        }
    }
}

/// The carriers that wrap most lines of the sample, outermost first.
fn carriers_of(sample: &[&[u8]]) -> Vec<&'static Carrier> {
    let mut found: Vec<&'static Carrier> = Vec::new();
    let mut lines: Vec<Vec<u8>> = sample.iter().map(|line| line.to_vec()).collect();
    while found.len() < DEEPEST && !lines.is_empty() {
        let best = carriers()
            .map(|carrier| {
                let peels = |line: &&Vec<u8>| (carrier.peel)(line, &mut Vec::new()).is_some();
                (lines.iter().filter(peels).count(), carrier)
            })
            .max_by_key(|(count, carrier)| (*count, std::cmp::Reverse(carrier.name)));
        let Some((count, carrier)) = best.filter(|(count, _)| *count * 2 > lines.len()) else {
            break;
        };
        debug_assert!(count > 0);
        found.push(carrier);
        lines = lines
            .iter()
            .filter_map(|line| Some((carrier.peel)(line, &mut Vec::new())?.line.to_vec()))
            .collect();
    }
    found
}

/// The formats that these lines have: the best is the one that splits most of them, the next the one that splits most
/// of what remains.
fn readers_of(lines: &[&[u8]], given: &[Reader]) -> Vec<Reader> {
    let mut rest: Vec<&[u8]> = lines.to_vec();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let fitted = formats().enumerate().filter_map(|(number, format)| {
            let layout = (format.fit)(&rest)?;
            Some(Reader {
                format,
                number: number as u16,
                layout,
                read: 0,
            })
        });
        let best = given
            .iter()
            .cloned()
            .map(|reader| {
                (
                    if fits(&*reader.layout, &rest) {
                        NAMED
                    } else {
                        0
                    },
                    reader,
                )
            })
            .chain(fitted.map(|reader| (u16::from(reader.format.rank), reader)))
            .filter_map(|(rank, mut reader)| {
                reader.read = reads(&*reader.layout, &rest).0;
                (reader.read > 0).then_some((rank, reader))
            })
            .max_by_key(|(rank, reader)| {
                // What the user named comes first as soon as it reads most lines.
                let named = *rank == NAMED && reader.read * 2 > rest.len();
                (named, reader.read, *rank)
            });
        let Some((_, best)) = best else {
            break;
        };
        let (_, unread) = reads(&*best.layout, &rest);
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
            plan.carriers.iter().map(|c| c.name).collect::<Vec<_>>(),
            ["kubectl"]
        );
        assert_eq!(
            plan.title(),
            "nginx combined without upstream columns in kubectl"
        );
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

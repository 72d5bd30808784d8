//! XML as flat records: a root, its elements, and what stands in each of their own elements.
//!
//! Nothing outside of the document is fetched, and no entity that it declares is expanded: a document that declares one is
//! refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::Unread;
use crate::doc::Place;

/// An element below the root.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) cells: Vec<Cell>,
}

/// An element within a record.
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// Its own text, without that of elements within.
    pub(crate) text: String,
    /// Its attributes.
    attributes: Vec<(String, String)>,
}

impl Record {
    /// The first cell of that name.
    pub(crate) fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.name == name)
    }

    /// The text of the first cell of that name, without white space around it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.cell(name)?.text.trim();
        (!text.is_empty()).then_some(text)
    }
}

impl Cell {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// All records of a document. The error, when there is one, comes behind what was read before it.
pub(crate) fn records(text: &str) -> Vec<Result<Record, Unread>> {
    let mut records = Vec::new();
    if let Err(error) = read(text, &mut records) {
        records.push(Err(error));
    }
    records
}

fn read(text: &str, records: &mut Vec<Result<Record, Unread>>) -> Result<(), Unread> {
    let mut reader = Reader::from_str(text);
    let mut lines = Lines::default();
    let mut depth = 0_usize;
    let mut record: Option<Record> = None;
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|error| {
            let place = lines.place(text, reader.error_position());
            wrong(format!("this is no XML: {error}")).at(place)
        })?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let place = lines.place(text, at);
                let empty = matches!(event, Event::Empty(_));
                match (depth, &mut record) {
                    (1, _) => {
                        record = Some(Record {
                            name: name(start),
                            place,
                            cells: Vec::new(),
                        });
                    }
                    (2, Some(record)) => record.cells.push(cell(start, place)?),
                    _ => {}
                }
                if empty && depth == 1 {
                    records.extend(record.take().map(Ok));
                }
                depth += usize::from(!empty);
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 1 {
                    records.extend(record.take().map(Ok));
                }
            }
            Event::Text(piece) if depth == 3 => add(&mut record, piece),
            Event::CData(piece) if depth == 3 => add(&mut record, piece),
            Event::GeneralRef(entity) if depth == 3 => {
                let resolved = resolve(entity).map_err(|error| error.at(lines.place(text, at)))?;
                add(&mut record, &resolved);
            }
            Event::DocType(declared) if declared.contains("<!ENTITY") => {
                return Err(wrong("it declares entities, which are not expanded here: they can fill the memory or name other files")
                    .at(lines.place(text, at)));
            }
            Event::Eof if depth > 0 => {
                return Err(wrong(format!(
                    "the file ends with {depth} element(s) open: it is cut off"
                ))
                .at(lines.place(text, at)));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn add(record: &mut Option<Record>, text: &str) {
    if let Some(cell) = record.as_mut().and_then(|record| record.cells.last_mut()) {
        cell.text.push_str(text);
    }
}

fn name(start: &BytesStart<'_>) -> String {
    local(start.name().as_ref())
}

/// The name without its prefix.
fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

fn cell(start: &BytesStart<'_>, place: Place) -> Result<Cell, Unread> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute =
            attribute.map_err(|error| wrong(format!("this is no XML: {error}")).at(place))?;
        attributes.push((local(attribute.key.as_ref()), attribute.value.to_string()));
    }
    Ok(Cell {
        name: name(start),
        place,
        text: String::new(),
        attributes,
    })
}

/// One of the five entities that every document has, or a character by its number.
fn resolve(entity: &BytesRef<'_>) -> Result<String, Unread> {
    let unknown = || {
        wrong(format!(
            "&{}; is not known: entities of a document are not expanded",
            entity.escape_debug()
        ))
    };
    match entity.resolve_char_ref() {
        Ok(Some(c)) => Ok(c.to_string()),
        Ok(None) => resolve_predefined_entity(entity)
            .map(str::to_owned)
            .ok_or_else(unknown),
        Err(_) => Err(unknown()),
    }
}

fn wrong(what: impl Into<String>) -> Unread {
    Unread::word("xml-parse", what)
}

/// Line and column of offsets that grow. Nothing is counted twice: whole documents are written on one line.
#[derive(Default)]
struct Lines {
    at: usize,
    line: u32,
    column: u32,
}

impl Lines {
    fn place(&mut self, text: &str, offset: u64) -> Place {
        let offset = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(text.len());
        if offset < self.at {
            // Only an error lies before what was read, and reading ends with it.
            *self = Self::default();
        }
        let mut piece = &text.as_bytes()[self.at..offset];
        if let Some(last) = memchr::memrchr(b'\n', piece) {
            self.line += memchr::memchr_iter(b'\n', piece).count() as u32;
            self.column = 0;
            piece = &piece[last + 1..];
        }
        let characters = piece.iter().filter(|&&b| b & 0xc0 != 0x80);
        self.column += characters.count() as u32;
        self.at = offset;
        Place {
            line: self.line + 1,
            column: self.column + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_their_cells() {
        let text = "<?xml version=\"1.0\"?>\n<a:set xmlns:a='x'>\n <a:url><a:loc> http://a/?x&amp;y&#38;z </a:loc><b c='d'><![CDATA[<e>]]></b></a:url>\n <url/>\n</a:set>";
        let read: Vec<_> = records(text)
            .into_iter()
            .map(|r| r.expect("good"))
            .collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].text("loc"), Some("http://a/?x&y&z"));
        let cell = read[0].cell("b").expect("there");
        assert_eq!(
            (cell.text.as_str(), cell.attribute("c")),
            ("<e>", Some("d"))
        );
        assert_eq!((read[0].place.line, read[0].place.column), (3, 2));
    }

    #[test]
    fn places_count_lines_and_characters() {
        let places: Vec<_> = records("<a>é<b/><b/>\n\n é<b/><b/></a>")
            .into_iter()
            .map(|record| record.expect("good").place)
            .map(|place| (place.line, place.column))
            .collect();
        assert_eq!(places, [(1, 5), (1, 9), (3, 3), (3, 7)]);
        let mut lines = Lines::default();
        lines.place("ab\ncd", 5);
        let before = lines.place("ab\ncd", 1);
        assert_eq!((before.line, before.column), (1, 2));
    }

    #[test]
    fn entities_and_cut_files_are_refused() {
        for (text, part) in [
            (
                "<!DOCTYPE a [<!ENTITY b \"c\">]><a><u><l>&b;</l></u></a>",
                "declares entities",
            ),
            (
                "<!DOCTYPE a SYSTEM 'x.dtd'><a><u><l>&b;</l></u></a>",
                "&b; is not known",
            ),
            ("<a><u><l>x", "cut off"),
            ("<a></b>", "no XML"),
        ] {
            let last = records(text).pop().expect("an error").err().expect(text);
            assert!(last.what.contains(part), "{text}: {last}");
            assert_eq!(last.word, "xml-parse");
        }
    }
}

//! YAML (1.2, core schema) as the same documents as JSON.
//!
//! An alias is a copy of what its anchor names, and copies of copies grow without end ("billion laughs"): what aliases
//! bring in counts like what is written, and both are bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::Unread;
use crate::doc::{DEEPEST, MOST, Node, Place, Value, json};

/// Values that aliases may bring in, in all.
const MOST_COPIED: usize = 100_000;

/// The first document of a stream.
pub(crate) fn document(bytes: &[u8]) -> Result<Node, Unread> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        Unread::word(
            "encoding-not-utf8",
            format!(
                "byte {} is no UTF-8: convert the file, for example with iconv",
                error.valid_up_to()
            ),
        )
        .with("at", error.valid_up_to().to_string())
    })?;
    let mut yaml = Yaml {
        events: Parser::new_from_str(text),
        anchors: HashMap::new(),
        room: MOST,
        copied: 0,
    };
    loop {
        match yaml.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd, span) => {
                return Err(Unread::word("file-empty", "no document stands in it").at(place(span)));
            }
            (event, span) => return yaml.node(event, span, 0),
        }
    }
}

struct Yaml<I> {
    events: I,
    /// By the parser's number, what was read whole, with the number of its values.
    anchors: HashMap<usize, (Node, usize)>,
    room: usize,
    copied: usize,
}

type Found<'a> = Result<(Event<'a>, Span), ScanError>;

impl<'a, I: Iterator<Item = Found<'a>>> Yaml<I> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Unread> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let marker = error.marker();
                let place = Place {
                    line: marker.line() as u32,
                    column: marker.col() as u32 + 1,
                };
                let what = format!("this is no YAML: {}", error.info());
                Err(Unread::word("yaml-parse", what).at(place))
            }
            None => Err(Unread::word(
                "yaml-parse",
                "the document has no end: it is cut off",
            )),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Unread> {
        let place = place(span);
        let before = self.room;
        self.room = self.room.checked_sub(1).ok_or_else(|| {
            Unread::word("file-too-large", format!("more than {MOST} values")).at(place)
        })?;
        if depth > DEEPEST {
            let what = format!("nested deeper than {DEEPEST} levels");
            return Err(Unread::word("yaml-parse", what).at(place));
        }
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text =
                    tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value = match style {
                    ScalarStyle::Plain if !is_text => plain(&text),
                    _ => Value::Text(text.into_owned().into()),
                };
                (anchor, value)
            }
            Event::SequenceStart(anchor, _) => (anchor, self.sequence(depth)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(depth)?),
            Event::Alias(number) => return self.alias(number, place),
            _ => {
                return Err(Unread::word("yaml-parse", "a value is expected").at(place));
            }
        };
        let node = Node { place, value };
        if anchor > 0 {
            self.anchors
                .insert(anchor, (node.clone(), before - self.room));
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Unread> {
        let mut elements = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(elements)),
                (event, span) => elements.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Unread> {
        let mut members: Vec<(Box<str>, Node)> = Vec::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                next => next,
            };
            let name = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            match name.plain().map(|name| Box::from(&*name)) {
                // Not of YAML 1.2, and still used.
                Some(name) if &*name == "<<" => merged.push(value),
                Some(name) => members.push((name, value)),
                None if name.value == Value::Null => members.push(("null".into(), value)),
                None => {
                    let what = format!("the name of a member is {}, not a text", name.kind());
                    return Err(Unread::word("yaml-parse", what).at(name.place));
                }
            }
        }
        for source in merged.iter().flat_map(|value| match &value.value {
            Value::List(list) => &list[..],
            _ => std::slice::from_ref(value),
        }) {
            for (name, value) in source.map() {
                if !members.iter().any(|(known, _)| known == name) {
                    members.push((name.clone(), value.clone()));
                }
            }
        }
        Ok(Value::Map(members))
    }

    fn alias(&mut self, number: usize, place: Place) -> Result<Node, Unread> {
        let Some((node, size)) = self.anchors.get(&number) else {
            return Err(
                Unread::word("yaml-parse", "this alias names itself, or nothing").at(place),
            );
        };
        self.copied += size;
        if self.copied > MOST_COPIED {
            let what = format!(
                "aliases bring in more than {MOST_COPIED} values: it looks like a file made to fill the memory"
            );
            return Err(Unread::word("file-too-large", what).at(place));
        }
        self.room = self.room.saturating_sub(*size);
        Ok(node.clone())
    }
}

fn place(span: Span) -> Place {
    Place {
        line: span.start.line() as u32,
        column: span.start.col() as u32 + 1,
    }
}

/// A plain scalar (YAML 1.2.2 section 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if json::is_number(text.strip_prefix('+').unwrap_or(text).as_bytes()) => {
            Value::Number(text.strip_prefix('+').unwrap_or(text).into())
        }
        _ => Value::Text(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_the_same_document_as_json() {
        let text = "a: &x {b: 1, 'c': \"2\"}\nd: [*x, ~, yes, 3.10, 0x1f, '200']\n? 200\n: ok\ne: {<<: *x, b: 9}\nf: |\n  two\n  lines\n";
        let node = document(text.as_bytes()).expect("good");
        assert_eq!(
            node.to_json(),
            r#"{"a":{"b":1,"c":"2"},"d":[{"b":1,"c":"2"},null,"yes",3.10,"0x1f","200"],"200":"ok","e":{"b":9,"c":"2"},"f":"two\nlines\n"}"#
        );
        let place = node.under("/d/3").map(|node| node.place);
        assert_eq!(
            place,
            Some(Place {
                line: 2,
                column: 17
            })
        );
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, line) in [
            ("a: b: c\n", 1),
            ("a: [1\nb: 2\n", 2),
            ("a: \"x\n", 2),
            ("a: *nobody\n", 1),
            ("? [a]\n: 1\n", 1),
        ] {
            let error = document(text.as_bytes()).expect_err(text);
            assert_eq!(error.word, "yaml-parse", "{text}");
            assert!(error.line.abs_diff(line) <= 1, "{text}: {error}");
        }
    }

    #[test]
    fn aliases_do_not_fill_the_memory() {
        let mut lines = vec!["a0: &a0 [x,x,x,x,x,x,x,x,x,x]".to_owned()];
        for n in 1..30 {
            let before = format!("*a{},", n - 1).repeat(10);
            lines.push(format!("a{n}: &a{n} [{before}]"));
        }
        let text = lines.join("\n");
        let error = document(text.as_bytes()).expect_err("a bomb");
        assert_eq!(error.word, "file-too-large");
        let deep = "- ".repeat(100_000);
        assert!(document(deep.as_bytes()).is_err());
        assert!(document("[".repeat(100_000).as_bytes()).is_err());
        let own = document(b"a: &a [*a]\n").expect_err("itself");
        assert_eq!(own.word, "yaml-parse");
    }
}

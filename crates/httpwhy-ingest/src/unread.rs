//! Recorded content that cannot be read: what, where, and what it looks like instead.

use std::borrow::Cow;
use std::fmt;

use httpwhy_model::{End, Exchange, Phase, Sent, Signal, Visit};

/// Recorded content that cannot be read, with the place and what it looks like instead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    /// The line, from 1; 0 when no line is to blame.
    pub line: usize,
    /// The column in characters, from 1; 0 when none is to blame.
    pub column: usize,
    /// The place within a document (RFC 6901); empty where there is none, or it is the whole document.
    pub pointer: String,
    /// What is wrong, as a sentence without final stop.
    pub what: String,
    /// The word of the fact, as in `input:json-parse`; empty when there is none for it.
    pub word: &'static str,
    /// What belongs to the word: `missing=response`.
    pub details: Vec<(&'static str, String)>,
}

impl Unread {
    /// Of a line; 0 when no line is to blame.
    pub(crate) fn line(line: usize, what: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
            ..Self::default()
        }
    }

    /// Of a word of `input:…`.
    pub(crate) fn word(word: &'static str, what: impl Into<String>) -> Self {
        Self {
            word,
            what: what.into(),
            ..Self::default()
        }
    }

    /// With that word.
    pub(crate) fn worded(self, word: &'static str) -> Self {
        Self { word, ..self }
    }

    /// A document of the right form and the wrong contents.
    pub(crate) fn mapping(
        place: crate::doc::Place,
        pointer: &str,
        what: impl Into<String>,
    ) -> Self {
        Self::word("json-mapping", what).at(place).under(pointer)
    }

    pub(crate) fn at(self, place: crate::doc::Place) -> Self {
        Self {
            line: place.line as usize,
            column: place.column as usize,
            ..self
        }
    }

    pub(crate) fn under(self, pointer: &str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            ..self
        }
    }

    pub(crate) fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.details.push((key, value.into()));
        self
    }

    /// Whether it is a remark on what was read, rather than something that could not be.
    pub fn is_note(&self) -> bool {
        matches!(self.word, "har-redacted" | "har-version" | "raw-bare-lf")
    }

    /// The fact as a signal: its word with the place.
    pub fn signal(&self) -> Signal {
        let word = match self.word {
            "" => "format-unknown",
            word => word,
        };
        let place = [("line", self.line), ("column", self.column)];
        let place = place.into_iter().filter(|&(_, number)| number > 0);
        let mut params: Vec<(Cow<'static, str>, String)> = place
            .map(|(key, number)| (key.into(), number.to_string()))
            .collect();
        if !self.pointer.is_empty() {
            params.push(("pointer".into(), unspaced(&self.pointer)));
        }
        for (key, value) in &self.details {
            params.push(((*key).into(), unspaced(value)));
        }
        Signal::Word {
            dialect: "input".into(),
            word: word.into(),
            params,
        }
    }

    /// As a visit of its own, so that what could not be read has its record too: nothing was sent. `name` is that of the
    /// input.
    pub fn visit(&self, name: &str) -> Visit {
        let mut exchange = Exchange {
            target: format!("file:{name}"),
            sent: Sent::Nothing,
            end: End::Nothing,
            ..Exchange::default()
        };
        exchange.signal(Phase::Queue, self.signal());
        Visit::of(exchange)
    }
}

/// The value of a signal's parameter holds no white space.
fn unspaced(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    short
        .split(char::is_whitespace)
        .collect::<Vec<_>>()
        .join("%20")
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => write!(f, "line {line}: ")?,
            (line, column) => write!(f, "line {line}, column {column}: ")?,
        }
        if !self.pointer.is_empty() {
            write!(f, "at {}: ", self.pointer)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unread {}

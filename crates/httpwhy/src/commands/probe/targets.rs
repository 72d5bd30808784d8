//! Targets from the command line, files and standard input, one after the other, as a stream.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use httpwhy_ingest::inputs::More;
use httpwhy_ingest::{Call, Unread};
use httpwhy_model::{PlainUri, redact_uri};
use httpwhy_render::safe;

use super::complain;
use super::inputs::{self, InputArgs, Opened};
use crate::exit::Failure;

/// A line longer than this is no URL; its rest is passed over.
const LONGEST_LINE: u64 = 64 * 1024;
/// What standard input is called in messages.
const STANDARD_INPUT: &str = "standard input";

/// The targets as a stream. Lines that are no URL are named on standard error and go on as what they are, so that every
/// input has its record.
pub(crate) struct Targets {
    sources: std::vec::IntoIter<Source>,
    current: Option<Source>,
    single: bool,
    total: Option<usize>,
    /// Nothing is said of lines that are no URL.
    quiet: bool,
}

enum Source {
    Url(String),
    Lines(Lines),
    Items { name: String, opened: Opened },
}

/// One input as it was given.
#[derive(Debug)]
pub(crate) enum Target {
    /// To be asked for.
    Call(Call),
    /// Left out: its method may change something, and nobody said that it is to be sent.
    Unsafe(Call),
    /// A part of a file that cannot be read.
    Unread(String, Unread),
}

impl Target {
    /// The target, as its record names it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Call(call) | Self::Unsafe(call) => call.target.clone(),
            Self::Unread(name, _) => format!("file:{name}"),
        }
    }
}

struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    line: usize,
    /// The line being read.
    bytes: Vec<u8>,
}

/// Opens all sources before anything is sent, so that a name mistyped at the end stops the run at its start.
pub(crate) fn open(words: &[String], given: &InputArgs, quiet: bool) -> Result<Targets, Failure> {
    let mut total = Some(0);
    let mut sources = Vec::new();
    for word_given in words {
        let (source, count) = match word(word_given) {
            Word::StandardInput => {
                let reader = Box::new(BufReader::new(io::stdin()));
                (source(STANDARD_INPUT, reader, given, quiet)?, None)
            }
            Word::Url => (Source::Url(given.target(word_given)), Some(1)),
            Word::File => {
                let reader = Box::new(inputs::file(word_given)?);
                let source = source(word_given, reader, given, quiet)?;
                let count = match &source {
                    Source::Lines(_) => count_lines(word_given),
                    Source::Items { opened, .. } => opened.total,
                    Source::Url(_) => Some(1),
                };
                (source, count)
            }
        };
        total = total.and_then(|total: usize| Some(total + count?));
        sources.push(source);
    }
    let single = matches!(&sources[..], [Source::Url(_)]);
    Ok(Targets {
        sources: sources.into_iter(),
        current: None,
        single,
        total,
        quiet,
    })
}

/// A plain list is read line by line as it comes, all else by its kind.
fn source(
    name: &str,
    mut reader: Box<dyn BufRead + Send>,
    given: &InputArgs,
    quiet: bool,
) -> Result<Source, Failure> {
    let first = reader
        .fill_buf()
        .map_err(|error| Failure::usage(format_args!("cannot read '{}': {error}", safe(name))))?;
    // An empty list has always been a list of nothing.
    if !given.changes_lists() && (first.is_empty() || inputs::is_plain_list(first)) {
        return Ok(Source::Lines(Lines {
            name: name.to_owned(),
            reader,
            line: 0,
            bytes: Vec::new(),
        }));
    }
    let opened = given.open(name, reader, quiet)?;
    Ok(Source::Items {
        name: name.to_owned(),
        opened,
    })
}

/// What a word on the command line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    StandardInput,
    Url,
    File,
}

/// Tells it by its look, and by what is there.
pub(crate) fn word(word: &str) -> Word {
    if word == "-" {
        Word::StandardInput
    } else if word.contains("://") || !Path::new(word).exists() && !looks_like_path(word) {
        Word::Url
    } else {
        Word::File
    }
}

fn looks_like_path(word: &str) -> bool {
    word.starts_with(['/', '.'])
        || [
            ".txt", ".list", ".csv", ".urls", ".har", ".json", ".yaml", ".yml", ".xml", ".gz",
        ]
        .iter()
        .any(|ending| word.ends_with(ending))
}

/// Lines that hold a target, counted ahead for the progress; `None` when the file cannot be read twice.
fn count_lines(name: &str) -> Option<usize> {
    let open = File::open(name).ok()?;
    if !open.metadata().ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::with_capacity(256 * 1024, open);
    // Of the line being read: `None` while only white space came, then whether it holds a target.
    let (mut count, mut target) = (0, None);
    loop {
        let piece = reader.fill_buf().ok()?;
        if piece.is_empty() {
            return Some(count + usize::from(target == Some(true)));
        }
        // What the line begins with decides; the rest of it is passed over.
        let mut lines = piece.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            if target.is_none() {
                let mut seen = line.iter().filter(|byte| !b" \t\r".contains(byte));
                target = seen.next().map(|&byte| byte != b'#');
            }
            if lines.peek().is_some() {
                count += usize::from(target.take() == Some(true));
            }
        }
        let length = piece.len();
        reader.consume(length);
    }
}

impl Targets {
    /// Whether the whole list can be read once more: standard input and pipes cannot.
    pub(crate) const fn can_be_read_twice(&self) -> bool {
        self.total.is_some()
    }

    /// Whether there is nothing but URLs and plain lists.
    pub(crate) fn are_plain(&self) -> bool {
        let sources = self.sources.as_slice().iter().chain(&self.current);
        !sources
            .into_iter()
            .any(|source| matches!(source, Source::Items { .. }))
    }

    /// Whether there is exactly one URL, from the command line.
    pub(crate) const fn single(&self) -> bool {
        self.single
    }

    /// Reads standard input no further.
    pub(crate) fn leave_standard_input(&mut self) {
        self.current.take_if(|source| source.is_input());
        let rest: Vec<Source> = std::mem::take(&mut self.sources)
            .filter(|source| !source.is_input())
            .collect();
        self.sources = rest.into_iter();
    }

    /// How many targets there are, when that can be known ahead.
    pub(crate) const fn total(&self) -> Option<usize> {
        self.total
    }
}

impl Source {
    fn is_input(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.name == STANDARD_INPUT,
            Self::Items { name, .. } => name == STANDARD_INPUT,
            Self::Url(_) => false,
        }
    }

    fn next(&mut self, quiet: bool) -> Option<Target> {
        match self {
            Self::Url(url) => {
                let url = std::mem::take(url);
                if url.is_empty() {
                    return None;
                }
                if let Some(why) = no_url(&url).filter(|_| !quiet) {
                    complain(&format!("'{}' {why}", safe(&redact_uri(&url))));
                }
                Some(Target::Call(Call::to(url)))
            }
            Self::Lines(lines) => Some(Target::Call(Call::to(lines.next_target(quiet)?))),
            Self::Items { name, opened } => item(name, opened, quiet),
        }
    }
}

fn item(name: &str, opened: &mut Opened, quiet: bool) -> Option<Target> {
    let item = opened
        .items
        .find(|item| !matches!(item, Err(note) if note.is_note()))?;
    Some(match item {
        Ok(call) if !opened.all_methods && !call.is_safe() => Target::Unsafe(call),
        Ok(call) => {
            if let Some(why) = no_url(&call.target).filter(|_| !quiet && opened.is_list) {
                let line = call.more.as_deref().map_or(0, |more: &More| more.line);
                not_a_url(name, line, &call.target, why);
            }
            Target::Call(call)
        }
        Err(unread) => {
            if !quiet && opened.is_list {
                complain(&crate::unread::said(name, &unread));
            }
            Target::Unread(name.to_owned(), unread)
        }
    })
}

fn not_a_url(name: &str, line: usize, target: &str, why: &str) {
    let shown: String = redact_uri(target).chars().take(80).collect();
    complain(&format!("{}:{line}: '{}' {why}", safe(name), safe(&shown)));
}

impl Iterator for Targets {
    type Item = Target;

    fn next(&mut self) -> Option<Target> {
        loop {
            if let Some(source) = &mut self.current {
                match source.next(self.quiet) {
                    Some(target) => return Some(target),
                    None => self.current = None,
                }
            }
            self.current = Some(self.sources.next()?);
        }
    }
}

impl Lines {
    fn next_target(&mut self, quiet: bool) -> Option<String> {
        loop {
            let bytes = &mut self.bytes;
            bytes.clear();
            match self
                .reader
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', bytes)
            {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    complain(&format!(
                        "{}: reading stopped after line {}: {error}",
                        safe(&self.name),
                        self.line
                    ));
                    return None;
                }
            }
            self.line += 1;
            if bytes.len() as u64 == LONGEST_LINE && bytes.last() != Some(&b'\n') {
                self.skip_line();
            }
            let text = match std::str::from_utf8(&self.bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => String::from_utf8_lossy(&self.bytes),
            };
            // Other columns are a person's notes, or the reasons that --relink writes.
            let target = text.trim().split('\t').next().unwrap_or_default().trim();
            if target.is_empty() || target.starts_with('#') {
                continue;
            }
            if let Some(why) = no_url(target).filter(|_| !quiet) {
                not_a_url(&self.name, self.line, target, why);
            }
            return Some(target.to_owned());
        }
    }

    fn skip_line(&mut self) {
        while let Ok(piece) = self.reader.fill_buf() {
            if piece.is_empty() {
                return;
            }
            let (length, done) = match piece.iter().position(|&b| b == b'\n') {
                Some(at) => (at + 1, true),
                None => (piece.len(), false),
            };
            self.reader.consume(length);
            if done {
                return;
            }
        }
    }
}

/// Why a line cannot be probed; the prober records it all the same.
fn no_url(target: &str) -> Option<&'static str> {
    if PlainUri::of(target).is_some() {
        return None;
    }
    let Ok(url) = url::Url::parse(target) else {
        return Some(if target.contains("://") {
            "is no URL"
        } else {
            "is no URL: it has no http:// or https:// in front"
        });
    };
    (!matches!(url.scheme(), "http" | "https" | "ws" | "wss"))
        .then_some("has a scheme that is not probed: http, https, ws, wss are")
}

//! Targets from the command line, files and standard input, one after the other, as a stream.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use httpwhy_model::{PlainUri, redact_uri};
use httpwhy_render::safe;

use super::complain;
use crate::exit::Failure;

/// A line longer than this is no URL; its rest is passed over.
const LONGEST_LINE: u64 = 64 * 1024;
/// What standard input is called in messages.
const STANDARD_INPUT: &str = "standard input";

/// The targets as a stream. Lines that are no URL are named on standard error and go on as what they are, so that every
/// input has its record.
pub(crate) struct Targets {
    sources: std::vec::IntoIter<Source>,
    current: Option<Lines>,
    single: bool,
    total: Option<usize>,
    /// Nothing is said of lines that are no URL.
    quiet: bool,
}

enum Source {
    Url(String),
    Lines(Lines),
}

struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    line: usize,
    /// The line being read.
    bytes: Vec<u8>,
}

/// Opens all sources before anything is sent, so that a name mistyped at the end stops the run at its start.
pub(crate) fn open(words: &[String]) -> Result<Targets, Failure> {
    let mut total = Some(0);
    let mut sources = Vec::new();
    for given in words {
        let source = match word(given) {
            Word::StandardInput => {
                total = None;
                Source::Lines(Lines {
                    name: STANDARD_INPUT.into(),
                    reader: Box::new(BufReader::new(io::stdin())),
                    line: 0,
                    bytes: Vec::new(),
                })
            }
            Word::Url => {
                total = total.map(|count| count + 1);
                Source::Url(given.clone())
            }
            Word::File => {
                let lines = file(given)?;
                total = total.and_then(|count| Some(count + count_lines(given)?));
                Source::Lines(lines)
            }
        };
        sources.push(source);
    }
    let single = matches!(&sources[..], [Source::Url(_)]);
    Ok(Targets {
        sources: sources.into_iter(),
        current: None,
        single,
        total,
        quiet: false,
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
        || [".txt", ".list", ".csv", ".urls"]
            .iter()
            .any(|ending| word.ends_with(ending))
}

fn file(name: &str) -> Result<Lines, Failure> {
    let unreadable =
        |error: io::Error| Failure::usage(format_args!("cannot read '{}': {error}", safe(name)));
    let open = File::open(name).map_err(unreadable)?;
    if open.metadata().map_err(unreadable)?.is_dir() {
        return Err(Failure::usage(format_args!(
            "'{}' is a directory; a file with one URL a line is expected",
            safe(name)
        )));
    }
    let mut reader = BufReader::with_capacity(64 * 1024, open);
    let start = reader.fill_buf().map_err(unreadable)?.trim_ascii_start();
    let looks = match start.first() {
        Some(b'{' | b'[') => "JSON",
        Some(b'<') => "XML or HTML",
        Some(0x1f) if start.get(1) == Some(&0x8b) => "gzip",
        _ => {
            return Ok(Lines {
                name: name.to_owned(),
                reader: Box::new(reader),
                line: 0,
                bytes: Vec::new(),
            });
        }
    };
    Err(Failure::usage(format_args!(
        "'{}' looks like {looks}; a list with one URL a line is expected",
        safe(name)
    )))
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
        for &byte in piece {
            match byte {
                b'\n' => count += usize::from(target.take() == Some(true)),
                b' ' | b'\t' | b'\r' => {}
                _ => target = target.or(Some(byte != b'#')),
            }
        }
        let length = piece.len();
        reader.consume(length);
    }
}

impl Targets {
    /// Says nothing of lines that are no URL.
    pub(crate) const fn quietly(&mut self) {
        self.quiet = true;
    }

    /// Whether the whole list can be read once more: standard input and pipes cannot.
    pub(crate) const fn can_be_read_twice(&self) -> bool {
        self.total.is_some()
    }

    /// Whether there is exactly one URL, from the command line.
    pub(crate) const fn single(&self) -> bool {
        self.single
    }

    /// Reads standard input no further.
    pub(crate) fn leave_standard_input(&mut self) {
        let is_input = |lines: &Lines| lines.name == STANDARD_INPUT;
        self.current.take_if(|lines| is_input(lines));
        let rest: Vec<Source> = std::mem::take(&mut self.sources)
            .filter(|source| !matches!(source, Source::Lines(lines) if is_input(lines)))
            .collect();
        self.sources = rest.into_iter();
    }

    /// How many targets there are, when that can be known ahead.
    pub(crate) const fn total(&self) -> Option<usize> {
        self.total
    }
}

impl Iterator for Targets {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            if let Some(lines) = &mut self.current {
                match lines.next_target(self.quiet) {
                    Some(target) => return Some(target),
                    None => self.current = None,
                }
            }
            match self.sources.next()? {
                Source::Url(url) => {
                    if let Some(why) = no_url(&url).filter(|_| !self.quiet) {
                        complain(&format!("'{}' {why}", safe(&redact_uri(&url))));
                    }
                    return Some(url);
                }
                Source::Lines(lines) => self.current = Some(lines),
            }
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
            let text = String::from_utf8_lossy(&self.bytes);
            // Other columns are a person's notes, or the reasons that --relink writes.
            let target = text.trim().split('\t').next().unwrap_or_default().trim();
            if target.is_empty() || target.starts_with('#') {
                continue;
            }
            if let Some(why) = no_url(target).filter(|_| !quiet) {
                let shown: String = redact_uri(target).chars().take(80).collect();
                complain(&format!(
                    "{}:{}: '{}' {why}",
                    safe(&self.name),
                    self.line,
                    safe(&shown)
                ));
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

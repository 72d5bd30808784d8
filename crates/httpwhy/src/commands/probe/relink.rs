//! `--relink`: the list again, with permanent redirects followed and what is gone taken out.
//!
//! Order, comments and empty lines stay. A reason stands behind a tab where there is something to say; a tab ends the
//! target when such a list is read again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use httpwhy_catalog::by_id;
use httpwhy_model::{Because, Blame, Visit, redact_uri};
use httpwhy_render::safe;

use super::targets::{Word, word};
use crate::exit::Failure;
use crate::judge::Judged;

/// With what our own reasons begin: an earlier one is replaced.
const OURS: [&str; 3] = ["moved: ", "gone: ", "left: "];

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// It leads there now.
    Moved { to: String, reason: String },
    /// It is taken out, and kept as a comment.
    Gone(String),
    /// It stays, and there is something to say.
    Left(String),
}

/// The changes of one run, and where the list goes. What needs no word is not held.
pub(crate) struct Relink {
    to: Option<PathBuf>,
    changes: Mutex<HashMap<String, Change>>,
}

impl Relink {
    /// # Errors
    /// When the list would replace anything, or cannot be read a second time.
    pub(crate) fn new(to: &str, inputs: &[String], method: Option<&str>) -> Result<Self, Failure> {
        if !matches!(method, None | Some("GET" | "HEAD")) {
            return Err(Failure::usage(
                "--relink asks by GET or HEAD: what other methods are answered says nothing about a link",
            ));
        }
        if inputs.iter().any(|input| input == "-") {
            return Err(Failure::usage(
                "--relink reads the list a second time to write it, and standard input cannot be: give a file",
            ));
        }
        let to = (to != "-").then(|| PathBuf::from(to));
        if let Some(path) = &to {
            let is_input = |input: &String| {
                fs::canonicalize(input)
                    .is_ok_and(|input| fs::canonicalize(path).is_ok_and(|to| to == input))
            };
            if inputs.iter().any(is_input) {
                return Err(Failure::usage(format_args!(
                    "--relink: '{}' is the list itself, which is never changed in place; name a new file",
                    safe(&path.to_string_lossy())
                )));
            }
            if fs::symlink_metadata(path).is_ok() {
                return Err(Failure::usage(format_args!(
                    "--relink: '{}' is there already; name a new file",
                    safe(&path.to_string_lossy())
                )));
            }
        }
        Ok(Self {
            to,
            changes: Mutex::default(),
        })
    }

    /// Whether the list goes to standard output.
    pub(crate) const fn to_standard_output(&self) -> bool {
        self.to.is_none()
    }

    /// Notes what becomes of the target. `visit` is as it was seen, since a redacted target could not be written.
    pub(crate) fn add(&self, visit: &Visit, judged: &Judged) {
        if let Some(change) = change(visit, judged) {
            let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            changes.insert(visit.asked.clone(), change);
        }
    }

    /// Writes the list; gives the numbers of lines moved, gone, and left with a word.
    pub(crate) fn write(&self, inputs: &[String]) -> Result<[u64; 3], Failure> {
        let Some(path) = &self.to else {
            let mut out = BufWriter::new(io::stdout().lock());
            return self
                .all(inputs, &mut out)
                .and_then(|counts| out.flush().map(|()| counts))
                .map_err(|error| Failure::output(&error));
        };
        let written = File::create_new(path).and_then(|file| {
            let mut out = BufWriter::new(file);
            let counts = self.all(inputs, &mut out)?;
            out.flush()?;
            Ok(counts)
        });
        written.map_err(|error| {
            Failure::internal(format_args!(
                "cannot write '{}': {error}",
                safe(&path.to_string_lossy())
            ))
        })
    }

    fn all(&self, inputs: &[String], out: &mut dyn Write) -> io::Result<[u64; 3]> {
        let mut counts = [0; 3];
        for input in inputs {
            match word(input) {
                Word::Url => self.line(input.as_bytes(), out, &mut counts)?,
                Word::StandardInput => {}
                Word::File => {
                    let mut reader = BufReader::new(File::open(Path::new(input))?);
                    let mut line = Vec::new();
                    while reader.read_until(b'\n', &mut line)? > 0 {
                        self.line(line.trim_ascii_end(), out, &mut counts)?;
                        line.clear();
                    }
                }
            }
        }
        Ok(counts)
    }

    /// Writes one line as it is now.
    fn line(&self, line: &[u8], out: &mut dyn Write, counts: &mut [u64; 3]) -> io::Result<()> {
        let text = String::from_utf8_lossy(line);
        let mut columns = text.trim().split('\t');
        let target = columns.next().unwrap_or_default().trim();
        let others: Vec<&str> = columns
            .filter(|column| !OURS.iter().any(|ours| column.starts_with(ours)))
            .collect();
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let with = |first: &str, reason: &str| {
            let mut all = vec![first];
            all.extend(&others);
            all.push(reason);
            all.join("\t")
        };
        match changes.get(target) {
            _ if target.is_empty() || target.starts_with('#') => {
                out.write_all(line)?;
                writeln!(out)
            }
            None => writeln!(out, "{}", [&[target], &*others].concat().join("\t")),
            Some(Change::Moved { to, reason }) => {
                counts[0] += 1;
                writeln!(out, "{}", with(to, reason))
            }
            Some(Change::Gone(reason)) => {
                counts[1] += 1;
                writeln!(out, "# {}", with(target, reason))
            }
            Some(Change::Left(reason)) => {
                counts[2] += 1;
                writeln!(out, "{}", with(target, reason))
            }
        }
    }
}

/// What the visit says about its link; `None` when it is fine as it is.
fn change(visit: &Visit, judged: &Judged) -> Option<Change> {
    let chain = Chain::of(visit);
    let last = &visit.landed()?.exchange;
    let verdict = judged.verdict();
    if verdict.outcome.namespace() == "engine" {
        // It was not asked for: a repeated line, an interruption, a fault of our own.
        return None;
    }
    let status = last.status();
    let what = by_id(verdict.outcome.0).map_or(verdict.outcome.0, |entry| entry.title);
    let name = match status {
        Some(status) => format!("{status} {what}"),
        None => what.to_owned(),
    };
    let target = safe(&redact_uri(&last.target));
    if status == Some(410) && chain.temporary.is_none() {
        return Some(Change::Gone(format!("gone: {}410 Gone", chain.way())));
    }
    let is_there = match status {
        Some(200..=399) => verdict.blame == Blame::Nobody,
        // It is there, and does not like how it was asked.
        Some(401 | 403 | 405 | 407 | 429) => true,
        _ => false,
    };
    if !is_there {
        let way = chain.way();
        let at = if visit.steps.len() > 1 && last.target != visit.asked {
            format!(" at {target}")
        } else {
            String::new()
        };
        return Some(Change::Left(format!("left: {way}{name}{at}")));
    }
    let mut reason = format!("moved: {}", chain.way());
    if let Some(status) = chain.temporary {
        reason = format!("{reason}then {status} to {target}, temporary, ");
    }
    if status.is_some_and(|status| status >= 400) {
        reason = format!("{reason}which answers {name}");
    }
    let reason = reason.trim_end_matches([' ', ',']).to_owned();
    match chain.to {
        Some(to) if is_downgrade(&visit.asked, &to) => Some(Change::Left(format!(
            "left: {}from https to http",
            chain_text(&chain.statuses)
        ))),
        Some(to) => Some(Change::Moved { to, reason }),
        None => chain
            .temporary
            .map(|status| Change::Left(format!("left: {status} to {target}, temporary"))),
    }
}

/// The redirects of a visit.
#[derive(Default)]
struct Chain {
    /// The statuses of the permanent ones, before any other.
    statuses: Vec<u16>,
    /// Where those lead.
    to: Option<String>,
    /// The first that is not permanent.
    temporary: Option<u16>,
}

impl Chain {
    fn of(visit: &Visit) -> Self {
        let mut chain = Self::default();
        for (step, next) in visit.steps.iter().zip(visit.steps.iter().skip(1)) {
            // Retries and answers to challenges are of the same target.
            let (Because::Redirect(_), Some(status)) = (next.because, step.exchange.status())
            else {
                continue;
            };
            if !matches!(status, 301 | 308) {
                chain.temporary = Some(status);
                break;
            }
            chain.statuses.push(status);
            chain.to = Some(next.exchange.target.clone());
        }
        chain
    }

    /// `301, 308, `, or nothing.
    fn way(&self) -> String {
        chain_text(&self.statuses)
    }
}

fn chain_text(statuses: &[u16]) -> String {
    let shown = statuses.iter().take(5).map(u16::to_string);
    let mut text = shown.fold(String::new(), |text, status| text + &status + ", ");
    if statuses.len() > 5 {
        text.push_str("…, ");
    }
    text
}

fn is_downgrade(from: &str, to: &str) -> bool {
    let scheme = |url: &str| url::Url::parse(url).map(|url| url.scheme().to_owned());
    matches!((scheme(from), scheme(to)), (Ok(from), Ok(to)) if from == "https" && to == "http")
}

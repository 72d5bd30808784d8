//! `httpwhy ANYTHING`: does what is meant.

use std::path::Path;

use httpwhy_render::safe;

use crate::cli::Common;
use crate::commands::{explain, probe, read};
use crate::exit::{Exit, Failure};

/// A URL is probed, a file or `-` read, all else explained. A file never sends traffic.
pub(crate) fn run(words: &[String], common: &Common) -> Result<Exit, Failure> {
    if words.iter().any(|word| word.as_str() == "sim:") {
        return Err(Failure::usage(
            "sim: is a target of probe: httpwhy probe sim:",
        ));
    }
    if words.iter().all(|word| is_url(word)) {
        return probe::run(&probe::Args::of(words), common);
    }
    if words
        .iter()
        .all(|word| word.as_str() == "-" || Path::new(word).is_file())
    {
        return read::run(&read::Args::of(words), common);
    }
    if let Some(mixed) = words.iter().find(|word| is_url(word)) {
        return Err(Failure::usage(format_args!(
            "'{mixed}' is a URL and the rest is not: probe and explain are two commands"
        )));
    }
    if let Some(missing) = words
        .iter()
        .find(|word| is_path(word) && !Path::new(word).exists())
    {
        return Err(Failure::usage(format_args!(
            "cannot read '{}': No such file",
            safe(missing)
        )));
    }
    explain::run(&explain::Args::of(words), common)
}

/// Spelled as only a file is.
fn is_path(word: &str) -> bool {
    let ending = Path::new(word)
        .extension()
        .and_then(|ending| ending.to_str());
    ["./", "../", "/", "~/"]
        .iter()
        .any(|start| word.starts_with(start))
        || ending.is_some_and(|ending| RECORDS.contains(&ending))
}

/// Endings that files of records have.
const RECORDS: &[&str] = &[
    "har", "http", "json", "jsonl", "log", "out", "response", "txt",
];

/// Schemes that mean a probe.
fn is_url(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
}

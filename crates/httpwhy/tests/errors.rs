//! The table of library errors against the libraries' own sources, and against the catalogue.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use httpwhy_diagnose::diagnose;
use httpwhy_model::{End, Exchange, Phase, Sent, Signal, Visit};

/// Outcomes that say no more than that something failed.
const GENERIC: &[&str] = &[
    "engine/exception",
    "engine/internal",
    "engine/unclassified",
    "input/nothing-recorded",
    "net/connect-failed",
    "net/connection-closed",
    "net/dns-temporary",
    "net/generic-timeout",
    "tls/tls-failed",
];

#[derive(Debug)]
struct Row {
    package: &'static str,
    file: &'static str,
    name: &'static str,
    variant: &'static str,
    phase: &'static str,
    signals: Vec<&'static str>,
    note: &'static str,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../../httpwhy-probe/tests/fixtures/errors.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next().unwrap_or_default();
            Row {
                package: next(),
                file: next(),
                name: next(),
                variant: next(),
                phase: next(),
                signals: next()
                    .split(" | ")
                    .filter(|signal| *signal != "-")
                    .collect(),
                note: next(),
            }
        })
        .collect()
}

/// Version and folder of each package that this workspace is built from.
fn packages() -> BTreeMap<String, Vec<(String, PathBuf)>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for package in metadata["packages"].as_array().unwrap() {
        let text = |key: &str| package[key].as_str().unwrap().to_owned();
        let folder = Path::new(&text("manifest_path"))
            .parent()
            .unwrap()
            .to_owned();
        found
            .entry(text("name"))
            .or_default()
            .push((text("version"), folder));
    }
    found
}

/// The names of an enum's variants, as its source has them.
fn variants(source: &str, name: &str) -> Vec<String> {
    let head = source
        .match_indices(&format!("enum {name}"))
        .find(|(at, found)| {
            let behind = source[at + found.len()..].chars().next();
            behind.is_some_and(|c| !c.is_alphanumeric() && c != '_')
        });
    let Some((at, _)) = head else {
        return Vec::new();
    };
    let body = &source[at..];
    let body = &body[body.find('{').map_or(body.len(), |brace| brace + 1)..];
    let mut depth = 1_i32;
    let mut found = Vec::new();
    for line in body.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let word = code.trim_start();
        let end = word
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(word.len());
        let named = word.starts_with(|c: char| c.is_ascii_uppercase());
        let behind = word[end..].trim_start();
        if depth == 1 && named && (behind.is_empty() || behind.starts_with(['(', '{', ',', '='])) {
            found.push(word[..end].to_owned());
        }
        depth += code
            .chars()
            .map(|c| match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            })
            .sum::<i32>();
        if depth <= 0 {
            break;
        }
    }
    found
}

/// The standard library's source, where the toolchain has it (the component rust-src).
fn standard_library() -> Option<PathBuf> {
    let rustc = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .ok()?;
    let root = PathBuf::from(String::from_utf8(rustc.stdout).ok()?.trim());
    let library = root.join("lib/rustlib/src/rust/library");
    let places = ["core/src/io/error.rs", "std/src/io/error.rs"].map(|file| library.join(file));
    places.into_iter().find(|file| file.exists())
}

#[test]
fn the_table_has_every_variant_of_the_sources() {
    let packages = packages();
    let mut enums = BTreeMap::<_, Vec<_>>::new();
    for row in rows() {
        let key = (row.package, row.file, row.name);
        enums.entry(key).or_default().push(row.variant);
    }
    let mut complaints = String::new();
    for ((package, file, name), listed) in enums {
        let sources: Vec<(String, PathBuf)> = match package {
            // Without the source the numbers of the system's errors are compared: signals/table.rs.
            "std" => standard_library()
                .map(|file| ("std".to_owned(), file))
                .into_iter()
                .collect(),
            _ => packages[package]
                .iter()
                .map(|(version, folder)| (format!("{package} {version}"), folder.join(file)))
                .collect(),
        };
        for (which, path) in sources {
            let source = std::fs::read_to_string(&path).unwrap_or_else(|error| {
                panic!("{}: {error}: where is {name} now?", path.display())
            });
            let found = variants(&source, name);
            assert!(
                !found.is_empty(),
                "{}: no enum {name}: where is it now?",
                path.display()
            );
            for variant in &found {
                if !listed.contains(&variant.as_str()) {
                    writeln!(
                        complaints,
                        "{which}: {name}::{variant} is new. Map it to a signal in crates/httpwhy-probe/src/signals/, \
                         then add its row to crates/httpwhy-probe/tests/fixtures/errors.tsv."
                    )
                    .unwrap();
                }
            }
            for variant in &listed {
                if !found.iter().any(|name| name == variant) {
                    writeln!(
                        complaints,
                        "{which}: {name}::{variant} is gone. Take its row out of crates/httpwhy-probe/tests/fixtures/errors.tsv."
                    )
                    .unwrap();
                }
            }
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn variants_are_read_from_sources() {
    let source = "/// enum Other { X }\n#[non_exhaustive]\npub enum Error {\n    /// Doc, with { braces\n    \
                  #[deprecated(note = \"x\")]\n    One,\n\n    Two(Box<dyn Fn() -> Three>),\n    Three {\n        Field: u8,\n    \
                  },\n    Four = 4,\n}\nenum Errors { Five }\n";
    assert_eq!(variants(source, "Error"), ["One", "Two", "Three", "Four"]);
    assert_eq!(variants(source, "Missing"), Vec::<String>::new());
}

#[test]
fn every_signal_of_the_table_has_its_own_outcome() {
    let mut complaints = String::new();
    for row in rows().iter().filter(|row| !row.signals.is_empty()) {
        let phase: Phase = row.phase.parse().unwrap();
        let mut exchange = Exchange {
            target: "https://a.example/".to_owned(),
            sent: if phase < Phase::Send {
                Sent::Nothing
            } else {
                Sent::All
            },
            end: if phase == Phase::Receive {
                End::Partial
            } else {
                End::Nothing
            },
            ..Exchange::default()
        };
        for signal in &row.signals {
            exchange.signal(phase, signal.parse::<Signal>().unwrap());
        }
        let outcome = diagnose(&Visit::of(exchange)).outcome;
        let generic = GENERIC.contains(&outcome.0);
        if generic && row.note.is_empty() {
            let (package, name, variant) = (row.package, row.name, row.variant);
            writeln!(
                complaints,
                "{package} {name}::{variant}: {:?} is only {outcome}",
                row.signals
            )
            .unwrap();
        }
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

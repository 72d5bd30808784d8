//! `httpwhy probe`: targets, lists, names, redirects, how a run ends, and what is kept secret.

#[path = "../json/mod.rs"]
mod json;

mod asking;
mod browser;
mod endings;
mod faults;
mod filters;
mod inputs;
mod lists;
mod names;
mod pace;
mod real;
mod redirects;
mod relinks;
mod reports;
mod scale;
mod secrets;
mod summary;
mod ways;
mod yourside;

use std::path::Path;

use httpwhy_testkit::Httpwhy;
use serde_json::Value;

/// `httpwhy probe` with these arguments.
fn probe(args: &[&str]) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("probe")
        .args(args)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A member that holds text.
fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is no text in {line}"))
}

/// The closing line of each visit, by the visit's number: of a visit of one step its only line.
fn verdicts(lines: &[Value]) -> Vec<(usize, &Value)> {
    let mut found: Vec<(usize, &Value)> = Vec::new();
    for line in lines {
        let number = text(line, "visit").parse().expect("a number");
        match found.iter_mut().find(|(known, _)| *known == number) {
            Some((_, last)) => *last = line,
            None => found.push((number, line)),
        }
    }
    found.sort_by_key(|(number, _)| *number);
    found
}

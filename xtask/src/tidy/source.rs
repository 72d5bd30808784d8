//! The form of source files.

use anyhow::Result;

use crate::tree::{Tree, has_extension};

/// A room too big to live in.
const MOST_LINES: usize = 800;

/// Marks of unfinished work. Spelled in parts, so that this file does not name them.
const UNFINISHED: &[&str] = &[
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
];

/// Breaches in all sources and texts.
pub(super) fn problems(tree: &Tree, files: &[String]) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in files.iter().filter(|file| is_text(file)) {
        let text = tree.read(file)?.unwrap_or_default();
        problems.extend(of_text(file, &text));
        if has_extension(file, "rs") {
            problems.extend(of_rust(file, &text));
        }
    }
    Ok(problems)
}

/// Written by hand: not the lock file, nor snapshots.
fn is_text(file: &str) -> bool {
    ["rs", "md", "toml", "sh", "html", "css", "js"]
        .iter()
        .any(|end| has_extension(file, end))
        || file == ".ci/run"
}

fn of_text(file: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let lines = text.lines().count();
    // A family of sub-codes is a table: its length is that of the list it stands for.
    if lines > MOST_LINES && !file.ends_with("/codes.toml") {
        problems.push(format!("{file}: {lines} lines, at most {MOST_LINES}"));
    }
    for (number, line) in text.lines().enumerate() {
        for mark in UNFINISHED.iter().filter(|mark| holds_word(line, mark)) {
            problems.push(format!("{file}:{}: '{mark}'", number + 1));
        }
    }
    problems
}

fn of_rust(file: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with("#!["));
    if !first.is_some_and(|line| line.starts_with("//!")) {
        problems.push(format!("{file}:1: the module does not begin with `//!`"));
    }
    for (number, line) in text.lines().enumerate() {
        if line.contains('\t') {
            problems.push(format!("{file}:{}: a tab", number + 1));
        }
        if line.ends_with(' ') {
            problems.push(format!("{file}:{}: a space at the end", number + 1));
        }
    }
    problems
}

/// Whether the word stands there by itself: no letter, digit or `_` on either side.
fn holds_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_texts() {
        let mark = UNFINISHED[3];
        let table: &[(&str, usize)] = &[
            ("//! Good.\nfn f() {}\n", 0),
            ("#![no_main]\n//! Good.\n", 0),
            ("fn f() {}\n", 1),
            ("//! M.\n\tfn f() {}\n", 1),
            ("//! M.\nfn f() {} \n", 1),
            (&format!("//! M.\n// {mark}: later\n"), 1),
            (&format!("//! M.\n// {mark}S and a{mark}\n"), 0),
            (&format!("//! M.\nfn f() {{ {}() }}\n", UNFINISHED[0]), 1),
            (&format!("//! M.\n{}", "// line\n".repeat(MOST_LINES)), 1),
        ];
        for (text, wanted) in table {
            let mut found = of_text("x.rs", text);
            found.extend(of_rust("x.rs", text));
            assert_eq!(found.len(), *wanted, "{text}: {found:?}");
        }
    }

    #[test]
    fn only_texts_are_read() {
        assert!(is_text("a/b.rs") && is_text(".ci/run") && is_text("README.md"));
        assert!(!is_text("Cargo.lock") && !is_text("x.json"));
    }
}

//! The texts are ours: no seven words in a row of the five source documents.
//!
//! The documents are not in this repository. What is, is `xtask/seed-hashes.bin`: the 64-bit FNV-1a hash of every
//! sequence of seven words, ascending, little-endian. A word is a run of `[a-z0-9']` in lower case; a sequence is
//! joined by single spaces.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::tree::{Tree, has_extension};

const HASHES: &str = "xtask/seed-hashes.bin";

/// Words in a sequence.
const LENGTH: usize = 7;

/// Sequences that may stand in a text of ours, and why: a registered name or a list of fields that nobody can word
/// differently. Words as above.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// A sequence of another document in a text of ours.
#[derive(Debug, PartialEq, Eq)]
struct Match {
    line: usize,
    words: String,
}

/// The hashes of all sequences, ascending.
struct Known(Vec<u64>);

impl Known {
    fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        ensure!(
            !bytes.is_empty() && bytes.len().is_multiple_of(8),
            "{}: not a list of 64-bit hashes",
            path.display()
        );
        let hashes: Vec<u64> = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| u64::from_le_bytes(*bytes))
            .collect();
        ensure!(hashes.is_sorted(), "{}: not ascending", path.display());
        Ok(Self(hashes))
    }

    fn holds(&self, sequence: &str) -> bool {
        self.0.binary_search(&fnv(sequence.as_bytes())).is_ok()
    }
}

/// Matches in the catalogue and in every Markdown file.
pub(super) fn problems(tree: &Tree, files: &[String]) -> Result<Vec<String>> {
    let known = Known::read(&tree.path(HASHES))?;
    let mut problems = Vec::new();
    for file in files {
        if !has_extension(file, "md") && !file.starts_with("catalog/outcomes/") {
            continue;
        }
        let text = tree.read(file)?.unwrap_or_default();
        for found in matches(&text, &known, EXCEPTIONS) {
            problems.push(format!(
                "{file}:{}: words of a source document: \"{}\"",
                found.line,
                shortened(&found.words)
            ));
        }
    }
    Ok(problems)
}

/// The first words, enough to find the place.
fn shortened(words: &str) -> String {
    match words.match_indices(' ').nth(2 * LENGTH) {
        Some((end, _)) => format!("{} …", &words[..end]),
        None => words.to_owned(),
    }
}

/// Overlapping sequences are one match.
fn matches(text: &str, known: &Known, exceptions: &[(&str, &str)]) -> Vec<Match> {
    let words = words(text);
    let mut found: Vec<Match> = Vec::new();
    let mut end = 0;
    for (at, window) in words.windows(LENGTH).enumerate() {
        let sequence = joined(window);
        let is_excepted = exceptions.iter().any(|(words, _)| *words == sequence);
        if is_excepted || !known.holds(&sequence) {
            continue;
        }
        match found.last_mut() {
            Some(last) if at < end => {
                for (_, word) in &words[end..at + LENGTH] {
                    last.words.push(' ');
                    last.words.push_str(word);
                }
            }
            _ => found.push(Match {
                line: window[0].0,
                words: sequence,
            }),
        }
        end = at + LENGTH;
    }
    found
}

fn joined(words: &[(usize, String)]) -> String {
    let words: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
    words.join(" ")
}

/// Words with the line (from 1) in which they stand.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        let of_line = line
            .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '\'')
            .filter(|word| !word.is_empty())
            .map(|word| (number + 1, word.to_owned()));
        words.extend(of_line);
    }
    words
}

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for the documents: one sentence of ten words has four sequences.
    const DOCUMENT: &str = "the quick brown fox doesn't jump over the lazy dog";

    fn known() -> Known {
        let mut hashes: Vec<u64> = words(DOCUMENT)
            .windows(LENGTH)
            .map(|window| fnv(joined(window).as_bytes()))
            .collect();
        hashes.sort_unstable();
        Known(hashes)
    }

    #[test]
    fn planted_sequences() {
        let copied = "Ours.\nNow The Quick: brown\n`fox` doesn't (jump) over the lot.";
        assert_eq!(
            matches(copied, &known(), &[]),
            [Match {
                line: 2,
                words: "the quick brown fox doesn't jump over the".into()
            }]
        );
        let ours = "The quick brown fox does not jump over the lazy dog.";
        assert_eq!(matches(ours, &known(), &[]), []);
        let excepted = [("the quick brown fox doesn't jump over", "a registered name")];
        assert_eq!(
            matches("the quick brown fox doesn't jump over", &known(), &excepted),
            []
        );
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // Test vectors of the FNV draft (draft-eastlake-fnv, appendix C).
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_committed_hashes_are_all_there() {
        let tree = Tree::of_this_workspace().expect("a workspace");
        let known = Known::read(&tree.path(HASHES)).expect("readable");
        assert_eq!(known.0.len(), 10_640);
    }
}

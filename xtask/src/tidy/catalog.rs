//! The catalogue's texts: links that lead somewhere, sentences said once, no em dashes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;

use crate::entries::{Entry, OUTCOMES, paragraphs};
use crate::tree::Tree;

/// From this many words on a sentence stands in one entry only.
const LONG_SENTENCE: usize = 10;

/// Names that look like ids: Go's package.
const NOT_IDS: &[&str] = &["net/http"];

/// Breaches in all entries.
pub(super) fn problems(tree: &Tree, entries: &[Entry]) -> Result<Vec<String>> {
    let mut problems = dead_links(entries);
    problems.extend(repeated_sentences(entries));
    for file in tree.files(OUTCOMES)? {
        let text = tree.read(&file)?.unwrap_or_default();
        problems.extend(em_dashes(&file, &text));
    }
    Ok(problems)
}

/// Back-ticked ids that no file has. A namespace is a folder of entries, so `text/html` is no id.
fn dead_links(entries: &[Entry]) -> Vec<String> {
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let namespaces: BTreeSet<&str> = entries.iter().map(Entry::namespace).collect();
    let mut problems = Vec::new();
    for entry in entries {
        // Without the transcript, in which `nginx/1` would be a product.
        for paragraph in paragraphs(&entry.text) {
            for code in paragraph.split('`').skip(1).step_by(2) {
                let named = code.split_once('/').is_some_and(|(namespace, code)| {
                    namespaces.contains(namespace) && is_code(code)
                });
                if named && !ids.contains(code) && !NOT_IDS.contains(&code) {
                    problems.push(format!("{}: no entry `{code}`", entry.file));
                }
            }
        }
    }
    problems
}

/// Letters, digits and hyphens: not `nginx/1.22.1`.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Long sentences that stand in several entries.
fn repeated_sentences(entries: &[Entry]) -> Vec<String> {
    let mut owners: BTreeMap<Vec<String>, BTreeSet<&str>> = BTreeMap::new();
    let mut printed: HashMap<Vec<String>, String> = HashMap::new();
    for entry in entries {
        for paragraph in entry.prose() {
            for sentence in sentences(&paragraph) {
                let words = words(sentence);
                if words.len() >= LONG_SENTENCE {
                    printed
                        .entry(words.clone())
                        .or_insert_with(|| sentence.to_owned());
                    owners.entry(words).or_default().insert(&entry.id);
                }
            }
        }
    }
    owners
        .iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|(words, ids)| {
            let ids: Vec<&str> = ids.iter().copied().collect();
            format!(
                "{}: the same sentence: \"{}\"",
                ids.join(", "),
                printed[words]
            )
        })
        .collect()
}

/// Parts that end with a full stop, question mark, exclamation mark or semicolon before a space.
fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph
        .split_inclusive([' '])
        .scan(0, |end, word| {
            *end += word.len();
            Some((*end, word.trim_end().ends_with(['.', '?', '!', ';'])))
        })
        .filter(|(_, is_end)| *is_end)
        .map(|(end, _)| end)
        .chain([paragraph.len()])
        .scan(0, move |start, end| {
            let sentence = &paragraph[*start..end];
            *start = end;
            Some(sentence.trim())
        })
}

fn words(sentence: &str) -> Vec<String> {
    sentence
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn em_dashes(file: &str, text: &str) -> Vec<String> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.contains('\u{2014}'))
        .map(|(number, _)| format!("{file}:{}: an em dash", number + 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, text: &str) -> Entry {
        let file = format!("{OUTCOMES}/{id}.md");
        Entry::read(&file, id, &format!("+++\ntitle = \"T\"\n+++\n{text}")).expect("well formed")
    }

    #[test]
    fn planted_links() {
        let entries = [
            entry(
                "http/404",
                "See `nginx/499`, `http/405`, `text/html`, `net/http` and `nginx/1.22.1`.",
            ),
            entry("nginx/499", "See `http/404`."),
            entry("net/dns-timeout", ""),
        ];
        assert_eq!(
            dead_links(&entries),
            [format!("{OUTCOMES}/http/404.md: no entry `http/405`")]
        );
    }

    #[test]
    fn planted_sentences() {
        let long = "The gateway waited for the server behind it and gave up";
        let entries = [
            entry("a/1", &format!("First. {long}. Last.")),
            entry("a/2", &format!("1. {long}; then more.")),
            entry("a/3", "First. Last."),
        ];
        let found = repeated_sentences(&entries);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a/1, a/2: "), "{found:?}");
    }

    #[test]
    fn sentences_end_where_they_end() {
        let found: Vec<&str> = sentences("One, 1.5 of it. Two? Three").collect();
        assert_eq!(found, ["One, 1.5 of it.", "Two?", "Three"]);
    }

    #[test]
    fn planted_dash() {
        assert_eq!(em_dashes("f", "a\nb \u{2014} c\n"), ["f:2: an em dash"]);
    }
}

//! Counts of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use crate::entries::{Entry, OUTCOMES};
use crate::tree::Tree;

#[derive(Default)]
struct Counts {
    entries: usize,
    rows: usize,
    transcripts: usize,
    reproducible: usize,
    pages: usize,
    unconfirmed: usize,
    aliases: usize,
    said: usize,
    words: usize,
}

impl Counts {
    fn add(&mut self, entry: &Entry) {
        self.entries += 1;
        self.rows += usize::from(entry.is_row);
        self.transcripts += usize::from(has_transcript(entry));
        self.reproducible += usize::from(is_reproducible(entry));
        self.pages += usize::from(entry.count("leads_to") > 0);
        self.unconfirmed += usize::from(is_unconfirmed(entry));
        self.aliases += entry.count("aliases");
        self.said += entry.count("said");
        self.words += entry.text.split_whitespace().count();
    }

    fn row(&self) -> String {
        format!(
            "{:>7} {:>6} {:>6} {:>11} {:>12} {:>6} {:>11} {:>8} {:>6} {:>8}",
            self.entries,
            self.entries - self.rows,
            self.rows,
            self.transcripts,
            self.reproducible,
            self.pages,
            self.unconfirmed,
            self.aliases,
            self.said,
            self.words
        )
    }
}

/// Whether the simulator can bring it about.
pub(crate) fn is_reproducible(entry: &Entry) -> bool {
    entry
        .front
        .get("reproduce")
        .and_then(toml::Value::as_table)
        .is_some_and(|how| !how.contains_key("none"))
}

/// A row's transcript stands in its family's text; the build refuses a family without one.
fn has_transcript(entry: &Entry) -> bool {
    entry.is_row || entry.text.contains("```http\n")
}

fn is_unconfirmed(entry: &Entry) -> bool {
    entry.front.get("confirmed").and_then(toml::Value::as_bool) == Some(false)
}

/// Prints the counts, by namespace and in all.
pub(crate) fn run(tree: &Tree) -> Result<()> {
    let entries = Entry::all(tree)?;
    let mut by_namespace: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for entry in &entries {
        by_namespace
            .entry(entry.namespace())
            .or_default()
            .add(entry);
        all.add(entry);
    }
    println!(
        "{:<14} {:>7} {:>6} {:>6} {:>11} {:>12} {:>6} {:>11} {:>8} {:>6} {:>8}",
        "namespace",
        "entries",
        "full",
        "rows",
        "transcripts",
        "reproducible",
        "pages",
        "unconfirmed",
        "aliases",
        "said",
        "words"
    );
    for (namespace, counts) in &by_namespace {
        println!("{namespace:<14} {}", counts.row());
    }
    println!("{:<14} {}", "all", all.row());
    let names: BTreeSet<&str> = entries.iter().flat_map(aliases).collect();
    println!("different aliases: {}", names.len());
    let (vendors, signs) = signatures(tree)?;
    println!("signatures: {signs} of {vendors} vendors");
    Ok(())
}

fn aliases(entry: &Entry) -> impl Iterator<Item = &str> {
    entry
        .front
        .get("aliases")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
}

/// Vendors with a signature file, and the pieces of evidence in them.
fn signatures(tree: &Tree) -> Result<(usize, usize)> {
    let (mut vendors, mut signs) = (0, 0);
    for file in tree.files(OUTCOMES)? {
        if file.ends_with("/signature.toml") {
            let text = tree.read(&file)?.unwrap_or_default();
            let table: toml::Table = text.parse().with_context(|| file.clone())?;
            vendors += 1;
            signs += table
                .get("evidence")
                .and_then(toml::Value::as_array)
                .map_or(0, Vec::len);
        }
    }
    Ok((vendors, signs))
}

#[cfg(test)]
mod tests {
    use super::{Counts, signatures};
    use crate::entries::Entry;
    use crate::tree::planted::Planted;

    #[test]
    fn counts_of_one_entry() {
        let whole = "+++\naliases = [\"a\", \"b\"]\nreproduce = { none = \"only a log knows it\" }\nconfirmed = false\n+++\nThree little words\n";
        let entry = Entry::read("f", "x/y", whole).expect("well formed");
        let mut counts = Counts::default();
        counts.add(&entry);
        assert_eq!(
            (counts.entries, counts.reproducible, counts.unconfirmed),
            (1, 0, 1)
        );
        assert_eq!((counts.aliases, counts.words), (2, 3));
    }

    #[test]
    fn signatures_are_counted_by_their_evidence() {
        let planted = Planted::new(&[(
            "catalog/outcomes/v/signature.toml",
            "[[evidence]]\nfield = \"a\"\n[[evidence]]\nfield = \"b\"\n",
        )]);
        assert_eq!(signatures(&planted.tree).expect("well formed"), (1, 2));
    }
}

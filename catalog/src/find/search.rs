//! Search by words.

use std::collections::HashSet;

use super::{by_name, rank, typing::distance};
use crate::normal::normal;
use crate::{ENTRIES, Entry};

/// Entries that hold all words, those with most of them in title and names first. Words of one letter are ignored; a word
/// that no entry holds is taken for the nearest one that some entry does.
pub fn search(words: &str) -> Vec<&'static Entry> {
    let words: Vec<String> = words
        .split_whitespace()
        .map(normal)
        .filter(|word| word.chars().count() > 1)
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let texts: Vec<Text> = ENTRIES.iter().map(Text::of).collect();
    let words: Vec<String> = words.into_iter().map(|word| known(word, &texts)).collect();
    let namesakes = by_name(&words.join(" "));
    let mut found: Vec<(usize, &Entry)> = texts
        .iter()
        .filter_map(|text| {
            let score = words
                .iter()
                .map(|word| text.score(word))
                .sum::<Option<usize>>()?;
            // Who is called exactly so comes first.
            let is_namesake = namesakes.iter().any(|other| other.id == text.entry.id);
            let score = if is_namesake { usize::MAX } else { score };
            Some((score, text.entry))
        })
        .collect();
    found.sort_by_key(|(score, entry)| (std::cmp::Reverse(*score), rank(entry), entry.id));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// An entry's texts in lower case.
struct Text {
    entry: &'static Entry,
    title: String,
    names: String,
    lead: String,
    whole: String,
}

impl Text {
    fn of(entry: &'static Entry) -> Self {
        Self {
            entry,
            title: format!("{} {}", entry.id, entry.title).to_lowercase(),
            names: [entry.former, entry.aliases]
                .concat()
                .join(" ")
                .to_lowercase(),
            lead: entry.lead().to_lowercase(),
            whole: entry.text().to_lowercase(),
        }
    }

    /// How much one word says for this entry: much in title and names, little in the text; whole words more than parts.
    fn score(&self, word: &str) -> Option<usize> {
        [
            (&self.title, 40),
            (&self.names, 20),
            (&self.lead, 6),
            (&self.whole, 2),
        ]
        .into_iter()
        .find_map(|(text, most)| match place(text, word)? {
            Place::Word => Some(most),
            Place::Part => Some(most / 2),
        })
    }
}

enum Place {
    Word,
    Part,
}

fn place(text: &str, word: &str) -> Option<Place> {
    let mut found = None;
    for (at, _) in text.match_indices(word) {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        if !is_letter(before) && !is_letter(after) {
            return Some(Place::Word);
        }
        found = Some(Place::Part);
    }
    found
}

/// The word, or the nearest word of any entry where none holds it.
fn known(word: String, texts: &[Text]) -> String {
    let letters = word.chars().count();
    if letters < 4
        || texts.iter().any(|text| {
            text.whole.contains(&word) || text.names.contains(&word) || text.title.contains(&word)
        })
    {
        return word;
    }
    let limit = 1 + usize::from(letters >= 6);
    let mut seen: HashSet<&str> = HashSet::new();
    let mut best: Option<(usize, &str)> = None;
    // Titles first: of two words equally near, the one that names something wins.
    let pieces = texts
        .iter()
        .map(|text| &text.title)
        .chain(texts.iter().map(|text| &text.names))
        .chain(texts.iter().map(|text| &text.whole));
    for other in pieces.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_')) {
        if !seen.insert(other) {
            continue;
        }
        if let Some(distance) = distance(&word, other, limit)
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, other));
        }
    }
    match best {
        Some((_, other)) => other.to_owned(),
        None => word,
    }
}

//! Typing errors: names that come near.

use super::{Found, rank, search, sort};
use crate::normal::normal;
use crate::{CODES, ENTRIES, Entry, NAMES};

/// At most so many suggestions.
const SUGGESTIONS: usize = 5;

/// The one name that differs from the question by a slip of the fingers. Numbers are never guessed: 404 is not 405.
pub(super) fn misspelt(question: &str) -> Option<Found> {
    let asked = normal(question);
    let letters = asked.chars().count();
    if letters < 6 || asked.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let limit = 1 + usize::from(letters >= 12);
    let mut best: Option<(usize, &'static str, &'static [u16])> = None;
    let mut is_tied = false;
    for &(name, owners) in &NAMES {
        let Some(distance) = distance(&asked, name, limit) else {
            continue;
        };
        match best {
            Some((least, ..)) if least < distance => {}
            Some((least, _, others)) if least == distance => is_tied |= others != owners,
            _ => {
                best = Some((distance, name, owners));
                is_tied = false;
            }
        }
    }
    let (_, name, owners) = best.filter(|_| !is_tied)?;
    let mut entries: Vec<&Entry> = owners.iter().map(|&at| &ENTRIES[usize::from(at)]).collect();
    sort(&mut entries, name);
    Some(Found::Misspelt(name, entries))
}

/// Entries whose id, code or a name is at most a third of its letters away, nearest first; failing those, entries that
/// hold all its words.
pub(super) fn near(question: &str) -> Vec<&'static Entry> {
    let asked = normal(question);
    let limit = (asked.chars().count() / 3).min(4);
    if limit == 0 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &Entry)> = Vec::new();
    let mut offer = |distance: Option<usize>, entry: &'static Entry| {
        let Some(distance) = distance else { return };
        match found
            .iter_mut()
            .find(|(_, other)| std::ptr::eq(*other, entry))
        {
            Some((best, _)) => *best = distance.min(*best),
            None => found.push((distance, entry)),
        }
    };
    for entry in &ENTRIES {
        offer(distance(&asked, entry.id.0, limit), entry);
    }
    for (name, owners) in CODES.iter().chain(&NAMES) {
        let distance = distance(&asked, name, limit);
        owners
            .iter()
            .for_each(|&at| offer(distance, &ENTRIES[usize::from(at)]));
    }
    found.sort_by_key(|(distance, entry)| (*distance, rank(entry), entry.id));
    let mut found: Vec<&Entry> = found.into_iter().map(|(_, entry)| entry).collect();
    if found.is_empty() && asked.contains(' ') {
        found = search(question);
    }
    found.truncate(SUGGESTIONS);
    found
}

/// Edit distance (insert, delete, replace, swap of neighbours), or `None` above `limit`.
pub(super) fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    // Letters are at most four bytes: cheap, and rules out nearly all.
    if a.len().abs_diff(b.len()) > 4 * limit {
        return None;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        if row.iter().all(|&distance| distance > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&distance| distance <= limit)
}

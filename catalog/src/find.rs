//! Look-up by id, code, name and words.

use crate::normal::normal;
use crate::{CODES, ENTRIES, Entry, NAMES};

/// What a question led to.
#[derive(Debug)]
pub enum Found {
    /// Exactly one entry.
    One(&'static Entry),
    /// Several entries own the name; the likeliest first.
    Several(Vec<&'static Entry>),
    /// Nobody registered this status code; its class says what to do with it (RFC 9110 section 15).
    Class(u16, &'static Entry),
    /// Nothing; these come near, nearest first.
    Nothing(Vec<&'static Entry>),
}

/// All entries, sorted by id.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The entry of that id, exact case.
pub fn by_id(id: &str) -> Option<&'static Entry> {
    ENTRIES
        .binary_search_by(|entry| entry.id.0.cmp(id))
        .ok()
        .map(|at| &ENTRIES[at])
}

/// The entries whose code (the part of the id behind the slash) this is, any case; registered statuses first.
pub fn by_code(code: &str) -> Vec<&'static Entry> {
    owners(&CODES, &normal(code))
}

/// The entries that have this title, former name or alias, any case.
pub fn by_name(name: &str) -> Vec<&'static Entry> {
    owners(&NAMES, &normal(name))
}

fn owners(index: &'static [(&'static str, &'static [u16])], key: &str) -> Vec<&'static Entry> {
    let mut found: Vec<&Entry> = index
        .binary_search_by(|(name, _)| (*name).cmp(key))
        .map_or(&[][..], |at| index[at].1)
        .iter()
        .map(|&at| &ENTRIES[usize::from(at)])
        .collect();
    found.sort_by_key(|entry| (rank(entry), entry.id));
    // `Repeater::ENOTFOUND`, `nginx 499`: a name that begins with a namespace means that one first.
    let prefix = key
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .next()
        .unwrap_or_default();
    found.sort_by_key(|entry| entry.id.namespace() != prefix);
    found
}

/// The order in which a person most likely means a name that several own.
fn rank(entry: &Entry) -> usize {
    const ORDER: &[&str] = &["http", "nginx", "ws", "cloudflare", "net", "tls"];
    let namespace = ORDER
        .iter()
        .position(|name| *name == entry.id.namespace())
        .unwrap_or(ORDER.len());
    // A page that leads elsewhere is asked for by its own name only, and then it is alone or first by exact match.
    if entry.leads_to.is_empty() {
        namespace
    } else {
        namespace + ORDER.len()
    }
}

/// Answers a question: an id, a number, a name, or a text that holds one.
pub fn find(question: &str) -> Found {
    let question = question.trim();
    let id = question.to_lowercase();
    if let Some(entry) = by_id(question).or_else(|| by_id(&id)) {
        return Found::One(entry);
    }
    let number = question.strip_prefix("HTTP ").unwrap_or(question);
    let mut found = by_code(number);
    for entry in by_name(question) {
        if !found.iter().any(|other| std::ptr::eq(*other, entry)) {
            found.push(entry);
        }
    }
    if found.is_empty() {
        found = inside(question);
    }
    // A page leads to all the precise outcomes that its name covers.
    if let Some(page) = found.iter().find(|entry| entry.leads_to.len() > 1) {
        return Found::One(page);
    }
    match (found.len(), status(number)) {
        (1, _) => Found::One(found[0]),
        (0, Some((code, class))) => Found::Class(code, class),
        (0, None) => Found::Nothing(near(question)),
        _ => Found::Several(found),
    }
}

/// A number that could be a status code, with the entry of its class.
fn status(text: &str) -> Option<(u16, &'static Entry)> {
    let number: u16 = text.parse().ok().filter(|_| text.len() == 3)?;
    let entry = match number {
        100..=599 => by_id(&format!("http/{}xx", number / 100)),
        _ => by_id("http/invalid-status"),
    }?;
    Some((number, entry))
}

/// The name inside a pasted text: the longest run of words that is a known name, of at least one word that looks like
/// a name and not like prose.
fn inside(text: &str) -> Vec<&'static Entry> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = &words[..words.len().min(64)];
    for length in (1..=words.len().min(12)).rev() {
        for run in words.windows(length) {
            let joined = run.join(" ");
            let name = joined.replace(['(', ')', '[', ']'], "");
            if length == 1 && !looks_like_name(&name) {
                continue;
            }
            let found = by_name(&name);
            if !found.is_empty() {
                return found;
            }
        }
    }
    Vec::new()
}

/// `ECONNRESET`, `net::ERR_FAILED`, `IO::EOFError`, `CERT_HAS_EXPIRED`; not `connection`.
fn looks_like_name(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.len() >= 4
        && (word.contains("::")
            || word.contains('_')
            || word.chars().skip(1).any(char::is_uppercase))
}

/// Entries whose id, code or a name is at most a third of its letters away, nearest first, at most five.
fn near(question: &str) -> Vec<&'static Entry> {
    let asked = normal(question);
    let limit = (asked.chars().count() / 3).clamp(1, 4);
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
    found.into_iter().take(5).map(|(_, entry)| entry).collect()
}

/// Edit distance (insert, delete, replace, swap of neighbours), or `None` above `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
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
        before = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&distance| distance <= limit)
}

/// Entries that hold all words, those with most of them in title and names first. Words of one letter are ignored.
pub fn search(words: &str) -> Vec<&'static Entry> {
    let words: Vec<String> = words
        .split_whitespace()
        .map(normal)
        .filter(|word| word.chars().count() > 1)
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, &Entry)> = ENTRIES
        .iter()
        .filter_map(|entry| {
            let title = entry.title.to_lowercase();
            let names = [entry.former, entry.aliases]
                .concat()
                .join(" ")
                .to_lowercase();
            let lead = entry.lead().to_lowercase();
            let text = entry.text().to_lowercase();
            words
                .iter()
                .map(|word| match word {
                    _ if entry.id.0.contains(word.as_str()) || title.contains(word.as_str()) => {
                        Some(8)
                    }
                    _ if names.contains(word.as_str()) => Some(4),
                    _ if lead.contains(word.as_str()) => Some(3),
                    _ if text.contains(word.as_str()) => Some(1),
                    _ => None,
                })
                .sum::<Option<usize>>()
                .map(|score| (score, entry))
        })
        .collect();
    found.sort_by_key(|(score, entry)| (std::cmp::Reverse(*score), rank(entry), entry.id));
    found.into_iter().map(|(_, entry)| entry).collect()
}

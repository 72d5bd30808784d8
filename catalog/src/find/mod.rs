//! Look-up by id, code, name and words.

mod pasted;
mod search;
mod typing;

use crate::normal::{normal, phrase};
use crate::{CODES, ENTRIES, Entry, NAMES, PHRASES, VendorRole, clues_by_signal, vendors};
pub use search::search;

/// Bytes of a question that could be a name with a typing error; no name is longer.
const LONGEST_NAME: usize = 200;

/// What a question led to.
#[derive(Debug)]
pub enum Found {
    /// Exactly one entry.
    One(&'static Entry),
    /// Several entries own the name; the likeliest first.
    Several(Vec<&'static Entry>),
    /// Nobody registered this status code; its class says what to do with it (RFC 9110 section 15).
    Class(u16, &'static Entry),
    /// Nothing is called so, but this name differs by a typing error only; its owners, the likeliest first.
    Misspelt(&'static str, Vec<&'static Entry>),
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

/// The entries whose code (the part of the id behind the slash) this is, any case; registered statuses first. Codes that
/// differ by case only (`cD`, `CD`) give way to the one that is written exactly so.
pub fn by_code(code: &str) -> Vec<&'static Entry> {
    let mut found = owners(&CODES, &normal(code));
    let exact: Vec<&str> = found
        .iter()
        .filter(|entry| entry.id.code() == code)
        .map(|entry| entry.id.namespace())
        .collect();
    found.retain(|entry| entry.id.code() == code || !exact.contains(&entry.id.namespace()));
    found
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
    sort(&mut found, key);
    found
}

/// The likeliest first; `Repeater::ENOTFOUND`, `nginx 499`: a name that begins with a namespace means that one.
fn sort(found: &mut [&'static Entry], key: &str) {
    let prefix = key
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .next()
        .unwrap_or_default();
    found.sort_by_key(|entry| (entry.id.namespace() != prefix, rank(entry), entry.id));
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

/// Answers a question: an id, a number, a name, a signal's text form, or a text that holds one of them.
///
/// An id comes first in its answer; behind it stand entries that say the same in another machine's words.
pub fn find(question: &str) -> Found {
    let question = question.trim();
    if let Some(found) = exactly(question) {
        return found;
    }
    let pasted = pasted::inside(question);
    if !pasted.entries.is_empty() {
        return one_or_several(pasted.entries);
    }
    let number = question.strip_prefix("HTTP ").unwrap_or(question);
    if let Some((code, class)) = number.parse().ok().or(pasted.status).and_then(class) {
        return Found::Class(code, class);
    }
    if question.len() > LONGEST_NAME {
        return Found::Nothing(Vec::new());
    }
    typing::misspelt(question).unwrap_or_else(|| Found::Nothing(typing::near(question)))
}

/// HAProxy's four letters, such as `sC--`: the first two are the state and mind their case, the others are about cookies.
fn termination_state(question: &str) -> Option<&'static Entry> {
    let cookie = question.get(2..).filter(|_| question.len() == 4)?;
    let is_cookie = |&b: &u8| {
        matches!(
            b,
            b'-' | b'N' | b'I' | b'D' | b'V' | b'E' | b'O' | b'U' | b'P' | b'R'
        )
    };
    by_id(&format!("haproxy/{}", &question[..2]))
        .filter(|_| cookie.as_bytes().iter().all(is_cookie))
}

/// Whether an entry gives a registered number a meaning of its own: it is met on the wire as a status, and not merely the
/// number that a product in front writes down for what the standard means as well.
fn gives_another_meaning(entry: &Entry) -> bool {
    let in_front = vendors().iter().any(|vendor| {
        vendor.key == entry.id.namespace() && vendor.role == VendorRole::Intermediary
    });
    !in_front && entry.recognise.iter().any(|clue| clue.status.is_some())
}

/// The question as a whole is a code or a name.
fn exactly(question: &str) -> Option<Found> {
    let lower = question.to_lowercase();
    let names = by_name(question);
    if let Some(entry) = by_id(question).or_else(|| by_id(&lower)) {
        let others = names.into_iter().filter(|other| other.id != entry.id);
        return Some(one_or_several(
            std::iter::once(entry).chain(others).collect(),
        ));
    }
    if let Some(entry) = termination_state(question) {
        return Some(Found::One(entry));
    }
    let number = question.strip_prefix("HTTP ").unwrap_or(question);
    let mut found = by_code(number);
    add(&mut found, names);
    if number.bytes().all(|b| b.is_ascii_digit()) {
        // Who gives a number of three digits means a status, unless told otherwise.
        if number.len() == 3 && !found.is_empty() && found.iter().all(|entry| is_no_status(entry)) {
            let class = number.parse().ok().and_then(class);
            found.splice(0..0, class.map(|(_, class)| class));
        }
        let is_registered =
            |entry: &&Entry| entry.id.namespace() == "http" && entry.id.code() == number;
        if found.iter().any(is_registered) {
            found.retain(|entry| is_registered(entry) || gives_another_meaning(entry));
        }
    } else {
        sort(&mut found, &lower);
    }
    if found.is_empty() {
        found = by_phrase(question);
    }
    if found.is_empty() {
        found = by_signal(question.split_whitespace().next().unwrap_or_default());
    }
    // A page leads to the precise outcomes that its name covers.
    if let Some(&page) = found.iter().find(|entry| entry.leads_to.len() > 1) {
        found.retain(|entry| entry.id != page.id && !page.leads_to.contains(&entry.id));
        found.insert(0, page);
    }
    (!found.is_empty()).then(|| one_or_several(found))
}

/// Its code is a number of three digits, but of no response's status line.
fn is_no_status(entry: &Entry) -> bool {
    matches!(entry.id.namespace(), "tls-alert" | "warning")
}

/// The same words with other marks between them.
fn by_phrase(question: &str) -> Vec<&'static Entry> {
    let key = phrase(question);
    let mut found: Vec<&Entry> = PHRASES
        .binary_search_by(|(name, ..)| (*name).cmp(&key))
        .map_or(&[][..], |at| PHRASES[at].1)
        .iter()
        .map(|&at| &ENTRIES[usize::from(at)])
        .collect();
    sort(&mut found, &key);
    found
}

/// The entries that this signal shows (`errno:ECONNRESET`); of many those that also bear its word as a name.
fn by_signal(head: &str) -> Vec<&'static Entry> {
    let mut found = Vec::new();
    // `eof` and `timeout` alone are words.
    if !head.contains(':') {
        return found;
    }
    add(&mut found, clues_by_signal(head).map(|(entry, _)| entry));
    let named = by_name(head.rsplit(':').next().unwrap_or_default());
    if found
        .iter()
        .any(|entry| named.iter().any(|other| other.id == entry.id))
    {
        found.retain(|entry| named.iter().any(|other| other.id == entry.id));
    }
    found.sort_by_key(|entry| (rank(entry), entry.id));
    found
}

fn add(found: &mut Vec<&'static Entry>, more: impl IntoIterator<Item = &'static Entry>) {
    for entry in more {
        if !found.iter().any(|other| other.id == entry.id) {
            found.push(entry);
        }
    }
}

fn one_or_several(entries: Vec<&'static Entry>) -> Found {
    match entries[..] {
        [entry] => Found::One(entry),
        _ => Found::Several(entries),
    }
}

/// A number that could be a status code, with the entry of its class.
fn class(number: u16) -> Option<(u16, &'static Entry)> {
    let entry = match number {
        100..=599 => by_id(&format!("http/{}xx", number / 100)),
        600..=999 => by_id("http/invalid-status"),
        _ => None,
    }?;
    Some((number, entry))
}

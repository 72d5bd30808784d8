//! Every outcome of an HTTP exchange: what happened, who caused it, what to do.
//!
//! The knowledge stands in `outcomes/`, one file an outcome; this crate is those files as static tables. Looking up
//! costs a binary search, and nothing is allocated before the first look-up.
//!
//! ```
//! let entry = httpwhy_catalog::by_id("http/404").unwrap();
//! assert_eq!(entry.title, "Not Found");
//! ```
//!
//! [`find`] takes what people have: a code, a name, a pasted message.
//!
//! ```
//! use httpwhy_catalog::{Found, find};
//! let found = find("Error: getaddrinfo ENOTFOUND shop.example");
//! assert!(matches!(found, Found::One(entry) if entry.id.0 == "net/dns-not-found"));
//! ```

pub mod choose;
mod entry;
mod find;
mod normal;
mod seed;
mod vendor;

pub use entry::{CloseClue, Clue, Entry, Param, Reproduce, Said, Section, Usual};
pub use find::{Found, by_code, by_id, by_name, entries, find, search};
pub use seed::{SeedRow, seed_rows};
pub use vendor::{Strength, Vendor, VendorEvidence, VendorPlace, VendorRole, vendors};

use entry::Text;
use httpwhy_model::{Advice, Audience, OutcomeId, Party, Phase};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// All texts in one piece; entries hold byte ranges into it.
static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/text.md"));

/// Where a clue stands: the entry, and the clue's number within its `recognise`.
pub type CluePlace = (&'static Entry, &'static Clue);

/// Clues that name this status code, with their entries.
pub fn clues_by_status(status: u16) -> impl Iterator<Item = CluePlace> {
    row(&BY_STATUS, |key| key.cmp(&status))
        .iter()
        .copied()
        .map(place)
}

/// Clues that name this status class (1 to 5), with their entries.
pub fn clues_by_class(class: u8) -> impl Iterator<Item = CluePlace> {
    row(&BY_CLASS, |key| key.cmp(&class))
        .iter()
        .copied()
        .map(place)
}

/// Clues that name this signal head (`errno:ECONNRESET`) or dialect (`eof`), with their entries.
pub fn clues_by_signal(head: &str) -> impl Iterator<Item = CluePlace> {
    row(&BY_SIGNAL, |key| (*key).cmp(head))
        .iter()
        .copied()
        .map(place)
}

/// Clues that name this product's key and neither a status nor a class nor a signal, with their entries.
pub fn clues_by_vendor(key: &str) -> impl Iterator<Item = CluePlace> {
    row(&BY_VENDOR, |known| (*known).cmp(key))
        .iter()
        .copied()
        .map(place)
}

/// Clues that name this response field (any case) and nothing that the functions above ask for, with their entries.
#[inline]
pub fn clues_by_field(name: &[u8]) -> impl Iterator<Item = CluePlace> {
    BY_FIELD
        .iter()
        .filter(|(known, _)| known.len() == name.len())
        .filter(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
        .flat_map(|(_, places)| *places)
        .copied()
        .map(place)
}

/// Clues that name none of these.
pub fn other_clues() -> impl Iterator<Item = CluePlace> {
    OTHER_CLUES.iter().copied().map(place)
}

fn row<K>(
    table: &'static [(K, &'static [(u16, u8)])],
    order: impl Fn(&K) -> std::cmp::Ordering,
) -> &'static [(u16, u8)] {
    table
        .binary_search_by(|(key, _)| order(key))
        .map_or(&[], |at| table[at].1)
}

fn place((entry, clue): (u16, u8)) -> CluePlace {
    let entry = &ENTRIES[usize::from(entry)];
    (entry, &entry.recognise[usize::from(clue)])
}

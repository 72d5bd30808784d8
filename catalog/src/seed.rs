//! What the five source documents list, in their own order.

use crate::{ENTRIES, Entry, SEED_ROWS};

/// One row of a source document and the entry that says the same, put right. The file `registry/seed-rows.csv` is its
/// source.
#[derive(Debug)]
pub struct SeedRow {
    /// The document: `000` to `004`.
    pub seed: &'static str,
    /// The code or class as it is printed there.
    pub code: &'static str,
    /// The name as it is printed there, right or wrong.
    pub name: &'static str,
    pub(crate) entry: u16,
}

impl SeedRow {
    /// The entry that answers the row.
    pub fn entry(&self) -> &'static Entry {
        &ENTRIES[usize::from(self.entry)]
    }
}

/// The rows of all five documents, one after the other, each in its order; a code listed twice has two rows.
pub fn seed_rows() -> &'static [SeedRow] {
    &SEED_ROWS
}

//! Reads `registry/seed-rows.csv`: what the five source documents list, and the entry that answers each row.

use std::path::Path;

use crate::Defect;
use crate::entry::Entry;

/// The file, from the manifest's directory.
pub(crate) const FILE: &str = "registry/seed-rows.csv";
/// The columns; the first line names them.
const COLUMNS: &str = "seed,code,name,kind,vendor,id";

/// One row of a source document.
pub(crate) struct SeedRow {
    pub(crate) seed: String,
    pub(crate) code: String,
    pub(crate) name: String,
    /// The index of the entry that answers it.
    pub(crate) entry: usize,
}

pub(crate) fn read(entries: &[Entry], defects: &mut Vec<Defect>) -> Vec<SeedRow> {
    let text = std::fs::read_to_string(FILE).unwrap_or_else(|error| panic!("{FILE}: {error}"));
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut defect = |what: String| {
            defects.push(Defect {
                file: Path::new(FILE).to_owned(),
                line: index + 1,
                what,
            });
        };
        if index == 0 {
            if line != COLUMNS {
                defect(format!("the columns are {COLUMNS}"));
            }
            continue;
        }
        // No field of this table holds a comma or a quote, so no more of CSV is needed.
        let fields: Vec<&str> = line.split(',').collect();
        let [seed, code, name, _kind, _vendor, id] = fields[..] else {
            defect(format!("{} fields, expected 6", fields.len()));
            continue;
        };
        match entries.binary_search_by(|entry| entry.id.as_str().cmp(id)) {
            Ok(entry) => rows.push(SeedRow {
                seed: seed.to_owned(),
                code: code.to_owned(),
                name: name.to_owned(),
                entry,
            }),
            Err(_) => defect(format!("no entry has the id '{id}'")),
        }
    }
    rows
}

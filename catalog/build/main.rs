//! Compiles `outcomes/` into constants, sorted static tables and one text blob. Every defect of every file is
//! reported with file and line before the build stops.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::exit,
    reason = "a build script reads files and speaks to cargo"
)]

mod emit;
mod entry;
mod names;
mod rows;
mod vendor;

use std::fmt;
use std::path::{Path, PathBuf};

use entry::Entry;
use vendor::Vendor;

/// One defect of one file.
pub(crate) struct Defect {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "catalog/{}:{}: {}",
            self.file.display(),
            self.line,
            self.what
        )
    }
}

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::env::set_current_dir(&root).expect("the manifest's directory exists");
    println!("cargo::rerun-if-changed=outcomes");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={}", rows::FILE);

    let mut defects = Vec::new();
    let mut entries = Vec::new();
    let mut vendors = Vec::new();
    for file in files(Path::new("outcomes")) {
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name == "signature.toml" {
            vendors.extend(Vendor::read(&file, &text, &mut defects));
        } else if name == "codes.toml" {
            entries.extend(entry::read_family(&file, &text, &mut defects));
        } else if file.extension().is_some_and(|ending| ending == "md") {
            entries.extend(Entry::read(&file, &text, &mut defects));
        } else {
            defects.push(Defect {
                file: file.clone(),
                line: 1,
                what: "neither an entry (.md) nor codes.toml nor signature.toml".into(),
            });
        }
    }
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    vendors.sort_by(|a, b| a.key.cmp(&b.key));
    entry::check_together(&entries, &vendors, &mut defects);

    let seeds = rows::read(&entries, &mut defects);

    if defects.is_empty() {
        emit::write(&out, &entries, &vendors, &seeds);
    } else {
        for defect in &defects {
            println!("cargo::error={defect}");
        }
        std::process::exit(1);
    }
}

/// All files below `folder`, in a stable order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let item = item.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            let kind = item
                .file_type()
                .unwrap_or_else(|error| panic!("{}: {error}", item.path().display()));
            if kind.is_dir() {
                folders.push(item.path());
            } else {
                found.push(item.path());
            }
        }
    }
    found.sort();
    found
}

/// The line (from 1) in which byte `at` of `text` stands.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    // Pieces between line ends: one more than line ends.
    text.as_bytes()[..at.min(text.len())]
        .split(|&byte| byte == b'\n')
        .count()
}

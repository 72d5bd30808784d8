//! What every file must keep: small rules that need no compiler.

mod bans;
mod catalog;
mod paths;
mod source;
mod sources;

use anyhow::Result;

use crate::entries::Entry;
use crate::tree::Tree;
use crate::verdict;

/// Runs all rules and prints every breach.
pub(crate) fn run(tree: &Tree) -> Result<()> {
    let files = tree.files("")?;
    let entries = Entry::all(tree)?;
    let mut problems = paths::problems(&files);
    problems.extend(source::problems(tree, &files)?);
    problems.extend(bans::problems(tree)?);
    problems.extend(catalog::problems(tree, &entries)?);
    problems.extend(sources::problems(tree, &files)?);
    let checked = format!("{} files, {} catalogue entries", files.len(), entries.len());
    verdict("tidy", &problems, &checked)
}

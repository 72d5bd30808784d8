//! The table of counts in the README, written from the files that it counts.

use anyhow::{Context, Result};

use crate::entries::Entry;
use crate::report::is_reproducible;
use crate::tree::Tree;

const README: &str = "README.md";
const BEGIN: &str = "<!-- counts: written by `cargo xtask codegen` -->\n";
const END: &str = "<!-- end of counts -->";
const ACTS: &str = "crates/httpwhy-sim/src/acts";
const VARIANTS: &str = "crates/httpwhy-sim/src/variants.rs";
const CLIENTS: &str = "crates/httpwhy/tests/clients/table.md";

/// The README as it should be; `None` when it has no place for the table.
pub(crate) fn readme(tree: &Tree) -> Result<Option<(String, String)>> {
    let text = tree.read(README)?.unwrap_or_default();
    let Some((before, rest)) = text.split_once(BEGIN) else {
        return Ok(None);
    };
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("{README}: no line '{END}'"))?;
    let wanted = format!("{before}{BEGIN}{}{END}{after}", table(tree)?);
    Ok(Some((README.to_owned(), wanted)))
}

fn table(tree: &Tree) -> Result<String> {
    let entries = Entry::all(tree)?;
    let made = entries
        .iter()
        .filter(|entry| is_reproducible(entry))
        .count();
    let acts = tree.files(ACTS)?.len().saturating_sub(1);
    let rows = [
        ("outcomes in the catalogue", entries.len()),
        ("made on the wire and named by `probe sim:`", made),
        (
            "other ways to these, named by it too",
            beginning(tree, VARIANTS, "    (\"")?,
        ),
        ("acts of the simulator", acts),
        (
            "of what it does, held against curl, Python requests, Node and Chromium",
            beginning(tree, CLIENTS, "| `")?,
        ),
    ];
    let rows = rows.map(|(what, count)| format!("| {what} | {count} |\n"));
    Ok(format!("| | count |\n|---|---|\n{}", rows.concat()))
}

/// How many lines of a file begin so.
fn beginning(tree: &Tree, file: &str, start: &str) -> Result<usize> {
    let text = tree.read(file)?.unwrap_or_default();
    Ok(text.lines().filter(|line| line.starts_with(start)).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted::Planted;

    #[test]
    fn what_is_counted_is_written_between_the_marks() {
        let readme_text = format!("before\n{BEGIN}stale\n{END}\nafter\n");
        let planted = Planted::new(&[
            ("README.md", readme_text.as_str()),
            (
                "catalog/outcomes/a/b.md",
                "+++\nreproduce = { act = \"refuse\" }\n+++\ntext\n",
            ),
            (
                "catalog/outcomes/a/c.md",
                "+++\nreproduce = { none = \"only a log knows it\" }\n+++\ntext\n",
            ),
            (VARIANTS, "[\n    (\"a/b/c\", \"refuse\", &[]),\n];\n"),
            (CLIENTS, "| act |\n|---|\n| `a/b` | 7 |\n"),
            ("crates/httpwhy-sim/src/acts/mod.rs", ""),
            ("crates/httpwhy-sim/src/acts/refuse.rs", ""),
        ]);
        let (file, text) = readme(&planted.tree).expect("readable").expect("a place");
        assert_eq!(file, "README.md");
        assert!(text.starts_with("before\n") && text.ends_with("\nafter\n"));
        let counts: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_suffix(" |")?.rsplit("| ").next())
            .collect();
        assert_eq!(counts, ["count", "2", "1", "1", "1", "1"]);
    }

    #[test]
    fn a_readme_without_a_place_is_left_alone() {
        let planted = Planted::new(&[("README.md", "nothing\n")]);
        assert!(readme(&planted.tree).expect("readable").is_none());
    }
}

//! Catalogue entries as files: enough of their form to check and count them without the catalogue's own reader, which
//! may not compile.

use anyhow::{Context, Result};

use crate::tree::Tree;

/// The folder of all entries.
pub(crate) const OUTCOMES: &str = "catalog/outcomes";

/// One `.md` of the catalogue, or one row of a `codes.toml`.
pub(crate) struct Entry {
    /// Relative to the root.
    pub(crate) file: String,
    /// `http/404`.
    pub(crate) id: String,
    /// What stands between the lines of `+++`.
    pub(crate) front: toml::Table,
    /// What stands behind them; of a row its own texts.
    pub(crate) text: String,
    /// Whether it is a row of a family.
    pub(crate) is_row: bool,
}

impl Entry {
    /// All entries, by id.
    pub(crate) fn all(tree: &Tree) -> Result<Vec<Self>> {
        let mut entries = Vec::new();
        for file in tree.files(OUTCOMES)? {
            if let Some(id) = id(&file) {
                let whole = tree.read(&file)?.unwrap_or_default();
                entries.push(Self::read(&file, id, &whole)?);
            } else if let Some(namespace) = family(&file) {
                let whole = tree.read(&file)?.unwrap_or_default();
                entries.extend(Self::rows(&file, namespace, &whole)?);
            }
        }
        entries.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(entries)
    }

    /// Takes one file apart.
    pub(crate) fn read(file: &str, id: &str, whole: &str) -> Result<Self> {
        let (front, text) = whole
            .strip_prefix("+++\n")
            .and_then(|rest| rest.split_once("\n+++\n"))
            .with_context(|| format!("{file}: no front matter between two lines of +++"))?;
        Ok(Self {
            file: file.to_owned(),
            id: id.to_owned(),
            front: front.parse().with_context(|| file.to_owned())?,
            text: text.to_owned(),
            is_row: false,
        })
    }

    /// The rows of a family, each with what the family says for all.
    fn rows(file: &str, namespace: &str, whole: &str) -> Result<Vec<Self>> {
        let table: toml::Table = whole.parse().with_context(|| file.to_owned())?;
        let shared = table
            .get("family")
            .and_then(toml::Value::as_table)
            .cloned()
            .unwrap_or_default();
        let rows = table
            .get("code")
            .and_then(toml::Value::as_array)
            .cloned()
            .unwrap_or_default();
        let row = |row: toml::Value| {
            let own = row
                .as_table()
                .with_context(|| format!("{file}: a [[code]] is no table"))?
                .clone();
            let text = |key: &str| {
                own.get(key)
                    .and_then(toml::Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let (code, text) = (
                text("code"),
                format!("{}\n\n{}\n", text("lead"), text("text")),
            );
            let mut front = shared.clone();
            front.extend(own);
            Ok(Self {
                file: file.to_owned(),
                id: format!("{namespace}/{code}"),
                front,
                text,
                is_row: true,
            })
        };
        rows.into_iter().map(row).collect()
    }

    /// The namespace: the id's part before the slash.
    pub(crate) fn namespace(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// How many items the list of that key has.
    pub(crate) fn count(&self, key: &str) -> usize {
        self.front
            .get(key)
            .and_then(toml::Value::as_array)
            .map_or(0, Vec::len)
    }

    /// The text without its list of references.
    pub(crate) fn prose(&self) -> Vec<String> {
        let end = self.text.find("\n## References").unwrap_or(self.text.len());
        paragraphs(&self.text[..end])
    }
}

/// The paragraphs and list items of a text, each on one line; no headings, no fenced blocks.
pub(crate) fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut in_fence = false;
    for line in text.lines() {
        let line = line.trim();
        let is_mark = line.starts_with("```");
        in_fence ^= is_mark;
        if is_mark || in_fence || line.is_empty() || line.starts_with('#') {
            paragraphs.push(String::new());
            continue;
        }
        let item = without_item_mark(line);
        if item.len() < line.len() {
            paragraphs.push(String::new());
        }
        let last = paragraphs
            .last_mut()
            .expect("the first was put there above");
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(item);
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// The id of an entry's file, `None` for other files.
fn id(file: &str) -> Option<&str> {
    file.strip_prefix(OUTCOMES)?
        .strip_prefix('/')?
        .strip_suffix(".md")
}

/// The namespace of a family's file, `None` for other files.
fn family(file: &str) -> Option<&str> {
    file.strip_prefix(OUTCOMES)?
        .strip_prefix('/')?
        .strip_suffix("/codes.toml")
}

/// `- item` and `3. item` without their mark.
fn without_item_mark(line: &str) -> &str {
    if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return item;
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line[digits..].strip_prefix(". ") {
        Some(item) if digits > 0 => item,
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, paragraphs};

    #[test]
    fn front_matter_and_paragraphs() {
        let whole = "+++\ntitle = \"T\"\naliases = [\"a\", \"b\"]\n+++\nOne line\nof text.\n\n## Head\n1. first\n2. second\n```http\n< not prose\n```\n- third\n\n## References\nRFC 0.\n";
        let entry = Entry::read("catalog/outcomes/x/y.md", "x/y", whole).expect("well formed");
        assert_eq!(entry.namespace(), "x");
        assert_eq!((entry.count("aliases"), entry.count("said")), (2, 0));
        assert_eq!(
            paragraphs(&entry.text),
            ["One line of text.", "first", "second", "third", "RFC 0."]
        );
        assert_eq!(entry.prose().last().map(String::as_str), Some("third"));
        assert!(Entry::read("f", "x/y", "no front matter").is_err());
    }
}

//! The table: a Markdown table, so that people read it as it stands.

use std::collections::BTreeMap;
use std::fmt;

use crate::Said;

/// A cell of a client that does not ask for the row.
const NOT_ASKED: &str = "—";
/// What stands between alternatives.
const OR: &str = " or ";
/// The line under the heads of the columns.
const RULE: &str = "|---";

/// Whose words a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    Curl,
    Requests,
    Node,
    Chromium,
}

impl Client {
    /// In the order of the columns.
    pub(crate) const ALL: [Self; 4] = [Self::Curl, Self::Requests, Self::Node, Self::Chromium];
}

/// The text before the rows, and the rows.
pub(crate) struct Table {
    head: String,
    pub(crate) rows: Vec<Row>,
}

/// One act.
pub(crate) struct Row {
    /// An outcome's id, or a path of the simulator.
    pub(crate) name: String,
    cells: [String; 4],
    /// Why a cell holds alternatives, or what is odd.
    pub(crate) note: String,
}

impl Row {
    fn read(line: &str) -> Result<Self, String> {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, curl, requests, node, chromium, note] = cells.as_slice() else {
            return Err(format!("{} cells, not 6: {line}", cells.len()));
        };
        Ok(Self {
            name: name.trim_matches('`').to_owned(),
            cells: [curl, requests, node, chromium].map(|cell| (*cell).to_owned()),
            note: (*note).to_owned(),
        })
    }

    fn cell(&self, client: Client) -> &str {
        &self.cells[client as usize]
    }

    /// Whether that client asks for it.
    pub(crate) fn is_asked(&self, client: Client) -> bool {
        self.cell(client) != NOT_ASKED
    }

    /// What that client may say.
    pub(crate) fn accepted(&self, client: Client) -> Vec<&str> {
        self.cell(client).split(OR).collect()
    }
}

impl Table {
    /// Reads a table.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let at = text.find(RULE).ok_or("no table")?;
        let end = at + text[at..].find('\n').ok_or("no row")? + 1;
        let rows = text[end..]
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(Row::read)
            .collect::<Result<_, _>>()?;
        let head = text[..end].to_owned();
        Ok(Self { head, rows })
    }

    /// Where what was said is not what the table has, one line each.
    pub(crate) fn differences(&self, said: &BTreeMap<Client, Said>) -> Vec<String> {
        let mut wrong = Vec::new();
        for row in &self.rows {
            for client in Client::ALL {
                let said = said[&client]
                    .get(&row.name)
                    .map_or("nothing", String::as_str);
                if row.is_asked(client) && !row.accepted(client).contains(&said) {
                    let expected = row.cell(client);
                    wrong.push(format!(
                        "{}: {client:?} says {said}, not {expected}",
                        row.name
                    ));
                }
            }
        }
        wrong
    }

    /// The same table with what was said where it differs.
    pub(crate) fn with(&self, said: &BTreeMap<Client, Said>) -> Self {
        let rows = self.rows.iter().map(|row| {
            let cells = Client::ALL.map(|client| match said[&client].get(&row.name) {
                Some(said) if !row.accepted(client).contains(&said.as_str()) => said.clone(),
                _ => row.cell(client).to_owned(),
            });
            let (name, note) = (row.name.clone(), row.note.clone());
            Row { name, cells, note }
        });
        Self {
            head: self.head.clone(),
            rows: rows.collect(),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        let width = |text: &str| text.chars().count();
        let widest = |at: usize| self.rows.iter().map(|row| width(&row.cells[at])).max();
        let widths: Vec<usize> = (0..4).map(|at| widest(at).unwrap_or(0)).collect();
        let names = self.rows.iter().map(|row| width(&row.name) + 2).max();
        let names = names.unwrap_or(0);
        for row in &self.rows {
            write!(f, "| {:<names$} |", format!("`{}`", row.name))?;
            for (cell, width) in row.cells.iter().zip(&widths) {
                write!(f, " {cell:<width$} |")?;
            }
            writeln!(f, " {} |", row.note)?;
        }
        Ok(())
    }
}

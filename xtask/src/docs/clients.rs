//! What other people's clients say: the table that the tests hold them to, as a page and as a row of each outcome.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::data::Data;
use super::frame::{Page, escape, frame};
use super::markdown::id_link;
use crate::tree::Tree;

/// The table, a file of the tests.
const TABLE: &str = "crates/httpwhy/tests/clients/table.md";
/// The page's path.
pub(crate) const PAGE: &str = "clients.html";
/// The clients, in the order of the columns.
const CLIENTS: [&str; 4] = ["curl", "Python requests", "Node fetch", "Chromium"];
/// A cell of a client that was not asked.
const NOT_ASKED: &str = "—";

/// What the clients say of one act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// An outcome's id, or a path of the simulator.
    name: String,
    /// One cell a client.
    cells: [String; 4],
    note: String,
}

/// The rows of the table.
pub(crate) fn of_the_tests(tree: &Tree) -> Result<Vec<Row>> {
    let text = tree.read(TABLE)?;
    let text = text.with_context(|| format!("{TABLE} is not there"))?;
    let lines = text.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(row)
        .collect::<Result<_>>()
        .with_context(|| TABLE.to_owned())
}

fn row(line: &str) -> Result<Row> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [name, curl, requests, node, chromium, note] = cells.as_slice() else {
        anyhow::bail!("no row of six cells: {line}");
    };
    Ok(Row {
        name: name.trim_matches('`').to_owned(),
        cells: [curl, requests, node, chromium].map(|cell| (*cell).to_owned()),
        note: (*note).to_owned(),
    })
}

/// What the clients say of that outcome, for the table of facts; `None` where none was asked, or all say a status only.
pub(crate) fn facts(data: &Data, id: &str) -> Option<String> {
    let row = data.clients.iter().find(|row| row.name == id)?;
    let all = CLIENTS.iter().zip(&row.cells);
    let tells = |cell: &str| cell != NOT_ASKED && cell.parse::<u16>().is_err();
    let said: Vec<String> = all
        .filter(|(_, cell)| tells(cell))
        .map(|(client, cell)| format!("{client}: {}", code(cell)))
        .collect();
    (!said.is_empty()).then(|| said.join("<br>\n"))
}

fn code(cell: &str) -> String {
    match cell {
        NOT_ASKED => NOT_ASKED.to_owned(),
        cell => format!("<code>{}</code>", escape(cell)),
    }
}

/// The whole table.
pub(crate) fn page(data: &Data) -> String {
    let about =
        "What curl, Python requests, Node's fetch and Chromium print for what happens on the wire.";
    let mut body = format!(
        "<header class=\"outcome\"><h1>What clients say</h1>\n<p class=\"lead\">{about}</p>\n\
         <p>Each was run against the simulator (<code>httpwhy sim</code>). A number in brackets is curl's exit code; \
         <code>200, then …</code>: the answer began and did not end well; <code>no end</code>: the client waits on. \
         Names that begin with <code>/</code> are paths of the simulator.</p></header>\n\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"What clients say\"><table>\n\
         <thead><tr><th scope=\"col\">What happens</th>"
    );
    for client in CLIENTS {
        let _ = write!(body, "<th scope=\"col\">{client}</th>");
    }
    body.push_str("<th scope=\"col\">Note</th></tr></thead>\n<tbody>\n");
    for row in &data.clients {
        let name = match data.outcome(&row.name) {
            Some(_) => id_link(&row.name, data, PAGE),
            None => code(&row.name),
        };
        let _ = write!(body, "<tr><th scope=\"row\">{name}</th>");
        for (client, cell) in CLIENTS.iter().zip(&row.cells) {
            let _ = write!(body, "<td data-label=\"{client}\">{}</td>", code(cell));
        }
        let note = escape(&row.note);
        let _ = writeln!(body, "<td data-label=\"Note\">{note}</td></tr>");
    }
    body.push_str("</tbody></table></div>\n");
    frame(&Page {
        path: PAGE,
        title: "What clients say · httpwhy",
        about,
        trail: &[],
        body,
        scripts: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::super::data::planted;
    use super::*;

    #[test]
    fn the_table_of_the_tests_can_be_read() {
        let tree = Tree::of_this_workspace().expect("a workspace");
        let rows = of_the_tests(&tree).expect("a table");
        let refused = rows.iter().find(|row| row.name == "net/connect-refused");
        assert_eq!(refused.expect("a row").cells[0], "(7)");
    }

    #[test]
    fn what_tells_nothing_is_left_out() {
        let line = "| `http/404` | 404 | <b> | — | net::ERR_FAILED |  |";
        let mut data = planted();
        data.clients = vec![row(line).expect("six cells")];
        let said = facts(&data, "http/404").expect("two tell something");
        assert_eq!(
            said,
            "Python requests: <code>&lt;b&gt;</code><br>\nChromium: <code>net::ERR_FAILED</code>"
        );
        assert_eq!(facts(&data, "nginx/499"), None);
        assert!(page(&data).contains("<td data-label=\"curl\"><code>404</code></td>"));
        assert!(row("| a | b |").is_err());
    }
}

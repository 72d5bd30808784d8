//! One row of a source document, told in the catalogue's words for the reader it was written for.

use httpwhy_catalog::{Section, SeedRow};
use httpwhy_model::Audience;

use crate::entry::{capital, title};
use crate::markdown::render;
use crate::style::{Look, Style, columns};

/// The row's code, title, first sentence, what each of these audiences is to do, and what is often said and wrong.
pub fn listed_text(row: &SeedRow, audiences: &[Audience], style: Style) -> String {
    let mut out = headline(row, style);
    let entry = row.entry();
    out.push_str(&render(entry.lead(), style, 2));
    let mut any = false;
    for (audience, text) in entry.fixes().filter(|(whom, _)| audiences.contains(whom)) {
        any = true;
        out.push_str("  ");
        out.push_str(&style.paint(Look::Strong, &capital(audience.as_str())));
        out.push('\n');
        out.push_str(&render(text, style, 4));
    }
    // Where nobody of them has anything to do, the line above the audiences says so.
    let fix = entry.section(Section::Fix);
    let above = &fix[..fix.find("### ").unwrap_or(fix.len())];
    if !any && !audiences.is_empty() && !above.trim().is_empty() {
        out.push_str(&render(above, style, 2));
    }
    for said in entry.said {
        let text = format!(
            "“{}” is wrong: {}.",
            said.claim,
            said.truth.trim_end_matches('.')
        );
        out.push_str(&style.paint(Look::Faint, &render(&text, style, 2)));
    }
    out
}

/// `404 Not Found …… http/404`, with the printed name where it is another.
fn headline(row: &SeedRow, style: Style) -> String {
    let entry = row.entry();
    let name = title(entry);
    let gap = style
        .columns()
        .saturating_sub(columns(&name) + columns(entry.id.0))
        .max(2);
    let mut out = style.paint(Look::Strong, &name);
    out.push_str(&" ".repeat(gap));
    out.push_str(&style.paint(Look::Faint, entry.id.0));
    out.push('\n');
    if !row.name.eq_ignore_ascii_case(entry.title) || row.code != entry.id.code() {
        let listed = if row.code == row.name {
            row.code.to_owned()
        } else {
            format!("{} {}", row.code, row.name)
        };
        out.push_str(&style.paint(Look::Faint, &format!("  listed as {listed}")));
        out.push('\n');
    }
    out
}

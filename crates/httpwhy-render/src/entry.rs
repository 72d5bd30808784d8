//! A catalogue entry, for a person and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use httpwhy_catalog::{Entry, Param, Reproduce, Section};
use httpwhy_model::Audience;
use httpwhy_schema::{FixJson, OutcomeLine, OutcomeText, SCHEMA, SaidJson};

use crate::markdown::render;
use crate::style::{Look, Style, columns};

/// The whole entry, or only what one audience needs: the first sentence, who caused it, retry, and their own remedy.
pub fn entry_text(entry: &Entry, audience: Option<Audience>, style: Style) -> String {
    let mut out = headline(entry, style);
    out.push('\n');
    out.push_str(&render(entry.lead(), style, 0));
    let mut section = |name: &str, text: String| {
        if !text.trim().is_empty() {
            out.push('\n');
            out.push_str(&style.paint(Look::Heading, name));
            out.push('\n');
            out.push_str(&text);
        }
    };
    let body = |section: Section| render(entry.section(section), style, 2);
    section("What it means", body(Section::Meaning));
    section("Who caused it", body(Section::Cause));
    section("Retry", body(Section::Retry));
    section("Fix it", fixes(entry, audience, style));
    if !entry.said.is_empty() {
        section("Often said, and wrong", said(entry, style));
    }
    if !entry.leads_to.is_empty() {
        let ids = entry
            .leads_to
            .iter()
            .map(|id| format!("- {}", line(id.0)))
            .collect::<Vec<_>>()
            .join("\n");
        section("Leads to", render(&ids, style, 2));
    }
    if audience.is_none() {
        section("See it happen", see_it_happen(entry, style));
        section("References", references(entry, style));
    }
    out
}

/// `404 Not Found …… http/404`
fn headline(entry: &Entry, style: Style) -> String {
    let name = title(entry);
    let gap = style
        .columns()
        .saturating_sub(columns(&name) + columns(entry.id.0))
        .max(2);
    let mut out = style.paint(Look::Strong, &name);
    out.push_str(&" ".repeat(gap));
    out.push_str(&style.paint(Look::Faint, entry.id.0));
    out.push('\n');
    if !entry.former.is_empty() {
        let former = format!("formerly {}", entry.former.join("; "));
        out.push_str(&style.paint(Look::Faint, &render(&former, style, 0)));
    }
    out
}

/// `404 Not Found`, but `Connection refused` where the code is a word.
pub(crate) fn title(entry: &Entry) -> String {
    let code = entry.id.code();
    if code.starts_with(|c: char| c.is_ascii_digit()) && !entry.title.starts_with(code) {
        format!("{code} {}", entry.title)
    } else {
        entry.title.to_owned()
    }
}

fn line(id: &str) -> String {
    match httpwhy_catalog::by_id(id) {
        Some(entry) => format!("`{id}`: {}", entry.lead()),
        None => format!("`{id}`"),
    }
}

fn fixes(entry: &Entry, audience: Option<Audience>, style: Style) -> String {
    let mut out = String::new();
    out.push_str(&render(above_audiences(entry), style, 2));
    let mut any = false;
    for (whom, text) in entry
        .fixes()
        .filter(|(whom, _)| audience.is_none_or(|wanted| wanted == *whom))
    {
        any = true;
        out.push_str("  ");
        out.push_str(&style.paint(Look::Strong, &capital(whom.as_str())));
        out.push('\n');
        out.push_str(&render(text, style, 4));
    }
    if let (false, Some(wanted)) = (any, audience) {
        let _ = writeln!(out, "  Nothing here for the {wanted}.");
    }
    out
}

/// The line above the audiences, which stands for all of them; often there is none.
fn above_audiences(entry: &Entry) -> &'static str {
    let fix = entry.section(Section::Fix);
    fix[..fix.find("### ").unwrap_or(fix.len())].trim_end()
}

pub(crate) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

fn said(entry: &Entry, style: Style) -> String {
    let lines: Vec<String> = entry
        .said
        .iter()
        .map(|said| {
            format!(
                "- \u{201c}{}\u{201d}: {} ({})",
                said.claim, said.truth, said.source
            )
        })
        .collect();
    render(&lines.join("\n"), style, 2)
}

fn see_it_happen(entry: &Entry, style: Style) -> String {
    let mut out = render(entry.section(Section::Transcript), style, 0);
    match entry.reproduce {
        Reproduce::Act { .. } => {
            out.push_str(&render(
                &format!("On the wire: `httpwhy sim`, then `/outcome/{}`", entry.id),
                style,
                2,
            ));
        }
        Reproduce::Not(reason) => {
            out.push_str(&render(&format!("Not on the wire: {reason}."), style, 2));
        }
    }
    out
}

fn references(entry: &Entry, style: Style) -> String {
    let mut out = render(entry.section(Section::References), style, 2);
    if !entry.confirmed {
        out.push_str(&render(
            "Not confirmed: no document of its owner was found.",
            style,
            2,
        ));
    }
    // Other entries' ids lead here too, but nothing prints them.
    let printed: Vec<&str> = entry
        .aliases
        .iter()
        .copied()
        .filter(|name| httpwhy_catalog::by_id(name).is_none())
        .collect();
    if !printed.is_empty() {
        out.push_str(&render(
            &format!("Also printed as: {}", printed.join(" · ")),
            style,
            2,
        ));
    }
    out
}

/// Several entries under one name, or near misses: id, title and first sentence of each.
pub fn candidates_text(entries: &[&Entry], style: Style) -> String {
    let mut out = String::new();
    for entry in entries {
        out.push_str(&style.paint(Look::Strong, entry.id.0));
        out.push_str("  ");
        out.push_str(entry.title);
        out.push('\n');
        out.push_str(&render(entry.lead(), style, 4));
    }
    out
}

/// The entry as JSON.
pub fn outcome_line(entry: &Entry) -> OutcomeLine<'_> {
    OutcomeLine {
        schema: SCHEMA,
        kind: "outcome",
        id: entry.id.0,
        title: entry.title,
        former: entry.former,
        aliases: entry.aliases,
        phase: entry.phase.as_str(),
        blame: entry.usual.as_str(),
        retry: entry.retry.as_str(),
        expected: entry.expected,
        forbidden: entry.forbidden,
        reproduce: reproduce(entry.reproduce),
        sources: entry.sources,
        said: entry
            .said
            .iter()
            .map(|s| SaidJson {
                claim: s.claim,
                truth: s.truth,
                source: s.source,
            })
            .collect(),
        leads_to: entry.leads_to.iter().map(|id| id.0).collect(),
        confirmed: entry.confirmed,
        listed: None,
        text: OutcomeText {
            lead: entry.lead(),
            meaning: entry.section(Section::Meaning),
            cause: entry.section(Section::Cause),
            retry: entry.section(Section::Retry),
            fix_all: above_audiences(entry),
            fix: entry
                .fixes()
                .map(|(whom, text)| FixJson {
                    audience: whom.as_str(),
                    text,
                })
                .collect(),
            transcript: entry.transcript(),
            references: entry.section(Section::References),
        },
    }
}

fn reproduce(how: Reproduce) -> BTreeMap<&'static str, serde_json::Value> {
    match how {
        Reproduce::Not(reason) => BTreeMap::from([("none", reason.into())]),
        Reproduce::Act { act, params } => {
            let value = |param: &Param| match param {
                Param::Number(number) => (*number).into(),
                Param::Text(text) => (*text).into(),
                Param::Flag(flag) => (*flag).into(),
                Param::List(items) => items
                    .iter()
                    .map(|item| serde_json::Value::from(*item))
                    .collect(),
            };
            let given = params.iter().map(|(name, param)| (*name, value(param)));
            given.chain([("act", act.into())]).collect()
        }
    }
}

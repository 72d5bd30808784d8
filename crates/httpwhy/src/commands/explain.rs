//! `httpwhy explain CODE…`: what a code or an error name means.

use std::io::Write;

use httpwhy_catalog::{Entry, Found, find, search};
use httpwhy_model::Audience;
use httpwhy_render::{Style, candidates_text, entry_text, markdown_text, outcome_line, safe};
use httpwhy_schema::{CandidatesLine, NamedJson, SCHEMA, write_line};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

/// Words of a question; longer ones are cut before they are looked up.
const LONGEST_QUESTION: usize = 4096;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Codes, ids or names: 404, nginx/499, ECONNRESET, ERR_CERT_DATE_INVALID, "curl 56", 1006
    #[arg(required_unless_present = "search", value_name = "CODE")]
    codes: Vec<String>,

    /// Only what this audience needs: visitor, caller, author, operator or tester
    #[arg(long = "for", value_name = "AUDIENCE")]
    audience: Option<Audience>,

    /// Find entries that hold all these words
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

impl Args {
    pub(crate) fn of(words: &[String]) -> Self {
        Self {
            codes: words.to_vec(),
            audience: None,
            search: None,
        }
    }
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let style = output::style(common.color);
    if let Some(words) = &args.search {
        return found_by_words(words, common.json, style);
    }
    // `httpwhy explain curl 56` is one question; `httpwhy explain 404 502` are two.
    let whole = args.codes.join(" ");
    let questions = match answer(&whole) {
        Found::Nothing(_) if args.codes.len() > 1 => args.codes.clone(),
        Found::Class(..) | Found::Misspelt(..) | Found::One(_) | Found::Several(_)
            if args.codes.len() > 1 && !all_alone(&args.codes) =>
        {
            vec![whole]
        }
        _ => args.codes.clone(),
    };
    let mut unknown = Vec::new();
    output::write(|out| {
        for (index, question) in questions.iter().enumerate() {
            if index > 0 && !common.json {
                writeln!(out)?;
            }
            match answer(question) {
                Found::Nothing(near) => unknown.push((question.clone(), near)),
                found => tell(out, question, &found, args.audience, common.json, style)?,
            }
        }
        Ok(())
    })?;
    match unknown.first() {
        None => Ok(Exit::Fine),
        Some((question, near)) => Err(Failure::usage(nothing(question, near))),
    }
}

fn answer(question: &str) -> Found {
    let end = question
        .char_indices()
        .take_while(|(at, _)| *at < LONGEST_QUESTION)
        .last()
        .map_or(0, |(at, c)| at + c.len_utf8());
    find(&question[..end])
}

/// Whether each word is a code or name of its own.
fn all_alone(codes: &[String]) -> bool {
    codes
        .iter()
        .all(|code| !matches!(answer(code), Found::Nothing(_)))
}

fn tell(
    out: &mut dyn Write,
    question: &str,
    found: &Found,
    audience: Option<Audience>,
    json: bool,
    style: Style,
) -> std::io::Result<()> {
    match found {
        Found::One(entry) => one(out, entry, audience, json, style),
        Found::Class(code, entry) => {
            if !json {
                let text = format!(
                    "{code} is registered to nobody and no vendor's known here; its class says how to treat it."
                );
                say(out, &text, style)?;
                writeln!(out)?;
            }
            one(out, entry, audience, json, style)
        }
        Found::Misspelt(name, entries) => {
            eprint_taken_as(question, name);
            match entries[..] {
                [entry] => one(out, entry, audience, json, style),
                _ => several(out, name, entries, audience, json, style),
            }
        }
        Found::Several(entries) => several(out, question, entries, audience, json, style),
        Found::Nothing(_) => Ok(()),
    }
}

/// Our own sentence, wrapped to the width.
fn say(out: &mut dyn Write, text: &str, style: Style) -> std::io::Result<()> {
    out.write_all(markdown_text(text, style, 0).as_bytes())
}

#[allow(clippy::print_stderr, reason = "a message to the person, not a result")]
fn eprint_taken_as(question: &str, name: &str) {
    eprintln!(
        "httpwhy: nothing is called '{}'; taken for '{}'",
        safe(question),
        safe(name)
    );
}

fn several(
    out: &mut dyn Write,
    question: &str,
    entries: &[&Entry],
    audience: Option<Audience>,
    json: bool,
    style: Style,
) -> std::io::Result<()> {
    let first = entries[0];
    let is_its_id = first.id.0.eq_ignore_ascii_case(question.trim());
    // An id means its own entry, a number the registered status; others only share the name.
    if is_its_id || first.id.namespace() == "http" {
        one(out, first, audience, json, style)?;
        if json {
            return candidates_json(out, question, true, entries);
        }
        let others = if is_its_id {
            "The same in the words of other programs:"
        } else {
            "Others use the same name; their marks in fields or content tell:"
        };
        writeln!(out)?;
        say(out, others, style)?;
        writeln!(out)?;
        return out.write_all(candidates_text(&entries[1..], style).as_bytes());
    }
    if json {
        return candidates_json(out, question, true, entries);
    }
    let text = format!(
        "{} has {} meanings; where it came from tells which:",
        safe(question),
        entries.len()
    );
    say(out, &text, style)?;
    writeln!(out)?;
    out.write_all(candidates_text(entries, style).as_bytes())?;
    writeln!(out, "\nMore: httpwhy explain {}", first.id)
}

fn one(
    out: &mut dyn Write,
    entry: &Entry,
    audience: Option<Audience>,
    json: bool,
    style: Style,
) -> std::io::Result<()> {
    if json {
        write_line(out, &outcome_line(entry))
    } else {
        out.write_all(entry_text(entry, audience, style).as_bytes())
    }
}

fn candidates_json(
    out: &mut dyn Write,
    asked: &str,
    owners: bool,
    entries: &[&Entry],
) -> std::io::Result<()> {
    let outcomes = entries
        .iter()
        .map(|e| NamedJson {
            id: e.id.0,
            title: e.title,
            lead: e.lead(),
        })
        .collect();
    write_line(
        out,
        &CandidatesLine {
            schema: SCHEMA,
            kind: "candidates",
            asked,
            owners,
            outcomes,
        },
    )
}

fn found_by_words(words: &str, json: bool, style: Style) -> Result<Exit, Failure> {
    let entries: Vec<&Entry> = search(words);
    if entries.is_empty() {
        return Err(Failure::usage(format_args!(
            "no entry holds all of '{}'; try fewer words",
            safe(words)
        )));
    }
    output::write(|out| {
        if json {
            return candidates_json(out, words, false, &entries);
        }
        out.write_all(candidates_text(&entries[..entries.len().min(20)], style).as_bytes())?;
        match entries.len().checked_sub(20).filter(|more| *more > 0) {
            Some(more) => writeln!(out, "\n{more} more; add a word"),
            None => Ok(()),
        }
    })?;
    Ok(Exit::Fine)
}

fn nothing(question: &str, near: &[&Entry]) -> String {
    let mut text = format!("nothing is called '{}'", safe(question));
    if near.is_empty() {
        text.push_str("; search in the texts with: httpwhy explain --search WORDS");
    } else {
        let names: Vec<String> = near
            .iter()
            .map(|entry| format!("{} ({})", entry.id, entry.title))
            .collect();
        text.push_str("; near it: ");
        text.push_str(&names.join(", "));
    }
    text
}

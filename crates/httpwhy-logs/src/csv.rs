//! What was counted as CSV (RFC 4180): the same table as [`crate::write_aggregates`] writes.
//!
//! | column | what it is |
//! |---|---|
//! | `level` | `minute`, `outcome` (all times and paths) or `path`: sum the counts of one level only |
//! | `minute` | the first of the minutes counted, RFC 3339; of level `minute` |
//! | `path` | the path's template; of level `path` |
//! | `status` | as written; empty where the line had none |
//! | `happened`, `outcome` | what happened, in a word, and the catalogue's id |
//! | `party`, `certainty` | who is to blame (empty when unknown or nobody), and how sure that is |
//! | `count` | how many exchanges |
//! | `bytes` | sent to clients; of level `outcome` |
//! | `p50_ms` … `p999_ms`, `max_ms` | times taken within 0.8 %, where they are logged; not of level `minute` |
//!
//! A field that a spreadsheet would take for a formula gets `'` in front (OWASP, "CSV Injection"); control characters
//! and what turns the direction of text are written as `\u{1b}`.

use std::io::{self, Write};

use httpwhy_model::acts_on_terminals;

use crate::aggregates::COLUMNS;
use crate::{Aggregate, Triage, shown};

/// Writes all aggregates with a line of names before them. `moment` writes seconds since 1970 as RFC 3339.
pub fn write_csv(
    triage: &Triage,
    out: &mut dyn Write,
    anonymize: bool,
    moment: impl Fn(i64) -> String,
) -> io::Result<()> {
    let names: Vec<String> = COLUMNS.iter().map(|(name, _)| (*name).to_owned()).collect();
    record(out, &names)?;
    triage.aggregates(|one| record(out, &fields(one, anonymize, &moment)))
}

fn fields(one: &Aggregate, anonymize: bool, moment: &impl Fn(i64) -> String) -> Vec<String> {
    let path = one.path.as_ref().map(|path| shown(path, anonymize));
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    let party = one.blame.party().map(httpwhy_model::Party::as_str);
    let mut fields = vec![
        one.level().to_owned(),
        one.minute.map_or_else(String::new, moment),
        harmless(&path.unwrap_or_default()),
        number((one.status != 0).then_some(u64::from(one.status))),
        one.happened.word().to_owned(),
        one.outcome.0.to_owned(),
        party.unwrap_or_default().to_owned(),
        one.blame.certainty().to_owned(),
        number(Some(one.count)),
        number(one.bytes),
    ];
    let took = one.took_ms();
    fields.extend(took.map(|took| took.map_or_else(String::new, |took| took.to_string())));
    fields
}

/// One record. RFC 4180, 2: fields with a comma, a quote or a line end are quoted, quotes are doubled, CRLF ends it.
pub fn record(out: &mut dyn Write, fields: &[String]) -> io::Result<()> {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if field.contains([',', '"', '\r', '\n', '\'', ';', '\t']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// A stranger's text that no spreadsheet calculates and no terminal obeys.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    if text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]) {
        out.push('\'');
    }
    for c in text.chars() {
        if acts_on_terminals(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_and_controls_do_nothing() {
        for (text, wanted) in [
            ("/cart", "/cart"),
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+1", "'+1"),
            ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
            ("@SUM(1)", "'@SUM(1)"),
            ("\t=1", "'\\t=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a\u{1b}[31m\u{202e}b", "a\\u{1b}[31m\\u{202e}b"),
        ] {
            assert_eq!(harmless(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let mut out = Vec::new();
        let fields = ["a", "b,c", "d\"e", "", "f\ng"].map(str::to_owned);
        record(&mut out, &fields).expect("memory takes it");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "a,\"b,c\",\"d\"\"e\",,\"f\ng\"\r\n"
        );
    }
}

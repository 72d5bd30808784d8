//! What is doubtful about how a file was recognised, in words for its reader.

use std::sync::Arc;

use httpwhy_ingest::logs::time::Clock;
use httpwhy_ingest::logs::user::{Misfit, misfits};
use httpwhy_ingest::logs::{Column, Kind, Line, Spans, Split};

use crate::plan::Reader;

/// Of the lines of a sample, so many may hold something odd in a column before it is told: attackers' lines do.
const ODD: usize = 20;
/// Characters of a value or line that are shown.
const SHOWN: usize = 80;

/// The doubts about these readers of a sample, given that the user named those formats.
pub(crate) fn doubts(readers: &[Reader], given: &[Reader], lines: &[&[u8]]) -> Vec<String> {
    let mut told = unused(readers, given, lines);
    let used = readers.iter().any(|reader| is_one_of(reader, given));
    let passed_over = given.iter().filter(|_| !used);
    for reader in readers
        .iter()
        .filter(|reader| reader.format.kind == Kind::Access)
        .chain(passed_over)
    {
        if is_of_no_zone(reader, lines) {
            let name = reader.format.title;
            told.push(format!(
                "the times of {name} name no zone here, and are taken for UTC"
            ));
        }
        let odd = misfits(&*reader.layout, lines);
        told.extend(
            odd.iter()
                .filter(|misfit| misfit.lines * ODD > misfit.of)
                .map(|misfit| misfitting(reader, misfit, lines)),
        );
    }
    told
}

/// Whether the times of these lines are of a zone that they do not name; W3C logs, of which the day is a column of its own,
/// are in UTC.
fn is_of_no_zone(reader: &Reader, lines: &[&[u8]]) -> bool {
    lines.iter().any(|raw| {
        let (mut spans, mut clock) = (Spans::default(), Clock::default());
        let read = reader.layout.split(raw, &mut spans) == Split::Read;
        let timed = read && !spans.has(Column::Date);
        timed && clock.read(&Line::new(raw, &spans)).is_some() && clock.zone().is_none()
    })
}

/// A format was given, and does not read these lines, or not all.
fn unused(readers: &[Reader], given: &[Reader], lines: &[&[u8]]) -> Vec<String> {
    let is_given = |reader: &&Reader| is_one_of(reader, given);
    let errors = readers
        .first()
        .is_some_and(|reader| reader.format.kind == Kind::Error);
    if given.is_empty() || lines.is_empty() || errors {
        return Vec::new();
    }
    let read: usize = readers
        .iter()
        .filter(is_given)
        .map(|reader| reader.read)
        .sum();
    if read == lines.len() {
        return Vec::new();
    }
    let formats: Vec<&Reader> = readers.iter().filter(is_given).collect();
    let unread = lines.iter().find(|line| {
        let mut spans = Spans::default();
        !formats
            .iter()
            .any(|reader| reader.layout.split(line, &mut spans) == Split::Read)
    });
    let example = unread.map_or(String::new(), |line| {
        format!("; the first that it does not: {}", quoted(line))
    });
    vec![format!(
        "the format given reads {read} of the {} lines looked at{example}",
        lines.len()
    )]
}

fn is_one_of(reader: &Reader, given: &[Reader]) -> bool {
    given
        .iter()
        .any(|known| Arc::ptr_eq(&known.layout, &reader.layout))
}

/// `column 7 should be a status; 212 of 300 lines have something else there, e.g. "GET"`.
fn misfitting(reader: &Reader, misfit: &Misfit, lines: &[&[u8]]) -> String {
    let place = place(reader, misfit, lines).map_or_else(String::new, |at| format!(" {at}"));
    format!(
        "column{place} should be {}; {} of {} lines have something else there, e.g. {}: if fields were added or moved, give the \
         format with --format or --config",
        wanted(misfit.column),
        misfit.lines,
        misfit.of,
        quoted(&misfit.example)
    )
}

/// Which word of the line it is, as people count them, from 1.
fn place(reader: &Reader, misfit: &Misfit, lines: &[&[u8]]) -> Option<usize> {
    lines.iter().find_map(|raw| {
        let mut spans = Spans::default();
        if reader.layout.split(raw, &mut spans) != Split::Read {
            return None;
        }
        let value = Line::new(raw, &spans).some(misfit.column)?;
        let (from, _) = spans.get(misfit.column)?;
        let tabs = memchr::memchr(b'\t', raw).is_some();
        let between = if tabs { b'\t' } else { b' ' };
        value
            .starts_with(&misfit.example)
            .then(|| memchr::memchr_iter(between, &raw[..from]).count() + 1)
    })
}

/// What a column should hold.
fn wanted(column: Column) -> &'static str {
    match column {
        Column::Status => "a status",
        Column::UpstreamStatus => "the status of the server behind",
        Column::Bytes | Column::BytesIn => "a number of bytes",
        Column::Duration
        | Column::FirstByte
        | Column::UpstreamConnect
        | Column::UpstreamHeader
        | Column::UpstreamResponse => "a time taken",
        Column::Client => "the client's address",
        Column::Time => "a time",
        _ => Column::WORDS[column as usize],
    }
}

fn quoted(text: &[u8]) -> String {
    let text: String = crate::shown(text, false).chars().take(SHOWN).collect();
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use httpwhy_ingest::logs::user::compile;

    fn given(text: &str) -> Vec<Reader> {
        let user = compile(text).expect("it compiles");
        vec![Reader::of(user.format, user.layout)]
    }

    const PASTED: &str = r#"log_format own '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent $request_time';"#;

    #[test]
    fn a_format_that_fits_leaves_no_doubt() {
        let line: &[u8] =
            br#"203.0.113.9 [2026-11-03T14:05:12+00:00] "GET / HTTP/1.1" 200 15 0.004"#;
        let plan = Plan::of(&[line, line], &given(PASTED));
        assert_eq!(plan.doubts, Vec::<String>::new());
        assert_eq!((plan.readers[0].read, plan.sampled), (2, 2));
        assert_eq!(plan.readers[0].format.name, "nginx");
    }

    #[test]
    fn times_of_no_zone_are_told() {
        let haproxy: &[u8] = br#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe be/app2 0/0/1/2/3 200 217 - - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1""#;
        let plan = Plan::of(&[haproxy], &[]);
        assert!(
            plan.doubts[0].contains("taken for UTC"),
            "{:?}",
            plan.doubts
        );
        let nginx: &[u8] =
            br#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 200 1 "-" "x""#;
        assert!(Plan::of(&[nginx], &[]).doubts.is_empty());
    }

    #[test]
    fn a_field_that_was_put_in_shows_as_columns_that_do_not_fit() {
        let shifted: &[u8] =
            br#"203.0.113.9 [2026-11-03T14:05:12+00:00] "GET / HTTP/1.1" shop.example 200 0.004"#;
        let plan = Plan::of(&[shifted, shifted], &given(PASTED));
        assert!(
            plan.doubts.iter().any(|doubt| doubt.starts_with(
                "column 6 should be a status; 2 of 2 lines have something else there, e.g. \"shop.example\""
            )),
            "{:?}",
            plan.doubts
        );
    }

    #[test]
    fn a_format_that_does_not_fit_is_told_with_a_line() {
        let other: &[u8] = br#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 200 1 "-" "curl/8.5.0""#;
        let plan = Plan::of(&[other], &given(PASTED));
        assert_eq!(plan.readers[0].layout.learnt(), "without upstream columns");
        assert!(
            plan.doubts[0].starts_with(
                "the format given reads 0 of the 1 lines looked at; the first that it does not: \"203.0.113.9 - -"
            ),
            "{:?}",
            plan.doubts
        );
    }
}

//! All that a triage says, as text, so that two can be compared.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::fmt::Write as _;

use httpwhy_logs::{Dimension, Triage};

/// All of it.
pub(crate) fn summary(triage: &Triage) -> String {
    let mut files: Vec<String> = triage
        .files
        .iter()
        .map(|file| format!("{file:?}"))
        .collect();
    files.sort();
    format!("{}\n{}", files.join("\n"), of_lines(triage))
}

/// What is said of lines, not of files.
pub(crate) fn of_lines(triage: &Triage) -> String {
    let mut text = counts(triage);
    for group in triage.groups() {
        writeln!(
            text,
            "{} {:?}",
            group.diagnosis.outcome,
            String::from_utf8_lossy(&group.example)
        )
        .expect("text");
    }
    writeln!(text, "{:?}", triage.unread).expect("text");
    text
}

/// What is counted, whichever line came first.
pub(crate) fn counts(triage: &Triage) -> String {
    let mut text = String::new();
    let mut put = |line: String| writeln!(text, "{line}").expect("text");
    put(format!(
        "{:?} {:?} {:?}",
        triage.counters, triage.joined, triage.unreadable
    ));
    put(format!(
        "{:?} {:?} {}",
        triage.statuses(),
        triage.span(),
        triage.timeless()
    ));
    let formats = triage.formats();
    put(format!(
        "{:?}",
        formats
            .iter()
            .map(|(format, count)| (format.name, *count))
            .collect::<Vec<_>>()
    ));
    for group in triage.groups().into_iter().chain(triage.complaints()) {
        let mut statuses = group.statuses.clone();
        statuses.sort_unstable();
        put(format!(
            "{} {} {} {} {} {:?} {:?} {statuses:?} {} {} {:?}",
            group.happened,
            group.diagnosis.outcome,
            group.count,
            group.bytes,
            group.bots,
            group.first,
            group.last,
            group.joined,
            group.witnessed,
            group.diagnosis.blame
        ));
        put(format!(
            "{:?} {:?}",
            triage.minutes(group),
            triage.percentiles(group)
        ));
        for dimension in Dimension::ALL {
            put(format!(
                "{dimension:?} {:?}",
                triage.top(group, dimension, 1000)
            ));
        }
    }
    for dimension in Dimension::ALL {
        put(format!(
            "{dimension:?} {:?} {}",
            triage.top_of_all(dimension, 1000),
            triage.error_of(dimension)
        ));
    }
    put(format!("{:?}", triage.paths(50)));
    put(format!(
        "{:?} {}",
        triage.clients(1000),
        triage.distinct_clients()
    ));
    put(format!("{:?}", triage.incidents()));
    text
}

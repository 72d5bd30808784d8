//! An incident in one sentence.

use std::fmt::Write as _;

use httpwhy_catalog::by_id;
use httpwhy_diagnose::timer::timer;
use httpwhy_logs::{Dimension, Group, Incident, Trait, shown};
use httpwhy_render::safe;

use super::figures::{grouped, percent_of};
use super::{Shown, when};

/// The formats of an incident's lines.
pub(super) fn formats_of<'a>(incident: &Incident, groups: &[&'a Group]) -> &'a [&'static str] {
    let group = groups.iter().find(|group| {
        group.diagnosis.outcome == incident.outcome && group.happened == incident.happened
    });
    group.map_or(&[], |group| &group.formats)
}

/// One sentence in plain words, Markdown-free; what strangers wrote is escaped. `formats` are those of the lines.
pub(super) fn sentence(incident: &Incident, formats: &[&str], how: Shown) -> String {
    let mut text = format!(
        "From {} {}, {} of {} exchanges ({}) ended as {}, against {} before and after",
        when::short_minute(incident.from),
        incident.to.map_or_else(
            || "to the end of the log".to_owned(),
            |to| format!("to {}", end(incident.from, to))
        ),
        grouped(incident.count),
        grouped(incident.all),
        percent_of(incident.share()),
        named(incident.outcome.0),
        percent_of(incident.share_else),
    );
    for (at, one) in incident.traits.iter().enumerate() {
        text.push_str(if at == 0 { "; " } else { ", " });
        text.push_str(&common(one, at == 0, how));
    }
    if let Some(seconds) = incident.timeout {
        let _ = write!(
            text,
            "; their times pile up at {seconds} s, the timeout that fired"
        );
        if let Some(timer) = timer(incident.happened, incident.outcome.0, formats) {
            let _ = write!(text, ": {}", timer.replace('`', ""));
        }
    }
    text.push('.');
    text
}

/// `502 Bad Gateway`, `HAProxy sH (server-side timeout before the response)`, `No response header in time (net/read-timeout)`.
fn named(id: &str) -> String {
    let title = by_id(id).map_or("", |entry| entry.title);
    match id.strip_prefix("http/") {
        Some(status) => format!("{status} {title}"),
        None if title.contains('(') => title.to_owned(),
        None => format!("{title} ({id})"),
    }
}

/// `97 % of them asked for the path /cart (4 % of all others)`.
fn common(one: &Trait, first: bool, how: Shown) -> String {
    let value = safe(&shown(&one.value, how.anonymize));
    let share = percent_of(one.share);
    let whose = if first { " of them" } else { "" };
    let does = match one.dimension {
        Dimension::Path => format!("asked for the path {value}"),
        Dimension::Upstream => format!("went to the upstream {value}"),
        Dimension::Host => format!("were for the host {value}"),
        Dimension::Network => format!("came from the network {value}"),
        Dimension::Agent => format!("came from the agent {value}"),
        Dimension::Method => format!("had the method {value}"),
        Dimension::Pop => format!("went through {value}"),
    };
    let others = percent_of(one.share_else);
    let of = if first { " of all others" } else { "" };
    format!("{share}{whose} {does} ({others}{of})")
}

/// The end, without its day where that is the day of the beginning.
fn end(from: i64, to: i64) -> String {
    if from.div_euclid(86_400) == to.div_euclid(86_400) {
        when::minute(to)
    } else {
        when::short_minute(to)
    }
}

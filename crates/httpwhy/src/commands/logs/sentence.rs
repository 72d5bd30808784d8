//! An incident in one sentence.

use std::fmt::Write as _;

use httpwhy_catalog::by_id;
use httpwhy_logs::{Incident, Trait, shown};
use httpwhy_render::safe;

use super::screen::{grouped, percent_of};
use super::{Shown, when};

/// One sentence in plain words; what strangers wrote is escaped.
pub(super) fn sentence(incident: &Incident, how: Shown) -> String {
    let title = by_id(incident.outcome.0).map_or("", |entry| entry.title);
    let mut text = match incident.to {
        Some(to) => format!(
            "From {} to {}",
            when::short_minute(incident.from),
            end(incident.from, to)
        ),
        None => format!(
            "From {} to the end of the log",
            when::short_minute(incident.from)
        ),
    };
    let _ = write!(
        text,
        " {} of {} exchanges ended as {title} ({}): {}, against {} before and after",
        grouped(incident.count),
        grouped(incident.all),
        incident.outcome,
        percent_of(incident.share()),
        percent_of(incident.share_else),
    );
    for (at, one) in incident.traits.iter().enumerate() {
        text.push_str(if at == 0 { "; " } else { ", " });
        text.push_str(&common(one, how));
    }
    if let Some(seconds) = incident.timeout {
        let _ = write!(
            text,
            "; their times pile up at {seconds} s, the timeout that fired"
        );
    }
    text.push('.');
    text
}

/// `97 % of them have the path /cart (4 % of everything else)`.
fn common(one: &Trait, how: Shown) -> String {
    format!(
        "{} of them have the {} {} ({} of everything else)",
        percent_of(one.share),
        one.dimension.word(),
        safe(&shown(&one.value, how.anonymize)),
        percent_of(one.share_else)
    )
}

/// The end, without its day where that is the day of the beginning.
fn end(from: i64, to: i64) -> String {
    if from.div_euclid(86_400) == to.div_euclid(86_400) {
        when::minute(to)
    } else {
        when::short_minute(to)
    }
}

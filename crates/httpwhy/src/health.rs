//! How the entry points of a run are, as text and as JSON.

use std::fmt::Write as _;

use httpwhy_diagnose::health::{Advice, Counts, Health, HealthReport};
use httpwhy_render::{Style, markdown_text, safe};
use httpwhy_schema::{AdviceJson, CountJson, HealthCountsJson, HealthJson};

/// Pieces of advice shown at most.
const SHOWN: usize = 6;

/// A line of health, and a few for each thing to look at. Nothing where all is well with a single entry point.
pub(crate) fn text(report: &HealthReport, style: Style) -> String {
    let mut out = String::new();
    let counts = &report.entry_points;
    let all = counts.tried() + counts.get(Health::Skipped);
    if all == 0 {
        return out;
    }
    // Writing into a string does not fail.
    let _ = match report.percent {
        Some(percent) => writeln!(
            out,
            "Health     {} of {} OK: {}",
            percent_text(percent),
            entry_points(counts.tried()),
            words(counts)
        ),
        None => writeln!(out, "Health     {} skipped", entry_points(all)),
    };
    for advice in report.advice.iter().take(SHOWN) {
        one(&mut out, advice, style);
    }
    if report.advice.len() > SHOWN {
        let _ = writeln!(out, "           and {} more", report.advice.len() - SHOWN);
    }
    out
}

fn one(out: &mut String, advice: &Advice, style: Style) {
    let about = advice.about.as_deref().map(safe);
    let about = about.map_or_else(String::new, |about| format!(", {about}"));
    let outcomes: Vec<String> = advice
        .outcomes
        .iter()
        .map(|(id, count)| format!("{count} {}", safe(id)))
        .collect();
    let line = format!(
        "Look at    {} of {}{about}: {} ({})",
        advice.count,
        advice.of,
        advice.says,
        outcomes.join(", ")
    );
    let _ = writeln!(out, "{line}");
    out.push_str(&style.faint(markdown_text(advice.text, style, 11).trim_end()));
    out.push('\n');
}

fn entry_points(count: u64) -> String {
    match count {
        1 => "1 entry point".to_owned(),
        count => format!("{count} entry points"),
    }
}

/// `1079 ok, 102 unauthorized`, without what there is none of.
pub(crate) fn words(counts: &Counts) -> String {
    let all = Health::ALL
        .iter()
        .map(|&health| (health, counts.get(health)));
    let some = all.filter(|(_, count)| *count > 0);
    let some: Vec<String> = some
        .map(|(health, count)| format!("{count} {}", health.as_str()))
        .collect();
    some.join(", ")
}

/// A share for a person: never 100 or 0 where it is not.
pub(crate) fn percent_text(percent: f64) -> String {
    match percent {
        p if p > 99.0 && p < 100.0 => "over 99 %".to_owned(),
        p if p > 0.0 && p < 1.0 => "under 1 %".to_owned(),
        p => format!("{p:.0} %"),
    }
}

/// As JSON.
pub(crate) fn json(report: &HealthReport) -> HealthJson<'_> {
    HealthJson {
        percent: report.percent.map(rounded),
        entry_points: counts_json(&report.entry_points),
        visits: counts_json(&report.visits),
        advice: report.advice.iter().map(advice_json).collect(),
    }
}

fn advice_json(advice: &Advice) -> AdviceJson<'_> {
    AdviceJson {
        rule: advice.rule,
        about: advice.about.as_deref(),
        count: advice.count,
        of: advice.of,
        outcomes: advice
            .outcomes
            .iter()
            .map(|(outcome, count)| CountJson {
                outcome,
                count: *count,
            })
            .collect(),
        says: advice.says,
        text: advice.text,
    }
}

/// Counts as JSON.
pub(crate) const fn counts_json(counts: &Counts) -> HealthCountsJson {
    HealthCountsJson {
        ok: counts.get(Health::Ok),
        problem: counts.get(Health::Problem),
        unauthorized: counts.get(Health::Unauthorized),
        unreachable: counts.get(Health::Unreachable),
        skipped: counts.get(Health::Skipped),
    }
}

/// To two digits behind the point.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_all_or_none() {
        for (percent, wanted) in [
            (100.0, "100 %"),
            (99.96, "over 99 %"),
            (87.4, "87 %"),
            (0.4, "under 1 %"),
            (0.0, "0 %"),
        ] {
            assert_eq!(percent_text(percent), wanted);
        }
    }
}

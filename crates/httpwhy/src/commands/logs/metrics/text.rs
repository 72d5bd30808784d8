//! What was counted in the text format of Prometheus (exposition formats, text-based, version 0.0.4).
//!
//! Labels hold words of the catalogue and of httpwhy only, never a path, an address or a name of the log: their number is
//! bounded, and nobody who writes to the log can make more. Counters are of whole lines, and never go back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use httpwhy_logs::{Group, Triage};
use httpwhy_model::Blame;

/// Series of one metric at most; what is beyond is counted together, as `other`.
const SERIES: usize = 1000;
/// Upper bounds of the times taken, seconds.
const BOUNDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

/// The exposition, ended by a line end.
pub(super) fn of(triage: &Triage) -> String {
    let mut out = String::new();
    exchanges(&mut out, triage);
    lines(&mut out, triage);
    times(&mut out, triage);
    gauges(&mut out, triage);
    out
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn exchanges(out: &mut String, triage: &Triage) {
    let mut sums: BTreeMap<[&str; 5], u64> = BTreeMap::new();
    for group in triage.groups() {
        let [happened, outcome, party, certainty] = labels(group);
        for (status, count) in &group.statuses {
            let key = [class(*status), happened, outcome, party, certainty];
            let room = sums.len() < SERIES || sums.contains_key(&key);
            let key = if room {
                key
            } else {
                [class(*status), "other", "other", "other", "other"]
            };
            *sums.entry(key).or_default() += count;
        }
    }
    head(
        out,
        "httpwhy_log_exchanges_total",
        "counter",
        "Exchanges by class of status, what happened, outcome, and the party to blame.",
    );
    for ([class, happened, outcome, party, certainty], count) in sums {
        let _ = writeln!(
            out,
            r#"httpwhy_log_exchanges_total{{status_class="{}",happened="{}",outcome="{}",party="{}",certainty="{}"}} {count}"#,
            escaped(class),
            escaped(happened),
            escaped(outcome),
            escaped(party),
            escaped(certainty)
        );
    }
    let bytes: u64 = triage.groups().iter().map(|group| group.bytes).sum();
    head(
        out,
        "httpwhy_log_sent_bytes_total",
        "counter",
        "Bytes sent to clients.",
    );
    let _ = writeln!(out, "httpwhy_log_sent_bytes_total {bytes}");
}

/// What happened, the outcome, the party and how sure that is.
fn labels(group: &Group) -> [&'static str; 4] {
    let blame = group.diagnosis.blame;
    let party = match blame {
        Blame::Nobody => "nobody",
        _ => blame
            .party()
            .map_or("unknown", httpwhy_model::Party::as_str),
    };
    [
        group.happened.word(),
        group.diagnosis.outcome.0,
        party,
        blame.certainty(),
    ]
}

const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        0 => "none",
        _ => "other",
    }
}

fn lines(out: &mut String, triage: &Triage) {
    let counters = &triage.counters;
    head(
        out,
        "httpwhy_log_lines_total",
        "counter",
        "Lines by what became of them; their sum is the number of lines.",
    );
    for (fate, count) in [
        ("ok", counters.ok),
        ("torn", counters.torn),
        ("foreign", counters.foreign),
        ("oversize", counters.oversize),
        ("empty", counters.empty),
    ] {
        let _ = writeln!(out, r#"httpwhy_log_lines_total{{fate="{fate}"}} {count}"#);
    }
    head(
        out,
        "httpwhy_log_lines_not_asked_total",
        "counter",
        "Of the lines that are ok, those that the filters leave out.",
    );
    let _ = writeln!(
        out,
        "httpwhy_log_lines_not_asked_total {}",
        counters.not_asked
    );
}

fn times(out: &mut String, triage: &Triage) {
    const NAME: &str = "httpwhy_log_duration_seconds";
    let micros: Vec<u64> = BOUNDS.iter().map(|bound| (bound * 1e6) as u64).collect();
    head(
        out,
        NAME,
        "histogram",
        "Times taken, of exchanges that failed and of those that did not; each is known within 0.8 %.",
    );
    for (word, failed) in [("false", false), ("true", true)] {
        let took = triage.took_within(failed, &micros);
        for (bound, count) in BOUNDS.iter().zip(&took.within) {
            let _ = writeln!(
                out,
                r#"{NAME}_bucket{{failed="{word}",le="{bound}"}} {count}"#
            );
        }
        let _ = writeln!(
            out,
            r#"{NAME}_bucket{{failed="{word}",le="+Inf"}} {}"#,
            took.count
        );
        let _ = writeln!(
            out,
            r#"{NAME}_sum{{failed="{word}"}} {}"#,
            took.sum as f64 / 1e6
        );
        let _ = writeln!(out, r#"{NAME}_count{{failed="{word}"}} {}"#, took.count);
    }
}

fn gauges(out: &mut String, triage: &Triage) {
    if let Some((_, last)) = triage.span() {
        head(
            out,
            "httpwhy_log_last_line_timestamp_seconds",
            "gauge",
            "The time of the latest line.",
        );
        let _ = writeln!(out, "httpwhy_log_last_line_timestamp_seconds {last}");
    }
    head(
        out,
        "httpwhy_log_unreadable_inputs",
        "gauge",
        "Inputs that could not be read.",
    );
    let _ = writeln!(
        out,
        "httpwhy_log_unreadable_inputs {}",
        triage.unreadable.len()
    );
    head(
        out,
        "httpwhy_log_incident",
        "gauge",
        "1 for each outcome that is much more frequent than before, up to the latest line.",
    );
    let mut ongoing: Vec<&str> = triage
        .incidents()
        .iter()
        .filter(|incident| incident.to.is_none())
        .map(|incident| incident.outcome.0)
        .collect();
    ongoing.sort_unstable();
    ongoing.dedup();
    for outcome in ongoing.into_iter().take(SERIES) {
        let _ = writeln!(
            out,
            r#"httpwhy_log_incident{{outcome="{}"}} 1"#,
            escaped(outcome)
        );
    }
}

/// A label's value: `\`, `"` and line ends are escaped.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' => out.push_str(r"\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str(r"\n"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("http/502"), "http/502");
        assert_eq!(escaped("a\\b\"c\nd"), r#"a\\b\"c\nd"#);
    }

    #[test]
    fn classes() {
        let table = [
            (0, "none"),
            (101, "1xx"),
            (499, "4xx"),
            (503, "5xx"),
            (999, "other"),
        ];
        for (status, wanted) in table {
            assert_eq!(class(status), wanted, "{status}");
        }
    }
}

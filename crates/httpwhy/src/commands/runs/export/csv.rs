//! As CSV (RFC 4180), one row an exchange. Texts of others are harmless in a spreadsheet and on a terminal.

use std::io::{self, Write};

use httpwhy_logs::{csv_harmless as harmless, csv_record as record};
use httpwhy_schema::moment;
use httpwhy_store::{Row, Run};

/// The columns. `decides`: 1 in the row whose verdict is that on the whole visit.
const COLUMNS: [&str; 19] = [
    "run",
    "visit",
    "step",
    "steps",
    "decides",
    "at",
    "method",
    "target",
    "entry_point",
    "status",
    "outcome",
    "party",
    "certainty",
    "phase",
    "producer",
    "wait_ms",
    "took_ms",
    "bytes",
    "kept",
];

pub(super) fn names(out: &mut dyn Write) -> io::Result<()> {
    record(out, &COLUMNS.map(str::to_owned))
}

pub(super) fn write(out: &mut dyn Write, run: &Run, row: &Row) -> io::Result<()> {
    let verdict = &row.verdict;
    let millis = |took: std::time::Duration| (took.as_micros() as f64 / 1e3).to_string();
    let flag = |set: bool| u8::from(set).to_string();
    let fields = [
        run.id.to_string(),
        row.number.to_string(),
        row.step.to_string(),
        row.steps.to_string(),
        flag(row.decides),
        row.at.map(moment).unwrap_or_default(),
        harmless(&row.entry_point.method),
        harmless(&row.target),
        harmless(&row.entry_point.to_string()),
        verdict
            .status
            .map(|status| status.to_string())
            .unwrap_or_default(),
        harmless(&verdict.outcome),
        verdict.blamed.as_str().to_owned(),
        verdict.blamed.certainty().to_owned(),
        verdict.phase.to_string(),
        harmless(verdict.producer.as_deref().unwrap_or_default()),
        row.wait.map(millis).unwrap_or_default(),
        millis(row.took),
        row.bytes.to_string(),
        flag(row.is_kept),
    ];
    record(out, &fields)
}

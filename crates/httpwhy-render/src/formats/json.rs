//! JSON Lines, schema v1: one diagnosis a step, and for several steps a line that closes the visit.

use std::io;

use httpwhy_schema::{DiagnosisLine, write_line};

use super::{Format, Report};
use crate::Style;

pub(crate) static FORMAT: Format = Format {
    name: "json",
    about: "JSON Lines, one diagnosis a line (schema v1)",
    write,
};

fn write(out: &mut dyn io::Write, report: &Report<'_>, _style: Style) -> io::Result<()> {
    for (index, (step, diagnosis)) in report.visit.steps.iter().zip(report.steps).enumerate() {
        let title = title(diagnosis.outcome.0);
        write_line(
            out,
            &DiagnosisLine::step(
                report.name,
                index,
                step.because,
                &step.exchange,
                diagnosis,
                title,
            )
            .of_steps(report.visit.steps.len()),
        )?;
    }
    let Some((last, earlier)) = report.visit.steps.split_last() else {
        return Ok(());
    };
    if earlier.is_empty() {
        return Ok(());
    }
    let verdict = report.verdict;
    let line = DiagnosisLine::step(
        report.name,
        earlier.len(),
        last.because,
        &last.exchange,
        verdict,
        title(verdict.outcome.0),
    );
    write_line(out, &line.closing_visit())
}

fn title(id: &str) -> &'static str {
    httpwhy_catalog::by_id(id).map_or("", |entry| entry.title)
}

//! JSON Lines, schema v1: one diagnosis a step, and for several steps a line that closes the visit.

use std::io;

use httpwhy_schema::Writing;

use super::{Format, Report};
use crate::Style;

pub(crate) static FORMAT: Format = Format {
    name: "json",
    about: "JSON Lines, one diagnosis a line (schema v1)",
    write,
};

fn write(out: &mut dyn io::Write, report: &Report<'_>, _style: Style) -> io::Result<()> {
    let steps = &report.visit.steps;
    for (index, (step, diagnosis)) in steps.iter().zip(report.steps).enumerate() {
        let writing = Writing {
            kind: "diagnosis",
            visit: report.name,
            step: index,
            steps: steps.len(),
            because: step.because,
            exchange: &step.exchange,
            diagnosis,
            title,
            site: httpwhy_wire::site,
            kept: report.written.filter(|_| steps.len() == 1),
        };
        writing.write(out)?;
    }
    if steps.len() < 2 {
        return Ok(());
    }
    let told = report.told();
    let step = &steps[told];
    let closing = Writing {
        kind: "visit",
        visit: report.name,
        step: told,
        steps: steps.len(),
        because: step.because,
        exchange: &step.exchange,
        diagnosis: report.verdict,
        title,
        site: httpwhy_wire::site,
        kept: None,
    };
    closing.write(out)
}

fn title(id: &str) -> &'static str {
    httpwhy_catalog::by_id(id).map_or("", |entry| entry.title)
}

//! The steps of a visit for a person, and what the scripts of a page complained of.

use httpwhy_model::{Blame, Signal, Visit};

use crate::formats::Report;
use crate::markdown::escape_markdown;
use crate::style::safe;

/// Steps that are all shown; of more, those that were asked for and those that failed.
const ALL: usize = 20;
/// Steps shown of those.
const MOST: usize = 40;
/// Complaints of scripts shown.
const COMPLAINTS: usize = 5;

/// One line a step: its number, its outcome, why it took place, its target. The text is Markdown.
pub(crate) fn lines(report: &Report<'_>) -> Vec<String> {
    let visit = report.visit;
    let many = visit.steps.len() > ALL;
    let judged = visit.steps.iter().zip(report.steps).enumerate();
    let tells = |index: usize, blame: Blame| !visit.is_of_page(index) || blame != Blame::Nobody;
    let mut shown: Vec<String> = judged
        .filter(|(index, (_, diagnosis))| !many || tells(*index, diagnosis.blame))
        .take(MOST)
        .map(|(index, (step, diagnosis))| {
            let because = if index == 0 {
                String::new()
            } else {
                format!(" ({})", step.because)
            };
            format!(
                "{index}. `{}`{because} {}",
                diagnosis.outcome,
                escaped(&step.exchange.target)
            )
        })
        .collect();
    let left = visit.steps.len() - shown.len();
    if left > 0 {
        shown.push(format!("… and {left} more"));
    }
    shown
}

/// What the console of a page said (`browser:console-error`) and what no script caught (`browser:script-error`), as
/// Markdown.
pub(crate) fn complaints(visit: &Visit) -> Vec<String> {
    let document = visit.landed().into_iter();
    let signals = document.flat_map(|step| step.exchange.signals());
    let told = signals.filter_map(|(_, signal)| {
        let what = complaint(signal)?;
        let said = signal.param("text").unwrap_or_default();
        Some(format!("{what}: {}", escaped(said)))
    });
    let mut told: Vec<String> = told.collect();
    let more = told.len().saturating_sub(COMPLAINTS);
    told.truncate(COMPLAINTS);
    if more > 0 {
        told.push(format!("… and {more} more"));
    }
    told
}

fn complaint(signal: &Signal) -> Option<&'static str> {
    if signal.is("browser:console-error") {
        Some("console error")
    } else {
        signal.is("browser:script-error").then_some("uncaught")
    }
}

fn escaped(text: &str) -> String {
    escape_markdown(&safe(text))
}

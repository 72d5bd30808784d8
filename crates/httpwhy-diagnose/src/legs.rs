//! The two sides of a proxy's record: which leg is the verdict on the whole.
//!
//! A log line of a proxy becomes a step for the exchange with its client and one *forwarded by* it for each server
//! behind. What went wrong behind is the cause; what the client got is its effect.

use httpwhy_model::{Because, Diagnosis, Exchange, Signal, Visit};

/// The last leg behind step 0, if the visit consists of such legs and of further witnesses.
fn behind(visit: &Visit) -> Option<usize> {
    let (_, rest) = visit.steps.split_first()?;
    let is_leg = |because: Because| because == Because::Forwarded(0);
    let only_legs = rest
        .iter()
        .all(|step| is_leg(step.because) || matches!(step.because, Because::Same(_)));
    let last = visit.steps.iter().rposition(|step| is_leg(step.because));
    last.filter(|_| only_legs)
}

/// Which step is the verdict on a visit of legs: the leg behind when the failure happened there, or when what the client
/// got was said there; else the leg to the client.
pub(crate) fn deciding(visit: &Visit, steps: &[Diagnosis]) -> Option<usize> {
    let behind = behind(visit)?;
    let (front, leg) = (&visit.steps[0].exchange, &visit.steps[behind].exchange);
    let in_front = steps.first()?.outcome;
    // The writer's own word says more than what it saw behind.
    if !matches!(in_front.namespace(), "http" | "input") {
        return Some(0);
    }
    let explained = steps.get(behind)?.outcome.namespace() != "input" && has_fault(leg);
    let passed_on = leg.response.is_some()
        && (front.status().is_none() || front.status() == leg.status())
        && leg.status().is_some_and(|status| status >= 400);
    Some(if explained || passed_on { behind } else { 0 })
}

/// Whether more is known of its failure than the writer's general words.
fn has_fault(leg: &Exchange) -> bool {
    leg.signals().any(|(_, signal)| match signal {
        Signal::Word { dialect, word, .. } => dialect != "upstream" || word == "late",
        _ => true,
    })
}

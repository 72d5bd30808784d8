//! Says what a visit means: what happened, who caused it and on which evidence, whether a retry is safe, what to do.
//!
//! Diagnosing is a pure, total function: no clock, no I/O, no error. The same visit gives the same diagnosis, and a
//! redacted visit gives the diagnosis of the original.
//!
//! ```
//! use httpwhy_model::{Exchange, Phase, Signal, Visit};
//! let mut exchange = Exchange::default();
//! exchange.signal(Phase::Connect, "errno:ECONNREFUSED".parse().unwrap());
//! let diagnosis = httpwhy_diagnose::diagnose(&Visit::of(exchange));
//! assert_eq!(diagnosis.outcome.0, "net/connect-refused");
//! ```

mod addresses;
mod blame;
pub mod causes;
mod content;
mod derive;
mod details;
pub mod health;
mod identify;
mod legs;
pub mod many;
mod marks;
mod memory;
mod opened;
mod page;
mod pair;
mod passage;
mod producer;
mod quote;
mod redirect;
mod retry;
pub mod rules;
mod says;
mod scan;
mod session;
pub mod timer;

pub use memory::{Judgement, Memory};
pub use says::MAX_SAID;

use std::borrow::Cow;

use httpwhy_catalog::{Entry, by_id, id};
use httpwhy_model::{Because, Blame, Diagnosis, Exchange, OutcomeId, Remedy, Visit};

/// Judges a whole visit.
pub fn diagnose(visit: &Visit) -> Diagnosis {
    let mut steps = steps(visit);
    steps.swap_remove(deciding(visit, &steps))
}

/// Judges every step of a visit; one without steps is judged as an empty exchange, so that there is always one.
pub fn steps(visit: &Visit) -> Vec<Diagnosis> {
    let mut all: Vec<_> = (0..visit.steps.len().max(1))
        .map(|index| step(visit, index))
        .collect();
    addresses::compare(visit, &mut all);
    pair::compare(visit, &mut all);
    all
}

/// Which of the visit's `steps`, as [`steps`] judged them, is the verdict on the whole: the last that was asked for,
/// unless an earlier one explains it (a redirect that landed on a login). Further witnesses speak for the step that they
/// belong to, and so do the other legs of a proxy, unless what went wrong went wrong there. What a page asked for by itself
/// decides when its document is well.
pub fn deciding(visit: &Visit, steps: &[Diagnosis]) -> usize {
    if steps.len() == 1 {
        return 0;
    }
    if let Some(leg) = legs::deciding(visit, steps) {
        return leg;
    }
    let last = visit
        .steps
        .iter()
        .take(steps.len())
        .enumerate()
        .rposition(|(index, step)| {
            !matches!(step.because, Because::Forwarded(_) | Because::Same(_))
                && !visit.is_of_page(index)
        })
        .unwrap_or(steps.len().saturating_sub(1));
    let status = visit
        .steps
        .get(last)
        .and_then(|step| step.exchange.status());
    let landed = status.is_some_and(|status| status < 300);
    let bounced = steps[..last]
        .iter()
        .position(|diagnosis| diagnosis.outcome == id::NET_REDIRECT_TO_LOGIN);
    bounced
        .filter(|_| landed)
        .or_else(|| addresses::deciding(visit, steps))
        .or_else(|| page::deciding(visit, steps, last))
        .unwrap_or(last)
}

/// Judges one step of a visit, with the earlier ones as context. An index past the end is judged as an empty exchange.
pub fn step(visit: &Visit, index: usize) -> Diagnosis {
    let empty = Exchange::default();
    let came = visit.steps.get(index).map_or(&empty, |step| &step.exchange);
    let opened = opened::open(came, index);
    let exchange = &*opened.exchange;
    let content = marks::Marks::of(exchange.response.as_ref());
    let producer = producer::identify(exchange, index, &content);
    let mut derived = opened.derived;
    derived.extend(derive::derive(visit, index, exchange, &content));
    let verdict = identify::identify(exchange, index, &derived, &producer, &content);
    let entry = verdict.entry;

    let mut evidence = verdict.evidence;
    let blame = blame::blame(
        visit,
        exchange,
        index,
        entry,
        &producer,
        &content,
        &mut evidence,
    );
    let behind = evidence.len().min(1);
    evidence.splice(behind..behind, session::evidence(exchange, index));
    let blame = session::blame(exchange).unwrap_or(blame);
    evidence.extend(blame::setting(exchange, index));
    evidence.extend(producer.evidence);
    if let Some(response) = &exchange.response {
        evidence.extend(passage::evidence(response, index));
    }
    evidence.extend(details::evidence(exchange, index, &content));
    evidence.dedup();
    let remedies = if blame == Blame::Nobody {
        Vec::new()
    } else {
        let cause = session::remedy(exchange).into_iter();
        cause
            .chain(remedies(entry))
            .chain(details::remedies(&evidence))
            .collect()
    };
    Diagnosis {
        outcome: entry.id,
        also: verdict.also,
        candidates: verdict.candidates,
        phase: verdict.phase,
        producer: producer.producer,
        blame,
        retry: retry::retry(exchange, entry),
        remedies,
        findings: rules::check(came),
        evidence,
        server_says: says::server_says(exchange),
    }
}

fn remedies(entry: &'static Entry) -> impl Iterator<Item = Remedy> {
    entry.fixes().map(|(audience, text)| Remedy {
        audience,
        text: Cow::Borrowed(text),
    })
}

/// The entry of one of the catalogue's own constants, which cannot be missing.
fn known(id: OutcomeId) -> &'static Entry {
    by_id(id.0).expect("the constants are made from the entries")
}

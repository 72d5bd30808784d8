//! Two logs of one exchange, the front's and that of the server behind: what the one says of itself decides what the
//! other can only guess.

use httpwhy_model::{Because, Blame, Evidence, Exchange, Party, Place, Visit, Who};

use super::{Case, FRONT, ORIGIN, Ruling};
use crate::quote::quote;

/// The record that the server behind wrote of the exchange of that step, or of the leg behind that step.
pub(crate) fn of(visit: &Visit, index: usize) -> Option<(usize, &Exchange)> {
    let is_log = |exchange: &Exchange| matches!(exchange.vantage.who, Who::Log(_));
    let about = |leg: usize| {
        leg == index
            || visit
                .steps
                .get(leg)
                .is_some_and(|step| step.because == Because::Forwarded(index))
    };
    visit
        .steps
        .iter()
        .enumerate()
        .rev()
        .find(|(_, step)| matches!(step.because, Because::Same(leg) if about(leg)))
        .map(|(at, step)| (at, &step.exchange))
        .filter(|(_, exchange)| is_log(exchange))
}

/// Whether the server behind was still at work when the front gave up.
pub(crate) fn is_late(witness: &Exchange) -> bool {
    witness
        .signals()
        .any(|(_, signal)| signal.is("upstream:answered-late"))
}

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let (at, witness) = case.witness?;
    let (blame, shows) = match (case.front?, witness.status().unwrap_or(0)) {
        (front, _) if front < 500 => return None,
        (front, behind) if front == behind => (
            Blame::Proven(Party::Origin),
            "the log of the server behind has the same status: it said so itself, and it was passed on",
        ),
        (_, 500..) => (
            Blame::Proven(Party::Origin),
            "the log of the server behind says that it failed itself, with another status than the front passed on",
        ),
        (_, 0 | 499) if is_late(witness) => (
            ORIGIN,
            "the server behind was still at work when the front gave up, and never answered",
        ),
        (_, 0 | 499) => (
            FRONT,
            "the log of the server behind says that the front left before the answer was there",
        ),
        (504, _) if is_late(witness) => (
            FRONT,
            "the server behind did answer, after the front had given up: the front's timeout is shorter than the server \
             behind takes; raise it above that time, or make the answer faster",
        ),
        (_, _) if is_late(witness) => (
            FRONT,
            "the server behind did answer, after the front had ended the exchange",
        ),
        (_, _) => (
            FRONT,
            "the log of the server behind says that it answered without failure: the front rejected the answer, or it was lost \
             between them",
        ),
    };
    let code = witness
        .response
        .as_ref()
        .map_or_else(|| quote(b"no status"), |response| quote(&response.code));
    Some(Ruling {
        blame,
        evidence: Evidence {
            step: at,
            place: Place::StatusLine,
            quote: Some(code),
            shows: shows.into(),
        },
    })
}

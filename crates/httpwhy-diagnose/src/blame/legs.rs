//! Both sides of a proxy: what it logged of the server behind decides who made the answer in front.

use httpwhy_model::{Because, Blame, Evidence, Exchange, Party, Phase, Place, Signal, Visit};

use super::{Case, ORIGIN, Ruling};
use crate::quote::quote;

/// The last server behind that was tried for a step: the step's index, and the exchange.
pub(super) type Leg<'a> = (usize, &'a Exchange);

/// The last leg behind the step of that index.
pub(super) fn behind(visit: &Visit, index: usize) -> Option<Leg<'_>> {
    visit
        .steps
        .iter()
        .enumerate()
        .rev()
        .find(|(_, step)| step.because == Because::Forwarded(index))
        .map(|(at, step)| (at, &step.exchange))
}

/// Errors of the way to a machine, not of the machine.
const UNDERWAY: &[&str] = &["errno:ENETUNREACH", "errno:EHOSTUNREACH", "errno:ETIMEDOUT"];

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let failed = case.status().is_some_and(|status| status >= 500);
    // The writer's own word (HAProxy's state, Envoy's flags) says more than what it implies of the leg behind.
    if !failed || !case.is_plain_status() {
        return None;
    }
    match case.behind {
        Some((at, leg)) => relayed(case, at, leg).or_else(|| failed_behind(at, leg)),
        None => nobody_asked(case),
    }
}

/// The server behind gave the very status.
fn relayed(case: &Case, at: usize, leg: &Exchange) -> Option<Ruling> {
    let code = leg
        .response
        .as_ref()
        .filter(|_| leg.status() == case.status())?;
    Some(Ruling {
        blame: Blame::Proven(Party::Origin),
        evidence: Evidence {
            step: at,
            place: Place::StatusLine,
            quote: Some(quote(&code.code)),
            shows: "the server behind answered so itself, and it was passed on".into(),
        },
    })
}

/// No usable answer came from behind, and the front says how that went.
fn failed_behind(at: usize, leg: &Exchange) -> Option<Ruling> {
    let (phase, signal) = leg
        .signals()
        .find(|(_, signal)| !signal.is("upstream:late"))?;
    let late = leg
        .signals()
        .any(|(_, signal)| signal.is("upstream:late") || matches!(signal, Signal::Timeout(_)));
    let underway = UNDERWAY.iter().any(|head| signal.is(head));
    let (blame, shows) = match phase {
        Phase::Queue => (
            Blame::Likely(Party::Intermediary),
            "it waited in the front's own queue",
        ),
        Phase::Resolve => (
            Blame::Likely(Party::Dns),
            "the front could not resolve the name of the server behind",
        ),
        _ if signal.is("errno:ECONNREFUSED") => (
            Blame::Proven(Party::Origin),
            "the server behind refused the connection",
        ),
        Phase::Connect if underway => (
            Blame::Likely(Party::Network),
            "no connection: the way to the server behind, or the machine, is dead",
        ),
        Phase::Connect | Phase::Tunnel if late => (
            ORIGIN,
            "no connection to the server behind came about in time",
        ),
        Phase::Connect | Phase::Tunnel => (ORIGIN, "no connection to the server behind came about"),
        Phase::Tls => (ORIGIN, "no TLS with the server behind"),
        _ if late => (
            Blame::Proven(Party::Origin),
            "the server behind took the request and was silent until the front's deadline",
        ),
        _ => (
            Blame::Proven(Party::Origin),
            "the server behind took the connection and gave no valid answer",
        ),
    };
    Some(Ruling {
        blame,
        evidence: Evidence {
            step: at,
            place: Place::Signal(signal.to_string()),
            quote: None,
            shows: shows.into(),
        },
    })
}

/// The front logs that it asked no server: the answer is its own.
fn nobody_asked(case: &Case) -> Option<Ruling> {
    let (_, signal) = case
        .exchange
        .signals()
        .find(|(_, signal)| signal.is("upstream:not-asked"))?;
    let place = Place::Signal(signal.to_string());
    let shows = "no server behind was asked: the front answered of itself";
    Some(case.ruling(Blame::Likely(Party::Intermediary), place, None, shows))
}

//! Answers that look like a success, or a step towards one, and are none.

use httpwhy_model::{Blame, End, Place};

use super::{Case, ORIGIN, Ruling};

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    match case.status()? {
        101 => unasked_switch(case),
        200 => heard_no_http(case).or_else(|| answered_early(case)),
        201..=399 => answered_early(case),
        _ => None,
    }
}

/// A server must not switch to a protocol that the client did not offer (RFC 9110 section 7.8). A front that relays the
/// 101 does what it is built for.
fn unasked_switch(case: &Case) -> Option<Ruling> {
    case.asked_without("upgrade").then(|| {
        let place = Place::StatusLine;
        case.ruling(
            ORIGIN,
            place,
            None,
            "a switch of protocol that nobody asked for",
        )
    })
}

/// Squid makes a 200 of whatever does not begin with a status line, and marks it (Squid, `src/http.cc`: a reply that is
/// no HTTP is taken for HTTP/0.9).
fn heard_no_http(case: &Case) -> Option<Ruling> {
    let field = "x-transformed-from";
    let value = case
        .producer
        .has("squid")
        .then(|| case.answered(field))
        .flatten()?;
    let shows = "the server behind the proxy did not answer in HTTP/1: the proxy made a response of its bytes";
    Some(case.ruling(
        ORIGIN,
        Place::Field(field.into()),
        Some(value.as_bytes()),
        shows,
    ))
}

/// A complete answer is one, also when the server did not wait for the end of the request (RFC 9112 section 9.5).
fn answered_early(case: &Case) -> Option<Ruling> {
    let early = case.entry.id.0 == "net/early-response" && case.exchange.end == End::Answered;
    early.then(|| {
        case.by_status_line(
            Blame::Nobody,
            "a complete answer, though the request was not yet all there",
        )
    })
}

//! Whose behaviour or state, if different, would have let this exchange succeed as asked.
//!
//! The catalogue names the usual party; this file raises it to proven, or overrules it, where the exchange holds the
//! evidence. Without any it says what to capture next.

use std::time::{Duration, SystemTime};

use httpwhy_catalog::{Entry, Usual};
use httpwhy_model::{
    Blame, CertProblem, Evidence, Exchange, Party, Phase, Place, Role, Seen, Signal,
};

use crate::producer::Identified;

/// Clocks that differ by less agree.
const SAME_CLOCK: Duration = Duration::from_secs(24 * 3600);

pub(crate) fn blame(
    exchange: &Exchange,
    step: usize,
    entry: &Entry,
    producer: &Identified,
    evidence: &mut Vec<Evidence>,
) -> Blame {
    match entry.usual {
        Usual::Nobody => Blame::Nobody,
        Usual::Party(party) if proven_by_kind(entry, exchange) => Blame::Proven(party),
        Usual::Party(party) => match overruled(exchange, step, entry, producer, evidence) {
            Some(blame) => blame,
            None => Blame::Likely(party),
        },
        Usual::Depends => {
            overruled(exchange, step, entry, producer, evidence).unwrap_or(Blame::Unknown {
                missing: missing(entry),
            })
        }
    }
}

/// Outcomes that only one party can cause: our own parts report them about themselves or about the input.
fn proven_by_kind(entry: &Entry, exchange: &Exchange) -> bool {
    let own = matches!(
        entry.id.namespace(),
        "engine" | "input" | "browser" | "fleet"
    );
    let input = matches!(entry.id.0, "net/invalid-url" | "net/unsupported-scheme");
    let offline = entry.id.0 == "repeater/offline";
    (own || input || offline) && exchange.response.is_none()
}

/// Evidence that decides better than the usual party.
fn overruled(
    exchange: &Exchange,
    step: usize,
    entry: &Entry,
    producer: &Identified,
    evidence: &mut Vec<Evidence>,
) -> Option<Blame> {
    if let Some(blame) = certificate_dates(exchange, step, evidence) {
        return Some(blame);
    }
    method_not_allowed(exchange, step, evidence)
        .or_else(|| gateway_words(exchange, entry, producer))
}

/// A certificate whose time has passed, or not come, is the server's fault once the local clock is shown to be right:
/// the server's own Date agrees with it.
fn certificate_dates(
    exchange: &Exchange,
    step: usize,
    evidence: &mut Vec<Evidence>,
) -> Option<Blame> {
    let dated = exchange.signals().any(|(_, signal)| {
        matches!(
            signal,
            Signal::Cert {
                problem: CertProblem::Expired | CertProblem::NotYetValid,
                ..
            }
        )
    });
    let Seen::Present(here) = exchange.observed_at else {
        return None;
    };
    let date = exchange
        .response
        .as_ref()?
        .fields
        .text("date")
        .filter(|_| dated)?;
    let there = httpdate::parse_http_date(date).ok()?;
    let apart = apart(here, there);
    let agree = apart < SAME_CLOCK;
    evidence.push(Evidence {
        step,
        place: Place::Field("date".into()),
        quote: Some(date.to_owned()),
        shows: if agree {
            "the clocks here and there agree".into()
        } else {
            "the clocks here and there differ".into()
        },
    });
    if agree {
        Some(Blame::Proven(Party::Origin))
    } else {
        Some(Blame::Unknown {
            missing: "a third clock: the one here and the server's Date differ by more than a day",
        })
    }
}

fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).unwrap_or_else(|error| error.duration())
}

/// 405 with an Allow that lists methods, the one used not among them: the resource says it itself.
fn method_not_allowed(
    exchange: &Exchange,
    step: usize,
    evidence: &mut Vec<Evidence>,
) -> Option<Blame> {
    let allow = exchange
        .response
        .as_ref()
        .filter(|r| r.status() == Some(405))?
        .fields
        .text("allow")?;
    let method = std::str::from_utf8(&exchange.request.method)
        .ok()
        .filter(|method| !method.is_empty())?;
    if allow.split(',').any(|allowed| allowed.trim() == method) {
        return Some(Blame::Likely(Party::Origin));
    }
    evidence.push(Evidence {
        step,
        place: Place::Field("allow".into()),
        quote: Some(crate::quote::quote(allow.as_bytes())),
        shows: format!("{method} is not among the methods allowed").into(),
    });
    Some(Blame::Proven(Party::Client))
}

/// A gateway's own answer about the server behind it, when the gateway itself names the failure.
fn gateway_words(exchange: &Exchange, entry: &Entry, producer: &Identified) -> Option<Blame> {
    let response = exchange.response.as_ref()?;
    let named = response
        .fields
        .iter("proxy-status")
        .any(|v| v.as_str().is_some_and(|text| text.contains("error=")));
    match (entry.id.namespace(), entry.usual) {
        ("proxy-status", Usual::Party(party)) if named => Some(Blame::Proven(party)),
        // A page that the product in front wrote itself, about a request it refused by its own rules.
        ("http", Usual::Depends) if producer.made && role(producer) == Some(Role::Intermediary) => {
            match response.status() {
                Some(403) => Some(Blame::Likely(Party::Client)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn role(producer: &Identified) -> Option<Role> {
    producer.producer.as_ref().map(|p| p.role)
}

/// What to capture next when nothing decides.
fn missing(entry: &Entry) -> &'static str {
    match (entry.id.0, entry.phase) {
        ("http/403", _) => "the same request once without and once with credentials",
        ("http/421" | "http/505", _) => {
            "the same request on a fresh connection, and over another protocol version"
        }
        (_, Phase::Queue) => "the log of the part that reported it, at that second",
        (_, Phase::Resolve) => "the answer of a second resolver",
        (_, Phase::Connect) => "a connection attempt from another network, at the same time",
        (_, Phase::Tunnel) => "the proxy's own log, at that second",
        (_, Phase::Tls) => {
            "what the server logged about this handshake, and a handshake from another network"
        }
        (_, Phase::Send | Phase::Wait) => {
            "the log of the server that was asked, at that second, with its upstream's times"
        }
        (_, Phase::Receive) => "the log of the server that answered, at that second",
        (_, Phase::Close) => "how the transport ended (FIN or reset) and the quiet time before it",
    }
}

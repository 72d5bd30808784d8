//! Whose behaviour or state, if different, would have let this exchange succeed as asked.
//!
//! The catalogue names the usual party. The files here hold what decides better, one kind of evidence each; the first
//! that speaks overrules the catalogue. Without any, and without a usual party, the answer says what to capture next.

mod certificate;
mod conditions;
mod foreign;
mod gateway;
mod legs;
mod log;
pub(crate) mod pages;
mod request;
mod squid;
mod success;
mod transport;
mod tunnel;
pub(crate) mod witness;

use std::borrow::Cow;
use std::time::Duration;

use httpwhy_catalog::{Entry, Usual};
use httpwhy_model::{
    Because, Blame, Evidence, Exchange, Party, Phase, Place, Response, Seen, Visit, Who,
};

use crate::marks::Marks;
use crate::producer::Identified;
use crate::quote::quote;
pub(crate) use tunnel::setting;

pub(crate) fn blame(
    visit: &Visit,
    exchange: &Exchange,
    step: usize,
    entry: &Entry,
    producer: &Identified,
    content: &Marks,
    evidence: &mut Vec<Evidence>,
) -> Blame {
    let case = Case {
        exchange,
        step,
        entry,
        producer,
        content,
        behind: legs::behind(visit, step),
        witness: witness::of(visit, step),
        front: visit.steps.first().and_then(|step| step.exchange.status()),
        forwarded: visit
            .steps
            .get(step)
            .is_some_and(|step| matches!(step.because, Because::Forwarded(_))),
    };
    let usual = match entry.usual {
        Usual::Party(party) if proven_by_kind(&case) => return Blame::Proven(party),
        Usual::Party(party) => Blame::Likely(party),
        Usual::Nobody => Blame::Nobody,
        Usual::Depends => Blame::Unknown {
            missing: missing(entry),
        },
    };
    let kinds: &[Kind] = if case
        .status()
        .is_some_and(|status| (100..400).contains(&status))
    {
        SUCCESSES
    } else {
        FAILURES
    };
    match kinds.iter().find_map(|kind| kind(&case)) {
        Some(ruling) => {
            evidence.push(ruling.evidence);
            ruling.blame
        }
        None if matches!(usual, Blame::Unknown { .. }) => by_status(&case).unwrap_or(usual),
        None => usual,
    }
}

/// One kind of evidence: what it says of the case, if it speaks.
type Kind = fn(&Case) -> Option<Ruling>;

/// What can overrule where a status below 400 came.
const SUCCESSES: &[Kind] = &[
    log::ruling,
    certificate::dates,
    success::ruling,
    transport::ruling,
];

/// The others, those that decide most surely first.
const FAILURES: &[Kind] = &[
    witness::ruling,
    log::ruling,
    certificate::dates,
    tunnel::ruling,
    gateway::named,
    legs::ruling,
    request::ruling,
    foreign::ruling,
    transport::ruling,
    conditions::ruling,
    squid::ruling,
    pages::ruling,
    gateway::ruling,
];

/// What is judged.
struct Case<'a> {
    exchange: &'a Exchange,
    step: usize,
    entry: &'a Entry,
    producer: &'a Identified,
    content: &'a Marks<'a>,
    /// The leg behind, where the observer saw both.
    behind: Option<legs::Leg<'a>>,
    /// What the server behind wrote itself of this exchange, or of the leg behind.
    witness: Option<legs::Leg<'a>>,
    /// The status that the client got at last.
    front: Option<u16>,
    /// This step is the leg of a proxy to a server behind it.
    forwarded: bool,
}

/// A party, and the place that shows it.
struct Ruling {
    blame: Blame,
    evidence: Evidence,
}

impl<'a> Case<'a> {
    fn response(&self) -> Option<&'a Response> {
        self.exchange.response.as_ref()
    }

    fn status(&self) -> Option<u16> {
        self.exchange.status()
    }

    /// The text of a field of the request.
    fn asked(&self, name: &str) -> Option<&'a str> {
        self.exchange.request.fields.text(name)
    }

    /// Whether the request had no such field, for certain.
    fn asked_without(&self, name: &str) -> bool {
        self.exchange.request.fields.get(name).is_absent()
    }

    /// The text of a field of the response.
    fn answered(&self, name: &str) -> Option<&'a str> {
        self.response().and_then(|r| r.fields.text(name))
    }

    /// Whether this is a registered status without a more special meaning: what is said in general then holds.
    fn is_plain_status(&self) -> bool {
        matches!(self.entry.id.namespace(), "http")
    }

    /// How long the answer, or the end, was awaited; `None` when that was not measured.
    fn waited(&self) -> Option<Duration> {
        self.exchange.timeline.get(Phase::Wait)
    }

    fn ruling(
        &self,
        blame: Blame,
        place: Place,
        quoted: Option<&[u8]>,
        shows: impl Into<Cow<'static, str>>,
    ) -> Ruling {
        Ruling {
            blame,
            evidence: Evidence {
                step: self.step,
                place,
                quote: quoted.map(quote),
                shows: shows.into(),
            },
        }
    }

    /// A ruling that rests on the status line.
    fn by_status_line(&self, blame: Blame, shows: impl Into<Cow<'static, str>>) -> Ruling {
        let line = self
            .response()
            .map(|r| [&r.version[..], b" ", &r.code, b" ", &r.reason].concat())
            .unwrap_or_default();
        self.ruling(blame, Place::StatusLine, Some(line.trim_ascii()), shows)
    }
}

/// Outcomes that only one party can cause: our own parts report them about themselves or about the input.
fn proven_by_kind(case: &Case) -> bool {
    let id = case.entry.id;
    let own = matches!(id.namespace(), "engine" | "input" | "browser" | "fleet");
    let input = matches!(id.0, "net/invalid-url" | "net/unsupported-scheme");
    let offline = id.0 == "repeater/offline";
    let recorded = !matches!(case.exchange.vantage.who, Who::Log(_));
    (own || input || offline) && case.exchange.response.is_none() && recorded
}

/// Who is usually to blame for the status with which an upgrade to WebSocket was refused: the handshake failed for the
/// reason that the status gives (RFC 6455 section 4.1).
fn by_status(case: &Case) -> Option<Blame> {
    let status = case
        .status()
        .filter(|_| case.entry.id.0 == "ws/handshake-not-101")?;
    match httpwhy_catalog::by_id(&format!("http/{status}"))?.usual {
        Usual::Party(party) => Some(Blame::Likely(party)),
        Usual::Nobody | Usual::Depends => None,
    }
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

/// The likely party.
const CLIENT: Blame = Blame::Likely(Party::Client);
const ORIGIN: Blame = Blame::Likely(Party::Origin);
const FRONT: Blame = Blame::Likely(Party::Intermediary);

/// Whether the connection had certainly, or as far as is known, carried no exchange before.
fn is_fresh(exchange: &Exchange) -> bool {
    exchange.reused != Seen::Present(true)
}

//! Recorded exchanges as scenarios: the same bytes, the same times, the same end.
//!
//! What is taken is a visit of the model, so that whatever reads records (transcripts, raw answers, our own JSON, HAR
//! entries, stored runs) can be replayed. Bytes that a record does not hold are made up so that the same defects stand at
//! the same places; what was hidden stays hidden.

mod bytes;
mod end;

use std::fmt;

use httpwhy_model::{End, Exchange, Phase, Seen, Visit};
use httpwhy_schema::{
    ScenarioAfter, ScenarioEnd, ScenarioFile, ScenarioMatch, ScenarioPiece, ScenarioRule,
    ScenarioStep, ScenarioWire,
};

/// Why a recorded exchange cannot be replayed, as a sentence without final stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplayable(pub String);

impl fmt::Display for Unplayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unplayable {}

/// The scenario that repeats these visits. Exchanges with the same method and target follow each other. `pace` multiplies
/// all times: 1 keeps them, 0 waits nowhere.
///
/// # Errors
/// When nothing of it can be replayed: the first reason.
pub fn replay(visits: &[Visit], pace: f64) -> Result<ScenarioFile, Unplayable> {
    let mut rules: Vec<ScenarioRule> = Vec::new();
    let mut reason = None;
    for exchange in exchanges(visits) {
        let step = match step(exchange, pace) {
            Ok(step) => step,
            Err(why) => {
                reason.get_or_insert(why);
                continue;
            }
        };
        let when = when(exchange);
        match rules.iter_mut().find(|rule| rule.when == when) {
            Some(rule) => rule.then.push(step),
            None => rules.push(ScenarioRule {
                name: Some(format!("replay {}", rules.len() + 1)),
                when,
                then: vec![step],
                after: ScenarioAfter::Last,
                key: None,
            }),
        }
    }
    if rules.is_empty() {
        let nothing = || Unplayable("there is no exchange in it".to_owned());
        return Err(reason.unwrap_or_else(nothing));
    }
    Ok(ScenarioFile {
        schema: 1,
        about: Some("a recorded exchange".to_owned()),
        rules,
    })
}

/// What a client saw: other witnesses of the same exchange, and the other leg of a proxy, are left out.
fn exchanges(visits: &[Visit]) -> impl Iterator<Item = &Exchange> {
    let steps = visits.iter().flat_map(|visit| &visit.steps);
    steps
        .filter(|step| !matches!(step.because.kind(), "same" | "forwarded"))
        .map(|step| &step.exchange)
}

fn when(exchange: &Exchange) -> ScenarioMatch {
    let method = String::from_utf8_lossy(&exchange.request.method).into_owned();
    let target = String::from_utf8_lossy(&exchange.request.target).into_owned();
    let target = if target.is_empty() {
        exchange.target.clone()
    } else {
        target
    };
    let (_, from_path) = match target.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.find(['/', '?']).map_or("/", |at| &rest[at..])),
        None => ("", target.as_str()),
    };
    // A fragment is not sent.
    let from_path = from_path.split('#').next().unwrap_or_default();
    ScenarioMatch {
        method: (!method.is_empty()).then_some(method),
        target: Some(if from_path.is_empty() { "/" } else { from_path }.to_owned()),
        ..ScenarioMatch::default()
    }
}

fn step(exchange: &Exchange, pace: f64) -> Result<ScenarioStep, Unplayable> {
    if let Some(why) = below_http(exchange) {
        return Err(Unplayable(why));
    }
    if exchange.end == End::Upgraded {
        return upgraded(exchange);
    }
    if exchange.end == End::NotCaptured && exchange.response.is_none() {
        let why = "what came is not recorded: a log line or a bare failure has no bytes to send";
        return Err(Unplayable(why.to_owned()));
    }
    let millis = |phase| {
        let took = exchange.timeline.get(phase).unwrap_or_default();
        (took.as_secs_f64() * 1e3 * pace.clamp(0.0, 1e3)).round() as u64
    };
    let (heads, content) = bytes::of(exchange);
    let end = end::of(exchange);
    let mut pieces = Vec::new();
    let mut end_after_ms = 0;
    if heads.is_empty() && content.is_empty() {
        if end != ScenarioEnd::Stall {
            end_after_ms = millis(Phase::Wait);
        }
    } else {
        pieces.push(ScenarioPiece::of(millis(Phase::Wait), &heads));
        let mut rest = content;
        let receive = millis(Phase::Receive);
        let takes = if end == ScenarioEnd::Stall {
            0
        } else {
            receive
        };
        if let Some(first) = rest.first_mut() {
            first.after_ms = takes;
        }
        pieces.append(&mut rest);
    }
    pieces.retain(|piece| !piece.text.is_empty() || !piece.base64.is_empty() || piece.filler > 0);
    let wire = ScenarioWire {
        pieces,
        end,
        end_after_ms,
    };
    Ok(ScenarioStep {
        wire: Some(wire),
        ..ScenarioStep::default()
    })
}

/// Why it cannot be replayed, when it broke before HTTP began or on the client's own side.
fn below_http(exchange: &Exchange) -> Option<String> {
    let nothing_came = exchange.response.is_none() && exchange.interim.is_empty();
    let early = exchange
        .signals()
        .find(|(phase, _)| *phase < Phase::Send)
        .filter(|_| nothing_came && exchange.end != End::NotCaptured)?;
    let (phase, signal) = early;
    Some(format!(
        "it broke in phase {phase} ({signal}), before a byte of HTTP; the simulator's outcomes do that: httpwhy sim, \
         then /outcomes"
    ))
}

/// A WebSocket's handshake holds a key of its own: the simulator's own pages end it in the same way.
fn upgraded(exchange: &Exchange) -> Result<ScenarioStep, Unplayable> {
    let response = exchange.response.as_ref();
    let protocol = response
        .and_then(|response| response.fields.text("upgrade"))
        .unwrap_or_default();
    if !protocol.eq_ignore_ascii_case("websocket") {
        let why = "it switched to another protocol, whose bytes are not recorded";
        return Err(Unplayable(why.to_owned()));
    }
    let play = match &exchange.close {
        Seen::Present(close) => match close.code {
            Some(code) => format!("/ws/close/{code}"),
            None => "/ws/close/empty".to_owned(),
        },
        Seen::Absent if end::of(exchange) == ScenarioEnd::Rst => "/ws/drop/rst".to_owned(),
        Seen::Absent => "/ws/drop".to_owned(),
        Seen::NotCaptured => "/ws/echo".to_owned(),
    };
    Ok(ScenarioStep {
        play: Some(play),
        ..ScenarioStep::default()
    })
}

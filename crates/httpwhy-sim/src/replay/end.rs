//! How a recorded connection ended.

use httpwhy_model::{End, Exchange, Framing, Response, Seen, Signal};
use httpwhy_schema::ScenarioEnd;

/// What becomes of the connection behind the recorded bytes.
pub(super) fn of(exchange: &Exchange) -> ScenarioEnd {
    // The last word counts: what came before it was gone beyond.
    let told = exchange.signals().rev().find_map(|(_, signal)| by(signal));
    match (exchange.end, told) {
        (End::Answered | End::NotCaptured, _) => behind_an_answer(exchange.response.as_ref()),
        (_, Some(end)) => end,
        _ => ScenarioEnd::Fin,
    }
}

fn by(signal: &Signal) -> Option<ScenarioEnd> {
    match signal {
        Signal::Eof(_) => Some(ScenarioEnd::Fin),
        Signal::Timeout(_) => Some(ScenarioEnd::Stall),
        Signal::Errno(errno) => match errno.as_str() {
            "ECONNRESET" | "EPIPE" | "ECONNABORTED" => Some(ScenarioEnd::Rst),
            "ETIMEDOUT" | "EAGAIN" => Some(ScenarioEnd::Stall),
            _ => None,
        },
        other => by_word(&other.to_string()),
    }
}

/// Other dialects' words for the same.
fn by_word(signal: &str) -> Option<ScenarioEnd> {
    let head = signal.split(' ').next().unwrap_or_default();
    Some(match head {
        "curl:52" | "curl:18" | "chromium:net::ERR_EMPTY_RESPONSE" => ScenarioEnd::Fin,
        "curl:56" | "chromium:net::ERR_CONNECTION_RESET" | "nel:tcp.reset" => ScenarioEnd::Rst,
        "curl:28" | "chromium:net::ERR_TIMED_OUT" | "nel:abandoned" => ScenarioEnd::Stall,
        _ => return None,
    })
}

/// A connection that may carry more stays, one that ends the content or says `close` ends.
fn behind_an_answer(response: Option<&Response>) -> ScenarioEnd {
    let Some(response) = response else {
        return ScenarioEnd::Fin;
    };
    let is_framed = match &response.body {
        Seen::Present(body) => !matches!(
            body.framing,
            Framing::Close | Framing::Frames | Framing::Unknown
        ),
        Seen::Absent | Seen::NotCaptured => true,
    };
    let closes = response.fields.iter("connection").any(|value| {
        value
            .as_bytes()
            .to_ascii_lowercase()
            .windows(5)
            .any(|five| five == b"close")
    });
    if is_framed && !closes && response.version.as_ref() == b"HTTP/1.1" {
        ScenarioEnd::Keep
    } else {
        ScenarioEnd::Fin
    }
}

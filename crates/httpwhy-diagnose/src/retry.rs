//! Whether, and when, to try again.

use std::time::{Duration, SystemTime};

use httpwhy_catalog::Entry;
use httpwhy_model::{Advice, End, Exchange, Retry, Seen, Sent, Signal};

/// The longest wait that is passed on, in seconds: a year.
const MAX_WAIT: u64 = 366 * 24 * 3600;

pub(crate) fn retry(exchange: &Exchange, entry: &Entry) -> Retry {
    let after_s = retry_after(exchange);
    let unsent = exchange.sent == Sent::Nothing && exchange.end == End::Nothing;
    let advice = match entry.retry {
        // No byte of the request left: it cannot have been processed.
        Advice::IfIdempotent if unsent => Advice::Now,
        // RFC 9113 sections 6.8 and 8.7: a stream behind the last was not processed, one before it may have been.
        Advice::IfIdempotent if behind_the_last(exchange) == Some(true) => Advice::Now,
        Advice::Now if behind_the_last(exchange) == Some(false) => Advice::IfIdempotent,
        // Where the server names a time it invites a repeat, save for a redirect or success that names one.
        Advice::Never | Advice::Unknown | Advice::Now | Advice::IfIdempotent
            if after_s.is_some() && exchange.status().is_some_and(|status| status >= 400) =>
        {
            Advice::AfterDelay
        }
        advice => advice,
    };
    Retry {
        advice,
        after_s: after_s.filter(|_| advice == Advice::AfterDelay),
    }
}

/// Whether the request's stream came after the last one that a GOAWAY of the other side names. `None`: no GOAWAY ended
/// it, or the stream is not known.
fn behind_the_last(exchange: &Exchange) -> Option<bool> {
    let number = |signal: &Signal, name| signal.param(name)?.parse::<u32>().ok();
    let farewells = exchange.signals().filter(|(_, signal)| {
        signal.dialect() == "h2" && exchange.end != End::Answered && signal.param("by").is_none()
    });
    farewells
        .filter_map(|(_, signal)| Some(number(signal, "stream")? > number(signal, "last")?))
        .last()
}

/// Seconds that Retry-After names (RFC 9110 section 10.2.3): a count, or a date counted from the response's own Date,
/// or else from the moment of observation.
fn retry_after(exchange: &Exchange) -> Option<u64> {
    let fields = &exchange.response.as_ref()?.fields;
    let value = fields.text("retry-after")?.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(seconds.min(MAX_WAIT));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let now = fields
        .text("date")
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .or(match exchange.observed_at {
            Seen::Present(moment) => Some(moment),
            Seen::Absent | Seen::NotCaptured => None,
        })?;
    Some(wait(now, until).as_secs().min(MAX_WAIT))
}

fn wait(now: SystemTime, until: SystemTime) -> Duration {
    until.duration_since(now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_model::Phase;

    #[test]
    fn what_was_not_processed_may_be_repeated_at_once() {
        for (signal, advice) in [
            ("h2:7 stream=9", Advice::Now),
            ("h2:0 stream=9 last=5", Advice::Now),
            ("h2:0 stream=5 last=5", Advice::IfIdempotent),
            ("h2:0 last=5", Advice::IfIdempotent),
            ("h2:2 stream=9 last=5", Advice::Now),
            ("h2:2 stream=9", Advice::IfIdempotent),
            ("h2:4 stream=9 last=5", Advice::Now),
            ("h2:4 stream=9 last=9", Advice::IfIdempotent),
            ("h2:11 stream=9 last=5", Advice::AfterDelay),
            ("h2:12 stream=9 last=5", Advice::AfterRemedy),
        ] {
            let mut exchange = Exchange {
                sent: Sent::All,
                end: End::Nothing,
                ..Exchange::default()
            };
            exchange.signal(Phase::Wait, signal.parse().expect("a signal"));
            let code: u32 = signal[3..]
                .split(' ')
                .next()
                .and_then(|code| code.parse().ok())
                .expect("a code");
            let entry = httpwhy_catalog::by_id(&format!("h2/0x{code:x}")).expect("known");
            assert_eq!(retry(&exchange, entry).advice, advice, "{signal}");
        }
    }
}

//! Whether, and when, to try again.

use std::time::{Duration, SystemTime};

use httpwhy_catalog::Entry;
use httpwhy_model::{Advice, End, Exchange, Retry, Seen, Sent};

/// The longest wait that is passed on, in seconds: a year.
const MAX_WAIT: u64 = 366 * 24 * 3600;

pub(crate) fn retry(exchange: &Exchange, entry: &Entry) -> Retry {
    let after_s = retry_after(exchange);
    let unsent = exchange.sent == Sent::Nothing && exchange.end == End::Nothing;
    let advice = match entry.retry {
        // No byte of the request left: it cannot have been processed.
        Advice::IfIdempotent if unsent => Advice::Now,
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

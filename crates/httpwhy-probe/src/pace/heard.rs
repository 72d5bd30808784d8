//! What an exchange says about how its host likes to be asked.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use httpwhy_model::{Exchange, Phase, Seen};

/// What an exchange says about how its host likes to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// 429, 503, or a connection that was reset.
    pub(crate) trouble: Option<Trouble>,
    /// Retry-After, beside 429 or 503.
    pub(crate) asked: Option<Duration>,
    /// From the end of the request to the first byte of a response that came.
    pub(crate) wait: Option<Duration>,
    /// Whether the other end turned out not to be on the public network.
    pub(crate) private: bool,
}

/// How a host says that it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 429: it says so in so many words.
    TooMany,
    /// 503 or a reset: it may have other reasons.
    Unwell,
}

impl Heard {
    /// Reads an exchange that is over.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let status = exchange.status();
        let trouble = match status {
            Some(429) => Some(Trouble::TooMany),
            Some(503) => Some(Trouble::Unwell),
            _ if was_reset(exchange) => Some(Trouble::Unwell),
            _ => None,
        };
        let limited = matches!(status, Some(429 | 503));
        Self {
            trouble,
            asked: limited.then(|| retry_after(exchange)).flatten(),
            wait: status.and_then(|_| exchange.timeline.get(Phase::Wait)),
            private: exchange.peer.is_some_and(|peer| is_private(peer.ip())),
        }
    }
}

/// Reset once a connection stood or was being asked for. One that was kept for long and then reset is not counted: the
/// server had closed it in order.
fn was_reset(exchange: &Exchange) -> bool {
    let reused = exchange.reused == Seen::Present(true) && exchange.received == 0;
    !reused
        && exchange
            .signals()
            .any(|(phase, signal)| phase != Phase::Resolve && signal.is("errno:ECONNRESET"))
}

/// Retry-After as seconds or as a date, counted from the answer's own Date where it has one (RFC 9110 section 10.2.3).
fn retry_after(exchange: &Exchange) -> Option<Duration> {
    let fields = &exchange.response.as_ref()?.fields;
    let value = fields.text("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let date = fields.text("date");
    let now = date
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// Whether an address is a loopback, link-local or private one, or one of a provider's own network
/// (RFC 1122, 1918, 3927, 4193, 4291, 6598).
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_private(mapped.into()),
            None => is_private_v6(address),
        },
    }
}

const fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

//! Which protocol a step speaks, and the steps that HTTP/3 makes necessary or possible: the way back to TCP, and the
//! alternative service that an answer names.

use httpwhy_model::{AltService, End, Exchange, Phase, Sent, Signal, alternatives};
use url::{Host, Url};

use crate::dial::{Alternative, Route};
use crate::request::{Ask, is_idempotent};
use crate::{Config, Protocol};

/// The version in the requests of HTTP/3.
const HTTP3: &[u8] = b"HTTP/3";
/// Signals that say that a request was not processed, whatever its method: GOAWAY, H3_REQUEST_REJECTED,
/// H3_VERSION_FALLBACK (RFC 9114 sections 4.1.1, 5.2 and 8.1).
const UNPROCESSED: &[&str] = &["quic:goaway-retry", "h3:267", "h3:272"];

/// What a step speaks instead of what its job asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Over {
    /// TCP, for the rest of the visit.
    Tcp,
    /// HTTP/1.1, for the rest of the visit.
    Http11,
    /// HTTP/3 to that service.
    Alternative(Alternative),
}

fn asked(ask: &Ask, config: &Config) -> Protocol {
    ask.job.protocol.unwrap_or(config.protocol)
}

/// The protocol of a step; never [`Protocol::Http3First`]. A WebSocket begins with HTTP/1.1 (RFC 6455 section 4.1), a raw
/// request is one of HTTP/1, and a proxy that forwards is spoken to in HTTP/1.
pub(crate) fn protocol(ask: &Ask, config: &Config, route: &Route, websocket: bool) -> Protocol {
    match (asked(ask, config), &ask.over) {
        _ if websocket || ask.raw().is_some() => Protocol::Http11,
        (_, Some(Over::Alternative(_))) => Protocol::Http3,
        (_, Some(Over::Http11)) => Protocol::Http11,
        (Protocol::Http3First, None) if route.carries_quic() => Protocol::Http3,
        (Protocol::Http10 | Protocol::Http3, _) => asked(ask, config),
        _ if route.forward().is_some() => Protocol::Http11,
        (Protocol::Http3First, _) => Protocol::Auto,
        (protocol, _) => protocol,
    }
}

/// Whether the same is to be asked over TCP: HTTP/3 was tried first, it was HTTP/3 that failed, and the request was not
/// processed or may be sent twice.
pub(crate) fn falls_back(ask: &Ask, config: &Config, exchange: &Exchange) -> bool {
    let first = asked(ask, config) == Protocol::Http3First && ask.over.is_none();
    let repeatable = exchange.sent == Sent::Nothing
        || is_idempotent(&ask.method)
        || exchange
            .signals()
            .any(|(_, signal)| is_any(signal, UNPROCESSED));
    let failed = exchange.signals().last().is_some_and(|(phase, signal)| {
        phase >= Phase::Connect && !is_any(signal, &["limit", "engine", "input"])
    });
    first
        && exchange.end == End::Nothing
        && *exchange.request.version == *HTTP3
        && failed
        && repeatable
}

/// Whether the same is to be asked in HTTP/1.1: the server requires it (RFC 9113 section 7, HTTP_1_1_REQUIRED), and
/// nobody asked for HTTP/2.
pub(crate) fn wants_http11(ask: &Ask, config: &Config, exchange: &Exchange) -> bool {
    let ours = matches!(asked(ask, config), Protocol::Auto | Protocol::Http3First);
    let required = |signal: &Signal| signal.is("h2:13") && signal.param("by").is_none();
    ours && ask.over != Some(Over::Http11)
        && exchange.end == End::Nothing
        && exchange.signals().any(|(_, signal)| required(signal))
}

fn is_any(signal: &Signal, heads: &[&str]) -> bool {
    heads.iter().any(|head| signal.is(head))
}

/// The HTTP/3 service that the answer names and that is to be asked next, when that is wanted.
pub(crate) fn alternative(ask: &Ask, config: &Config, exchange: &Exchange) -> Option<Alternative> {
    let wanted = config.alt_svc && ask.over.is_none() && *exchange.request.version != *HTTP3;
    let response = exchange.response.as_ref().filter(|_| wanted)?;
    let url = Url::parse(&exchange.target).ok()?;
    // RFC 7838 section 2.1: whoever answers has to prove to be the origin; without TLS nothing could.
    let host = url.host().filter(|_| url.scheme() == "https")?;
    let services = alternatives(&response.fields);
    let AltService {
        host: other, port, ..
    } = services
        .into_iter()
        .find(|service| service.protocol == "h3")?;
    let host = match other {
        None => host.to_owned(),
        Some(other) => Host::parse(&other).ok()?,
    };
    Some(Alternative { host, port })
}

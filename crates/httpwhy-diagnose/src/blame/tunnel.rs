//! Proxies that were not reached, or did not open the way: their own failures told from the target's and the client's.

use httpwhy_catalog::Usual;
use httpwhy_model::{Blame, Evidence, Exchange, Party, Phase, Place, Sent, Signal};

use super::{CLIENT, Case, FRONT, ORIGIN, Ruling};

const DNS: Blame = Blame::Likely(Party::Dns);
const NETWORK: Blame = Blame::Likely(Party::Network);
/// Nothing tells whether the proxy, its network, or the target failed.
const UNTOLD: Blame = Blame::Unknown {
    missing: "the proxy's own log at that second, and the same target without the proxy",
};

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let unsent = case.exchange.sent == Sent::Nothing && case.exchange.response.is_none();
    let (phase, last) = case.exchange.signals().last()?;
    if phase != Phase::Tunnel || !unsent {
        return None;
    }
    named(case).or_else(|| foreign(case)).or_else(|| {
        let (blame, shows) = said(case, last)?;
        Some(case.ruling(blame, Place::Signal(last.to_string()), None, shows))
    })
}

/// What a reply code or status means (RFC 1928 section 6, RFC 9110 sections 9.3.6 and 15).
fn said(case: &Case, last: &Signal) -> Option<(Blame, &'static str)> {
    let word = last.word_text();
    Some(match (last.dialect(), &*word) {
        ("tunnel", "407") | ("socks", "no-method" | "login-refused") => credentials(case),
        ("tunnel", "400" | "404" | "405" | "501") | ("socks", "7" | "8") => (
            CLIENT,
            "what answers does not open tunnels of this kind: it may be no proxy, or not for this",
        ),
        ("tunnel", "403") | ("socks", "2") => (FRONT, "a rule of the proxy refuses this target"),
        ("tunnel", "500" | "503") | ("socks", "1") => {
            (FRONT, "the proxy reports a failure of its own")
        }
        ("tunnel", "502" | "504") => (UNTOLD, "the proxy did not get through to the target"),
        ("socks", "3" | "4" | "6") => (NETWORK, "the proxy found no way to the target"),
        ("socks", "5") => (ORIGIN, "the target refused the proxy's connection"),
        _ => return None,
    })
}

fn credentials(case: &Case) -> (Blame, &'static str) {
    let proxy = case
        .exchange
        .way
        .as_ref()
        .and_then(|way| way.proxy.as_ref());
    match proxy.map(|proxy| proxy.credentials) {
        Some(false) => (
            Blame::Proven(Party::Client),
            "the proxy wants a login, and none was at hand",
        ),
        _ => (CLIENT, "the proxy does not accept the login"),
    }
}

/// Fields in which a proxy names what failed behind it: Proxy-Status (RFC 9209), Squid's own.
fn named(case: &Case) -> Option<Ruling> {
    let fields = &case.exchange.tunnel_answer()?.fields;
    let text = |name: &'static str| Some((name, fields.text(name)?));
    if let Some((name, value)) = text("proxy-status") {
        let error = value.split("error=").nth(1)?;
        let error = error.split([';', ',', ' ']).next()?.trim_matches('"');
        let entry = httpwhy_catalog::by_id(&format!("proxy-status/{error}"))?;
        if let Usual::Party(party) = entry.usual {
            let shows = "the proxy names its error";
            let blame = Blame::Proven(party);
            return Some(case.ruling(
                blame,
                Place::Field(name.into()),
                Some(value.as_bytes()),
                shows,
            ));
        }
    }
    let (name, value) = text("x-squid-error")?;
    let blame = match value.split_ascii_whitespace().next()? {
        "ERR_DNS_FAIL" => DNS,
        "ERR_CONNECT_FAIL" => ORIGIN,
        "ERR_ACCESS_DENIED" => FRONT,
        _ => return None,
    };
    let shows = "Squid names its error";
    Some(case.ruling(
        blame,
        Place::Field(name.into()),
        Some(value.as_bytes()),
        shows,
    ))
}

/// What answers is no proxy of that kind: the setting names a wrong port or scheme.
fn foreign(case: &Case) -> Option<Ruling> {
    let (_, signal) = case.exchange.signals().find(|(phase, signal)| {
        *phase == Phase::Tunnel
            && ["h1:not-http", "socks:not-socks", "tls:not-tls"]
                .iter()
                .any(|head| signal.is(head))
    })?;
    let shows = "what answers speaks something else than the proxy setting says";
    Some(case.ruling(CLIENT, Place::Signal(signal.to_string()), None, shows))
}

/// Where the proxy setting came from: a wrong variable is a frequent cause.
pub(crate) fn setting(exchange: &Exchange, step: usize) -> Option<Evidence> {
    let proxy = exchange.way.as_ref()?.proxy.as_ref()?;
    let failed = exchange.signals().any(|(phase, _)| phase == Phase::Tunnel);
    failed.then(|| Evidence {
        step,
        place: Place::Target,
        quote: Some(crate::quote::quote(proxy.uri.as_bytes())),
        shows: format!("the proxy asked, set by {}", proxy.set_by).into(),
    })
}

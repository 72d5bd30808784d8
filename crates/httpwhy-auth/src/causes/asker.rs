//! Who asked, as a server sees it besides cookie and token: the User-Agent field, and the address that a request came from.
//! A session may be bound to either.

use std::fmt;
use std::net::IpAddr;

use httpwhy_model::{Exchange, Visit, Who};

/// What a server can tell clients by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Asker {
    /// The User-Agent field; `None` where that is not known.
    pub(crate) agent: Option<String>,
    /// From where it came; `None` where that is not known.
    pub(crate) source: Option<Source>,
    /// What was asked for.
    pub(crate) target: String,
    /// A source address or a proxy was asked for.
    on_purpose: bool,
}

/// From where a request came, as far as it is seen at this end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// Straight from this address.
    Local(IpAddr),
    /// Through that proxy: the address is the proxy's.
    Proxy(String),
    /// Through a browser's own connection, which takes no source address and no proxy from us.
    Browser,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(address) => write!(f, "{address}"),
            Self::Proxy(uri) => f.write_str(uri),
            Self::Browser => f.write_str("browser"),
        }
    }
}

impl Asker {
    /// Of that exchange.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let way = exchange.way.as_deref();
        let proxy = way.and_then(|way| way.proxy.as_ref());
        let source = match proxy {
            _ if exchange.vantage.who == Who::Browser => Some(Source::Browser),
            Some(proxy) => Some(Source::Proxy(proxy.uri.clone())),
            None => way.and_then(|way| way.local).map(Source::Local),
        };
        let agent = exchange.request.fields.text("user-agent");
        Self {
            agent: agent.map(str::to_owned),
            source,
            target: exchange.target.clone(),
            on_purpose: way.is_some_and(|way| way.from.is_some() || way.proxy.is_some()),
        }
    }

    /// The User-Agent fields of both, where they are known and differ.
    pub(crate) fn agents<'a>(&'a self, other: &'a Self) -> Option<(&'a str, &'a str)> {
        let pair = (self.agent.as_deref()?, other.agent.as_deref()?);
        (pair.0 != pair.1).then_some(pair)
    }

    /// From where both came, where that is known and differs. What a browser did is known to differ only from what was
    /// done otherwise on purpose.
    pub(crate) fn sources<'a>(&'a self, other: &'a Self) -> Option<(&'a Source, &'a Source)> {
        let pair = (self.source.as_ref()?, other.source.as_ref()?);
        let differ = match pair {
            (Source::Browser, Source::Browser) => false,
            (Source::Browser, _) => other.on_purpose,
            (_, Source::Browser) => self.on_purpose,
            (one, other) => one != other,
        };
        differ.then_some(pair)
    }
}

/// Who made the session that a request carries: whoever got its cookie, else whoever asked last in the login.
pub(crate) fn made_by(login: &[Visit], carried: Option<&str>) -> Option<Asker> {
    let exchanges = || {
        let visits = login.iter().flat_map(|visit| &visit.steps);
        visits.map(|step| &step.exchange)
    };
    let carried: Vec<&str> = carried
        .unwrap_or_default()
        .split("; ")
        .filter_map(|pair| pair.split('=').next())
        .collect();
    let gives = |exchange: &&Exchange| {
        exchange.vantage.who == Who::Browser
            || super::cookies::set_by(exchange).iter().any(|set| {
                set.split('=')
                    .next()
                    .is_some_and(|name| carried.contains(&name.trim()))
            })
    };
    exchanges()
        .filter(gives)
        .last()
        .or_else(|| exchanges().last())
        .map(Asker::of)
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Fields, ProxyFacts, Response, Vantage};

    use super::*;

    fn exchange(agent: &'static str, local: Option<&str>, proxy: Option<&str>) -> Exchange {
        let mut exchange = Exchange::default();
        exchange.request.fields = Fields::of([("User-Agent", agent)]);
        let way = exchange.way_mut();
        way.local = local.map(|local| local.parse().expect("an address"));
        way.proxy = proxy.map(|uri| ProxyFacts {
            uri: uri.to_owned(),
            ..ProxyFacts::default()
        });
        exchange
    }

    #[test]
    fn what_differs_is_what_is_known_of_both() {
        let plain = Asker::of(&exchange("a", Some("192.0.2.1"), None));
        for (other, agents, sources) in [
            (exchange("a", Some("192.0.2.1"), None), false, false),
            (exchange("b", Some("192.0.2.1"), None), true, false),
            (exchange("a", Some("2001:db8::1"), None), false, true),
            (
                exchange("a", Some("192.0.2.1"), Some("http://p:1")),
                false,
                true,
            ),
            (exchange("a", None, None), false, false),
            (Exchange::default(), false, false),
        ] {
            let other = Asker::of(&other);
            assert_eq!(plain.agents(&other).is_some(), agents, "{other:?}");
            assert_eq!(plain.sources(&other).is_some(), sources, "{other:?}");
        }
    }

    #[test]
    fn a_browser_goes_its_own_way() {
        let mut browser = exchange("Mozilla", None, None);
        browser.vantage = Vantage {
            who: Who::Browser,
            ..Vantage::default()
        };
        let browser = Asker::of(&browser);
        let usual = Asker::of(&exchange("a", Some("192.0.2.1"), None));
        let mut bound = exchange("a", Some("192.0.2.2"), None);
        bound.way_mut().from = Some("192.0.2.2".to_owned());
        let proxied = Asker::of(&exchange("a", None, Some("http://p:1")));
        assert_eq!(browser.sources(&usual), None, "nobody saw its address");
        assert!(browser.sources(&Asker::of(&bound)).is_some());
        assert!(browser.sources(&proxied).is_some());
    }

    #[test]
    fn who_got_the_cookie_made_the_session() {
        let sets = |agent, set: &'static str| {
            let mut exchange = exchange(agent, None, None);
            exchange.response = Some(Response {
                fields: Fields::of([("Set-Cookie", set)]),
                ..Response::default()
            });
            Visit::of(exchange)
        };
        let login = [sets("one", "sid=1; Path=/"), sets("two", "other=2")];
        let made = |carried| made_by(&login, carried).and_then(|asker| asker.agent);
        assert_eq!(made(Some("a=1; sid=1")).as_deref(), Some("one"));
        assert_eq!(made(Some("other=2; sid=1")).as_deref(), Some("two"));
        assert_eq!(
            made(None).as_deref(),
            Some("two"),
            "a token: who asked last"
        );
        assert_eq!(made_by(&[], None), None);
    }
}

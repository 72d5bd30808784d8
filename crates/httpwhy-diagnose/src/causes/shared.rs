//! Whether hosts that have nothing to do with each other all fail in one way: then it is our side that fails.

use std::collections::VecDeque;
use std::fmt;

use httpwhy_model::{Diagnosis, Exchange, Signal, Visit};
use url::{Host, Url};

use super::domain::registrable;

/// How many targets in a row have to fail in the same way.
const TARGETS: usize = 50;
/// On so many unrelated hosts at least.
const HOSTS: usize = 5;

/// What failures of unrelated hosts can share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// The name servers do not answer, or cannot.
    Resolver,
    /// There is no route, or the network is down.
    Route,
    /// Connections to anybody are not answered.
    Connects,
    /// All certificates are of another time.
    Clock,
    /// All certificates come from this issuer, which is not trusted.
    Issuer(String),
    /// Everything is redirected there, or answered 511.
    Portal(String),
    /// The proxy on the way out.
    Proxy,
    /// This machine has no descriptors, ports or memory left.
    Machine,
}

impl Shared {
    /// The word for it: resolver, route, connects, clock, issuer, portal, proxy or machine.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Resolver => "resolver",
            Self::Route => "route",
            Self::Connects => "connects",
            Self::Clock => "clock",
            Self::Issuer(_) => "issuer",
            Self::Portal(_) => "portal",
            Self::Proxy => "proxy",
            Self::Machine => "machine",
        }
    }

    /// What a visit's failure may share with others; `None`: nothing that is ours, or no failure.
    pub fn of(visit: &Visit, verdict: &Diagnosis) -> Option<Self> {
        let last = &visit.landed()?.exchange;
        if let Some(portal) = visit.steps.iter().find_map(|step| portal(&step.exchange)) {
            return Some(Self::Portal(portal));
        }
        Some(match verdict.outcome.0 {
            "net/dns-timeout" | "net/dns-temporary" | "net/dns-refused" | "net/dns-servfail"
            | "net/dns-malformed" => Self::Resolver,
            "net/net-unreachable"
            | "net/host-unreachable"
            | "net/net-down"
            | "net/net-access-denied" => Self::Route,
            "net/connect-timeout" => Self::Connects,
            "tls/cert-expired" | "tls/cert-not-yet-valid" => Self::Clock,
            "tls/cert-untrusted" | "tls/cert-self-signed-in-chain" | "tls/cert-interception" => {
                Self::Issuer(last.tls.as_ref()?.issuer.clone()?)
            }
            "net/proxy-connect-failed"
            | "net/dns-proxy-not-found"
            | "net/socks-failed"
            | "http/407" => Self::Proxy,
            "net/fd-exhausted" | "net/no-buffers" | "net/out-of-memory" | "net/address-in-use" => {
                Self::Machine
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolver => f.write_str("the name servers"),
            Self::Route => f.write_str("the route out of this machine"),
            Self::Connects => f.write_str("connections, none of which is answered"),
            Self::Clock => f.write_str("the clock: every certificate is of another time"),
            Self::Issuer(issuer) => write!(f, "the issuer of every certificate: {issuer}"),
            Self::Portal(portal) => write!(f, "the way to a portal: {portal}"),
            Self::Proxy => f.write_str("the proxy on the way out"),
            Self::Machine => f.write_str("this machine, which has none left of what it needs"),
        }
    }
}

/// Where an answer sends everybody: 511 (RFC 6585 section 6), or a passing redirect of a plain request for a name to an
/// address, which is how gateways lead to their own page (RFC 8910 section 1).
fn portal(exchange: &Exchange) -> Option<String> {
    let status = exchange.status()?;
    if status == 511 {
        return Some("511".to_owned());
    }
    if !matches!(status, 302 | 303 | 307) {
        return None;
    }
    let asked = Url::parse(&exchange.target).ok()?;
    if asked.scheme() != "http" || !matches!(asked.host(), Some(Host::Domain(_))) {
        return None;
    }
    let location = exchange.response.as_ref()?.fields.text("location")?;
    let to = Url::parse(location).ok()?;
    matches!(to.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
        .then(|| to.host_str().map(str::to_owned))?
}

/// The last failures, as long as they are of one kind.
#[derive(Debug, Default)]
pub struct Streak {
    shared: Option<Shared>,
    /// Whose they were, the latest last.
    domains: VecDeque<String>,
}

/// That unrelated hosts all fail in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What they share.
    pub shared: Shared,
    /// How many targets in a row.
    pub targets: usize,
    /// On how many unrelated hosts.
    pub hosts: usize,
}

impl Alarm {
    /// The signal that says so in a record: `engine:your-side shared=resolver hosts=12`.
    pub fn signal(&self) -> Signal {
        Signal::Word {
            dialect: "engine".into(),
            word: "your-side".into(),
            params: vec![
                ("shared".into(), self.shared.word().to_owned()),
                ("hosts".into(), self.hosts.to_string()),
            ],
        }
    }
}

impl Streak {
    /// Adds one target's end. An alarm is given when the last 50 targets, on 5 or more unrelated hosts, share a failure.
    pub fn add(&mut self, target: &str, shared: Option<Shared>) -> Option<Alarm> {
        if self.shared != shared {
            self.domains.clear();
            self.shared = shared;
        }
        let shared = self.shared.as_ref()?;
        let url = Url::parse(target).ok();
        let host = url.as_ref().and_then(Url::host_str)?;
        if self.domains.len() == TARGETS {
            self.domains.pop_front();
        }
        self.domains.push_back(registrable(host).to_owned());
        let hosts = self.hosts();
        (self.domains.len() == TARGETS && hosts >= HOSTS).then(|| Alarm {
            shared: shared.clone(),
            targets: TARGETS,
            hosts,
        })
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn hosts(&self) -> usize {
        let mut all: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(
        target: impl Fn(usize) -> String,
        shared: impl Fn(usize) -> Option<Shared>,
    ) -> Option<(usize, Alarm)> {
        let mut streak = Streak::default();
        (1..=200).find_map(|n| Some((n, streak.add(&target(n), shared(n))?)))
    }

    #[test]
    fn fifty_in_a_row_on_five_unrelated_hosts() {
        let spread = |n: usize| format!("http://www.h{}.example{}/x", n % 7, n % 5);
        let (after, found) = alarm(spread, |_| Some(Shared::Resolver)).expect("an alarm");
        assert_eq!((after, found.targets), (50, 50));
        assert!(found.hosts >= 5, "{}", found.hosts);
        assert!(
            found
                .signal()
                .to_string()
                .starts_with("engine:your-side shared=resolver hosts=")
        );
        let one_owner = |n: usize| format!("http://h{n}.d{}.example/", n % 4);
        let route = Some(Shared::Route);
        assert_eq!(alarm(one_owner, |_| route.clone()), None, "four owners");
        let some_work = |n: usize| route.clone().filter(|_| !n.is_multiple_of(49));
        assert_eq!(alarm(spread, some_work), None, "one that works");
        let two = |n: usize| {
            if n.is_multiple_of(40) {
                Some(Shared::Clock)
            } else {
                route.clone()
            }
        };
        assert_eq!(alarm(spread, two), None, "two kinds");
        assert_eq!(alarm(spread, |_| None), None, "failures of their own");
    }
}

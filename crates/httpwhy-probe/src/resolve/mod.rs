//! Name to address: hosts file, special names, cache, then the name servers, each attempt seen.

mod cache;
mod conf;
mod hosts;
mod message;
mod stub;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use httpwhy_model::{DnsFault, Signal};

use crate::config::{Config, Resolver};
use crate::deadline::timeout;
use cache::{Cache, Cached};
use conf::Conf;
use hosts::Hosts;
pub(crate) use message::Extended;

/// How many addresses of one name are used.
const ADDRESSES: usize = 16;

/// What came of a name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// In the order in which they are to be tried; empty when there are none.
    pub(crate) addresses: Vec<IpAddr>,
    /// What went wrong on the way, in order of time. Without addresses there is at least one.
    pub(crate) signals: Vec<Signal>,
}

/// Why there are no addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    pub(crate) fault: DnsFault,
    /// The Extended DNS Error that came with it.
    pub(crate) extended: Option<Extended>,
}

impl Denial {
    fn signal(&self) -> Signal {
        Signal::Dns {
            fault: self.fault,
            detail: self
                .extended
                .as_ref()
                .map_or_else(Vec::new, Extended::params),
        }
    }
}

/// What a name server said for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The addresses, or why there are none: [`DnsFault::NoData`] or code 3 (NXDOMAIN).
    pub(crate) found: Result<Vec<IpAddr>, Denial>,
    /// How long that may be remembered.
    pub(crate) ttl: Duration,
}

/// The names of a run; shared by all threads.
#[derive(Debug)]
pub(crate) struct Names {
    conf: Conf,
    hosts: Hosts,
    cache: Cache,
}

impl Names {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            conf: match &config.resolver {
                Resolver::System => Conf::system(),
                Resolver::Servers(servers) => Conf::of(servers.clone()),
            },
            hosts: config.hosts.as_deref().map(Hosts::read).unwrap_or_default(),
            cache: Cache::default(),
        }
    }

    /// Looks up a host name of a URL within that time.
    pub(crate) async fn resolve(&self, host: &str, within: Duration) -> Resolution {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let known = self.hosts.get(&name);
        if !known.is_empty() {
            return found(known.to_vec(), Vec::new());
        }
        if name == "localhost" || name.ends_with(".localhost") {
            // RFC 6761 section 6.3: never asked of a name server.
            let loopback = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return found(loopback, Vec::new());
        }
        let deadline = Instant::now() + within;
        let mut signals = Vec::new();
        for full in self.conf.candidates(host, &name) {
            match self.look_up(&full, within, deadline, &mut signals).await {
                Some(Ok(addresses)) => return found(addresses, signals),
                Some(Err(denial)) => last_word(&mut signals, &denial),
                None => {}
            }
        }
        if signals.is_empty() {
            signals.push(crate::signals::engine("no-name-server"));
        }
        Resolution {
            addresses: Vec::new(),
            signals,
        }
    }

    /// One full name, from the cache or the name servers. `None` when no server gave an answer.
    async fn look_up(
        &self,
        name: &str,
        within: Duration,
        deadline: Instant,
        signals: &mut Vec<Signal>,
    ) -> Option<Result<Vec<IpAddr>, Denial>> {
        let slot = self.cache.slot(name);
        // One question at a time: whoever else wants this name waits for its answer.
        let Ok(mut slot) = tokio::time::timeout_at(deadline.into(), slot.lock()).await else {
            signals.push(timeout(within));
            return None;
        };
        if let Some(cached) = slot.as_ref().filter(|cached| cached.until > Instant::now()) {
            return Some(cached.found.clone());
        }
        let answer = self.ask(name, within, deadline, signals).await?;
        *slot = Some(Cached {
            found: answer.found.clone(),
            until: Instant::now() + answer.ttl,
        });
        Some(answer.found)
    }

    /// Asks one name server after the other; what each failed with is recorded.
    async fn ask(
        &self,
        name: &str,
        within: Duration,
        deadline: Instant,
        signals: &mut Vec<Signal>,
    ) -> Option<Answer> {
        let servers = &self.conf.servers;
        let share = within / servers.len().max(1) as u32;
        for (index, &server) in servers.iter().enumerate() {
            // What earlier ones left of their shares goes to this one.
            let left = deadline.saturating_duration_since(Instant::now());
            let others = share * (servers.len() - 1 - index) as u32;
            let within = match index {
                0 => share,
                _ => left.saturating_sub(others),
            };
            let until = Instant::now() + within;
            match stub::ask(server, name, within, until, signals).await {
                Ok(answer) => return Some(answer),
                Err(signal) => signals.push(signal),
            }
        }
        None
    }
}

/// Keeps what was said of the last candidate only: the others are guesses of the search list.
fn last_word(signals: &mut Vec<Signal>, denial: &Denial) {
    signals.retain(|signal| {
        !matches!(
            signal,
            Signal::Dns {
                fault: DnsFault::NoData | DnsFault::Rcode(message::NXDOMAIN),
                ..
            }
        )
    });
    signals.push(denial.signal());
}

/// IPv4 first.
fn found(mut addresses: Vec<IpAddr>, signals: Vec<Signal>) -> Resolution {
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.dedup();
    addresses.truncate(ADDRESSES);
    Resolution { addresses, signals }
}

/// Without addresses that this machine has no route to while others are left (RFC 6724 section 6, rule 1).
pub(crate) fn drop_unrouted(addresses: &mut Vec<IpAddr>) {
    if addresses.len() > 1 && addresses.iter().any(IpAddr::is_ipv6) {
        let routed: Vec<_> = addresses
            .iter()
            .copied()
            .filter(|&a| has_route(a))
            .collect();
        if !routed.is_empty() {
            *addresses = routed;
        }
    }
}

/// Whether this machine would know where to send a packet; none is sent.
fn has_route(address: IpAddr) -> bool {
    let any = unspecified(address);
    UdpSocket::bind((any, 0)).is_ok_and(|socket| socket.connect((address, 53)).is_ok())
}

/// The unspecified address of the same family.
pub(crate) fn unspecified(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// The port of name servers.
const PORT: u16 = 53;

/// A name server's address from an IP address.
const fn server(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, PORT)
}

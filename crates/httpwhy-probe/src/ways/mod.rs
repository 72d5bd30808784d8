//! Ways through: proxies, other addresses, other interfaces. What was asked for; `dial` goes there.

mod choice;
mod no_proxy;
mod overrides;
mod proxy;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use url::Host;

pub use choice::Proxies;
pub use no_proxy::NoProxy;
pub use overrides::{ConnectTo, ResolveTo};
pub use proxy::{Proxy, ProxyScheme, Secret};

use crate::target::Origin;

/// How connections are made. The default: straight to the target's addresses, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ways {
    /// Which proxy is used for which target.
    pub proxies: Proxies,
    /// Ask an HTTP proxy for a tunnel (CONNECT) for every target, also for `http`.
    pub tunnel: bool,
    /// Addresses to be used for a host and port instead of a name server's; the first that fits counts.
    pub resolve: Vec<ResolveTo>,
    /// Other hosts and ports to connect to; the first that fits counts.
    pub connect_to: Vec<ConnectTo>,
    /// The source address or interface of connections; name servers are asked from any.
    pub from: Option<From>,
    /// A Unix socket to connect to instead of every target's address. No proxy is used then.
    pub unix: Option<PathBuf>,
    /// Only addresses of that family.
    pub family: Option<Family>,
    /// Attempts of both families race, 250 ms apart (RFC 8305), instead of one after the other.
    pub happy_eyeballs: bool,
    /// Ask at each address of the target's name, one step each; nothing is followed then.
    pub all_addresses: bool,
}

/// Where connections come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// A source address of this machine.
    Address(IpAddr),
    /// A network interface by name; the system may want a privilege for it (`SO_BINDTODEVICE`, socket(7)).
    Interface(String),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Interface(name) => f.write_str(name),
        }
    }
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Whether the address is of that family.
    pub(crate) const fn has(self, address: IpAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// Where to connect to for a host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// Addresses that were given; else the host's own, or those of its name.
    pub(crate) addresses: Option<Vec<IpAddr>>,
    /// Where this differs from what the target says: what it was changed to, and by which option.
    pub(crate) instead: Option<(String, &'static str)>,
}

impl Ways {
    /// The proxy for that origin, if there is to be one.
    pub(crate) fn proxy_for(&self, origin: &Origin, websocket: bool) -> Option<&Arc<Proxy>> {
        if self.unix.is_some() {
            return None;
        }
        self.proxies.choose(origin, websocket)
    }

    /// Where to connect to for that origin, at that address only if one is given.
    pub(crate) fn straight(&self, origin: &Origin, address: Option<IpAddr>) -> Place {
        let mut place = self.place(&origin.host, origin.port);
        if let Some(address) = address {
            place.addresses = Some(vec![address]);
            place.instead = Some((address.to_string(), "--all-addresses"));
        }
        place
    }

    /// Where to connect to for that host and port.
    pub(crate) fn place(&self, host: &Host<String>, port: u16) -> Place {
        let mut place = Place {
            host: host.clone(),
            port,
            addresses: None,
            instead: None,
        };
        if let Some(rule) = self.connect_to.iter().find(|rule| rule.fits(host, port)) {
            rule.apply(&mut place);
        }
        let given = self
            .resolve
            .iter()
            .find(|rule| rule.fits(&place.host, place.port));
        if let Some(rule) = given {
            rule.apply(&mut place);
        }
        place
    }
}

//! How a connection came about, where that was not straight to the target's own address.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::{Response, Signal};

/// How a connection came about: through whom, instead of what, from where, after how many attempts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Way {
    /// The proxy, when one was used.
    pub proxy: Option<ProxyFacts>,
    /// Where the connection went instead of the target's own host and port.
    pub instead: Option<Instead>,
    /// The source address or interface that was asked for.
    pub from: Option<String>,
    /// The address at this end of the connection, where it was looked at: to be compared between a login and what follows.
    pub local: Option<IpAddr>,
    /// Every attempt at an address, in order of their beginnings; empty when there was but one.
    pub attempts: Vec<Attempt>,
}

/// The proxy of an exchange. Its credentials are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyFacts {
    /// `http://proxy.example:3128`; also `https`, `socks5`, `socks5h`. Never with user information.
    pub uri: String,
    /// Who said so: `--proxy`, `environment https_proxy`.
    pub set_by: String,
    /// Whether credentials for the proxy were at hand and offered.
    pub credentials: bool,
    /// The answer to CONNECT (RFC 9110 section 9.3.6), when one came.
    pub answer: Option<Response>,
}

/// Another place than the target's host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead {
    /// `unix:/run/app.sock`, `backend.example:8443`, `192.0.2.7`.
    pub to: String,
    /// Who said so: `--connect-to`, `--resolve`, `--unix-socket`, `--all-addresses`.
    pub set_by: String,
}

/// One attempt at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The address.
    pub to: SocketAddr,
    /// When it began, counted from the first attempt's beginning.
    pub after: Duration,
    /// How long it took.
    pub took: Duration,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt at an address ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Connected, and used.
    Connected,
    /// It failed so.
    Failed(Signal),
    /// Another attempt connected first (RFC 8305 section 5).
    Abandoned,
}

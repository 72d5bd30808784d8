//! What a connection is good for: the key under which it is kept.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use url::Host;

use crate::target::{Origin, Target};
use crate::ways::{Place, Proxy, Ways};

/// What a connection is good for. Two exchanges may share one exactly when their routes are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    pub(crate) rules: Rules,
    pub(crate) kind: Kind,
}

/// Through whom, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// To that origin, at that address only if one is given.
    Direct {
        origin: Origin,
        address: Option<IpAddr>,
    },
    /// To a service that an answer of that origin named as good for it (RFC 7838).
    Alternative { origin: Origin, to: Alternative },
    /// To a proxy that is asked with the whole target URI (RFC 9112 section 3.2.2): good for every `http` target.
    Forward(Arc<Proxy>),
    /// Through a proxy to that origin.
    Tunnel { proxy: Arc<Proxy>, origin: Origin },
}

/// Where an alternative service is (RFC 7838 section 3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Alternative {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Alternative {
    /// Where to connect to for it.
    pub(super) fn place(&self, ways: &Ways) -> Place {
        let mut place = ways.place(&self.host, self.port);
        let to = format!("{}:{}", place.host, place.port);
        place.instead.get_or_insert((to, "Alt-Svc"));
        place
    }
}

/// The rules by which a connection was made. Others, even of the same content, are another key.
#[derive(Debug, Clone)]
pub(crate) struct Rules(pub(crate) Arc<Ways>);

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Rules {}

impl Hash for Rules {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Route {
    /// The way to a target; `websocket`: for a WebSocket, which needs a tunnel even without TLS (RFC 6455 section 4.1).
    pub(crate) fn of(
        target: &Target,
        websocket: bool,
        ways: &Arc<Ways>,
        address: Option<IpAddr>,
    ) -> Self {
        let origin = &target.origin;
        let kind = match ways.proxy_for(origin, websocket) {
            None => Kind::Direct {
                origin: origin.clone(),
                address,
            },
            Some(proxy) if origin.tls || websocket || ways.tunnel || proxy.scheme().is_socks() => {
                Kind::Tunnel {
                    proxy: Arc::clone(proxy),
                    origin: origin.clone(),
                }
            }
            Some(proxy) => Kind::Forward(Arc::clone(proxy)),
        };
        Self {
            rules: Rules(Arc::clone(ways)),
            kind,
        }
    }

    /// The way to an alternative service of an origin.
    pub(crate) fn alternative(origin: &Origin, to: &Alternative, ways: &Arc<Ways>) -> Self {
        Self {
            rules: Rules(Arc::clone(ways)),
            kind: Kind::Alternative {
                origin: origin.clone(),
                to: to.clone(),
            },
        }
    }

    /// Whether it can carry QUIC: straight, and with TLS.
    pub(crate) fn carries_quic(&self) -> bool {
        match &self.kind {
            Kind::Direct { origin, .. } => origin.tls && self.rules.0.unix.is_none(),
            Kind::Alternative { .. } => true,
            Kind::Forward(_) | Kind::Tunnel { .. } => false,
        }
    }

    /// Whose connection it is at the far end; none for a proxy that passes requests on to anybody.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        match &self.kind {
            Kind::Direct { origin, .. }
            | Kind::Alternative { origin, .. }
            | Kind::Tunnel { origin, .. } => Some(origin),
            Kind::Forward(_) => None,
        }
    }

    /// The proxy that is asked with the whole target URI.
    pub(crate) fn forward(&self) -> Option<&Proxy> {
        match &self.kind {
            Kind::Forward(proxy) => Some(proxy),
            Kind::Direct { .. } | Kind::Alternative { .. } | Kind::Tunnel { .. } => None,
        }
    }
}

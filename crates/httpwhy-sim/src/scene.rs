//! How a client meets each outcome.

use std::net::SocketAddr;

use httpwhy_model::OutcomeId;

use crate::act::Cue;

/// The protocol that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Whichever it would choose by itself; `http` targets then mean HTTP/1.1.
    #[default]
    Any,
    /// HTTP/2: by ALPN under TLS, from the first byte (prior knowledge, RFC 9113 section 3.3) without.
    Http2,
    /// HTTP/3, over QUIC.
    Http3,
}

/// What a client must do to meet an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, most of them rare"
)]
pub struct Scene {
    /// What it is called: the outcome's id, or that with a third part for another way to the same.
    pub id: OutcomeId,
    /// The outcome.
    pub outcome: OutcomeId,
    /// The absolute URL to ask; or the bad input of act `input`, as it stands in the entry.
    pub target: String,
    /// The method.
    pub method: String,
    /// Request fields that are sent besides the client's own, in order.
    pub fields: Vec<(String, String)>,
    /// Content of the request; `None` for none.
    pub body: Option<Vec<u8>>,
    /// Whether a WebSocket is asked for (the target's scheme is `ws` or `wss` then).
    pub websocket: bool,
    /// The protocol to ask in.
    pub protocol: Protocol,
    /// A name server to be asked instead of the simulator's.
    pub dns: Option<SocketAddr>,
    /// The kind of the prober's test switch; the target is a plain answer then.
    pub fault: Option<String>,
    /// Whether it is asked on a connection that has carried nothing.
    pub fresh: bool,
    /// A URL that is asked first, on the same connection.
    pub warm_up: Option<String>,
    /// Whether it ends by the client's own deadline.
    pub slow: bool,
    /// A revocation list (PEM) to check certificates with; `None` for none.
    pub crl: Option<String>,
    /// A client certificate with its chain and its key (PEM) to show when asked for one; `None` for none.
    pub identity: Option<String>,
    /// Whether redirects are followed.
    pub follow: bool,
    /// The proxy to ask through, as `scheme://host:port`.
    pub proxy: Option<String>,
    /// The source address to connect from.
    pub from: Option<String>,
}

impl Scene {
    /// The scene that a cue describes; `origin` is the address of the target, `path` its path.
    pub(crate) fn of(
        id: OutcomeId,
        cue: Cue,
        origin: SocketAddr,
        path: &str,
        dead_resolver: SocketAddr,
    ) -> Self {
        let target = match (cue.target, cue.host) {
            (Some(target), _) => target.to_owned(),
            (None, Some(host)) => format!("{}://{host}:{}{path}", cue.scheme, origin.port()),
            (None, None) => format!("{}://{origin}{path}", cue.scheme),
        };
        let proxy = cue
            .proxy
            .map(|(scheme, host)| format!("{scheme}://{host}:{}", origin.port()));
        Self {
            id,
            warm_up: cue.warm_up.then(|| target.clone()),
            target,
            method: cue.method,
            fields: cue.fields,
            body: cue.body,
            websocket: cue.websocket,
            fresh: cue.fresh,
            protocol: cue.protocol,
            dns: cue.dead_resolver.then_some(dead_resolver),
            fault: cue.fault.map(str::to_owned),
            slow: cue.slow,
            follow: cue.follow,
            proxy,
            from: cue.from.map(str::to_owned),
            crl: None,
            identity: None,
            outcome: outcome(id),
        }
    }

    /// The port of the target.
    pub(crate) fn port(&self) -> Option<u16> {
        let authority = self.target.split('/').nth(2)?;
        authority.rsplit(':').next()?.parse().ok()
    }
}

/// The first two parts of an id.
fn outcome(id: OutcomeId) -> OutcomeId {
    let third = id.0.match_indices('/').nth(1);
    third.map_or(id, |(at, _)| OutcomeId(&id.0[..at]))
}

//! A connection with the protocol it speaks. One exchange at a time uses it, whatever the protocol allows.

use std::net::SocketAddr;

use httpwhy_model::{Exchange, Phase, Signal, TlsFacts, TlsFault, Way};

use crate::dial::{Dialler, Route};
use crate::h2::Session;
use crate::h3::{self, Http3};
use crate::stream::Stream;
use crate::talk::{After, Talk, fail};
use crate::{Protocol, h1, h2, request, signals};

/// What a kept connection is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) route: Route,
    /// The protocol that was asked for, which is not always the one spoken.
    pub(crate) protocol: Protocol,
}

/// What is known of a connection, whatever it carries.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The address at the other end; none for a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    /// How it came about, where not straight to the target's only address.
    pub(crate) way: Option<Box<Way>>,
    pub(crate) tls: Option<TlsFacts>,
    /// What was wrong with the certificates: a fact of every exchange on this connection.
    pub(crate) problems: Vec<Signal>,
    /// The server asked for a client certificate and got none.
    pub(crate) client_cert_wanted: bool,
}

impl Facts {
    /// Copies what is known into an exchange on the connection.
    pub(crate) fn describe(&self, exchange: &mut Exchange) {
        exchange.peer = self.peer;
        exchange.way.clone_from(&self.way);
        exchange.tls.clone_from(&self.tls);
        for problem in &self.problems {
            exchange.signal(Phase::Tls, problem.clone());
        }
    }
}

/// A connection and what is known of it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) key: Key,
    pub(crate) facts: Facts,
    pub(crate) carrier: Carrier,
}

/// What carries the exchanges.
#[derive(Debug)]
pub(crate) enum Carrier {
    /// HTTP/1.0 or HTTP/1.1: the bytes of a stream.
    H1(Stream),
    /// HTTP/2.
    H2(Box<Session>),
    /// HTTP/3: a QUIC connection.
    H3(Box<Http3>),
}

/// Opens a connection and decides what is spoken on it. What fails is recorded, and then there is none.
pub(crate) async fn establish(
    talk: &Talk<'_>,
    key: Key,
    exchange: &mut Exchange,
) -> Option<Box<Connection>> {
    if key.protocol == Protocol::Http3 {
        let (http, facts) = h3::open(talk, &key.route, exchange).await?;
        let carrier = Carrier::H3(Box::new(http));
        return Some(Box::new(Connection {
            key,
            facts,
            carrier,
        }));
    }
    let dialler = Dialler {
        local: talk.local,
        deadlines: talk.deadlines,
        budget: talk.budget,
    };
    let alpn = offered(key.protocol);
    let opened = dialler.open(&key.route, alpn, exchange).await?;
    let (stream, facts) = (opened.stream, opened.facts);
    let carrier = match is_h2(key.protocol, facts.tls.as_ref()) {
        Some(false) => Ok(Carrier::H1(stream)),
        Some(true) => h2::begin(talk, stream)
            .await
            .map(|session| Carrier::H2(Box::new(session))),
        None => Err(signals::tls(TlsFault::NoAlpn)),
    };
    match carrier {
        Ok(carrier) => Some(Box::new(Connection {
            key,
            facts,
            carrier,
        })),
        Err(signal) => {
            let phase = match signal {
                Signal::Tls { .. } => Phase::Tls,
                _ => Phase::Send,
            };
            fail(&facts, phase, signal, exchange);
            None
        }
    }
}

/// What is offered by ALPN. Nothing for HTTP/1.0: servers that know no `http/1.0` would refuse the handshake.
const fn offered(protocol: Protocol) -> &'static [&'static [u8]] {
    match protocol {
        Protocol::Auto => &[b"h2", b"http/1.1"],
        Protocol::Http10 => &[],
        Protocol::Http11 => &[b"http/1.1"],
        Protocol::Http2 | Protocol::Http2PriorKnowledge => &[b"h2"],
        // QUIC does it elsewhere.
        Protocol::Http3 | Protocol::Http3First => &[b"h3"],
    }
}

/// Whether HTTP/2 is spoken; `None` when it must be and the server did not agree.
fn is_h2(protocol: Protocol, tls: Option<&TlsFacts>) -> Option<bool> {
    let agreed = tls.map(|tls| tls.alpn.as_deref() == Some("h2"));
    match protocol {
        Protocol::Auto => Some(agreed == Some(true)),
        Protocol::Http10 | Protocol::Http11 | Protocol::Http3 | Protocol::Http3First => Some(false),
        Protocol::Http2 => (agreed != Some(false)).then_some(true),
        Protocol::Http2PriorKnowledge => Some(true),
    }
}

impl Connection {
    /// One exchange, as `exchange.request` asks for it. `out` is room for the bytes of the request.
    pub(crate) async fn exchange(
        &mut self,
        talk: &Talk<'_>,
        out: &mut Vec<u8>,
        exchange: &mut Exchange,
    ) -> After {
        let after = match &mut self.carrier {
            Carrier::H1(stream) => {
                request::write(out, &exchange.request, talk.raw);
                h1::exchange(talk, stream, &self.facts, out, exchange).await
            }
            // In a box: it is large, and a task in wait is small.
            Carrier::H2(session) => {
                Box::pin(h2::exchange(talk, session, &self.facts, exchange)).await
            }
            Carrier::H3(http) => Box::pin(http.exchange(talk, &self.facts, exchange)).await,
        };
        if matches!(after, After::Keep) {
            // It answered without one, so that is not why it may die later.
            self.facts.client_cert_wanted = false;
        }
        after
    }

    /// Whether nothing has come since the last response: neither bytes nor the end. Bytes and an end that the runtime
    /// has not yet been told of are not seen.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        match &mut self.carrier {
            Carrier::H1(stream) => stream.is_quiet().await,
            Carrier::H2(session) => session.is_quiet().await,
            Carrier::H3(http) => http.is_quiet().await,
        }
    }

    /// Ends it, with close_notify under TLS as far as the system takes it at once.
    pub(crate) async fn close(self) {
        match self.carrier {
            Carrier::H1(stream) => stream.close().await,
            Carrier::H2(session) => session.close().await,
            Carrier::H3(http) => http.close().await,
        }
    }
}

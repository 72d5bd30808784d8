//! A connection with the protocol it speaks. One exchange at a time uses it, whatever the protocol allows.

use std::net::SocketAddr;

use httpwhy_model::{Exchange, Phase, Signal, TlsFacts, Way};

use crate::dial::{Dialler, Route};
use crate::h1;
use crate::stream::Stream;
use crate::talk::{After, Talk};
use crate::{Protocol, request};

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
}

/// Opens a connection and decides what is spoken on it. What fails is recorded, and then there is none.
pub(crate) async fn establish(
    talk: &Talk<'_>,
    key: Key,
    exchange: &mut Exchange,
) -> Option<Connection> {
    let alpn: &[&[u8]] = &[b"http/1.1"];
    let dialler = Dialler {
        local: talk.local,
        deadlines: talk.deadlines,
        budget: talk.budget,
    };
    let opened = dialler.open(&key.route, alpn, exchange).await?;
    Some(Connection {
        key,
        facts: opened.facts,
        carrier: Carrier::H1(opened.stream),
    })
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
                request::write(out, &exchange.request);
                h1::exchange(talk, stream, &self.facts, out, exchange).await
            }
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
        }
    }

    /// Ends it, with close_notify under TLS as far as the system takes it at once.
    pub(crate) async fn close(self) {
        match self.carrier {
            Carrier::H1(stream) => stream.close().await,
        }
    }
}

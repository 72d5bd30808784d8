//! HTTP/3 (RFC 9114) over QUIC (RFC 9000): a connection of its own socket, and the exchanges on it.

mod exchange;
mod frames;
mod message;
mod socket;
mod wire;

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h3::error::Code;
use httpwhy_model::{Attempt, AttemptEnd, Exchange, Phase, Signal};
use quinn::{ConnectionError, EndpointConfig, TokioRuntime, TransportConfig, VarInt};

use crate::connection::Facts;
use crate::dial::{Dialler, Route};
use crate::signals;
use crate::talk::{After, Talk};
use crate::target::Origin;
use crate::tls::{self, Known};
pub(crate) use message::adapt;
use socket::{Datagrams, Socket};
use tokio::net::UdpSocket;
use wire::{Opener, Seen, Wire};

/// How often a quiet connection is asked whether it lives, so that silence is the server's and not the network's.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Unread bytes of one stream, and of all, that a server may send (RFC 9000 section 4).
const STREAM_WINDOW: u32 = 512 * 1024;
const WINDOW: u32 = 1024 * 1024;
/// Streams of its own that a server may have open: control, QPACK's two, and some that mean nothing.
const STREAMS: u32 = 8;
/// Frames up to this length are always taken.
const FRAME: u64 = 16 * 1024;

/// A connection that speaks HTTP/3.
pub(crate) struct Http3 {
    requests: h3::client::SendRequest<Opener, Bytes>,
    link: Link,
    datagrams: Arc<Datagrams>,
    /// The socket and its timers live as long as this does.
    _endpoint: quinn::Endpoint,
}

/// What lies below the requests.
struct Link {
    driver: h3::client::Connection<Wire, Bytes>,
    quic: quinn::Connection,
    seen: Arc<Seen>,
    /// The driver has ended: nothing more is sent or read.
    over: bool,
}

impl fmt::Debug for Http3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http3")
            .field("quic", &self.link.quic)
            .finish_non_exhaustive()
    }
}

/// Opens a connection, address by address. What fails is recorded, and then there is none.
pub(crate) async fn open(
    talk: &Talk<'_>,
    route: &Route,
    exchange: &mut Exchange,
) -> Option<(Http3, Facts)> {
    let dialler = Dialler {
        local: talk.local,
        deadlines: talk.deadlines,
        budget: talk.budget,
    };
    let peers = dialler.peers(route, exchange).await?;
    let origin = route.origin()?;
    let began = Instant::now();
    for &peer in &peers {
        exchange.peer = Some(peer);
        let after = began.elapsed();
        let opened = match dialler.udp(route, peer).await {
            Ok(socket) => shake(talk, origin, socket, peer, exchange).await,
            Err(signal) => {
                exchange.signal(Phase::Connect, signal.clone());
                Ok(Err(signal))
            }
        };
        let end = match &opened {
            Ok(Ok(_)) | Err(Spoken) => AttemptEnd::Connected,
            Ok(Err(signal)) => AttemptEnd::Failed(signal.clone()),
        };
        if peers.len() > 1 {
            exchange.way_mut().attempts.push(Attempt {
                to: peer,
                after,
                took: began.elapsed().saturating_sub(after),
                end,
            });
        }
        match opened {
            Ok(Ok((http, mut facts))) => {
                facts.way.clone_from(&exchange.way);
                return Some((http, facts));
            }
            Ok(Err(_)) => {}
            Err(Spoken) => return None,
        }
    }
    None
}

/// The other side was there: what it said counts, and no other address is tried.
struct Spoken;

/// The handshake with one address. What fails is recorded; the inner error says why nobody was there.
async fn shake(
    talk: &Talk<'_>,
    origin: &Origin,
    socket: UdpSocket,
    peer: SocketAddr,
    exchange: &mut Exchange,
) -> Result<Result<(Http3, Facts), Signal>, Spoken> {
    let started = start(talk, origin, socket, peer);
    let (endpoint, connecting, datagrams, watch) = match started {
        Ok(started) => started,
        Err(signal) => {
            exchange.signal(Phase::Connect, signal.clone());
            return Ok(Err(signal));
        }
    };
    let quic = match handshake(talk, connecting, &datagrams, exchange).await {
        Shaken::Done(quic) => quic,
        Shaken::Nobody(signal) => return Ok(Err(signal)),
        Shaken::Broken(error) => {
            let known = watch.known(None);
            describe(&known, exchange);
            broken(&error, known.client_cert_wanted, exchange);
            return Err(Spoken);
        }
        Shaken::Late(signal) => {
            describe(&watch.known(None), exchange);
            silent(Phase::Tls, [signal], exchange);
            return Err(Spoken);
        }
    };
    talk.local.count(|totals| totals.connections += 1);
    let known = watch.known(Some(&quic));
    describe(&known, exchange);
    let facts = Facts {
        peer: Some(peer),
        way: None,
        tls: Some(known.facts),
        problems: known.problems,
        client_cert_wanted: known.client_cert_wanted,
    };
    match Http3::begin(talk, quic, endpoint, datagrams).await {
        Ok(http) => Ok(Ok((http, facts))),
        Err(broken) => {
            for signal in broken {
                exchange.signal(Phase::Send, signal);
            }
            Err(Spoken)
        }
    }
}

/// What came of a handshake.
enum Shaken {
    Done(quinn::Connection),
    /// Broken off, by whichever side.
    Broken(ConnectionError),
    /// Somebody was there, but it was not over in time.
    Late(Signal),
    /// Nobody answered, as is recorded.
    Nobody(Signal),
}

/// Waits for the first datagram, and then for the rest, each with its own deadline; how long each took is recorded.
async fn handshake(
    talk: &Talk<'_>,
    connecting: quinn::Connecting,
    datagrams: &Datagrams,
    exchange: &mut Exchange,
) -> Shaken {
    let began = Instant::now();
    let mut connecting = pin!(connecting);
    let first = talk.budget.within(talk.deadlines.connect, async {
        tokio::select! {
            biased;
            ended = &mut connecting => Some(ended),
            () = datagrams.news() => None,
        }
    });
    let first = first.await;
    let refused = datagrams.error().filter(|_| datagrams.first().is_none());
    let nobody = match (&first, &refused) {
        (Err(late), _) => Some(late.clone()),
        (Ok(None), Some(refused)) => Some(refused.clone()),
        (Ok(_), _) => None,
    };
    if let Some(why) = nobody {
        exchange.timeline.add(Phase::Connect, began.elapsed());
        let other = refused.filter(|refused| *refused != why);
        let all = other.into_iter().chain([why.clone()]);
        silent(Phase::Connect, all, exchange);
        return Shaken::Nobody(why);
    }
    let ended = if let Some(ended) = first.ok().flatten() {
        Ok(ended)
    } else {
        let rest = talk.budget.within(talk.deadlines.tls, &mut connecting);
        rest.await
    };
    let heard = datagrams.first().unwrap_or_else(Instant::now);
    exchange.timeline.add(Phase::Connect, heard - began);
    exchange.timeline.add(Phase::Tls, heard.elapsed());
    match ended {
        Ok(Ok(quic)) => Shaken::Done(quic),
        Ok(Err(error)) => Shaken::Broken(error),
        Err(late) => Shaken::Late(late),
    }
}

type Started = (
    quinn::Endpoint,
    quinn::Connecting,
    Arc<Datagrams>,
    tls::Watch,
);

/// A socket, and the handshake on it begun.
fn start(
    talk: &Talk<'_>,
    origin: &Origin,
    socket: UdpSocket,
    peer: SocketAddr,
) -> Result<Started, Signal> {
    let anchors = &talk.local.shared.anchors;
    let (crypto, name, watch) = tls::quic(anchors, &origin.host, &[b"h3"])?;
    let (socket, datagrams) = Socket::new(socket, peer);
    let endpoint = quinn::Endpoint::new_with_abstract_socket(
        EndpointConfig::default(),
        None,
        socket,
        Arc::new(TokioRuntime),
    );
    let endpoint = endpoint.map_err(|error| signals::of_io(&error))?;
    let mut config = quinn::ClientConfig::new(crypto);
    config.transport_config(Arc::new(transport()));
    let connecting = endpoint
        .connect_with(config, peer, &name)
        .map_err(|error| signals::of_quic_start(&error))?;
    Ok((endpoint, connecting, datagrams, watch))
}

fn transport() -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .keep_alive_interval(Some(KEEP_ALIVE))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW))
        .receive_window(VarInt::from_u32(WINDOW))
        .max_concurrent_uni_streams(VarInt::from_u32(STREAMS))
        // One, so that a server that opens one is told what it did wrong (RFC 9114 section 6.1).
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .datagram_receive_buffer_size(None);
    transport
}

/// What is known of TLS, whether or not the handshake was completed.
fn describe(known: &Known, exchange: &mut Exchange) {
    for problem in &known.problems {
        exchange.signal(Phase::Tls, problem.clone());
    }
    exchange.tls = Some(known.facts.clone());
}

/// Records a handshake that nobody completed.
fn silent(phase: Phase, why: impl IntoIterator<Item = Signal>, exchange: &mut Exchange) {
    let mut ours = false;
    for signal in why {
        ours |= signal.is("limit");
        exchange.signal(phase, signal);
    }
    if !ours {
        exchange.signal(phase, signals::quic("handshake-failed"));
    }
}

/// Records a handshake that was broken off.
fn broken(error: &ConnectionError, cert_wanted: bool, exchange: &mut Exchange) {
    if matches!(error, ConnectionError::TimedOut) {
        return silent(Phase::Tls, signals::of_quic(error), exchange);
    }
    let said = signals::of_quic(error);
    // No common version, CONNECTION_REFUSED, INVALID_TOKEN: before any TLS.
    let early = ["quic:version-negotiation", "quic:2", "quic:11"];
    let early = said
        .iter()
        .any(|signal| early.iter().any(|head| signal.is(head)));
    let phase = if early { Phase::Connect } else { Phase::Tls };
    if cert_wanted
        && said
            .iter()
            .any(|signal| matches!(signal, Signal::TlsAlert(_)))
    {
        exchange.signal(
            phase,
            signals::tls(httpwhy_model::TlsFault::ClientCertWanted),
        );
    }
    for signal in said {
        exchange.signal(phase, signal);
    }
}

impl Http3 {
    /// Begins to speak HTTP/3: our control stream and settings.
    async fn begin(
        talk: &Talk<'_>,
        quic: quinn::Connection,
        endpoint: quinn::Endpoint,
        datagrams: Arc<Datagrams>,
    ) -> Result<Self, Vec<Signal>> {
        let head = talk.limits.head as u64;
        let seen = Arc::new(Seen::new(head.max(FRAME)));
        let wire = Wire::new(quic.clone(), Arc::clone(&seen));
        let mut builder = h3::client::builder();
        builder.max_field_section_size(head).send_grease(false);
        let built = builder.build(wire);
        match talk.budget.within(talk.deadlines.send, built).await {
            Ok(Ok((driver, requests))) => Ok(Self {
                requests,
                link: Link {
                    driver,
                    quic,
                    seen,
                    over: false,
                },
                datagrams,
                _endpoint: endpoint,
            }),
            Ok(Err(error)) => Err(signals::of_h3(&error, quic.close_reason().as_ref())),
            Err(signal) => Err(vec![signal]),
        }
    }

    /// One exchange, as `exchange.request` asks for it.
    pub(crate) async fn exchange(
        &mut self,
        talk: &Talk<'_>,
        facts: &Facts,
        seen: &mut Exchange,
    ) -> After {
        exchange::exchange(talk, self, facts, seen).await
    }

    /// Whether it can carry another exchange: nobody has ended it, nor said that they will.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        poll_fn(|cx| {
            self.link.drive(cx);
            Poll::Ready(())
        })
        .await;
        self.lives()
    }

    fn lives(&self) -> bool {
        let link = &self.link;
        !link.over && link.quic.close_reason().is_none() && link.seen.goaway().is_none()
    }

    /// Ends it in order, as far as the system takes it at once.
    pub(crate) async fn close(self) {
        let code = VarInt::from_u64(Code::H3_NO_ERROR.value()).unwrap_or_default();
        self.link.quic.close(code, b"");
        // The library's own task sends it.
        tokio::task::yield_now().await;
    }
}

impl Link {
    /// Lets the connection's own streams go on.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.over {
            self.over = self.driver.poll_close(cx).is_ready();
        }
    }
}

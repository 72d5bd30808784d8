//! QUIC connections that are never made, or fall silent.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use quinn::udp::{RecvMeta, Transmit};
use quinn::{
    AsyncUdpSocket, Connection, Endpoint, RecvStream, Runtime, SendStream, TokioRuntime,
    TransportConfig, UdpPoller, VarInt,
};
use tokio::time::{sleep, timeout};

use crate::act::{Act, Cue, Guest, Misuse, OnDatagrams, Params, Part, Playing, Role};
use crate::h3::{Ids, with_ids};
use crate::quic;
use crate::serve::DEADLINE;

/// After so much silence an endpoint that forgets asks its client for a sign of life.
const NUDGE: Duration = Duration::from_millis(50);

/// After so much, in milliseconds, it gives up on it.
const PATIENCE: u32 = 10_000;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "quic",
    about: "a UDP port that refuses, is silent, knows other versions of QUIC only, or makes a connection that idles out or is forgotten (stateless reset)",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    const HOWS: &[&str] = &["idle", "refused", "silence", "stateless-reset", "version"];
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Datagrams(Box::new(Quic { how })),
        cue: Cue {
            slow: how == "silence",
            ..Cue::http3()
        },
    })
}

struct Quic {
    how: &'static str,
}

impl OnDatagrams for Quic {
    fn listen<'a>(&'a self, socket: UdpSocket, guest: Guest<'a>) -> Playing<'a, ()> {
        Box::pin(perform_how(self.how, socket, guest))
    }
}

async fn perform_how(how: &str, socket: UdpSocket, guest: Guest<'_>) -> io::Result<()> {
    match how {
        "idle" => {
            let endpoint = crate::h3::endpoint(socket, guest.world.certificates.quic_idle())?;
            while let Some(incoming) = endpoint.accept().await {
                tokio::spawn(async move {
                    // Nothing is read and nothing said until both sides give up.
                    if let Ok(connection) = incoming.await {
                        connection.closed().await;
                    }
                });
            }
            Ok(())
        }
        "stateless-reset" => forget(socket, guest).await,
        "version" => quic::answer(socket, |first| Some(quic::other_versions(first))).await,
        "refused" => {
            // A socket that takes datagrams from itself only: the system refuses all others.
            socket.connect(socket.local_addr()?)?;
            loop {
                sleep(DEADLINE).await;
            }
        }
        _ => quic::answer(socket, |_| None).await,
    }
}

/// Serves each connection up to its first request and then knows nothing of it: its endpoint hears no more, and a new one
/// with the same key listens in its place. To that one the client's next packet belongs to no connection, which it says
/// with the token that its predecessor gave out (RFC 9000 section 10.3). A client may have no more to send, so the old
/// endpoint goes on to speak: what it sends has to be acknowledged.
async fn forget(socket: UdpSocket, guest: Guest<'_>) -> io::Result<()> {
    let config = with_ids(Ids::that_reset);
    let mut transport = TransportConfig::default();
    transport.keep_alive_interval(Some(NUDGE));
    transport.max_idle_timeout(Some(VarInt::from_u32(PATIENCE).into()));
    let mut server = guest.world.certificates.quic();
    server.transport_config(Arc::new(transport));
    let open = || {
        let ears = Arc::new(Ears {
            socket: TokioRuntime.wrap_udp_socket(socket.try_clone()?)?,
            shut: AtomicBool::new(false),
        });
        let (config, server) = (config.clone(), Some(server.clone()));
        let heard: Arc<dyn AsyncUdpSocket> = Arc::clone(&ears) as _;
        let endpoint =
            Endpoint::new_with_abstract_socket(config, server, heard, Arc::new(TokioRuntime))?;
        io::Result::Ok((endpoint, ears))
    };
    let (mut endpoint, mut ears) = open()?;
    while let Some(incoming) = endpoint.accept().await {
        let Ok(Ok(connection)) = timeout(DEADLINE, incoming.into_future()).await else {
            continue;
        };
        let Ok(Ok(request)) = timeout(DEADLINE, connection.accept_bi()).await else {
            continue;
        };
        ears.shut.store(true, Ordering::Release);
        let (next, open_ears) = open()?;
        let deaf = std::mem::replace(&mut endpoint, next);
        ears = open_ears;
        tokio::spawn(speak_on(deaf, connection, request));
    }
    Ok(())
}

/// Keeps a deaf endpoint until its connection has idled out. Whatever is dropped before then would tell the client that
/// it is over.
async fn speak_on(endpoint: Endpoint, connection: Connection, request: (SendStream, RecvStream)) {
    let closed = connection.closed();
    tokio::pin!(closed);
    loop {
        tokio::select! {
            _ = &mut closed => break,
            // Who asked just before it went deaf asks the next one again.
            Some(incoming) = endpoint.accept() => incoming.ignore(),
        }
    }
    drop(request);
}

/// A socket that no longer hears once its ears are shut. It can still send.
#[derive(Debug)]
struct Ears {
    socket: Arc<dyn AsyncUdpSocket>,
    shut: AtomicBool,
}

impl AsyncUdpSocket for Ears {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        about: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        if self.shut.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        self.socket.poll_recv(context, buffers, about)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

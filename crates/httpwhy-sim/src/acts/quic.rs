//! QUIC connections that are never made, or fall silent.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use quinn::{ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig};
use tokio::time::{sleep, timeout};

use crate::act::{Act, Cue, Guest, Misuse, OnDatagrams, Params, Part, Playing, Role};
use crate::quic;
use crate::random::Random;
use crate::serve::DEADLINE;

/// The length of our connection ids, in bytes.
const ID: usize = 8;

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

/// Random connection ids. By the library's own an endpoint tells packets of another's connections, and does not answer
/// them.
struct Ids(Random);

impl ConnectionIdGenerator for Ids {
    fn generate_cid(&mut self) -> ConnectionId {
        ConnectionId::new(&self.0.bytes(ID))
    }

    fn cid_len(&self) -> usize {
        ID
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// Serves each connection up to its first request and then knows nothing of it: the endpoint that does moves to a socket
/// that nobody asks, and a new one with the same key takes its place. To it the client's next packet belongs to no
/// connection, which it says with the token that its predecessor gave out (RFC 9000 section 10.3).
async fn forget(socket: UdpSocket, guest: Guest<'_>) -> io::Result<()> {
    let mut config = EndpointConfig::default();
    config.cid_generator(|| Box::new(Ids(Random::new(None))));
    let open = |socket: UdpSocket| {
        let server = Some(guest.world.certificates.quic());
        Endpoint::new(
            config.clone(),
            server,
            socket,
            Arc::new(quinn::TokioRuntime),
        )
    };
    let mut endpoint = open(socket.try_clone()?)?;
    while let Some(incoming) = endpoint.accept().await {
        let Ok(Ok(connection)) = timeout(DEADLINE, incoming.into_future()).await else {
            continue;
        };
        let Ok(Ok(_request)) = timeout(DEADLINE, connection.accept_bi()).await else {
            continue;
        };
        let next = open(socket.try_clone()?)?;
        endpoint.rebind(UdpSocket::bind((guest.world.ip, 0))?)?;
        // What the old one says on its way out comes from a port that the client does not know.
        endpoint = next;
    }
    Ok(())
}

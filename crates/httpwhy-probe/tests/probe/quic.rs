//! Small QUIC servers with one behaviour each.

use std::future::Future;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use httpwhy_probe::{Config, Job, Protocol};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime, VarInt};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::servers::config;
use crate::tls_certificates::{Authority, Identity, params, server_config};

/// A QUIC server on a free port, with a thread of its own. Stops when dropped.
pub(crate) struct Quic {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Quic {
    /// Each incoming connection is handed over.
    pub(crate) fn incoming<F, A>(server: ServerConfig, endpoint: EndpointConfig, act: A) -> Self
    where
        A: Fn(Incoming) -> F + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        Self::on(socket, server, endpoint, act)
    }

    /// The same on that socket.
    pub(crate) fn on<F, A>(
        socket: UdpSocket,
        server: ServerConfig,
        endpoint: EndpointConfig,
        act: A,
    ) -> Self
    where
        A: Fn(Incoming) -> F + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        let address = socket.local_addr().unwrap();
        let (stop, mut stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            LocalSet::new().block_on(&runtime, async {
                let endpoint =
                    Endpoint::new(endpoint, Some(server), socket, Arc::new(TokioRuntime)).unwrap();
                loop {
                    tokio::select! {
                        _ = &mut stopped => return,
                        Some(incoming) = endpoint.accept() => {
                            tokio::task::spawn_local(act(incoming));
                        }
                    }
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Each connection is handed over once its handshake is done.
    pub(crate) fn new<F, A>(act: A) -> Self
    where
        A: Fn(Connection) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        Self::showing(&good(), act)
    }

    /// The same with another certificate.
    pub(crate) fn showing<F, A>(identity: &Identity, act: A) -> Self
    where
        A: Fn(Connection) -> F + Clone + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        let server = quic_config(server_config(identity), b"h3");
        Self::incoming(server, EndpointConfig::default(), move |incoming| {
            let act = act.clone();
            async move {
                if let Ok(connection) = incoming.await {
                    act(connection).await;
                }
            }
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}/", self.address)
    }

    /// A GET over HTTP/3.
    pub(crate) fn get(&self) -> Job {
        Job {
            protocol: Some(Protocol::Http3),
            ..Job::get(0, self.url())
        }
    }
}

impl Drop for Quic {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate for the address that servers are on, by an authority that is trusted by [`trusting`].
pub(crate) fn good() -> Identity {
    authority().leaf(&params("127.0.0.1"))
}

/// One authority for all.
fn authority() -> &'static Authority {
    static AUTHORITY: std::sync::LazyLock<Authority> =
        std::sync::LazyLock::new(|| Authority::root("quic"));
    &AUTHORITY
}

/// The usual configuration with the authority trusted.
pub(crate) fn trusting() -> Config {
    let mut config = config();
    config.trust.roots = vec![authority().certificate.pem().into_bytes()];
    config
}

pub(crate) fn quic_config(mut tls: rustls::ServerConfig, alpn: &[u8]) -> ServerConfig {
    tls.alpn_protocols = vec![alpn.to_vec()];
    ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls).unwrap()))
}

pub(crate) fn usual() -> ServerConfig {
    quic_config(server_config(&good()), b"h3")
}

pub(crate) fn code(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap()
}

/// Opens the control stream with empty settings, and then these bytes on it.
pub(crate) async fn control(connection: &Connection, more: &[u8]) -> quinn::SendStream {
    let mut stream = connection.open_uni().await.unwrap();
    let bytes = [&[0x00, 0x04, 0x00][..], more].concat();
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// Waits for a request's stream and its first bytes.
pub(crate) async fn request(connection: &Connection) -> (quinn::SendStream, quinn::RecvStream) {
    let (send, mut receive) = connection.accept_bi().await.unwrap();
    receive.read_chunk(1 << 16, true).await.unwrap();
    (send, receive)
}

/// A HEADERS frame with `:status: 200` (RFC 9204 appendix A, 25) and these fields, written out.
pub(crate) fn head(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0x00, 0x00, 0xd9];
    for (name, value) in fields {
        // Section 4.5.6: a literal name; both are short here.
        assert!(name.len() < 7 + 128 && value.len() < 127);
        if name.len() < 7 {
            block.push(0x20 | name.len() as u8);
        } else {
            block.extend([0x27, (name.len() - 7) as u8]);
        }
        block.extend(name.as_bytes());
        block.push(value.len() as u8);
        block.extend(value.as_bytes());
    }
    assert!(block.len() < 16_384);
    let mut frame = vec![0x01];
    frame.extend((block.len() as u16 | 0x4000).to_be_bytes());
    frame.extend(block);
    frame
}

/// Keeps a connection until the other side ends it.
pub(crate) async fn keep(connection: &Connection) {
    connection.closed().await;
}

/// A server of the library's own, that answers each request so.
pub(crate) async fn answer<F: Future<Output = ()>>(
    connection: Connection,
    respond: impl Fn(
        http::Request<()>,
        h3::server::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>,
    ) -> F,
) {
    let wire = h3_quinn::Connection::new(connection);
    let mut server = h3::server::Connection::new(wire).await.unwrap();
    while let Ok(Some(resolver)) = server.accept().await {
        let Ok((request, stream)) = resolver.resolve_request().await else {
            return;
        };
        respond(request, stream).await;
    }
}

//! Proxies in front of anything: they pass on what comes, and do to it what their toxics say.
//!
//! A proxy works on bytes (`tcp`), or knows HTTP (`reverse`, `forward`). They are made and changed while they run, over
//! the JSON API on the HTTP port ([`api`]; paths and shapes are Toxiproxy's, so that its clients work), or from a file
//! ([`config`]). The simulator's seed, the proxy's name and the connection's number decide who meets a toxic: a failing
//! run can be repeated.

mod api;
mod config;
mod flow;
mod http;
mod relay;
mod shared;
mod toxic;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

pub(crate) use api::{all, exchanges, one, populate, reset, toxic, toxics};
pub use config::ProxyConfig;
use flow::Draw;
use relay::{Relayed, relay};
use shared::{Layer, Shared, pseudonym};
use toxic::Toxic;

use crate::random::Random;
use crate::wire;

/// The most proxies.
const MOST: usize = 100;
/// The most toxics of a proxy.
const MOST_TOXICS: usize = 32;
/// The most connections of a proxy at a time.
const MOST_CONNECTIONS: usize = 512;
/// What waits between the toxics and the part that knows HTTP, in bytes.
const PIPE: usize = 64 << 10;
/// How long accepting rests when the system has no more descriptors.
const REST: Duration = Duration::from_millis(50);

/// All proxies.
#[derive(Debug)]
pub(crate) struct Proxies {
    ip: IpAddr,
    seed: u64,
    runtime: OnceLock<Handle>,
    /// Whether clients of other machines are obeyed.
    obeys_anyone: AtomicBool,
    all: Mutex<BTreeMap<String, Proxy>>,
}

/// One proxy.
#[derive(Debug)]
struct Proxy {
    config: ProxyConfig,
    /// Where it listens, or would.
    listen: SocketAddr,
    shared: Arc<Shared>,
    toxics: watch::Sender<Arc<Vec<Toxic>>>,
    connections: Arc<AtomicU64>,
    /// The accepting task; `None` when it is disabled.
    accepting: Option<AbortHandle>,
}

/// Why something cannot be done: a status and a sentence.
pub(crate) type Objection = (u16, String);

impl Drop for Proxy {
    fn drop(&mut self) {
        self.disable();
    }
}

impl Proxy {
    fn disable(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
    }

    fn json(&self) -> Value {
        let toxics: Vec<Value> = self.toxics.borrow().iter().map(Toxic::json).collect();
        json!({
            "name": self.config.name, "listen": self.listen.to_string(), "upstream": self.config.upstream,
            "enabled": self.accepting.is_some(), "layer": self.shared.layer.as_str(),
            "auth": self.config.auth.as_ref().map(|_| "*"), "toxics": toxics,
            "connections": self.connections.load(Ordering::Relaxed), "seed": self.shared.seed,
        })
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Toxic>)) {
        self.toxics
            .send_modify(|toxics| change(Arc::make_mut(toxics)));
    }
}

impl Proxies {
    /// None yet. Without a seed each start draws its own; the API tells it.
    pub(crate) fn new(ip: IpAddr, seed: Option<u64>) -> Self {
        Self {
            ip,
            // Numbers that JSON's readers keep exactly.
            seed: seed.unwrap_or_else(|| Random::new(None).bits() >> 12),
            runtime: OnceLock::new(),
            obeys_anyone: AtomicBool::new(false),
            all: Mutex::default(),
        }
    }

    /// The runtime on which they work: the current one.
    pub(crate) fn work_here(&self) {
        // Set once at start.
        let _ = self.runtime.set(Handle::current());
    }

    /// Clients of other machines are obeyed, or not.
    pub(crate) fn obey_anyone(&self, wanted: bool) {
        self.obeys_anyone.store(wanted, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Proxy>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a proxy and starts it; says where it listens.
    pub(crate) fn add(&self, config: ProxyConfig) -> Result<SocketAddr, Objection> {
        let mut all = self.lock();
        if all.contains_key(&config.name) {
            return Err((409, "proxy already exists".to_owned()));
        }
        if all.len() >= MOST {
            return Err((400, format!("there are {MOST} proxies already; delete one")));
        }
        let proxy = self.make(config, None)?;
        let listen = proxy.listen;
        all.insert(proxy.config.name.clone(), proxy);
        Ok(listen)
    }

    /// `connections`: the count goes on.
    fn make(&self, config: ProxyConfig, connections: Option<u64>) -> Result<Proxy, Objection> {
        let toxics = config.toxics.iter().map(Toxic::read);
        let toxics: Vec<Toxic> = toxics.collect::<Result<_, _>>().map_err(|why| (400, why))?;
        let layer = config.layer()?;
        for toxic in &toxics {
            fits(toxic, layer)?;
        }
        if toxics.len() > MOST_TOXICS {
            return Err((400, format!("a proxy has at most {MOST_TOXICS} toxics")));
        }
        let (sender, receiver) = watch::channel(Arc::new(toxics));
        let shared = Shared {
            name: config.name.clone(),
            pseudonym: pseudonym(&config.name),
            layer,
            upstream: config.upstream.clone(),
            ip: self.ip,
            seed: self.seed,
            credentials: config.auth.clone(),
            toxics: receiver,
            exchanges: http::Exchanges::default(),
        };
        let mut proxy = Proxy {
            listen: self.address(&config.listen)?,
            shared: Arc::new(shared),
            toxics: sender,
            connections: Arc::new(AtomicU64::new(connections.unwrap_or(0))),
            accepting: None,
            config,
        };
        if proxy.config.enabled {
            self.enable(&mut proxy)?;
        }
        Ok(proxy)
    }

    fn enable(&self, proxy: &mut Proxy) -> Result<(), Objection> {
        let cannot =
            |error: io::Error| (500, format!("cannot listen on {}: {error}", proxy.listen));
        let listener = StdListener::bind(proxy.listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let listen = listener.local_addr().map_err(cannot)?;
        let runtime = self
            .runtime
            .get()
            .ok_or((503, "the simulator is not up".to_owned()))?;
        let _here = runtime.enter();
        let listener = TcpListener::from_std(listener).map_err(cannot)?;
        let shared = Arc::clone(&proxy.shared);
        let connections = Arc::clone(&proxy.connections);
        let task = runtime.spawn(accept(listener, shared, connections));
        proxy.listen = listen;
        proxy.accepting = Some(task.abort_handle());
        Ok(())
    }

    /// Where to listen: only where the simulator itself does, or on the loopback.
    fn address(&self, listen: &str) -> Result<SocketAddr, Objection> {
        let wrong = || {
            (
                400,
                format!("'{listen}' is no address and port, as 127.0.0.1:0"),
            )
        };
        let (host, port) = listen.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let ip = match host {
            "" => self.ip,
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            host => host.trim_matches(['[', ']']).parse().map_err(|_| wrong())?,
        };
        if !ip.is_loopback() && ip != self.ip {
            let why = format!(
                "{ip} is not the simulator's address, {}; start it with --bind {ip}",
                self.ip
            );
            return Err((400, why));
        }
        Ok(SocketAddr::new(ip, port))
    }
}

fn fits(toxic: &Toxic, layer: Layer) -> Result<(), Objection> {
    if toxic.knows_http() && layer == Layer::Tcp {
        let why = format!(
            "'{}' knows HTTP: the proxy's layer must be reverse or forward",
            toxic.name
        );
        return Err((400, why));
    }
    Ok(())
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, connections: Arc<AtomicU64>) {
    // Dropped with this task, and with it all that is under way.
    let mut serving = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if serving.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    // Waiting for more would only delay.
                    let _ = stream.set_nodelay(true);
                    let number = connections.fetch_add(1, Ordering::Relaxed);
                    serving.spawn(serve(stream, Arc::clone(&shared), number));
                }
                Err(_) => sleep(REST).await,
            },
            Some(_) = serving.join_next() => {}
        }
    }
}

async fn serve(mut client: TcpStream, shared: Arc<Shared>, connection: u64) {
    let draw = Draw {
        seed: shared.seed,
        proxy: &shared.name,
        connection,
    };
    if shared.layer != Layer::Tcp {
        return Box::pin(serve_http(client, &shared, draw)).await;
    }
    let Some(mut server) = http::open(&shared.upstream, &shared).await else {
        return wire::close(client).await;
    };
    let relayed = relay(&mut client, &mut server, &shared.toxics, draw, None).await;
    tokio::join!(end(client, relayed), end(server, relayed));
}

async fn serve_http(mut client: TcpStream, shared: &Shared, draw: Draw<'_>) {
    let (here, there) = duplex(PIPE);
    let here = Inner {
        pipe: here,
        torn: Arc::default(),
    };
    let torn = Arc::clone(&here.torn);
    let talking = async move { Box::pin(http::converse(there, shared, draw, &torn)).await };
    let relaying = async {
        let mut here = here;
        let relayed = relay(&mut client, &mut here, &shared.toxics, draw, Some(LINGER)).await;
        // The talking side sees that nobody is there any more.
        drop(here);
        relayed
    };
    let (relayed, ()) = tokio::join!(relaying, talking);
    end(client, relayed).await;
}

/// How long a client may go on once the conversation is over.
const LINGER: Duration = Duration::from_secs(2);

async fn end(stream: TcpStream, how: Relayed) {
    match how {
        Relayed::Close => wire::close(stream).await,
        Relayed::Reset => wire::reset(stream).await,
    }
}

/// The inner end of a conversation: it can end with a reset, which a pipe cannot.
#[derive(Debug)]
struct Inner {
    pipe: DuplexStream,
    torn: Arc<AtomicBool>,
}

impl AsyncRead for Inner {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut inner.pipe).poll_read(cx, buf);
        let at_end = matches!(&read, Poll::Ready(Ok(()))) && buf.filled().len() == before;
        if at_end && inner.torn.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        read
    }
}

impl AsyncWrite for Inner {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().pipe).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().pipe).poll_shutdown(cx)
    }
}

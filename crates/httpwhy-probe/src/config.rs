//! What the prober is given: its configuration, its jobs, and the policy between steps.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use httpwhy_model::{Because, Signal, Visit};
use httpwhy_wire::h1;

use crate::ways::Ways;
use crate::{Gate, Jar, Lender, Login, Pace};

/// What the prober may do; shared by all threads.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which name servers are asked.
    pub resolver: Resolver,
    /// The hosts file, read once and before any name server (RFC 1123 section 6.1.3.8 leaves the order to the
    /// system); `None`: none is read. A file that cannot be read counts as empty. At most 1 MiB of it is read.
    pub hosts: Option<PathBuf>,
    /// How long each phase may take, unless a job says otherwise.
    pub deadlines: Deadlines,
    /// Bounds of what is kept of one response.
    pub limits: h1::Limits,
    /// Bytes of one response's content read at most; the connection is closed then, and `limit:body max=N` recorded. Over
    /// HTTP/1.1, where Content-Length says that little more is to come (64 KiB and a sixteenth of the bound at most), that
    /// is read too and the connection kept.
    pub max_body: u64,
    /// Which certificate issuers are trusted.
    pub trust: Trust,
    /// What TLS is asked to do otherwise.
    pub tls: TlsOptions,
    /// How connections are made, unless a job says otherwise.
    pub ways: Arc<Ways>,
    /// The User-Agent field's value (RFC 9110 section 10.1.5).
    pub user_agent: Bytes,
    /// Which version of HTTP is spoken, unless a job says otherwise.
    pub protocol: Protocol,
    /// Ask the first HTTP/3 service that the last answer of a visit names in Alt-Svc too (RFC 7838), in a step of its own
    /// ([`Because::Fallback`]).
    pub alt_svc: bool,
    /// Number of threads, each with a runtime of its own; at least 1.
    pub threads: usize,
    /// Number of exchanges under way at the same time, over all threads; at least 1.
    pub concurrency: usize,
    /// How fast hosts are asked; `None`: as fast as they answer, and their wishes are not heard.
    pub pace: Option<Pace>,
    /// Shut while no further job is to begin.
    pub gate: Gate,
    /// Which requests go over kept connections.
    pub reuse: Reuse,
    /// Note the address at this end of each TCP connection ([`httpwhy_model::Way::local`]).
    pub note_local: bool,
    /// Who gives credentials to steps.
    pub lender: Option<Arc<dyn Lender>>,
    /// Whether the next job may be long in coming, as from standard input. When not, workers take jobs from
    /// the iterator themselves, and nothing is handed over between threads.
    pub jobs_block: bool,
}

impl Default for Config {
    /// The system's name servers, hosts file and roots; 10 MiB of content; one thread, 50 exchanges at a time.
    fn default() -> Self {
        Self {
            resolver: Resolver::System,
            hosts: Some(PathBuf::from("/etc/hosts")),
            deadlines: Deadlines::default(),
            limits: h1::Limits::default(),
            max_body: 10 * 1024 * 1024,
            trust: Trust::default(),
            tls: TlsOptions::default(),
            ways: Arc::default(),
            user_agent: Bytes::from_static(
                concat!("httpwhy/", env!("CARGO_PKG_VERSION")).as_bytes(),
            ),
            protocol: Protocol::Auto,
            alt_svc: false,
            threads: 1,
            concurrency: 50,
            pace: None,
            gate: Gate::default(),
            reuse: Reuse::All,
            note_local: false,
            lender: None,
            jobs_block: true,
        }
    }
}

/// Which name servers are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolver {
    /// Those of `/etc/resolv.conf`, in order, with its search list; 127.0.0.1 when it names none.
    System,
    /// These, in order, without a search list.
    Servers(Vec<SocketAddr>),
}

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// Over TLS what the server chooses of HTTP/2 and HTTP/1.1 by ALPN (RFC 7301), else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.0 (RFC 1945).
    Http10,
    /// HTTP/1.1 (RFC 9112).
    Http11,
    /// HTTP/2 (RFC 9113) and nothing else: over TLS it has to be agreed by ALPN; without TLS it is spoken with prior
    /// knowledge, the one way that is left (RFC 9113 section 3.3).
    Http2,
    /// HTTP/2 at once, whatever ALPN says.
    Http2PriorKnowledge,
    /// HTTP/3 (RFC 9114) over QUIC and nothing else; without TLS, and through a proxy, there is none.
    Http3,
    /// HTTP/3 where it can be had, and what [`Protocol::Auto`] speaks where it cannot. When it was tried in vain, that is a
    /// step of its own ([`Because::Fallback`]).
    Http3First,
}

/// How long each phase of an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Name to address, all name servers together; each gets an equal part of what is left.
    pub resolve: Duration,
    /// TCP handshake with one address.
    pub connect: Duration,
    /// A proxy's answer to the wish for a tunnel: CONNECT, or all of SOCKS.
    pub tunnel: Duration,
    /// TLS handshake.
    pub tls: Duration,
    /// How long a request with `Expect: 100-continue` holds its content back (RFC 9110 section 10.1.1).
    pub expect: Duration,
    /// Between two pieces of the request that the peer takes.
    pub send: Duration,
    /// From the end of the request to the first byte of the response.
    pub wait: Duration,
    /// Between two pieces of the response.
    pub receive: Duration,
    /// The whole exchange, whatever its phases allow.
    pub total: Duration,
    /// How long a WebSocket is watched before the prober closes it itself, and then how long the answer may take. One
    /// that is silent for half of it is sent a PING.
    pub websocket: Duration,
}

impl Default for Deadlines {
    /// 5 s to resolve, 10 s to connect, for a tunnel and for TLS, 1 s to expect leave to send, 30 s to send, wait and
    /// receive, 120 s in all, 5 s for a WebSocket.
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            tunnel: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            expect: Duration::from_secs(1),
            send: Duration::from_secs(30),
            wait: Duration::from_secs(30),
            receive: Duration::from_secs(30),
            total: Duration::from_mins(2),
            websocket: Duration::from_secs(5),
        }
    }
}

/// Which certificate issuers are trusted, and what is known of revoked certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The system's roots. When none are found and none are given, `engine:no-trust-store` is recorded wherever an
    /// issuer would have to be known.
    pub system: bool,
    /// More roots: PEM files' contents, each with any number of certificates.
    pub roots: Vec<Vec<u8>>,
    /// Revocation lists: PEM files' contents. Nothing is fetched: without a list nothing is ever `revoked`.
    pub crls: Vec<Vec<u8>>,
}

impl Default for Trust {
    /// The system's roots alone.
    fn default() -> Self {
        Self {
            system: true,
            roots: Vec::new(),
            crls: Vec::new(),
        }
    }
}

/// What TLS with targets is asked to do otherwise than usual.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsOptions {
    /// Send to a peer whose certificate is bad whatever there is to send. Else only what anybody may know is sent to it: a
    /// safe method without content and without credentials; `probe:withheld` is recorded where nothing is. The faults of
    /// the certificate are recorded in any case.
    pub insecure: bool,
    /// The client certificate to show when a target asks for one; never shown to a proxy.
    pub identity: Option<Identity>,
    /// The versions to offer.
    pub versions: TlsVersions,
    /// The server name to send.
    pub server_name: ServerNameSent,
}

/// A client certificate with its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate first, then its issuers.
    pub chain: Vec<u8>,
    /// The private key, without a passphrase; it may stand in the same file as the chain.
    pub key: Vec<u8>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// Which versions of TLS are offered. Older ones than 1.2 cannot be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

/// The server name sent in the handshake (RFC 6066 section 3). The certificate is compared with the target's host in any
/// case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ServerNameSent {
    /// The target's host, when that is a name.
    #[default]
    Host,
    /// That name.
    Other(String),
    /// None.
    Nothing,
}

/// Which requests go over a connection that was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Any.
    All,
    /// Those that may be repeated unasked (RFC 9110 section 9.2.2). The server may be closing the connection just then:
    /// any other request is lost, and whether it was acted on is not known.
    Repeatable,
}

/// One thing to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The caller's number for it, given back with the visit.
    pub index: u64,
    /// The target URI as given; `http`, `https`, `ws` and `wss` are understood.
    pub target: String,
    /// The method (RFC 9110 section 9), sent as it is.
    pub method: Bytes,
    /// Fields to send, in order. Each replaces the prober's own of that name (Host, User-Agent, Accept, the
    /// WebSocket fields …). They are sent as they are.
    pub fields: Vec<(Bytes, Bytes)>,
    /// Content to send.
    pub body: Option<Bytes>,
    /// With what to log in.
    pub login: Option<Arc<Login>>,
    /// Cookies to begin with. With `Some`, even of none, those that come are sent back along the visit; without, none is.
    pub cookies: Option<Arc<Cookies>>,
    /// Bytes to send exactly as they are, in one exchange on a connection of its own, instead of the request that the
    /// rest of the job describes. They may be no HTTP at all.
    pub raw: Option<Bytes>,
    /// Ask for a WebSocket (RFC 6455); the schemes `ws` and `wss` ask for one too.
    pub websocket: bool,
    /// A protocol of its own.
    pub protocol: Option<Protocol>,
    /// Deadlines of its own.
    pub deadlines: Option<Box<Deadlines>>,
    /// Ways of its own.
    pub ways: Option<Arc<Ways>>,
    /// A failure to have on purpose.
    pub fault: Option<TestFault>,
}

impl Job {
    /// A GET of that target.
    pub fn get(index: u64, target: impl Into<String>) -> Self {
        Self {
            index,
            target: target.into(),
            method: Bytes::from_static(b"GET"),
            fields: Vec::new(),
            body: None,
            login: None,
            cookies: None,
            raw: None,
            websocket: false,
            protocol: None,
            deadlines: None,
            ways: None,
            fault: None,
        }
    }
}

/// The cookies a job begins with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cookies {
    /// Those of a file or an earlier visit.
    pub jar: Jar,
    /// `a=b; c=d`: for the host of the job's target alone, and all its paths.
    pub given: String,
}

/// A test-only switch: a failure of the prober itself, taking the way that a real one takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestFault {
    /// The job's task panics.
    Panic,
    /// The job is told to stop while it is under way, as all are when the run is.
    Cancelled,
    /// The response's head is read with a bound of one byte.
    LimitHead,
    /// An internal error of that word: recorded as `engine:<word>`. The word holds no white space.
    Internal(String),
}

/// What to do after a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Nothing: the visit is complete.
    Done,
    /// Another step.
    Go {
        /// The absolute target URI.
        target: String,
        /// The method.
        method: Bytes,
        /// Whether the content is sent again.
        keep_body: bool,
        /// Fields of the job that are no longer sent, whatever their case.
        drop_fields: Vec<&'static str>,
        /// Not before so much time has passed. The worker does something else meanwhile.
        delay: Duration,
        /// Why.
        because: Because,
    },
    /// Nothing more: this signal is recorded on the last step, in its phase wait.
    Stop(Signal),
}

/// Decides after each step. Called on the worker's thread, with the step just done at the end of the visit.
pub trait Policy: Fn(&Visit) -> Next + Send + Sync {}

impl<F: Fn(&Visit) -> Next + Send + Sync> Policy for F {}

/// One job's visit, as handed to the caller of [`run`](crate::run).
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The job's [`Job::index`].
    pub index: u64,
    /// Which thread did it: 0 to `threads - 1`. All visits of a thread are handed over one after the other.
    pub thread: usize,
    /// What was seen.
    pub visit: Visit,
}

/// Counts of a whole run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Visits handed over.
    pub jobs: u64,
    /// Exchanges, redirects and retries included.
    pub exchanges: u64,
    /// TCP connections that were established.
    pub connections: u64,
    /// Bytes received above TLS.
    pub received: u64,
}

impl Totals {
    /// Adds the counts of another part of the run.
    pub(crate) const fn add(&mut self, other: Self) {
        self.jobs += other.jobs;
        self.exchanges += other.exchanges;
        self.connections += other.connections;
        self.received += other.received;
    }
}

/// Why the prober could not work at all.
///
/// # Design
/// Opaque: a failed target is never an error but a visit with an end, so there is nothing to tell apart here.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

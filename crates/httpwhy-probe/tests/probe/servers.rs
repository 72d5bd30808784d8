//! Small servers with one behaviour each, and short ways to probe them.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use httpwhy_model::{Exchange, Visit};
use httpwhy_probe::{Config, Deadlines, Finished, Job, Next, Resolver, Totals, run};

/// Long enough for a loaded machine, short enough to end.
pub(crate) const LONG: Duration = Duration::from_secs(10);
/// For deadlines that are to fire.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// A TCP server on a free port; each connection gets a thread. Stops when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn new(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, accepted) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&accepted));
        let handle = Arc::new(handle);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(LONG)).unwrap();
                stream.set_write_timeout(Some(LONG)).unwrap();
                // Small frames, one after the other, are not to wait for each other.
                stream.set_nodelay(true).unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let handle = Arc::clone(&handle);
                thread::spawn(move || handle(stream));
            }
        });
        Self {
            address,
            accepted,
            stop,
            thread: Some(thread),
        }
    }

    /// Reads one request head, sends these bytes, and then does that.
    pub(crate) fn raw(bytes: &'static [u8], then: Then) -> Self {
        Self::new(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(bytes).unwrap();
            finish(stream, then);
        })
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How a server ends a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    Fin,
    Reset,
    Stall,
}

pub(crate) fn finish(mut stream: TcpStream, then: Then) {
    match then {
        Then::Fin => {
            let _ = stream.shutdown(Shutdown::Write);
            drain(&mut stream);
        }
        Then::Reset => {
            // The bytes before it are to arrive as bytes.
            thread::sleep(Duration::from_millis(50));
            reset(&stream);
        }
        Then::Stall => drain(&mut stream),
    }
}

/// The next close is a reset.
pub(crate) fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

/// Reads until the peer ends, or the read deadline.
pub(crate) fn drain(stream: &mut impl Read) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
}

/// Reads until an empty line; what was read. Empty when the peer ended first.
pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A port on which nothing listens, and nothing else will as long as the socket lives.
pub(crate) fn refused() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A UDP port on which nothing listens.
pub(crate) fn refused_udp() -> SocketAddr {
    (std::net::Ipv4Addr::LOCALHOST, httpwhy_testkit::free_port()).into()
}

/// No system files, no system roots, all deadlines long.
pub(crate) fn config() -> Config {
    Config {
        resolver: Resolver::Servers(Vec::new()),
        hosts: None,
        deadlines: Deadlines {
            resolve: LONG,
            connect: LONG,
            tunnel: LONG,
            tls: LONG,
            send: LONG,
            wait: LONG,
            receive: LONG,
            total: 3 * LONG,
            websocket: LONG,
            ..Deadlines::default()
        },
        trust: httpwhy_probe::Trust {
            system: false,
            ..Default::default()
        },
        user_agent: "test".into(),
        concurrency: 1,
        ..Config::default()
    }
}

/// Runs the jobs and gives their visits by index.
pub(crate) fn visits(
    config: Config,
    jobs: impl IntoIterator<Item = Job, IntoIter: Send + 'static>,
    policy: impl Fn(&Visit) -> Next + Send + Sync + 'static,
) -> (Vec<Visit>, Totals) {
    let found = Arc::new(Mutex::new(Vec::<Finished>::new()));
    let sink = Arc::clone(&found);
    let each = move |finished| sink.lock().unwrap().push(finished);
    let stop = AtomicBool::new(false);
    let totals = run(&Arc::new(config), jobs, policy, each, &stop).unwrap();
    let mut found = std::mem::take(&mut *found.lock().unwrap());
    found.sort_by_key(|finished| finished.index);
    (found.into_iter().map(|f| f.visit).collect(), totals)
}

/// One job, one step.
pub(crate) fn exchange(config: Config, job: Job) -> Exchange {
    let (mut visits, totals) = visits(config, [job], |_: &Visit| Next::Done);
    assert_eq!((visits.len(), totals.jobs), (1, 1));
    let mut steps = visits.remove(0).steps;
    assert_eq!(steps.len(), 1, "{steps:?}");
    steps.remove(0).exchange
}

pub(crate) fn get(target: impl Into<String>) -> Exchange {
    exchange(config(), Job::get(0, target))
}

/// `phase signal, phase signal …`
pub(crate) fn signals(exchange: &Exchange) -> String {
    let all: Vec<_> = exchange
        .signals()
        .map(|(phase, signal)| format!("{phase} {signal}"))
        .collect();
    all.join(", ")
}

/// `sent end status signals`
pub(crate) fn summary(exchange: &Exchange) -> String {
    let status = exchange.status().map_or("-".to_owned(), |s| s.to_string());
    let signals = signals(exchange);
    format!("{} {} {status} {signals}", exchange.sent, exchange.end)
        .trim_end()
        .to_owned()
}

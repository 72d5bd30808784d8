//! A real HTTP/1.1 server on the loopback: one thread a connection, kept alive, every answer written by the test.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// The longest content of a request.
const LONGEST: u64 = 16 * 1024 * 1024;

/// No clock: every answer of a test has the same date.
const DATE: &str = "Date: Sat, 21 Nov 2026 10:00:00 GMT";

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The target of the request line.
    pub target: String,
    /// Names and values, in order, as sent.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
    /// The address that it came from; `None` where it did not come over a connection.
    pub from: Option<IpAddr>,
}

impl Asked {
    /// The first value of that field, whatever the case of its name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let found = self
            .fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What to send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Keep,
    Close,
    Silence,
}

impl Reply {
    /// A whole response: status and reason (`404 Not Found`), `Date`, these field lines, the content with its length.
    pub fn new(status: &str, fields: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = format!("Content-Length: {}", body.len());
        let mut lines = vec![format!("HTTP/1.1 {status}"), DATE.to_owned()];
        lines.extend(fields.iter().map(|&field| field.to_owned()));
        lines.extend([length, "\r\n".to_owned()]);
        let head = lines.join("\r\n");
        Self::raw([head.as_bytes(), body].concat())
    }

    /// These bytes, and the connection is kept.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            then: Then::Keep,
        }
    }

    /// The connection ends in order behind the bytes.
    #[must_use]
    pub const fn then_close(mut self) -> Self {
        self.then = Then::Close;
        self
    }

    /// No byte ever comes behind these, until the client or the server ends.
    #[must_use]
    pub const fn then_silence(mut self) -> Self {
        self.then = Then::Silence;
        self
    }
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    handler: Box<Handler>,
    stop: AtomicBool,
    requests: AtomicUsize,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    streams: Mutex<Vec<TcpStream>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

impl Server {
    /// Listens on a free port of 127.0.0.1. The handler is called on the connection's thread.
    ///
    /// # Panics
    /// When no port is to be had.
    pub fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            stop: AtomicBool::new(false),
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
            streams: Mutex::default(),
        });
        let each = Arc::clone(&shared);
        let accepting = thread::spawn(move || accept(&listener, &each));
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The absolute URL of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Requests answered or being answered.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Connections accepted since the start.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most connections that were open at one time.
    pub fn most_open(&self) -> usize {
        self.shared.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Wakes `accept`, which then sees the wish to stop.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            // A panic of it has been printed.
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else {
            continue;
        };
        streams(shared).push(copy);
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let open = shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_open.fetch_max(open, Ordering::SeqCst);
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            // The client may leave whenever it likes.
            let _ = converse(&stream, &shared);
            let _ = stream.shutdown(Shutdown::Both);
            shared.open.fetch_sub(1, Ordering::SeqCst);
        }));
    }
    for stream in streams(shared).iter() {
        let _ = stream.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn streams(shared: &Shared) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
    shared
        .streams
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let from = stream.peer_addr().ok().map(|address| address.ip());
    while let Some(asked) = request(&mut reader)? {
        let asked = Asked { from, ..asked };
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let reply = (shared.handler)(&asked);
        (&mut &*stream).write_all(&reply.bytes)?;
        match reply.then {
            Then::Keep => {}
            Then::Close => return Ok(()),
            Then::Silence => {
                io::copy(&mut reader, &mut io::sink())?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The next request; `None` when the client has ended.
fn request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let mut asked = Asked {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        ..Asked::default()
    };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        asked
            .fields
            .push((name.to_owned(), value.trim().to_owned()));
    }
    let length = asked
        .field("content-length")
        .and_then(|length| length.parse().ok());
    reader
        .take(length.unwrap_or(0).min(LONGEST))
        .read_to_end(&mut asked.body)?;
    Ok(Some(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_connections_and_counts() {
        let server = Server::start(|asked| match asked.target.as_str() {
            "/last" => Reply::new("200 OK", &[], "bye").then_close(),
            _ => Reply::new("200 OK", &["A: b"], &asked.body),
        });
        let mut stream = TcpStream::connect(server.address()).expect("it listens");
        stream
            .write_all(
                b"POST / HTTP/1.1\r\ncontent-LENGTH: 2\r\n\r\nhi\
                  GET /last HTTP/1.1\r\nHost: x\r\n\r\n",
            )
            .expect("writable");
        let mut all = String::new();
        stream.read_to_string(&mut all).expect("it closes");
        assert!(all.contains("A: b\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK"));
        assert!(all.ends_with("bye"));
        assert_eq!((server.requests(), server.connections()), (2, 1));
        assert_eq!(server.most_open(), 1);
    }

    #[test]
    fn stops_while_a_client_waits() {
        let server = Server::start(|_| Reply::raw("HTTP/1.1 2").then_silence());
        let mut stream = TcpStream::connect(server.address()).expect("it listens");
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
        let mut start = [0; 10];
        stream.read_exact(&mut start).expect("the start comes");
        drop(server);
        assert_eq!(stream.read(&mut start).unwrap_or(0), 0, "the end comes");
    }
}

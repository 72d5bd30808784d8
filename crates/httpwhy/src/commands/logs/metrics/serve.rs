//! A server of one resource, `/metrics`, for whoever scrapes it.
//!
//! Who connects is not trusted: a request's head is bounded and has a deadline, so has the answer, and so many connections
//! at most are open; further ones are closed at once.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Bytes of a request's head.
const HEAD: usize = 8 * 1024;
/// From the connection to the end of the head, and for the answer.
const DEADLINE: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;
/// Bytes written at once: between them the deadline is looked at.
const PIECE: usize = 64 * 1024;
/// The media type of the exposition.
const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The server; its thread ends with the process.
pub(super) struct Server {
    address: SocketAddr,
    text: Arc<Mutex<Arc<str>>>,
}

impl Server {
    /// Listens on an address.
    pub(super) fn start(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let text: Arc<Mutex<Arc<str>>> = Arc::new(Mutex::new("".into()));
        let shared = Arc::clone(&text);
        std::thread::spawn(move || accept(&listener, &shared));
        Ok(Self { address, text })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is served from now on.
    pub(super) fn put(&self, text: &str) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
    }
}

fn accept(listener: &TcpListener, text: &Arc<Mutex<Arc<str>>>) {
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of descriptors, most likely: others are closed meanwhile.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        if open.load(Ordering::Relaxed) >= CONNECTIONS {
            continue;
        }
        let text = Arc::clone(&text.lock().unwrap_or_else(PoisonError::into_inner));
        let place = Place::taken(&open);
        // Without a thread to spare it is closed, as one too many.
        let _ = std::thread::Builder::new().spawn(move || {
            // A peer that breaks off gets no answer, and nobody is to be told.
            let _ = answer(stream, &text);
            drop(place);
        });
    }
}

/// One of the connections that may be open, until dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn taken(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn answer(mut stream: TcpStream, text: &str) -> io::Result<()> {
    let head = head(&mut stream)?;
    put(&mut stream, &response(&head, text), DEADLINE)?;
    stream.shutdown(std::net::Shutdown::Write)
}

/// Writes all of it within that time, however little the peer takes at once.
fn put(stream: &mut TcpStream, mut bytes: &[u8], within: Duration) -> io::Result<()> {
    let until = Instant::now() + within;
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        let count = stream.write(&bytes[..bytes.len().min(PIECE)])?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[count..];
    }
    Ok(())
}

/// A request's head, as much of it as is read.
fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let until = Instant::now() + DEADLINE;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while head.len() < HEAD && !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => head.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(head)
}

/// The response to a head.
fn response(head: &[u8], text: &str) -> Vec<u8> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    let is_http = words
        .next()
        .is_some_and(|word| word.starts_with(b"HTTP/1."));
    let path = target.split(|byte| *byte == b'?').next();
    let ended = head.windows(4).any(|four| four == b"\r\n\r\n");
    let (status, fields, body) = match (method, path) {
        _ if !ended => (
            "431 Request Header Fields Too Large",
            "",
            "the head is longer than 8 KiB\n",
        ),
        _ if !is_http => ("400 Bad Request", "", "this is no request of HTTP/1\n"),
        (Some(b"GET" | b"HEAD"), Some(b"/metrics")) => ("200 OK", "", text),
        (_, Some(b"/metrics")) => ("405 Method Not Allowed", "allow: GET, HEAD\r\n", "GET it\n"),
        _ => ("404 Not Found", "", "/metrics is all there is\n"),
    };
    let date = httpdate::fmt_http_date(SystemTime::now());
    let length = body.len();
    let mut response = format!(
        "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-type: {TYPE}\r\ncontent-length: {length}\r\n{fields}connection: close\r\n\r\n"
    )
    .into_bytes();
    if method != Some(b"HEAD") {
        response.extend_from_slice(body.as_bytes());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_takes_little_at_a_time_does_not_hold_a_place() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let peer = std::thread::spawn(move || {
            let mut peer = TcpStream::connect(address).expect("it listens");
            let mut buffer = [0; 4096];
            while peer.read(&mut buffer).is_ok_and(|count| count > 0) {
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let (mut stream, _) = listener.accept().expect("the peer comes");
        let text = vec![b'x'; 256 << 20];
        assert!(put(&mut stream, &text, Duration::from_millis(300)).is_err());
        stream
            .shutdown(std::net::Shutdown::Both)
            .expect("it is open");
        peer.join().expect("it ends");
    }

    #[test]
    fn requests_and_their_answers() {
        let table: &[(&str, &str, bool)] = &[
            ("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", "200", true),
            ("GET /metrics?a=b HTTP/1.0\r\n\r\n", "200", true),
            ("HEAD /metrics HTTP/1.1\r\n\r\n", "200", false),
            ("POST /metrics HTTP/1.1\r\n\r\n", "405", false),
            ("GET / HTTP/1.1\r\n\r\n", "404", false),
            ("\x16\x03\x01\r\n\r\n", "400", false),
            ("GET /metrics HTTP/1.1\r\n", "431", false),
        ];
        for (head, status, holds) in table {
            let response = response(head.as_bytes(), "counted 1\n");
            let response = String::from_utf8(response).expect("text");
            assert!(
                response.starts_with(&format!("HTTP/1.1 {status} ")),
                "{head}: {response}"
            );
            assert_eq!(
                response.ends_with("counted 1\n"),
                *holds,
                "{head}: {response}"
            );
        }
    }
}

//! Servers behind a proxy, for tests: what they do with a connection is the test's.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "each test file is a crate of its own")]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use httpwhy_sim::Simulator;
use serde_json::{Value, json};

use crate::client::{Answer, ask};

/// A server; it stops when dropped.
pub struct Upstream {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Does that with each connection, on a thread of its own.
    pub fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, serve) = (Arc::clone(&stop), Arc::new(serve));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let patience = Some(crate::client::PATIENCE);
                stream.set_read_timeout(patience).expect("a timeout");
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    /// Sends everything back, and ends when the client does.
    pub fn echo() -> Self {
        Self::start(|mut stream| {
            let mut buffer = [0; 4096];
            while let Ok(count) = stream.read(&mut buffer) {
                if count == 0 || stream.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            let _ = stream.shutdown(Shutdown::Write);
        })
    }

    /// Reads a request's head, sends these bytes and ends.
    pub fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        })
    }

    /// Sends back the request's head as content.
    pub fn mirror() -> Self {
        Self::start(|mut stream| {
            let head = read_head(&mut stream);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                head.len()
            );
            let _ = stream.write_all(&head);
            let _ = stream.read_to_end(&mut Vec::new());
        })
    }
}

/// The bytes up to an empty line.
pub fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    head
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks the API of the proxies.
pub fn api(simulator: &Simulator, method: &str, path: &str, content: &Value) -> (u16, Value) {
    let body = if content.is_null() {
        String::new()
    } else {
        content.to_string()
    };
    let answer: Answer = ask(simulator.http(), method, path, &[], body.as_bytes());
    let content = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    (answer.status(), content)
}

/// A proxy named `p` of that layer in front of that server, with these toxics, made over the API.
pub fn proxy(
    simulator: &Simulator,
    layer: &str,
    upstream: SocketAddr,
    toxics: &Value,
) -> SocketAddr {
    api(simulator, "DELETE", "/proxies/p", &Value::Null);
    let wanted = json!({
        "name": "p", "listen": "127.0.0.1:0", "upstream": upstream.to_string(), "layer": layer, "toxics": toxics,
    });
    let (status, made) = api(simulator, "POST", "/proxies", &wanted);
    assert_eq!(status, 201, "{made}");
    made["listen"]
        .as_str()
        .expect("an address")
        .parse()
        .expect("an address")
}

//! A client that hides nothing: bytes out, bytes in.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, reason = "each test file is a crate of its own")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use httpwhy_sim::{Config, Scene, Simulator};

pub mod h2;
pub mod table;

/// The longest wait for anything that must come.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long silence is listened to.
pub const SILENCE: Duration = Duration::from_millis(300);

pub fn start() -> Simulator {
    Simulator::start(Config::default()).expect("ports are free")
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Fin,
    Reset,
    Silence,
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends these bytes and reads to the end.
pub fn say(address: SocketAddr, bytes: &[u8]) -> (Vec<u8>, End) {
    let mut stream = connect(address);
    stream.write_all(bytes).expect("sends");
    read_all(&mut stream)
}

/// Reads until the connection ends, or is silent.
pub fn read_all(stream: &mut TcpStream) -> (Vec<u8>, End) {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (all, End::Fin),
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            // Whoever was stopped and goes on (signal(7): a socket with a timeout does not go on by itself).
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (all, End::Reset),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return (all, End::Silence);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// A request that is the last on its connection.
pub fn request(method: &str, path: &str, fields: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let own = fields
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("connection"));
    let mut lines = vec![
        format!("{method} {path} HTTP/1.1"),
        "Host: sim.test".to_owned(),
    ];
    if !own {
        lines.push("Connection: close".to_owned());
    }
    lines.extend(
        fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    if !body.is_empty() {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    let request = lines.join("\r\n") + "\r\n";
    [request.as_bytes(), b"\r\n", body].concat()
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    let (bytes, end) = say(address, &request("GET", path, &[], b""));
    assert_eq!(end, End::Fin, "{path}");
    Answer::read(&bytes)
}

/// Asks with fields and content.
pub fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let fields: Vec<(String, String)> = fields.iter().map(owned).collect();
    let (bytes, end) = say(address, &request(method, path, &fields, body));
    assert_eq!(end, End::Fin, "{method} {path}");
    Answer::read(&bytes)
}

/// The content as text.
pub fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Plays a scene on the HTTP port.
pub fn play(simulator: &Simulator, scene: &Scene) -> (Vec<u8>, End) {
    let path = path(&scene.target);
    let mut fields = scene.fields.clone();
    if scene.websocket {
        fields.extend(handshake());
    }
    let body = scene.body.as_deref().unwrap_or_default();
    let mut stream = connect(simulator.http());
    if scene.slow {
        stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    }
    stream
        .write_all(&request(&scene.method, path, &fields, body))
        .expect("sends");
    read_all(&mut stream)
}

pub fn handshake() -> Vec<(String, String)> {
    [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

pub fn path(target: &str) -> &str {
    let rest = target.split_once("://").expect("an absolute URL").1;
    &rest[rest.find('/').expect("a path")..]
}

/// One answer, read by nobody's parser but the test's own.
#[derive(Debug)]
pub struct Answer {
    pub line: String,
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads the first head; all that follows is the body.
    pub fn read(bytes: &[u8]) -> Self {
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let at = at.unwrap_or_else(|| panic!("no head: {}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..at]).expect("ASCII");
        let mut lines = head.split("\r\n");
        let line = lines.next().expect("a line").to_owned();
        let fields = lines
            .map(|line| line.split_once(": ").expect("a field"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            line,
            fields,
            body: bytes[at + 4..].to_vec(),
        }
    }

    pub fn status(&self) -> u16 {
        self.line[9..12].parse().expect("a number")
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        let mut found = self
            .fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let first = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        first
    }
}

//! HTTP/2 against a server that sends frames by script.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use httpwhy_model::{Because, Exchange, Framing, Seen, Visit};
use httpwhy_probe::{Config, Deadlines, Job, Next, Protocol};
use httpwhy_testkit::free_port;
use httpwhy_wire::h2::{
    FrameHead, GoAway, HEAD, PREFACE, flag, kind, read_frame_head, write_frame, write_goaway,
    write_reset,
};
use httpwhy_wire::hpack::{Decoder, write_literal};

use rustls::{ServerConnection, StreamOwned};

use crate::servers::{
    LONG, SHORT, Server, Then, config, exchange, finish, read_head, summary, visits,
};
use crate::tls_certificates::{Authority, params, pem, server_config};

pub(crate) const END: u8 = flag::END_HEADERS;
const LAST: u8 = flag::END_HEADERS | flag::END_STREAM;

/// The server's side of a connection.
pub(crate) struct Peer<S = TcpStream> {
    pub(crate) stream: S,
    decoder: Decoder,
    /// The fields of the last request.
    asked: Vec<(Vec<u8>, Vec<u8>)>,
    /// Content that came, of all requests.
    content: Vec<u8>,
}

impl<S: Read + Write> Peer<S> {
    /// Reads the preface and sends SETTINGS.
    pub(crate) fn greet(mut stream: S, settings: &[u8]) -> Option<Self> {
        let mut preface = [0; PREFACE.len()];
        stream.read_exact(&mut preface).ok()?;
        assert_eq!(preface, PREFACE);
        let mut peer = Self {
            stream,
            decoder: Decoder::default(),
            asked: Vec::new(),
            content: Vec::new(),
        };
        peer.frame(kind::SETTINGS, 0, 0, settings);
        peer.frame(kind::SETTINGS, flag::ACK, 0, b"");
        Some(peer)
    }

    /// The next frame; PINGs and acknowledgements are not answered.
    pub(crate) fn next(&mut self) -> Option<(FrameHead, Vec<u8>)> {
        let mut head = [0; HEAD];
        self.stream.read_exact(&mut head).ok()?;
        let head = read_frame_head(&head)?;
        let mut payload = vec![0; head.length as usize];
        self.stream.read_exact(&mut payload).ok()?;
        if head.kind == kind::HEADERS {
            self.asked = self.decoder.read(&payload, 100_000).unwrap();
        }
        if head.kind == kind::DATA {
            self.content.extend_from_slice(&payload);
        }
        Some((head, payload))
    }

    /// Reads a whole request; its stream.
    fn request(&mut self) -> Option<u32> {
        loop {
            let (head, _) = self.next()?;
            let message = matches!(head.kind, kind::HEADERS | kind::DATA);
            if message && head.has(flag::END_STREAM) {
                return Some(head.stream);
            }
        }
    }

    pub(crate) fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut out = Vec::new();
        write_frame(&mut out, kind, flags, stream, payload);
        self.send(&out);
    }

    pub(crate) fn head(&mut self, flags: u8, stream: u32, fields: &[(&str, &str)]) {
        let mut block = Vec::new();
        for (name, value) in fields {
            write_literal(&mut block, name.as_bytes(), value.as_bytes());
        }
        self.frame(kind::HEADERS, flags, stream, &block);
    }

    fn send(&mut self, bytes: &[u8]) {
        // A client that has had enough is no failure of the server.
        let _ = self.stream.write_all(bytes);
    }

    fn field(&self, name: &str) -> Option<String> {
        let found = self.asked.iter().find(|(n, _)| n == name.as_bytes())?;
        Some(String::from_utf8_lossy(&found.1).into_owned())
    }
}

/// Answers each request of each connection that way.
pub(crate) fn server(answer: impl Fn(&mut Peer, u32) + Send + Sync + 'static) -> Server {
    Server::new(move |stream| {
        let Some(mut peer) = Peer::greet(stream, b"") else {
            return;
        };
        while let Some(stream) = peer.request() {
            answer(&mut peer, stream);
        }
    })
}

pub(crate) fn job(server: &Server) -> Job {
    Job {
        protocol: Some(Protocol::Http2PriorKnowledge),
        ..Job::get(0, server.url("http"))
    }
}

fn impatient() -> Config {
    let mut config = config();
    config.deadlines = Deadlines {
        send: SHORT,
        wait: SHORT,
        receive: SHORT,
        ..config.deadlines
    };
    config
}

fn ask(server: &Server) -> Exchange {
    exchange(config(), job(server))
}

#[test]
fn an_exchange_is_told_as_it_was() {
    let server = server(|peer, stream| {
        let told = [":method", ":scheme", ":authority", ":path", "user-agent"];
        let told: Vec<_> = told.iter().filter_map(|name| peer.field(name)).collect();
        peer.head(END, stream, &[(":status", "103"), ("link", "</a>")]);
        peer.head(END, stream, &[(":status", "104")]);
        let fields = [(":status", "200"), ("b", "1"), ("a", "2"), ("b", "3")];
        peer.head(END, stream, &fields);
        peer.frame(kind::DATA, 0, stream, told.join(" ").as_bytes());
        peer.head(LAST, stream, &[("grpc-status", "5")]);
    });
    let exchange = ask(&server);
    assert_eq!(summary(&exchange), "all answered 200");
    let codes: Vec<_> = exchange.interim.iter().map(|head| &*head.code).collect();
    assert_eq!(codes, [b"103", b"104"]);
    assert_eq!(exchange.request.version, "HTTP/2");
    let authority = server.address.to_string();
    assert_eq!(exchange.request.fields.text("host"), Some(&*authority));
    let response = exchange.response.unwrap();
    assert_eq!(response.version, "HTTP/2");
    let names: Vec<_> = response.fields.list.iter().map(|f| &*f.name).collect();
    assert_eq!(names, [b"b", b"a", b"b"], "in order");
    assert_eq!(response.trailers.text("grpc-status"), Some("5"));
    let Seen::Present(body) = response.body else {
        panic!("no content")
    };
    assert_eq!(body.bytes, format!("GET http {authority} / test"));
    assert_eq!(
        (body.framing, body.complete),
        (Framing::Frames, Seen::Present(true))
    );
    assert!(exchange.received > 0);
}

#[test]
fn a_connection_carries_many_exchanges_one_after_the_other() {
    let server = server(|peer, stream| peer.head(LAST, stream, &[(":status", "204")]));
    let jobs: Vec<_> = (0..3)
        .map(|index| Job {
            index,
            ..job(&server)
        })
        .collect();
    let (visits, totals) = visits(config(), jobs, |_: &Visit| Next::Done);
    assert_eq!((totals.exchanges, totals.connections), (3, 1));
    for (visit, reused) in visits.iter().zip([false, true, true]) {
        let exchange = &visit.steps[0].exchange;
        assert_eq!(summary(exchange), "all answered 204");
        assert_eq!(exchange.reused, Seen::Present(reused));
    }
}

/// More than the window that every connection begins with (RFC 9113 section 6.9.2).
const LONG_CONTENT: usize = 200_000;

pub(crate) fn upload(server: &Server) -> Job {
    Job {
        method: Bytes::from("POST"),
        body: Some(Bytes::from(vec![b'x'; LONG_CONTENT])),
        ..job(server)
    }
}

#[test]
fn content_goes_out_within_the_windows_of_the_peer() {
    let server = Server::new(|stream| {
        let mut peer = Peer::greet(stream, b"").unwrap();
        let (mut stream, mut ended) = (0, false);
        while !ended {
            let (head, _) = peer.next().unwrap();
            if matches!(head.kind, kind::HEADERS | kind::DATA) {
                (stream, ended) = (head.stream, head.has(flag::END_STREAM));
            }
            if head.kind == kind::DATA && !ended {
                let more = head.length.to_be_bytes();
                peer.frame(kind::WINDOW_UPDATE, 0, 0, &more);
                peer.frame(kind::WINDOW_UPDATE, 0, stream, &more);
            }
        }
        let length = peer.field("content-length").unwrap_or_default();
        let told = format!("{length} {}", peer.content.len());
        peer.head(END, stream, &[(":status", "200")]);
        peer.frame(kind::DATA, flag::END_STREAM, stream, told.as_bytes());
        finish(peer.stream, Then::Stall);
    });
    let exchange = exchange(config(), upload(&server));
    assert_eq!(summary(&exchange), "all answered 200");
    let Seen::Present(body) = exchange.response.unwrap().body else {
        panic!("no content")
    };
    assert_eq!(body.bytes, "200000 200000");
}

#[test]
fn a_window_that_never_opens_has_its_own_name() {
    let server = Server::new(|stream| {
        let mut peer = Peer::greet(stream, &[0, 4, 0, 0, 0, 5]).unwrap();
        while let Some((head, payload)) = peer.next() {
            if head.kind == kind::PING {
                peer.frame(kind::PING, flag::ACK, 0, &payload);
            }
        }
    });
    let found = summary(&exchange(impatient(), upload(&server)));
    assert_eq!(
        found,
        "part nothing - send h2:window-stalled stream=1 settings=4:5, send timeout:300"
    );
}

#[test]
fn silence_is_told_from_a_peer_that_is_alive() {
    let deaf = server(|_, _| {});
    let found = summary(&exchange(impatient(), job(&deaf)));
    assert_eq!(
        found,
        "all nothing - wait h2:ping-timeout, wait timeout:300"
    );
    let busy = Server::new(|stream| {
        let mut peer = Peer::greet(stream, b"").unwrap();
        while let Some((head, payload)) = peer.next() {
            if head.kind == kind::PING {
                peer.frame(kind::PING, flag::ACK, 0, &payload);
            }
        }
    });
    let found = summary(&exchange(impatient(), job(&busy)));
    assert_eq!(found, "all nothing - wait timeout:300");
    let mute = Server::new(|stream| finish(stream, Then::Stall));
    let found = summary(&exchange(impatient(), job(&mute)));
    assert_eq!(found, "all nothing - wait timeout:300");
}

#[test]
fn every_code_of_a_reset_is_kept() {
    for code in (0..=13).chain([4_000_000_000]) {
        let server = server(move |peer, stream| {
            let mut out = Vec::new();
            write_reset(&mut out, stream, code);
            peer.send(&out);
        });
        let found = summary(&ask(&server));
        assert_eq!(found, format!("all nothing - wait h2:{code} stream=1"));
    }
}

#[test]
fn a_reset_in_the_middle_leaves_what_came() {
    let server = server(|peer, stream| {
        peer.head(END, stream, &[(":status", "200"), ("content-length", "9")]);
        peer.frame(kind::DATA, 0, stream, b"half");
        let mut out = Vec::new();
        write_reset(&mut out, stream, 2);
        peer.send(&out);
    });
    let exchange = ask(&server);
    assert_eq!(summary(&exchange), "all partial 200 receive h2:2 stream=1");
    let Seen::Present(body) = exchange.response.unwrap().body else {
        panic!("no content")
    };
    assert_eq!(
        (&*body.bytes, body.complete),
        (&b"half"[..], Seen::Present(false))
    );
}

#[test]
fn every_code_of_a_farewell_is_kept_with_the_last_stream() {
    for code in 0..=13 {
        for last in [0, 1] {
            let server = server(move |peer, _| {
                let mut out = Vec::new();
                let debug = b"go away\n";
                write_goaway(&mut out, GoAway { last, code, debug });
                peer.send(&out);
                let _ = peer.stream.shutdown(std::net::Shutdown::Write);
            });
            let found = summary(&ask(&server));
            let farewell = format!("wait h2:{code} stream=1 last={last} debug=go_away_");
            // A stream that is not given up may still have been answered.
            let behind = if last == 1 { ", wait eof:0" } else { "" };
            assert_eq!(found, format!("all nothing - {farewell}{behind}"));
        }
    }
}

#[test]
fn a_request_that_a_farewell_does_not_name_is_asked_again() {
    let server = Server::new(|stream| {
        let mut peer = Peer::greet(stream, b"").unwrap();
        peer.request().unwrap();
        peer.head(LAST, 1, &[(":status", "200")]);
        if peer.request().is_some() {
            let mut out = Vec::new();
            let debug = b"";
            write_goaway(
                &mut out,
                GoAway {
                    last: 1,
                    code: 0,
                    debug,
                },
            );
            peer.send(&out);
        }
    });
    let jobs: Vec<_> = (0..2)
        .map(|index| Job {
            index,
            method: Bytes::from("POST"),
            ..job(&server)
        })
        .collect();
    let (visits, _) = visits(config(), jobs, |_: &Visit| Next::Done);
    let second: Vec<_> = visits[1]
        .steps
        .iter()
        .map(|s| summary(&s.exchange))
        .collect();
    assert_eq!(
        second,
        [
            "all nothing - wait h2:0 stream=3 last=1",
            "all answered 200"
        ]
    );
}

#[test]
fn a_connection_that_ends_is_told_as_it_ended() {
    for (then, signal) in [(Then::Fin, "eof:COUNT"), (Then::Reset, "errno:ECONNRESET")] {
        let server = Server::new(move |stream| {
            let mut peer = Peer::greet(stream, b"").unwrap();
            peer.request().unwrap();
            peer.head(END, 1, &[(":status", "200")]);
            peer.frame(kind::DATA, 0, 1, b"half");
            finish(peer.stream, then);
        });
        let found = ask(&server);
        let count = found.response.as_ref().map_or(0, |_| 9 + 13 + 9 + 4);
        let signal = signal.replace("COUNT", &count.to_string());
        assert_eq!(summary(&found), format!("all partial 200 receive {signal}"));
    }
    let server = Server::new(|stream| {
        let mut peer = Peer::greet(stream, b"").unwrap();
        peer.request().unwrap();
        finish(peer.stream, Then::Fin);
    });
    assert_eq!(summary(&ask(&server)), "all nothing - wait eof:0");
}

#[test]
fn what_is_no_http2_is_told_by_its_first_bytes() {
    let text = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
    let hex = "h2:not-h2 first=485454502f312e312034303020426164";
    for (bytes, expected) in [
        (&text[..], format!("partial 400 receive {hex}")),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "nothing - wait h2:not-h2 first=5353482d322e302d4f70656e5353485f".into(),
        ),
    ] {
        let server = Server::new(move |mut stream| {
            let mut preface = [0; PREFACE.len()];
            stream.read_exact(&mut preface).unwrap();
            stream.write_all(bytes).unwrap();
            finish(stream, Then::Fin);
        });
        let found = summary(&ask(&server));
        assert!(found.ends_with(&expected), "{found}, not {expected}");
    }
}

#[test]
fn breaches_are_named() {
    type Answer = fn(&mut Peer, u32);
    let rows: [(Answer, &str); 10] = [
        (
            |p, s| p.head(LAST, s, &[("a", "b")]),
            "answered - receive h2:incomplete-headers stream=1",
        ),
        (
            |p, s| p.head(LAST, s, &[(":status", "200"), ("Server", "x")]),
            "answered 200 receive h2:malformed-message stream=1 field=Server",
        ),
        (
            |p, s| p.head(END, s, &[(":status", "200"), ("connection", "close")]),
            "partial 200 receive h2:malformed-message stream=1 field=connection",
        ),
        (
            |p, s| p.frame(kind::HEADERS, LAST, s, &[0xff; 9]),
            "partial - receive h2:9 by=us",
        ),
        (
            |p, s| p.frame(kind::DATA, 0, s, &vec![0; 20_000]),
            "partial - receive h2:6 by=us",
        ),
        (
            |p, _| p.frame(kind::PING, 0, 0, b"123"),
            "nothing - wait h2:6 by=us",
        ),
        (
            |p, _| p.frame(kind::WINDOW_UPDATE, 0, 0, &[0; 4]),
            "nothing - wait h2:1 by=us",
        ),
        (
            |p, s| p.frame(kind::DATA, 0, s, b"before the head"),
            "partial - receive h2:1 by=us",
        ),
        (
            |p, _| p.frame(kind::DATA, 0, 99, b"of an idle stream"),
            "nothing - wait h2:1 by=us",
        ),
        (
            |p, s| {
                p.head(END, s, &[(":status", "200")]);
                p.frame(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]);
            },
            "partial 200 receive h2:3 by=us",
        ),
    ];
    for (answer, expected) in rows {
        let found = summary(&exchange(impatient(), job(&server(answer))));
        assert_eq!(found, format!("all {expected}"));
    }
}

#[test]
fn content_beyond_the_bound_is_not_read() {
    let server = server(|peer, stream| {
        peer.head(END, stream, &[(":status", "200")]);
        for _ in 0..400 {
            peer.frame(kind::DATA, 0, stream, &[b'x'; 10_000]);
        }
    });
    let mut config = config();
    config.max_body = 100_000;
    let found = exchange(config, job(&server));
    assert_eq!(
        summary(&found),
        "all partial 200 receive limit:body max=100000"
    );
    assert!(found.received < 2_000_000);
}

#[test]
fn leave_to_send_is_awaited() {
    let server = Server::new(|stream| {
        let mut peer = Peer::greet(stream, b"").unwrap();
        while let Some((head, _)) = peer.next() {
            if head.kind == kind::HEADERS {
                assert!(!head.has(flag::END_STREAM));
                let path = peer.field(":path").unwrap();
                match &*path {
                    "/yes" => peer.head(END, head.stream, &[(":status", "100")]),
                    "/no" => peer.head(LAST, head.stream, &[(":status", "417")]),
                    _ => {}
                }
            }
            if head.has(flag::END_STREAM) && head.kind == kind::DATA {
                peer.head(LAST, head.stream, &[(":status", "200")]);
            }
        }
    });
    for (path, expected) in [
        ("yes", "all answered 200"),
        ("no", "part answered 417"),
        ("silence", "all answered 200 send timeout:300"),
    ] {
        let mut asked = job(&server);
        asked.target.push_str(path);
        asked.method = Bytes::from("PUT");
        asked.fields = vec![(Bytes::from("Expect"), Bytes::from("100-continue"))];
        asked.body = Some(Bytes::from("content"));
        let mut config = config();
        config.deadlines.expect = SHORT;
        assert_eq!(summary(&exchange(config, asked)), expected, "{path}");
    }
    assert_eq!(server.accepted.load(Ordering::SeqCst), 3);
}

#[test]
fn a_server_that_requires_http_1_1_is_asked_so_in_the_open() {
    let root = Authority::root("root");
    let mut tls = server_config(&root.leaf(&params("a.localhost")));
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tls = Arc::new(tls);
    let server = Server::new(move |tcp| {
        let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        if stream.conn.alpn_protocol() != Some(b"h2") {
            read_head(&mut stream);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).unwrap();
            return;
        }
        let mut peer = Peer::greet(stream, b"").unwrap();
        let id = peer.request().unwrap();
        let mut out = Vec::new();
        write_reset(&mut out, id, 13);
        peer.send(&out);
        while peer.next().is_some() {}
    });
    let url = format!("https://a.localhost:{}/", server.address.port());
    for (protocol, expected) in [
        (
            Protocol::Auto,
            &["all nothing - wait h2:13 stream=1", "all answered 200"][..],
        ),
        (Protocol::Http2, &["all nothing - wait h2:13 stream=1"]),
    ] {
        let mut config = config();
        config.trust.roots = vec![root.certificate.pem().into_bytes()];
        config.protocol = protocol;
        let (visits, _) = visits(config, [Job::get(0, &*url)], |_: &Visit| Next::Done);
        let steps = &visits[0].steps;
        let found: Vec<_> = steps.iter().map(|step| summary(&step.exchange)).collect();
        assert_eq!(found, expected);
        let because: Vec<_> = steps.iter().map(|step| step.because).collect();
        assert_eq!(
            because,
            [Because::Asked, Because::Fallback(0)][..expected.len()]
        );
        let alpn = steps[0].exchange.tls.as_ref().unwrap().alpn.as_deref();
        assert_eq!(alpn, Some("h2"));
    }
}

/// nginx with that configuration inside `server { … }`, on a port of its own. It ends when this is dropped.
struct Nginx {
    process: Child,
    home: PathBuf,
}

impl Nginx {
    /// `server` holds what is to stand there; `HOME` in it is a directory with `files`.
    fn new(server: &str, files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("httpwhy-nginx-{}-{number}", std::process::id());
        let home = std::env::temp_dir().join(name);
        fs::create_dir_all(&home).unwrap();
        for (name, text) in files {
            fs::write(home.join(name), text).unwrap();
        }
        let path = home.display().to_string();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {path}/{kind};"))
            .join(" ");
        let server = server.replace("HOME", &path);
        let text = format!(
            "daemon off; master_process off; pid {path}/pid; error_log {path}/error.log;\n\
             events {{}}\nhttp {{ access_log off; {temporary}\nserver {{ {server} }} }}"
        );
        fs::write(home.join("nginx.conf"), text).unwrap();
        let process = Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
            .arg("-c")
            .arg(home.join("nginx.conf"))
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        Self { process, home }
    }

    /// Waits until that port answers.
    fn listens(&self, port: u16) {
        let until = Instant::now() + LONG;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(self.home.join("error.log")).unwrap_or_default();
            assert!(Instant::now() < until, "nginx does not listen: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.home);
    }
}

#[test]
fn nginx_speaks_http2_with_and_without_tls() {
    let root = Authority::root("root");
    let identity = root.leaf(&params("a.localhost"));
    let (plain, secure) = (free_port(), free_port());
    let nginx = Nginx::new(
        &format!(
            "listen 127.0.0.1:{plain} http2; listen 127.0.0.1:{secure} ssl http2; \
             ssl_certificate HOME/cert.pem; ssl_certificate_key HOME/key.pem; \
             location = /hi {{ return 200 hello; }} location / {{ return 404; }} \
             location = /big {{ client_max_body_size 10; proxy_pass http://127.0.0.1:1; }}"
        ),
        &[
            ("cert.pem", &pem(&identity.chain[0])),
            ("key.pem", &identity.key.serialize_pem()),
        ],
    );
    nginx.listens(plain);
    nginx.listens(secure);
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    let job = |index, target: String, protocol| Job {
        index,
        protocol: Some(protocol),
        ..Job::get(index, target)
    };
    let secure = format!("https://a.localhost:{secure}");
    let plain = format!("http://127.0.0.1:{plain}");
    let mut upload = job(4, format!("{secure}/big"), Protocol::Auto);
    upload.method = Bytes::from("POST");
    upload.body = Some(Bytes::from("more than ten bytes"));
    let jobs = [
        job(0, format!("{secure}/hi"), Protocol::Auto),
        job(1, format!("{secure}/nothing"), Protocol::Auto),
        job(2, format!("{plain}/hi"), Protocol::Http2),
        job(3, format!("{secure}/hi"), Protocol::Http11),
        upload,
    ];
    let (visits, _) = visits(config, jobs, |_: &Visit| Next::Done);
    let found: Vec<_> = visits
        .iter()
        .map(|visit| {
            let exchange = &visit.steps[0].exchange;
            let version = exchange.response.as_ref().map(|r| r.version.clone());
            let alpn = exchange.tls.as_ref().and_then(|tls| tls.alpn.clone());
            let status = exchange.status().unwrap_or_default();
            let version = String::from_utf8(version.unwrap_or_default().to_vec()).unwrap();
            (version, status, alpn.unwrap_or_default())
        })
        .collect();
    let expected = [
        ("HTTP/2", 200, "h2"),
        ("HTTP/2", 404, "h2"),
        ("HTTP/2", 200, ""),
        ("HTTP/1.1", 200, "http/1.1"),
        ("HTTP/2", 413, "h2"),
    ]
    .map(|(version, status, alpn)| (version.to_owned(), status, alpn.to_owned()));
    assert_eq!(found, expected);
    let again = &visits[1].steps[0].exchange;
    assert_eq!(again.reused, Seen::Present(true));
}

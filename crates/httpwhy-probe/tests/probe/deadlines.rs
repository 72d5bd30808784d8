//! Every phase's own deadline: that it fires, in its phase, and by how much too late, which is printed and not judged:
//! `cargo test -p httpwhy-probe --test probe deadlines -- --nocapture`.

use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use httpwhy_probe::ways::{Proxies, Proxy, Ways};
use httpwhy_probe::{Config, Deadlines, Job, Protocol, Resolver};
use httpwhy_wire::h2::{flag, kind};

use crate::h2;
use crate::quic::{Quic, control, head, keep, request, trusting};
use crate::servers::{LONG, Server, Then, config, drain, exchange, finish, read_head, summary};

/// The deadline of the phase shown.
const DEADLINE: Duration = Duration::from_millis(300);

/// A listening port whose accept queue is full.
fn full() -> (socket2::Socket, Vec<TcpStream>, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut fillers = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        fillers.push(stream);
        assert!(fillers.len() < 64, "the queue does not fill");
    }
    (socket, fillers, address)
}

#[expect(clippy::print_stdout, reason = "it shows figures")]
fn show(phase: &str, config: Config, job: Job, expected: &str) {
    let began = Instant::now();
    let seen = exchange(config, job);
    let took = began.elapsed();
    let found = summary(&seen);
    assert!(found.ends_with(expected), "{phase}: {found}");
    let over = took.saturating_sub(DEADLINE).as_secs_f64() * 1000.0;
    println!("{phase:<11} deadline 300 ms, ended {over:.1} ms after it");
}

fn with(change: impl FnOnce(&mut Deadlines)) -> Config {
    changed(config(), change)
}

fn changed(mut config: Config, change: impl FnOnce(&mut Deadlines)) -> Config {
    change(&mut config.deadlines);
    config
}

#[test]
fn each_phase_ends_by_its_deadline() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut resolving = with(|d| d.resolve = DEADLINE);
    resolving.resolver = Resolver::Servers(vec![silent.local_addr().unwrap()]);
    show(
        "resolve",
        resolving,
        Job::get(0, "http://a.example/"),
        "resolve timeout:300",
    );

    let (_socket, _fillers, stuck) = full();
    let connecting = with(|d| d.connect = DEADLINE);
    show(
        "connect",
        connecting,
        Job::get(0, format!("http://{stuck}/")),
        "connect timeout:300",
    );

    let mute = Server::new(|mut stream| drain(&mut stream));
    let mut tunnelling = with(|d| d.tunnel = DEADLINE);
    tunnelling.ways = Arc::new(Ways {
        proxies: Proxies::always(Proxy::parse(&mute.address.to_string(), "test").unwrap()),
        ..Ways::default()
    });
    show(
        "tunnel",
        tunnelling,
        Job::get(0, "https://a.example/"),
        "tunnel timeout:300",
    );

    show(
        "tls",
        with(|d| d.tls = DEADLINE),
        Job::get(0, mute.url("https")),
        "tls timeout:300",
    );

    let deaf = Server::new(|stream| {
        // The deadline counts from the last byte that went: a small buffer is soon full.
        let socket = socket2::SockRef::from(&stream);
        socket.set_recv_buffer_size(4096).unwrap();
        std::thread::sleep(LONG / 5);
        drop(stream);
    });
    let mut job = Job::get(0, deaf.url("http"));
    job.method = "POST".into();
    job.body = Some(vec![0; 16 * 1024 * 1024].into());
    show("send", with(|d| d.send = DEADLINE), job, "send timeout:300");

    show(
        "wait",
        with(|d| d.wait = DEADLINE),
        Job::get(0, mute.url("http")),
        "wait timeout:300",
    );

    let half = Server::new(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            .unwrap();
        finish(stream, Then::Stall);
    });
    show(
        "receive",
        with(|d| d.receive = DEADLINE),
        Job::get(0, half.url("http")),
        "receive timeout:300",
    );

    show(
        "total",
        with(|d| d.total = DEADLINE),
        Job::get(0, mute.url("http")),
        "limit:time max=300",
    );
}

#[test]
fn each_phase_of_http2_ends_by_its_deadline() {
    // It acknowledges what asks for it, and never answers.
    let patient = Server::new(|stream| {
        let Some(mut peer) = h2::Peer::greet(stream, &[0, 4, 0, 0, 0, 5]) else {
            return;
        };
        while let Some((head, payload)) = peer.next() {
            if head.kind == kind::PING {
                peer.frame(kind::PING, flag::ACK, 0, &payload);
            }
        }
    });
    show(
        "h2 send",
        with(|d| d.send = DEADLINE),
        h2::upload(&patient),
        "send timeout:300",
    );
    show(
        "h2 wait",
        with(|d| d.wait = DEADLINE),
        h2::job(&patient),
        "wait timeout:300",
    );
    let mute = Server::new(|stream| finish(stream, Then::Stall));
    show(
        "h2 greeting",
        with(|d| d.wait = DEADLINE),
        h2::job(&mute),
        "wait timeout:300",
    );
    let half = h2::server(|peer, stream| peer.head(h2::END, stream, &[(":status", "200")]));
    show(
        "h2 receive",
        with(|d| d.receive = DEADLINE),
        h2::job(&half),
        "receive timeout:300",
    );
    show(
        "h2 total",
        with(|d| d.total = DEADLINE),
        h2::job(&patient),
        "limit:time max=300",
    );
}

#[test]
fn each_phase_of_http3_ends_by_its_deadline() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = format!("https://{}/", silent.local_addr().unwrap());
    let job = Job {
        protocol: Some(Protocol::Http3),
        ..Job::get(0, target)
    };
    show(
        "h3 connect",
        changed(trusting(), |d| d.connect = DEADLINE),
        job,
        "connect timeout:300, connect quic:handshake-failed",
    );
    let quiet = Quic::new(|connection| async move {
        let _streams = request(&connection).await;
        keep(&connection).await;
    });
    show(
        "h3 wait",
        changed(trusting(), |d| d.wait = DEADLINE),
        quiet.get(),
        "wait timeout:300",
    );
    show(
        "h3 total",
        changed(trusting(), |d| d.total = DEADLINE),
        quiet.get(),
        "limit:time max=300",
    );
    let mut upload = quiet.get();
    upload.method = "POST".into();
    upload.body = Some(vec![0; 16 * 1024 * 1024].into());
    show(
        "h3 send",
        changed(trusting(), |d| d.send = DEADLINE),
        upload,
        "send timeout:300",
    );
    let half = Quic::new(|connection| async move {
        let _control = control(&connection, b"").await;
        let (mut send, _receive) = request(&connection).await;
        send.write_all(&head(&[])).await.unwrap();
        keep(&connection).await;
    });
    show(
        "h3 receive",
        changed(trusting(), |d| d.receive = DEADLINE),
        half.get(),
        "receive timeout:300",
    );
}

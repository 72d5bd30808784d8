//! Every phase's own deadline: that it fires, in its phase, and by how much too late, which is printed and not judged:
//! `cargo test -p httpwhy-probe --test probe deadlines -- --nocapture`.

use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use httpwhy_probe::ways::{Proxies, Proxy, Ways};
use httpwhy_probe::{Config, Job, Resolver};

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

fn show(phase: &str, config: Config, job: Job, expected: &str) {
    let began = Instant::now();
    let seen = exchange(config, job);
    let took = began.elapsed();
    let found = summary(&seen);
    assert!(found.ends_with(expected), "{phase}: {found}");
    let over = took.saturating_sub(DEADLINE).as_secs_f64() * 1000.0;
    println!("{phase:<8} deadline 300 ms, ended {over:.1} ms after it");
}

fn with(change: impl FnOnce(&mut httpwhy_probe::Deadlines)) -> Config {
    let mut config = config();
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

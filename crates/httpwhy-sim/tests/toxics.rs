//! Each toxic does what it says, and nothing else: bytes, order and ends, over real sockets.

mod client;
mod upstream;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use client::{End, PATIENCE, SILENCE, connect, read_all, start};
use httpwhy_sim::{Config, Simulator};
use serde_json::{Value, json};
use upstream::{Upstream, api, proxy};

fn toxic(kind: &str, attributes: impl Into<Value>) -> Value {
    let attributes: Value = attributes.into();
    json!([{"type": kind, "attributes": attributes}])
}

/// Sends these bytes, ends its side, and reads all.
fn through(at: SocketAddr, bytes: &[u8]) -> (Vec<u8>, End, Duration) {
    let begun = Instant::now();
    let mut stream = connect(at);
    let sent = stream
        .write_all(bytes)
        .and_then(|()| stream.shutdown(Shutdown::Write));
    // A toxic may have torn it down already.
    drop(sent);
    let (got, end) = read_all(&mut stream);
    (got, end, begun.elapsed())
}

#[test]
fn without_a_toxic_everything_passes() {
    let simulator = start();
    let echo = Upstream::echo();
    for toxics in [json!([]), toxic("noop", json!({}))] {
        let at = proxy(&simulator, "tcp", echo.address, &toxics);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| n as u8).collect();
        let mut stream = connect(at);
        let mut writing = stream.try_clone().expect("a clone");
        let all = sent.clone();
        let writer = std::thread::spawn(move || {
            writing.write_all(&all).expect("sends");
            writing.shutdown(Shutdown::Write).expect("ends");
        });
        assert_eq!(read_all(&mut stream), (sent, End::Fin));
        writer.join().expect("wrote");
    }
}

#[test]
fn a_reset_passes_and_stays_a_reset() {
    let simulator = start();
    let resetting = Upstream::start(|mut stream| {
        let _ = stream.read(&mut [0; 16]);
        let _ = stream.write_all(b"part");
        std::thread::sleep(Duration::from_millis(50));
        let socket = socket2::SockRef::from(&stream);
        socket.set_linger(Some(Duration::ZERO)).expect("an option");
    });
    let at = proxy(&simulator, "tcp", resetting.address, &json!([]));
    for _ in 0..10 {
        let mut stream = connect(at);
        stream.write_all(b"go").expect("sends");
        assert_eq!(read_all(&mut stream), (b"part".to_vec(), End::Reset));
    }
}

#[test]
fn nobody_behind_it() {
    let simulator = start();
    let gone = Upstream::echo().address;
    let at = proxy(&simulator, "tcp", gone, &json!([]));
    let (got, end, _) = through(at, b"");
    assert_eq!((got, end), (Vec::new(), End::Fin));
}

#[test]
fn latency_delays_each_direction() {
    let simulator = start();
    let echo = Upstream::echo();
    for stream in ["upstream", "downstream"] {
        let slow = json!([{"type": "latency", "stream": stream, "attributes": {"latency": 300, "jitter": 50}}]);
        let at = proxy(&simulator, "tcp", echo.address, &slow);
        let (got, end, took) = through(at, b"hello");
        assert_eq!((got.as_slice(), end), (&b"hello"[..], End::Fin));
        assert!(took >= Duration::from_millis(250), "{stream}: {took:?}");
    }
}

#[test]
fn bandwidth_holds_back() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("bandwidth", json!({"rate": 20})),
    );
    let sent = vec![b'x'; 16_000];
    let (got, end, took) = through(at, &sent);
    assert_eq!((got == sent, end), (true, End::Fin));
    assert!(
        took >= Duration::from_millis(700),
        "16 kB at 20 kB/s: {took:?}"
    );
}

#[test]
fn slow_close_holds_the_end_back() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("slow_close", json!({"delay": 600})),
    );
    let mut stream = connect(at);
    stream.write_all(b"hi").expect("sends");
    stream.shutdown(Shutdown::Write).expect("ends");
    let mut two = [0; 2];
    stream.read_exact(&mut two).expect("the bytes come first");
    let begun = Instant::now();
    assert_eq!(read_all(&mut stream), (Vec::new(), End::Fin));
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[test]
fn timeout_lets_nothing_pass() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("timeout", json!({"timeout": 200})),
    );
    let begun = Instant::now();
    let mut stream = connect(at);
    stream.write_all(b"hello").expect("sends");
    assert_eq!(read_all(&mut stream), (Vec::new(), End::Fin));
    assert!(begun.elapsed() >= Duration::from_millis(200));
    // 0: silence, until the toxic is removed.
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("timeout", json!({"timeout": 0})),
    );
    let mut stream = connect(at);
    stream.write_all(b"lost").expect("sends");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    assert!(stream.read(&mut [0; 9]).is_err(), "nothing came");
    let (status, _) = api(
        &simulator,
        "DELETE",
        "/proxies/p/toxics/timeout_downstream",
        &Value::Null,
    );
    assert_eq!(status, 204);
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(b"heard").expect("sends");
    let mut five = [0; 5];
    stream.read_exact(&mut five).expect("it comes");
    assert_eq!(&five, b"heard");
}

#[test]
fn reset_peer_resets() {
    let simulator = start();
    let echo = Upstream::echo();
    for wait in [0, 200] {
        let at = proxy(
            &simulator,
            "tcp",
            echo.address,
            &toxic("reset_peer", json!({"timeout": wait})),
        );
        for _ in 0..5 {
            let mut stream = connect(at);
            // It may be torn down already.
            drop(stream.write_all(b"hello"));
            assert_eq!(
                read_all(&mut stream),
                (Vec::new(), End::Reset),
                "after {wait} ms"
            );
        }
    }
}

#[test]
fn slicer_cuts_and_keeps_every_byte() {
    let simulator = start();
    let echo = Upstream::echo();
    let attributes = json!({"average_size": 10, "size_variation": 5, "delay": 20_000});
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("slicer", attributes),
    );
    let sent: Vec<u8> = (0..100).collect();
    let mut stream = connect(at);
    stream.write_all(&sent).expect("sends");
    let (mut got, mut reads) = (Vec::new(), 0);
    while got.len() < sent.len() {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).expect("more");
        got.extend_from_slice(&buffer[..count]);
        reads += 1;
    }
    assert_eq!(got, sent);
    assert!(reads > 1, "{reads} reads");
}

#[test]
fn limit_data_ends_behind_so_many_bytes() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(
        &simulator,
        "tcp",
        echo.address,
        &toxic("limit_data", json!({"bytes": 7})),
    );
    for _ in 0..5 {
        let mut stream = connect(at);
        stream.write_all(b"hello, world").expect("sends");
        assert_eq!(read_all(&mut stream), (b"hello, ".to_vec(), End::Fin));
    }
    // Upstream: the server gets no more.
    let (tell, told) = mpsc::channel();
    let counting = Upstream::start(move |mut stream| {
        let mut all = Vec::new();
        drop(stream.read_to_end(&mut all));
        drop(tell.send(all));
    });
    let limit = json!([{"type": "limit_data", "stream": "upstream", "attributes": {"bytes": 3}}]);
    let at = proxy(&simulator, "tcp", counting.address, &limit);
    drop(through(at, b"hello"));
    assert_eq!(told.recv_timeout(PATIENCE).expect("it ended"), b"hel");
}

/// Which of 40 connections are let through.
fn pattern(seed: u64, echo: &Upstream) -> String {
    let simulator = Simulator::start_seeded(Config::default(), seed).expect("starts");
    let half = json!([{"type": "reset_peer", "toxicity": 0.5}]);
    let at = proxy(&simulator, "tcp", echo.address, &half);
    let passes = |_| match through(at, b"x").1 {
        End::Fin => 'p',
        End::Reset => 'r',
        End::Silence => '?',
    };
    (0..40).map(passes).collect()
}

#[test]
fn a_seed_repeats_who_meets_a_toxic() {
    let echo = Upstream::echo();
    let first = pattern(7, &echo);
    assert_eq!(first, pattern(7, &echo));
    assert_ne!(first, pattern(8, &echo));
    assert!(
        first.contains('p') && first.contains('r') && !first.contains('?'),
        "{first}"
    );
}

#[test]
fn toxics_change_while_a_connection_lasts() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(&simulator, "tcp", echo.address, &json!([]));
    let mut stream = connect(at);
    let say = |stream: &mut TcpStream| -> Duration {
        let begun = Instant::now();
        stream.write_all(b"hi").expect("sends");
        stream.read_exact(&mut [0; 2]).expect("comes");
        begun.elapsed()
    };
    say(&mut stream);
    let slow = json!({"name": "slow", "type": "latency", "attributes": {"latency": 400}});
    let (status, made) = api(&simulator, "POST", "/proxies/p/toxics", &slow);
    assert_eq!((status, &made["stream"]), (200, &json!("downstream")));
    assert!(say(&mut stream) >= Duration::from_millis(350));
    let (_, changed) = api(
        &simulator,
        "POST",
        "/proxies/p/toxics/slow",
        &json!({"attributes": {"latency": 0}}),
    );
    assert_eq!(changed["attributes"], json!({"latency": 0, "jitter": 0}));
    say(&mut stream);
    // Disabled: the connection is over, and none is taken.
    let (status, shown) = api(&simulator, "POST", "/proxies/p", &json!({"enabled": false}));
    assert_eq!((status, &shown["enabled"]), (200, &json!(false)));
    assert_ne!(read_all(&mut stream).1, End::Silence);
    assert!(TcpStream::connect(at).is_err(), "refused");
    api(&simulator, "POST", "/reset", &Value::Null);
    assert_eq!(through(at, b"back").0, b"back");
    let (_, toxics) = api(&simulator, "GET", "/proxies/p/toxics", &Value::Null);
    assert_eq!(toxics, json!([]));
}

#[test]
fn the_api_has_toxiproxys_shapes() {
    let simulator = start();
    let echo = Upstream::echo();
    let at = proxy(&simulator, "tcp", echo.address, &json!([]));
    let (_, all) = api(&simulator, "GET", "/proxies", &Value::Null);
    assert_eq!(all["p"]["listen"], json!(at.to_string()));
    assert_eq!(all["p"]["upstream"], json!(echo.address.to_string()));
    assert_eq!(
        (&all["p"]["enabled"], &all["p"]["toxics"]),
        (&json!(true), &json!([]))
    );
    let again = json!({"name": "p", "upstream": "127.0.0.1:1"});
    for (method, path, content, status, error) in [
        ("POST", "/proxies", again, 409, "proxy already exists"),
        ("GET", "/proxies/none", Value::Null, 404, "proxy not found"),
        (
            "GET",
            "/proxies/p/toxics/none",
            Value::Null,
            404,
            "toxic not found",
        ),
        (
            "POST",
            "/proxies",
            json!({"upstream": "a:1"}),
            400,
            "'name' is needed",
        ),
        (
            "POST",
            "/proxies",
            json!({"name": "q"}),
            400,
            "'upstream' is needed",
        ),
        (
            "POST",
            "/proxies/p/toxics",
            json!({"type": "x"}),
            400,
            "no toxic is called 'x'",
        ),
        (
            "POST",
            "/proxies/p/toxics",
            json!({"type": "http_abort"}),
            400,
            "'http_abort_downstream' knows HTTP",
        ),
        (
            "POST",
            "/proxies",
            json!({"name": "q", "upstream": "a:1", "listen": "192.0.2.1:1"}),
            400,
            "192.0.2.1 is not",
        ),
    ] {
        let (got, said) = api(&simulator, method, path, &content);
        assert_eq!(
            (got, &said["status"]),
            (status, &json!(status)),
            "{method} {path} {said}"
        );
        let said = said["error"].as_str().unwrap_or_default();
        assert!(said.starts_with(error), "{method} {path}: {said}");
    }
    let list = json!([{"name": "p", "upstream": "127.0.0.1:1", "listen": "127.0.0.1:0"}, {"name": "q", "upstream": "127.0.0.1:1"}]);
    let (status, made) = api(&simulator, "POST", "/populate", &list);
    assert_eq!(
        (status, made["proxies"].as_array().map(Vec::len)),
        (201, Some(2))
    );
    let page = [("Origin", "http://evil.example")];
    let refused = client::ask(simulator.http(), "POST", "/reset", &page, b"");
    assert_eq!(refused.status(), 403, "no script of a page is obeyed");
    assert_eq!(api(&simulator, "DELETE", "/proxies/q", &Value::Null).0, 204);
}

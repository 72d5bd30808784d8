//! Proxies that know HTTP do their duties, say their own errors, and keep both sides.

mod client;
mod upstream;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::{Answer, End, SILENCE, connect, read_all, request, say, start};
use httpwhy_sim::{Config, ProxyConfig, Simulator};
use serde_json::{Value, json};
use upstream::{Upstream, proxy, read_head};

fn get(at: SocketAddr, target: &str) -> Answer {
    let (bytes, _) = say(at, &request("GET", target, &[], b""));
    Answer::read(&bytes)
}

fn own_fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    fields.iter().map(own).collect()
}

/// What the proxy at `p` has kept.
fn kept(simulator: &Simulator) -> Vec<Value> {
    let answer = client::get(simulator.http(), "/proxies/p/exchanges");
    let text = client::text(&answer);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn a_reverse_proxy_does_its_duties() {
    let simulator = start();
    let mirror = Upstream::mirror();
    let at = proxy(&simulator, "reverse", mirror.address, &json!([]));
    let fields = own_fields(&[
        ("Connection", "X-Hop, close"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=9"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "trailers"),
        ("X-End-To-End", "2"),
    ]);
    let (bytes, end) = say(at, &request("GET", "/a?b=c", &fields, b""));
    assert_eq!(end, End::Fin);
    let answer = Answer::read(&bytes);
    assert_eq!(answer.field("Via"), Some("1.1 httpwhy-sim-p"));
    let passed = client::text(&answer);
    assert_eq!(
        passed,
        "GET /a?b=c HTTP/1.1\r\nHost: sim.test\r\nX-End-To-End: 2\r\nVia: 1.1 httpwhy-sim-p\r\nConnection: close\r\n\r\n"
    );
    let kept = kept(&simulator);
    assert_eq!(kept.len(), 2, "both sides");
    assert_eq!(kept[1]["because"], json!({"kind": "forwarded", "of": 0}));
    let fields = |side: usize| kept[side]["request"]["fields"]["list"].to_string();
    assert!(fields(0).contains("X-Hop") && !fields(1).contains("X-Hop"));
    assert_eq!(kept[0]["vantage"]["side"], json!("between"));
    assert_eq!(kept[1]["response"]["code"], json!("200"));
}

#[test]
fn connections_are_kept_and_content_passes_as_framed() {
    let simulator = start();
    let at = proxy(&simulator, "reverse", simulator.http(), &json!([]));
    let mut stream = connect(at);
    for (path, ends_with) in [
        ("/status/200", &b"200 OK\n"[..]),
        (
            "/with/chunked=1,trailer=X-A:b/status/200",
            b"\r\nX-A: b\r\n\r\n",
        ),
        ("/with/chunked=1,piece=3/status/404", b"0\r\n\r\n"),
        ("/bytes/3000?seed=1", b""),
        ("/status/204", b"\r\n\r\n"),
    ] {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").expect("sends");
        let direct = say(simulator.http(), &request("GET", path, &[], b"")).0;
        let mut got = read_head(&mut stream);
        let body = Answer::read(&direct).body;
        let mut rest = vec![0; body.len()];
        stream
            .read_exact(&mut rest)
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(rest, body, "{path}");
        got.extend_from_slice(&rest);
        assert!(got.ends_with(ends_with), "{path}");
    }
    // Content of a request, chunked and counted.
    let body = "5\r\nhello\r\n0\r\n\r\n";
    write!(stream, "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{body}")
        .expect("sends");
    let (got, end) = read_all(&mut stream);
    assert_eq!(end, End::Fin);
    assert!(client::text(&Answer::read(&got)).contains("\"data\": \"hello\""));
}

#[test]
fn interim_answers_come_as_they_come() {
    let simulator = start();
    let at = proxy(&simulator, "reverse", simulator.http(), &json!([]));
    let (bytes, _) = say(at, &request("GET", "/status/200?1xx=103,102", &[], b""));
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("HTTP/1.1 "))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("HTTP/1.1 103") && lines[1].starts_with("HTTP/1.1 102"));
    assert!(
        text.starts_with("HTTP/1.1 103 Early Hints\r\n")
            && text.contains("\r\nVia: 1.1 httpwhy-sim-p\r\n")
    );
    // 100-continue: the client's content waits for the server's leave.
    let mut stream = connect(at);
    stream
        .write_all(b"POST /post HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")
        .expect("sends");
    let leave = read_head(&mut stream);
    assert!(
        leave.starts_with(b"HTTP/1.1 100"),
        "{}",
        leave.escape_ascii()
    );
    stream.write_all(b"hi").expect("sends");
    let (rest, _) = read_all(&mut stream);
    assert!(client::text(&Answer::read(&rest)).contains("\"data\": \"hi\""));
    // A client of HTTP/1.0 gets none.
    let old = say(at, b"GET /status/200?1xx=103 HTTP/1.0\r\nHost: a\r\n\r\n").0;
    assert!(
        !old.escape_ascii().to_string().contains(" 103 "),
        "{}",
        old.escape_ascii()
    );
}

#[test]
fn max_forwards_counts_down() {
    let simulator = start();
    let mirror = Upstream::mirror();
    let at = proxy(&simulator, "reverse", mirror.address, &json!([]));
    let ask = |method: &str, left: &str| {
        let fields = own_fields(&[("Max-Forwards", left), ("Cookie", "a=b")]);
        Answer::read(&say(at, &request(method, "/", &fields, b"")).0)
    };
    assert_eq!(ask("OPTIONS", "0").status(), 204);
    let echoed = ask("TRACE", "0");
    assert_eq!(echoed.field("Content-Type"), Some("message/http"));
    let echoed = client::text(&echoed);
    assert!(
        echoed.starts_with("TRACE / HTTP/1.1\r\n") && !echoed.contains("Cookie"),
        "{echoed}"
    );
    assert!(client::text(&ask("TRACE", "3")).contains("Max-Forwards: 2\r\n"));
}

#[test]
fn its_own_errors_say_so() {
    let simulator = start();
    let gone = Upstream::echo().address;
    let silent = Upstream::saying("");
    let nonsense = Upstream::saying("\0\x01 no answer\r\n\r\n");
    for (upstream, status, error) in [
        (gone, 502, "connection_refused"),
        (silent.address, 502, "connection_terminated"),
        (nonsense.address, 502, "http_protocol_error"),
    ] {
        let at = proxy(&simulator, "reverse", upstream, &json!([]));
        let answer = get(at, "/");
        assert_eq!(answer.status(), status);
        let said = answer.field("Proxy-Status").expect("Proxy-Status");
        assert!(
            said.starts_with(&format!("httpwhy-sim-p; error={error}; details=")),
            "{said}"
        );
        assert_eq!(answer.field("httpwhy-sim"), None, "it was not asked for");
    }
    let at = proxy(&simulator, "reverse", gone, &json!([]));
    for (sent, status) in [
        (&b"GET / HTTP/1.1\r\nno colon\r\n\r\n"[..], 400),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 httpwhy-sim-p\r\n\r\n",
            502,
        ),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 400),
    ] {
        assert_eq!(Answer::read(&say(at, sent).0).status(), status);
    }
}

#[test]
fn what_breaks_behind_it_breaks_the_same_way() {
    let simulator = start();
    let at = proxy(&simulator, "reverse", simulator.http(), &json!([]));
    for (path, end) in [
        ("/status/200?cut=body:3", End::Fin),
        ("/status/200?rst=body:3", End::Reset),
    ] {
        let (bytes, ended) = say(at, &request("GET", path, &[], b""));
        assert_eq!(
            (Answer::read(&bytes).body.as_slice(), ended),
            (&b"200"[..], end),
            "{path}"
        );
    }
}

#[test]
fn a_forward_proxy_takes_absolute_form_and_tunnels() {
    let simulator = start();
    let mirror = Upstream::mirror();
    let echo = Upstream::echo();
    let at = simulator
        .add_proxy(ProxyConfig::forward("p"))
        .expect("a proxy");
    let answer = get(at, &format!("http://user@{}/x?y", mirror.address));
    let passed = client::text(&answer);
    let expected = format!(
        "GET /x?y HTTP/1.1\r\nVia: 1.1 httpwhy-sim-p\r\nHost: {}\r\n",
        mirror.address
    );
    assert!(passed.starts_with(&expected), "{passed}");
    assert_eq!(get(at, "/x").status(), 400);
    // A tunnel: bytes both ways, and the end of one direction stays in order.
    let mut stream = connect(at);
    write!(
        stream,
        "CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\nearly",
        echo.address
    )
    .expect("sends");
    assert!(read_head(&mut stream).starts_with(b"HTTP/1.1 200 "));
    stream.write_all(b" late").expect("sends");
    let mut got = [0; 10];
    stream.read_exact(&mut got).expect("the echo");
    assert_eq!(&got, b"early late");
    stream.shutdown(std::net::Shutdown::Write).expect("ends");
    assert_eq!(read_all(&mut stream), (Vec::new(), End::Fin));
    let gone = Upstream::echo().address;
    let refused = say(
        at,
        format!("CONNECT {gone} HTTP/1.1\r\nHost: {gone}\r\n\r\n").as_bytes(),
    )
    .0;
    assert_eq!(Answer::read(&refused).status(), 502);
}

#[test]
fn names_bring_a_proxys_failures_about() {
    let simulator = start();
    let at = simulator
        .add_proxy(ProxyConfig::forward("p"))
        .expect("a proxy");
    for (host, status, said) in [
        ("407.test", 407, "httpwhy-sim-p; details="),
        ("403.test", 403, "httpwhy-sim-p; details="),
        (
            "502.test",
            502,
            "httpwhy-sim-p; error=connection_terminated",
        ),
        (
            "504.test",
            504,
            "httpwhy-sim-p; error=http_response_timeout",
        ),
        ("dns.test", 502, "httpwhy-sim-p; error=dns_error"),
        (
            "refused.test",
            502,
            "httpwhy-sim-p; error=connection_refused",
        ),
        (
            "timeout.test",
            504,
            "httpwhy-sim-p; error=connection_timeout",
        ),
    ] {
        let connect = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
        let plain = request("GET", &format!("http://{host}/"), &[], b"");
        for sent in [connect.as_bytes(), &plain] {
            let answer = Answer::read(&say(at, sent).0);
            assert_eq!(answer.status(), status, "{host}");
            let proxy_status = answer.field("Proxy-Status").unwrap_or_default();
            assert!(proxy_status.starts_with(said), "{host}: {proxy_status}");
            assert_eq!(
                answer.field("httpwhy-sim"),
                Some(format!("status-{status}").as_str())
            );
            assert_eq!(answer.field("Proxy-Authenticate").is_some(), status == 407);
        }
    }
    let mut cut = connect(at);
    cut.write_all(b"CONNECT tunnel-cut.test:443 HTTP/1.1\r\nHost: a\r\n\r\n")
        .expect("sends");
    assert!(read_head(&mut cut).starts_with(b"HTTP/1.1 200 "));
    cut.write_all(b"hello").expect("sends");
    assert_eq!(read_all(&mut cut).1, End::Fin);
    let port = simulator.http().port();
    assert_eq!(
        get(at, &format!("http://sim.test:{port}/status/418")).status(),
        418
    );
}

#[test]
fn credentials_for_the_proxy() {
    let simulator = start();
    let wants = ProxyConfig {
        auth: Some("me:secret".to_owned()),
        ..ProxyConfig::forward("p")
    };
    let at = simulator.add_proxy(wants).expect("a proxy");
    let target = format!("http://{}/headers", simulator.http());
    let refused = get(at, &target);
    assert_eq!(refused.status(), 407);
    assert!(refused.field("Proxy-Authenticate").is_some());
    let shown = own_fields(&[("Proxy-Authorization", "Basic bWU6c2VjcmV0")]);
    let answer = Answer::read(&say(at, &request("GET", &target, &shown, b"")).0);
    assert_eq!(answer.status(), 200);
    assert!(
        !client::text(&answer).contains("bWU6"),
        "they end at the proxy"
    );
    let all = kept(&simulator);
    assert!(!format!("{all:?}").contains("bWU6"), "nor are they kept");
}

#[test]
fn toxics_that_know_http() {
    let simulator = start();
    let server =
        Upstream::saying("HTTP/1.1 200 OK\r\nServer: real\r\nContent-Length: 10\r\n\r\n0123456789");
    let with = |toxics: Value| proxy(&simulator, "reverse", server.address, &toxics);
    let status = json!([{"type": "http_status", "attributes": {"status": 503, "fields": {"Retry-After": "7"}}}]);
    let answer = get(with(status), "/");
    assert_eq!(
        (answer.status(), answer.field("Retry-After")),
        (503, Some("7"))
    );
    assert_eq!(answer.field("httpwhy-sim"), Some("status-503"));
    for (at, how, ends_with, end) in [
        ("before-head", "fin", &b""[..], End::Fin),
        ("before-head", "rst", b"", End::Reset),
        ("after-head", "rst", b"\r\n\r\n", End::Reset),
        ("in-body", "fin", b"01234", End::Fin),
        ("in-body", "rst", b"01234", End::Reset),
    ] {
        let at_proxy = with(json!([{"type": "http_abort", "attributes": {"at": at, "how": how}}]));
        for _ in 0..5 {
            let (got, ended) = say(at_proxy, &request("GET", "/", &[], b""));
            assert!(
                got.ends_with(ends_with) && ended == end,
                "{at} {how}: {ended:?} {}",
                got.escape_ascii()
            );
        }
    }
    let (cut, _) = say(
        with(json!([{"type": "http_abort", "attributes": {"at": "in-head"}}])),
        &request("GET", "/", &[], b""),
    );
    assert!(cut.starts_with(b"HTTP/1.1 200") && !cut.ends_with(b"\r\n\r\n"));
    let mut stalled = connect(with(
        json!([{"type": "http_abort", "attributes": {"at": "after-head", "how": "stall"}}]),
    ));
    stalled.set_read_timeout(Some(SILENCE)).expect("a timeout");
    stalled
        .write_all(&request("GET", "/", &[], b""))
        .expect("sends");
    assert_eq!(read_all(&mut stalled).1, End::Silence);
    let dropped = get(
        with(json!([{"type": "http_field", "attributes": {"name": "Server"}}])),
        "/",
    );
    assert_eq!(dropped.field("Server"), None);
    let set = get(
        with(json!([{"type": "http_field", "attributes": {"name": "Server", "value": "other"}}])),
        "/",
    );
    assert_eq!(set.field("Server"), Some("other"));
    for stream in ["upstream", "downstream"] {
        let slow =
            with(json!([{"type": "http_delay", "stream": stream, "attributes": {"delay": 300}}]));
        let begun = Instant::now();
        assert_eq!(get(slow, "/").status(), 200);
        assert!(begun.elapsed() >= Duration::from_millis(250), "{stream}");
    }
    // What works on bytes works here too.
    let (got, end) = say(
        with(json!([{"type": "limit_data", "attributes": {"bytes": 12}}])),
        &request("GET", "/", &[], b""),
    );
    assert_eq!((got.as_slice(), end), (&b"HTTP/1.1 200"[..], End::Fin));
}

#[test]
fn a_fraction_of_requests_and_a_seed() {
    let server = Upstream::saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let pattern = |seed| -> Vec<u16> {
        let simulator = Simulator::start_seeded(Config::default(), seed).expect("starts");
        let some = json!([{"type": "http_status", "toxicity": 0.4, "attributes": {"status": 500}}]);
        let at = proxy(&simulator, "reverse", server.address, &some);
        let mut stream = connect(at);
        let ask = |_| {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .expect("sends");
            let head = read_head(&mut stream);
            let answer = Answer::read(&head);
            let length = answer
                .field("Content-Length")
                .and_then(|length| length.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).expect("the content");
            answer.status()
        };
        (0..60).map(ask).collect()
    };
    let first = pattern(3);
    assert_eq!(
        first,
        pattern(3),
        "one connection, one seed, the same requests"
    );
    assert_ne!(first, pattern(4));
    let failed = first.iter().filter(|status| **status == 500).count();
    assert!((10..45).contains(&failed), "{failed} of 60");
}

#[test]
fn a_websocket_passes() {
    let simulator = start();
    let at = proxy(&simulator, "reverse", simulator.http(), &json!([]));
    let mut stream = connect(at);
    stream
        .write_all(&request("GET", "/ws/close/4001", &client::handshake(), b""))
        .expect("sends");
    let head = read_head(&mut stream);
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", head.escape_ascii());
    let mut frame = [0; 4];
    stream.read_exact(&mut frame).expect("a Close frame");
    assert_eq!(frame, [0x88, 2, 0x0f, 0xa1]);
}

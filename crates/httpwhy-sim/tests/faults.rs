//! Faults by path: exact bytes, named ones, and outcomes behind modifiers.

mod client;

use std::time::{Duration, Instant};

use client::{Answer, End, ask, request, say, start};
use httpwhy_sim::Simulator;

/// What comes for a path, and how it ends.
fn all(simulator: &Simulator, path: &str) -> (String, End) {
    let (bytes, end) = say(simulator.http(), &request("GET", path, &[], b""));
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

#[test]
fn raw_bytes_are_sent_as_they_are() {
    let simulator = start();
    // "\x00any\xff"
    for (end, expected) in [
        ("", End::Fin),
        ("?end=fin", End::Fin),
        ("?end=rst", End::Reset),
    ] {
        let (bytes, ended) = say(
            simulator.http(),
            &request("GET", &format!("/raw/AGFuef8{end}"), &[], b""),
        );
        assert_eq!(
            (bytes.as_slice(), ended),
            (&b"\0any\xff"[..], expected),
            "{end}"
        );
    }
    let put = ask(
        simulator.http(),
        "PUT",
        "/raw/mine",
        &[],
        b"HTTP/1.1 200\n\nx",
    );
    assert_eq!(
        (put.status(), put.field("Location")),
        (201, Some("/raw/mine"))
    );
    assert_eq!(all(&simulator, "/raw/mine").0, "HTTP/1.1 200\n\nx");
    let again = ask(simulator.http(), "PUT", "/raw/mine", &[], b"other");
    assert_eq!(again.status(), 204);
    assert_eq!(all(&simulator, "/raw/mine"), ("other".to_owned(), End::Fin));
    assert_eq!(
        ask(simulator.http(), "DELETE", "/raw/mine", &[], b"").status(),
        204
    );
    assert_eq!(
        ask(simulator.http(), "DELETE", "/raw/mine", &[], b"").status(),
        404
    );
    for (method, path, body) in [
        ("GET", "/raw/!", &b""[..]),
        ("GET", "/raw/AGFueQ?end=never", b""),
        ("PUT", "/raw/empty", b""),
        ("PUT", "/raw/long", &[b'x'; 4097]),
    ] {
        let refused = ask(simulator.http(), method, path, &[], body);
        assert_eq!(refused.status(), 400, "{method} {path}");
    }
}

#[test]
fn named_faults() {
    let simulator = start();
    for (path, begins, end) in [
        ("/malformed", "\0\u{1}\u{2} this is no HTTP", End::Fin),
        ("/timeout/0.05", "", End::Fin),
        ("/fault/wiremock/EMPTY_RESPONSE", "", End::Fin),
        ("/fault/wiremock/CONNECTION_RESET_BY_PEER", "", End::Reset),
        (
            "/fault/wiremock/RANDOM_DATA_THEN_CLOSE",
            "\u{fffd}\u{11}",
            End::Fin,
        ),
        (
            "/fault/wiremock/MALFORMED_RESPONSE_CHUNK",
            "HTTP/1.1 200 OK\r\n",
            End::Fin,
        ),
        (
            "/fault/interim/101-unasked",
            "HTTP/1.1 101 Switching Protocols\r\n",
            End::Fin,
        ),
        (
            "/fault/interim/only",
            "HTTP/1.1 103 Early Hints\r\n",
            End::Fin,
        ),
        (
            "/fault/auth/no-challenge",
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n",
            End::Fin,
        ),
        ("/fault/half-close/body:3", "HTTP/1.1 200 OK\r\n", End::Fin),
        ("/fault/nothing/like-it", "HTTP/1.1 404 ", End::Fin),
        ("/fault/wiremock/OTHER", "HTTP/1.1 400 ", End::Fin),
        ("/fault/tcp/other", "HTTP/1.1 400 ", End::Fin),
        ("/ws/handshake/other", "HTTP/1.1 400 ", End::Fin),
        ("/ws/handshake/403", "HTTP/1.1 403 ", End::Fin),
    ] {
        let (got, ended) = all(&simulator, path);
        assert!(got.starts_with(begins), "{path}: {got}");
        assert_eq!(ended, end, "{path}");
        assert!(!begins.is_empty() || got.is_empty(), "{path}: {got}");
    }
}

#[test]
fn handshakes_that_must_be_refused() {
    let simulator = start();
    for (how, holds, lacks) in [
        (
            "wrong-accept",
            "Sec-WebSocket-Accept: ",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ),
        ("no-upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Upgrade: "),
        ("extra-protocol", "Sec-WebSocket-Protocol: ", "nothing"),
    ] {
        let mut stream = client::connect(simulator.http());
        stream
            .set_read_timeout(Some(client::SILENCE))
            .expect("a timeout");
        let asked = request(
            "GET",
            &format!("/ws/handshake/{how}"),
            &client::handshake(),
            b"",
        );
        std::io::Write::write_all(&mut stream, &asked).expect("sends");
        let (got, end) = client::read_all(&mut stream);
        let got = String::from_utf8(got).expect("ASCII");
        assert!(got.starts_with("HTTP/1.1 101 "), "{how}: {got}");
        assert!(got.contains(holds) && !got.contains(lacks), "{how}: {got}");
        assert_eq!(end, End::Silence, "{how}");
    }
}

#[test]
fn no_path_refuses_a_connection_and_one_leads_to_the_port_that_does() {
    let simulator = start();
    let answer = ask(simulator.http(), "GET", "/fault/tcp/refused", &[], b"");
    let location = answer.field("Location").expect("a location");
    let address = location
        .strip_prefix("http://")
        .and_then(|rest| rest.strip_suffix('/'));
    let refused = std::net::TcpStream::connect(address.expect("an address"));
    assert_eq!(
        refused.expect_err("refused").kind(),
        std::io::ErrorKind::ConnectionRefused
    );
    let ports = client::get(simulator.http(), "/ports");
    let ports: serde_json::Value = serde_json::from_slice(&ports.body).expect("JSON");
    assert_eq!(ports["http"], simulator.http().port());
    assert_eq!(
        format!("127.0.0.1:{}", ports["net/connect-refused"]),
        address.expect("an address")
    );
}

#[test]
fn outcomes_take_modifiers() {
    let simulator = start();
    let (whole, _) = all(&simulator, "/outcome/http/404");
    assert!(whole.contains("httpwhy-sim: http/404"), "{whole}");
    for (words, end) in [
        ("cut=byte:20", End::Fin),
        ("rst=byte:20", End::Reset),
        ("limit_data=20", End::Fin),
        ("piece=3,cut=byte:20", End::Fin),
    ] {
        let (got, ended) = all(&simulator, &format!("/with/{words}/outcome/http/404"));
        assert_eq!((got.as_str(), ended), (&whole[..20], end), "{words}");
    }
    let (head, end) = all(&simulator, "/with/rst=after-head/outcome/http/404");
    assert!(head.ends_with("\r\n\r\n") && end == End::Reset, "{head}");
    let (some, _) = all(&simulator, "/with/cut=body:5/outcome/http/404");
    assert_eq!(some.len(), head.len() + 5);
    let (none, end) = all(&simulator, "/with/rst=before-head/outcome/http/404");
    assert_eq!((none.as_str(), end), ("", End::Reset));
    let (unmarked, _) = all(&simulator, "/with/mark=0/outcome/http/404");
    assert!(unmarked.starts_with("HTTP/1.1 404 ") && !unmarked.contains("httpwhy-sim"));
    let began = Instant::now();
    let (dripped, _) = all(&simulator, "/with/drip=1/outcome/http/404");
    assert_eq!(dripped.len(), whole.len());
    assert!(
        began.elapsed() > Duration::from_millis(whole.len() as u64),
        "too fast to be true"
    );
    for words in ["status=200", "cut=50%25", "nonsense=1"] {
        let (refused, _) = all(&simulator, &format!("/with/{words}/outcome/http/404"));
        assert!(refused.starts_with("HTTP/1.1 400 "), "{words}: {refused}");
    }
    let (unknown, _) = all(&simulator, "/with/sleep=1/outcome/http/none");
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
    let (reset, end) = all(&simulator, "/with/sleep=1/outcome/net/body-interrupted");
    assert!(
        reset.starts_with("HTTP/1.1 200 ") && end == End::Reset,
        "{reset}"
    );
}

#[test]
fn toxics_are_words() {
    let simulator = start();
    let (whole, _) = all(&simulator, "/with/latency=1,slicer=10,bandwidth=1000/html");
    assert!(
        Answer::read(whole.as_bytes()).body.ends_with(b"</html>\n") || whole.contains("</html>")
    );
    for (words, length, end) in [
        ("limit_data=30", 30, End::Fin),
        ("reset_peer=5", 0, End::Reset),
        ("timeout=5", 0, End::Fin),
    ] {
        let (got, ended) = all(&simulator, &format!("/with/{words}/html"));
        assert_eq!((got.len(), ended), (length, end), "{words}");
    }
    let (slow, end) = all(&simulator, "/with/slow_close=5/json");
    assert!(slow.ends_with("}\n") && end == End::Fin, "{slow}");
    let bad = client::get(simulator.http(), "/status/200?body=abc&corrupt=1");
    assert_eq!(bad.body, [b'a', !b'b', b'c']);
    let beyond = client::get(simulator.http(), "/status/200?body=abc&corrupt=3");
    assert_eq!(beyond.status(), 400);
}

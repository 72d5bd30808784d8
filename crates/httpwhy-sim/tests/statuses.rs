//! `/status/<code>`: every status is right on the wire.

mod client;

use client::{Answer, End, connect, get, request, say, start};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Fields that a status must or should have, from RFC 9110 (15 and the sections of the fields), 6585, 7725, 3229.
const DEMANDED: &[(u16, &[&str])] = &[
    (201, &["Location"]),
    (206, &["Content-Range", "ETag", "Date"]),
    (226, &["IM", "ETag"]),
    (300, &["Location"]),
    (301, &["Location"]),
    (302, &["Location"]),
    (303, &["Location"]),
    (304, &["ETag", "Date", "Cache-Control"]),
    (307, &["Location"]),
    (308, &["Location"]),
    (401, &["WWW-Authenticate"]),
    (405, &["Allow"]),
    (407, &["Proxy-Authenticate"]),
    (416, &["Content-Range"]),
    (426, &["Upgrade"]),
    (429, &["Retry-After"]),
    (451, &["Link"]),
    (503, &["Retry-After"]),
];

#[test]
fn every_status_answers_with_its_fields() {
    let simulator = start();
    for code in (200..=599).chain([600, 742, 999]) {
        let answer = get(simulator.http(), &format!("/status/{code}"));
        assert_eq!(answer.status(), code);
        assert!(answer.field("Date").is_some(), "{code}");
        assert_eq!(answer.field("Server"), Some("sim"), "{code}");
        let mark = format!("status-{code}");
        assert_eq!(answer.field("httpwhy-sim"), Some(mark.as_str()));
        let demanded = DEMANDED.iter().filter(|(of, _)| *of == code);
        for name in demanded.flat_map(|(_, names)| *names) {
            assert!(answer.field(name).is_some(), "{code} without {name}");
        }
        let length = answer.field("Content-Length");
        match code {
            204 | 304 => {
                assert_eq!(length, None, "{code}");
                assert!(answer.body.is_empty(), "{code}");
            }
            205 => assert_eq!((length, answer.body.len()), (Some("0"), 0)),
            _ => {
                let expected = answer.body.len().to_string();
                assert_eq!(length, Some(expected.as_str()), "{code}");
                assert!(answer.field("Content-Type").is_some(), "{code}");
            }
        }
    }
}

#[test]
fn texts_of_single_statuses() {
    let simulator = start();
    let body = |code: u16| {
        let answer = get(simulator.http(), &format!("/status/{code}"));
        String::from_utf8(answer.body).expect("UTF-8")
    };
    assert!(body(207).contains("<D:multistatus"));
    assert!(body(208).contains("208 Already Reported"));
    assert!(body(511).contains("<a href="));
    let upgrade = get(simulator.http(), "/status/426");
    assert_eq!(upgrade.field("Connection"), Some("upgrade, close"));
    let blocked = get(simulator.http(), "/status/451");
    assert!(
        blocked
            .field("Link")
            .expect("a link")
            .contains("rel=\"blocked-by\"")
    );
}

#[test]
fn interim_answers_are_followed_by_a_final_one() {
    let simulator = start();
    for code in [100, 102, 103, 104, 199] {
        let path = format!("/status/{code}");
        let (bytes, _) = say(simulator.http(), &request("GET", &path, &[], b""));
        let interim = Answer::read(&bytes);
        assert_eq!(interim.status(), code);
        assert_eq!(interim.field("Content-Length"), None);
        assert_eq!(Answer::read(&interim.body).status(), 200, "{code}");
        let old = format!("GET {path} HTTP/1.0\r\n\r\n");
        let (bytes, _) = say(simulator.http(), old.as_bytes());
        assert_eq!(
            Answer::read(&bytes).status(),
            200,
            "HTTP/1.0 knows no {code}"
        );
    }
}

#[test]
fn protocols_are_switched_when_asked_for() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    stream
        .write_all(
            b"GET /status/101 HTTP/1.1\r\nHost: sim.test\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n",
        )
        .expect("sends");
    let answer = read_head(&mut stream);
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.field("Upgrade"), Some("echo/1"));
    assert_eq!(answer.field("Connection"), Some("upgrade"));
    stream.write_all(b"is there anybody").expect("sends");
    stream.shutdown(std::net::Shutdown::Write).expect("ends");
    let (bytes, end) = client::read_all(&mut stream);
    assert_eq!(
        (bytes.as_slice(), end),
        (&b"is there anybody"[..], End::Fin)
    );
    assert_eq!(get(simulator.http(), "/status/101").status(), 426);
}

fn read_head(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        bytes.push(byte[0]);
    }
    Answer::read(&bytes)
}

#[test]
fn head_is_get_without_content() {
    let simulator = start();
    for code in [200, 204, 206, 304, 401, 404, 503] {
        let path = format!("/status/{code}");
        let (bytes, _) = say(simulator.http(), &request("HEAD", &path, &[], b""));
        let head = Answer::read(&bytes);
        let mut with_content = get(simulator.http(), &path);
        assert!(head.body.is_empty());
        let without_date = |fields: &[(String, String)]| -> Vec<(String, String)> {
            fields
                .iter()
                .filter(|(name, _)| name != "Date")
                .cloned()
                .collect()
        };
        assert_eq!(head.line, with_content.line);
        with_content.fields = without_date(&with_content.fields);
        assert_eq!(without_date(&head.fields), with_content.fields, "{code}");
    }
}

#[test]
fn ranges_and_validators_are_true() {
    let simulator = start();
    let ask = |path: &str, name: &str, value: &str| {
        let fields = [(name.to_owned(), value.to_owned())];
        let (bytes, _) = say(simulator.http(), &request("GET", path, &fields, b""));
        Answer::read(&bytes)
    };
    let part = ask("/status/206", "Range", "bytes=26-30");
    assert_eq!((part.status(), part.body.as_slice()), (206, &b"abcde"[..]));
    assert_eq!(part.field("Content-Range"), Some("bytes 26-30/480"));
    let beyond = ask("/status/206", "Range", "bytes=999-");
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.field("Content-Range"), Some("bytes */480"));
    let whole = ask("/status/206", "Range", "bytes=0-1,5-6");
    assert_eq!((whole.status(), whole.body.len()), (200, 480));
    assert_eq!(ask("/status/304", "If-None-Match", "\"v1\"").status(), 304);
    assert_eq!(
        ask("/status/304", "If-None-Match", "\"x\", W/\"v1\"").status(),
        304
    );
    assert_eq!(ask("/status/304", "If-None-Match", "\"v0\"").status(), 200);
    let fields = [("Range", "bytes=0-4"), ("If-Range", "\"v0\"")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (bytes, _) = say(
        simulator.http(),
        &request("GET", "/status/206", &fields, b""),
    );
    assert_eq!(Answer::read(&bytes).status(), 200, "another version");
}

#[test]
fn connections_carry_several_requests() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    let one = "GET /status/404 HTTP/1.1\r\nHost: sim.test\r\n\r\n";
    let last = "GET /landing HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\n\r\n";
    // Pipelined: what is read beyond one request belongs to the next.
    stream
        .write_all(format!("{one}{one}{last}").as_bytes())
        .expect("sends");
    let (bytes, end) = client::read_all(&mut stream);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!((text.matches("HTTP/1.1 404").count(), end), (2, End::Fin));
    assert!(text.ends_with("You have arrived.\n"));
}

#[test]
fn requests_are_bounded() {
    let simulator = start();
    let big = format!(
        "GET / HTTP/1.1\r\nHost: sim.test\r\nX: {}\r\n\r\n",
        "x".repeat(70_000)
    );
    let (bytes, _) = say(simulator.http(), big.as_bytes());
    assert_eq!(Answer::read(&bytes).status(), 431);
    let (bytes, _) = say(simulator.http(), b"nonsense\r\n\r\n");
    assert_eq!(Answer::read(&bytes).status(), 400);
    let body = vec![b'x'; 200_000];
    let (bytes, _) = say(simulator.http(), &request("POST", "/post", &[], &body));
    assert_eq!(Answer::read(&bytes).status(), 200, "content is drained");
}

#[test]
fn content_that_waits_for_leave_gets_it() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    let head = "POST /post HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\nExpect: 100-continue\r\n\
                Content-Length: 1\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("sends");
    assert_eq!(read_head(&mut stream).status(), 100);
    stream.write_all(b"x").expect("sends");
    let (bytes, end) = client::read_all(&mut stream);
    assert_eq!((Answer::read(&bytes).status(), end), (200, End::Fin));
}

#[test]
fn pages() {
    let simulator = start();
    for (path, status, part) in [
        ("/", 200, "/outcome/http/404"),
        ("/outcomes", 200, "\"id\":\"http/404\",\"act\":\"respond\""),
        ("/ca.pem", 200, "-----BEGIN CERTIFICATE-----"),
        ("/landing", 200, "arrived"),
        ("/login", 200, "type=\"password\""),
        ("/get?x=1", 200, "\"x\": \"1\""),
        ("/delay/0.01", 200, "\"args\""),
        ("/delay/x", 400, "number of seconds"),
        ("/status/99", 400, "three digits"),
        ("/status/1000", 400, "three digits"),
        ("/nowhere", 404, "index"),
        ("/outcome/no/such", 404, "/outcomes"),
        (
            "/outcome/net/connect-refused",
            200,
            "\"url\":\"http://sim.test:",
        ),
    ] {
        let answer = get(simulator.http(), path);
        assert_eq!(answer.status(), status, "{path}");
        let body = String::from_utf8(answer.body).expect("UTF-8");
        assert!(body.contains(part), "{path}: {body}");
    }
}

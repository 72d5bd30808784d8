//! The reference API: every code by the request that its own table names, over HTTP/1.1 and HTTP/2.

mod client;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::SocketAddr;

use client::table::{Got, check, got, parts, table, walk};
use client::{Answer, End, ask, connect, get, h2, say, start, text};
use httpwhy_wire::h2::{HEAD, kind, read_frame_head};
use serde_json::Value;

/// Every code that the seed document lists.
const LISTED: &[u16] = &[
    100, 101, 102, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307,
    308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
    418, 421, 422, 423, 424, 426, 428, 429, 431, 444, 451, 499, 500, 501, 502, 503, 504, 505, 506,
    507, 508, 510, 511, 599, 200,
];
/// Those that no server sends.
const NEVER: &[u16] = &[305, 444, 499, 510, 599];

/// Sends the text of a request as it is; reads until the connection ends or is silent.
fn over_http1(address: SocketAddr, request: &str) -> Got {
    let request = match request.contains("Upgrade: websocket") {
        true => request.to_owned(),
        false => request.replacen("\r\n", "\r\nConnection: close\r\n", 1),
    };
    let mut stream = connect(address);
    let mut bytes = Vec::new();
    let head = request.find("\r\n\r\n").expect("a head") + 4;
    let first = match request.contains("Expect: 100-continue") {
        true => head,
        false => request.len(),
    };
    stream
        .write_all(&request.as_bytes()[..first])
        .expect("sends");
    if first < request.len() {
        bytes.resize("HTTP/1.1 100 Continue\r\n\r\n".len(), 0);
        stream.read_exact(&mut bytes).expect("an interim answer");
        stream
            .write_all(&request.as_bytes()[first..])
            .expect("sends");
    }
    if request.contains("Upgrade: websocket") {
        // The handshake alone: the WebSocket is ended by us.
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("half-closes");
    }
    let (rest, end) = client::read_all(&mut stream);
    assert_ne!(end, End::Reset, "{request}");
    bytes.extend_from_slice(&rest);
    read(&bytes)
}

fn read(bytes: &[u8]) -> Got {
    let mut interim = Vec::new();
    let mut answer = Answer::read(bytes);
    while answer.status() < 200 && answer.status() != 101 {
        interim.push(answer.line.clone());
        answer = Answer::read(&answer.body);
    }
    Got {
        interim,
        status: answer.status(),
        content: text(&answer),
        fields: answer.fields,
    }
}

/// Asks the same over HTTP/2.
fn over_http2(address: SocketAddr, request: &str) -> Got {
    let parts = parts(request);
    let fields: Vec<(&str, &str)> = parts
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let heard = hear(
        address,
        &h2::request(parts.method, parts.path, &fields, parts.content),
    );
    assert!(heard.is_whole(1), "{request}: {heard:?}");
    got(heard.fields(1), &heard.content(1))
}

/// Sends these bytes, and takes frames until stream 1 is over.
fn hear(address: SocketAddr, bytes: &[u8]) -> h2::Heard {
    let mut stream = connect(address);
    stream.write_all(bytes).expect("sends");
    let mut heard = h2::Heard {
        frames: Vec::new(),
        rest: Vec::new(),
        end: End::Silence,
    };
    while !heard.is_whole(1) && heard.of(kind::RST_STREAM, 1).is_empty() {
        let mut head = [0; HEAD];
        stream.read_exact(&mut head).expect("a frame");
        let head = read_frame_head(&head).expect("a frame");
        let mut payload = vec![0; head.length as usize];
        stream.read_exact(&mut payload).expect("a payload");
        heard.frames.push((head, payload));
    }
    heard
}

#[test]
fn every_code_happens_for_its_reason_or_never() {
    let simulator = start();
    let (codes, document) = table(simulator.http());
    let known: BTreeSet<u64> = codes
        .iter()
        .filter_map(|row| row["code"].as_u64())
        .collect();
    assert_eq!(known.len(), codes.len());
    for code in LISTED {
        assert!(known.contains(&u64::from(*code)), "{code} is missing");
    }
    for row in &codes {
        assert!(!row["why"].as_str().expect("a reason").is_empty());
        if row["request"].is_null() {
            assert!(NEVER.iter().any(|code| row["code"] == *code), "{row}");
            continue;
        }
        let got = walk(simulator.http(), row, |request| {
            over_http1(simulator.http(), request)
        });
        check(row, &got, &document);
    }
}

#[test]
fn the_same_over_http2() {
    let simulator = start();
    let (codes, document) = table(simulator.http());
    let portable = |row: &&Value| row["http1_only"] == false;
    let rows: Vec<&Value> = codes.iter().filter(portable).collect();
    assert!(rows.len() > 40, "{}", rows.len());
    for row in rows {
        let got = walk(simulator.http(), row, |request| {
            over_http2(simulator.http(), request)
        });
        check(row, &got, &document);
    }
}

const DEMO: (&str, &str) = ("Authorization", "Bearer demo");

#[test]
fn a_connection_carries_more_after_content_that_came_late() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    let content = br#"{"title": "A chair"}"#;
    let head = format!(
        "POST /api/v1/records HTTP/1.1\r\nHost: sim.test\r\nAuthorization: Bearer demo\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    stream.write_all(head.as_bytes()).expect("sends");
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).expect("an interim answer");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(content).expect("sends");
    let next = "GET /api/v1/records/r1 HTTP/1.1\r\nHost: sim.test\r\nAuthorization: Bearer demo\r\nConnection: close\r\n\r\n";
    stream.write_all(next.as_bytes()).expect("sends");
    let (bytes, end) = client::read_all(&mut stream);
    let said = String::from_utf8_lossy(&bytes);
    assert_eq!(end, End::Fin);
    assert!(said.starts_with("HTTP/1.1 201 Created\r\n"), "{said}");
    assert_eq!(said.matches("HTTP/1.1 200 OK\r\n").count(), 1, "{said}");
}

#[test]
fn what_the_head_refuses_is_not_waited_for() {
    let simulator = start();
    for (field, status) in [
        ("Content-Length: 99999999", 413),
        ("Transfer-Encoding: chunked", 411),
        ("Content-Length: 9\r\nContent-Encoding: gzip", 415),
    ] {
        let head = format!(
            "POST /api/v1/records HTTP/1.1\r\nHost: sim.test\r\nAuthorization: Bearer demo\r\n\
             Content-Type: application/json\r\nExpect: 100-continue\r\n{field}\r\n\r\n"
        );
        let (bytes, _) = say(simulator.http(), head.as_bytes());
        let answer = Answer::read(&bytes);
        assert_eq!(
            (answer.status(), answer.field("Connection")),
            (status, Some("close")),
            "{field}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_a_problem_too() {
    let simulator = start();
    for (head, status) in [
        (
            "GET /api/v1/records HTTP/1.1\r\nno colon\r\n\r\n".to_owned(),
            400,
        ),
        (
            format!(
                "GET /api/v1 HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                "x".repeat(70_000)
            ),
            431,
        ),
    ] {
        let (bytes, _) = say(simulator.http(), head.as_bytes());
        let answer = Answer::read(&bytes);
        assert_eq!(answer.status(), status);
        assert_eq!(
            answer.field("Content-Type"),
            Some("application/problem+json")
        );
    }
}

#[test]
fn keys_have_their_own_records_and_are_reset_apart() {
    let simulator = start();
    let address = simulator.http();
    let json = ("Content-Type", "application/json");
    let issued = ask(
        address,
        "POST",
        "/api/v1/keys",
        &[json],
        br#"{"key": "mine", "records": 1}"#,
    );
    assert_eq!(
        (issued.status(), issued.field("Location")),
        (201, Some("/api/v1/keys/mine"))
    );
    let again = ask(
        address,
        "POST",
        "/api/v1/keys",
        &[json],
        br#"{"key": "mine"}"#,
    );
    assert_eq!(again.status(), 409);
    let mine = ("Authorization", "Bearer mine");
    let create = |key| {
        ask(
            address,
            "POST",
            "/api/v1/records",
            &[json, key],
            br#"{"title": "A"}"#,
        )
        .status()
    };
    assert_eq!([create(mine), create(mine), create(DEMO)], [201, 507, 201]);
    assert_eq!(
        ask(address, "POST", "/api/v1/reset", &[mine], b"").status(),
        204
    );
    let total = |key| -> Value {
        let list = ask(address, "GET", "/api/v1/records", &[key], b"");
        serde_json::from_slice(&list.body).expect("JSON")
    };
    assert_eq!(
        (total(mine)["total"].clone(), total(DEMO)["total"].clone()),
        (0.into(), 1.into())
    );
    assert_eq!(
        ask(address, "DELETE", "/api/v1/keys/mine", &[], b"").status(),
        204
    );
    assert_eq!(create(mine), 401);
    assert_eq!(
        ask(address, "DELETE", "/api/v1/keys/demo", &[], b"").status(),
        403
    );
}

#[test]
fn a_lock_holds_off_who_does_not_name_it() {
    let simulator = start();
    let address = simulator.http();
    let json = ("Content-Type", "application/json");
    ask(
        address,
        "POST",
        "/api/v1/records",
        &[json, DEMO],
        br#"{"id": "a", "title": "A"}"#,
    );
    let locked = ask(address, "POST", "/api/v1/records/a/lock", &[DEMO], b"");
    let token = locked.field("Lock-Token").expect("a token").to_owned();
    let delete =
        |path: &str, more: (&str, &str)| ask(address, "DELETE", path, &[DEMO, more], b"").status();
    assert_eq!(delete("/api/v1/records/a", ("X", "y")), 423);
    assert_eq!(
        delete("/api/v1/records/a/lock", ("Lock-Token", "<other>")),
        409
    );
    assert_eq!(
        delete("/api/v1/records/a", ("If", &format!("({token})"))),
        204
    );
}

#[test]
fn head_and_options_are_answered_everywhere() {
    let simulator = start();
    let address = simulator.http();
    let (_, document) = table(address);
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{upstream}", "live").replace("{pot}", "tea");
        let path = format!("/api/v1{}", path.replace(['{', '}'], ""));
        let options = ask(address, "OPTIONS", &path, &[], b"");
        assert_eq!(options.status(), 204, "{path}");
        let allow = options.field("Allow").expect("Allow").to_owned();
        let patched = ask(address, "PATCH", &path, &[], b"");
        assert_eq!(
            (patched.status(), patched.field("Allow")),
            (405, Some(allow.as_str())),
            "{path}"
        );
        if operations.get("get").is_none() {
            continue;
        }
        assert!(allow.contains("GET, HEAD"), "{path}: {allow}");
        let (read, head) = (
            ask(address, "GET", &path, &[DEMO], b""),
            ask(address, "HEAD", &path, &[DEMO], b""),
        );
        assert_eq!(
            (read.status(), read.field("Content-Length")),
            (head.status(), head.field("Content-Length")),
            "{path}"
        );
        assert!(head.body.is_empty(), "{path}");
    }
}

#[test]
fn the_proxy_leaves_alone_what_must_not_be_changed() {
    let simulator = start();
    let through = |target: &str| {
        let request = format!(
            "GET http://origin.sim.test/api/v1/{target} HTTP/1.1\r\nHost: origin.sim.test\r\n\
             Proxy-Authorization: Basic cHJveHk6cHJveHk=\r\nConnection: close\r\n\r\n"
        );
        let (bytes, end) = say(simulator.http(), request.as_bytes());
        assert_eq!(end, End::Fin);
        Answer::read(&bytes)
    };
    let document = through("openapi.json");
    assert_eq!(
        (document.status(), document.field("Via")),
        (200, Some("1.1 sim-proxy"))
    );
    assert_eq!(
        text(&document),
        text(&get(simulator.http(), "/api/v1/openapi.json"))
    );
    let missing = through("nothing");
    assert_eq!(
        (missing.status(), missing.field("Via")),
        (404, Some("1.1 sim-proxy"))
    );
    let keys = through("keys");
    assert_eq!(keys.status(), 203);
    assert!(!text(&keys).contains('\n'), "{}", text(&keys));
}

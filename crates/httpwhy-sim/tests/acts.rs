//! The bytes that each act puts on the wire, and how the connection ends.

mod client;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;

use client::{Answer, End, SILENCE, connect, handshake, path, play, read_all, request, start};
use httpwhy_sim::{Config, Simulator};

/// Outcomes of acts that need the HTTP port only: how many bytes come at least and at most, and how it ends.
#[test]
fn cut_reset_and_silent_answers() {
    let simulator = start();
    for (id, starts, contains, end) in [
        ("net/empty-reply", "", "", End::Fin),
        (
            "net/headers-truncated",
            "HTTP/1.1 200 OK\r\nContent-Ty",
            "",
            End::Fin,
        ),
        (
            "net/body-truncated",
            "HTTP/1.1 200 OK\r\n",
            "Content-Length: 100\r\n",
            End::Fin,
        ),
        (
            "net/chunk-incomplete",
            "HTTP/1.1 200 OK\r\n",
            "\r\n\r\n6\r\nwhole\n\r\n10\r\ncut o",
            End::Fin,
        ),
        ("net/read-reset", "", "", End::Reset),
        (
            "net/body-interrupted",
            "HTTP/1.1 200 OK\r\n",
            "Content-Length: 100\r\n",
            End::Reset,
        ),
        ("net/read-timeout", "", "", End::Silence),
        (
            "net/body-timeout",
            "HTTP/1.1 200 OK\r\n",
            "Content-Length: 100\r\n",
            End::Silence,
        ),
        (
            "net/http09-response",
            "220 mail.example ESMTP ready\r\n",
            "",
            End::Fin,
        ),
    ] {
        let scene = simulator.scene(id).unwrap_or_else(|| panic!("{id}"));
        let (bytes, ended) = play(&simulator, scene);
        let text = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(ended, end, "{id}: {text:?}");
        assert!(
            text.starts_with(starts) && text.contains(contains),
            "{id}: {text:?}"
        );
        assert_eq!(starts.is_empty(), text.is_empty(), "{id}: {text:?}");
        assert_eq!(scene.slow, end == End::Silence, "{id}");
    }
}

#[test]
fn a_reset_comes_behind_the_bytes_every_time() {
    let simulator = start();
    let scene = simulator.scene("net/body-interrupted").expect("a scene");
    for _ in 0..20 {
        let (bytes, end) = play(&simulator, scene);
        assert!(bytes.ends_with(b"one hundred by\n"));
        assert_eq!(end, End::Reset);
    }
}

#[test]
fn raw_bytes_are_the_entry_s_own() {
    let simulator = start();
    for entry in httpwhy_catalog::entries() {
        let httpwhy_catalog::Reproduce::Act { act: "raw", params } = entry.reproduce else {
            continue;
        };
        let bytes = params.iter().find_map(|(name, value)| match value {
            httpwhy_catalog::Param::Text(text) if *name == "bytes" => Some(*text),
            _ => None,
        });
        let scene = simulator.scene(entry.id.0).expect("a scene");
        let (got, _) = play(&simulator, scene);
        assert_eq!(got, bytes.expect("bytes").as_bytes(), "{}", entry.id.0);
    }
}

/// Every entry that asks for an answer gets that status, those fields and that content, once each.
#[test]
fn answers_have_what_their_entries_ask_for() {
    use httpwhy_catalog::{Param, Reproduce};
    let simulator = start();
    for entry in httpwhy_catalog::entries() {
        let Reproduce::Act {
            act: "respond",
            params,
        } = entry.reproduce
        else {
            continue;
        };
        let id = entry.id.0;
        let scene = simulator.scene(id).expect("a scene");
        let mut scene = scene.clone();
        if !scene.fields.iter().any(|(name, _)| name == "Upgrade") {
            scene.fields.push(("Connection".into(), "close".into()));
        }
        let mut stream = connect(simulator.http());
        let body = scene.body.as_deref().unwrap_or_default();
        stream
            .write_all(&request(
                &scene.method,
                path(&scene.target),
                &scene.fields,
                body,
            ))
            .expect("sends");
        stream.shutdown(std::net::Shutdown::Write).expect("ends");
        let answer = Answer::read(&read_all(&mut stream).0);
        assert_eq!(answer.field("httpwhy-sim"), Some(id));
        for (name, value) in params {
            match (*name, value) {
                ("status", Param::Number(status)) => {
                    assert_eq!(i64::from(answer.status()), *status, "{id}");
                }
                ("reason", Param::Text(reason)) => assert_eq!(&answer.line[13..], *reason, "{id}"),
                ("body", Param::Text(text)) => assert_eq!(answer.body, text.as_bytes(), "{id}"),
                ("fields", Param::List(lines)) => {
                    for (name, value) in lines.iter().filter_map(|line| line.split_once(':')) {
                        assert_eq!(answer.field(name), Some(value.trim()), "{id}");
                    }
                    assert_ne!(answer.field("Server"), Some("sim"), "{id}: not our answer");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn marks_can_be_left_out() {
    let config = Config {
        mark: false,
        ..Config::default()
    };
    let simulator = Simulator::start(config).expect("starts");
    for path in ["/outcome/http/404", "/status/404"] {
        let answer = client::get(simulator.http(), path);
        assert_eq!((answer.status(), answer.field("httpwhy-sim")), (404, None));
    }
}

#[test]
fn a_reused_connection_is_closed_without_a_byte() {
    let simulator = start();
    let scene = simulator.scene("net/keepalive-race").expect("a scene");
    let warm_up = scene.warm_up.as_deref().expect("a first request");
    let mut stream = connect(simulator.http());
    let ask = |target: &str| format!("GET {} HTTP/1.1\r\nHost: sim.test\r\n\r\n", path(target));
    stream.write_all(ask(warm_up).as_bytes()).expect("sends");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let (first, end) = read_all(&mut stream);
    assert_eq!((Answer::read(&first).status(), end), (200, End::Silence));
    stream
        .write_all(ask(&scene.target).as_bytes())
        .expect("sends");
    stream
        .set_read_timeout(Some(client::PATIENCE))
        .expect("a timeout");
    assert_eq!(read_all(&mut stream), (Vec::new(), End::Fin));
}

#[test]
fn ports_that_refuse_and_stall() {
    let simulator = start();
    let port = |id: &str| {
        let scene = simulator.scene(id).expect("a scene");
        let authority = scene.target.split('/').nth(2).expect("an authority");
        let port = authority.rsplit(':').next().expect("a port");
        (
            simulator.http().ip(),
            port.parse::<u16>().expect("a number"),
        )
            .into()
    };
    let refused = TcpStream::connect(port("net/connect-refused")).expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    for _ in 0..3 {
        let hangs = TcpStream::connect_timeout(&port("net/connect-timeout"), SILENCE);
        assert_eq!(hangs.expect_err("hangs").kind(), ErrorKind::TimedOut);
    }
}

#[test]
fn a_gateway_answers_for_a_broken_server() {
    let simulator = start();
    for (id, status) in [("http/502", 502), ("http/504", 504)] {
        let (bytes, _) = play(&simulator, simulator.scene(id).expect("a scene"));
        let answer = Answer::read(&bytes);
        assert_eq!(answer.status(), status);
        assert_eq!(answer.field("Via"), Some("1.1 sim-gateway"));
        assert_eq!(answer.field("Proxy-Status"), None);
    }
}

#[test]
fn redirects() {
    let simulator = start();
    let location = |path: &str| {
        let answer = client::get(simulator.http(), path);
        assert_eq!(answer.status(), 302);
        answer.field("Location").map(str::to_owned)
    };
    let there = location("/outcome/net/redirect-loop").expect("a location");
    assert_eq!(
        location(&there).as_deref(),
        Some("/outcome/net/redirect-loop")
    );
    let mut next = "/outcome/net/redirect-too-many".to_owned();
    let mut seen = Vec::new();
    for _ in 0..30 {
        assert!(!seen.contains(&next));
        seen.push(next.clone());
        next = location(&next).expect("a location");
    }
    assert_eq!(location("/outcome/net/redirect-no-location"), None);
    for (id, expected) in [
        ("net/redirect-invalid-location", "http://[::1/new"),
        (
            "net/redirect-unsafe-scheme",
            "file:///srv/data/catalogue.pdf",
        ),
        ("net/redirect-to-login", "/login?next=%2Forders"),
    ] {
        assert_eq!(
            location(&format!("/outcome/{id}")).as_deref(),
            Some(expected)
        );
        assert!(simulator.scene(id).expect("a scene").follow, "{id}");
    }
    assert!(
        simulator
            .scene("net/redirect-method-changed")
            .expect("a scene")
            .follow
    );
    assert!(!simulator.scene("http/302").expect("a scene").follow);
}

#[test]
fn websockets_end_badly() {
    const GOOD: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let simulator = start();
    for (id, accept, more, frame, end) in [
        (
            "ws/1000",
            GOOD,
            None,
            &b"\x88\x0a\x03\xe8as asked"[..],
            End::Fin,
        ),
        ("ws/1005", GOOD, None, b"\x88\x00", End::Fin),
        ("ws/1006", GOOD, None, b"", End::Fin),
        ("ws/4xxx", GOOD, None, b"\x88\x0a\x11\x31as asked", End::Fin),
        (
            "ws/handshake-extension",
            GOOD,
            Some("Sec-WebSocket-Extensions"),
            b"",
            End::Silence,
        ),
        (
            "ws/handshake-subprotocol",
            GOOD,
            Some("Sec-WebSocket-Protocol"),
            b"",
            End::Silence,
        ),
    ] {
        let scene = simulator.scene(id).expect("a scene");
        assert!(scene.websocket && scene.target.starts_with("ws://"), "{id}");
        let mut stream = connect(simulator.http());
        stream
            .write_all(&request("GET", path(&scene.target), &handshake(), b""))
            .expect("sends");
        stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
        let (mut bytes, mut ended) = read_all(&mut stream);
        if ended == End::Silence && frame.len() > 1 {
            // The client's own Close frame, masked: the server then ends the connection.
            stream.write_all(b"\x88\x80\0\0\0\0").expect("sends");
            stream
                .set_read_timeout(Some(client::PATIENCE))
                .expect("a timeout");
            let (rest, last) = read_all(&mut stream);
            bytes.extend(rest);
            ended = last;
        }
        let answer = Answer::read(&bytes);
        assert_eq!((answer.status(), ended), (101, end), "{id}");
        assert_eq!(answer.field("Sec-WebSocket-Accept"), Some(accept), "{id}");
        assert_eq!(answer.body, frame, "{id}");
        assert!(more.is_none_or(|name| answer.field(name).is_some()), "{id}");
    }
    let wrong = play_slowly(&simulator, "ws/handshake-bad-accept");
    let value = Answer::read(&wrong)
        .field("Sec-WebSocket-Accept")
        .map(str::to_owned);
    assert!(value.is_some_and(|value| value != GOOD && value.len() == GOOD.len()));
    let not_101 = play_slowly(&simulator, "ws/handshake-not-101");
    assert_eq!(Answer::read(&not_101).status(), 200);
    assert!(play_slowly(&simulator, "ws/handshake-timeout").is_empty());
    let plain = client::get(simulator.http(), "/outcome/ws/1000");
    assert_eq!(
        (plain.status(), plain.field("Upgrade")),
        (426, Some("websocket"))
    );
}

fn play_slowly(simulator: &Simulator, id: &str) -> Vec<u8> {
    let scene = simulator.scene(id).expect("a scene");
    let mut stream = connect(simulator.http());
    stream
        .write_all(&request("GET", path(&scene.target), &handshake(), b""))
        .expect("sends");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let (bytes, end) = read_all(&mut stream);
    assert_eq!(end, End::Silence, "{id}");
    bytes
}

#[test]
fn websocket_echo() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    let mut bytes = request("GET", "/ws/echo", &handshake(), b"");
    stream.write_all(&bytes).expect("sends");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let (head, _) = read_all(&mut stream);
    assert_eq!(Answer::read(&head).status(), 101);
    bytes = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec();
    bytes.extend_from_slice(b"\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8");
    stream.write_all(&bytes).expect("sends");
    let (frames, end) = read_all(&mut stream);
    assert_eq!(frames, b"\x81\x05Hello\x8a\x00\x88\x02\x03\xe8");
    assert_eq!(end, End::Fin);
}

#[test]
fn scenes_and_reasons_cover_the_catalogue() {
    let simulator = start();
    let (scenes, exempt) = (simulator.scenes(), simulator.exempt());
    assert!(scenes.is_sorted_by_key(|scene| scene.id));
    let own = scenes.iter().filter(|scene| scene.id == scene.outcome);
    assert_eq!(own.count() + exempt.len(), httpwhy_catalog::entries().len());
    assert!(exempt.iter().all(|(_, reason)| !reason.is_empty()));
    let fault = simulator.scene("engine/internal").expect("a scene");
    assert_eq!(fault.fault.as_deref(), Some("panic"));
    let input = simulator.scene("net/invalid-url").expect("a scene");
    assert_eq!(input.target, "http://[::1/health");
}

#[test]
fn stopping_frees_the_ports() {
    let simulator = start();
    let address = simulator.http();
    assert_eq!(client::get(address, "/landing").status(), 200);
    // A connection that is open does not keep it alive.
    let _open = connect(address);
    drop(simulator);
    let refused = TcpStream::connect(address).expect_err("gone");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn broken_answers_by_path() {
    let simulator = start();
    let ask = |path: &str| client::say(simulator.http(), &request("GET", path, &[], b""));
    for (path, has, end) in [
        (
            "/fault/head/bare-lf",
            "200 OK\nContent-Length: 3\n\nok\n",
            End::Fin,
        ),
        (
            "/fault/length/two-different",
            "Content-Length: 4\r\n\r\nok\n",
            End::Fin,
        ),
        (
            "/fault/length/with-chunked",
            "3\r\nok\n\r\n0\r\n\r\n",
            End::Fin,
        ),
        ("/fault/chunk/missing-last", "3\r\nok\n\r\n", End::Fin),
    ] {
        let (bytes, ended) = ask(path);
        assert!(String::from_utf8_lossy(&bytes).ends_with(has), "{path}");
        assert_eq!(ended, end, "{path}");
    }
    let (huge, end) = ask("/fault/head/huge");
    assert!(huge.len() > 1_000_000 && huge.ends_with(b"\r\n\r\nok\n"));
    assert_eq!(end, End::Fin);
    let (endless, _) = ask("/fault/head/endless");
    assert!(endless.len() > 60 << 20 && !endless.windows(4).any(|four| four == b"\r\n\r\n"));
    assert_eq!(
        client::get(simulator.http(), "/fault/head/nothing").status(),
        400
    );
    assert_eq!(
        client::get(simulator.http(), "/fault/coding/bomb").status(),
        400
    );
    let bomb = client::get(simulator.http(), "/fault/coding/bomb?mib=16");
    assert_eq!(bomb.field("Content-Encoding"), Some("gzip"));
    assert!(bomb.body.len() < 100_000);
}

/// What a WebSocket at that path says behind the handshake, when the client says this together with it.
fn websocket(simulator: &Simulator, path: &str, first: &[u8]) -> (Vec<u8>, End) {
    let mut stream = connect(simulator.http());
    let asked = [request("GET", path, &handshake(), b""), first.to_vec()].concat();
    stream.write_all(&asked).expect("sends");
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    let (bytes, end) = read_all(&mut stream);
    let at = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    (bytes[at + 4..].to_vec(), end)
}

#[test]
fn websockets_end_as_asked() {
    let simulator = start();
    let goodbye = b"\x88\x80\0\0\0\0";
    for code in [1000_u16, 1001, 1006, 1011, 3000, 4999] {
        let (frames, end) = websocket(&simulator, &format!("/ws/close/{code}"), goodbye);
        assert_eq!(frames, [&b"\x88\x02"[..], &code.to_be_bytes()].concat());
        assert_eq!(end, End::Fin, "{code}");
    }
    for (path, frames, end) in [
        ("/ws/close/empty", &b"\x88\0"[..], End::Fin),
        ("/ws/drop", b"", End::Fin),
        ("/ws/drop/rst", b"", End::Reset),
        ("/ws/frame/bad-utf8", b"\x81\x02\xff\xfe", End::Silence),
        ("/ws/frame/opcode-3", b"\x83\x08reserved", End::Silence),
        ("/ws/frame/cut", b"\x81\x0ahalf ", End::Fin),
    ] {
        let first = if path.contains("close") {
            &goodbye[..]
        } else {
            b""
        };
        assert_eq!(
            websocket(&simulator, path, first),
            (frames.to_vec(), end),
            "{path}"
        );
    }
    let ping = b"\x89\x80\0\0\0\0";
    assert_eq!(
        websocket(&simulator, "/ws/no-pong", ping),
        (Vec::new(), End::Silence)
    );
    let (pong, _) = websocket(&simulator, "/ws/echo", ping);
    assert_eq!(pong, b"\x8a\0", "what comes with the handshake is not lost");
}

#[test]
fn unmasked_frames_are_refused() {
    let simulator = start();
    let (frames, end) = websocket(&simulator, "/ws/echo", b"\x81\x02hi\x88\x80\0\0\0\0");
    assert_eq!(frames, b"\x88\x02\x03\xea", "1002 (RFC 6455 section 5.1)");
    assert_eq!(end, End::Fin);
}

//! HTTP/2: answers as over HTTP/1, and every act of frames.

mod client;

use std::process::Command;

use client::h2::{Heard, request, say, stream};
use client::{End, start};
use httpwhy_sim::{Protocol, Simulator};
use httpwhy_wire::h2::{kind, read_goaway, read_reset, write_frame};

fn get(simulator: &Simulator, path: &str) -> Heard {
    say(simulator.http(), &request("GET", path, &[], b""))
}

#[test]
fn endpoints_answer_as_over_http_1() {
    let simulator = start();
    let plain = get(&simulator, "/status/503");
    let head = &plain.fields(1)[0];
    assert_eq!(head[0], ":status: 503");
    assert!(head.contains(&"retry-after: 1".to_owned()), "{head:?}");
    assert!(head.contains(&"httpwhy-sim: status-503".to_owned()));
    assert_eq!(plain.content(1), b"503 Service Unavailable\n");
    assert!(plain.is_whole(1));
    assert_eq!(plain.end, End::Silence, "the connection stays");

    let trailers = get(&simulator, "/trailers?x-end=yes");
    assert_eq!(trailers.fields(1)[1], ["x-end: yes"]);
    assert!(trailers.is_whole(1));
    let hints = get(&simulator, "/status/103");
    let statuses: Vec<String> = hints.fields(1).iter().map(|head| head[0].clone()).collect();
    assert_eq!(statuses, [":status: 103", ":status: 200"]);
    let streamed = get(&simulator, "/stream-bytes/40000?chunk_size=9000");
    assert_eq!(
        (streamed.content(1).len(), streamed.is_whole(1)),
        (40_000, true)
    );
    let head = say(simulator.http(), &request("HEAD", "/get", &[], b""));
    assert!(head.is_whole(1) && head.content(1).is_empty());
    let mirrored = say(
        simulator.http(),
        &request("POST", "/post", &[("x-mine", "1")], b"hello"),
    );
    let mirrored = String::from_utf8(mirrored.content(1)).expect("JSON");
    assert!(
        mirrored.contains("\"data\": \"hello\"") && mirrored.contains("X-Mine"),
        "{mirrored}"
    );
}

#[test]
fn windows_are_kept() {
    let simulator = start();
    let heard = get(&simulator, "/bytes/100000");
    assert_eq!(heard.content(1).len(), 65_535, "then the window is empty");
    assert!(!heard.is_whole(1));
    let mut more = request("GET", "/bytes/100000", &[], b"");
    for on in [0, 1] {
        write_frame(
            &mut more,
            kind::WINDOW_UPDATE,
            0,
            on,
            &40_000_u32.to_be_bytes(),
        );
    }
    let heard = say(simulator.http(), &more);
    assert_eq!((heard.content(1).len(), heard.is_whole(1)), (100_000, true));
}

#[test]
fn streams_do_not_wait_for_each_other() {
    let simulator = start();
    let mut asked = request("GET", "/hang", &[], b"");
    stream(&mut asked, 3, "GET", "/status/204", &[], b"");
    let heard = say(simulator.http(), &asked);
    assert!(heard.is_whole(3) && !heard.is_whole(1));
    assert_eq!(heard.fields(3)[0][0], ":status: 204");
}

#[test]
fn faults_of_the_connection_keep_their_meaning() {
    let simulator = start();
    for (path, end, begun) in [
        ("/fault/rst/before-head", End::Reset, false),
        ("/fault/rst/body:10", End::Reset, true),
        ("/fault/close/before-head", End::Fin, false),
        ("/fault/close/body:10", End::Fin, true),
        ("/fault/stall/body:10", End::Silence, true),
    ] {
        let heard = get(&simulator, path);
        assert_eq!(
            (heard.end, !heard.content(1).is_empty()),
            (end, begun),
            "{path}"
        );
        assert!(!heard.is_whole(1), "{path}");
    }
    let foreign = get(&simulator, "/outcome/net/status-line-invalid");
    let (_, reset) = foreign.of(kind::RST_STREAM, 1)[0];
    assert_eq!(read_reset(reset), Some(13), "HTTP_1_1_REQUIRED");
}

#[test]
fn codes_are_sent_as_asked() {
    let simulator = start();
    for code in 0..=13_u32 {
        let id = format!("h2/0x{code:x}");
        let scene = simulator.scene(&id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(scene.protocol, Protocol::Http2);
        let heard = get(&simulator, &format!("/outcome/{id}"));
        let resets = heard.of(kind::RST_STREAM, 1);
        let goaways = heard.of(kind::GOAWAY, 0);
        let sent = match (resets.as_slice(), goaways.as_slice()) {
            ([(_, reset)], []) => {
                assert_eq!(heard.end, End::Silence, "{id}: the connection stays");
                read_reset(reset)
            }
            ([], [(_, goaway)]) => {
                assert_eq!(heard.end, End::Fin, "{id}");
                read_goaway(goaway).map(|goaway| goaway.code)
            }
            other => panic!("{id}: {other:?}"),
        };
        assert_eq!(sent, Some(code), "{id}");
        assert!(!heard.is_whole(1), "{id}");
    }
}

#[test]
fn grpc_statuses_stand_in_trailers() {
    let simulator = start();
    for code in 1..=16 {
        let id = format!("grpc/{code}");
        let scene = simulator.scene(&id).unwrap_or_else(|| panic!("{id}"));
        assert_eq!(
            (scene.method.as_str(), scene.protocol),
            ("POST", Protocol::Http2)
        );
        let body = scene.body.as_deref().expect("a message");
        let asked = request(
            "POST",
            &format!("/outcome/{id}"),
            &[("te", "trailers")],
            body,
        );
        let heard = say(simulator.http(), &asked);
        assert!(heard.is_whole(1), "{id}");
        let heads = heard.fields(1);
        let last = heads.last().expect("fields");
        assert!(
            last.contains(&format!("grpc-status: {code}")),
            "{id}: {heads:?}"
        );
        assert_eq!(heads.len() == 2, heard.content(1) == [0; 5], "{id}");
    }
}

#[test]
fn clients_that_break_the_rules_are_told() {
    let simulator = start();
    let framed = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let mut out = request("GET", "/status/204", &[], b"");
        write_frame(&mut out, kind, flags, stream, payload);
        say(simulator.http(), &out)
    };
    for (heard, code) in [
        (framed(kind::HEADERS, 5, 3, b"\xff\xff\xff\xff\xff\xff"), 9),
        (framed(kind::HEADERS, 5, 2, b"\x82"), 1),
        (framed(kind::DATA, 0, 9, b"x"), 1),
        (framed(kind::SETTINGS, 0, 0, b"\0\x04\xff\xff\xff\xff"), 3),
        (framed(kind::SETTINGS, 0, 0, b"\0\x04\xff"), 6),
        (framed(kind::DATA, 0, 1, &vec![0; 16_385]), 6),
        (framed(kind::WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), 3),
    ] {
        let (_, goaway) = heard.of(kind::GOAWAY, 0)[0];
        assert_eq!(
            read_goaway(goaway).map(|goaway| goaway.code),
            Some(code),
            "{heard:?}"
        );
        assert_ne!(heard.end, End::Silence);
    }
    let malformed = say(
        simulator.http(),
        &request("GET", "/get", &[("connection", "close")], b""),
    );
    let (_, reset) = malformed.of(kind::RST_STREAM, 1)[0];
    assert_eq!(read_reset(reset), Some(1));
}

/// What curl says of an answer over HTTP/2: status and exit code.
fn curl(simulator: &Simulator, path: &str, more: &[&str]) -> (String, i32) {
    let url = format!("http://{}{path}", simulator.http());
    let ran = Command::new("curl")
        .args([
            "--http2-prior-knowledge",
            "-s",
            "-m",
            "5",
            "-o",
            "/dev/null",
        ])
        .args(["-w", "%{http_version} %{http_code}"])
        .args(more)
        .arg(url)
        .output()
        .expect("curl is installed");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    (said, ran.status.code().unwrap_or(-1))
}

#[test]
fn curl_meets_the_same() {
    let simulator = start();
    for (path, said, exit) in [
        ("/status/503", "2 503", 0),
        ("/bytes/102400", "2 200", 0),
        ("/trailers?a=b", "2 200", 0),
        ("/status/103", "2 200", 0),
        ("/fault/rst/before-head", "0 000", 56),
        ("/outcome/h2/0x2", "0 000", 92),
        ("/outcome/h2/malformed-message", "0 000", 92),
        ("/outcome/h2/incomplete-headers", "0 000", 92),
    ] {
        assert_eq!(
            curl(&simulator, path, &[]),
            (said.to_owned(), exit),
            "{path}"
        );
    }
    let ca = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(ca.path(), simulator.ca_pem()).expect("written");
    let https = simulator.https();
    let ran = Command::new("curl")
        .args([
            "-s",
            "-m",
            "5",
            "-w",
            "%{http_version} %{http_code}",
            "-o",
            "/dev/null",
            "--cacert",
        ])
        .arg(ca.path())
        .arg(format!("https://{https}/status/404"))
        .output()
        .expect("curl is installed");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "2 404", "by ALPN");
}

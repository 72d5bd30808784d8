//! WebSockets: handshakes, frames and closes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{Exchange, Seen, WsClose};
use httpwhy_probe::Job;
use httpwhy_wire::ws::{read_frame_head, write_frame};
use sha1::{Digest, Sha1};

use crate::servers::{
    SHORT, Server, Then, config, drain, exchange, finish, read_head, reset, signals, summary,
};

fn accept(head: &str) -> String {
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    assert_eq!(BASE64_STANDARD.decode(key).unwrap().len(), 16);
    let hash = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    BASE64_STANDARD.encode(hash)
}

/// Completes the handshake, with more fields, and goes on like that.
fn upgraded(fields: &'static str, then: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
    Server::new(move |mut stream| {
        let head = read_head(&mut stream);
        for field in [
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
        ] {
            assert!(head.contains(field), "{head}");
        }
        let accept = accept(&head);
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             {fields}Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .unwrap();
        then(stream);
    })
}

fn probe(server: &Server) -> Exchange {
    let mut config = config();
    config.deadlines.websocket = SHORT;
    exchange(config, Job::get(0, server.url("ws")))
}

fn close(code: u16, reason: &str) -> Seen<WsClose> {
    Seen::Present(WsClose {
        code: Some(code),
        reason: reason.into(),
    })
}

/// Reads one frame of the client, unmasked: its opcode and payload.
fn frame(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    let (head, _) = loop {
        if let Some(read) = read_frame_head(&bytes) {
            break read;
        }
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        bytes.extend(byte);
    };
    assert!(head.masked && head.fin, "a client masks: {head:?}");
    let mut payload = vec![0; usize::try_from(head.length).unwrap()];
    stream.read_exact(&mut payload).ok()?;
    for (byte, key) in payload.iter_mut().zip(head.mask.iter().cycle()) {
        *byte ^= key;
    }
    Some((head.opcode, payload))
}

#[test]
fn what_comes_after_the_handshake() {
    type Row = (
        &'static str,
        &'static [u8],
        Then,
        &'static str,
        Seen<WsClose>,
    );
    let table: &[Row] = &[
        (
            "1000",
            b"\x88\x05\x03\xe8bye",
            Then::Stall,
            "",
            close(1000, "bye"),
        ),
        ("1011", b"\x88\x02\x03\xf3", Then::Fin, "", close(1011, "")),
        (
            "no code",
            b"\x88\x00",
            Then::Stall,
            "",
            Seen::Present(WsClose::default()),
        ),
        (
            "text first",
            b"\x81\x02hi\x88\x02\x03\xe9",
            Then::Stall,
            "",
            close(1001, ""),
        ),
        ("fin", b"", Then::Fin, "close eof:0", Seen::Absent),
        (
            "fin in a frame",
            b"\x81\x05hi",
            Then::Fin,
            "close eof:4",
            Seen::Absent,
        ),
        (
            "fin in a head",
            b"\x81",
            Then::Fin,
            "close eof:1",
            Seen::Absent,
        ),
        (
            "fin after a frame",
            b"\x81\x02hi",
            Then::Fin,
            "close eof:0",
            Seen::Absent,
        ),
        (
            "reset",
            b"",
            Then::Reset,
            "close errno:ECONNRESET",
            Seen::Absent,
        ),
        (
            "masked",
            b"\x81\x82\0\0\0\0hi",
            Then::Stall,
            "receive ws:masked-frame",
            Seen::NotCaptured,
        ),
        (
            "reserved bit",
            b"\xc1\x02hi",
            Then::Stall,
            "receive ws:bad-frame",
            Seen::NotCaptured,
        ),
        (
            "reserved opcode",
            b"\x83\x02hi",
            Then::Stall,
            "receive ws:bad-frame",
            Seen::NotCaptured,
        ),
        (
            "continuation of nothing",
            b"\x80\x02hi",
            Then::Stall,
            "receive ws:bad-frame",
            Seen::NotCaptured,
        ),
        (
            "a message in a message",
            b"\x01\x02hi\x01\x02hi",
            Then::Stall,
            "receive ws:bad-frame",
            Seen::NotCaptured,
        ),
        (
            "bad text",
            b"\x81\x02h\xff",
            Then::Stall,
            "receive ws:bad-utf8",
            Seen::NotCaptured,
        ),
        (
            "cut text",
            b"\x81\x02h\xc3",
            Then::Stall,
            "receive ws:bad-utf8",
            Seen::NotCaptured,
        ),
        (
            "text cut between frames",
            b"\x01\x02h\xc3\x80\x01\xa4\x88\x02\x03\xe8",
            Then::Stall,
            "",
            close(1000, ""),
        ),
        (
            "binary is not text",
            b"\x82\x02h\xff\x88\x02\x03\xe8",
            Then::Stall,
            "",
            close(1000, ""),
        ),
        (
            "close of one byte",
            b"\x88\x01\x03",
            Then::Stall,
            "close ws:bad-frame",
            Seen::Present(WsClose::default()),
        ),
        (
            "reason that is no text",
            b"\x88\x03\x03\xe8\xff",
            Then::Stall,
            "close ws:bad-utf8",
            Seen::Present(WsClose {
                code: Some(1000),
                reason: vec![0xff],
            }),
        ),
    ];
    for (what, bytes, then, expected, closed) in table {
        let (bytes, then) = (bytes.to_vec(), *then);
        let sent = bytes.clone();
        let server = upgraded("", move |mut stream| {
            stream.write_all(&sent).unwrap();
            finish(stream, then);
        });
        let seen = probe(&server);
        let expected = format!("all upgraded 101 {expected}");
        assert_eq!(summary(&seen), expected.trim_end(), "{what}");
        assert_eq!(&seen.close, closed, "{what}");
    }
}

#[test]
fn frames_cut_anywhere_are_the_same() {
    let text = "ä".repeat(70);
    let mut bytes = Vec::new();
    write_frame(&mut bytes, 1, false, None, &text.as_bytes()[..129]);
    write_frame(&mut bytes, 9, true, None, b"ping");
    write_frame(&mut bytes, 0, true, None, &text.as_bytes()[129..]);
    write_frame(&mut bytes, 8, true, None, b"\x03\xe8");
    let server = upgraded("", move |mut stream| {
        stream.set_nodelay(true).unwrap();
        for byte in &bytes {
            stream.write_all(&[*byte]).unwrap();
        }
        drain(&mut stream);
    });
    let seen = probe(&server);
    assert_eq!(
        (summary(&seen), seen.close),
        ("all upgraded 101".to_owned(), close(1000, ""))
    );
}

#[test]
fn pings_and_closes_are_answered() {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let seen_by_server = Arc::clone(&answers);
    let server = upgraded("", move |mut stream| {
        stream.write_all(b"\x89\x02hi").unwrap();
        let pong = frame(&mut stream);
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
        let closed = frame(&mut stream);
        let end = frame(&mut stream);
        seen_by_server.lock().unwrap().extend([pong, closed, end]);
    });
    assert_eq!(summary(&probe(&server)), "all upgraded 101");
    let pong = Some((10, b"hi".to_vec()));
    let closed = Some((8, b"\x03\xe8".to_vec()));
    // The server writes its note after the connection has ended.
    let ended = (0..100).any(|_| {
        std::thread::sleep(SHORT / 30);
        !answers.lock().unwrap().is_empty()
    });
    assert!(ended);
    assert_eq!(*answers.lock().unwrap(), [pong, closed, None]);
}

#[test]
fn a_quiet_socket_is_closed_politely() {
    let answering = upgraded("", |mut stream| {
        while let Some((opcode, payload)) = frame(&mut stream) {
            let answer = if opcode == 9 { 10 } else { opcode };
            let mut reply = Vec::new();
            write_frame(&mut reply, answer, true, None, &payload);
            stream.write_all(&reply).unwrap();
        }
    });
    let seen = probe(&answering);
    assert_eq!(summary(&seen), "all upgraded 101");
    assert_eq!(seen.close, close(1000, ""));

    let deaf = upgraded("", |mut stream| drain(&mut stream));
    let seen = probe(&deaf);
    assert_eq!(
        summary(&seen),
        "all upgraded 101 close ws:no-pong, close timeout:300"
    );
    assert_eq!(seen.close, Seen::Absent);

    let rude = upgraded("", |mut stream| {
        frame(&mut stream);
        reset(&stream);
    });
    let seen = probe(&rude);
    assert_eq!(summary(&seen), "all upgraded 101 close errno:ECONNRESET");
    assert_eq!(seen.close, Seen::Absent);
}

#[test]
fn a_talkative_socket_is_closed_too() {
    let server = upgraded("", |mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let talker = std::thread::spawn(move || {
            while stream.write_all(b"\x81\x02hi").is_ok() {
                std::thread::sleep(SHORT / 30);
            }
        });
        assert_eq!(frame(&mut reader), Some((8, b"\x03\xe8".to_vec())));
        reader.write_all(b"\x88\x02\x03\xe8").unwrap();
        drain(&mut reader);
        let _ = reader.shutdown(std::net::Shutdown::Both);
        let _ = talker.join();
    });
    let seen = probe(&server);
    assert_eq!(
        (signals(&seen), seen.close),
        (String::new(), close(1000, ""))
    );
}

#[test]
fn handshakes_that_are_wrong() {
    for (fields, expected) in [
        (
            "Sec-WebSocket-Extensions: permessage-deflate\r\n",
            "receive ws:extension-not-offered",
        ),
        (
            "Sec-WebSocket-Protocol: chat\r\n",
            "receive ws:subprotocol-not-offered",
        ),
    ] {
        let server = upgraded(fields, |mut stream| drain(&mut stream));
        let seen = probe(&server);
        assert_eq!(summary(&seen), format!("all upgraded 101 {expected}"));
        assert_eq!(seen.close, Seen::NotCaptured);
    }
    for (answer, expected) in [
        (
            &b"HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"[..],
            "all upgraded 101 receive ws:bad-accept",
        ),
        (
            b"HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\n\r\n",
            "all upgraded 101 receive ws:bad-accept",
        ),
        (
            b"HTTP/1.1 200 Ok\r\nContent-Length: 0\r\n\r\n",
            "all answered 200",
        ),
        (
            b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
            "all answered 403",
        ),
    ] {
        let server = Server::raw(answer, Then::Stall);
        let seen = probe(&server);
        assert_eq!(summary(&seen), expected);
        assert!(seen.request.fields.has("sec-websocket-key"));
    }
    let silent = Server::raw(b"", Then::Stall);
    let mut config = config();
    config.deadlines.wait = SHORT;
    let seen = exchange(config, Job::get(0, silent.url("ws")));
    assert_eq!(summary(&seen), "all nothing - wait timeout:300");
}

#[test]
fn a_job_may_ask_for_one_over_http() {
    let server = upgraded("", |mut stream| {
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
        drain(&mut stream);
    });
    let mut job = Job::get(0, server.url("http"));
    job.websocket = true;
    assert_eq!(exchange(config(), job).close, close(1000, ""));
}

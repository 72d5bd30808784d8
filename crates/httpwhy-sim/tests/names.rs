//! The name server.

mod client;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use client::{PATIENCE, SILENCE, start};
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

fn question(name: &str, kind: RecordType) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = 4711;
    message.add_query(Query::query(Name::from_ascii(name).expect("a name"), kind));
    message.to_vec().expect("a message")
}

fn ask_udp(server: SocketAddr, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((server.ip(), 0))?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    if bytes.windows(7).any(|seven| seven == b"silence") {
        socket.set_read_timeout(Some(SILENCE))?;
    }
    socket.send(bytes)?;
    let mut buffer = [0; 4096];
    let count = socket.recv(&mut buffer)?;
    Ok(buffer[..count].to_vec())
}

fn ask_tcp(server: SocketAddr, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = u16::try_from(bytes.len()).expect("short").to_be_bytes();
    stream.write_all(&[&length[..], bytes].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

#[test]
fn names_are_found_or_fail_as_asked() {
    let simulator = start();
    for (name, kind, code, found, authority) in [
        ("sim.test.", RecordType::A, ResponseCode::NoError, true, 0),
        (
            "Any.Thing.TEST.",
            RecordType::A,
            ResponseCode::NoError,
            true,
            0,
        ),
        (
            "sim.test.",
            RecordType::AAAA,
            ResponseCode::NoError,
            false,
            1,
        ),
        (
            "nxdomain.test.",
            RecordType::A,
            ResponseCode::NXDomain,
            false,
            1,
        ),
        (
            "www.nxdomain.test.",
            RecordType::A,
            ResponseCode::NXDomain,
            false,
            1,
        ),
        (
            "nodata.test.",
            RecordType::A,
            ResponseCode::NoError,
            false,
            1,
        ),
        (
            "servfail.test.",
            RecordType::A,
            ResponseCode::ServFail,
            false,
            0,
        ),
        (
            "refused.test.",
            RecordType::A,
            ResponseCode::Refused,
            false,
            0,
        ),
        (
            "notimp.test.",
            RecordType::A,
            ResponseCode::NotImp,
            false,
            0,
        ),
        (
            "formerr.test.",
            RecordType::A,
            ResponseCode::FormErr,
            false,
            0,
        ),
        (
            "example.com.",
            RecordType::A,
            ResponseCode::Refused,
            false,
            0,
        ),
    ] {
        for ask in [ask_udp, ask_tcp] {
            let bytes = ask(simulator.dns(), &question(name, kind)).expect("an answer");
            let answer = Message::from_vec(&bytes).expect("a message");
            assert_eq!(answer.metadata.id, 4711);
            assert_eq!(answer.metadata.response_code, code, "{name}");
            assert_eq!(answer.authorities.len(), authority, "{name}");
            assert!(!answer.metadata.truncation);
            let addresses: Vec<_> = answer.answers.iter().map(|record| &record.data).collect();
            match (found, addresses.as_slice()) {
                (true, [RData::A(address)]) => assert_eq!(address.0, simulator.http().ip()),
                (false, []) => {}
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

#[test]
fn answers_that_cannot_be_used() {
    let simulator = start();
    let ask = |name: &str| ask_udp(simulator.dns(), &question(name, RecordType::A));
    assert!(Message::from_vec(&ask("garbage.test.").expect("bytes")).is_err());
    let cut = Message::from_vec(&ask("truncated.test.").expect("bytes")).expect("a message");
    assert!(cut.metadata.truncation && cut.answers.is_empty());
    let over_tcp = ask_tcp(simulator.dns(), &question("truncated.test.", RecordType::A));
    assert_eq!(
        over_tcp.expect_err("no answer").kind(),
        ErrorKind::UnexpectedEof
    );
    let silent = ask("silence.test.").expect_err("no answer");
    assert!(matches!(
        silent.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
}

#[test]
fn a_dead_name_server_refuses() {
    let simulator = start();
    let scene = simulator.scene("net/dns-temporary").expect("a scene");
    let dead = scene.dns.expect("a resolver of its own");
    let refused = ask_udp(dead, &question("sim.test.", RecordType::A)).expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn scenes_of_names() {
    let simulator = start();
    for (id, host) in [
        ("net/dns-not-found", "nxdomain.test"),
        ("net/dns-nodata", "nodata.test"),
        ("net/dns-servfail", "servfail.test"),
        ("net/dns-refused", "refused.test"),
        ("net/dns-malformed", "garbage.test"),
        ("net/dns-timeout", "silence.test"),
        ("net/dns-temporary", "sim.test"),
    ] {
        let scene = simulator.scene(id).expect("a scene");
        let expected = format!("http://{host}:{}/", simulator.http().port());
        assert!(
            scene.target.starts_with(&expected),
            "{id}: {}",
            scene.target
        );
        // After garbage a client waits on: a better answer may still come.
        let waits = matches!(host, "silence.test" | "garbage.test");
        assert_eq!(scene.slow, waits, "{id}");
    }
}

//! HTTP/3 against real QUIC servers.

use bytes::{Buf, Bytes};
use http::{HeaderMap, Response};
use httpwhy_model::{End, Framing, Phase, Seen};
use httpwhy_probe::{Job, Next, Protocol};
use quinn::{Connection, EndpointConfig};

use crate::quic::{
    Quic, answer, code, control, good, head, keep, quic_config, request, trusting, usual,
};
use crate::servers::{SHORT, exchange, refused_udp, summary, visits};
use crate::tls_certificates::{Authority, expired, serve, serve_with, server_config};

/// What a server does with the one request.
async fn respond(connection: Connection, bytes: Vec<u8>) {
    let _control = control(&connection, b"").await;
    let (mut send, _receive) = request(&connection).await;
    send.write_all(&bytes).await.unwrap();
    send.finish().unwrap();
    keep(&connection).await;
}

/// What a client sees of a server that answers with these bytes.
fn seen(bytes: Vec<u8>) -> String {
    let server = Quic::new(move |connection| respond(connection, bytes.clone()));
    summary(&exchange(trusting(), server.get()))
}

#[test]
fn everything_of_an_answer_is_kept() {
    let server = Quic::new(|connection| {
        answer(connection, |request, mut stream| async move {
            assert_eq!(request.uri().path(), "/");
            let early = Response::builder().status(103).header("link", "</s>");
            stream.send_response(early.body(()).unwrap()).await.unwrap();
            let head = Response::builder()
                .header("content-length", "5")
                .header("a", "1")
                .header("a", "2");
            stream.send_response(head.body(()).unwrap()).await.unwrap();
            stream
                .send_data(Bytes::from_static(b"hello"))
                .await
                .unwrap();
            let mut trailers = HeaderMap::new();
            trailers.insert("sum", "6".parse().unwrap());
            stream.send_trailers(trailers).await.unwrap();
            stream.finish().await.unwrap();
        })
    });
    let exchange = exchange(trusting(), server.get());
    assert_eq!(summary(&exchange), "all answered 200");
    assert_eq!(exchange.request.version, "HTTP/3");
    assert_eq!(exchange.peer, Some(server.address));
    assert_eq!(exchange.interim[0].fields.text("link"), Some("</s>"));
    let response = exchange.response.as_ref().unwrap();
    assert_eq!(response.version, "HTTP/3");
    assert_eq!(response.fields.iter("a").count(), 2);
    assert_eq!(response.trailers.text("sum"), Some("6"));
    let Seen::Present(body) = &response.body else {
        panic!("no content: {response:?}");
    };
    assert_eq!(
        (&*body.bytes, &body.received),
        (&b"hello"[..], &Seen::Present(5))
    );
    assert_eq!(
        (body.framing, &body.complete),
        (Framing::Frames, &Seen::Present(true))
    );
    let tls = exchange.tls.unwrap();
    assert_eq!(
        (&*tls.version, tls.alpn.as_deref()),
        ("TLSv1.3", Some("h3"))
    );
    assert!(tls.issuer.unwrap().contains("quic"));
    for phase in [
        Phase::Connect,
        Phase::Tls,
        Phase::Send,
        Phase::Wait,
        Phase::Receive,
    ] {
        assert!(exchange.timeline.get(phase).is_some(), "{phase}");
    }
}

#[test]
fn content_is_sent_and_an_early_answer_is_taken() {
    let server = Quic::new(|connection| {
        answer(connection, |request, mut stream| async move {
            let mut count = 0;
            if request.uri().path() == "/early" {
                stream
                    .send_response(Response::builder().status(413).body(()).unwrap())
                    .await
                    .unwrap();
                stream.stop_sending(h3::error::Code::H3_NO_ERROR);
            } else {
                while let Some(piece) = stream.recv_data().await.unwrap() {
                    count += piece.remaining();
                }
                let body = count.to_string();
                stream.send_response(Response::new(())).await.unwrap();
                stream.send_data(body.into()).await.unwrap();
            }
            stream.finish().await.unwrap();
        })
    });
    let post = |path: &str| Job {
        target: format!("{}{path}", server.url()),
        method: "POST".into(),
        body: Some(vec![b'x'; 3_000_000].into()),
        ..server.get()
    };
    let whole = exchange(trusting(), post(""));
    assert_eq!(summary(&whole), "all answered 200");
    let Seen::Present(body) = whole.response.unwrap().body else {
        panic!("no content");
    };
    assert_eq!(body.bytes, "3000000");
    let early = exchange(trusting(), post("early"));
    assert_eq!(
        (early.status(), early.end),
        (Some(413), End::Answered),
        "{early:?}"
    );
}

#[test]
fn a_connection_is_kept() {
    let server = Quic::new(|connection| {
        answer(connection, |_, mut stream| async move {
            stream.send_response(Response::new(())).await.unwrap();
            stream.finish().await.unwrap();
        })
    });
    let jobs: Vec<_> = (0..3)
        .map(|index| Job {
            index,
            ..server.get()
        })
        .collect();
    let (visits, totals) = visits(trusting(), jobs, |_: &_| Next::Done);
    assert_eq!((totals.connections, totals.exchanges), (1, 3));
    let reused: Vec<_> = visits
        .iter()
        .map(|visit| visit.steps[0].exchange.reused)
        .collect();
    assert_eq!(
        reused,
        [
            Seen::Present(false),
            Seen::Present(true),
            Seen::Present(true)
        ]
    );
}

#[test]
fn a_bad_certificate_does_not_hide_the_answer() {
    let other = Authority::root("other");
    let server = Quic::showing(&other.leaf(&expired()), |connection| {
        respond(connection, head(&[]))
    });
    assert_eq!(
        summary(&exchange(trusting(), server.get())),
        "all answered 200 tls cert:expired not-after=2021-01-01T00:00:00Z, tls cert:ip-mismatch names=a.localhost, \
         tls cert:leaf-unverifiable"
    );
}

#[test]
fn every_code_of_a_close_is_told() {
    let codes = (0x100..=0x110).chain(0x200..=0x202).chain([0x33]);
    for number in codes {
        let server = Quic::new(move |connection| async move {
            request(&connection).await;
            connection.close(code(number), b"so it is");
        });
        assert_eq!(
            summary(&exchange(trusting(), server.get())),
            format!("all nothing - wait h3:{number} by=peer via=connection-close reason=so_it_is")
        );
    }
    let server = Quic::new(move |connection| async move {
        request(&connection).await;
        connection.close(code(0x1234), b"");
    });
    assert_eq!(
        summary(&exchange(trusting(), server.get())),
        "all nothing - wait h3:unknown code=0x1234 by=peer via=connection-close"
    );
}

#[test]
fn streams_that_are_ended_say_how() {
    let reset = Quic::new(|connection| async move {
        let _control = control(&connection, b"").await;
        let (mut send, _receive) = request(&connection).await;
        send.reset(code(0x10b)).unwrap();
        keep(&connection).await;
    });
    assert_eq!(
        summary(&exchange(trusting(), reset.get())),
        "all nothing - wait h3:267 by=peer via=reset-stream"
    );
    let stopped = Quic::new(|connection| async move {
        let _control = control(&connection, b"").await;
        let (mut send, mut receive) = request(&connection).await;
        receive.stop(code(0x107)).unwrap();
        send.reset(code(0x10c)).unwrap();
        keep(&connection).await;
    });
    let post = Job {
        method: "POST".into(),
        body: Some(vec![b'x'; 3_000_000].into()),
        ..stopped.get()
    };
    assert_eq!(
        summary(&exchange(trusting(), post)),
        "part nothing - send h3:268 by=peer via=reset-stream"
    );
}

#[test]
fn what_breaks_the_rules_is_told() {
    let data = |bytes: &[u8]| [&[0x00, bytes.len() as u8][..], bytes].concat();
    for (bytes, expected) in [
        (vec![], "all nothing - wait eof:0"),
        (data(b"x"), "all partial - receive h3:261 by=us"),
        (
            [head(&[]), vec![0x00, 5, b'x']].concat(),
            "all partial 200 receive h3:262 by=us",
        ),
        (
            [head(&[("content-length", "3")]), data(b"x")].concat(),
            "all partial 200 receive h3:270 by=us",
        ),
        (
            vec![0x01, 0x03, 0x00, 0x00, 0xff],
            "all partial - receive h3:512 by=us",
        ),
        (
            vec![0x01, 0x02, 0x00, 0x00],
            "all partial - receive h3:270 by=us",
        ),
        (
            vec![0x01, 0x80, 0x10, 0x00, 0x00],
            "all partial - receive limit:head max=65536",
        ),
        // Beyond the number of fields that the bound allows.
        (vec![0x02, 0x00], "all partial - receive h3:261 by=us"),
    ] {
        let found = seen(bytes.clone());
        assert!(found.starts_with(expected), "{bytes:02x?}: {found}");
    }
}

#[test]
fn a_control_stream_that_breaks_the_rules_is_told() {
    for (bytes, expected) in [
        (&[0x00, 0x07, 0x01, 0x00][..], "h3:266 by=us"),
        (&[0x00, 0x04, 0x00, 0x04, 0x00], "h3:261 by=us"),
        (&[0x00, 0x04, 0x02, 0x02, 0x00], "h3:265 by=us"),
        (&[0x00, 0x04, 0x00, 0x07, 0x01, 0x01], "h3:264 by=us"),
    ] {
        let server = Quic::new(move |connection| async move {
            let mut stream = connection.open_uni().await.unwrap();
            stream.write_all(bytes).await.unwrap();
            keep(&connection).await;
        });
        let found = summary(&exchange(trusting(), server.get()));
        assert!(found.contains(expected), "{bytes:02x?}: {found}");
    }
    let closed = Quic::new(|connection| async move {
        control(&connection, b"").await.finish().unwrap();
        keep(&connection).await;
    });
    let found = summary(&exchange(trusting(), closed.get()));
    assert!(found.contains("h3:260 by=us"), "{found}");
}

#[test]
fn a_goaway_says_what_was_not_processed() {
    let away = Quic::new(|connection| async move {
        let _control = control(&connection, &[0x07, 0x01, 0x00]).await;
        let _streams = request(&connection).await;
        keep(&connection).await;
    });
    let found = exchange(trusting(), away.get());
    let found = summary(&found);
    assert!(found.ends_with("quic:goaway-retry id=0"), "{found}");
    // One that lets the request be finished, and then ends all the same.
    let graceless = Quic::new(|connection| async move {
        let (mut send, _receive) = request(&connection).await;
        let _control = control(&connection, &[0x07, 0x01, 0x04]).await;
        send.write_all(&head(&[])).await.unwrap();
        tokio::time::sleep(SHORT).await;
        connection.close(code(0x100), b"");
    });
    let found = summary(&exchange(trusting(), graceless.get()));
    assert_eq!(
        found,
        "all partial 200 receive h3:256 by=peer via=connection-close"
    );
}

#[test]
fn handshakes_that_fail_say_why() {
    let refusing = Quic::incoming(usual(), EndpointConfig::default(), |incoming| async {
        incoming.refuse();
    });
    let other = Quic::incoming(
        quic_config(server_config(&Authority::root("x").leaf(&expired())), b"hq"),
        EndpointConfig::default(),
        |incoming| async {
            let _ = incoming.await;
        },
    );
    let mut old = EndpointConfig::default();
    old.supported_versions(vec![0xff00_001d]);
    let old = Quic::incoming(usual(), old, |incoming| async {
        let _ = incoming.await;
    });
    for (server, expected) in [
        (&refusing, "nothing nothing - connect quic:2 by=peer"),
        (
            &other,
            "nothing nothing - tls tls-alert:120, tls quic:376 by=peer",
        ),
        (&old, "nothing nothing - connect quic:version-negotiation"),
    ] {
        let found = summary(&exchange(trusting(), server.get()));
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn silence_and_refusal_are_told_apart() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut config = trusting();
    config.deadlines.connect = SHORT;
    let job = |address: std::net::SocketAddr| Job {
        protocol: Some(Protocol::Http3),
        ..Job::get(0, format!("https://{address}/"))
    };
    let found = exchange(config.clone(), job(silent.local_addr().unwrap()));
    assert_eq!(
        summary(&found),
        "nothing nothing - connect timeout:300, connect quic:handshake-failed"
    );
    let found = exchange(trusting(), job(refused_udp()));
    assert_eq!(
        summary(&found),
        "nothing nothing - connect errno:ECONNREFUSED, connect quic:handshake-failed"
    );
}

/// Protocol and summary of each step, and why it took place.
fn steps(config: httpwhy_probe::Config, job: Job) -> Vec<String> {
    let (visits, _) = visits(config, [job], |_: &_| Next::Done);
    let line = |step: &httpwhy_model::Step| {
        let version = String::from_utf8_lossy(&step.exchange.request.version).into_owned();
        format!("{} {version} {}", step.because, summary(&step.exchange))
    };
    visits[0].steps.iter().map(line).collect()
}

#[test]
fn what_cannot_be_had_over_quic_is_asked_over_tcp() {
    let tcp = serve(server_config(&good()));
    let mut config = trusting();
    config.protocol = Protocol::Http3First;
    let job = Job::get(0, tcp.url("https"));
    assert_eq!(
        steps(config.clone(), job.clone()),
        [
            "asked HTTP/3 nothing nothing - connect errno:ECONNREFUSED, connect quic:handshake-failed",
            "fallback of 0 HTTP/1.1 all answered 200",
        ]
    );
    config.protocol = Protocol::Http3;
    assert_eq!(steps(config, job).len(), 1);
}

#[test]
fn what_may_have_been_processed_is_not_asked_again() {
    let server = |number| {
        Quic::new(move |connection| async move {
            let _control = control(&connection, b"").await;
            let (mut send, _receive) = request(&connection).await;
            send.reset(code(number)).unwrap();
            keep(&connection).await;
        })
    };
    let mut config = trusting();
    config.protocol = Protocol::Http3First;
    for (number, count) in [(0x10b, 2), (0x110, 2), (0x102, 1)] {
        let server = server(number);
        let post = Job {
            method: "POST".into(),
            ..Job::get(0, server.url())
        };
        assert_eq!(steps(config.clone(), post).len(), count, "{number:#x}");
        assert_eq!(steps(config.clone(), Job::get(0, server.url())).len(), 2);
    }
}

#[test]
fn an_alternative_service_is_asked_when_wanted() {
    let quic = Quic::new(|connection| respond(connection, head(&[])));
    let port = quic.address.port();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nAlt-Svc: h3-29=\":1\", h3=\":{port}\"; ma=60\r\nContent-Length: 0\r\n\r\n"
    );
    let tcp = serve_with(server_config(&good()), answer);
    let mut config = trusting();
    let job = Job::get(0, tcp.url("https"));
    assert_eq!(steps(config.clone(), job.clone()).len(), 1);
    config.alt_svc = true;
    assert_eq!(
        steps(config.clone(), job.clone()),
        [
            "asked HTTP/1.1 all answered 200",
            "fallback of 0 HTTP/3 all answered 200",
        ]
    );
    let (visits, _) = visits(config, [job], |_: &_| Next::Done);
    let exchange = &visits[0].steps[1].exchange;
    assert_eq!(exchange.peer, Some(quic.address));
    let instead = exchange.way.as_ref().unwrap().instead.as_ref().unwrap();
    assert_eq!(
        (&*instead.to, &*instead.set_by),
        (&*format!("127.0.0.1:{port}"), "Alt-Svc")
    );
    assert_eq!(exchange.request.fields.text("alt-used"), Some(&*instead.to));
}

#[test]
fn without_tls_there_is_no_http3() {
    let mut config = trusting();
    config.protocol = Protocol::Http3;
    assert_eq!(
        steps(config, Job::get(0, "http://127.0.0.1:9/")),
        ["asked HTTP/3 nothing nothing - queue input:no-http3"]
    );
}

#[test]
fn deadlines_hold_while_the_server_lives() {
    let server = Quic::new(|connection| async move {
        let _control = control(&connection, b"").await;
        let (mut send, _receive) = request(&connection).await;
        let path = connection.remote_address();
        assert!(path.ip().is_loopback());
        send.write_all(&head(&[])).await.unwrap();
        keep(&connection).await;
    });
    let mut config = trusting();
    config.deadlines.receive = SHORT;
    assert_eq!(
        summary(&exchange(config, server.get())),
        "all partial 200 receive timeout:300"
    );
    let mute = Quic::new(|connection| async move {
        let _streams = request(&connection).await;
        keep(&connection).await;
    });
    let mut config = trusting();
    config.deadlines.wait = SHORT;
    assert_eq!(
        summary(&exchange(config, mute.get())),
        "all nothing - wait timeout:300"
    );
}

#[test]
fn a_server_that_vanishes_is_an_idle_timeout() {
    let mut server = usual();
    let mut transport = quinn::TransportConfig::default();
    transport.max_idle_timeout(Some(SHORT.try_into().unwrap()));
    server.transport_config(std::sync::Arc::new(transport));
    let server = Quic::incoming(server, EndpointConfig::default(), |incoming| async {
        let connection = incoming.await.unwrap();
        let _streams = request(&connection).await;
        // The whole server stands still.
        std::thread::sleep(5 * SHORT);
    });
    assert_eq!(
        summary(&exchange(trusting(), server.get())),
        "all nothing - wait quic:idle-timeout"
    );
}

#[test]
fn a_server_that_forgot_the_connection_resets_it() {
    let key = || {
        let mut config = EndpointConfig::new(std::sync::Arc::new(Key));
        // The usual ones are recognised by the server that gave them out alone.
        config.cid_generator(|| Box::new(Counting(0)));
        config
    };
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let again = socket.try_clone().unwrap();
    let (gone, forgotten) = std::sync::mpsc::channel();
    let gone = std::sync::Mutex::new(gone);
    let first = Quic::on(socket, usual(), key(), move |incoming| {
        let gone = gone.lock().unwrap().clone();
        async move {
            let connection = incoming.await.unwrap();
            let _streams = request(&connection).await;
            gone.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    });
    let job = Job {
        body: Some(vec![b'x'; 3_000_000].into()),
        method: "POST".into(),
        ..first.get()
    };
    let probing = std::thread::spawn(move || summary(&exchange(trusting(), job)));
    forgotten.recv().unwrap();
    drop(first);
    let _second = Quic::on(again, usual(), key(), |incoming| async {
        let _ = incoming.await;
    });
    let found = probing.join().unwrap();
    assert!(found.contains("quic:stateless-reset"), "{found}");
}

/// Connection ids in a row.
struct Counting(u64);

impl quinn::ConnectionIdGenerator for Counting {
    fn generate_cid(&mut self) -> quinn::ConnectionId {
        self.0 += 1;
        quinn::ConnectionId::new(&self.0.to_be_bytes())
    }

    fn cid_len(&self) -> usize {
        8
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}

/// A key that two servers share; its marks need not be secret here.
struct Key;

impl quinn::crypto::HmacKey for Key {
    fn sign(&self, data: &[u8], out: &mut [u8]) {
        for (index, byte) in out.iter_mut().enumerate() {
            *byte = data
                .iter()
                .fold(index as u8, |sum, &d| sum.wrapping_mul(31).wrapping_add(d));
        }
    }

    fn signature_len(&self) -> usize {
        64
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), quinn::crypto::CryptoError> {
        let mut own = vec![0; self.signature_len()];
        self.sign(data, &mut own);
        if own == signature {
            Ok(())
        } else {
            Err(quinn::crypto::CryptoError)
        }
    }
}

//! HTTP/3: answers as over HTTP/1, and every act of QUIC.

mod client;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use client::start;
use client::table::{Got, check, got, parts, table, walk};
use httpwhy_sim::{Protocol, Simulator};
use httpwhy_wire::h3::{kind, read_frame_head, write_frame};
use httpwhy_wire::qpack;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Connection, ConnectionError, Endpoint, ReadError, VarInt};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

/// The longest wait for anything that must come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came on a request's stream, and how it ended.
#[derive(Debug)]
struct Heard {
    frames: Vec<(u64, Vec<u8>)>,
    rest: Vec<u8>,
    end: Result<(), ReadError>,
}

impl Heard {
    fn heads(&self) -> Vec<Vec<String>> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let frames = self
            .frames
            .iter()
            .filter(|(kind, _)| *kind == kind::HEADERS);
        frames
            .map(|(_, section)| {
                let fields = qpack::read(section, 1 << 20).expect("readable");
                let lines = fields.iter();
                lines
                    .map(|(name, value)| format!("{}: {}", text(name), text(value)))
                    .collect()
            })
            .collect()
    }

    fn content(&self) -> Vec<u8> {
        let frames = self.frames.iter().filter(|(kind, _)| *kind == kind::DATA);
        frames.flat_map(|(_, payload)| payload.clone()).collect()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await.expect("in time") })
}

async fn connect(
    simulator: &Simulator,
    address: SocketAddr,
) -> Result<Connection, ConnectionError> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(simulator.ca_pem()).expect("PEM");
    roots.add(ca).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h3".to_vec()];
    let config = QuicClientConfig::try_from(config).expect("a configuration");
    let mut endpoint = Endpoint::client((address.ip(), 0).into()).expect("an endpoint");
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(config)));
    endpoint.connect(address, "sim.test").expect("a name").await
}

async fn ask(connection: &Connection, method: &str, path: &str, body: &[u8]) -> Heard {
    send(connection, &pseudo(method, path, "sim.test"), body).await
}

fn pseudo<'a>(method: &'a str, path: &'a str, authority: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        (":method", method),
        (":scheme", "https"),
        (":path", path),
        (":authority", authority),
    ]
}

async fn send(connection: &Connection, fields: &[(&str, &str)], body: &[u8]) -> Heard {
    let (mut to, mut from) = connection.open_bi().await.expect("a stream");
    let mut section = Vec::new();
    qpack::write(&mut section, fields);
    let mut out = Vec::new();
    write_frame(&mut out, kind::HEADERS, &section);
    if !body.is_empty() {
        write_frame(&mut out, kind::DATA, body);
    }
    // What follows says why nothing more can be sent.
    if to.write_all(&out).await.is_ok() {
        let _ = to.finish();
    }
    let mut rest = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        match from.read(&mut buffer).await {
            Ok(Some(count)) => rest.extend_from_slice(&buffer[..count]),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let mut frames = Vec::new();
    while let Some((kind, length, size)) = read_frame_head(&rest) {
        let all = size + length as usize;
        if rest.len() < all {
            break;
        }
        let tail = rest.split_off(all);
        frames.push((kind, rest[size..].to_vec()));
        rest = tail;
    }
    Heard { frames, rest, end }
}

fn get(simulator: &Simulator, path: &str) -> Heard {
    run(async {
        let connection = connect(simulator, simulator.https())
            .await
            .expect("connects");
        ask(&connection, "GET", path, b"").await
    })
}

/// Asks for a row of the reference API's table.
fn over_http3(simulator: &Simulator, request: &str) -> Got {
    let parts = parts(request);
    let host = parts.fields.iter().find(|(name, _)| name == "host");
    let mut fields = pseudo(parts.method, parts.path, host.expect("a host").1);
    let others = parts.fields.iter().filter(|(name, _)| name != "host");
    fields.extend(others.map(|(name, value)| (name.as_str(), *value)));
    let heard = run(async {
        let connection = connect(simulator, simulator.https())
            .await
            .expect("connects");
        send(&connection, &fields, parts.content).await
    });
    assert!(heard.end.is_ok(), "{request}: {heard:?}");
    got(heard.heads(), &heard.content())
}

#[test]
fn every_code_of_the_reference_api_that_http_3_can_carry() {
    let simulator = start();
    let (codes, document) = table(simulator.http());
    let portable = |row: &&Value| row["http1_only"] == false;
    let rows: Vec<&Value> = codes.iter().filter(portable).collect();
    assert!(rows.len() > 40, "{}", rows.len());
    for row in rows {
        let got = walk(simulator.http(), row, |request| {
            over_http3(&simulator, request)
        });
        check(row, &got, &document);
    }
}

#[test]
fn endpoints_answer_as_over_http_1() {
    let simulator = start();
    let plain = get(&simulator, "/status/503");
    let head = &plain.heads()[0];
    assert_eq!(head[0], ":status: 503");
    assert!(head.contains(&"retry-after: 1".to_owned()), "{head:?}");
    assert_eq!(plain.content(), b"503 Service Unavailable\n");
    assert!(plain.end.is_ok() && plain.rest.is_empty());
    assert_eq!(
        get(&simulator, "/trailers?x-end=yes").heads()[1],
        ["x-end: yes"]
    );
    let hints = get(&simulator, "/status/103").heads();
    assert_eq!(
        (hints[0][0].as_str(), hints[1][0].as_str()),
        (":status: 103", ":status: 200")
    );
    assert_eq!(get(&simulator, "/bytes/100000").content().len(), 100_000);
    let (one, two) = run(async {
        let connection = connect(&simulator, simulator.https())
            .await
            .expect("connects");
        tokio::join!(
            ask(&connection, "POST", "/post", b"hello"),
            ask(&connection, "HEAD", "/get", b"")
        )
    });
    let mirrored = String::from_utf8(one.content()).expect("JSON");
    assert!(
        mirrored.contains("\"data\": \"hello\"") && mirrored.contains("https://sim.test/post"),
        "{mirrored}"
    );
    assert_eq!(
        (two.heads()[0][0].as_str(), two.content().len()),
        (":status: 200", 0)
    );
}

#[test]
fn faults_of_the_connection_have_their_counterpart() {
    let simulator = start();
    let reset = |code: u32| Err(ReadError::Reset(VarInt::from_u32(code)));
    assert_eq!(get(&simulator, "/fault/rst/before-head").end, reset(0x102));
    assert_eq!(
        get(&simulator, "/outcome/net/status-line-invalid").end,
        reset(0x110)
    );
    let cut = get(&simulator, "/fault/close/body:10");
    assert_eq!(closed(cut.end), Some(0x100));
}

/// The application's code of a connection that was closed.
fn closed(end: Result<(), ReadError>) -> Option<u64> {
    match end {
        Err(ReadError::ConnectionLost(ConnectionError::ApplicationClosed(close))) => {
            Some(close.error_code.into_inner())
        }
        _ => None,
    }
}

#[test]
fn codes_are_sent_as_asked() {
    let simulator = start();
    let scenes = simulator
        .scenes()
        .iter()
        .filter(|scene| scene.id.0.starts_with("h3/0x") && scene.id == scene.outcome);
    let mut count = 0;
    for scene in scenes {
        count += 1;
        assert_eq!(scene.protocol, Protocol::Http3);
        let code = u64::from_str_radix(&scene.id.0[5..], 16).expect("a code");
        let heard = get(&simulator, client::path(&scene.target));
        let sent = match heard.end {
            Err(ReadError::Reset(code)) => Some(code.into_inner()),
            end => closed(end),
        };
        assert_eq!(sent, Some(code), "{}", scene.id);
    }
    assert!(count >= 21, "{count}");
}

#[test]
fn connections_are_refused_with_each_code() {
    let simulator = start();
    let mut count = 0;
    for scene in simulator.scenes() {
        let Some(code) = scene.id.0.strip_prefix("quic/0x") else {
            continue;
        };
        count += 1;
        let code = u64::from_str_radix(code, 16).expect("a code");
        let port = scene
            .target
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next());
        let port: u16 = port.and_then(|port| port.parse().ok()).expect("a port");
        let address = (simulator.https().ip(), port).into();
        let failed = run(connect(&simulator, address)).expect_err("closed");
        let ConnectionError::ConnectionClosed(close) = failed else {
            panic!("{}: {failed}", scene.id);
        };
        assert_eq!(u64::from(close.error_code), code, "{}", scene.id);
    }
    assert!(count >= 17, "{count}");
}

#[test]
fn connections_that_are_never_made() {
    let simulator = start();
    let at = |id: &str| {
        let target = &simulator.scene(id).unwrap_or_else(|| panic!("{id}")).target;
        let port = target
            .split('/')
            .nth(2)
            .and_then(|authority| authority.rsplit(':').next());
        let port: u16 = port.and_then(|port| port.parse().ok()).expect("a port");
        SocketAddr::from((simulator.https().ip(), port))
    };
    let failed = run(connect(&simulator, at("quic/version-negotiation")));
    assert_eq!(failed.err(), Some(ConnectionError::VersionMismatch));
    let idle = run(async {
        let connection = connect(&simulator, at("quic/idle-timeout"))
            .await
            .expect("connects");
        ask(&connection, "GET", "/", b"").await
    });
    assert_eq!(
        idle.end,
        Err(ReadError::ConnectionLost(ConnectionError::TimedOut))
    );
    for _ in 0..3 {
        // It forgets each of them.
        let forgotten = run(async {
            let connection = connect(&simulator, at("quic/stateless-reset"))
                .await
                .expect("connects");
            ask(&connection, "GET", "/", b"").await
        });
        assert_eq!(
            forgotten.end,
            Err(ReadError::ConnectionLost(ConnectionError::Reset))
        );
    }
}

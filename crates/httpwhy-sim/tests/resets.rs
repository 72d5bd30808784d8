//! A reset is a reset every time, and an orderly end never is one: the bytes before it are read, then the end comes.

mod client;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use client::{End, connect, read_all, request, start};
use httpwhy_sim::Simulator;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

/// How often each end is asked for.
const TIMES: usize = 1000;
/// How many ask at a time.
const TOGETHER: usize = 100;
/// Every named place of an answer, and what comes of it before the end.
const PLACES: &[(&str, &str)] = &[
    ("before-head", ""),
    ("in-status-line", "HTTP/1.1 20"),
    ("byte:5", "HTTP/"),
    ("in-head", "HTTP/1.1 200 OK\r\nDat"),
    ("after-head", "\r\n\r\n"),
    (
        "in-body",
        "\r\n\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx",
    ),
    ("before-last-chunk", "rstuv\r\n"),
    ("in-trailer", "0\r\nX-Trailer:"),
    ("after-body", "qrstuv"),
];

/// Does that a thousand times, and counts what comes.
fn count(one: impl Fn() -> String + Sync) -> BTreeMap<String, usize> {
    let counts = Mutex::new(BTreeMap::new());
    let left = AtomicUsize::new(TIMES);
    let take = || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
    };
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                while take().is_ok() {
                    let seen = one();
                    *counts.lock().expect("no panic").entry(seen).or_insert(0) += 1;
                }
            });
        }
    });
    counts.into_inner().expect("no panic")
}

/// Asks a thousand times: the end, and whether the bytes before it are as they should be.
fn ask(address: SocketAddr, path: &str, expected: &str) -> BTreeMap<String, usize> {
    count(|| {
        let mut stream = connect(address);
        // A connection that is torn down at once may refuse the request; the end is read all the same.
        let _ = stream.write_all(&request("GET", path, &[], b""));
        let (bytes, end) = read_all(&mut stream);
        told(&bytes, end, expected)
    })
}

fn told(bytes: &[u8], end: End, expected: &str) -> String {
    let is_right = match expected {
        "" => bytes.is_empty(),
        expected => bytes.ends_with(expected.as_bytes()),
    };
    if is_right {
        return format!("{end:?}");
    }
    format!("{end:?} after {}", String::from_utf8_lossy(bytes))
}

fn always(end: End) -> BTreeMap<String, usize> {
    BTreeMap::from([(format!("{end:?}"), TIMES)])
}

#[test]
fn a_reset_is_a_reset_a_thousand_times() {
    let simulator = start();
    for (place, before) in PLACES {
        let counts = ask(simulator.http(), &format!("/fault/rst/{place}"), before);
        println!("rst {place}: {counts:?}");
        assert_eq!(counts, always(End::Reset), "{place}");
    }
}

#[test]
fn an_orderly_end_is_none_a_thousand_times() {
    let simulator = start();
    for (place, before) in PLACES {
        let counts = ask(simulator.http(), &format!("/fault/close/{place}"), before);
        println!("close {place}: {counts:?}");
        assert_eq!(counts, always(End::Fin), "{place}");
    }
}

#[test]
fn half_closed_connections_are_still_read() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    stream
        .write_all(&request("GET", "/fault/half-close/in-head", &[], b""))
        .expect("sends");
    assert_eq!(read_all(&mut stream).1, End::Fin);
    for _ in 0..20 {
        stream.write_all(&[b'x'; 4096]).expect("is taken");
    }
}

/// A client's side of TLS that trusts the simulator.
fn secure(simulator: &Simulator) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(simulator.ca_pem()).expect("PEM");
    roots.add(ca).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

#[test]
fn under_tls_it_is_the_same() {
    let simulator = start();
    let config = secure(&simulator);
    let body = "\r\n\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx";
    for (path, before, end) in [
        ("/fault/rst/before-head", "", End::Reset),
        ("/fault/rst/in-body", body, End::Reset),
        ("/fault/close/in-body", body, End::Fin),
    ] {
        let counts = count(|| {
            let name = ServerName::try_from("sim.test").expect("a name");
            let connection = ClientConnection::new(Arc::clone(&config), name).expect("a client");
            let mut tls = StreamOwned::new(connection, connect(simulator.https()));
            tls.write_all(&request("GET", path, &[], b""))
                .expect("sends");
            let mut bytes = Vec::new();
            let end = match tls.read_to_end(&mut bytes) {
                Ok(_) => End::Fin,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => End::Reset,
                Err(error) => panic!("{path}: {error}"),
            };
            told(&bytes, end, before)
        });
        println!("{path} under TLS: {counts:?}");
        assert_eq!(counts, always(end), "{path}");
    }
}

#[test]
fn over_http_2_it_is_the_same() {
    let simulator = start();
    for (path, content, end) in [
        ("/fault/rst/before-head", 0, End::Reset),
        ("/fault/rst/body:10", 10, End::Reset),
        ("/fault/close/body:10", 10, End::Fin),
        ("/outcome/net/body-interrupted/h2", 34, End::Reset),
        ("/outcome/net/body-truncated/h2", 34, End::Fin),
    ] {
        let counts = count(|| {
            let asked = client::h2::request("GET", path, &[], b"");
            let heard = client::h2::say_to_the_end(simulator.http(), &asked);
            format!("{:?} after {}", heard.end, heard.content(1).len())
        });
        println!("{path} over HTTP/2: {counts:?}");
        let expected = BTreeMap::from([(format!("{end:?} after {content}"), TIMES)]);
        assert_eq!(counts, expected, "{path}");
    }
}

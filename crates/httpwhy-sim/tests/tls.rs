//! The TLS ports, asked by rustls and by raw sockets.

mod client;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use client::{End, PATIENCE, SILENCE, read_all, start};
use httpwhy_sim::Simulator;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

/// Asks with a client that trusts the simulator's authority: the answer, or the error's own name.
fn ask(simulator: &Simulator, name: &str, address: SocketAddr) -> Result<Vec<u8>, String> {
    ask_with(simulator, name, address, None)
}

/// The same, with a client certificate and its key (PEM).
fn ask_with(
    simulator: &Simulator,
    name: &str,
    address: SocketAddr,
    identity: Option<&str>,
) -> Result<Vec<u8>, String> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(simulator.ca_pem()).expect("PEM");
    roots.add(ca).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
                .map(|each| each.expect("PEM"))
                .collect();
            let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
            config.with_client_auth_cert(chain, key).expect("a pair")
        }
    };
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let tcp = TcpStream::connect_timeout(&address, PATIENCE).expect("connects");
    tcp.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut tls = StreamOwned::new(connection, tcp);
    let request = b"GET /landing HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\n\r\n";
    tls.write_all(request).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    match tls.read_to_end(&mut answer) {
        Ok(_) => Ok(answer),
        Err(error) => Err(format!("{error} after {} bytes", answer.len())),
    }
}

fn address(simulator: &Simulator, id: &str) -> (String, SocketAddr) {
    let scene = simulator.scene(id).unwrap_or_else(|| panic!("{id}"));
    let authority = scene.target.strip_prefix("https://").expect("https");
    let authority = &authority[..authority.find('/').expect("a path")];
    let (host, port) = authority.rsplit_once(':').expect("a port");
    let port: u16 = port.parse().expect("a number");
    (host.to_owned(), (simulator.https().ip(), port).into())
}

#[test]
fn the_good_port_is_good() {
    let simulator = start();
    for name in ["sim.test", "any.sim.test", "localhost", "127.0.0.1"] {
        let answer = ask(&simulator, name, simulator.https()).expect("trusted");
        assert!(answer.ends_with(b"You have arrived.\n"));
    }
}

#[test]
fn each_certificate_has_its_own_fault() {
    let simulator = start();
    for (id, error) in [
        (
            "tls/cert-critical-extension",
            "UnsupportedCriticalExtension",
        ),
        ("tls/cert-expired", "certificate expired"),
        ("tls/cert-invalid-ca", "EndEntityUsedAsCa"),
        ("tls/cert-invalid-purpose", "allow extended key usage"),
        ("tls/cert-ip-mismatch", "not valid for name \"127.0.0.1\""),
        ("tls/cert-issuer-not-found-locally", "UnknownIssuer"),
        ("tls/cert-leaf-unverifiable", "UnknownIssuer"),
        ("tls/cert-malformed", "BadEncoding"),
        ("tls/cert-name-constraint", "NameConstraintViolation"),
        ("tls/cert-name-mismatch", "not valid for name"),
        ("tls/cert-not-yet-valid", "not valid yet"),
        ("tls/cert-path-length", "PathLenConstraintViolated"),
        ("tls/cert-self-signed", "UnknownIssuer"),
        ("tls/cert-self-signed-in-chain", "UnknownIssuer"),
        ("tls/cert-signature-failure", "BadSignature"),
        (
            "tls/cert-unsupported-signature",
            "UnsupportedSignatureAlgorithm",
        ),
        ("tls/cert-weak-signature", "UnsupportedSignatureAlgorithm"),
    ] {
        let (host, address) = address(&simulator, id);
        let failed = ask(&simulator, &host, address).expect_err(id);
        assert!(failed.contains(error), "{id}: {failed}");
    }
}

#[test]
fn alerts_carry_their_codes() {
    let simulator = start();
    for id in [
        "tls-alert/48",
        "tls-alert/80",
        "tls-alert/113",
        "tls/bad-record-mac",
    ] {
        let code = match id.split_once("alert/") {
            Some((_, code)) => code.parse().expect("a number"),
            None => 20,
        };
        let (bytes, end) = hello(address(&simulator, id).1);
        assert_eq!(bytes, [21, 3, 3, 0, 2, 2, code], "{id}");
        assert_eq!(end, End::Fin, "{id}");
    }
}

/// Sends something with the shape of a ClientHello.
fn hello(address: SocketAddr) -> (Vec<u8>, End) {
    let mut stream = client::connect(address);
    stream
        .write_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
        .expect("sends");
    read_all(&mut stream)
}

#[test]
fn other_ends_of_handshakes() {
    let simulator = start();
    for (id, starts, end) in [
        (
            "tls/obsolete-version",
            &b"\x15\x03\x03\x00\x02\x02\x46"[..],
            End::Fin,
        ),
        (
            "tls/wrong-version-number",
            b"HTTP/1.1 400 Bad Request\r\n",
            End::Fin,
        ),
        (
            "tls/protocol-error",
            b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
            End::Fin,
        ),
        (
            "tls/version-or-cipher-mismatch/ssl3",
            b"\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00",
            End::Fin,
        ),
        (
            "tls/version-or-cipher-mismatch/tls1.0",
            b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01",
            End::Fin,
        ),
        (
            "tls/version-or-cipher-mismatch/tls1.1",
            b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02",
            End::Fin,
        ),
        ("tls/handshake-eof", b"", End::Fin),
        ("tls/handshake-reset", b"", End::Reset),
    ] {
        let (bytes, ended) = hello(address(&simulator, id).1);
        assert!(bytes.starts_with(starts), "{id}: {bytes:?}");
        assert_eq!((bytes.is_empty(), ended), (starts.is_empty(), end), "{id}");
    }
    let scene = simulator
        .scene("net/tls-handshake-timeout")
        .expect("a scene");
    assert!(scene.slow);
    let mut stream = client::connect(address(&simulator, "net/tls-handshake-timeout").1);
    stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    stream
        .write_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
        .expect("sends");
    assert_eq!(read_all(&mut stream), (Vec::new(), End::Silence));
}

#[test]
fn behind_the_handshake() {
    let simulator = start();
    let asked = |id: &str| {
        let (host, address) = address(&simulator, id);
        ask(&simulator, &host, address).expect_err(id)
    };
    let wanted = asked("tls/client-cert-needed");
    assert!(wanted.contains("CertificateRequired"), "{wanted}");
    let cut = asked("tls/truncated-close");
    assert!(cut.contains("close_notify"), "{cut}");
}

#[test]
fn a_client_certificate_is_looked_at() {
    let simulator = start();
    for (id, said) in [
        ("http/200/client-cert", ""),
        ("tls-alert/43/client-cert", "UnsupportedCertificate"),
        ("tls-alert/45/client-cert", "CertificateExpired"),
        ("tls-alert/45/client-cert-tls1.2", "CertificateExpired"),
        ("tls-alert/48/client-cert", "UnknownCA"),
        ("tls-alert/48/client-cert-tls1.2", "UnknownCA"),
        ("tls/client-cert-needed/tls1.2", "CertificateRequired"),
    ] {
        let (host, address) = address(&simulator, id);
        let identity = simulator.scene(id).expect("a scene").identity.as_deref();
        match ask_with(&simulator, &host, address, identity) {
            Ok(answer) => assert!(
                said.is_empty() && answer.starts_with(b"HTTP/1.1 200"),
                "{id}"
            ),
            Err(error) => assert!(!said.is_empty() && error.contains(said), "{id}: {error}"),
        }
    }
}

//! HTTP/3 from the command line, against a QUIC server on loopback.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use httpwhy_testkit::{Httpwhy, free_port};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, EndpointConfig, Incoming, ServerConfig, TokioRuntime};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio::sync::oneshot;

#[allow(dead_code, reason = "shared with other tests")]
mod json;

/// The lines of `httpwhy probe --json` with these arguments; it ends well.
fn probe(args: &[&str]) -> Vec<Value> {
    let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["probe", "--json"])
        .args(args)
        .run();
    json::lines(&ran.exits(0))
}

/// A member that holds text.
fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} is no text in {line}"))
}

/// A QUIC server with a certificate of its own making. Stops when dropped.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        let certificate = params.self_signed(&key).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                let chain = vec![certificate.der().clone()];
                builder.with_no_client_auth().with_single_cert(chain, key)
            })
            .expect("a configuration");
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let crypto = QuicServerConfig::try_from(tls).expect("TLS 1.3");
        let config = ServerConfig::with_crypto(Arc::new(crypto));
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("bound");
        let (stop, mut stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let endpoint = EndpointConfig::default();
                let runtime = Arc::new(TokioRuntime);
                let endpoint = Endpoint::new(endpoint, Some(config), socket, runtime);
                let endpoint = endpoint.expect("an endpoint");
                loop {
                    tokio::select! {
                        _ = &mut stopped => return,
                        Some(incoming) = endpoint.accept() => {
                            tokio::spawn(answer(incoming));
                        }
                    }
                }
            });
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Answers each request with 404.
async fn answer(incoming: Incoming) {
    let Ok(connection) = incoming.await else {
        return;
    };
    let wire = h3_quinn::Connection::new(connection);
    let server = h3::server::Connection::<_, Bytes>::new(wire).await;
    let Ok(mut server) = server else {
        return;
    };
    while let Ok(Some(request)) = server.accept().await {
        let Ok((_, mut stream)) = request.resolve_request().await else {
            return;
        };
        let head = http::Response::builder().status(404).body(());
        let _ = stream.send_response(head.expect("a head")).await;
        let _ = stream.finish().await;
    }
}

#[test]
fn http3_is_spoken_and_its_certificate_judged() {
    let server = Server::new();
    let target = format!("https://{}/", server.address);
    let lines = probe(&["--http3", &target]);
    let line = &lines[0];
    assert_eq!(text(line, "protocol"), "HTTP/3");
    assert_eq!(line["status"], 404);
    assert_eq!(text(&line["tls"], "alpn"), "h3");
    assert_eq!(text(&line["tls"], "version"), "TLSv1.3");
    assert_eq!(line["tls"]["chain"].as_array().map(Vec::len), Some(1));
    assert!(line["tls"]["days_left"].as_i64() > Some(365), "{line}");
    let signals = line["signals"].to_string();
    assert!(signals.contains("cert:"), "{signals}");
}

#[test]
fn what_cannot_be_had_says_so_and_falls_back() {
    let target = format!("https://127.0.0.1:{}/", free_port());
    let only = probe(&["--http3-only", &target]);
    assert_eq!(text(&only[0], "outcome"), "net/connect-refused");
    assert_eq!(only.len(), 1);
    let first = probe(&["--http3", &target]);
    let because: Vec<_> = first
        .iter()
        .filter_map(|line| line["because"]["kind"].as_str())
        .collect();
    assert!(because.contains(&"fallback"), "{because:?}");
}

#[test]
fn without_tls_there_is_none() {
    let lines = probe(&["--http3-only", "http://127.0.0.1:9/"]);
    assert_eq!(text(&lines[0], "outcome"), "h3/not-possible");
}

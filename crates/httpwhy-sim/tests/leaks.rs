//! No act leaks a task or a socket: all are performed, at once, and then all is as before. Alone in its file: it counts
//! the descriptors of the process.

mod client;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use client::{handshake, path, request, start};
use httpwhy_sim::{Protocol, Scene, Simulator};
use httpwhy_wire::h3::{kind, write_frame};
use httpwhy_wire::qpack;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Endpoint, VarInt};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::time::timeout;

/// How long a connection attempt or a silence is waited for.
const BRIEFLY: Duration = Duration::from_millis(200);
/// The most of an answer that is read: floods are left alone in the middle.
const MOST: usize = 1 << 20;
/// How long everything may take to settle: an act may go on for a minute.
const PATIENCE: Duration = Duration::from_secs(75);
const CLIENTS: usize = 24;

#[test]
fn no_act_leaks_a_task_or_a_socket() {
    let simulator = start();
    // One of each first, so that what is made once is there.
    perform(&simulator, simulator.scene("http/404").expect("a scene"));
    let (tasks, files) = settled(&simulator, |_, _| true);
    let next = AtomicUsize::new(0);
    let reached = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while let Some(scene) = simulator.scenes().get(next.fetch_add(1, Ordering::Relaxed))
                {
                    reached.fetch_add(usize::from(perform(&simulator, scene)), Ordering::Relaxed);
                }
            });
        }
    });
    let (performed, count) = (reached.into_inner(), simulator.scenes().len());
    assert!(performed * 10 > count * 9, "{performed} of {count}");
    let now = settled(&simulator, |now_tasks, now_files| {
        now_tasks <= tasks && now_files <= files
    });
    assert!(
        now.0 <= tasks && now.1 <= files,
        "tasks: {tasks} before, {} after; descriptors: {files} before, {} after: {:?}",
        now.0,
        now.1,
        open_files()
    );
}

/// Waits until the counts are good, within bounds: the counts then.
fn settled(simulator: &Simulator, good: impl Fn(usize, usize) -> bool) -> (usize, usize) {
    let deadline = Instant::now() + PATIENCE;
    let mut last = (0, 0);
    loop {
        let now = (simulator.tasks(), open_files().len());
        // Twice the same: nothing is on its way.
        if (now == last && good(now.0, now.1)) || Instant::now() > deadline {
            return now;
        }
        last = now;
        thread::sleep(Duration::from_millis(100));
    }
}

fn open_files() -> Vec<String> {
    let files = std::fs::read_dir("/proc/self/fd").expect("Linux");
    let target = |file: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_link(file.ok()?.path())
            .ok()
            .map(|target| target.to_string_lossy().into_owned())
    };
    // The listing itself is one of them, always.
    files.filter_map(target).collect()
}

/// Meets an outcome as far as sockets go. Whether there was somebody to talk to.
fn perform(simulator: &Simulator, scene: &Scene) -> bool {
    let target = scene.proxy.as_deref().unwrap_or(&scene.target);
    let Some((scheme, rest)) = target.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let port = authority
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    let Some(port) = port else {
        return false;
    };
    let address = SocketAddr::new(simulator.http().ip(), port);
    if !authority.contains("sim.test") && scene.proxy.is_none() {
        ask_name(simulator, authority);
    }
    match (scene.protocol, scheme) {
        (Protocol::Http3, _) => over_quic(address, authority, scene),
        (_, "https" | "wss") => over_tls(address, authority, scene),
        _ => over_tcp(address, scene),
    }
    true
}

/// What a client would send.
fn said(scene: &Scene) -> Vec<u8> {
    if scene.proxy.is_some() {
        return b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n\r\n".to_vec();
    }
    let path = path(&scene.target);
    if scene.protocol == Protocol::Http2 {
        return client::h2::request(&scene.method, path, &[], b"");
    }
    let mut fields = scene.fields.clone();
    if scene.websocket {
        fields.extend(handshake());
    }
    let body = scene.body.as_deref().unwrap_or_default();
    request(&scene.method, path, &fields, body)
}

fn over_tcp(address: SocketAddr, scene: &Scene) {
    // Refused or full: that is the act.
    if let Ok(mut stream) = TcpStream::connect_timeout(&address, BRIEFLY) {
        talk(&mut stream, &said(scene));
    }
}

fn over_tls(address: SocketAddr, authority: &str, scene: &Scene) {
    let Ok(tcp) = TcpStream::connect_timeout(&address, BRIEFLY) else {
        return;
    };
    tcp.set_read_timeout(Some(BRIEFLY)).expect("a timeout");
    tcp.set_write_timeout(Some(BRIEFLY)).expect("a timeout");
    let mut config = trusting(rustls::ALL_VERSIONS);
    if scene.protocol == Protocol::Http2 {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    let name = ServerName::try_from(host(authority).to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    talk(&mut StreamOwned::new(connection, tcp), &said(scene));
}

fn host(authority: &str) -> &str {
    authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
}

/// A client that trusts everybody.
fn trusting(versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
    let provider = aws_lc_rs::default_provider();
    ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_protocol_versions(versions)
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth()
}

/// Sends, and reads until the end, silence or enough.
fn talk(stream: &mut (impl Talk + ?Sized), said: &[u8]) {
    stream.be_brief();
    // Whatever fails is the act.
    let _ = stream.write_all(said);
    let mut buffer = [0; 16_384];
    let mut got = 0;
    while let Ok(count) = stream.read(&mut buffer) {
        got += count;
        if count == 0 || got > MOST {
            return;
        }
    }
}

trait Talk: Read + Write {
    fn be_brief(&mut self);
}

impl Talk for TcpStream {
    fn be_brief(&mut self) {
        self.set_read_timeout(Some(BRIEFLY)).expect("a timeout");
        self.set_write_timeout(Some(BRIEFLY)).expect("a timeout");
    }
}

impl Talk for StreamOwned<ClientConnection, TcpStream> {
    fn be_brief(&mut self) {}
}

/// Asks the name server, over UDP, for what a name has.
fn ask_name(simulator: &Simulator, authority: &str) {
    let mut query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
    for label in host(authority).split('.') {
        query.push(u8::try_from(label.len()).expect("a short label"));
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(b"\0\x00\x01\x00\x01");
    let server = simulator
        .dns()
        .to_socket_addrs()
        .expect("an address")
        .next();
    let socket = UdpSocket::bind((simulator.http().ip(), 0)).expect("a socket");
    socket.set_read_timeout(Some(BRIEFLY)).expect("a timeout");
    let _ = socket.send_to(&query, server.expect("an address"));
    let _ = socket.recv_from(&mut [0; 1500]);
}

/// One request over HTTP/3, and what comes for a while.
fn over_quic(address: SocketAddr, authority: &str, scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let endpoint = runtime.block_on(async {
        let mut config = trusting(&[&rustls::version::TLS13]);
        config.alpn_protocols = vec![b"h3".to_vec()];
        let config = QuicClientConfig::try_from(config).expect("a configuration");
        let mut endpoint = Endpoint::client((address.ip(), 0).into()).expect("an endpoint");
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(config)));
        let connecting = endpoint.connect(address, host(authority)).expect("a name");
        // What fails or does not end is the act.
        let _ = timeout(BRIEFLY * 2, async {
            let connection = connecting.await.ok()?;
            let (mut to, mut from) = connection.open_bi().await.ok()?;
            let fields = [
                (":method", scene.method.as_str()),
                (":scheme", "https"),
                (":path", path(&scene.target)),
                (":authority", "sim.test"),
            ];
            let (mut section, mut out) = (Vec::new(), Vec::new());
            qpack::write(&mut section, &fields);
            write_frame(&mut out, kind::HEADERS, &section);
            to.write_all(&out).await.ok()?;
            to.finish().ok()?;
            from.read_to_end(MOST).await.ok()
        })
        .await;
        endpoint.close(VarInt::from_u32(0), b"");
        let _ = timeout(BRIEFLY, endpoint.wait_idle()).await;
        endpoint
    });
    drop(endpoint);
}

/// Trusts everybody: certificates are not what is tested.
#[derive(Debug)]
struct Anyone(CryptoProvider);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

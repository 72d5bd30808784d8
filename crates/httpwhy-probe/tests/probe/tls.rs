//! TLS handshakes that fail, and ends of TLS streams.

use std::io::{Read, Write};
use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use httpwhy_probe::{Config, Job, Next, Protocol};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

use crate::servers::{
    SHORT, Server, Then, config, exchange, finish, read_head, signals, summary, visits,
};
use crate::tls_certificates::{Authority, Identity, params, pem, serve, server_config};

/// Reads the ClientHello, sends these bytes, and then does that.
fn raw(bytes: &'static [u8], then: Then) -> Server {
    Server::new(move |mut stream| {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(bytes).unwrap();
        finish(stream, then);
    })
}

/// A ServerHello of TLS 1.0.
const OLD: &[u8] = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01\
    0123456789abcdef0123456789abcdef\x00\x00\x2f\x00";

#[test]
fn handshakes_that_break() {
    use Then::{Fin, Reset, Stall};
    let table: &[(&str, &[u8], Then, &str)] = &[
        (
            "http",
            b"HTTP/1.1 400 Bad\r\n\r\n",
            Stall,
            "tls:not-tls first=485454502f312e312034303020426164",
        ),
        (
            "ssh",
            b"SSH-2.0-x\r\n",
            Stall,
            "tls:not-tls first=5353482d322e302d780d0a",
        ),
        ("three bytes", b"SSH", Fin, "tls:not-tls first=535348"),
        ("nothing, end", b"", Fin, "eof:0"),
        ("nothing, reset", b"", Reset, "errno:ECONNRESET"),
        ("nothing", b"", Stall, "timeout:300"),
        (
            "half a ServerHello",
            b"\x16\x03\x03\x00\x7a\x02\x00",
            Fin,
            "eof:7",
        ),
        (
            "alert 40",
            b"\x15\x03\x03\x00\x02\x02\x28",
            Fin,
            "tls-alert:40",
        ),
        (
            "alert 70",
            b"\x15\x03\x03\x00\x02\x02\x46",
            Stall,
            "tls-alert:70",
        ),
        (
            "alert 112",
            b"\x15\x03\x03\x00\x02\x02\x70",
            Fin,
            "tls-alert:112",
        ),
        (
            "no such alert",
            b"\x15\x03\x03\x00\x02\x02\xee",
            Fin,
            "tls-alert:238",
        ),
        ("TLS 1.0", OLD, Stall, "tls:incompatible"),
        (
            "Finished first",
            b"\x16\x03\x03\x00\x04\x14\x00\x00\x00",
            Stall,
            "tls:misbehaved",
        ),
        (
            "a broken ServerHello",
            b"\x16\x03\x03\x00\x05\x02\x00\x00\x01\x03",
            Stall,
            "tls:invalid-message",
        ),
    ];
    for (what, bytes, then, expected) in table {
        let server = raw(bytes, *then);
        let mut config = config();
        if matches!(then, Stall) {
            config.deadlines.tls = SHORT;
        }
        let url = format!("https://a.localhost:{}/", server.address.port());
        let seen = exchange(config, Job::get(0, url));
        assert_eq!(
            summary(&seen),
            format!("nothing nothing - tls {expected}"),
            "{what}"
        );
        let facts = seen.tls.unwrap();
        assert_eq!(facts.server_name.as_deref(), Some("a.localhost"), "{what}");
        assert_eq!(facts.version, "", "{what}");
        assert!(seen.timeline.get(Phase::Tls).is_some(), "{what}");
    }
}

#[test]
fn all_alerts_keep_their_number() {
    // Each in a handshake of its own; the byte is the description.
    for code in (0..=255).step_by(5) {
        let server = Server::new(move |mut stream| {
            stream.write_all(&[0x15, 3, 3, 0, 2, 2, code]).unwrap();
            finish(stream, Then::Stall);
        });
        let seen = exchange(config(), Job::get(0, server.url("https")));
        let found = signals(&seen);
        // close_notify (0) and user_canceled (90) end or continue a stream, and are no failure in themselves.
        if code != 0 && code != 90 {
            assert_eq!(found, format!("tls tls-alert:{code}"));
        }
    }
}

fn trusted() -> (Config, Identity) {
    let root = Authority::root("root");
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    (config, root.leaf(&params("a.localhost")))
}

/// Like [`server_config`], with these versions and a client certificate demanded.
fn demanding(identity: &Identity, version: &'static SupportedProtocolVersion) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    let clients = Authority::root("clients");
    roots.add(clients.certificate.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let plain = server_config(identity);
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(&plain.cert_resolver))
}

#[test]
fn a_client_certificate_that_is_wanted() {
    for (version, expected) in [
        // rustls as a server says certificate_required in both versions.
        (
            &TLS13,
            "nothing - tls tls:client-cert-wanted, tls tls-alert:116",
        ),
        (
            &TLS12,
            "nothing - tls tls:client-cert-wanted, tls tls-alert:116",
        ),
    ] {
        let (config, identity) = trusted();
        let server = serve(demanding(&identity, version));
        let url = format!("https://a.localhost:{}/", server.address.port());
        let seen = exchange(config, Job::get(0, url));
        assert!(
            summary(&seen).ends_with(expected),
            "{version:?}: {}",
            summary(&seen)
        );
    }
}

#[test]
fn versions_and_protocols_are_told() {
    use Protocol::{Auto, Http2, Http10, Http11};
    let (config, identity) = trusted();
    let refused = "nothing nothing - tls tls-alert:120";
    for (knows, asked, expected, agreed) in [
        (
            &["http/1.1"][..],
            Auto,
            "all answered 200",
            Some("http/1.1"),
        ),
        (&["http/1.1"], Http10, "all answered 200", None),
        (&["http/1.1"], Http2, refused, None),
        (&["h2"], Http11, refused, None),
        (&[], Auto, "all answered 200", None),
        (&[], Http2, "nothing nothing - tls tls:no-alpn", None),
    ] {
        let mut server = server_config(&identity);
        server.alpn_protocols = knows.iter().map(|name| name.as_bytes().to_vec()).collect();
        let server = serve(server);
        let url = format!("https://a.localhost:{}/", server.address.port());
        let job = Job {
            protocol: Some(asked),
            ..Job::get(0, url)
        };
        let seen = exchange(config.clone(), job);
        assert_eq!(summary(&seen), expected, "{knows:?} {asked:?}");
        assert_eq!(
            seen.tls.unwrap().alpn.as_deref(),
            agreed,
            "{knows:?} {asked:?}"
        );
    }
}

/// How a server ends a TLS stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Notified,
    Silently,
    Garbage,
    Reset,
}

fn ending(identity: &Identity, bytes: &'static [u8], ends: Ends) -> Server {
    let config = Arc::new(server_config(identity));
    Server::new(move |tcp| {
        let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        read_head(&mut stream);
        stream.write_all(bytes).unwrap();
        if ends == Ends::Notified {
            stream.conn.send_close_notify();
        }
        stream.flush().unwrap();
        if ends == Ends::Garbage {
            let record = [&b"\x17\x03\x03\x00\x20"[..], &[7; 32]].concat();
            stream.sock.write_all(&record).unwrap();
        }
        let then = if ends == Ends::Reset {
            Then::Reset
        } else {
            Then::Fin
        };
        finish(stream.sock, then);
    })
}

#[test]
fn ends_of_tls_streams() {
    use Ends::{Garbage, Notified, Reset, Silently};
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
    let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let open = b"HTTP/1.1 200 OK\r\n\r\nhi";
    let table: &[(&'static [u8], Ends, &str)] = &[
        (whole, Notified, "all answered 200"),
        (whole, Silently, "all answered 200"),
        (open, Notified, "all answered 200"),
        (
            open,
            Silently,
            "all partial 200 receive eof:21, receive tls:no-close-notify",
        ),
        (
            short,
            Notified,
            "all partial 200 receive eof:40, receive h1:truncated-body at=40",
        ),
        (
            short,
            Silently,
            "all partial 200 receive eof:40, receive tls:no-close-notify, receive h1:truncated-body at=40",
        ),
        (short, Reset, "all partial 200 receive errno:ECONNRESET"),
        (short, Garbage, "all partial 200 receive tls:bad-record-mac"),
        (b"", Notified, "all nothing - wait eof:0"),
        (b"", Silently, "all nothing - wait eof:0"),
    ];
    let (config, identity) = trusted();
    for (bytes, ends, expected) in table {
        let server = ending(&identity, bytes, *ends);
        let url = format!("https://a.localhost:{}/", server.address.port());
        let seen = exchange(config.clone(), Job::get(0, url));
        let sent = String::from_utf8_lossy(bytes);
        assert_eq!(&summary(&seen), expected, "{sent} {ends:?}");
        assert_eq!(seen.received, bytes.len() as u64, "{sent} {ends:?}");
    }
}

#[test]
fn a_kept_tls_connection_says_again_what_is_wrong_with_it() {
    let stranger = Authority::root("stranger").leaf(&params("a.localhost"));
    let config_of_server = Arc::new(server_config(&stranger));
    let server = Server::new(move |tcp| {
        let tls = ServerConnection::new(Arc::clone(&config_of_server)).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        while !read_head(&mut stream).is_empty() {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                .unwrap();
        }
    });
    let url = format!("https://a.localhost:{}/", server.address.port());
    let jobs: Vec<_> = (0..2).map(|index| Job::get(index, &*url)).collect();
    let (all, totals) = visits(config(), jobs, |_: &Visit| Next::Done);
    assert_eq!(totals.connections, 1);
    for visit in &all {
        let seen = &visit.steps[0].exchange;
        assert_eq!(summary(seen), "all answered 200 tls cert:leaf-unverifiable");
        assert_eq!(seen.tls.as_ref().unwrap().version, "TLSv1.3");
    }
    assert_eq!(all[1].steps[0].exchange.timeline.get(Phase::Tls), None);
}

#[test]
fn a_client_certificate_that_is_shown() {
    let (mut config, identity) = trusted();
    let clients = Authority::root("clients");
    let client = clients.leaf(&params("client"));
    let mut roots = RootCertStore::empty();
    roots.add(clients.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let server = serve(
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::clone(&server_config(&identity).cert_resolver)),
    );
    let both = client.key.serialize_pem() + &pem(&client.chain[0]);
    config.tls.identity = Some(httpwhy_probe::Identity {
        chain: both.clone().into_bytes(),
        key: both.into_bytes(),
    });
    let url = format!("https://a.localhost:{}/", server.address.port());
    assert_eq!(
        summary(&exchange(config, Job::get(0, url))),
        "all answered 200"
    );
}

#[test]
fn versions_and_the_server_name_are_as_asked() {
    use httpwhy_probe::{ServerNameSent, TlsVersions};
    let (mut config, identity) = trusted();
    let server = serve(server_config(&identity));
    let url = format!("https://a.localhost:{}/", server.address.port());
    for (versions, name, version, sent) in [
        (
            TlsVersions::Only12,
            ServerNameSent::Host,
            "TLSv1.2",
            Some("a.localhost"),
        ),
        (
            TlsVersions::Only13,
            ServerNameSent::Nothing,
            "TLSv1.3",
            None,
        ),
        (
            TlsVersions::Both,
            ServerNameSent::Other("other.example".into()),
            "TLSv1.3",
            Some("other.example"),
        ),
    ] {
        config.tls.versions = versions;
        config.tls.server_name = name;
        let seen = exchange(config.clone(), Job::get(0, &*url));
        // Whatever is sent, the certificate is compared with the host.
        assert_eq!(summary(&seen), "all answered 200");
        let facts = seen.tls.unwrap();
        assert_eq!(
            (&*facts.version, facts.server_name.as_deref()),
            (version, sent)
        );
    }
    // No common version.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let only13 = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&server_config(&identity).cert_resolver));
    let server = serve(only13);
    config.tls.versions = TlsVersions::Only12;
    let url = format!("https://a.localhost:{}/", server.address.port());
    let seen = exchange(config, Job::get(0, url));
    assert_eq!(summary(&seen), "nothing nothing - tls tls-alert:70");
}

//! Ways through: proxies of every kind with failures of their own, other addresses, Unix sockets, races.

use std::io::{Read, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use httpwhy_model::{AttemptEnd, Exchange, Seen, Visit, redact};
use httpwhy_probe::ways::{
    ConnectTo, Family, From, NoProxy, Proxies, Proxy, ResolveTo, Secret, Ways,
};
use httpwhy_probe::{Config, Job, Next};

use crate::servers::{
    SHORT, Server, Then, config, exchange, finish, read_head, refused, signals, summary, visits,
};
use crate::tls_certificates::{Authority, params, serve, server_config};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// Answers every request on a connection.
fn origin() -> Server {
    Server::new(|mut stream| {
        while !read_head(&mut stream).is_empty() {
            stream.write_all(OK).unwrap();
        }
    })
}

/// Joins two streams until either ends.
fn join(mut one: TcpStream, mut other: TcpStream) {
    let (mut from, mut to) = (other.try_clone().unwrap(), one.try_clone().unwrap());
    let back = thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
    let _ = std::io::copy(&mut one, &mut other);
    let _ = other.shutdown(std::net::Shutdown::Both);
    back.join().unwrap();
}

/// An HTTP proxy that forwards nothing but tunnels to loopback, and writes down the heads it was sent.
fn connecting() -> (Server, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let server = Server::new(move |mut stream| {
        let head = read_head(&mut stream);
        seen.lock().unwrap().push(head.clone());
        let authority = head.split(' ').nth(1).unwrap_or_default();
        let port = authority
            .rsplit(':')
            .next()
            .unwrap()
            .parse::<u16>()
            .unwrap();
        let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .unwrap();
        join(stream, far);
    });
    (server, heads)
}

fn by(proxy: &str) -> Ways {
    Ways {
        proxies: Proxies::always(Proxy::parse(proxy, "--proxy").unwrap()),
        ..Ways::default()
    }
}

fn through(ways: Ways, target: &str) -> Exchange {
    let mut config = config();
    config.ways = Arc::new(ways);
    exchange(config, Job::get(0, target))
}

#[test]
fn a_forward_proxy_gets_the_whole_target_and_its_own_credentials() {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let proxy = Server::new(move |mut stream| {
        loop {
            let head = read_head(&mut stream);
            if head.is_empty() {
                return;
            }
            seen.lock().unwrap().push(head);
            stream.write_all(OK).unwrap();
        }
    });
    let mut config = config();
    config.ways = Arc::new(by(&format!("http://me:s3cret@{}", proxy.address)));
    let targets = ["http://a.example/x?y", "http://b.example:81/"];
    let jobs = targets
        .into_iter()
        .zip(0..)
        .map(|(target, n)| Job::get(n, target));
    let (found, totals) = visits(config, jobs.collect::<Vec<_>>(), |_: &Visit| Next::Done);
    // One connection serves every host.
    assert_eq!((totals.connections, totals.exchanges), (1, 2));
    let heads = heads.lock().unwrap();
    assert!(
        heads[0].starts_with("GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n"),
        "{heads:?}"
    );
    assert!(
        heads[1].starts_with("GET http://b.example:81/ HTTP/1.1\r\nHost: b.example:81\r\n"),
        "{heads:?}"
    );
    assert!(
        heads[0].contains("Proxy-Authorization: Basic bWU6czNjcmV0\r\n"),
        "{heads:?}"
    );
    for visit in &found {
        let exchange = &visit.steps[0].exchange;
        assert_eq!(exchange.peer, Some(proxy.address));
        let facts = exchange.way.as_ref().unwrap().proxy.as_ref().unwrap();
        assert_eq!(facts.uri, format!("http://{}", proxy.address));
        assert_eq!((&*facts.set_by, facts.credentials), ("--proxy", true));
        let shown = format!("{:?}", redact(visit));
        assert!(
            !shown.contains("s3cret") && !shown.contains("bWU6"),
            "{shown}"
        );
    }
}

#[test]
fn a_tunnel_carries_tls_and_websockets_need_one() {
    let root = Authority::root("root");
    let server = serve(server_config(&root.leaf(&params("a.localhost"))));
    let (proxy, heads) = connecting();
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    config.ways = Arc::new(by(&proxy.address.to_string()));
    let port = server.address.port();
    let seen = exchange(
        config.clone(),
        Job::get(0, format!("https://a.localhost:{port}/")),
    );
    assert_eq!(summary(&seen), "all answered 200");
    assert_eq!(
        seen.tls.as_ref().unwrap().server_name.as_deref(),
        Some("a.localhost")
    );
    let answer = seen.tunnel_answer().unwrap();
    assert_eq!(
        (answer.status(), &answer.reason[..]),
        (Some(200), &b"Connection established"[..])
    );
    assert!(seen.timeline.get(httpwhy_model::Phase::Tunnel).is_some());

    let plain = origin();
    let seen = exchange(config, Job::get(0, plain.url("ws")));
    assert_eq!(seen.status(), Some(200));
    let heads = heads.lock().unwrap();
    assert!(heads[0].starts_with(&format!("CONNECT a.localhost:{port} HTTP/1.1\r\nHost: a.localhost:{port}\r\nUser-Agent: test\r\n")), "{heads:?}");
    assert!(!heads[0].contains("Proxy-Authorization"), "{heads:?}");
    assert!(
        heads[1].starts_with(&format!("CONNECT {} ", plain.address)),
        "{heads:?}"
    );
}

#[test]
fn a_tunnel_for_every_target_when_asked_for() {
    let (server, (proxy, heads)) = (origin(), connecting());
    let ways = Ways {
        tunnel: true,
        ..by(&proxy.address.to_string())
    };
    let seen = through(ways, &server.url("http"));
    assert_eq!(summary(&seen), "all answered 200");
    assert_eq!(seen.request.target, "/");
    assert_eq!(heads.lock().unwrap().len(), 1);
}

#[test]
fn what_a_proxy_says_instead_of_a_tunnel() {
    use Then::{Fin, Reset, Stall};
    let table: &[(&str, &[u8], Then, &str)] = &[
        ("407", b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nwho?", Stall, "tunnel:407"),
        ("502", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", Fin, "tunnel:502"),
        ("503 to the end", b"HTTP/1.0 503 Busy\r\n\r\nbusy", Fin, "tunnel:503"),
        ("504 cut", b"HTTP/1.1 504 Late\r\nContent-Length: 100\r\n\r\nbut", Fin, "tunnel:504"),
        ("403, then silence", b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n", Stall, "timeout:300, tunnel tunnel:403"),
        ("a redirect", b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n", Fin, "tunnel:302"),
        ("nothing", b"", Fin, "eof:0"),
        ("silence", b"", Stall, "timeout:300"),
        ("a reset", b"", Reset, "errno:ECONNRESET"),
        ("half a head", b"HTTP/1.1 200 OK\r\nX-", Fin, "h1:truncated-head at=19"),
        ("something else", b"SSH-2.0-OpenSSH_9.9\r\n", Fin, "h1:not-http at=0"),
        ("bytes behind", b"HTTP/1.1 200 OK\r\n\r\nhello", Stall, "h1:extra-bytes at=19"),
    ];
    for (name, bytes, then, expected) in table {
        let (bytes, then) = (*bytes, *then);
        let proxy = Server::raw(bytes, then);
        let mut config = config();
        config.ways = Arc::new(by(&proxy.address.to_string()));
        config.deadlines.tunnel = SHORT;
        let seen = exchange(config, Job::get(0, "https://a.example/"));
        let found = summary(&seen);
        assert_eq!(
            found,
            format!("nothing nothing - tunnel {expected}"),
            "{name}"
        );
        let answer = seen
            .tunnel_answer()
            .and_then(httpwhy_model::Response::status);
        assert_eq!(
            answer.is_some(),
            expected.contains("tunnel:") || ["bytes behind", "half a head"].contains(name),
            "{name}"
        );
    }
}

#[test]
fn a_proxy_that_cannot_be_reached_is_told_from_the_target() {
    let (_held, closed) = refused();
    for (proxy, target, expected) in [
        (
            closed.to_string(),
            "http://a.example/",
            "tunnel errno:ECONNREFUSED",
        ),
        (
            closed.to_string(),
            "https://a.example/",
            "tunnel errno:ECONNREFUSED",
        ),
        (
            format!("socks5h://{closed}"),
            "http://a.example/",
            "tunnel errno:ECONNREFUSED",
        ),
        (
            "proxy.example:1".to_owned(),
            "http://127.0.0.1/",
            "tunnel engine:no-name-server",
        ),
    ] {
        let seen = through(by(&proxy), target);
        assert_eq!(signals(&seen), expected, "{proxy} {target}");
    }
}

#[test]
fn a_proxy_over_tls_is_checked_and_carries_tls() {
    let root = Authority::root("root");
    let leaf = || root.leaf(&params("a.localhost"));
    let server = serve(server_config(&leaf()));
    let inner = server_config(&leaf());
    let proxy = Server::new(move |tcp| {
        let tls = rustls::ServerConnection::new(Arc::new(inner.clone())).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, tcp);
        let head = read_head(&mut stream);
        let Some(port) = head.split([' ', ':']).nth(2) else {
            return;
        };
        let mut far = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        // One after the other is enough for a handshake and one exchange.
        far.set_read_timeout(Some(std::time::Duration::from_millis(100)))
            .unwrap();
        stream
            .sock
            .set_read_timeout(Some(std::time::Duration::from_millis(100)))
            .unwrap();
        let mut bytes = [0; 16_384];
        for _ in 0..40 {
            if let Ok(count @ 1..) = stream.read(&mut bytes) {
                far.write_all(&bytes[..count]).unwrap();
            }
            if let Ok(count @ 1..) = far.read(&mut bytes)
                && stream.write_all(&bytes[..count]).is_err()
            {
                return;
            }
        }
    });
    let port = proxy.address.port();
    let target = format!("https://a.localhost:{}/", server.address.port());
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    config.ways = Arc::new(by(&format!("https://a.localhost:{port}")));
    let seen = exchange(config.clone(), Job::get(0, &*target));
    assert_eq!(summary(&seen), "all answered 200");

    // A bad certificate of the proxy: it gets no request, and the target is not blamed for it.
    config.ways = Arc::new(by(&format!("https://b.localhost:{port}")));
    let seen = exchange(config, Job::get(0, &*target));
    assert!(
        summary(&seen).starts_with("nothing nothing - tunnel cert:name-mismatch"),
        "{}",
        summary(&seen)
    );
    assert!(seen.tls.is_none());

    // Not TLS at all.
    let plain = Server::new(|mut stream| {
        stream.write_all(b"HTTP/1.1 400 Bad\r\n\r\n").unwrap();
        finish(stream, Then::Fin);
    });
    let seen = through(
        by(&format!("https://{}", plain.address)),
        "http://a.example/",
    );
    assert!(
        signals(&seen).starts_with("tunnel tls:not-tls first=485454502f"),
        "{}",
        signals(&seen)
    );
}

/// A SOCKS proxy that answers the greeting and the request with these bytes; `""` for the second: it connects.
fn socks(
    greeting: &'static [u8],
    login: Option<&'static [u8]>,
    reply: &'static [u8],
) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let asked = Arc::<Mutex<Vec<u8>>>::default();
    let seen = Arc::clone(&asked);
    let server = Server::new(move |mut stream| {
        let take = |count: usize, stream: &mut TcpStream| {
            let mut bytes = vec![0; count];
            if stream.read_exact(&mut bytes).is_err() {
                bytes.clear();
            }
            seen.lock().unwrap().extend_from_slice(&bytes);
            bytes
        };
        let hello = take(2, &mut stream);
        take(usize::from(hello[1]), &mut stream);
        stream.write_all(greeting).unwrap();
        if greeting.len() < 2 || greeting[1] == 0xff || greeting[0] != 5 {
            return finish(stream, Then::Fin);
        }
        if let Some(login) = login {
            let name = take(2, &mut stream);
            let password = take(usize::from(name[1]) + 1, &mut stream);
            take(usize::from(*password.last().unwrap()), &mut stream);
            stream.write_all(login).unwrap();
            if login[1] != 0 {
                return finish(stream, Then::Fin);
            }
        }
        let head = take(4, &mut stream);
        let length = match head[3] {
            1 => 4,
            4 => 16,
            _ => usize::from(take(1, &mut stream)[0]),
        };
        let end = take(length + 2, &mut stream);
        if !reply.is_empty() {
            stream.write_all(reply).unwrap();
            return finish(stream, Then::Fin);
        }
        let port = u16::from_be_bytes([end[length], end[length + 1]]);
        let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
        // A bound address that is a name: 3, its length, the name, a port.
        stream
            .write_all(b"\x05\x00\x00\x03\x04near\x00\x50")
            .unwrap();
        join(stream, far);
    });
    (server, asked)
}

#[test]
fn socks_takes_names_or_addresses_and_logs_in() {
    let server = origin();
    let port = server.address.port();
    let (proxy, asked) = socks(b"\x05\x00", None, b"");
    let seen = through(
        by(&format!("socks5h://{}", proxy.address)),
        &format!("http://sim.example:{port}/"),
    );
    assert_eq!(summary(&seen), "all answered 200");
    assert_eq!(seen.request.target, "/");
    let hello = asked.lock().unwrap().clone();
    assert!(
        hello.starts_with(b"\x05\x01\x00\x05\x01\x00\x03\x0bsim.example"),
        "{hello:?}"
    );

    let (proxy, asked) = socks(b"\x05\x02", Some(b"\x01\x00"), b"");
    let seen = through(
        by(&format!("socks5://me:pw@{}", proxy.address)),
        &format!("http://a.localhost:{port}/"),
    );
    assert_eq!(summary(&seen), "all answered 200");
    let hello = asked.lock().unwrap().clone();
    assert!(
        hello.starts_with(b"\x05\x02\x00\x02\x01\x02me\x02pw\x05\x01\x00\x01\x7f\x00\x00\x01"),
        "{hello:?}"
    );
}

/// What a SOCKS proxy answers to the greeting, to a login and to the request, and what is seen of it.
type Socks = (
    &'static [u8],
    Option<&'static [u8]>,
    &'static [u8],
    &'static str,
);

#[test]
fn what_socks_proxies_say() {
    let table: &[Socks] = &[
        (
            b"\x05\x00",
            None,
            b"\x05\x01\x00\x01\0\0\0\0\0\0",
            "socks:1",
        ),
        (
            b"\x05\x00",
            None,
            b"\x05\x05\x00\x01\0\0\0\0\0\0",
            "socks:5",
        ),
        (b"\x05\x00", None, b"\x05\x08", "socks:8"),
        (
            b"\x05\x00",
            None,
            b"\x05\x00\x00\x09\0\0\0\0\0\0",
            "socks:bad-reply",
        ),
        (b"\x05\x00", None, b"\x05\x00\x00\x01\0\0", "eof:8"),
        (b"\x05\xff", None, b"", "socks:no-method"),
        (b"\x05\x02", Some(b"\x01\x01"), b"", "socks:login-refused"),
        (b"HT", None, b"", "socks:not-socks first=4854"),
        (b"\x05", None, b"", "eof:1"),
    ];
    for (greeting, login, reply, expected) in table {
        let (proxy, _) = socks(greeting, *login, reply);
        let user = if login.is_some() { "me:pw@" } else { "" };
        let seen = through(
            by(&format!("socks5h://{user}{}", proxy.address)),
            "http://a.example/",
        );
        assert_eq!(
            summary(&seen),
            format!("nothing nothing - tunnel {expected}")
        );
    }
    // Asked to log in, and has nothing to log in with.
    let (proxy, _) = socks(b"\x05\x02", None, b"x");
    let seen = through(
        by(&format!("socks5h://{}", proxy.address)),
        "http://a.example/",
    );
    assert_eq!(signals(&seen), "tunnel socks:no-method");
    // Every address of the name is tried, each on a connection of its own.
    let (proxy, _) = socks(b"\x05\x00", None, b"\x05\x04\x00\x01\0\0\0\0\0\0");
    let ways = Ways {
        resolve: vec![ResolveTo::parse("a.example:80:10.0.0.1,10.0.0.2").unwrap()],
        ..by(&format!("socks5://{}", proxy.address))
    };
    let seen = through(ways, "http://a.example/");
    assert_eq!(signals(&seen), "tunnel socks:4, tunnel socks:4");
}

#[test]
fn some_hosts_are_asked_straight() {
    let (_held, closed) = refused();
    let server = origin();
    let ways = Ways {
        proxies: Proxies::always(Proxy::parse(&closed.to_string(), "x").unwrap())
            .except(NoProxy::parse("127.0.0.0/8")),
        ..Ways::default()
    };
    let seen = through(ways, &server.url("http"));
    assert_eq!(
        (summary(&seen).as_str(), seen.way),
        ("all answered 200", None)
    );
}

#[test]
fn other_places_are_told() {
    let server = origin();
    let port = server.address.port();
    for (ways, to, set_by) in [
        (
            Ways {
                resolve: vec![ResolveTo::parse("a.example:80:127.0.0.1").unwrap()],
                ..Ways::default()
            },
            None,
            "--resolve",
        ),
        (
            Ways {
                connect_to: vec![
                    ConnectTo::parse(&format!("a.example:80:127.0.0.1:{port}")).unwrap(),
                ],
                ..Ways::default()
            },
            Some(format!("127.0.0.1:{port}")),
            "--connect-to",
        ),
    ] {
        let target = if to.is_some() {
            "http://a.example/".to_owned()
        } else {
            format!("http://a.example:{port}/")
        };
        let ways = match to {
            None => Ways {
                resolve: vec![ResolveTo::parse(&format!("a.example:{port}:127.0.0.1")).unwrap()],
                ..ways
            },
            Some(_) => ways,
        };
        let seen = through(ways, &target);
        assert_eq!(summary(&seen), "all answered 200", "{set_by}");
        let instead = seen.way.unwrap().instead.unwrap();
        assert_eq!(instead.set_by, set_by);
        assert_eq!(instead.to, to.unwrap_or_else(|| "127.0.0.1".to_owned()));
        assert_eq!(seen.peer, Some(server.address));
    }
}

#[test]
fn a_unix_socket_needs_no_address() {
    let folder = std::env::temp_dir().join(format!("httpwhy-ways-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = read_head(&mut stream);
        stream.write_all(OK).unwrap();
        head
    });
    let ways = |path: std::path::PathBuf| Ways {
        unix: Some(path),
        ..Ways::default()
    };
    let seen = through(ways(path), "http://a.example/x");
    assert_eq!(
        (summary(&seen).as_str(), seen.peer),
        ("all answered 200", None)
    );
    assert!(
        serving
            .join()
            .unwrap()
            .starts_with("GET /x HTTP/1.1\r\nHost: a.example\r\n")
    );
    assert!(seen.way.unwrap().instead.unwrap().to.starts_with("unix:/"));
    let seen = through(ways(folder.join("none")), "http://a.example/");
    assert_eq!(signals(&seen), "connect errno:ENOENT");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_source_address_is_used_or_told() {
    let peers = Arc::<Mutex<Vec<IpAddr>>>::default();
    let seen_from = Arc::clone(&peers);
    let server = Server::new(move |mut stream| {
        seen_from
            .lock()
            .unwrap()
            .push(stream.peer_addr().unwrap().ip());
        if !read_head(&mut stream).is_empty() {
            stream.write_all(OK).unwrap();
        }
    });
    let from = |from: From| Ways {
        from: Some(from),
        ..Ways::default()
    };
    let seen = through(
        from(From::Address("127.0.0.9".parse().unwrap())),
        &server.url("http"),
    );
    assert_eq!(summary(&seen), "all answered 200");
    assert_eq!(
        peers.lock().unwrap()[..],
        ["127.0.0.9".parse::<IpAddr>().unwrap()]
    );
    assert_eq!(seen.way.unwrap().from.as_deref(), Some("127.0.0.9"));
    let seen = through(
        from(From::Address("192.0.2.1".parse().unwrap())),
        &server.url("http"),
    );
    assert_eq!(signals(&seen), "connect bind:EADDRNOTAVAIL");
    let seen = through(from(From::Interface("none0".into())), &server.url("http"));
    let found = signals(&seen);
    assert!(
        ["connect bind:ENODEV", "connect bind:EPERM"].contains(&&*found),
        "{found}"
    );
}

/// The name has a dead address and a live one.
fn two_addresses(port: u16, change: impl FnOnce(&mut Ways)) -> Config {
    let mut ways = Ways {
        resolve: vec![ResolveTo::parse(&format!("a.example:{port}:127.0.0.2,127.0.0.1")).unwrap()],
        ..Ways::default()
    };
    change(&mut ways);
    let mut config = config();
    config.ways = Arc::new(ways);
    config
}

#[test]
fn each_attempt_is_recorded_in_order_and_in_a_race() {
    let server = origin();
    let port = server.address.port();
    for happy_eyeballs in [false, true] {
        let config = two_addresses(port, |ways| ways.happy_eyeballs = happy_eyeballs);
        let seen = exchange(config, Job::get(0, format!("http://a.example:{port}/")));
        assert_eq!(
            summary(&seen),
            "all answered 200 connect errno:ECONNREFUSED"
        );
        let attempts = seen.way.unwrap().attempts;
        let ends: Vec<_> = attempts
            .iter()
            .map(|attempt| (attempt.to.ip().to_string(), attempt.end.clone()))
            .collect();
        let refused = AttemptEnd::Failed("errno:ECONNREFUSED".parse().unwrap());
        assert_eq!(
            ends,
            [
                ("127.0.0.2".to_owned(), refused),
                ("127.0.0.1".to_owned(), AttemptEnd::Connected)
            ]
        );
    }
}

/// A socket bound at 127.0.0.2 and a listener at 127.0.0.1 with the same port: one that both have free.
fn twin_ports() -> (socket2::Socket, std::net::TcpListener) {
    let any: std::net::SocketAddr = "127.0.0.2:0".parse().unwrap();
    // Sockets that do not fit stay bound, so that the system offers others.
    let mut taken = Vec::new();
    while taken.len() < 100 {
        let kind = socket2::Type::STREAM;
        let full = socket2::Socket::new(socket2::Domain::IPV4, kind, None).unwrap();
        full.bind(&any.into()).unwrap();
        let port = full.local_addr().unwrap().as_socket().unwrap().port();
        match std::net::TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => return (full, listener),
            Err(_) => taken.push(full),
        }
    }
    panic!("100 ports are free at 127.0.0.2 and taken at 127.0.0.1");
}

#[test]
fn a_slow_attempt_is_overtaken() {
    let (full, listener) = twin_ports();
    // A full accept queue: the handshake is never completed.
    full.listen(0).unwrap();
    let stuck = full.local_addr().unwrap().as_socket().unwrap();
    let _fills: Vec<_> = (0..8)
        .filter_map(|_| TcpStream::connect_timeout(&stuck, SHORT).ok())
        .collect();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream);
        stream.write_all(OK).unwrap();
    });
    let config = two_addresses(stuck.port(), |ways| ways.happy_eyeballs = true);
    let seen = exchange(
        config,
        Job::get(0, format!("http://a.example:{}/", stuck.port())),
    );
    serving.join().unwrap();
    assert_eq!(summary(&seen), "all answered 200");
    let attempts = seen.way.unwrap().attempts;
    assert_eq!(attempts.len(), 2);
    assert_eq!(
        (&attempts[0].end, &attempts[1].end),
        (&AttemptEnd::Abandoned, &AttemptEnd::Connected)
    );
    // RFC 8305: the second begins no sooner than 250 ms after the first.
    assert!(attempts[1].after.as_millis() >= 250, "{attempts:?}");
}

#[test]
fn every_address_gets_a_step_of_its_own() {
    let server = origin();
    let port = server.address.port();
    let config = two_addresses(port, |ways| ways.all_addresses = true);
    let job = Job::get(0, format!("http://a.example:{port}/"));
    let (found, _) = visits(config, [job], |_: &Visit| Next::Done);
    let steps: Vec<_> = found[0]
        .steps
        .iter()
        .map(|step| format!("{} {}", step.because, summary(&step.exchange)))
        .collect();
    assert_eq!(
        steps,
        [
            "asked nothing nothing - connect errno:ECONNREFUSED",
            "same of 0 all answered 200"
        ]
    );
}

#[test]
fn one_family_alone() {
    let server = origin();
    let ways = |family| Ways {
        family: Some(family),
        ..Ways::default()
    };
    let target = format!("http://a.localhost:{}/", server.address.port());
    let seen = through(ways(Family::V4), &target);
    assert_eq!(summary(&seen), "all answered 200");
    let seen = through(ways(Family::V6), &target);
    assert_eq!(seen.end, httpwhy_model::End::Nothing);
    assert!(seen.peer.is_some_and(|peer| peer.is_ipv6()), "{seen:?}");
}

#[test]
fn nothing_private_goes_to_a_peer_that_may_be_anybody() {
    let root = Authority::root("root");
    let server = serve(server_config(&root.leaf(&params("a.localhost"))));
    let target = format!("https://b.localhost:{}/", server.address.port());
    let mut config = config();
    config.trust.roots = vec![root.certificate.pem().into_bytes()];
    let job = |change: fn(&mut Job)| {
        let mut job = Job::get(0, target.clone());
        change(&mut job);
        job
    };
    let withheld =
        "nothing nothing - tls cert:name-mismatch names=a.localhost, send probe:withheld";
    let sent = "all answered 200 tls cert:name-mismatch names=a.localhost";
    let private: &[fn(&mut Job)] = &[
        |job| job.fields.push(("Authorization".into(), "Bearer x".into())),
        |job| job.fields.push(("cookie".into(), "a=b".into())),
        |job| job.method = "POST".into(),
        |job| job.body = Some("x".into()),
    ];
    for change in private {
        let seen = exchange(config.clone(), job(*change));
        assert_eq!(summary(&seen), withheld);
        assert_eq!(seen.reused, Seen::Present(false));
    }
    assert_eq!(summary(&exchange(config.clone(), job(|_| ()))), sent);
    config.tls.insecure = true;
    for change in private {
        assert_eq!(summary(&exchange(config.clone(), job(*change))), sent);
    }
}

#[test]
fn credentials_given_apart_win() {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let proxy = Server::new(move |mut stream| {
        seen.lock().unwrap().push(read_head(&mut stream));
        stream.write_all(OK).unwrap();
    });
    let ways = Ways {
        proxies: Proxies::always(
            Proxy::parse(&format!("http://a:b@{}", proxy.address), "--proxy")
                .unwrap()
                .with_user(Secret::new("me:pw")),
        ),
        ..Ways::default()
    };
    assert_eq!(
        summary(&through(ways, "http://a.example/")),
        "all answered 200"
    );
    assert!(heads.lock().unwrap()[0].contains("Proxy-Authorization: Basic bWU6cHc=\r\n"));
}

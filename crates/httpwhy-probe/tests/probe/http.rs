//! HTTP/1.1 over TCP.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use bytes::Bytes;
use httpwhy_model::{Framing, Phase, Seen};
use httpwhy_probe::{Deadlines, Job, Protocol, TestFault};
use httpwhy_wire::h1::Limits;

use crate::servers::{
    LONG, SHORT, Server, Then, config, exchange, get, read_head, refused, signals, summary,
};

#[test]
fn what_a_server_sends_and_how_it_ends() {
    use Then::{Fin, Reset, Stall};
    let table: &[(&[u8], Then, &str)] = &[
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            Stall,
            "all answered 200",
        ),
        (
            b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
            Fin,
            "all answered 503",
        ),
        (
            b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
            Stall,
            "all answered 404",
        ),
        (b"HTTP/1.1 204 No\r\n\r\n", Stall, "all answered 204"),
        (b"HTTP/1.1 304 Not\r\n\r\n", Stall, "all answered 304"),
        (
            b"HTTP/1.1 200 OK\r\n\r\nto the end",
            Fin,
            "all answered 200",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Stall,
            "all answered 200",
        ),
        (b"", Fin, "all nothing - wait eof:0"),
        (b"", Reset, "all nothing - wait errno:ECONNRESET"),
        (b"", Stall, "all nothing - wait timeout:300"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Le",
            Fin,
            "all partial 200 receive eof:27, receive h1:truncated-head at=27",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Le",
            Stall,
            "all partial 200 receive timeout:300",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            Fin,
            "all partial 200 receive eof:40, receive h1:truncated-body at=40",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            Reset,
            "all partial 200 receive errno:ECONNRESET",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
            Stall,
            "all partial 200 receive timeout:300",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi",
            Fin,
            "all partial 200 receive eof:52, receive h1:truncated-chunk at=52",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi",
            Stall,
            "all partial 200 receive h1:bad-chunk-size at=47",
        ),
        (
            b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
            Stall,
            "all answered 200 receive h1:bare-lf at=15",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more",
            Stall,
            "all answered 200 receive h1:extra-bytes at=40",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            Stall,
            "all partial - receive h1:not-http at=0",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2",
            Fin,
            "all partial - receive h1:not-http at=0",
        ),
        (
            b"HTTP/1.1 103 Early\r\n\r\n",
            Fin,
            "all partial - receive eof:22",
        ),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nbytes",
            Stall,
            "all upgraded 101",
        ),
        (
            b"HTTP/1.1 408 Late\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            Reset,
            "all answered 408",
        ),
    ];
    for (bytes, then, expected) in table {
        let server = Server::raw(bytes, *then);
        let mut config = config();
        if matches!(then, Stall) {
            config.deadlines.wait = SHORT;
            config.deadlines.receive = SHORT;
        }
        let seen = exchange(config, Job::get(0, server.url("http")));
        let sent = String::from_utf8_lossy(bytes);
        assert_eq!(&summary(&seen), expected, "{sent} then {then:?}");
        assert_eq!(seen.received, bytes.len() as u64, "{sent}");
        assert_eq!(seen.peer, Some(server.address), "{sent}");
        assert_eq!(seen.reused, Seen::Present(false), "{sent}");
        assert!(seen.observed_at.present().is_some(), "{sent}");
        let timed: Vec<_> = seen.timeline.iter().map(|(phase, _)| phase).collect();
        let mut phases = vec![Phase::Connect, Phase::Send, Phase::Wait];
        phases.extend((!bytes.is_empty()).then_some(Phase::Receive));
        assert_eq!(timed, phases, "{sent}");
    }
}

#[test]
fn what_cannot_be_asked_is_a_visit_too() {
    for (target, expected) in [
        ("nonsense", "nothing nothing - queue input:invalid-url"),
        ("http://", "nothing nothing - queue input:empty-host"),
        (
            "ftp://127.0.0.1/",
            "nothing nothing - queue input:unsupported-scheme",
        ),
    ] {
        let seen = get(target);
        assert_eq!(summary(&seen), expected);
        assert_eq!(seen.target, target);
        assert_eq!(seen.peer, None);
    }
}

#[test]
fn a_refused_port_is_named() {
    let (_held, address) = refused();
    let seen = get(format!("http://{address}/"));
    let expected = "nothing nothing - connect errno:ECONNREFUSED";
    assert_eq!(summary(&seen), expected);
    assert_eq!(seen.peer, Some(address));
}

#[test]
fn a_full_queue_is_a_deadline() {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    // Connections that nobody accepts fill the queue; the kernel answers no more handshakes then.
    let filling: Vec<_> = (0..4)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_nonblocking(true).unwrap();
            let _ = socket.connect(&address.into());
            socket
        })
        .collect();
    thread::sleep(SHORT);
    let mut config = config();
    config.deadlines.connect = SHORT;
    let seen = exchange(config, Job::get(0, format!("http://{address}/")));
    assert_eq!(summary(&seen), "nothing nothing - connect timeout:300");
    drop(filling);
}

#[test]
fn the_request_is_what_the_job_says() {
    let server = Server::new(|mut stream| {
        let head = read_head(&mut stream);
        let length = head.to_ascii_lowercase().contains("content-length: 5");
        let mut body = vec![0; if length { 5 } else { 0 }];
        stream.read_exact(&mut body).unwrap();
        let echo = format!("{head}{}", String::from_utf8_lossy(&body));
        let length = echo.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{echo}"
        )
        .unwrap();
    });
    let host = server.address;
    let field = |name: &'static str, value: &'static str| (Bytes::from(name), Bytes::from(value));
    let url = server.url("http");
    let plain = Job::get(0, format!("{url}a b?q#frag"));
    let mut post = Job::get(0, &*url);
    post.method = "POST".into();
    post.fields = vec![field("user-agent", "mine"), field("X-Two", "2")];
    post.body = Some("hello".into());
    let mut empty = Job::get(0, format!("http://me:pw@{host}/"));
    empty.method = "POST".into();
    for (job, expected) in [
        (
            plain,
            format!(
                "GET /a%20b?q HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"
            ),
        ),
        (
            post,
            format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nContent-Length: 5\r\n\
                 user-agent: mine\r\nX-Two: 2\r\n\r\nhello"
            ),
        ),
        (
            empty,
            format!(
                "POST / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nAccept: */*\r\n\
                 Authorization: Basic bWU6cHc=\r\nContent-Length: 0\r\n\r\n"
            ),
        ),
    ] {
        let seen = exchange(config(), job);
        let body = seen.response.unwrap().body.present().unwrap();
        assert_eq!(String::from_utf8_lossy(&body.bytes), expected);
    }
}

#[test]
fn a_head_request_has_no_content() {
    let server = Server::raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Then::Stall);
    let mut job = Job::get(0, server.url("http"));
    job.method = "HEAD".into();
    let seen = exchange(config(), job);
    assert_eq!(summary(&seen), "all answered 200");
    let body = seen.response.unwrap().body.present().unwrap();
    assert_eq!(body.framing, Framing::None);
}

#[test]
fn bounds_are_recorded() {
    let server = Server::raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n0123456789012345678901234567890123456789",
        Then::Stall,
    );
    let mut small = config();
    small.max_body = 20;
    let seen = exchange(small, Job::get(0, server.url("http")));
    assert_eq!(summary(&seen), "all partial 200 receive limit:body max=20");

    let mut narrow = config();
    narrow.limits = Limits {
        head: 16,
        ..Limits::default()
    };
    let seen = exchange(narrow, Job::get(0, server.url("http")));
    let expected = "receive h1:head-too-large at=16, receive limit:head max=16";
    assert_eq!(signals(&seen), expected);

    let mut job = Job::get(0, server.url("http"));
    job.fault = Some(TestFault::LimitHead);
    let seen = exchange(config(), job);
    let expected = "receive h1:head-too-large at=1, receive limit:head max=1";
    assert_eq!(signals(&seen), expected);
}

#[test]
fn the_whole_exchange_has_a_deadline_too() {
    let server = Server::new(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
            .unwrap();
        while stream.write_all(b".").is_ok() {
            thread::sleep(SHORT / 10);
        }
    });
    let mut job = Job::get(0, server.url("http"));
    job.deadlines = Some(Box::new(Deadlines {
        total: SHORT,
        receive: LONG,
        ..Deadlines::default()
    }));
    let seen = exchange(config(), job);
    let expected = "all partial 200 receive limit:time max=300";
    assert_eq!(summary(&seen), expected);
}

#[test]
fn an_answer_before_the_end_of_the_request_is_read() {
    // Far more than the socket buffers hold: the server takes nothing of it.
    let body = Bytes::from(vec![b'.'; 64 * 1024 * 1024]);
    let answer = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (then, bytes, expected) in [
        (Then::Stall, &answer[..], "part answered 413"),
        (Then::Stall, b"", "part nothing - send timeout:300"),
        (Then::Fin, b"", "part nothing - send eof:0"),
    ] {
        let server = Server::new(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(bytes).unwrap();
            if matches!(then, Then::Fin) {
                stream.shutdown(Shutdown::Write).unwrap();
            }
            thread::sleep(SHORT * 3);
            crate::servers::reset(&stream);
        });
        let mut config = config();
        config.deadlines.send = SHORT;
        config.deadlines.wait = SHORT;
        let mut job = Job::get(0, server.url("http"));
        job.method = "POST".into();
        job.body = Some(body.clone());
        assert_eq!(summary(&exchange(config, job)), expected);
    }
}

#[test]
fn a_write_that_fails_still_reads_what_came() {
    // The answer, then a reset while the request is still going out.
    let server = Server::new(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        crate::servers::reset(&stream);
    });
    let mut job = Job::get(0, server.url("http"));
    job.method = "POST".into();
    job.body = Some(Bytes::from(vec![b'.'; 64 * 1024 * 1024]));
    let seen = exchange(config(), job);
    // Whether the answer survives the reset is the kernel's choice; the failure is seen either way.
    let text = summary(&seen);
    assert!(
        text == "part answered 413" || text.contains("errno:E"),
        "{text}"
    );
}

#[test]
fn http_1_0_is_asked_for_by_version() {
    let server = Server::new(|mut stream| {
        let head = read_head(&mut stream);
        let line = head.lines().next().unwrap_or_default();
        let answer = format!("HTTP/1.0 200 OK\r\nServer: x\r\n\r\n{line}");
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let job = Job {
        protocol: Some(Protocol::Http10),
        ..Job::get(0, server.url("http"))
    };
    let exchange = exchange(config(), job);
    assert_eq!(summary(&exchange), "all answered 200");
    assert_eq!(exchange.request.version, "HTTP/1.0");
    let Seen::Present(body) = exchange.response.unwrap().body else {
        panic!("no content")
    };
    assert_eq!(body.bytes, "GET / HTTP/1.0");
}

#[test]
fn content_waits_for_leave() {
    let server = Server::new(|mut stream| {
        let head = read_head(&mut stream);
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let content = |stream: &mut TcpStream| {
            let mut content = [0; 7];
            stream.read_exact(&mut content).unwrap();
            assert_eq!(&content, b"content");
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        };
        match &*path {
            "/yes" => {
                let hints = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 104 Upload\r\n\r\n";
                stream.write_all(hints).unwrap();
                let leave = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
                stream.write_all(leave).unwrap();
                content(&mut stream);
            }
            "/no" => {
                let no = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
                stream.write_all(no).unwrap();
                // The content must not come.
                let mut rest = Vec::new();
                assert_eq!(stream.read_to_end(&mut rest).unwrap_or_default(), 0);
            }
            "/gone" => drop(stream),
            _ => content(&mut stream),
        }
    });
    for (path, expected, interim) in [
        ("yes", "all answered 204", &["103", "104", "100", "102"][..]),
        ("no", "part answered 417", &[]),
        ("gone", "part nothing - send eof:0", &[]),
        ("silence", "all answered 204 send timeout:300", &[]),
    ] {
        let mut job = Job::get(0, server.url("http") + path);
        job.method = Bytes::from("PUT");
        job.fields = vec![(Bytes::from("expect"), Bytes::from("100-Continue"))];
        job.body = Some(Bytes::from("content"));
        let mut config = config();
        if path == "silence" {
            config.deadlines.expect = SHORT;
        } else {
            config.deadlines.expect = LONG;
        }
        let exchange = exchange(config, job);
        assert_eq!(summary(&exchange), expected, "{path}");
        let codes: Vec<_> = exchange.interim.iter().map(|i| &*i.code).collect();
        let interim: Vec<_> = interim.iter().map(|code| code.as_bytes()).collect();
        assert_eq!(codes, interim, "{path}");
    }
}

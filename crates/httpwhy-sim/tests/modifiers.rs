//! Modifiers, broken answers, and what is for tests of retries: sequences, limits, redirects that lead astray.

mod client;

use std::io::Write;
use std::net::SocketAddr;

use client::{Answer, End, SILENCE, ask, connect, get, read_all, request, say, start, text};

/// All that comes, and how it ends.
fn all(address: SocketAddr, path: &str) -> (String, End) {
    let mut stream = connect(address);
    if path.contains("stall") || path.contains("hang") {
        stream.set_read_timeout(Some(SILENCE)).expect("a timeout");
    }
    let request = request("GET", path, &[], b"");
    stream.write_all(&request).expect("sends");
    let (bytes, end) = read_all(&mut stream);
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

#[test]
fn words_change_any_answer() {
    let simulator = start();
    for (path, status, (name, value), body) in [
        (
            "/status/503?h=Retry-After:7&body=slow+down&type=text/x",
            503,
            ("Retry-After", "7"),
            "slow down",
        ),
        (
            "/status/503?type=text/x",
            503,
            ("Content-Type", "text/x"),
            "503 Service Unavailable\n",
        ),
        (
            "/503?-h=Retry-After&h=X-A:%20b",
            503,
            ("X-A", "b"),
            "503 Service Unavailable",
        ),
        ("/404?body64=AAE=", 404, ("Content-Length", "2"), "\0\u{1}"),
        (
            "/with/status=503/json",
            503,
            ("Content-Type", "application/json"),
            "slideshow",
        ),
        (
            "/with/status=405/get",
            405,
            ("Allow", "GET, HEAD"),
            "\"args\": {}",
        ),
        (
            "/with/status=204/get",
            204,
            ("httpwhy-sim", "status-204"),
            "",
        ),
        (
            "/with/h=X-A:1%2C2,h=X-B:3/get?x=1",
            200,
            ("X-A", "1,2"),
            "\"url\": \"http://sim.test/get?x=1\"",
        ),
        (
            "/with/body=hello/gzip",
            200,
            ("Content-Length", "5"),
            "hello",
        ),
        (
            "/with/chunked=1,piece=3/robots.txt",
            200,
            ("Transfer-Encoding", "chunked"),
            "3\r\nUse\r\n3\r\nr-a\r\n",
        ),
        (
            "/with/trailer=X-T:1,body=x/get",
            200,
            ("Trailer", "X-T"),
            "1\r\nx\r\n0\r\nX-T: 1\r\n\r\n",
        ),
        (
            "/with/rate=100000/json",
            200,
            ("Content-Type", "application/json"),
            "slideshow",
        ),
        (
            "/with/profile=1%2C0,body=abc/get",
            200,
            ("Content-Length", "3"),
            "abc",
        ),
        (
            "/with/no=1/get",
            400,
            ("Connection", "close"),
            "'no' is no modifier",
        ),
        (
            "/with/cut=nowhere/get",
            400,
            ("Connection", "close"),
            "'nowhere' is no place",
        ),
        ("/with/h=a%0d%0ab:c/get", 400, ("Connection", "close"), ""),
        (
            "/with/reason=a%0d%0ab/get",
            400,
            ("Connection", "close"),
            "one line",
        ),
        (
            "/with/sleep=51s/get",
            400,
            ("Connection", "close"),
            "no time",
        ),
        (
            "/with/drip=50s/get",
            400,
            ("Connection", "close"),
            "more than 50 s",
        ),
        (
            "/with/trailer=Content-Length:1/get",
            400,
            ("Connection", "close"),
            "forbidden trailer",
        ),
        (
            "/with/1xx=101/get",
            400,
            ("Connection", "close"),
            "without 101",
        ),
        ("/with/get", 404, ("Connection", "close"), "No such page"),
    ] {
        let answer = get(simulator.http(), path);
        assert_eq!(answer.status(), status, "{path}: {}", text(&answer));
        assert_eq!(answer.field(name), Some(value), "{path}");
        assert!(text(&answer).contains(body), "{path}: {}", text(&answer));
    }
    let reason = get(simulator.http(), "/status/503?reason=Busy&mark=0");
    assert_eq!(
        (reason.line.as_str(), reason.field("httpwhy-sim")),
        ("HTTP/1.1 503 Busy", None)
    );
}

#[test]
fn interim_answers_come_first() {
    let simulator = start();
    let (bytes, _) = all(simulator.http(), "/status/200?1xx=103,102");
    let lines: Vec<&str> = bytes
        .lines()
        .filter(|line| line.starts_with("HTTP/"))
        .collect();
    assert_eq!(
        lines,
        [
            "HTTP/1.1 103 Early Hints",
            "HTTP/1.1 102 Processing",
            "HTTP/1.1 200 OK"
        ]
    );
    let (old, _) = say(
        simulator.http(),
        b"GET /status/200?1xx=103 HTTP/1.0\r\n\r\n",
    );
    assert_eq!(
        Answer::read(&old).status(),
        200,
        "HTTP/1.0 knows no interim answers"
    );
}

#[test]
fn answers_break_off_where_asked() {
    let simulator = start();
    let http = simulator.http();
    for (path, ends_with, end) in [
        ("/with/cut=before-head/get", "", End::Fin),
        ("/with/cut=in-status-line/get", "HTTP/1.1 20", End::Fin),
        ("/with/cut=in-head/get", "HTTP/1.1 200 OK\r\nDat", End::Fin),
        ("/with/cut=after-head/get", "\r\n\r\n", End::Fin),
        (
            "/with/cut=body:5,body=abcdefghij/get",
            "\r\n\r\nabcde",
            End::Fin,
        ),
        (
            "/with/cut=30%25,body=abcdefghij/get",
            "\r\n\r\nabc",
            End::Fin,
        ),
        (
            "/with/rst=100%25,body=abcdefghij/get",
            "\r\n\r\nabcdefghij",
            End::Reset,
        ),
        (
            "/with/rst=body:5,chunked=1,body=abcdefghij/get",
            "\r\n\r\na\r\nabcde",
            End::Reset,
        ),
        ("/with/rst=before-head/get", "", End::Reset),
        ("/with/stall=after-head/get", "\r\n\r\n", End::Silence),
        (
            "/status/200?cut=before-last-chunk&chunked=1&body=ab",
            "\r\n\r\n2\r\nab\r\n",
            End::Fin,
        ),
        (
            "/status/200?cut=in-trailer&trailer=X-Trailer:1&body=ab",
            "2\r\nab\r\n0\r\nX-Trail",
            End::Fin,
        ),
        ("/fault/rst/in-head", "HTTP/1.1 200 OK\r\nDat", End::Reset),
        ("/fault/close/body:3", "\r\n\r\nabc", End::Fin),
        ("/fault/stall/before-head", "", End::Silence),
        ("/drop", "", End::Fin),
        ("/hang", "", End::Silence),
        (
            "/partial/10/3",
            "Content-Length: 10\r\nConnection: close\r\n\r\n***",
            End::Fin,
        ),
    ] {
        let (bytes, ended) = all(http, path);
        // Fields for scripts of other origins stand between.
        let bytes = bytes
            .replace("Access-Control-Allow-Origin: *\r\n", "")
            .replace("Access-Control-Allow-Credentials: true\r\n", "");
        assert!(bytes.ends_with(ends_with), "{path}: {bytes:?}");
        assert_eq!(bytes.is_empty(), ends_with.is_empty(), "{path}: {bytes:?}");
        assert_eq!(ended, end, "{path}");
    }
    let short = get(http, "/short");
    assert_eq!(
        (short.field("Content-Length"), short.body.len()),
        (Some("100"), 50)
    );
}

#[test]
fn sequences_go_step_by_step() {
    let simulator = start();
    let http = simulator.http();
    let statuses = |path: &str, count: usize| -> Vec<u16> {
        (0..count).map(|_| get(http, path).status()).collect()
    };
    assert_eq!(statuses("/seq/503,429,200/k1", 4), [503, 429, 200, 200]);
    assert_eq!(statuses("/seq/503,429,200/k2", 1), [503], "another key");
    assert_eq!(statuses("/status/503?times=2&key=a", 3), [503, 503, 200]);
    assert_eq!(
        statuses("/with/status=500,times=1,key=b/get", 2),
        [500, 200]
    );
    assert_eq!(
        all(http, "/seq/rst.before-head,cut.after-head,200/k").1,
        End::Reset
    );
    let (cut, end) = all(http, "/seq/rst.before-head,cut.after-head,200/k");
    assert_eq!((cut.ends_with("\r\n\r\n"), end), (true, End::Fin));
    assert_eq!(
        statuses("/seq/rst.before-head,cut.after-head,200/k", 1),
        [200]
    );
    assert_eq!(statuses("/seq/503,nonsense/k", 1), [400]);
    let long = format!("/seq/503/{}", "k".repeat(300));
    assert_eq!(statuses(&long, 1), [400]);
}

#[test]
fn limits_count() {
    let simulator = start();
    let http = simulator.http();
    let path = "/limit/2/60s/key";
    let first = get(http, path);
    assert_eq!(first.status(), 200);
    for (name, value) in [
        ("RateLimit-Policy", "\"default\";q=2;w=60"),
        ("RateLimit-Limit", "2"),
        ("RateLimit-Remaining", "1"),
    ] {
        assert_eq!(first.field(name), Some(value));
    }
    assert_eq!(get(http, path).status(), 200);
    let refused = get(http, path);
    assert_eq!(
        (refused.status(), refused.field("RateLimit-Remaining")),
        (429, Some("0"))
    );
    let wait: u32 = refused
        .field("Retry-After")
        .and_then(|wait| wait.parse().ok())
        .expect("seconds");
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(get(http, "/limit/2/60s/other").status(), 200);
    let dated = get(http, "/limit/2/60s/key?date=1");
    let date = dated.field("Retry-After").expect("a date");
    assert!(date.ends_with(" GMT"), "{date}");
    assert_eq!(get(http, "/limit/0/60s/key").status(), 400);
    assert_eq!(get(http, "/limit/2/0s/key").status(), 400);
    assert_eq!(
        get(http, "/too-many-requests/7").field("Retry-After"),
        Some("7")
    );
    let dated = get(http, "/status/503?retry-after=date:3600");
    assert!(
        dated
            .field("Retry-After")
            .is_some_and(|date| date.ends_with(" GMT"))
    );
}

#[test]
fn statuses_are_echoed() {
    let simulator = start();
    let http = simulator.http();
    for (path, fields, status, body) in [
        ("/503", &[][..], 503, "503 Service Unavailable"),
        ("/503/any/path", &[], 503, "503 Service Unavailable"),
        ("/503?sleep=10", &[], 503, "503 Service Unavailable"),
        ("/503?sleep=31000", &[], 400, "sleep"),
        ("/503?suppressBody=true", &[], 503, ""),
        ("/im-a-teapot", &[], 418, "418 I'm a teapot"),
        ("/522", &[], 522, "522 Connection Timed Out"),
        ("/798", &[], 798, "798 Unknown Code"),
        (
            "/503",
            &[("Accept", "application/json")],
            503,
            "{\"code\":503,\"description\":\"Service Unavailable\"}",
        ),
        ("/200", &[("X-HttpStatus-Sleep", "10")], 200, "200 OK"),
        (
            "/200",
            &[("X-HttpStatus-SleepAfterHeaders", "10")],
            200,
            "200 OK",
        ),
        (
            "/200",
            &[("X-HttpStatus-DribbleBody", "true")],
            200,
            "200 OK",
        ),
        ("/200", &[("X-HttpStatus-SuppressBody", "true")], 200, ""),
        ("/200", &[("X-HttpStatus-Sleep", "31000")], 400, "sleep"),
        ("/random/503", &[], 503, "503 Service Unavailable"),
        ("/random/200,x", &[], 400, "three digits"),
        ("/random/504-500", &[], 400, "no range"),
        ("/1000", &[], 400, "three digits"),
        ("/nothing", &[], 404, "No such page"),
    ] {
        let answer = ask(http, "GET", path, fields, b"");
        assert_eq!(answer.status(), status, "{path} {fields:?}");
        let got = text(&answer);
        let is_it = if body.is_empty() {
            got.is_empty()
        } else {
            got.contains(body)
        };
        assert!(is_it, "{path} {fields:?}: {got}");
    }
    let fields = [
        ("X-HttpStatus-Response-X-Foo", "bar"),
        ("X-HttpStatus-Response-Retry-After", "9"),
    ];
    let answer = ask(http, "GET", "/503", &fields, b"");
    assert_eq!(
        (answer.field("X-Foo"), answer.field("Retry-After")),
        (Some("bar"), Some("9"))
    );
    let part = get(http, "/206");
    assert_eq!(part.field("Content-Range"), Some("bytes 0-99/480"));
    let mut seen: Vec<u16> = (0..60)
        .map(|_| get(http, "/random/200,500-502").status())
        .collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [200, 500, 501, 502]);
    assert!((0..20).all(|_| get(http, "/status/200:0,503:1").status() == 503));
}

#[test]
fn aborts_of_the_status_echo() {
    let simulator = start();
    for (name, ends_with) in [
        ("AbortBeforeHeaders", ""),
        ("AbortAfterHeaders", "\r\n\r\n"),
        ("AbortDuringBody", "\r\n\r\n2"),
    ] {
        let field = (format!("X-HttpStatus-{name}"), "true".to_owned());
        let (bytes, end) = say(simulator.http(), &request("GET", "/200", &[field], b""));
        let bytes = String::from_utf8(bytes).expect("ASCII");
        assert!(
            bytes.ends_with(ends_with) && bytes.is_empty() == ends_with.is_empty(),
            "{name}: {bytes:?}"
        );
        assert_eq!(end, End::Reset, "{name}");
    }
}

#[test]
fn redirects_lead_astray() {
    let simulator = start();
    let http = simulator.http();
    let to_https = format!("https://sim.test:{}/landing", simulator.https().port());
    for (how, status, location) in [
        ("self", 302, Some("/fault/redirect/self")),
        ("loop", 302, Some("/fault/redirect/loop?back")),
        ("loop?back", 302, Some("/fault/redirect/loop")),
        (
            "too-many?hop=6",
            302,
            Some("/fault/redirect/too-many?hop=7"),
        ),
        ("no-location", 302, None),
        ("bad-location", 302, Some("http://[::1/new")),
        ("unsafe-scheme", 302, Some("file:///etc/hostname")),
        ("to-https", 302, Some(to_https.as_str())),
        ("other-scheme?status_code=308", 308, Some(to_https.as_str())),
        ("userinfo", 302, Some("http://user:secret@sim.test/landing")),
        ("fragment", 302, Some("/landing#part")),
        ("relative", 302, Some("../../landing")),
        ("network-path", 302, Some("//sim.test/landing")),
        (
            "absolute?status_code=301",
            301,
            Some("http://sim.test/landing"),
        ),
        ("see-other", 303, Some("/anything")),
        ("keep-method", 307, Some("/anything")),
        ("change-method", 302, Some("/anything")),
        ("nonsense", 400, None),
    ] {
        let answer = get(http, &format!("/fault/redirect/{how}"));
        assert_eq!(
            (answer.status(), answer.field("Location")),
            (status, location),
            "{how}"
        );
    }
}

#[test]
fn connections_live_on_behind_pieces() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    let one = "GET /stream/2 HTTP/1.1\r\nHost: sim.test\r\n\r\n";
    let last = "GET /with/drip=1/ip HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\n\r\n";
    stream
        .write_all(format!("{one}{last}").as_bytes())
        .expect("sends");
    let (bytes, end) = read_all(&mut stream);
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(
        (text.matches("HTTP/1.1 200 OK").count(), end),
        (2, End::Fin)
    );
    assert!(text.ends_with("\"origin\": \"127.0.0.1\"\n}\n"), "{text}");
}

//! What is asked: methods, content, logins, cookies, compressed content, raw requests.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use httpwhy_sim::Simulator;
use httpwhy_testkit::{Asked, Reply, Server, Workspace};
use serde_json::Value;

use crate::{json, path, probe, text};

/// Asks a server that tells what it was asked.
fn asked(args: &[&str], input: &str) -> Asked {
    let log = Arc::new(Mutex::new(Vec::new()));
    let write = Arc::clone(&log);
    let server = Server::start(move |asked: &Asked| {
        write
            .lock()
            .expect("no test panics here")
            .push(asked.clone());
        Reply::new("200 OK", &["Content-Type: text/plain"], "fine")
    });
    probe(&[&server.url("/")])
        .args(args)
        .stdin(input)
        .run()
        .exits(0);
    let mut log = log.lock().expect("no test panics here");
    assert_eq!(log.len(), 1, "{args:?}");
    log.remove(0)
}

fn lines(args: &[&str]) -> Vec<Value> {
    json::lines(&probe(args).arg("--json").run().exits(0))
}

fn outcome(args: &[&str]) -> String {
    text(lines(args).last().expect("a line"), "outcome").to_owned()
}

/// Why each step took place.
fn because(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .filter(|line| line["kind"] == "diagnosis")
        .map(|line| text(&line["because"], "kind"))
        .collect()
}

fn simulator() -> Simulator {
    Simulator::start(httpwhy_sim::Config::default()).expect("the simulator starts")
}

fn at(simulator: &Simulator, place: &str) -> String {
    format!("http://{}{place}", simulator.http())
}

/// Arguments, standard input; then the method, media type and content that are sent.
type Sent<'a> = (&'a [&'a str], &'a str, &'a str, &'a str, &'a [u8]);

#[test]
fn content_comes_from_the_line_a_file_or_standard_input() {
    let folder = Workspace::new();
    let file = folder.write("body.bin", b"a\r\nb\0c");
    let at_file = format!("@{}", path(&file));
    let form = "application/x-www-form-urlencoded";
    let table: &[Sent<'_>] = &[
        (&["-d", "a=1&b=2"], "", "POST", form, b"a=1&b=2"),
        (&["--data-binary", &at_file], "", "POST", form, b"a\r\nb\0c"),
        (&["-d", "@-", "-X", "PUT"], "in", "PUT", form, b"in"),
        (
            &["-d", "x", "-H", "content-type: a/b"],
            "",
            "POST",
            "a/b",
            b"x",
        ),
        (
            &["--data-json", "{\"a\":1}"],
            "",
            "POST",
            "application/json",
            b"{\"a\":1}",
        ),
        (&["-d", ""], "", "POST", form, b""),
    ];
    for (args, input, method, kind, body) in table {
        let asked = asked(args, input);
        assert_eq!(asked.method, *method, "{args:?}");
        assert_eq!(asked.field("content-type"), Some(*kind), "{args:?}");
        assert_eq!(
            asked.field("content-length"),
            Some(&*body.len().to_string()),
            "{args:?}"
        );
        assert_eq!(asked.body, *body, "{args:?}");
    }
    let plain = asked(&[], "");
    assert_eq!((&*plain.method, plain.field("content-type")), ("GET", None));
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    for (args, said) in [
        (
            &["http://127.0.0.1:9/", "-d", "@/no/such/file"][..],
            "/no/such/file",
        ),
        (&["http://127.0.0.1:9/", "--data-json", "{a}"], "no JSON"),
        (&["http://127.0.0.1:9/", "-u", "nobody"], "USER:PASSWORD"),
        (&["-", "-d", "@-"], "standard input"),
        (&["http://127.0.0.1:9/", "-b", "/no/such/jar"], "--cookie"),
        (
            &["http://127.0.0.1:9/", "--request-file", "x", "-d", "y"],
            "cannot be used",
        ),
        (&["http://127.0.0.1:9/", "--crlf"], "--request-file"),
        (&["http://127.0.0.1:9/", "--bearer", "a\nb"], "--bearer"),
    ] {
        let ran = probe(args).run().exits(2);
        assert!(ran.stderr.contains(said), "{args:?}: {ran}");
    }
}

#[test]
fn the_user_agent_is_honest_unless_another_is_given() {
    let own = asked(&[], "");
    assert!(
        own.field("user-agent")
            .expect("sent")
            .starts_with("httpwhy/")
    );
    assert_eq!(
        asked(&["-A", "Mozilla/5.0"], "").field("user-agent"),
        Some("Mozilla/5.0")
    );
}

#[test]
fn basic_and_bearer_are_sent_at_once_and_files_hold_secrets() {
    let folder = Workspace::new();
    let user = folder.write("user", "me:pa:ss\n");
    let at_user = format!("@{}", path(&user));
    for (args, sent) in [
        (&["-u", "me:pa:ss"][..], "Basic bWU6cGE6c3M="),
        (&["-u", &at_user, "--basic"], "Basic bWU6cGE6c3M="),
        (&["--bearer", "t0ken"], "Bearer t0ken"),
        (
            &["--bearer", "t0ken", "-H", "Authorization: Mine x"],
            "Mine x",
        ),
    ] {
        assert_eq!(
            asked(args, "").field("authorization"),
            Some(sent),
            "{args:?}"
        );
    }
    assert_eq!(
        asked(&["-u", "me:x", "--digest"], "").field("authorization"),
        None
    );
}

#[test]
fn logins_stay_with_the_origin_of_the_target() {
    let other = Server::start(|asked| {
        assert_eq!(asked.field("authorization"), None);
        Reply::new(
            "401 Unauthorized",
            &["WWW-Authenticate: Digest realm=\"x\", nonce=\"n\""],
            "",
        )
    });
    let away = other.url("/");
    let server = Server::start(move |asked| match asked.field("authorization") {
        Some(_) => Reply::new("302 Found", &[&format!("Location: {away}")], ""),
        None => Reply::new(
            "401 Unauthorized",
            &["WWW-Authenticate: Digest realm=\"x\", nonce=\"n\""],
            "",
        ),
    });
    let found = lines(&[&server.url("/"), "-u", "me:pw", "--digest"]);
    assert_eq!(because(&found), ["asked", "challenge", "redirect"]);
    assert_eq!(
        other.requests(),
        1,
        "the other one's challenge is not answered"
    );
}

#[test]
fn digest_answers_a_challenge_in_a_step_of_its_own() {
    let simulator = simulator();
    for algorithm in ["MD5", "SHA-256"] {
        for qop in ["auth", "auth-int"] {
            let url = at(
                &simulator,
                &format!("/digest-auth/{qop}/me/secret/{algorithm}"),
            );
            let found = lines(&[&url, "--digest", "-u", "me:secret"]);
            assert_eq!(because(&found), ["asked", "challenge"], "{url}");
            assert_eq!(text(&found[2], "outcome"), "http/200", "{url}");
            let content = lines(&[
                &url,
                "--digest",
                "-u",
                "me:secret",
                "-X",
                "GET",
                "-d",
                "a=1",
            ]);
            assert_eq!(because(&content).len(), 2);
            let wrong = lines(&[&url, "--digest", "-u", "me:guess"]);
            assert_eq!(because(&wrong), ["asked", "challenge"], "one try, no more");
            assert_eq!(
                text(&wrong[2], "outcome"),
                "auth/credentials-rejected",
                "{url}"
            );
        }
    }
    let basic = at(&simulator, "/basic-auth/me/secret");
    assert_eq!(outcome(&[&basic, "-u", "me:secret"]), "http/200");
    assert_eq!(
        outcome(&[&basic, "-u", "me:guess"]),
        "auth/credentials-rejected"
    );
    // Only Basic is offered to one who knows Digest.
    let none = lines(&[&basic, "-u", "me:secret", "--digest"]);
    assert_eq!(because(&none), ["asked"]);
    assert_eq!(text(&none[0], "outcome"), "auth/scheme-unsupported");
    let bearer = at(&simulator, "/bearer");
    assert_eq!(outcome(&[&bearer, "--bearer", "abc"]), "http/200");
}

#[test]
fn a_stale_nonce_is_renewed_once() {
    let stale = "WWW-Authenticate: Digest realm=\"x\", qop=\"auth\", nonce=\"new\", stale=true";
    let server = Server::start(move |asked| {
        let sent = asked.field("authorization").unwrap_or_default();
        match asked.target.as_str() {
            _ if sent.is_empty() => {
                let first = stale
                    .replace("new", "old")
                    .replace("stale=true", "stale=false");
                Reply::new("401 Unauthorized", &[&first], "")
            }
            "/once" if sent.contains("nonce=\"new\"") => Reply::new("200 OK", &[], "in"),
            _ => Reply::new("401 Unauthorized", &[stale], ""),
        }
    });
    let found = lines(&[&server.url("/once"), "-u", "me:pw", "--digest"]);
    assert_eq!(because(&found), ["asked", "challenge", "challenge"]);
    let outcomes: Vec<&str> = found.iter().map(|line| text(line, "outcome")).collect();
    assert_eq!(outcomes[1], "auth/digest-stale");
    assert_eq!(outcomes[3], "http/200");
    let found = lines(&[&server.url("/always"), "-u", "me:pw", "--digest"]);
    assert_eq!(
        because(&found),
        ["asked", "challenge", "challenge"],
        "it ends"
    );
}

#[test]
fn cookies_come_back_along_a_visit_and_go_nowhere_else() {
    let (hits, seen) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(Mutex::new(Vec::new())),
    );
    let write = Arc::clone(&seen);
    let other = Server::start(move |asked| {
        write
            .lock()
            .expect("fine")
            .push(asked.field("cookie").map(str::to_owned));
        Reply::new("200 OK", &[], "")
    });
    // The same address under another name is another host.
    let away = other.url("/").replace("127.0.0.1", "localhost");
    let write = Arc::clone(&hits);
    let server = Server::start(move |asked| {
        let sent = asked.field("cookie").map(str::to_owned);
        write.lock().expect("fine").push(sent);
        match asked.target.as_str() {
            "/a/set" => Reply::new(
                "302 Found",
                &[
                    "Location: /a/next",
                    "Set-Cookie: sid=1; HttpOnly",
                    "Set-Cookie: far=2; Path=/b",
                    "Set-Cookie: safe=3; Secure; Path=/",
                    "Set-Cookie: gone=4; Max-Age=0; Path=/",
                    "Set-Cookie: all=5; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
                ],
                "",
            ),
            "/a/next" => Reply::new("302 Found", &[&format!("Location: {away}")], ""),
            _ => Reply::new("200 OK", &[], ""),
        }
    });
    let folder = Workspace::new();
    let jar = folder.path("jar.txt");
    let url = server.url("/a/set");
    lines(&[
        &url,
        "--cookie",
        "theme=dark; sid=0",
        "--cookie-jar",
        path(&jar),
    ]);
    assert_eq!(
        *hits.lock().expect("fine"),
        [
            Some("theme=dark; sid=0".to_owned()),
            Some("sid=1; theme=dark; sid=0; all=5".to_owned())
        ]
    );
    assert_eq!(*seen.lock().expect("fine"), [None]);
    let written = folder.read("jar.txt");
    assert!(
        written.contains("#HttpOnly_127.0.0.1\tFALSE\t/a\tFALSE\t0\tsid\t1\n"),
        "{written}"
    );
    assert!(written.contains("all\t5\n") && !written.contains("safe") && !written.contains("gone"));
    // What was written is read again.
    hits.lock().expect("fine").clear();
    lines(&[&server.url("/a/x"), "--cookie", path(&jar)]);
    assert_eq!(
        *hits.lock().expect("fine"),
        [Some("sid=1; all=5".to_owned())]
    );
    // Without being asked for, no cookie is kept.
    hits.lock().expect("fine").clear();
    lines(&[&url]);
    assert_eq!(*hits.lock().expect("fine"), [None, None]);
}

#[test]
fn compressed_content_is_asked_for_and_read() {
    let simulator = simulator();
    assert_eq!(
        asked(&["--compressed"], "").field("accept-encoding"),
        Some("gzip, deflate, br, zstd")
    );
    for coding in ["gzip", "deflate", "brotli"] {
        let url = at(&simulator, &format!("/{coding}"));
        assert_eq!(outcome(&[&url, "--compressed"]), "http/200", "{coding}");
        // The content reads, and what came is kept as it came.
        let json = lines(&[&url, "--compressed", "--match-body", "\"method\""]);
        assert_eq!(json.len(), 1, "{coding}");
    }
}

#[test]
fn broken_and_exploding_content_is_named() {
    // `gzip -n` of "hello, hello, hello\n".
    let whole: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0xc8, 0x40,
        0xa2, 0xb8, 0,
    ];
    let server = Server::start(move |asked| {
        let fields = ["Content-Type: text/plain", "Content-Encoding: gzip"];
        match asked.target.as_str() {
            "/cut" => Reply::new("200 OK", &fields, whole),
            "/plain" => Reply::new("200 OK", &fields, "hello"),
            _ => Reply::new("200 OK", &fields, bomb()),
        }
    });
    assert_eq!(
        outcome(&[&server.url("/cut")]),
        "net/content-decoding-failed"
    );
    assert_eq!(
        outcome(&[&server.url("/plain")]),
        "net/content-decoding-failed"
    );
    assert_eq!(outcome(&[&server.url("/bomb")]), "net/decompression-bomb");
}

/// Twenty mebibytes of zeros as one gzip member of stored and repeated parts: 20 KiB.
fn bomb() -> Vec<u8> {
    use flate2::{Compression, write::GzEncoder};
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 20 << 20]).expect("in memory");
    encoder.finish().expect("in memory")
}

/// One exchange: what came before the client waited, then `answer`.
fn listen(answer: &'static [u8], length: usize) -> (String, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut came = vec![0; length];
        stream.read_exact(&mut came).expect("all of it");
        stream.write_all(answer).expect("it is read");
        came
    });
    (format!("http://{address}/ignored"), thread)
}

#[test]
fn a_raw_request_goes_out_as_it_is() {
    let folder = Workspace::new();
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    for (file, args, sent) in [
        (
            &b"GET /smuggle HTTP/1.1\nHost : elsewhere\n\nx\ny"[..],
            &[][..],
            &b"GET /smuggle HTTP/1.1\nHost : elsewhere\n\nx\ny"[..],
        ),
        (
            b"GET / HTTP/1.1\nHost: elsewhere\n\nx\ny",
            &["--crlf"],
            b"GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\nx\ny",
        ),
        (b"\0\xff nonsense\r\n\r\n", &[], b"\0\xff nonsense\r\n\r\n"),
    ] {
        let file = folder.write("request.txt", file);
        let (url, server) = listen(answer, sent.len());
        let found = json::lines(
            &probe(&[&url, "--request-file", path(&file), "--json"])
                .args(args)
                .run()
                .exits(0),
        );
        assert_eq!(server.join().expect("it was asked"), sent);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["status"], 400);
    }
}

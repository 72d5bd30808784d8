//! Every path of httpbin and of go-httpbin is there, with its methods, and answers with the status that it has there. What
//! is in the answers stands in `endpoints.rs`, `content.rs` and `credentials.rs`.

mod client;

use client::{ask, start};

/// httpbin 0.10.4: methods, path, status.
const HTTPBIN: &[(&str, &str, u16)] = &[
    ("GET", "/", 200),
    ("GET", "/legacy", 200),
    ("GET", "/html", 200),
    ("GET", "/xml", 200),
    ("GET", "/json", 200),
    ("GET", "/robots.txt", 200),
    ("GET", "/deny", 200),
    ("GET", "/encoding/utf8", 200),
    ("GET", "/forms/post", 200),
    ("GET", "/get", 200),
    ("POST", "/post", 200),
    ("PUT", "/put", 200),
    ("PATCH", "/patch", 200),
    ("DELETE", "/delete", 200),
    ("GET POST PUT DELETE PATCH TRACE", "/anything", 200),
    ("GET POST PUT DELETE PATCH TRACE", "/anything/a/b", 200),
    ("GET", "/headers", 200),
    ("GET", "/headers?show_env=1", 200),
    ("GET", "/ip", 200),
    ("GET", "/user-agent", 200),
    ("GET", "/uuid", 200),
    ("GET", "/gzip", 200),
    ("GET", "/deflate", 200),
    ("GET", "/brotli", 200),
    ("GET POST PUT DELETE PATCH TRACE", "/status/418", 418),
    (
        "GET POST PUT DELETE PATCH TRACE",
        "/status/503:1,200:0",
        503,
    ),
    ("GET", "/status/nonsense", 400),
    ("GET POST", "/response-headers?a=b", 200),
    ("GET", "/redirect/2", 302),
    ("GET", "/redirect/2?absolute=true", 302),
    ("GET", "/relative-redirect/2", 302),
    ("GET", "/absolute-redirect/2", 302),
    (
        "GET POST PUT DELETE PATCH TRACE",
        "/redirect-to?url=/get&status_code=307",
        307,
    ),
    ("GET", "/cookies", 200),
    ("GET", "/cookies/set?a=b", 302),
    ("GET", "/cookies/set/a/b", 302),
    ("GET", "/cookies/delete?a", 302),
    ("GET", "/basic-auth/user/pass", 401),
    ("GET", "/hidden-basic-auth/user/pass", 404),
    ("GET", "/bearer", 401),
    ("GET", "/digest-auth/auth/user/pass", 401),
    ("GET", "/digest-auth/auth-int/user/pass/SHA-256", 401),
    ("GET", "/digest-auth/auth/user/pass/SHA-512/3", 401),
    ("GET POST PUT DELETE PATCH TRACE", "/delay/0", 200),
    ("GET", "/drip?duration=0&numbytes=3&code=201&delay=0", 201),
    ("GET", "/drip?numbytes=0", 400),
    ("GET", "/stream/2", 200),
    ("GET", "/bytes/10?seed=1", 200),
    ("GET", "/stream-bytes/10?seed=1&chunk_size=3", 200),
    ("GET", "/range/26?duration=0&chunk_size=5", 200),
    ("GET", "/cache", 200),
    ("GET", "/cache/60", 200),
    ("GET", "/etag/tag", 200),
    ("GET", "/base64/SGVsbG8=", 200),
    ("GET", "/links/3", 302),
    ("GET", "/links/3/0", 200),
    ("GET", "/image", 200),
    ("GET", "/image/png", 200),
    ("GET", "/image/jpeg", 200),
    ("GET", "/image/webp", 200),
    ("GET", "/image/svg", 200),
];

/// What go-httpbin has beyond it.
const GO_HTTPBIN: &[(&str, &str, u16)] = &[
    ("GET", "/base64/encode/hello", 200),
    (
        "GET",
        "/base64/decode/SGVsbG8=?content-type=text/plain",
        200,
    ),
    ("GET POST PUT DELETE PATCH TRACE", "/dump/request", 200),
    ("GET", "/env", 200),
    ("GET", "/hostname", 200),
    ("GET", "/version", 200),
    ("GET HEAD", "/head", 200),
    ("GET", "/ip?format=text", 200),
    ("GET", "/jsonl?count=2&duration=0&delay=0&jitter=0", 200),
    ("GET", "/sse?count=2&duration=0&delay=0&jitter=0", 200),
    ("GET POST", "/trailers?a=b", 200),
    ("GET", "/unstable?failure_rate=1", 500),
    ("GET", "/unstable?failure_rate=0", 200),
    ("POST PUT PATCH", "/upload", 200),
    (
        "GET",
        "/websocket/echo?max_fragment_size=10&max_message_size=20",
        426,
    ),
    ("GET", "/delay/1ms", 200),
];

#[test]
fn every_path_of_both_is_there() {
    let simulator = start();
    for (methods, path, status) in HTTPBIN.iter().chain(GO_HTTPBIN) {
        for method in methods.split(' ') {
            let answer = ask(simulator.http(), method, path, &[], b"");
            assert_eq!(answer.status(), *status, "{method} {path}");
            // A refused handshake is no business of scripts of other origins.
            let shared = (*status != 426).then_some("*");
            let found = answer.field("Access-Control-Allow-Origin");
            assert_eq!(found, shared, "{path}");
        }
        if *status == 400 {
            continue;
        }
        let methods: Vec<&str> = methods.split(' ').collect();
        let allow = ask(simulator.http(), "OPTIONS", path, &[], b"");
        assert_eq!(allow.status(), 200, "OPTIONS {path}");
        let allow = allow.field("Allow").unwrap_or_default().to_owned();
        for method in methods {
            assert!(
                allow.split(", ").any(|known| known == method),
                "{path}: {allow}"
            );
        }
        let wrong = ask(simulator.http(), "PROPFIND", path, &[], b"");
        assert_eq!(wrong.status(), 405, "PROPFIND {path}");
        assert_eq!(wrong.field("Allow"), Some(allow.as_str()), "{path}");
    }
}

/// Paths of our own that the URL scheme names, each with the status that it has at the first call.
const OURS: &[(&str, u16)] = &[
    ("/outcomes", 200),
    ("/ports", 200),
    ("/tls", 200),
    ("/ca.pem", 200),
    ("/200", 200),
    ("/503?sleep=1", 503),
    ("/418/with/more", 418),
    ("/random/200,500-504", 200),
    ("/seq/503,200/listed", 503),
    ("/limit/1/10s/listed", 200),
    ("/too-many-requests/3", 429),
    ("/fault/redirect/loop", 302),
    ("/fault/redirect/keep-method", 307),
    ("/fault/tcp/refused", 307),
    ("/fault/tcp/timeout", 307),
    ("/fault/interim/103", 103),
    ("/fault/interim/only", 103),
    ("/fault/auth/no-challenge", 401),
    ("/fault/auth/stale-loop", 401),
    ("/fault/coding/bad-gzip", 200),
    ("/fault/wiremock/MALFORMED_RESPONSE_CHUNK", 200),
    ("/fault/drip/0", 200),
    ("/with/status=503,h=Retry-After:7/get", 503),
    ("/with/sleep=1/outcome/http/404", 404),
    (
        "/raw/SFRUUC8xLjEgMjk5IE9kZA0KQ29udGVudC1MZW5ndGg6IDANCg0K",
        299,
    ),
];

#[test]
fn every_path_of_ours_is_there() {
    let simulator = start();
    for (path, status) in OURS {
        let answer = ask(simulator.http(), "GET", path, &[], b"");
        let is_random = path.starts_with("/random/");
        let found = answer.status();
        assert!(
            found == *status || is_random && (500..505).contains(&found),
            "{path}: {found}"
        );
    }
}

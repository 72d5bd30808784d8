//! The endpoints of httpbin and go-httpbin: status, fields and content as those who were written against them expect.
//! The facts were read off httpbin 0.10.4; where ours differ on purpose, a comment says why.

mod client;

use std::io::{Read, Write};

use client::{Answer, End, ask, connect, get, handshake, read_all, request, start, text};

/// Path, status, a field and its value, a part of the content.
type Fact = (
    &'static str,
    u16,
    (&'static str, &'static str),
    &'static str,
);

const JSON: (&str, &str) = ("Content-Type", "application/json");
const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const BINARY: (&str, &str) = ("Content-Type", "application/octet-stream");

const FACTS: &[Fact] = &[
    (
        "/get?a=1&a=2&b=%C3%BC&c",
        200,
        JSON,
        "{\n  \"args\": {\n    \"a\": [\n      \"1\",\n      \"2\"\n    ],\n    \"b\": \"\\u00fc\",\n    \"c\": \"\"\n  },\n  \"headers\": {\n    \"Connection\": \"close\",\n    \"Host\": \"sim.test\"\n  },\n  \"origin\": \"127.0.0.1\",\n  \"url\": \"http://sim.test/get?a=1&a=2&b=\\u00fc&c\"\n}\n",
    ),
    (
        "/get?a=1&lists=always",
        200,
        JSON,
        "\"a\": [\n      \"1\"\n    ]",
    ),
    ("/anything/x/y?a=b", 200, JSON, "\"method\": \"GET\""),
    ("/headers", 200, JSON, "{\n  \"headers\": {\n"),
    ("/ip", 200, JSON, "{\n  \"origin\": \"127.0.0.1\"\n}\n"),
    (
        "/ip?format=text",
        200,
        ("Content-Type", "text/plain; charset=utf-8"),
        "127.0.0.1",
    ),
    ("/user-agent", 200, JSON, "{\n  \"user-agent\": null\n}\n"),
    ("/env", 200, JSON, "{\n  \"env\": {}\n}\n"),
    ("/hostname", 200, JSON, "\"hostname\": "),
    ("/version", 200, JSON, "\"version\": "),
    (
        "/dump/request?a=b",
        200,
        ("Content-Type", "text/plain; charset=utf-8"),
        "GET /dump/request?a=b HTTP/1.1\r\nHost: sim.test\r\n",
    ),
    (
        "/response-headers?X-A=1&b=x%20y",
        200,
        ("X-A", "1"),
        "  \"X-A\": \"1\",\n  \"b\": \"x y\"\n}\n",
    ),
    (
        "/response-headers?a%0d%0ab=1",
        400,
        ("Connection", "close"),
        "cannot be sent",
    ),
    (
        "/response-headers?Content-Length=9",
        400,
        ("Connection", "close"),
        "framing",
    ),
    ("/redirect/1", 302, ("Location", "/get"), "href=\"/get\""),
    ("/redirect/3", 302, ("Location", "/relative-redirect/2"), ""),
    (
        "/redirect/3?absolute=true",
        302,
        ("Location", "http://sim.test/absolute-redirect/2"),
        "",
    ),
    ("/relative-redirect/1", 302, ("Location", "/get"), ""),
    (
        "/absolute-redirect/1",
        302,
        ("Location", "http://sim.test/get"),
        "",
    ),
    // httpbin fails with 500 here.
    ("/redirect/0", 400, ("Connection", "close"), "1 to 1000"),
    ("/redirect/x", 404, ("Connection", "close"), "No such page"),
    (
        "/redirect-to?url=http://a/b%3Fc&status_code=307",
        307,
        ("Location", "http://a/b?c"),
        "",
    ),
    (
        "/redirect-to?url=/x&status_code=200",
        302,
        ("Location", "/x"),
        "",
    ),
    ("/redirect-to", 400, ("Connection", "close"), "url"),
    ("/cookies", 200, JSON, "{\n  \"cookies\": {}\n}\n"),
    ("/cookies/set?a=b", 302, ("Set-Cookie", "a=b; Path=/"), ""),
    ("/cookies/set/a/b", 302, ("Location", "/cookies"), ""),
    (
        "/cookies/delete?a",
        302,
        (
            "Set-Cookie",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
        ),
        "",
    ),
    (
        "/basic-auth/u/p",
        401,
        ("WWW-Authenticate", "Basic realm=\"Fake Realm\""),
        "",
    ),
    ("/hidden-basic-auth/u/p", 404, ("Content-Length", "0"), ""),
    ("/bearer", 401, ("WWW-Authenticate", "Bearer"), ""),
    ("/delay/0", 200, JSON, "\"files\": {}"),
    ("/drip?numbytes=5&duration=0", 200, BINARY, "*****"),
    (
        "/drip?numbytes=5&duration=0&code=500",
        500,
        ("Content-Length", "5"),
        "*****",
    ),
    (
        "/drip?numbytes=0",
        400,
        ("Connection", "close"),
        "number of bytes must be positive",
    ),
    ("/drip?duration=60", 400, ("Connection", "close"), "60"),
    (
        "/stream/2",
        200,
        ("Transfer-Encoding", "chunked"),
        "\"id\": 0",
    ),
    (
        "/jsonl?count=2&duration=0",
        200,
        ("Transfer-Encoding", "chunked"),
        "{\"id\": 1, \"timestamp\": ",
    ),
    (
        "/sse?count=1&duration=0",
        200,
        ("Trailer", "Server-Timing"),
        "event: ping\ndata: {\"id\": 0, ",
    ),
    ("/bytes/0", 200, ("Content-Length", "0"), ""),
    ("/bytes/200000", 200, ("Content-Length", "102400"), ""),
    // Quoted, as RFC 9110 section 8.8.3 has it; httpbin sends it bare.
    (
        "/range/26",
        200,
        ("ETag", "\"range26\""),
        "abcdefghijklmnopqrstuvwxyz",
    ),
    ("/range/26", 200, ("Content-Range", "bytes 0-25/26"), ""),
    (
        "/range/0",
        404,
        ("ETag", "\"range0\""),
        "number of bytes must be in the range",
    ),
    (
        "/cache/60",
        200,
        ("Cache-Control", "public, max-age=60"),
        "\"url\"",
    ),
    ("/etag/abc", 200, ("ETag", "\"abc\""), "\"url\""),
    ("/base64/SGVsbG8=", 200, HTML, "Hello"),
    ("/base64/PGI-", 200, HTML, "&lt;b&gt;"),
    ("/base64/!", 200, HTML, "Incorrect Base64 data"),
    (
        "/base64/encode/Hello",
        200,
        ("Content-Type", "text/plain; charset=utf-8"),
        "SGVsbG8=",
    ),
    (
        "/base64/decode/SGVsbG8?content-type=application/json",
        200,
        JSON,
        "Hello",
    ),
    (
        "/base64/decode/!",
        400,
        ("Connection", "close"),
        "no base64",
    ),
    ("/links/3", 302, ("Location", "/links/3/0"), ""),
    (
        "/links/3/1",
        200,
        HTML,
        "<a href='/links/3/0'>0</a> 1 <a href='/links/3/2'>2</a> </body>",
    ),
    ("/image", 200, ("Content-Type", "image/png"), "PNG"),
    ("/image/jpeg", 200, ("Content-Type", "image/jpeg"), "JFIF"),
    ("/image/webp", 200, ("Content-Type", "image/webp"), "WEBP"),
    ("/image/svg", 200, ("Content-Type", "image/svg+xml"), "<svg"),
    ("/image/gif", 404, ("Connection", "close"), ""),
    (
        "/xml",
        200,
        ("Content-Type", "application/xml"),
        "<slideshow",
    ),
    ("/json", 200, JSON, "\"author\": \"Yours Truly\""),
    ("/html", 200, HTML, "<h1>Herman Melville - Moby-Dick</h1>"),
    (
        "/robots.txt",
        200,
        ("Content-Type", "text/plain"),
        "User-agent: *\nDisallow: /deny\n",
    ),
    (
        "/deny",
        200,
        ("Content-Type", "text/plain"),
        "YOU SHOULDN'T BE HERE",
    ),
    ("/encoding/utf8", 200, HTML, "Unicode Demo"),
    ("/forms/post", 200, HTML, "name=\"custname\""),
    ("/status/302", 302, ("Location", "/redirect/1"), ""),
    (
        "/status/418",
        418,
        ("x-more-info", "http://tools.ietf.org/html/rfc2324"),
        "teapot",
    ),
    ("/status/406", 406, JSON, "image/webp"),
    (
        "/status/407",
        407,
        (
            "Proxy-Authenticate",
            "Basic realm=\"sim\", charset=\"UTF-8\"",
        ),
        "",
    ),
    (
        "/status/0:1,204",
        400,
        ("Connection", "close"),
        "Invalid status code",
    ),
    (
        "/status/200:x,500",
        400,
        ("Connection", "close"),
        "Invalid status code",
    ),
    ("/unstable?failure_rate=1", 500, ("Connection", "close"), ""),
    ("/unstable?failure_rate=0", 200, ("Connection", "close"), ""),
    (
        "/unstable?failure_rate=2",
        400,
        ("Connection", "close"),
        "from 0 to 1",
    ),
];

#[test]
fn facts() {
    let simulator = start();
    for (path, status, (name, value), part) in FACTS {
        let answer = get(simulator.http(), path);
        assert_eq!(answer.status(), *status, "{path}: {}", text(&answer));
        assert_eq!(answer.field(name), Some(*value), "{path}");
        assert!(text(&answer).contains(part), "{path}: {}", text(&answer));
        assert_eq!(
            answer.field("Access-Control-Allow-Origin"),
            Some("*"),
            "{path}"
        );
        assert_eq!(
            answer.field("Access-Control-Allow-Credentials"),
            Some("true"),
            "{path}"
        );
    }
}

#[test]
fn methods() {
    let simulator = start();
    for (method, path, status, allow) in [
        ("POST", "/get", 405, Some("GET, HEAD, OPTIONS")),
        ("GET", "/post", 405, Some("POST, OPTIONS")),
        ("OPTIONS", "/get", 200, Some("GET, HEAD, OPTIONS")),
        ("OPTIONS", "/nowhere", 404, None),
        ("PUT", "/nowhere", 404, None),
        ("HEAD", "/get", 200, None),
        ("HEAD", "/head", 200, None),
        ("TRACE", "/anything", 200, None),
        ("PATCH", "/redirect-to?url=/x", 302, None),
        ("DELETE", "/status/404", 404, None),
    ] {
        let answer = ask(simulator.http(), method, path, &[], b"");
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.field("Allow"), allow, "{method} {path}");
        assert!(
            method != "HEAD" || answer.body.is_empty(),
            "{method} {path}"
        );
    }
}

#[test]
fn other_origins_are_let_in() {
    let simulator = start();
    let preflight = [
        ("Origin", "http://o"),
        ("Access-Control-Request-Headers", "x-a"),
    ];
    let answer = ask(simulator.http(), "OPTIONS", "/get", &preflight, b"");
    for (name, value) in [
        ("Access-Control-Allow-Origin", "http://o"),
        ("Access-Control-Allow-Headers", "x-a"),
        (
            "Access-Control-Allow-Methods",
            "GET, POST, PUT, DELETE, PATCH, OPTIONS",
        ),
        ("Access-Control-Max-Age", "3600"),
    ] {
        assert_eq!(answer.field(name), Some(value));
    }
    let challenge = ask(simulator.http(), "GET", "/bearer", &preflight[..1], b"");
    assert_eq!(
        challenge.field("Access-Control-Expose-Headers"),
        Some("WWW-Authenticate")
    );
}

#[test]
fn identifiers_are_random_and_a_seed_repeats_them() {
    let config = httpwhy_sim::Config::default();
    let seeded = |seed| {
        let simulator = httpwhy_sim::Simulator::start_seeded(config, seed).expect("starts");
        ["/uuid", "/bytes/9", "/status/200,201,202,203"]
            .map(|path| get(simulator.http(), path))
            .map(|answer| (answer.status(), answer.body))
    };
    assert_eq!(seeded(7), seeded(7));
    assert_ne!(seeded(7), seeded(8));
    let simulator = start();
    let uuid = text(&get(simulator.http(), "/uuid"));
    // Behind `{\n  "uuid": "`, 14 characters on, stands the version.
    assert_eq!((uuid.len(), &uuid[27..28]), (53, "4"), "{uuid}");
}

#[test]
fn messages_come_back_up_to_their_limit() {
    let simulator = start();
    let path = "/websocket/echo?max_message_size=3";
    let mut stream = connect(simulator.http());
    let handshake = request("GET", path, &handshake(), b"");
    stream.write_all(&handshake).expect("sends");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    assert_eq!(Answer::read(&head).status(), 101);
    // Text frames of three and four bytes, masked with zeros, and a Close.
    let frames = b"\x81\x83\0\0\0\0abc\x81\x84\0\0\0\0abcd\x88\x80\0\0\0\0";
    stream.write_all(frames).expect("sends");
    // The first comes back; the second ends it with 1009.
    let expected = b"\x81\x03abc\x88\x02\x03\xf1".to_vec();
    assert_eq!(read_all(&mut stream), (expected, End::Fin));
    assert_eq!(
        get(simulator.http(), "/websocket/echo?max_message_size=0").status(),
        400
    );
}

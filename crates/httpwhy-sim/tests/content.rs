//! Content asked and answered: what requests hold is told, answers come whole, in part, encoded, with trailers.

mod client;

use client::{Answer, ask, get, say, start, text};

#[test]
fn content_is_told() {
    let simulator = start();
    let form = "application/x-www-form-urlencoded";
    let multipart = "multipart/form-data; boundary=b";
    let parts = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; \
                  name=\"f\"; filename=\"x\"\r\nContent-Type: image/x\r\n\r\n\xff\r\n--b--\r\n";
    for (kind, body, expected) in [
        (
            "text/plain",
            &b"hello"[..],
            "\"data\": \"hello\",\n  \"files\": {},\n  \"form\": {},",
        ),
        (
            form,
            b"a=1&b=2&a=3",
            "\"data\": \"\",\n  \"files\": {},\n  \"form\": {\n    \"a\": [\n      \"1\",\n      \"3\"\n    ],\n    \"b\": \"2\"\n  },",
        ),
        (
            "application/json",
            b"{\"x\": [1, 2.5, null]}",
            "\"json\": {\n    \"x\": [\n      1,\n      2.5,\n      null\n    ]\n  },",
        ),
        ("application/json", b"{\"x\":", "\"json\": null,"),
        (
            "application/octet-stream",
            b"\xff\xfe",
            "\"data\": \"data:application/octet-stream;base64,//4=\",",
        ),
        (
            multipart,
            parts,
            "\"files\": {\n    \"f\": \"data:image/x;base64,/w==\"\n  },\n  \"form\": {\n    \"a\": \"1\"\n  },",
        ),
    ] {
        for (method, path) in [
            ("POST", "/post"),
            ("PUT", "/put"),
            ("PATCH", "/patch"),
            ("DELETE", "/delete"),
            ("POST", "/anything"),
        ] {
            let answer = ask(
                simulator.http(),
                method,
                path,
                &[("Content-Type", kind)],
                body,
            );
            assert_eq!(answer.status(), 200, "{method} {path}");
            assert!(
                text(&answer).contains(expected),
                "{method} {path}: {}",
                text(&answer)
            );
        }
    }
    let big = vec![b'x'; (1 << 20) + 1];
    assert_eq!(
        ask(simulator.http(), "POST", "/post", &[], &big).status(),
        413
    );
    let counted = ask(simulator.http(), "POST", "/upload", &[], &big);
    assert!(
        text(&counted).contains("\"bytes\": 1048577"),
        "{}",
        text(&counted)
    );
}

#[test]
fn fields_are_told() {
    let simulator = start();
    let fields = [
        ("x-foo", "a"),
        ("X-FOO", "b"),
        ("Via", "1.1 x"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Proto", "https"),
        ("User-Agent", "t/1"),
    ];
    let told = text(&ask(simulator.http(), "GET", "/get", &fields, b""));
    for part in [
        "\"X-Foo\": \"a,b\"",
        "\"origin\": \"192.0.2.1\"",
        "\"url\": \"https://sim.test/get\"",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("Via"), "{told}");
    let all = text(&ask(
        simulator.http(),
        "GET",
        "/headers?show_env=1",
        &fields,
        b"",
    ));
    assert!(all.contains("\"Via\": \"1.1 x\""), "{all}");
    let cookies = ask(
        simulator.http(),
        "GET",
        "/cookies",
        &[("Cookie", "a=b; c=\"d\"")],
        b"",
    );
    assert!(
        text(&cookies).contains("\"a\": \"b\",\n    \"c\": \"d\""),
        "{}",
        text(&cookies)
    );
}

#[test]
fn ranges_and_validators() {
    let simulator = start();
    for (path, name, value, status, content_range) in [
        ("/range/26", "Range", "bytes=0-4", 206, Some("bytes 0-4/26")),
        (
            "/range/26",
            "Range",
            "bytes=-4",
            206,
            Some("bytes 22-25/26"),
        ),
        (
            "/range/26",
            "Range",
            "bytes=20-",
            206,
            Some("bytes 20-25/26"),
        ),
        (
            "/range/26",
            "Range",
            "bytes=0-25",
            200,
            Some("bytes 0-25/26"),
        ),
        ("/range/26", "Range", "bytes=30-40", 416, Some("bytes */26")),
        ("/range/26", "Range", "bytes=5-2", 416, Some("bytes */26")),
        ("/etag/abc", "If-None-Match", "\"abc\"", 304, None),
        ("/etag/abc", "If-None-Match", "W/\"abc\"", 304, None),
        ("/etag/abc", "If-None-Match", "\"x\", \"abc\"", 304, None),
        ("/etag/abc", "If-None-Match", "\"x\"", 200, None),
        ("/etag/abc", "If-Match", "*", 200, None),
        ("/etag/abc", "If-Match", "\"x\"", 412, None),
        ("/cache", "If-None-Match", "\"x\"", 304, None),
        (
            "/cache",
            "If-Modified-Since",
            "Sat, 01 Jan 2000 00:00:00 GMT",
            304,
            None,
        ),
        ("/image", "Accept", "image/webp", 200, None),
        ("/image", "Accept", "text/html", 406, None),
    ] {
        let answer = ask(simulator.http(), "GET", path, &[(name, value)], b"");
        assert_eq!(answer.status(), status, "{path} {value}");
        assert_eq!(
            answer.field("Content-Range"),
            content_range,
            "{path} {value}"
        );
    }
    let parts = ask(
        simulator.http(),
        "GET",
        "/range/26",
        &[("Range", "bytes=0-1,-2")],
        b"",
    );
    assert_eq!(parts.status(), 206);
    assert_eq!(
        parts.field("Content-Type"),
        Some("multipart/byteranges; boundary=sim-part")
    );
    let body = text(&parts);
    assert!(
        body.contains("Content-Range: bytes 24-25/26\r\n\r\nyz\r\n--sim-part--\r\n"),
        "{body}"
    );
    let fresh = get(simulator.http(), "/cache");
    assert!(fresh.field("ETag").is_some() && fresh.field("Last-Modified").is_some());
}

#[test]
fn random_bytes_are_those_of_python() {
    let simulator = start();
    let answer = get(simulator.http(), "/bytes/8?seed=42");
    assert_eq!(answer.body, [57, 12, 140, 125, 114, 71, 52, 44]);
    let chunks = get(simulator.http(), "/stream-bytes/8?seed=42&chunk_size=5");
    assert_eq!(
        chunks.body,
        b"5\r\n\x39\x0c\x8c\x7d\x72\r\n3\r\n\x47\x34\x2c\r\n0\r\n\r\n"
    );
    let other = get(simulator.http(), "/bytes/20");
    assert_ne!(other.body, get(simulator.http(), "/bytes/20").body);
}

#[test]
fn codings_are_those_named() {
    let simulator = start();
    for (path, coding, begins) in [
        ("/gzip", "gzip", &b"\x1f\x8b\x08"[..]),
        ("/deflate", "deflate", b"\x78"),
        // Stored, as RFC 7932 section 9.2 allows.
        ("/brotli", "br", b""),
    ] {
        let answer = get(simulator.http(), path);
        assert_eq!(answer.field("Content-Encoding"), Some(coding));
        assert_eq!(answer.field("Content-Type"), Some("application/json"));
        assert!(answer.body.starts_with(begins), "{path}");
    }
    assert!(text(&get(simulator.http(), "/brotli")).contains("\"brotli\": true"));
}

#[test]
fn trailers_come_behind_the_content() {
    let simulator = start();
    let answer = get(simulator.http(), "/trailers?X-A=1&x-b=2");
    assert_eq!(answer.field("Trailer"), Some("X-A, x-b"));
    assert!(
        text(&answer).ends_with("\r\n0\r\nX-A: 1\r\nx-b: 2\r\n\r\n"),
        "{}",
        text(&answer)
    );
    assert_eq!(
        get(simulator.http(), "/trailers?Content-Length=1").status(),
        400
    );
    let (old, _) = say(simulator.http(), b"GET /trailers?X-A=1 HTTP/1.0\r\n\r\n");
    let old = Answer::read(&old);
    assert_eq!(
        old.field("Transfer-Encoding"),
        None,
        "HTTP/1.0 knows no chunks"
    );
    assert_eq!(
        old.field("Content-Length"),
        Some(old.body.len().to_string().as_str())
    );
}

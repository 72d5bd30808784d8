//! Redirects (RFC 9110 section 15.4): the whole chain is kept, and nothing goes where it must not.

use std::sync::{Arc, Mutex};

use httpwhy_testkit::{Asked, Reply, Server};
use serde_json::Value;

use crate::{json, probe, text};

/// What a server was asked, in order.
type Log = Arc<Mutex<Vec<Asked>>>;

/// Answers with what `answer` says, and writes down what it was asked.
fn recording(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Server, Log) {
    let log = Log::default();
    let write = Arc::clone(&log);
    let server = Server::start(move |asked| {
        write
            .lock()
            .expect("no test panics here")
            .push(asked.clone());
        answer(asked)
    });
    (server, log)
}

fn asked(log: &Log) -> Vec<Asked> {
    std::mem::take(&mut *log.lock().expect("no test panics here"))
}

fn fine(_: &Asked) -> Reply {
    Reply::new("200 OK", &["Content-Type: text/plain"], "fine")
}

fn to(status: &str, location: &str) -> Reply {
    Reply::new(status, &[&format!("Location: {location}")], "")
}

fn lines(args: &[&str]) -> Vec<Value> {
    json::lines(&probe(args).arg("--json").run().exits(0))
}

#[test]
fn a_chain_is_kept_whole() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/a" => to("301 Moved Permanently", "/b"),
        "/b" => to("302 Found", "c?x=1"),
        "/c?x=1" => to("307 Temporary Redirect", "//127.0.0.1/"),
        _ => Reply::new("404 Not Found", &[], ""),
    });
    let found = lines(&[&server.url("/a"), "--max-redirects", "2"]);
    let because: Vec<(&str, Option<u64>)> = found
        .iter()
        .filter(|line| line["kind"] == "diagnosis")
        .map(|line| {
            (
                text(&line["because"], "kind"),
                line["because"]["of"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        because,
        [
            ("asked", None),
            ("redirect", Some(0)),
            ("redirect", Some(1))
        ]
    );
    assert_eq!(text(&found[1], "target"), server.url("/b"));
    assert_eq!(text(&found[2], "target"), server.url("/c?x=1"));
    assert_eq!(text(&found[3], "kind"), "visit");
    assert_eq!(text(&found[3], "outcome"), "net/redirect-too-many");
    assert_eq!(server.requests(), 3);
    let alone = lines(&[&server.url("/a"), "--max-redirects", "0"]);
    assert_eq!(text(&alone[0], "outcome"), "http/301");
    assert_eq!(server.requests(), 4);
}

#[test]
fn a_loop_ends_and_is_named() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/self" => to("302 Found", "/self"),
        "/one" => to("302 Found", "/two"),
        _ => to("302 Found", "/one#fragment"),
    });
    for path in ["/self", "/one"] {
        let found = lines(&[&server.url(path)]);
        assert_eq!(
            text(found.last().expect("a line"), "outcome"),
            "net/redirect-loop",
            "{path}"
        );
    }
    assert_eq!(server.requests(), 3, "no address is asked twice");
}

#[test]
fn credentials_stay_with_their_origin() {
    let (other, others) = recording(fine);
    let away = other.url("/away");
    let (server, log) = recording(move |asked| match asked.target.as_str() {
        "/near" => to("302 Found", "/here"),
        "/far" => to("307 Temporary Redirect", &away),
        _ => fine(asked),
    });
    let fields = [
        "-H",
        "Authorization: Bearer s3cret",
        "-H",
        "cookie: id=s3cret",
        "-H",
        "X-Mine: kept",
    ];
    let sent = |path: &str| {
        let url = server.url(path);
        let args: Vec<&str> = [url.as_str()].into_iter().chain(fields).collect();
        let found = lines(&args);
        assert_eq!(
            text(found.last().expect("a line"), "outcome"),
            "http/200",
            "{path}"
        );
    };
    sent("/near");
    let near = asked(&log);
    assert_eq!(near.len(), 2);
    assert!(
        near.iter()
            .all(|asked| asked.field("authorization") == Some("Bearer s3cret"))
    );
    sent("/far");
    assert_eq!(asked(&log)[0].field("cookie"), Some("id=s3cret"));
    let far = asked(&others);
    assert_eq!(far.len(), 1);
    assert_eq!(far[0].field("authorization"), None);
    assert_eq!(far[0].field("cookie"), None);
    assert_eq!(far[0].field("x-mine"), Some("kept"));
    assert_eq!(
        far[0].field("host"),
        Some(other.address().to_string().as_str())
    );
}

#[test]
fn the_method_changes_only_where_the_rules_say() {
    let table = [
        // status, method asked, method sent on
        ("301 Moved Permanently", "POST", "GET"),
        ("302 Found", "POST", "GET"),
        ("302 Found", "PUT", "PUT"),
        ("302 Found", "HEAD", "HEAD"),
        ("303 See Other", "POST", "GET"),
        ("303 See Other", "PUT", "GET"),
        ("303 See Other", "HEAD", "HEAD"),
        ("307 Temporary Redirect", "POST", "POST"),
        ("308 Permanent Redirect", "DELETE", "DELETE"),
    ];
    for (status, method, wanted) in table {
        let (server, log) = recording(move |asked| match asked.target.as_str() {
            "/old" => to(status, "/new"),
            _ => {
                Reply::raw("HTTP/1.1 204 No Content\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n\r\n")
            }
        });
        let field = "Content-Type: application/json";
        lines(&[&server.url("/old"), "-X", method, "-H", field]);
        let all = asked(&log);
        let methods: Vec<&str> = all.iter().map(|asked| asked.method.as_str()).collect();
        assert_eq!(methods, [method, wanted], "{status}");
        // A GET made of something else has no content to describe.
        let described = all[1].field("content-type").is_some();
        assert_eq!(described, method == wanted, "{status} {method}");
    }
}

#[test]
fn places_that_cannot_be_followed_end_the_visit() {
    let table = [
        ("/none", "net/redirect-no-location"),
        ("/bad", "net/redirect-invalid-location"),
        ("/script", "net/redirect-unsafe-scheme"),
    ];
    let server = Server::start(|asked| match asked.target.as_str() {
        "/none" => Reply::new("302 Found", &[], ""),
        "/bad" => to("302 Found", "http://[::1/"),
        _ => to("302 Found", "javascript:alert(1)"),
    });
    for (path, wanted) in table {
        let found = lines(&[&server.url(path)]);
        assert_eq!(found.len(), 1, "{path}");
        assert_eq!(text(&found[0], "outcome"), wanted, "{path}");
    }
    assert_eq!(server.requests(), table.len());
}

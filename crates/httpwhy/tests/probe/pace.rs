//! How fast hosts are asked, and what is tried again: seen by servers that count.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Asked, Reply, Server, Workspace, free_port};
use serde_json::Value;

use crate::{json, path, probe, text, verdicts};

const PAGE: &[&str] = &["Content-Type: text/plain"];

fn fine() -> Reply {
    Reply::new("200 OK", PAGE, "fine")
}

/// The name a request was for.
fn host(asked: &Asked) -> String {
    let host = asked.field("host").unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_owned()
}

/// `http://NAME:PORT/PATH` of that server; any name below `test` leads to this machine.
fn url(server: &Server, name: &str, path: impl std::fmt::Display) -> String {
    format!("http://{name}:{}/{path}", server.address().port())
}

/// Those of the lines that were held back, with why.
fn held(lines: &[Value]) -> Vec<&str> {
    let held = lines.iter().filter_map(|line| line["held"].as_str());
    held.collect()
}

#[test]
fn no_host_meets_more_at_once_than_it_may() {
    #[derive(Default)]
    struct Seen {
        now: usize,
        most: usize,
    }
    let seen: Arc<Mutex<HashMap<String, Seen>>> = Arc::default();
    let counting = Arc::clone(&seen);
    let server = Server::start(move |asked| {
        let name = host(asked);
        {
            let mut seen = counting.lock().expect("no panic inside");
            let seen = seen.entry(name.clone()).or_default();
            seen.now += 1;
            seen.most = seen.most.max(seen.now);
        }
        thread::sleep(Duration::from_millis(5));
        let mut seen = counting.lock().expect("no panic inside");
        seen.get_mut(&name).expect("it was counted").now -= 1;
        fine()
    });
    let simulator = Simulator::start(Config::default()).expect("starts");
    let resolver = simulator.dns().to_string();
    let folder = Workspace::new();
    let list: Vec<String> = (0..120)
        .map(|n| url(&server, ["a.test", "b.test", "c.test"][n % 3], n))
        .collect();
    let file = folder.write("urls.txt", list.join("\n"));
    for threads in ["1", "2"] {
        let ran = probe(&[
            path(&file),
            "--json",
            "-q",
            "-c",
            "24",
            "--threads",
            threads,
            "--full-speed",
            "--per-host",
            "3",
            "--resolver",
            &resolver,
        ])
        .run()
        .exits(0);
        let lines = json::lines(&ran);
        assert_eq!(verdicts(&lines).len(), list.len());
        assert!(lines.iter().all(|line| line["outcome"] == "http/200"));
        assert!(held(&lines).contains(&"host-limit"), "{:?}", held(&lines));
        for line in &lines {
            let waited = line["timing_ms"]["queue"].is_number();
            assert_eq!(waited, line["held"].is_string(), "{line}");
        }
        for (name, seen) in &*seen.lock().expect("no panic inside") {
            assert!((1..=3).contains(&seen.most), "{name}: {}", seen.most);
        }
    }
}

#[test]
fn a_slow_host_does_not_hold_the_list() {
    // The slow host answers once all of the quick one was asked for.
    let quick_asked = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        if host(asked) == "quick.test" {
            quick_asked.fetch_add(1, Ordering::SeqCst);
            return fine();
        }
        let until = Instant::now() + Duration::from_secs(20);
        while quick_asked.load(Ordering::SeqCst) < 40 {
            if Instant::now() > until {
                return Reply::new("504 Gateway Timeout", PAGE, "held");
            }
            thread::sleep(Duration::from_millis(5));
        }
        fine()
    });
    let simulator = Simulator::start(Config::default()).expect("starts");
    let slow = (0..4).map(|n| url(&server, "slow.test", n));
    let quick = (0..40).map(|n| url(&server, "quick.test", n));
    let list: Vec<String> = slow.chain(quick).collect();
    let folder = Workspace::new();
    let file = folder.write("urls.txt", list.join("\n"));
    let ran = probe(&[
        path(&file),
        "--json",
        "-q",
        "-c",
        "4",
        "--per-host",
        "2",
        "--resolver",
        &simulator.dns().to_string(),
    ])
    .run()
    .exits(0);
    let lines = json::lines(&ran);
    assert_eq!(lines.len(), list.len());
    let outcomes: Vec<_> = lines.iter().map(|line| &line["outcome"]).collect();
    assert!(
        outcomes.iter().all(|outcome| *outcome == "http/200"),
        "{outcomes:?}"
    );
}

#[test]
fn a_host_that_names_a_time_is_left_alone_and_an_error_page_changes_nothing() {
    for (status, wanted) in [
        ("429 Too Many Requests", Some("host-asked")),
        ("503 Service Unavailable", Some("host-asked")),
        ("500 Internal Server Error", None),
    ] {
        let asked = AtomicUsize::new(0);
        let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::new(status, &["Retry-After: 3"], "later"),
            _ => fine(),
        });
        let urls: Vec<String> = (0..5).map(|n| server.url(&format!("/{n}"))).collect();
        let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
        args.extend(["--json", "-q", "-c", "1"]);
        let ran = probe(&args).run().exits(0);
        let lines = json::lines(&ran);
        assert_eq!(held(&lines).first().copied(), wanted, "{status}");
        assert_eq!(server.requests(), 5, "nothing is asked twice");
        let outcomes: Vec<&str> = lines.iter().map(|line| text(line, "outcome")).collect();
        let first = format!("http/{}", &status[..3]);
        assert_eq!(outcomes[0], first);
        assert!(outcomes[1..].iter().all(|outcome| *outcome == "http/200"));
    }
}

/// `because/outcome` of each step of the one visit.
fn steps(lines: &[Value]) -> Vec<String> {
    let steps = lines.iter().filter(|line| line["kind"] == "diagnosis");
    steps
        .map(|line| format!("{}/{}", text(&line["because"], "kind"), line["status"]))
        .collect()
}

#[test]
fn what_the_diagnosis_allows_is_tried_again_and_every_attempt_is_kept() {
    let failing = |status: &'static str, fails: usize| {
        let asked = AtomicUsize::new(0);
        Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            n if n < fails => Reply::new(status, &["Retry-After: 0"], "later"),
            _ => fine(),
        })
    };
    let table: &[(&str, usize, &str, &str, &[&str])] = &[
        ("503 Service Unavailable", 1, "GET", "0", &["asked/503"]),
        (
            "503 Service Unavailable",
            2,
            "GET",
            "3",
            &["asked/503", "retry/503", "retry/200"],
        ),
        (
            "503 Service Unavailable",
            9,
            "GET",
            "1",
            &["asked/503", "retry/503"],
        ),
        ("503 Service Unavailable", 1, "POST", "3", &["asked/503"]),
        ("404 Not Found", 1, "GET", "3", &["asked/404"]),
    ];
    for (status, fails, method, retries, wanted) in table {
        // A time named for a 404 would be an invitation.
        let server = match *status {
            "404 Not Found" => Server::start(|_| Reply::new("404 Not Found", PAGE, "no")),
            status => failing(status, *fails),
        };
        let ran = probe(&[
            &server.url("/"),
            "--json",
            "-X",
            method,
            "--retries",
            retries,
        ])
        .run()
        .exits(0);
        let lines = json::lines(&ran);
        assert_eq!(
            steps(&lines),
            *wanted,
            "{status} {method} --retries {retries}"
        );
        assert_eq!(server.requests(), wanted.len());
        let later = lines
            .iter()
            .filter(|line| line["because"]["kind"] == "retry");
        for line in later.filter(|line| line["kind"] == "diagnosis") {
            assert!(
                ["retry", "host-asked"].contains(&text(line, "held")),
                "{line}"
            );
        }
    }
}

#[test]
fn a_request_that_never_left_may_be_sent_again_whatever_its_method() {
    let gone = format!("http://127.0.0.1:{}/", free_port());
    let ran = probe(&[&gone, "--json", "-X", "POST", "--retries", "2"])
        .run()
        .exits(0);
    assert_eq!(
        steps(&json::lines(&ran)),
        ["asked/null", "retry/null", "retry/null"]
    );
}

#[test]
fn a_wait_for_a_retry_keeps_nobody_else_waiting() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/limited" => Reply::new("503 Service Unavailable", &["Retry-After: 2"], "later"),
        _ => fine(),
    });
    let simulator = Simulator::start(Config::default()).expect("starts");
    let limited = url(&server, "limited.test", "limited");
    let urls: Vec<String> = (0..20).map(|n| url(&server, "other.test", n)).collect();
    let resolver = simulator.dns().to_string();
    let mut args = vec![limited.as_str()];
    args.extend(urls.iter().map(String::as_str));
    args.extend(["--json", "-q", "-c", "1", "--retries", "1"]);
    args.extend(["--resolver", &resolver]);
    let ran = probe(&args).run().exits(0);
    let lines = json::lines(&ran);
    // One at a time, and yet the first of the list is the last to end.
    let order: Vec<&str> = lines.iter().map(|line| text(line, "visit")).collect();
    assert_eq!(order.iter().position(|visit| *visit == "1"), Some(20));
    assert_eq!(lines.len(), 20 + 3, "two steps and the visit's line");
}

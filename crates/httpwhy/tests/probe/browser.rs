//! `probe --browser`: pages in a real Chromium, and what becomes of them when there is none.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_testkit::{Asked, Httpwhy, Reply, Server, Workspace, processes};
use serde_json::Value;

use crate::{json, path, probe, text, verdicts};

/// How long a busy machine may take.
const AGES: Duration = Duration::from_mins(2);

fn answer(asked: &Asked) -> Reply {
    let html = |body: &str| {
        let page = format!("<!doctype html><title>t</title>{body}");
        Reply::new("200 OK", &["Content-Type: text/html; charset=utf-8"], page)
    };
    match asked.target.as_str() {
        "/" => html("fine"),
        "/shop" => html(
            "<img src=/busy.png><script src=/app.js></script><script>console.error('no price')</script>",
        ),
        "/app.js" => Reply::new("200 OK", &["Content-Type: text/javascript"], "let a = 1;"),
        "/busy.png" => Reply::new("503 Service Unavailable", &["Retry-After: 3"], "later"),
        "/old" => Reply::new("301 Moved Permanently", &["Location: /"], ""),
        "/hungry" => {
            html("<script>const all = []; for (;;) all.push(new Array(1000).fill(1.5))</script>")
        }
        "/waiting" => html("<img src=/silent>"),
        "/silent" => Reply::raw("").then_silence(),
        _ => Reply::new(
            "404 Not Found",
            &["Content-Type: text/html"],
            "nothing here",
        ),
    }
}

/// `httpwhy probe --browser` with these arguments; its browsers keep their profiles in that folder.
fn pages(folder: &Workspace, args: &[&str]) -> Httpwhy {
    probe(&[&["--browser", "-q"], args].concat())
        .env("TMPDIR", path(folder.root()))
        .limit(AGES)
}

fn assert_nothing_left(folder: &Workspace) {
    let root = path(folder.root());
    let began = Instant::now();
    while !processes(root).is_empty() {
        assert!(began.elapsed() < AGES, "left: {:?}", processes(root));
        thread::sleep(Duration::from_millis(20));
    }
    let left: Vec<PathBuf> = std::fs::read_dir(folder.root())
        .expect("a folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().contains("httpwhy-browser-"))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new(), "profiles are left");
}

#[test]
fn a_page_is_a_visit_with_its_subresources_as_steps() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let pictures = folder.path("pictures");
    let urls = [server.url("/shop"), server.url("/old"), server.url("/gone")];
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend([
        "--json",
        "--ordered",
        "--fail-on",
        "503",
        "--screenshot",
        path(&pictures),
    ]);
    let ran = pages(&folder, &args).run().exits(1);
    let lines = json::lines(&ran);
    let of = |visit: &str| -> Vec<&Value> {
        let steps = lines.iter().filter(|line| text(line, "visit") == visit);
        steps
            .filter(|line| {
                !line["target"]
                    .as_str()
                    .is_some_and(|t| t.ends_with("/favicon.ico"))
            })
            .collect()
    };
    let told: Vec<(&str, String, &str)> = of("1")
        .iter()
        .map(|line| {
            let because = format!("{} {}", line["because"]["kind"], line["because"]["of"]);
            (text(line, "kind"), because, text(line, "outcome"))
        })
        .collect();
    let row = |kind, because: &str, outcome| (kind, because.to_owned(), outcome);
    assert_eq!(
        told,
        [
            row("diagnosis", "\"asked\" null", "http/200"),
            row("diagnosis", "\"subresource\" 0", "http/503"),
            row("diagnosis", "\"subresource\" 0", "http/200"),
            // A page whose document is well and whose parts are not: the first part that failed decides.
            row("visit", "\"subresource\" 0", "http/503"),
        ]
    );
    let document = of("1")[0];
    assert_eq!(text(&document["vantage"], "who"), "browser");
    let signals = document["signals"].to_string();
    assert!(
        signals.contains("browser:console-error text=no_price"),
        "{signals}"
    );
    let verdicts = verdicts(&lines);
    let last: Vec<_> = verdicts
        .iter()
        .map(|(_, line)| text(line, "outcome"))
        .collect();
    assert_eq!(last, ["http/503", "http/200", "http/404"]);
    assert_eq!(std::fs::read_dir(&pictures).expect("pictures").count(), 3);
    assert_nothing_left(&folder);
}

#[test]
fn a_person_sees_which_part_failed() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let ran = pages(&folder, &[&server.url("/shop"), "--format", "text"])
        .run()
        .exits(0);
    ran.shows(&[
        "503 Service Unavailable",
        "0. `http/200`",
        "1. `http/503` (subresource of 0)",
        "busy.png",
        "console error",
        "no_price",
    ]);
    let line = pages(&folder, &[&server.url("/shop"), "--format", "line"])
        .run()
        .exits(0);
    assert!(line.text().starts_with("503  http/503"), "{line}");
}

#[test]
fn what_cannot_work_is_refused() {
    let folder = Workspace::new();
    let raw = folder.write("raw", "GET / HTTP/1.1\r\n\r\n");
    for (args, option, instead) in [
        (&["--http3-only"][..], "--http3-only", "without --browser"),
        (&["--http2"], "version of HTTP", "without --browser"),
        (
            &["--unix-socket", "/tmp/x"],
            "--unix-socket",
            "hosts and ports",
        ),
        (&["-X", "POST"], "--method", "by GET"),
        (&["-d", "x=1", "-X", "GET"], "--data", "without content"),
        (
            &["--request-file", path(&raw)],
            "--request-file",
            "its own requests",
        ),
        (
            &["--resolve", "a.test:80:127.0.0.1"],
            "--resolve",
            "--host-resolver-rules",
        ),
        (
            &["-x", "http://127.0.0.1:3128"],
            "--proxy",
            "--proxy-server",
        ),
        (
            &["--resolver", "127.0.0.1"],
            "--resolver",
            "--host-resolver-rules",
        ),
        (&["--cacert", path(&raw)], "--cacert", "certutil"),
        (&["--retries", "2"], "--retries", "--browser-leases"),
        (&["--timeout", "5"], "--timeout", "--page-timeout"),
        (&["-4"], "-4", "by itself"),
        (&["--digest", "-u", "a:b"], "--digest", "--basic"),
    ] {
        let args = [&["http://a.test/"], args].concat();
        pages(&folder, &args)
            .run()
            .exits(2)
            .says(&[option, instead]);
    }
    probe(&["http://a.test/", "--settle", "5"])
        .run()
        .exits(2)
        .says(&["--browser"]);
}

#[test]
fn without_a_browser_each_target_says_so() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let list: Vec<String> = (0..5).map(|_| server.url("/")).collect();
    let list = folder.write("list.txt", list.join("\n"));
    let args = [
        "--browser",
        path(&list),
        "--json",
        "--browser-path",
        "/nonexistent/chromium",
    ];
    let ran = probe(&args)
        .run()
        .exits(4)
        .says(&["apt-get install chromium", "CHROME_PATH"]);
    let lines = json::lines(&ran);
    assert_eq!(lines.len(), 5);
    for line in &lines {
        assert_eq!(text(line, "outcome"), "browser/not-installed");
        assert_eq!(text(line, "sent"), "nothing");
        assert_eq!(text(&line["blame"], "party"), "engine");
    }
    let named =
        probe(&["--browser", path(&list), "--json"]).env("CHROME_PATH", "/nonexistent/named");
    named.run().exits(4).says(&["/nonexistent/named"]);
    assert_eq!(server.requests(), 0);
}

/// Chromium with little room for scripts: a page that takes more crashes for good.
fn small(folder: &Workspace) -> PathBuf {
    let chromium = Httpwhy::at("sh").args(["-c", "command -v chromium"]).run();
    let chromium = chromium.exits(0).text().trim().to_owned();
    let script =
        format!("#!/bin/sh\nexec '{chromium}' --js-flags=--max-old-space-size=64 \"$@\"\n");
    let file = folder.write("small", script);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&file, mode).expect("it is ours");
    file
}

#[test]
fn a_crash_concerns_its_page_alone() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let small = small(&folder);
    let urls = ["/", "/hungry", "/gone", "/"].map(|path| server.url(path));
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend([
        "--json",
        "--ordered",
        "--browser-leases",
        "2",
        "--browser-path",
        path(&small),
    ]);
    let ran = pages(&folder, &args).run().exits(4);
    let lines = json::lines(&ran);
    let verdicts = verdicts(&lines);
    let told: Vec<_> = verdicts
        .iter()
        .map(|(_, line)| (text(line, "outcome"), line["blame"]["party"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("http/200", Some("nobody")),
            ("browser/crashed", Some("engine")),
            ("http/404", Some("client")),
            ("http/200", Some("nobody")),
        ]
    );
    assert_nothing_left(&folder);
}

#[test]
fn waiting_for_a_browser_ends_with_who_holds_it() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let held = server.url("/waiting");
    let (second, third) = (server.url("/?2"), server.url("/?3"));
    let args = [
        &*held,
        &second,
        &third,
        "--json",
        "--ordered",
        "--browser-leases",
        "1",
        "--browser-wait",
        "8",
        "--page-timeout",
        "30",
    ];
    let ran = pages(&folder, &args).run().exits(4);
    let lines = json::lines(&ran);
    let verdicts = verdicts(&lines);
    assert_eq!(text(verdicts[0].1, "outcome"), "browser/navigation-timeout");
    let late: Vec<&Value> = verdicts
        .iter()
        .map(|(_, line)| *line)
        .filter(|line| text(line, "outcome") == "browser/pool-timeout")
        .collect();
    assert!(!late.is_empty(), "{verdicts:?}");
    for line in late {
        let signals = line["signals"].to_string();
        assert!(
            signals.contains("waiting=1") && signals.contains("oldest="),
            "{signals}"
        );
        assert!(signals.contains(&format!("holder={held}")), "{signals}");
        assert_eq!(text(&line["blame"], "party"), "engine");
    }
    assert_nothing_left(&folder);
}

#[test]
fn an_interrupted_run_leaves_no_browser() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let urls: Vec<String> = (0..6)
        .map(|n| server.url(&format!("/waiting#{n}")))
        .collect();
    for signal in ["INT", "KILL"] {
        let before = server.requests();
        let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
        args.extend(["--json", "--browser-leases", "2"]);
        let running = pages(&folder, &args).spawn();
        let began = Instant::now();
        while server.requests() < before + 2 {
            assert!(began.elapsed() < AGES, "nothing is asked");
            thread::sleep(Duration::from_millis(20));
        }
        running.signal(signal);
        let ran = running.wait();
        if signal == "INT" {
            let ran = ran.exits(130);
            let lines = json::lines(&ran);
            assert_eq!(
                verdicts(&lines).len(),
                urls.len(),
                "one record for every input"
            );
            assert_nothing_left(&folder);
        } else {
            // Nobody tidies up, and the browsers end all the same: their pipes did.
            let root = path(folder.root());
            let began = Instant::now();
            while !processes(root).is_empty() {
                assert!(began.elapsed() < AGES, "left: {:?}", processes(root));
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

#[test]
fn what_is_no_page_is_said() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let api = r#"{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{"/":{
        "get":{"responses":{"200":{"description":"ok"}}},
        "post":{"responses":{"200":{"description":"ok"}}}}}}"#;
    let api = folder.write("api.json", api);
    let base = server.url("");
    let args = [
        path(&api),
        "--base",
        base.trim_end_matches('/'),
        "--all-methods",
        "--json",
        "--ordered",
    ];
    let lines = json::lines(&pages(&folder, &args).run().exits(0));
    let verdicts = verdicts(&lines);
    let told: Vec<_> = verdicts
        .iter()
        .map(|(_, line)| text(line, "outcome"))
        .collect();
    assert_eq!(told, ["http/200", "browser/no-page"]);
    assert!(verdicts[1].1["signals"].to_string().contains("method=POST"));
}

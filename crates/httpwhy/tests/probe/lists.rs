//! Lists of targets: one record for every line, whatever stands in it.

use std::collections::HashMap;

use httpwhy_testkit::{Asked, Reply, Server, Workspace};

use crate::{json, path, probe, text, verdicts};

/// Answers by the first part of the path: `/404/17` with 404, `/301/17` with a redirect to `/200/17`.
fn mixed(asked: &Asked) -> Reply {
    let page = ["Content-Type: text/plain"];
    match asked.target.split('/').nth(1) {
        Some("200") => Reply::new("200 OK", &page, "fine"),
        Some("301") => {
            let location = format!("Location: {}", asked.target.replace("/301/", "/200/"));
            Reply::new("301 Moved Permanently", &[&location], "")
        }
        Some("403") => Reply::new("403 Forbidden", &page, "no"),
        Some("404") => Reply::new("404 Not Found", &page, "nothing"),
        _ => Reply::new("500 Internal Server Error", &page, "oops"),
    }
}

#[test]
fn one_url_is_answered_for_a_person() {
    let server = Server::start(mixed);
    let ran = probe(&[&server.url("/404/x")]).run().exits(0);
    let shown = [
        "404 Not Found",
        "http/404",
        "Who",
        "Because",
        "Retry",
        "Fix",
        "More",
    ];
    let ran = ran.shows(&shown);
    assert!(!ran.stdout.contains(&0x1b), "no colour into a pipe");
    assert_eq!(ran.stderr, "", "one target needs no progress");
    // The same without the word probe.
    let short = httpwhy_testkit::Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg(server.url("/404/x"))
        .run()
        .exits(0)
        .shows(&shown);
    assert_eq!(short.stderr, "");
    assert_eq!(server.requests(), 2);
}

#[test]
fn every_line_of_a_long_list_has_its_outcome() {
    const TARGETS: usize = 2000;
    const TOGETHER: usize = 20;
    let server = Server::start(mixed);
    let folder = Workspace::new();
    let kinds = ["200", "301", "403", "404", "500"];
    let list: Vec<String> = (0..TARGETS)
        .map(|n| server.url(&format!("/{}/{n}", kinds[n % kinds.len()])))
        .collect();
    let file = folder.write("urls.txt", list.join("\n"));
    for threads in ["1", "2"] {
        let (requests, connections) = (server.requests(), server.connections());
        let ran = probe(&[
            path(&file),
            "-c",
            &TOGETHER.to_string(),
            "--threads",
            threads,
        ])
        .run()
        .exits(0)
        .says(&["2000 targets in", "2400 exchanges", "http/404"]);
        // Into a pipe, JSON is what several targets give.
        let lines = json::lines(&ran);
        let found = verdicts(&lines);
        let numbers: Vec<usize> = found.iter().map(|(number, _)| *number).collect();
        assert!(
            numbers.iter().copied().eq(1..=TARGETS),
            "{} records",
            numbers.len()
        );
        for (number, line) in found {
            let kind = kinds[(number - 1) % kinds.len()];
            let wanted = if kind == "301" {
                "http/200"
            } else {
                &format!("http/{kind}")
            };
            assert_eq!(text(line, "outcome"), wanted, "{number}: {line}");
            let asked = lines
                .iter()
                .find(|line| text(line, "visit") == number.to_string())
                .expect("it was found before");
            assert_eq!(text(asked, "target"), list[number - 1]);
        }
        let chains = lines.iter().filter(|line| line["kind"] == "visit").count();
        assert_eq!(
            chains,
            TARGETS / kinds.len(),
            "a redirect is a visit of two steps"
        );
        assert_eq!(
            server.requests() - requests,
            TARGETS + chains,
            "no hidden request"
        );
        let opened = server.connections() - connections;
        assert!(opened <= TOGETHER, "{opened} connections");
    }
    assert!(server.most_open() <= TOGETHER);
}

#[test]
fn lines_that_are_no_url_are_named_and_the_rest_goes_on() {
    let server = Server::start(mixed);
    let folder = Workspace::new();
    let long = "x".repeat(100_000);
    let (good, last) = (server.url("/200/a"), server.url("/404/b"));
    let content = format!(
        "# a comment\r\n\r\n  {good}  \r\nnot a url\n\n\
         ftp://files.example/x\nhttp://\nhttp://{long}/\nhttp://ex\u{1b}[31mample/\n{last}"
    );
    let file = folder.write("urls.txt", content);
    let name = path(&file);
    let place = |line: usize| format!("{name}:{line}:");
    let ran = probe(&[name, "--json"]).run().exits(0).says(&[
        &place(4),
        "'not a url' is no URL",
        &place(6),
        "ftp://files.example/x",
        &place(7),
    ]);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
    let lines = json::lines(&ran);
    let by_target: HashMap<&str, &str> = lines
        .iter()
        .map(|line| (text(line, "target"), text(line, "outcome")))
        .collect();
    assert_eq!(verdicts(&lines).len(), 7, "{by_target:?}");
    assert_eq!(by_target[good.as_str()], "http/200");
    assert_eq!(by_target["not a url"], "net/invalid-url");
    assert_eq!(by_target["ftp://files.example/x"], "net/unsupported-scheme");
    assert_eq!(by_target["http://"], "net/dns-empty-host");
    assert_eq!(by_target[last.as_str()], "http/404");
    assert_eq!(server.requests(), 2);
}

#[test]
fn lists_from_standard_input_and_several_sources() {
    let server = Server::start(mixed);
    let folder = Workspace::new();
    let file = folder.write(
        "urls.txt",
        format!("{}\n{}\n", server.url("/200/1"), server.url("/403/2")),
    );
    let ran = probe(&["-", path(&file), &server.url("/500/3"), "--json", "-q"])
        .stdin(format!("{}\n", server.url("/404/0")))
        .run()
        .exits(0);
    assert_eq!(ran.stderr, "", "quiet");
    let lines = json::lines(&ran);
    let outcomes: Vec<&str> = verdicts(&lines)
        .iter()
        .map(|(_, line)| text(line, "outcome"))
        .collect();
    assert_eq!(outcomes, ["http/404", "http/200", "http/403", "http/500"]);
    // An empty list is no error, and no silence either.
    let empty = folder.write("empty.txt", "# nothing\n\n");
    let ran = probe(&[path(&empty)]).run().exits(0).says(&["0 targets"]);
    assert_eq!(ran.text(), "");
}

#[test]
fn the_three_forms() {
    let server = Server::start(mixed);
    let url = server.url("/403/a");
    let line = probe(&[&url, &url, "--format", "line"]).run().exits(0);
    assert_eq!(line.lines().len(), 2);
    assert!(line.lines()[0].starts_with("403  http/403"), "{line}");
    let ran = probe(&[&url, &url, "--format", "text"]).run().exits(0);
    assert_eq!(ran.text().matches("http/403").count(), 4, "{ran}");
    let folder = Workspace::new();
    let out = folder.path("out.jsonl");
    let ran = probe(&[&url, "--json", "-o", path(&out)]).run().exits(0);
    assert_eq!(ran.text(), "");
    assert!(
        folder
            .read("out.jsonl")
            .contains("\"outcome\":\"http/403\"")
    );
}

#[test]
fn what_cannot_be_a_list_is_refused_before_anything_is_sent() {
    let server = Server::start(mixed);
    let url = server.url("/200/a");
    let folder = Workspace::new();
    let json = folder.write("targets.json", "{\"urls\": []}");
    let page = folder.write("page.html", "<html></html>");
    let gzip = folder.write("urls.txt.gz", [0x1f, 0x8b, 8, 0]);
    let table: &[(&[&str], &[&str])] = &[
        (
            &[&url, "./not-there.txt"],
            &["./not-there.txt", "No such file"],
        ),
        (&[&url, "/not/there"], &["/not/there", "No such file"]),
        (
            &[&url, path(&json)],
            &["targets.json", "JSON with urls", "input/format-unknown"],
        ),
        (&[&url, path(&page)], &["page.html", "HTML"]),
        (&[&url, path(&gzip)], &["urls.txt.gz", "gzip"]),
        (&[&url, path(folder.root())], &["directory"]),
        (&[], &["TARGET"]),
        (&[&url, "--no-such-flag"], &["--no-such-flag"]),
        (&[&url, "--concurrency", "0"], &["concurrency", "0"]),
        (&[&url, "--concurrency", "many"], &["many"]),
        (&[&url, "--timeout", "soon"], &["'soon'", "seconds"]),
        (&[&url, "--timeout", "0"], &["0.001"]),
        (&[&url, "--timeout", "lunch=3"], &["lunch", "resolve"]),
        (&[&url, "--resolver", "dns.example"], &["dns.example", "IP"]),
        (&[&url, "--field", "no colon"], &["no colon", "NAME: VALUE"]),
        (
            &[&url, "--cacert", "not-there.pem"],
            &["not-there.pem", "No such file"],
        ),
        (
            &[&url, "-o", "/not/there/out"],
            &["/not/there/out", "No such file"],
        ),
        (
            &[&url, "--fail-on", "nonsense"],
            &["nonsense", "5xx", "tls/*"],
        ),
        (&[&url, "--fail-on", "9xx"], &["9xx"]),
        (&[&url, "sim:"], &["sim:", "alone"]),
    ];
    for (args, said) in table {
        let ran = probe(args).run().exits(2).says(said);
        assert_eq!(ran.text(), "", "{args:?}");
    }
    assert_eq!(server.requests(), 0);
}

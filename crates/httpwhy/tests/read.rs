//! `httpwhy read`: everything that can be recorded, and everything that cannot be read.

mod json;

use std::path::{Path, PathBuf};

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Httpwhy, Ran, Workspace};
use serde_json::Value;

fn httpwhy() -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
}

fn read(args: &[&str]) -> Httpwhy {
    httpwhy().arg("read").args(args)
}

/// Reads bytes from standard input; gives every line.
fn piped(record: impl AsRef<[u8]>) -> Vec<Value> {
    let ran = read(&["-", "--json"]).stdin(record.as_ref()).run();
    json::lines(&ran.exits(0))
}

/// Reads bytes; gives the outcome of the verdict, which is the last line.
fn verdict(record: impl AsRef<[u8]>) -> String {
    outcome(piped(record).last().expect("a line"))
}

fn outcome(line: &Value) -> String {
    line["outcome"].as_str().expect("an outcome").to_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn raw_responses() {
    let body = "<html><body><h1>Not here</h1></body></html>";
    let length = body.len();
    let crlf = format!(
        "HTTP/1.1 404 Not Found\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let table: &[(&str, String, &str)] = &[
        ("as received", crlf.clone(), "http/404"),
        ("line ends as an editor leaves them", crlf.replace("\r\n", "\n"), "http/404"),
        ("no final line end", crlf.trim_end().to_owned(), "http/404"),
        ("empty lines before it", format!("\r\n\r\n{crlf}"), "http/404"),
        ("the head alone", "HTTP/1.1 503 Service Unavailable\nRetry-After: 120\n\n".to_owned(), "http/503"),
        ("a status line alone", "HTTP/1.1 502 Bad Gateway\r\n\r\n".to_owned(), "http/502"),
        ("an interim head before it", format!("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n{crlf}"), "http/404"),
        ("HTTP/2 as curl prints it", "HTTP/2 429 \r\nretry-after: 30\r\ncontent-type: text/plain\r\n\r\nslow down".to_owned(), "http/429"),
        ("HTTP/3 as curl prints it", "HTTP/3 404 \r\ncontent-type: text/plain\r\n\r\nnothing".to_owned(), "http/404"),
        ("chunked, as received", "HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n4\r\noops\r\n0\r\n\r\n".to_owned(), "http/500"),
        ("chunked, printed decoded", "HTTP/1.1 500 Internal Server Error\nTransfer-Encoding: chunked\nContent-Type: text/plain\n\noops, not a chunk\n".to_owned(), "http/500"),
        ("content shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Type: text/plain\r\n\r\nshort".to_owned(), "net/body-truncated"),
    ];
    let mut wrong = Vec::new();
    for (what, record, wanted) in table {
        let found = verdict(record);
        if found != *wanted {
            wrong.push(format!("{what}: {found}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `curl -iL` prints one head after the other. Content of a redirect, which its length announces, is not printed.
#[test]
fn redirects_that_were_followed_are_steps() {
    let first = "HTTP/1.1 301 Moved Permanently\r\nLocation: /new\r\nContent-Length: 22\r\n\r\n";
    let empty = "HTTP/1.1 302 Found\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n";
    let last =
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone";
    for (what, record) in [
        ("content not printed", format!("{first}{last}")),
        ("no content", format!("{empty}{last}")),
        ("two redirects", format!("{empty}{first}{last}")),
        (
            "line ends of an editor",
            format!("{first}{last}").replace("\r\n", "\n"),
        ),
        (
            "HTTP/2",
            format!("{first}{last}").replace("HTTP/1.1", "HTTP/2"),
        ),
    ] {
        let lines = piped(&record);
        let steps = lines
            .iter()
            .filter(|line| line["kind"] == "diagnosis")
            .count();
        assert_eq!(steps, record.matches("HTTP/").count(), "{what}: steps");
        let verdict = lines.last().expect("a line");
        assert_eq!(verdict["kind"], "visit", "{what}");
        assert_eq!(outcome(verdict), "http/404", "{what}");
    }
}

#[test]
fn the_request_that_belongs_to_it_decides() {
    let folder = Workspace::new();
    let response = folder.write(
        "response",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\n",
    );
    let head = folder.write("head", "HEAD /x HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    let get = folder.write("get", "GET /x HTTP/1.1\nHost: shop.example\n\n");
    let judge = |request: &Path| {
        let ran = read(&["--json", "--request", path(request), path(&response)]).run();
        json::lines(&ran.exits(0)).remove(0)
    };
    let of_head = judge(&head);
    assert_eq!(
        outcome(&of_head),
        "http/200",
        "an answer to HEAD has no content"
    );
    assert_eq!(of_head["method"], "HEAD");
    assert_eq!(of_head["target"], "https://shop.example/x");
    assert_eq!(outcome(&judge(&get)), "net/body-truncated");
    let none = folder.write("none", "");
    read(&["--request", path(&none), path(&response)])
        .run()
        .exits(2)
        .says(&["none", "request line"]);
    read(&["--request", "not-there", path(&response)])
        .run()
        .exits(2)
        .says(&["not-there"]);
}

fn captured(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/curl")
        .join(format!("{name}.txt"))
}

#[test]
fn what_curl_printed() {
    let table = [
        ("not-found", "http/404"),
        ("refused", "net/connect-refused"),
        ("reset", "net/read-reset"),
        ("empty-reply", "net/empty-reply"),
        ("truncated-body", "net/body-truncated"),
        ("truncated-chunk", "net/chunk-incomplete"),
        ("self-signed", "tls/cert-self-signed"),
        ("https-to-plain-port", "tls/wrong-version-number"),
        ("unresolved", "net/dns-not-found"),
        ("timeout", "net/read-timeout"),
        ("redirects", "http/200"),
        ("redirect-limit", "net/redirect-too-many"),
    ];
    for (name, wanted) in table {
        let ran = read(&[path(&captured(name)), "--json"]).run().exits(0);
        let lines = json::lines(&ran);
        assert_eq!(
            outcome(lines.last().expect("a line")),
            wanted,
            "{name}: {ran}"
        );
        // The same, read by its content.
        let short = httpwhy().arg(captured(name)).arg("--json").run().exits(0);
        assert_eq!(short.stdout, ran.stdout, "{name}");
    }
}

/// No line of curl's about TLS stands in the record, so the target is not guessed to be https.
#[test]
fn a_record_without_tls_was_http() {
    let ran = read(&[path(&captured("not-found")), "--json"]).run();
    let target = &json::lines(&ran)[0]["target"];
    assert_eq!(target, "http://127.0.0.1:18499/outcome/http/404");
}

/// What only curl's exit code tells is not more than it tells.
#[test]
fn an_exit_code_of_curl_that_is_not_about_the_exchange_blames_no_server() {
    for record in [
        "curl: (49) Couldn't parse CURLOPT_RESOLVE entry 'a:a:127.0.0.1'\n",
        "curl: (23) Failure writing output to destination\n",
        "curl: (26) Failed to open/read local data from file/application\n",
    ] {
        let line = piped(record).remove(0);
        assert_ne!(line["blame"]["party"], "origin", "{record}{line}");
        assert_ne!(line["blame"]["party"], "network", "{record}{line}");
    }
}

#[test]
fn standard_input_and_files_alike() {
    let folder = Workspace::new();
    let record = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let file = folder.write("503.http", record);
    let by_name = read(&[path(&file)]).run().exits(0);
    for ran in [
        read(&["-"]).stdin(record).run(),
        httpwhy().arg("-").stdin(record).run(),
        httpwhy().arg(&file).run(),
    ] {
        assert_eq!(ran.exits(0).stdout, by_name.stdout);
    }
    by_name.shows(&["503 Service Unavailable", "http/503", "after 7 s"]);
    // Several files: one answer each.
    let two = read(&[path(&file), path(&file), "--json"]).run().exits(0);
    assert_eq!(json::lines(&two).len(), 2);
    // For scripts.
    read(&["--fail-on", "5xx", path(&file)]).run().exits(1);
    read(&["--fail-on", "4xx,tls/*", path(&file)])
        .run()
        .exits(0);
    read(&["--fail-on", "nonsense", path(&file)]).run().exits(2);
}

#[test]
fn exchanges_read_again_give_the_same_outcomes() {
    let simulator = Simulator::start(Config {
        mark: false,
        ..Config::default()
    })
    .expect("starts");
    let folder = Workspace::new();
    let ids = [
        "http/404",
        "http/301",
        "http/503",
        "http/401",
        "http/206",
        "net/body-truncated",
        "net/read-reset",
        "net/empty-reply",
        "net/connect-refused",
        "net/chunk-invalid",
        "net/redirect-loop",
        "net/dns-not-found",
        "tls/cert-expired",
        "cloudflare/522",
        "nginx/497",
    ];
    let targets: Vec<&str> = ids
        .iter()
        .filter_map(|id| simulator.scene(id))
        .map(|scene| scene.target.as_str())
        .collect();
    assert!(targets.len() >= 12, "{targets:?}");
    let list = folder.write("list.txt", targets.join("\n"));
    let ca = folder.write("ca.pem", simulator.ca_pem());
    let probe = |more: &str| {
        httpwhy()
            .args(["probe", path(&list), "--quiet", "--ordered", more])
            // A host that asks for a pause is not given one here.
            .args(["--concurrency", "1", "--retry-max-wait", "0"])
            .args([
                "--resolver",
                &simulator.dns().to_string(),
                "--cacert",
                path(&ca),
            ])
            .run()
            .exits(0)
    };
    // What depends on the moment is left out.
    let judged = |lines: Vec<Value>| -> Vec<[Value; 8]> {
        let keys = [
            "visit", "kind", "outcome", "also", "blame", "signals", "findings", "retry",
        ];
        lines
            .iter()
            .map(|line| keys.map(|key| line[key].clone()))
            .collect()
    };
    let asked = judged(json::lines(&probe("--json")));
    let exchanges = probe("--exchanges");
    let kinds = json::lines(&exchanges);
    assert!(kinds.iter().all(|line| line["kind"] == "exchange"));
    let again = read(&["-", "--json"])
        .stdin(exchanges.stdout)
        .run()
        .exits(0);
    assert_eq!(judged(json::lines(&again)), asked);
}

#[test]
fn what_cannot_be_read_says_what_where_and_what_to_do() {
    let folder = Workspace::new();
    let gzip = [0x1f, 0x8b, 8, 0, 1, 2, 3];
    let noise: Vec<u8> = (0..2000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let files: &[(&str, &[u8], &str)] = &[
        ("empty", b"", "empty"),
        ("blank", b"\r\n \n\n", "empty"),
        ("noise", &noise, "not recognised"),
        ("page.html", b"<!DOCTYPE html><html></html>", "HTML"),
        (
            "prose",
            b"The server was down again.\nNobody knows why.\n",
            "neither a raw response",
        ),
        ("packed", &gzip, "gzip"),
        ("foreign.json", b"{\"hello\": 1}\n", "line 1"),
        ("broken.json", b"{\"schema\": 1, \"kind\": \"exch", "line 1"),
        (
            "later.json",
            b"{\"schema\": 9, \"kind\": \"exchange\"}\n",
            "schema 9",
        ),
    ];
    for (name, content, said) in files {
        let file = folder.write(name, content);
        let ran = read(&[path(&file)]).run().exits(2).says(&[name, said]);
        assert_eq!(ran.text(), "");
        let hostile = |c: char| c.is_control() && c != '\n';
        assert!(!ran.stderr.contains(hostile), "{name}: {:?}", ran.stderr);
        // As JSON the error has a record too.
        let ran = read(&[path(&file), "--json"]).run().exits(2);
        let lines = json::lines(&ran);
        assert_eq!(lines.len(), 1, "{name}");
        assert_eq!(lines[0]["kind"], "error");
        assert_eq!(lines[0]["input"], path(&file));
    }
    read(&["not-there.http"])
        .run()
        .exits(2)
        .says(&["not-there.http", "No such file"]);
    read(&[path(folder.root())])
        .run()
        .exits(2)
        .says(&["directory"]);
    read(&[]).run().exits(2).says(&["FILE"]);
    // One that cannot be read does not keep the others from being read.
    let good = folder.write(
        "good",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    );
    read(&[path(&folder.path("noise")), path(&good)])
        .run()
        .exits(2)
        .shows(&["http/404"])
        .says(&["noise"]);
}

/// A word that is plainly a file's name is missed as a file, not as a code.
#[test]
fn a_file_that_is_not_there_is_missed_as_a_file() {
    for name in ["./response.http", "/no/such/file", "records/response.txt"] {
        httpwhy()
            .arg(name)
            .run()
            .exits(2)
            .says(&[name, "No such file"]);
    }
}

#[test]
fn hostile_bytes_never_reach_the_terminal() {
    for record in hostile_records() {
        for args in [&["-"][..], &["-", "--color", "always"]] {
            let ran = read(args).stdin(record.as_bytes()).run();
            assert!(matches!(ran.code, Some(0 | 2)), "{ran}");
            assert!(ran.stdout.len() < 64 * 1024, "{} bytes", ran.stdout.len());
            no_control(&ran);
        }
    }
}

/// JSON is shown on terminals too, and may write any character as `\u202e`.
#[test]
fn hostile_bytes_are_escaped_in_json() {
    for record in hostile_records() {
        let ran = read(&["-", "--json"]).stdin(record.as_bytes()).run();
        assert!(matches!(ran.code, Some(0 | 2)), "{ran}");
        assert!(ran.stdout.len() < 64 * 1024, "{} bytes", ran.stdout.len());
        let _ = json::lines(&ran);
        no_control(&ran);
    }
}

/// Responses that try to move the cursor, name the window, ring, turn text around, or fill the screen.
fn hostile_records() -> Vec<String> {
    let long = "A".repeat(3 * 1024 * 1024);
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\u{9b}31m\u{85}\u{8}\u{0}";
    vec![
        format!("HTTP/1.1 500 {evil}\r\nServer: {evil}\r\nContent-Type: text/plain\r\n\r\n{evil}"),
        format!(
            "HTTP/1.1 404 Not Found\r\n{evil}: x\r\nX-Evil: {evil}\r\nContent-Type: application/problem+json\r\n\r\n{{\"title\":\"\\u001b[31m\\u202e{evil}\",\"detail\":\"\\u0007\"}}"
        ),
        format!("HTTP/1.1 302 Found\r\nLocation: http://x/{evil}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {evil} realm=\"{evil}\"\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 {long} {evil}\r\n\r\n"),
        format!(
            "* target http://x/{evil}\n* errno:ECONNRESET\n* {evil}\n< HTTP/1.1 502 {evil}\n< \n< {evil}\n"
        ),
    ]
}

/// No control character but line ends, none that turns text around, and no escape sequence but our own colours.
fn no_control(ran: &Ran) {
    let mut text = ran.text().to_owned() + &ran.stderr;
    for code in 0..120 {
        text = text.replace(&format!("\u{1b}[{code}m"), "");
    }
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut found: Vec<char> = text.chars().filter(|&c| hostile(c)).collect();
    found.sort_unstable();
    found.dedup();
    let shown: String = text.chars().take(2000).collect();
    assert!(found.is_empty(), "{found:?} in {shown:?}");
}

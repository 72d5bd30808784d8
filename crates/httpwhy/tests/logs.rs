//! `httpwhy logs`: what the first screen and the JSON say.

mod json;

use std::fmt::Write as _;

use httpwhy_testkit::{Httpwhy, Workspace};
use serde_json::Value;

fn logs(args: &[&str]) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("logs")
        .args(args)
}

/// An hour of a shop behind nginx: /cart fails from 14:20 to 14:25, and a client gives up after 10 s now and then.
fn hour() -> String {
    let mut text = String::new();
    for second in 0..3600_u32 {
        let stamp = format!("03/Nov/2026:14:{:02}:{:02} +0000", second / 60, second % 60);
        for path in ["/", "/cart?token=hush", "/items/17"] {
            let down = (1200..1500).contains(&second) && path.starts_with("/cart");
            let gone = second % 90 == 0 && path == "/items/17";
            let (status, tail) = match (down, gone) {
                (true, _) => (
                    504,
                    r#"rt=60.004 ua="10.0.0.5:8080" us="504" uct="0.001" uht="-""#,
                ),
                (_, true) => (
                    499,
                    r#"rt=10.002 ua="10.0.0.6:8080" us="-" uct="0.001" uht="-""#,
                ),
                _ => (
                    200,
                    r#"rt=0.012 ua="10.0.0.6:8080" us="200" uct="0.001" uht="0.011""#,
                ),
            };
            let _ = writeln!(
                text,
                r#"203.0.113.9 - - [{stamp}] "GET {path} HTTP/1.1" {status} 157 "-" "curl/8.5.0" {tail}"#
            );
        }
    }
    text
}

fn object(args: &[&str], input: &str) -> Vec<Value> {
    let mut all = vec!["-", "--json"];
    all.extend(args);
    json::lines(&logs(&all).stdin(input).run().exits(0))
}

#[test]
fn json_says_who_failed_since_when_and_what_they_share() {
    let lines = object(&[], &hour());
    let logs = &lines[0];
    assert_eq!(logs["kind"], "logs");
    assert_eq!(logs["lines"]["all"], 10_800);
    assert_eq!(logs["failures"], 340);
    let group = &logs["groups"][0];
    assert_eq!(group["happened"], "upstream-silent");
    assert_eq!(group["outcome"], "net/read-timeout");
    assert_eq!(group["statuses"][0]["status"], 504);
    assert_eq!(group["blame"]["party"], "origin");
    assert_eq!(group["first"], "2026-11-03T14:20:00Z");
    assert_eq!(group["paths"][0]["name"], "/cart");
    assert_eq!(group["upstreams"][0]["name"], "10.0.0.5:8080");
    assert_eq!(logs["groups"][1]["outcome"], "nginx/499");
    assert_eq!(logs["groups"][1]["happened"], "client-left");
    let incident = &lines[1];
    assert_eq!(incident["kind"], "incident");
    assert_eq!(incident["from"], "2026-11-03T14:20:00Z");
    assert_eq!(incident["to"], "2026-11-03T14:25:00Z");
    assert_eq!(incident["timeout_s"], 60.0);
    let shared: Vec<&str> = incident["traits"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["value"].as_str())
        .collect();
    assert!(shared.contains(&"10.0.0.5:8080"), "{incident}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn the_screen_hides_secrets_and_escapes_strangers_bytes() {
    let hostile = "203.0.113.9 - - [03/Nov/2026:14:00:00 +0000] \"GET /\u{1b}[31m HTTP/1.1\" 502 1 \"-\" \"\u{1b}]0;x\u{7}\"\n";
    let ran = logs(&["-"]).stdin(hour() + hostile).run().exits(0);
    let text = ran.text();
    assert!(
        text.contains("Upstream silent") && text.contains("the timeout that fired"),
        "{text}"
    );
    assert!(text.contains("14:20 to 14:25"), "{text}");
    assert!(
        text.contains("log_format httpwhy"),
        "a bare 502 says what to log: {text}"
    );
    assert!(!text.contains("hush"), "{text}");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{7}'),
        "{text}"
    );
    let shared = logs(&["-", "--anonymize"]).stdin(hour()).run().exits(0);
    assert!(!shared.text().contains("203.0.113.9"), "{}", shared.text());
}

#[test]
fn an_error_log_alone_says_who_failed() {
    let line = "2026/11/03 14:05:12 [error] 7#7: *46 connect() failed (111: Connection refused) while connecting to upstream, \
                client: 203.0.113.9, server: shop, request: \"GET /cart HTTP/1.1\", upstream: \"http://10.0.0.5:80/\"\n";
    let ran = logs(&["-"]).stdin(line).run().exits(0);
    let screen = ran.text();
    for wanted in [
        "1 error lines say what went wrong",
        "Upstream refused, or not reachable: 1 (100 %)",
        "origin, proven",
    ] {
        assert!(screen.contains(wanted), "{wanted}: {screen}");
    }
    assert!(!screen.contains("0 of 0"), "{screen}");
}

#[test]
fn credentials_and_mail_addresses_of_a_line_are_in_no_output() {
    let line = r#"{"time_iso8601":"2026-11-03T14:05:12+00:00","remote_addr":"203.0.113.9","request_method":"GET","request_uri":"/reset/ana@example.org?token=hush1","status":"502","http_cookie":"sid=hush2","http_authorization":"Bearer hush3hush3","x_api_key":"hush4"}"#;
    let workspace = Workspace::new();
    let html = workspace.path("report.html");
    let html = html.to_str().expect("plain");
    for args in [
        &["-"][..],
        &["-", "--json"],
        &["-", "--csv", "-"],
        &["-", "--anonymize"],
        &["-", "--html", html],
        &["-", "--html", html, "--no-anonymize"],
    ] {
        let ran = logs(args).stdin(format!("{line}\n")).run().exits(0);
        let mut text = ran.text().to_owned();
        if args.contains(&"--html") {
            text += &std::fs::read_to_string(html).expect("it was written");
        }
        assert!(!text.contains("hush"), "{args:?}: {text}");
        if args.contains(&"--anonymize") {
            assert!(!text.contains("ana@example.org"), "{text}");
        }
    }
    let shared = std::fs::read_to_string(html).expect("it was written");
    assert!(
        shared.contains("ana@example.org"),
        "the last one was not anonymised"
    );
    logs(&["-", "--html", html])
        .stdin(format!("{line}\n"))
        .run()
        .exits(0);
    let shared = std::fs::read_to_string(html).expect("it was written");
    assert!(!shared.contains("ana@example.org"), "{shared}");
}

#[test]
fn bots_are_left_out_or_asked_for_by_what_their_agents_claim() {
    let line = |agent: &str| {
        format!(
            "203.0.113.9 - - [03/Nov/2026:14:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"{agent}\"\n"
        )
    };
    let text = line("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
        + &line("kube-probe/1.29")
        + &line("Mozilla/5.0 (Linux; Android 9; CUBOT X18) Chrome/130.0")
        + &line("curl/8.5.0")
        + &line("-");
    for (args, wanted) in [
        (&[][..], 5),
        (&["--bots", "only"], 2),
        (&["--bots", "without"], 3),
    ] {
        let found = object(args, &text);
        assert_eq!(found[0]["exchanges"], wanted, "{args:?}: {}", found[0]);
        assert_eq!(found[0]["lines"]["all"], 5);
    }
    let ran = logs(&["-"]).stdin(text).run().exits(0);
    let screen = ran.text();
    assert!(
        screen.contains(
            "40.0 % of the exchanges came from bots by their user agent, which is a claim"
        ),
        "{screen}"
    );
    assert!(screen.contains("One client;"), "{screen}");
}

#[test]
fn fail_on_counts_exchanges() {
    for (term, code) in [
        ("5xx>2%", 1),
        ("5xx>3%", 0),
        ("nginx/499>39", 1),
        ("nginx/499>40", 0),
        ("client", 0),
        ("any", 1),
        ("http/504>299", 1),
        ("http/504>300", 0),
    ] {
        logs(&["-", "--counts", "--fail-on", term])
            .stdin(hour())
            .run()
            .exits(code);
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let workspace = Workspace::new();
    let file = workspace.path("gone.log");
    let ran = logs(&[file.to_str().expect("plain"), "-"])
        .stdin(hour())
        .run()
        .exits(2);
    assert!(ran.stderr.contains("gone.log"), "{}", ran.stderr);
    assert!(ran.text().contains("Upstream silent"), "the rest goes on");
    let ran = logs(&["-"]).stdin("hello\nworld\n").run().exits(2);
    assert!(
        ran.stderr.contains("no line is of a known format"),
        "{}",
        ran.stderr
    );
    logs(&["-", "--where", "speed>1"]).stdin("").run().exits(2);
    logs(&["-", "--outcome", "http/999x"])
        .stdin("")
        .run()
        .exits(2);
}

#[test]
fn a_pasted_format_is_read() {
    let lines: Vec<String> = (0..40)
        .map(|at| {
            format!("203.0.113.9|2026-11-03T14:05:{at:02}+00:00|502|GET /cart HTTP/1.1|0.2\n")
        })
        .collect();
    let lines = lines.concat();
    let pasted = "log_format own '$remote_addr|$time_iso8601|$status|$request|$request_time';";
    let found = object(&["--format", pasted], &lines);
    assert_eq!(found[0]["statuses"][0]["status"], 502, "{}", found[0]);
    assert_eq!(found[0]["exchanges"], 40);
    let workspace = Workspace::new();
    let config = workspace.path("nginx.conf");
    std::fs::write(&config, format!("http {{ {pasted} }}")).expect("writable");
    let found = object(&["--config", config.to_str().expect("plain")], &lines);
    assert_eq!(found[0]["exchanges"], 40);
    logs(&["-", "--format", "nothing"]).stdin("").run().exits(2);
}

//! Failures of httpwhy itself, had on purpose: each ends its target, none the run.

use httpwhy_testkit::{Reply, Server};

use crate::{json, probe, text, verdicts};

/// The switch's kind, the outcome, the exit code.
const FAULTS: &[(&str, &str, i32)] = &[
    ("panic", "engine/internal", 3),
    ("argument-error", "engine/argument-error", 3),
    ("exception", "engine/exception", 3),
    ("runtime-error", "engine/runtime-error", 3),
    ("cancelled", "engine/cancelled", 0),
    ("extract-domain", "engine/extract-domain", 0),
    ("duplicate", "engine/duplicate", 0),
    ("your-side", "engine/your-side", 0),
    ("limit-head", "net/headers-too-large", 0),
    ("limit-time", "engine/limit-reached", 0),
];

#[test]
fn each_has_its_outcome_and_the_run_goes_on() {
    let server = Server::start(|_| Reply::new("200 OK", &["Content-Type: text/plain"], "fine"));
    let urls: Vec<String> = (0..5).map(|n| server.url(&format!("/{n}"))).collect();
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--json", "--concurrency", "2", "--test-fault"]);
    for (kind, wanted, code) in FAULTS {
        args.push(kind);
        let ran = probe(&args).run().exits(*code);
        args.pop();
        let lines = json::lines(&ran);
        let found = verdicts(&lines);
        assert_eq!(found.len(), urls.len(), "{kind}: one record for each");
        for (number, line) in found {
            assert_eq!(text(line, "outcome"), *wanted, "{kind}: {line}");
            assert_eq!(text(line, "target"), urls[number - 1]);
        }
        assert!(!ran.stderr.contains("stack backtrace"), "{ran}");
        if *kind == "panic" {
            ran.says(&["httpwhy: internal error at", "please report it"]);
        }
    }
}

#[test]
fn one_target_is_answered_all_the_same() {
    let server = Server::start(|_| Reply::new("200 OK", &["Content-Type: text/plain"], "fine"));
    probe(&[&server.url("/"), "--test-fault", "panic"])
        .run()
        .exits(3)
        .shows(&["engine/internal", "engine, proven"])
        .says(&["internal error"]);
}

//! Long lists: in order, each target once, and gone on with after a kill.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_testkit::{Reply, Running, Server, Workspace};
use serde_json::Value;

use crate::{json, path, probe, text, verdicts};

type Counts = Arc<Mutex<HashMap<String, usize>>>;

/// Answers after some milliseconds, with a redirect for every seventh, and counts how often each target was asked for.
fn counting() -> (Server, Counts) {
    let counts = Counts::default();
    let each = Arc::clone(&counts);
    let server = Server::start(move |asked| {
        *each
            .lock()
            .expect("no panic inside")
            .entry(asked.target.clone())
            .or_default() += 1;
        thread::sleep(Duration::from_millis(8));
        let number: usize = asked.target.trim_start_matches('/').parse().unwrap_or(1);
        if number.is_multiple_of(7) {
            return Reply::new("302 Found", &["Location: /landing"], "");
        }
        Reply::new("200 OK", &["Content-Type: text/plain"], "fine")
    });
    (server, counts)
}

fn list(server: &Server, length: usize) -> Vec<String> {
    (1..=length).map(|n| server.url(&format!("/{n}"))).collect()
}

/// Waits until the server was asked so often.
fn until_asked(server: &Server, times: usize) {
    let until = Instant::now() + Duration::from_secs(30);
    while server.requests() < times {
        assert!(Instant::now() < until, "{} requests", server.requests());
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whole lines of a file.
fn records(folder: &Workspace, name: &str) -> Vec<Value> {
    let content = std::fs::read(folder.path(name)).unwrap_or_default();
    let lines = content.split_inclusive(|&byte| byte == b'\n');
    lines
        .filter(|line| line.ends_with(b"\n"))
        .map(|line| serde_json::from_slice(line).expect("whole lines are JSON"))
        .collect()
}

/// Every input has one visit, closed once, of its own target.
fn assert_whole(lines: &[Value], list: &[String]) {
    let mut closed: BTreeMap<usize, usize> = BTreeMap::new();
    for line in lines {
        if line["kind"] == "visit" || line["steps"] == 1 {
            let number = text(line, "visit").parse().expect("a number");
            *closed.entry(number).or_default() += 1;
        }
        if line["step"] == 0 && line["kind"] == "diagnosis" {
            let number: usize = text(line, "visit").parse().expect("a number");
            assert_eq!(text(line, "target"), list[number - 1]);
        }
    }
    assert!(closed.keys().copied().eq(1..=list.len()), "{closed:?}");
    assert!(closed.values().all(|&count| count == 1), "{closed:?}");
}

fn start(file: &str, out: &str) -> Running {
    probe(&[file, "-o", out, "--json", "-c", "4", "-q"]).spawn()
}

#[test]
fn a_run_that_was_killed_goes_on_from_its_results() {
    const LENGTH: usize = 1200;
    let (server, counts) = counting();
    let folder = Workspace::new();
    let list = list(&server, LENGTH);
    let file = folder.write("urls.txt", list.join("\n"));
    let out = folder.path("out.jsonl");
    let resume = [path(&file), "-o", path(&out), "--resume", "-c", "4", "-q"];
    for (round, asked) in [400, 900].into_iter().enumerate() {
        let running = if round == 0 {
            start(path(&file), path(&out))
        } else {
            probe(&resume).spawn()
        };
        until_asked(&server, asked);
        // Long enough for results to be written out now and then; the rest is asked for again.
        running.signal("KILL");
        assert_eq!(running.wait().code, None);
        // Torn in the middle of a line, as a kill or a full disk leaves it.
        let mut content = std::fs::read(&out).expect("results");
        content.extend_from_slice(b"{\"schema\":1,\"kind\":\"diagn");
        std::fs::write(&out, content).expect("writable");
    }
    let kept = records(&folder, "out.jsonl");
    let kept: Vec<String> = verdicts(&kept)
        .iter()
        .map(|(number, _)| format!("/{number}"))
        .collect();
    assert!(!kept.is_empty() && kept.len() < LENGTH, "{}", kept.len());
    let before = counts.lock().expect("no panic inside").clone();
    probe(&resume).run().exits(0);
    assert_whole(&records(&folder, "out.jsonl"), &list);
    let after = counts.lock().expect("no panic inside").clone();
    // The last visit may have lost its end to the torn line.
    let again = kept
        .iter()
        .filter(|target| before[*target] != after[*target]);
    let again: Vec<&String> = again.collect();
    assert!(again.len() <= 1, "asked again: {again:?}");
    // And once more there is nothing to do.
    let requests = server.requests();
    probe(&resume).run().exits(0);
    assert_eq!(server.requests(), requests);
    assert_whole(&records(&folder, "out.jsonl"), &list);
}

#[test]
fn a_run_that_was_interrupted_goes_on_and_in_order() {
    let (server, _) = counting();
    let folder = Workspace::new();
    let list = list(&server, 300);
    let file = folder.write("urls.txt", list.join("\n"));
    let out = folder.path("out.jsonl");
    let args = [
        path(&file),
        "-o",
        path(&out),
        "--resume",
        "--ordered",
        "-c",
        "4",
        "-q",
    ];
    let running = probe(&args).spawn();
    until_asked(&server, 60);
    running.signal("INT");
    running.wait().exits(130);
    let lines = records(&folder, "out.jsonl");
    assert_whole(&lines, &list);
    let cancelled = |line: &&Value| line["outcome"] == "engine/cancelled";
    assert!(lines.iter().any(|line| cancelled(&line)));
    probe(&args).run().exits(0);
    let lines = records(&folder, "out.jsonl");
    assert_whole(&lines, &list);
    assert!(!lines.iter().any(|line| cancelled(&line)));
}

#[test]
fn results_of_another_list_are_refused_before_anything_is_sent() {
    let (server, _) = counting();
    let folder = Workspace::new();
    let whole = list(&server, 20);
    let file = folder.write("urls.txt", whole.join("\n"));
    let out = folder.path("out.jsonl");
    probe(&[path(&file), "-o", path(&out), "-q"]).run().exits(0);
    let requests = server.requests();
    let mut turned = whole.clone();
    turned.reverse();
    let shorter = &whole[..10];
    for (other, said) in [
        (turned.join("\n"), "another target 1"),
        (shorter.join("\n"), "record of target 20"),
    ] {
        let other = folder.write("other.txt", other);
        let content = std::fs::read(&out).expect("results");
        probe(&[path(&other), "-o", path(&out), "--resume"])
            .run()
            .exits(2)
            .says(&[said, "another list", "out.jsonl"]);
        assert_eq!(std::fs::read(&out).expect("results"), content);
    }
    let notes = folder.write("notes.txt", "no results\n");
    for (args, said) in [
        (vec!["-o", path(&notes), "--resume"], "no record of a probe"),
        (vec!["--resume"], "--output"),
        (
            vec!["-o", path(&out), "--resume", "--format", "line"],
            "JSON Lines",
        ),
    ] {
        let args = [vec![path(&file)], args].concat();
        probe(&args).run().exits(2).says(&[said]);
    }
    assert_eq!(server.requests(), requests);
}

#[test]
fn results_in_the_order_of_the_list() {
    let server = Server::start(|asked| {
        if asked.target.ends_with('0') {
            thread::sleep(Duration::from_millis(30));
        }
        Reply::new("200 OK", &["Content-Type: text/plain"], "fine")
    });
    let folder = Workspace::new();
    let list: Vec<String> = (0..200).map(|n| server.url(&format!("/{n}"))).collect();
    let file = folder.write("urls.txt", list.join("\n"));
    let args = [path(&file), "--json", "-q", "-c", "8", "--threads", "2"];
    let early = probe(&args).run().exits(0);
    let targets = |lines: &[Value]| -> Vec<String> {
        let targets = lines.iter().map(|line| text(line, "target").to_owned());
        targets.collect()
    };
    assert_ne!(targets(&json::lines(&early)), list, "they do overtake");
    let ran = probe(&[&args[..], &["--ordered"]].concat()).run().exits(0);
    assert_eq!(targets(&json::lines(&ran)), list);
}

#[test]
fn each_target_once_and_a_record_for_every_line() {
    let (server, counts) = counting();
    let folder = Workspace::new();
    let list: Vec<String> = [1, 2, 1, 3, 2, 1]
        .iter()
        .zip(0..)
        .map(|(n, at)| server.url(&format!("/{n}#{at}")))
        .collect();
    let file = folder.write("urls.txt", list.join("\n"));
    let ran = probe(&[path(&file), "--json", "--dedup", "--ordered"])
        .run()
        .exits(0);
    let lines = json::lines(&ran);
    assert_whole(&lines, &list);
    let signals: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}", text(line, "outcome"), line["signals"]))
        .collect();
    assert_eq!(
        signals,
        [
            "http/200 []",
            "http/200 []",
            "engine/duplicate [\"engine:duplicate of=1\"]",
            "http/200 []",
            "engine/duplicate [\"engine:duplicate of=2\"]",
            "engine/duplicate [\"engine:duplicate of=1\"]",
        ]
    );
    let counts = counts.lock().expect("no panic inside");
    assert!(counts.values().all(|&count| count == 1), "{counts:?}");
    drop(counts);
    // What no longer fits is said.
    probe(&[path(&file), "--json", "--dedup", "--dedup-max", "1"])
        .run()
        .exits(0)
        .says(&["--dedup", "first 1 distinct", "--dedup-max"]);
}

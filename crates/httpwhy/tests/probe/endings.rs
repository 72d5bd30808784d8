//! How a run ends: what was found, a closed pipe, a full disk, Ctrl-C.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use httpwhy_testkit::{Httpwhy, Reply, Server, Workspace};

use crate::{json, path, probe, text, verdicts};

fn fine() -> Server {
    Server::start(|asked| match asked.target.as_str() {
        "/500" => Reply::new(
            "500 Internal Server Error",
            &["Content-Type: text/plain"],
            "oops",
        ),
        target if target.starts_with("/slow") => Reply::raw("").then_silence(),
        _ => Reply::new("200 OK", &["Content-Type: text/plain"], "fine"),
    })
}

/// Targets of the interrupted run that are answered at once.
const QUICK: usize = 20;

/// Runs a line of shell in which `$0` is the binary and `$1` an argument.
fn shell(line: &str, argument: &str) -> Httpwhy {
    Httpwhy::at("sh").args(["-c", line, env!("CARGO_BIN_EXE_httpwhy"), argument])
}

#[test]
fn fail_on_decides_the_exit_code() {
    let server = fine();
    let (good, bad) = (server.url("/"), server.url("/500"));
    let table: &[(&str, i32)] = &[
        ("5xx", 1),
        ("4xx", 0),
        ("http/500", 1),
        ("http/502", 0),
        ("http/*", 1),
        ("tls/*,4xx", 0),
        ("tls/*,5xx", 1),
        ("origin", 1),
        ("dns", 0),
        ("any", 1),
    ];
    for (terms, code) in table {
        let ran = probe(&[&good, &bad, "--json", "--fail-on", terms]).run();
        assert_eq!(ran.code, Some(*code), "--fail-on {terms}: {ran}");
        assert_eq!(json::lines(&ran).len(), 2);
    }
    probe(&[&good, "--fail-on", "any"]).run().exits(0);
}

/// A list long enough that its records fill every pipe many times.
fn long_list(folder: &Workspace, server: &Server) -> std::path::PathBuf {
    let list: Vec<String> = (0..2000).map(|n| server.url(&format!("/{n}"))).collect();
    folder.write("urls.txt", list.join("\n"))
}

#[test]
fn a_closed_pipe_ends_the_run_in_silence() {
    let (server, folder) = (fine(), Workspace::new());
    let list = long_list(&folder, &server);
    for line in [
        "{ \"$0\" probe \"$1\" -q; echo \"code $?\" >&2; } | head -n 1",
        "{ \"$0\" probe \"$1\" -q --threads 2; echo \"code $?\" >&2; } | head -n 1",
        "{ \"$0\" list; echo \"code $?\" >&2; } | head -n 1",
        "{ \"$0\" list --json; echo \"code $?\" >&2; } | head -n 1",
    ] {
        let ran = shell(line, path(&list)).run().exits(0);
        assert_eq!(ran.lines().len(), 1, "{line}: {ran}");
        assert_eq!(ran.stderr, "code 0\n", "{line}");
    }
}

#[test]
fn a_full_disk_is_said_and_fails() {
    let full = Path::new("/dev/full");
    assert!(full.exists(), "Linux has it");
    let (server, folder) = (fine(), Workspace::new());
    let list = long_list(&folder, &server);
    let said = ["cannot write the output", "No space left on device"];
    for ran in [
        probe(&[path(&list), "-q", "--output", path(full)]).run(),
        probe(&[&server.url("/"), "--json", "--output", path(full)]).run(),
        shell("\"$0\" probe \"$1\" -q > /dev/full", path(&list)).run(),
        shell("\"$0\" explain 404 > /dev/full", "").run(),
        shell("\"$0\" list --json > /dev/full", "").run(),
    ] {
        let ran = ran.exits(3).says(&said);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    }
    // A list that is far from done stops: nothing of it could be kept.
    assert!(
        server.requests() < 2 * 2000,
        "{} requests",
        server.requests()
    );
}

#[test]
fn ctrl_c_leaves_valid_lines() {
    let (server, folder) = (fine(), Workspace::new());
    let list: Vec<String> = (0..QUICK)
        .map(|n| server.url(&format!("/{n}")))
        .chain((0..50).map(|n| server.url(&format!("/slow/{n}"))))
        .collect();
    let file = folder.write("urls.txt", list.join("\n"));
    for threads in ["1", "2"] {
        let before = server.requests();
        let running = probe(&[path(&file), "--json", "-c", "4", "--threads", threads]).spawn();
        // All quick ones are done and all seats taken by slow ones.
        let until = Instant::now() + Duration::from_secs(30);
        while server.requests() - before < QUICK + 4 {
            assert!(
                Instant::now() < until,
                "{} requests",
                server.requests() - before
            );
            thread::sleep(Duration::from_millis(5));
        }
        running.signal("INT");
        let ran = running.wait().exits(130);
        assert!(ran.stdout.ends_with(b"\n"), "the last line is whole");
        let lines = json::lines(&ran);
        let found = verdicts(&lines);
        assert_eq!(found.len(), list.len(), "a record for every input");
        for (number, line) in found {
            let wanted = if number <= QUICK {
                "http/200"
            } else {
                "engine/cancelled"
            };
            assert_eq!(text(line, "outcome"), wanted, "{line}");
        }
        assert!(!ran.stderr.contains("internal error"), "{ran}");
    }
}

#[test]
fn ctrl_c_ends_a_run_that_waits_for_its_list() {
    // A named pipe that stays open: the list never ends.
    let server = fine();
    let folder = Workspace::new();
    let fifo = folder.path("list");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "coreutils has mkfifo"
    );
    let running = probe(&[path(&fifo), "--json"]).spawn();
    let mut writer = std::fs::OpenOptions::new()
        .write(true)
        .open(&fifo)
        .expect("its other end is open");
    std::io::Write::write_all(&mut writer, format!("{}\n", server.url("/")).as_bytes())
        .expect("written");
    let until = Instant::now() + Duration::from_secs(30);
    while server.requests() < 1 {
        assert!(Instant::now() < until, "nothing was asked");
        thread::sleep(Duration::from_millis(5));
    }
    running.signal("INT");
    let ran = running.wait().exits(130);
    drop(writer);
    assert_eq!(json::lines(&ran).len(), 1);
}

#[test]
fn the_simulator_serves_until_it_is_told_to_end() {
    for signal in ["INT", "TERM"] {
        let folder = Workspace::new();
        let ca = folder.path("ca.pem");
        let running = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
            .args(["sim", "--port", "0", "--json", "--ca-out", path(&ca)])
            .spawn();
        let until = Instant::now() + Duration::from_secs(30);
        let is_up = || std::fs::read_to_string(&ca).is_ok_and(|text| text.contains("END CERT"));
        while !is_up() {
            assert!(Instant::now() < until, "it did not start");
            thread::sleep(Duration::from_millis(5));
        }
        // The file is written before it begins to listen for signals.
        thread::sleep(Duration::from_millis(300));
        running.signal(signal);
        let ran = running.wait().exits(130);
        let ready: serde_json::Value = serde_json::from_str(ran.text()).expect("one line of JSON");
        assert!(ready["outcomes"].as_u64() > Some(300), "{ready}");
    }
    // A port that is taken.
    let taken = fine();
    let port = taken.address().port().to_string();
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["sim", "--port", &port])
        .run()
        .exits(2)
        .says(&[&port, "--port"]);
}

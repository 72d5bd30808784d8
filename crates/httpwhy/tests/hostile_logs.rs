//! `httpwhy logs` on what no log should be: each ends with a clear message or an honest count, and the rest goes on.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpwhy_testkit::logs::{Amount, dialect, write};
use httpwhy_testkit::{Httpwhy, Workspace};
use serde_json::Value;

/// Longer than any line that is read (64 KiB) and than any buffer, short enough for CI; a whole gigabyte is a scenario of
/// `cargo xtask soak`.
const LONG: usize = 40_000_000;
const LIMIT: Duration = Duration::from_mins(2);

fn httpwhy() -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["logs", "--json"])
        .limit(LIMIT)
}

fn sound(lines: u64) -> Vec<u8> {
    let mut log = Vec::new();
    let dialect = dialect("nginx").expect("it is listed");
    write(dialect, Amount::Lines(lines), 5, &mut log).expect("memory takes it");
    log
}

fn lines(stdout: &str) -> Value {
    let all = stdout.lines();
    let all = all.map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let mut logs = all.filter(|line| line["kind"] == "logs");
    logs.next().expect("a line of kind logs")
}

/// The sum that must always hold.
fn sums_up(logs: &Value, all: u64) {
    let count = |name: &str| logs["lines"][name].as_u64().expect("a number");
    let parts = ["ok", "torn", "foreign", "oversize", "empty"];
    assert_eq!(parts.into_iter().map(count).sum::<u64>(), all, "{logs}");
    assert_eq!(count("all"), all, "{logs}");
}

#[test]
fn a_line_without_end_on_standard_input_is_one_oversize_line() {
    let log = sound(100);
    let before = log.split(|byte| *byte == b'\n').count() as u64 - 1;
    for end in ["", "\n"] {
        let mut input = log.clone();
        input.resize(input.len() + LONG, b'x');
        input.extend_from_slice(end.as_bytes());
        if !end.is_empty() {
            input.extend_from_slice(&log);
        }
        let ran = httpwhy().arg("-").stdin(input).run().exits(0);
        let logs = lines(ran.text());
        let all = if end.is_empty() {
            before + 1
        } else {
            before * 2 + 1
        };
        sums_up(&logs, all);
        // One of the generator's own in each part.
        let own = if end.is_empty() { 1 } else { 2 };
        assert_eq!(logs["lines"]["oversize"], own + 1);
    }
}

#[test]
fn a_long_line_in_a_file_is_counted_once_by_all_threads() {
    let workspace = Workspace::new();
    let log = sound(100);
    let before = log.split(|byte| *byte == b'\n').count() as u64 - 1;
    let mut input = log.clone();
    input.resize(input.len() + LONG, b'x');
    input.push(b'\n');
    input.extend_from_slice(&log);
    let path = workspace.write("long.log", &input);
    for threads in ["1", "4"] {
        let ran = httpwhy()
            .args(["--threads", threads])
            .arg(&path)
            .run()
            .exits(0);
        let logs = lines(ran.text());
        sums_up(&logs, before * 2 + 1);
        assert_eq!(logs["lines"]["oversize"], 3, "{threads} threads");
    }
}

#[test]
fn a_hole_of_a_gigabyte_in_a_file_is_one_line() {
    use std::io::{Seek as _, SeekFrom};
    let workspace = Workspace::new();
    let log = sound(4000);
    let lines_of_it = log.split(|byte| *byte == b'\n').count() as u64 - 1;
    let path = workspace.write("holed.log", &log);
    let file = std::fs::OpenOptions::new().write(true).open(&path);
    let mut file = file.expect("a file of our own");
    let end = file.seek(SeekFrom::Start(1 << 30)).expect("sparse");
    assert_eq!(end, 1 << 30);
    file.write_all(&[b"\n", &log[..]].concat())
        .expect("room for a log");
    drop(file);
    let ran = httpwhy().arg(&path).run().exits(0);
    let logs = lines(ran.text());
    sums_up(&logs, lines_of_it * 2 + 1);
    // The generator's own, in each part, and the hole.
    assert_eq!(logs["lines"]["oversize"], 3, "{logs}");
}

#[test]
fn a_binary_file_is_named_and_the_rest_is_read() {
    let workspace = Workspace::new();
    let binary: Vec<u8> = (0..200_000_u32).map(|n| (n * 7 % 256) as u8).collect();
    let binary = workspace.write("core.bin", binary);
    let log = workspace.write("access.log", sound(200));
    let ran = httpwhy().arg(&binary).arg(&log).run().exits(2);
    let ran = ran.says(&["core.bin", "no text"]);
    let logs = lines(ran.text());
    assert_eq!(
        logs["unreadable"].as_array().map(Vec::len),
        Some(1),
        "{logs}"
    );
    assert!(logs["exchanges"].as_u64() > Some(150), "{logs}");
}

#[test]
fn an_empty_file_is_no_error() {
    let workspace = Workspace::new();
    let empty = workspace.write("empty.log", "");
    let log = workspace.write("access.log", sound(200));
    let alone = httpwhy().arg(&empty).run().exits(0);
    sums_up(&lines(alone.text()), 0);
    let ran = httpwhy().arg(&empty).arg(&log).run().exits(0);
    assert_eq!(
        lines(ran.text())["inputs"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn a_file_that_is_not_there_is_named_and_the_rest_is_read() {
    let workspace = Workspace::new();
    let log = workspace.write("access.log", sound(200));
    let ran = httpwhy()
        .arg(workspace.path("gone.log"))
        .arg(&log)
        .arg(workspace.root())
        .run()
        .exits(2);
    let ran = ran.says(&["gone.log", "directory"]);
    assert!(lines(ran.text())["exchanges"].as_u64() > Some(150));
}

#[test]
fn a_file_that_shrinks_and_vanishes_while_it_is_read_ends_in_order() {
    let workspace = Workspace::new();
    let path = workspace.write("access.log", sound(60_000));
    let running = httpwhy().args(["--threads", "2"]).arg(&path).spawn();
    // Whenever this happens to fall, before, while or behind: the end is in order and the counts sum up.
    let file = std::fs::OpenOptions::new().write(true).open(&path);
    file.and_then(|file| file.set_len(1_000_000))
        .expect("a file of our own");
    std::fs::remove_file(&path).expect("a file of our own");
    let ran = running.wait();
    assert!(matches!(ran.code, Some(0 | 2)), "{ran}");
    if ran.code == Some(0) {
        let logs = lines(ran.text());
        sums_up(&logs, logs["lines"]["all"].as_u64().expect("a number"));
    } else {
        ran.says(&["access.log"]);
    }
}

#[test]
fn a_truncated_gz_gives_what_it_has_and_says_so() {
    let workspace = Workspace::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&sound(20_000)).expect("memory takes it");
    let packed = packed.finish().expect("memory takes it");
    let cut = workspace.write("access.log.2.gz", &packed[..packed.len() / 2]);
    let log = workspace.write("access.log", sound(200));
    let ran = httpwhy().arg(&cut).arg(&log).run().exits(2);
    let ran = ran.says(&["access.log.2.gz", "cut off or damaged"]);
    let logs = lines(ran.text());
    assert!(logs["exchanges"].as_u64() > Some(5_000), "{logs}");
    sums_up(&logs, logs["lines"]["all"].as_u64().expect("a number"));
}

#[test]
fn nothing_of_a_line_reaches_the_terminal_unescaped() {
    let workspace = Workspace::new();
    let evil = "203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] \"GET /\u{1b}]0;owned\u{7}\u{1b}[31m HTTP/1.1\" 502 1 \"-\" \"\u{1b}[2Jx\"\n";
    let path = workspace.write("access.log", evil.repeat(50));
    let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("logs")
        .arg(&path)
        .run()
        .exits(0);
    assert!(ran.text().contains("502"), "{ran}");
    assert!(
        !ran.stdout.contains(&0x1b) && !ran.stdout.contains(&7),
        "{ran}"
    );
}

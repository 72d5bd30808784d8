//! A log that is read in several runs counts exactly as the same log read at once, wherever it was cut, and whatever
//! became of its file between the runs.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

mod summary;

use std::fmt::Write as _;
use std::fs::{File, OpenOptions, rename};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use httpwhy_logs::{Input, Options, Progress, Reading, State, Triage, read};
use summary::summary;
use tempfile::TempDir;

fn options() -> Options {
    Options {
        threads: 1,
        ..Options::default()
    }
}

fn inputs(paths: &[&Path]) -> Vec<Input> {
    paths
        .iter()
        .map(|path| Input::File(path.to_path_buf()))
        .collect()
}

/// One run over some files that goes on from a state and writes it.
fn run(paths: &[&Path], state: &Path) -> Triage {
    let known = State::load(state).unwrap();
    let mut reading = Reading::new(inputs(paths), options(), "", known, false).unwrap();
    let step = reading.advance(&Progress::default());
    assert!(!step.interrupted);
    reading.save(state).unwrap();
    reading.finish(&Progress::default())
}

/// One run over all of it.
fn whole(paths: &[&Path]) -> Triage {
    read(&inputs(paths), &options(), &Progress::default())
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    file.write_all(bytes).unwrap();
}

/// Some minutes of a shop: failures, torn, foreign, empty and endless lines.
fn shop(from: u32, lines: u32) -> Vec<u8> {
    let mut text = String::new();
    for at in from..from + lines {
        let status = match at % 7 {
            0 => 502,
            3 => 499,
            _ => 200,
        };
        let (minute, second) = (at / 60 % 60, at % 60);
        write!(
            text,
            "203.0.113.{} - - [03/Nov/2026:14:{minute:02}:{second:02} +0000] \"GET /p/{at}/{} HTTP/1.1\" {status} {at} \"-\" \"agent{}/1\"{}",
            at % 200,
            ["cart", "pay", "item"][at as usize % 3],
            at % 5,
            if at % 11 == 0 { "\r\n" } else { "\n" }
        )
        .unwrap();
        match at % 10 {
            2 => text.push('\n'),
            5 => text.push_str("what is this\n"),
            8 => text.push_str("203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] \"GET /torn HTT\n"),
            _ => {}
        }
    }
    text.into_bytes()
}

/// Reads `text` in two runs, cut there, and compares with one run.
fn cut_at(text: &[u8], cut: usize) {
    let folder = TempDir::new().unwrap();
    let (log, state) = (folder.path().join("access.log"), folder.path().join("s"));
    append(&log, &text[..cut]);
    let first = run(&[&log], &state);
    assert_eq!(
        summary(&first),
        summary(&whole(&[&log])),
        "the first run, cut at {cut}"
    );
    append(&log, &text[cut..]);
    let second = run(&[&log], &state);
    assert_eq!(summary(&second), summary(&whole(&[&log])), "cut at {cut}");
}

#[test]
fn two_runs_count_as_one_wherever_the_log_was_cut() {
    let mut text = shop(0, 40);
    let line = text.iter().position(|byte| *byte == b'\n').unwrap();
    // Every byte of the first lines, then some of each kind.
    for cut in (0..line + 40)
        .step_by(3)
        .chain([line, line + 1, text.len() - 1, text.len()])
    {
        cut_at(&text, cut);
    }
    // Without an end, and then with one of 100 kB, cut within.
    text.extend_from_slice(
        b"203.0.113.9 - - [03/Nov/2026:14:59:12 +0000] \"GET /last HTTP/1.1\" 502 1 \"-\" \"x\"",
    );
    cut_at(&text, text.len() - 10);
    cut_at(&text, text.len());
    let end = text.len();
    text.resize(end + 300_000, b'x');
    text.push(b'\n');
    text.extend_from_slice(&shop(50, 3));
    for cut in [end, end + 70_000, end + 280_000, end + 300_001] {
        cut_at(&text, cut);
    }
}

#[test]
fn parts_of_a_message_are_put_together_over_two_runs() {
    let mut text = String::new();
    for at in 0..20 {
        let line = String::from_utf8(shop(at, 1)).unwrap();
        let line = line.lines().next().unwrap();
        let (a, b) = line.split_at(60);
        writeln!(text, "2026-11-03T14:05:12.345678901Z stdout P {a}").unwrap();
        writeln!(text, "2026-11-03T14:05:12.345678901Z stdout F {b}").unwrap();
    }
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    for cut in ends
        .clone()
        .skip(10)
        .take(4)
        .chain(ends.map(|at| at + 3).skip(8).take(3))
    {
        cut_at(text.as_bytes(), cut);
    }
}

#[test]
fn headers_in_the_middle_hold_in_the_next_run() {
    let text = "#Fields: date time cs-method cs-uri-stem sc-status time-taken c-ip\n\
        2026-11-03 14:05:12 GET /a 502 12 203.0.113.9\n2026-11-03 14:05:13 GET /b 200 13 203.0.113.9\n\
        #Fields: date time c-ip sc-status cs-method cs-uri-stem time-taken\n\
        2026-11-03 14:06:12 203.0.113.9 503 GET /c 12\n2026-11-03 14:06:13 203.0.113.9 200 GET /d 12\n";
    for cut in text.match_indices('\n').map(|(at, _)| at + 1) {
        cut_at(text.as_bytes(), cut);
        cut_at(text.as_bytes(), cut - 5);
    }
}

#[test]
fn an_error_line_of_the_first_run_proves_a_failure_of_the_second() {
    let folder = TempDir::new().unwrap();
    let [access, error, state] =
        ["access.log", "error.log", "s"].map(|name| folder.path().join(name));
    append(
        &error,
        b"2026/11/03 14:07:01 [error] 7#7: *61 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.1, server: _, request: \"GET /p/421/pay HTTP/1.1\", upstream: \"http://10.0.0.5:8080/p\", host: \"x\"\n",
    );
    append(&access, &shop(400, 20));
    let first = run(&[&access, &error], &state);
    assert_eq!(
        first.groups().iter().map(|group| group.joined).sum::<u64>(),
        0
    );
    append(
        &access,
        b"203.0.113.1 - - [03/Nov/2026:14:07:01 +0000] \"GET /p/421/pay HTTP/1.1\" 502 1 \"-\" \"x\"\n",
    );
    let second = run(&[&access, &error], &state);
    assert_eq!(
        second
            .groups()
            .iter()
            .map(|group| group.joined)
            .sum::<u64>(),
        1
    );
    assert_eq!(summary(&second), summary(&whole(&[&access, &error])));
}

/// A file in a folder that was read in a first run, then rotated by `rotate`, and written to again.
struct Rotated {
    folder: TempDir,
    log: PathBuf,
    old: PathBuf,
    state: PathBuf,
    rest: Vec<u8>,
}

impl Rotated {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let [log, old, state] =
            ["access.log", "access.log.1", "s"].map(|name| folder.path().join(name));
        let text = shop(0, 50);
        append(&log, &text[..text.len() / 2]);
        run(&[&log], &state);
        Self {
            folder,
            log,
            old,
            state,
            rest: text[text.len() / 2..].to_vec(),
        }
    }

    /// Both files, read at once.
    fn whole(&self) -> String {
        summary(&whole(&[&self.old, &self.log]))
    }
}

#[test]
fn a_rotated_file_is_read_to_its_end_given_or_found() {
    for given in [true, false] {
        let it = Rotated::new();
        append(&it.log, &it.rest);
        rename(&it.log, &it.old).unwrap();
        append(&it.log, &shop(100, 30));
        let found = match given {
            true => run(&[&it.log, &it.old], &it.state),
            false => run(&[&it.log], &it.state),
        };
        assert_eq!(summary(&found), it.whole(), "given: {given}");
        // And nothing is counted twice.
        let again = run(&[&it.log, &it.old], &it.state);
        assert_eq!(summary(&again), it.whole(), "given: {given}");
    }
}

#[test]
fn a_file_of_three_generations_is_counted_once() {
    let it = Rotated::new();
    append(&it.log, &it.rest);
    let older = it.folder.path().join("access.log.2");
    rename(&it.log, &it.old).unwrap();
    append(&it.log, &shop(100, 30));
    run(&[&it.log, &it.old], &it.state);
    append(&it.log, &shop(130, 30));
    rename(&it.old, &older).unwrap();
    rename(&it.log, &it.old).unwrap();
    append(&it.log, &shop(200, 30));
    let found = run(&[&it.log, &it.old, &older], &it.state);
    assert_eq!(
        summary(&found),
        summary(&whole(&[&older, &it.old, &it.log]))
    );
}

#[test]
fn a_truncated_file_whose_copy_lies_beside_it_is_read_to_its_end() {
    let it = Rotated::new();
    append(&it.log, &it.rest);
    std::fs::copy(&it.log, &it.old).unwrap();
    // copytruncate: the inode stays.
    File::create(&it.log)
        .unwrap()
        .write_all(&shop(100, 90))
        .unwrap();
    let found = run(&[&it.log], &it.state);
    assert_eq!(summary(&found), it.whole());
}

#[test]
fn a_file_that_was_packed_meanwhile_is_read_to_its_end() {
    for given in [true, false] {
        let it = Rotated::new();
        append(&it.log, &it.rest);
        let packed = it.folder.path().join("access.log.1.gz");
        let mut gz = flate2::write::GzEncoder::new(
            File::create(&packed).unwrap(),
            flate2::Compression::fast(),
        );
        gz.write_all(&std::fs::read(&it.log).unwrap()).unwrap();
        gz.finish().unwrap();
        std::fs::remove_file(&it.log).unwrap();
        append(&it.log, &shop(100, 30));
        let all = summary(&whole(&[&packed, &it.log]));
        for round in 0..2 {
            let found = match given {
                true => run(&[&it.log, &packed], &it.state),
                false => run(&[&it.log], &it.state),
            };
            assert_eq!(summary(&found), all, "given: {given}, round {round}");
        }
    }
}

#[test]
fn a_file_that_is_lost_is_told() {
    let it = Rotated::new();
    // The same inode or another: the content is another.
    File::create(&it.log)
        .unwrap()
        .write_all(&shop(100, 90))
        .unwrap();
    let found = run(&[&it.log], &it.state);
    let doubts: Vec<&String> = found.files.iter().flat_map(|file| &file.doubts).collect();
    assert!(
        doubts.iter().any(|doubt| doubt.contains("is missing")),
        "{doubts:?}"
    );
    let lines: u64 = found.files.iter().map(|file| file.counters.lines()).sum();
    assert_eq!(lines, found.counters.lines());
}

#[test]
fn packed_files_and_empty_ones_are_read_once() {
    let folder = TempDir::new().unwrap();
    let [packed, empty, state] = ["a.gz", "b.log", "s"].map(|name| folder.path().join(name));
    let mut gz =
        flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
    gz.write_all(&shop(0, 30)).unwrap();
    gz.finish().unwrap();
    append(&empty, b"");
    for round in 0..3 {
        let found = run(&[&packed, &empty], &state);
        assert_eq!(
            summary(&found),
            summary(&whole(&[&packed, &empty])),
            "round {round}"
        );
    }
    let moved = folder.path().join("b.gz");
    rename(&packed, &moved).unwrap();
    let found = run(&[&moved, &empty], &state);
    assert_eq!(summary(&found), summary(&whole(&[&moved, &empty])));
}

#[test]
fn following_reads_through_rotation_truncation_and_absence() {
    let folder = TempDir::new().unwrap();
    let [log, old, other] =
        ["access.log", "access.log.1", "other.log"].map(|name| folder.path().join(name));
    let progress = Progress::default();
    let mut reading = Reading::new(inputs(&[&log, &other]), options(), "", None, true).unwrap();
    let step = reading.advance(&progress);
    assert_eq!(
        (step.lines, step.notes.len()),
        (0, 2),
        "both are waited for: {:?}",
        step.notes
    );
    append(&log, &shop(0, 30));
    let text = shop(30, 30);
    append(&log, &text[..text.len() / 2]);
    assert!(reading.advance(&progress).lines > 30);
    // Renamed; its writer writes on until it opens the new one.
    rename(&log, &old).unwrap();
    append(&old, &text[text.len() / 2..]);
    reading.advance(&progress);
    append(&log, &shop(60, 5));
    reading.advance(&progress);
    append(&old, &shop(70, 3));
    append(&log, &shop(80, 5));
    append(&other, &shop(90, 9));
    reading.advance(&progress);
    let all = summary::of_lines(&whole(&[&old, &log, &other]));
    assert_eq!(summary::of_lines(reading.triage()), all);
    // Truncated, and grown beyond what was read at once.
    let before = std::fs::read(&log).unwrap();
    let grown = shop(200, 40);
    File::create(&log).unwrap().write_all(&grown).unwrap();
    reading.advance(&progress);
    // Gone, and there again.
    std::fs::remove_file(&other).unwrap();
    reading.advance(&progress);
    append(&other, &shop(300, 9));
    reading.advance(&progress);
    let (kept, back) = (folder.path().join("kept"), folder.path().join("back"));
    append(&kept, &before);
    append(&back, &shop(90, 9));
    let all = summary::of_lines(&whole(&[&old, &kept, &log, &back, &other]));
    assert_eq!(summary::of_lines(&reading.finish(&progress)), all);
}

#[test]
fn what_was_followed_is_gone_on_from() {
    let folder = TempDir::new().unwrap();
    let (log, state) = (folder.path().join("access.log"), folder.path().join("s"));
    let mut reading = Reading::new(inputs(&[&log]), options(), "", None, true).unwrap();
    for at in 0..20 {
        append(&log, &shop(at * 10, 10));
        reading.advance(&Progress::default());
    }
    append(&log, b"203.0.113.9 - - [03/Nov");
    reading.advance(&Progress::default());
    reading.save(&state).unwrap();
    drop(reading);
    append(
        &log,
        b"/2026:14:59:12 +0000] \"GET /last HTTP/1.1\" 502 1 \"-\" \"x\"\n",
    );
    let found = run(&[&log], &state);
    assert_eq!(
        summary::of_lines(&found),
        summary::of_lines(&whole(&[&log]))
    );
}

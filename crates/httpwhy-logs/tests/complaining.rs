//! Error lines find the access lines of the same exchanges, and no others.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

mod summary;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use httpwhy_logs::{Input, Options, Progress, Reading, Triage, read};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn triage(files: &[&Path], threads: usize) -> Triage {
    let inputs: Vec<Input> = files
        .iter()
        .map(|path| Input::File(path.to_path_buf()))
        .collect();
    let options = Options {
        threads,
        ..Options::default()
    };
    read(&inputs, &options, &Progress::default())
}

/// What happened and how often, of failures; with how many of them an error line proves.
fn failures(triage: &Triage) -> String {
    let groups = triage.groups().into_iter();
    let mut told: Vec<String> = groups
        .filter(|group| group.happened.is_failure())
        .map(|group| format!("{} {}/{}", group.happened, group.joined, group.count))
        .collect();
    told.sort();
    told.join(", ")
}

const REFUSED: &str = "connect() failed (111: Connection refused) while connecting to upstream";
const CUT: &str = "upstream prematurely closed connection while reading upstream";

fn nginx_access(time: &str, path: &str, status: u16) -> String {
    format!("203.0.113.9 - - [{time}] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"curl/8.5.0\"\n")
}

fn nginx_error(time: &str, path: &str, message: &str) -> String {
    format!(
        "{time} [error] 7#7: *46 {message}, client: 203.0.113.9, server: shop, request: \"GET {path} HTTP/1.1\", \
         upstream: \"http://10.0.0.5:80/\", host: \"shop\"\n"
    )
}

#[test]
fn an_error_log_in_local_time_is_joined_to_access_lines_with_their_zone() {
    for (zone, time) in [
        ("+0000", "2026/11/03 14:05:12"),
        ("+0100", "2026/11/03 14:05:12"),
        ("-0530", "2026/11/03 14:05:12"),
        ("+1300", "2026/11/03 14:05:11"),
    ] {
        let folder = Folder::new();
        let access = nginx_access(&format!("03/Nov/2026:14:05:12 {zone}"), "/cart", 502);
        let access = folder.put("access.log", &access);
        let error = folder.put("error.log", &nginx_error(time, "/cart", REFUSED));
        assert_eq!(
            failures(&triage(&[&access, &error], 1)),
            "upstream-refused 1/1",
            "{zone}"
        );
        let other = folder.put(
            "error.log",
            &nginx_error("2026/11/03 15:05:12", "/cart", REFUSED),
        );
        assert_eq!(
            failures(&triage(&[&access, &other], 1)),
            "unclear 0/1",
            "{zone}"
        );
    }
}

/// Lines of both kinds; one of `every` exchanges failed, and its error line stands right before.
fn mixed(lines: u32, every: u32) -> String {
    let mut text = String::new();
    for at in 0..lines {
        let (minute, second) = (at / 60 % 60, at % 60);
        let time = format!("03/Nov/2026:14:{minute:02}:{second:02} +0000");
        let path = format!("/{at}");
        if at % every == every / 2 {
            let stamp = format!("2026/11/03 14:{minute:02}:{second:02}");
            text += &nginx_error(&stamp, &path, REFUSED);
            text += &nginx_access(&time, &path, 502);
        } else {
            text += &nginx_access(&time, &path, 200);
        }
    }
    text
}

#[test]
fn both_kinds_in_one_file_are_joined() {
    let folder = Folder::new();
    // Seen in the sample, met on the way in another chunk than it is, wrapped in a carrier.
    let wrapped: String = mixed(600, 7).lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "2026-11-03T14:05:12.3Z stdout F {line}");
        all
    });
    for (name, text, wanted) in [
        ("few.log", mixed(600, 7), "upstream-refused 86/86"),
        ("rare.log", mixed(100_000, 33_334), "upstream-refused 3/3"),
        ("cri.log", wrapped, "upstream-refused 86/86"),
    ] {
        let path = folder.put(name, &text);
        for threads in [1, 2] {
            let triage = triage(&[&path], threads);
            assert_eq!(failures(&triage), wanted, "{name}");
            assert_eq!(
                triage.counters.lines(),
                text.lines().count() as u64,
                "{name}"
            );
            assert_eq!(
                triage.exchanges(),
                if name == "rare.log" { 100_000 } else { 600 }
            );
        }
    }
}

#[test]
fn what_comes_through_a_pipe_is_joined_to_what_stands_before_it() {
    let folder = Folder::new();
    let pipe = folder.0.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let writer = {
        let (pipe, text) = (pipe.clone(), mixed(600, 7));
        std::thread::spawn(move || fs::write(pipe, text))
    };
    let triage = triage(&[&pipe], 2);
    writer.join().unwrap().unwrap();
    assert_eq!(failures(&triage), "upstream-refused 86/86");
}

#[test]
fn both_kinds_in_a_file_that_grows_are_joined() {
    let folder = Folder::new();
    let text = mixed(600, 7);
    let path = folder.put("grows.log", "");
    let inputs = vec![Input::File(path.clone())];
    let mut reading = Reading::new(inputs, Options::default(), "", None, true).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for part in lines.chunks(29) {
        let mut before = fs::read_to_string(&path).unwrap();
        before.extend(part.iter().copied());
        fs::write(&path, before).unwrap();
        reading.advance(&Progress::default());
    }
    assert_eq!(failures(reading.triage()), "upstream-refused 86/86");
}

#[test]
fn an_answer_that_was_cut_is_a_failure_whatever_its_status() {
    let folder = Folder::new();
    let access = nginx_access("03/Nov/2026:14:05:12 +0000", "/a", 200)
        + &nginx_access("03/Nov/2026:14:05:12 +0000", "/b", 200)
        + &nginx_access("03/Nov/2026:14:09:12 +0000", "/a", 200);
    let access = folder.put("access.log", &access);
    let error = folder.put("error.log", &nginx_error("2026/11/03 14:05:12", "/a", CUT));
    assert_eq!(
        failures(&triage(&[&access, &error], 1)),
        "upstream-broke-off 1/1"
    );
    // A failure before the head that another server made good is none.
    let error = folder.put(
        "error.log",
        &nginx_error("2026/11/03 14:05:12", "/a", REFUSED),
    );
    assert_eq!(failures(&triage(&[&access, &error], 1)), "");
}

fn apache_access(path: &str, status: u16) -> String {
    format!(
        "127.0.0.1 - - [21/Nov/2026:19:39:58 +0000] \"GET {path} HTTP/1.1\" {status} 563 \"-\" \"curl/8.5.0\"\n"
    )
}

fn apache_error(head: &str, port: u16, message: &str) -> String {
    let client = match port {
        0 => String::new(),
        port => format!("[client 127.0.0.1:{port}] "),
    };
    format!(
        "[Sat Nov 21 19:39:58.649610 2026] [proxy:error] [pid 7:tid 9] {head}{client}{message}\n"
    )
}

#[test]
fn failures_of_one_client_in_one_second_are_told_apart() {
    let folder = Folder::new();
    let access = apache_access("/p/close", 502)
        + &apache_access("/dead/x", 503)
        + &apache_access("/denied", 403)
        + &apache_access("/secret", 403)
        + &apache_access("/p/said", 500);
    let error = apache_error(
        "(20014)Internal error: ",
        1,
        "AH01102: error reading status line from remote server a:1",
    ) + &apache_error(
        "",
        1,
        "AH00898: Error reading from remote server returned by /p/close",
    ) + &apache_error(
        "(111)Connection refused: ",
        0,
        "AH00957: http: attempt to connect to 127.0.0.1:18109 failed",
    ) + &apache_error(
        "",
        2,
        "AH01114: HTTP: failed to make connection to backend: 127.0.0.1",
    ) + &apache_error(
        "",
        3,
        "AH01630: client denied by server configuration: /srv/www/denied",
    ) + &apache_error(
        "(13)Permission denied: ",
        4,
        "AH00132: file permissions deny server access: /srv/www/secret",
    );
    let files = [
        folder.put("access.log", &access),
        folder.put("error.log", &error),
    ];
    assert_eq!(
        failures(&triage(&[&files[0], &files[1]], 1)),
        "configuration 1/1, policy 1/1, unclear 0/1, upstream-broke-off 1/1, upstream-refused 1/1"
    );
}

#[test]
fn lines_that_name_nobody_are_joined_by_the_status_they_lead_to() {
    let folder = Folder::new();
    let access = |path: &str, status: u16| {
        format!(
            "127.0.0.1 shop.example - [21/Nov/2026:19:37:35 +0100] \"GET {path} HTTP/1.1\" {status} 365 \"-\" \"curl/8.5.0\"\n"
        )
    };
    let access = access("/slow", 504)
        + &access("/dead", 503)
        + &access("/dead/again", 503)
        + &access("/said", 500)
        + &access("/large", 413);
    let error = "\
        2026-11-21 19:37:35: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:18109: Connection refused\n\
        2026-11-21 19:37:35: (gw_backend.c.960) all handlers for /dead? on  are down.\n\
        2026-11-21 19:37:35: (gw_backend.c.2708) read timeout on socket: tcp:127.0.0.1:18100 (fd: 13)\n\
        2026-11-21 19:37:35: (gw_backend.c.960) all handlers for /dead/again? on  are down.\n\
        2026-11-21 19:37:35: (response.c.377) request-size too long: 4000 -> 413\n";
    let files = [
        folder.put("access.log", &access),
        folder.put("error.log", error),
    ];
    assert_eq!(
        failures(&triage(&[&files[0], &files[1]], 1)),
        "client-erred 1/1, unclear 0/1, upstream-refused 2/2, upstream-silent 1/1"
    );
}

#[test]
fn error_lines_without_an_access_line_are_told_apart_from_those_that_have_one() {
    let folder = Folder::new();
    let error = nginx_error("2026/11/03 14:05:12", "/a", REFUSED)
        + &nginx_error("2026/11/03 14:05:12", "/b", REFUSED)
        + &nginx_error(
            "2026/11/03 14:05:12",
            "/c",
            "upstream timed out (110: Connection timed out) while reading response header from upstream",
        )
        + "2026/11/03 14:05:00 [notice] 7#7: nginx/1.22.1\n";
    let error = folder.put("error.log", &error);
    let access = nginx_access("03/Nov/2026:14:05:12 +0000", "/a", 502)
        + &nginx_access("03/Nov/2026:14:05:12 +0000", "/c", 504);
    let access = folder.put("access.log", &access);
    let told = |triage: &Triage| -> Vec<String> {
        let groups = triage.loose().into_iter();
        groups
            .map(|group| format!("{} {}", group.happened, group.count))
            .collect()
    };
    assert_eq!(told(&triage(&[&access, &error], 1)), ["upstream-refused 1"]);
    assert_eq!(
        told(&triage(&[&error], 1)),
        ["upstream-refused 2", "upstream-silent 1"]
    );
}

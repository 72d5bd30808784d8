//! The logs of the front and of the server behind it, joined by the request's id: the verdict is two-sided.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

use std::path::PathBuf;

use httpwhy_ingest::logs::user::compile;
use httpwhy_logs::{Group, Input, Options, Progress, Reader, Triage, read};
use httpwhy_model::{Blame, Party};

const FORMAT: &str = r#"log_format ids '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent $request_time $request_id';"#;

fn line(second: u32, path: &str, status: u16, took: &str, id: &str) -> String {
    format!(
        "203.0.113.9 [2026-11-03T14:05:{second:02}+00:00] \"GET {path} HTTP/1.1\" {status} 15 {took} {id}\n"
    )
}

fn joined(front: &str, behind: &str) -> Triage {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str, text: &str| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let user = compile(FORMAT).unwrap();
    let options = Options {
        given: vec![Reader::of(user.format, user.layout)],
        behind: vec![Input::File(place("behind.log", behind))],
        ..Options::default()
    };
    let front = Input::File(place("front.log", front));
    read(&[front], &options, &Progress::default())
}

fn only_failure(triage: &Triage) -> &Group {
    let failures: Vec<&Group> = triage
        .groups()
        .into_iter()
        .filter(|group| group.happened.is_failure())
        .collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures[0]
}

#[test]
fn the_log_from_behind_decides() {
    let id = "0af7651916cd43dd8448eb211c80319c";
    // In front, behind (status and time taken), who, what happened, what is said of it.
    let table = [
        (
            (504, "60.001"),
            (200, "61.200"),
            Party::Intermediary,
            "upstream-silent",
            "timeout is shorter",
        ),
        (
            (502, "0.010"),
            (200, "0.005"),
            Party::Intermediary,
            "own-answer",
            "rejected the answer",
        ),
        (
            (502, "0.010"),
            (500, "0.005"),
            Party::Origin,
            "upstream-said",
            "failed itself",
        ),
        (
            (503, "0.010"),
            (503, "0.005"),
            Party::Origin,
            "upstream-said",
            "said so itself",
        ),
        (
            (504, "60.001"),
            (499, "60.002"),
            Party::Origin,
            "upstream-silent",
            "still at work",
        ),
    ];
    for ((status, took), (behind, behind_took), party, happened, shows) in table {
        let front = line(1, "/", 200, "0.1", "ffffffffffffffffffffffffffffffff")
            + &line(9, "/pay", status, took, id);
        let origin = line(10, "/pay", behind, behind_took, id)
            + &line(11, "/other", 500, "0.1", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
        let triage = joined(&front, &origin);
        let told = format!("{status} and {behind}");
        assert_eq!(
            triage.exchanges(),
            2,
            "{told}: the lines behind are no further exchanges"
        );
        assert_eq!(triage.counters.lines(), 4, "{told}: and are accounted for");
        assert_eq!(
            (triage.joined.found, triage.joined.missing()),
            (1, 0),
            "{told}"
        );
        let group = only_failure(&triage);
        assert_eq!(group.witnessed, 1, "{told}");
        assert_eq!(group.happened.word(), happened, "{told}");
        let (Blame::Proven(found) | Blame::Likely(found)) = group.diagnosis.blame else {
            panic!("{told}: {:?}", group.diagnosis.blame);
        };
        assert_eq!(found, party, "{told}");
        assert!(
            group
                .diagnosis
                .evidence
                .iter()
                .any(|evidence| evidence.shows.contains(shows)),
            "{told}: {:?}",
            group.diagnosis.evidence
        );
    }
}

#[test]
fn failures_without_a_line_behind_are_counted() {
    let front = line(1, "/", 502, "0.1", "0af7651916cd43dd8448eb211c80319c")
        + &line(2, "/", 502, "0.1", "-");
    let behind = line(3, "/", 200, "0.1", "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
    let triage = joined(&front, &behind);
    let how = triage.joined;
    assert_eq!(
        (how.with_id, how.without_id, how.found, how.missing()),
        (1, 1, 0, 1)
    );
    assert_eq!(only_failure(&triage).witnessed, 0);
}

//! Files of every kind are read to the last line, and every line is accounted for.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use httpwhy_diagnose::many::Happening;
use httpwhy_logs::{Depth, Dimension, Filter, Input, Options, Progress, Triage, Unread, read};

fn line(second: u32, path: &str, status: u16) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(
        "203.0.113.{} - - [03/Nov/2026:14:{minute:02}:{second:02} +0000] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"curl/8.5.0\"\n",
        second + 1
    )
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn triage(paths: &[PathBuf], options: &Options) -> Triage {
    let inputs: Vec<Input> = paths.iter().cloned().map(Input::File).collect();
    read(&inputs, options, &Progress::default())
}

/// What `wc -l` counts, and a last line without its end.
fn lines_of(bytes: &[u8]) -> u64 {
    let ends = memchr::memchr_iter(b'\n', bytes).count();
    (ends + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"))) as u64
}

#[test]
fn counts_are_exact_whatever_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    // Longer than two chunks, so that lines lie across their borders.
    let mut expected = [0_u64; 3];
    for at in 0..170_000_u32 {
        let status = match at % 50 {
            0 => 502,
            1 => 499,
            _ => 200,
        };
        expected[match status {
            502 => 0,
            499 => 1,
            _ => 2,
        }] += 1;
        text.push_str(&line(at % 3600, &format!("/items/{}", at % 977), status));
        if at % 1000 == 7 {
            text.push_str(
                "203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] \"GET /torn HTT\n\nnot a log line\n",
            );
        }
    }
    let path = file(folder.path(), "access.log", text.as_bytes());
    for threads in [1, 2, 5] {
        for depth in [Depth::Full, Depth::Counts] {
            let options = Options {
                threads,
                depth,
                ..Options::default()
            };
            let triage = triage(std::slice::from_ref(&path), &options);
            let counters = triage.counters;
            assert_eq!(counters.lines(), lines_of(text.as_bytes()));
            assert_eq!(
                (counters.ok, counters.torn, counters.foreign, counters.empty),
                (170_000, 170, 170, 170)
            );
            assert_eq!(
                triage.statuses(),
                [(200, expected[2]), (499, expected[1]), (502, expected[0])],
                "{threads} threads"
            );
            let minutes: u64 = triage.all_minutes().iter().map(|(_, count)| count).sum();
            assert_eq!(minutes, 170_000);
            if depth == Depth::Full {
                let group = triage.groups()[0];
                let paths = triage.top(group, Dimension::Path, 3);
                assert_eq!(paths.len(), 1, "{paths:?}");
                assert_eq!(
                    (&paths[0].name[..], paths[0].count),
                    (&b"/items/{n}"[..], group.count)
                );
            }
        }
    }
}

#[test]
fn packed_files_are_unpacked_and_a_cut_one_tells() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for at in 0..20_000 {
        text.push_str(&line(at % 3600, &format!("/p/{at}?q={at}"), 200));
    }
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    let twice = [gz.clone(), gz.clone()].concat();
    let whole = file(folder.path(), "a.gz", &twice);
    let cut = file(folder.path(), "b.gz", &gz[..gz.len() / 2]);
    let triage = triage(&[whole, cut], &Options::default());
    assert_eq!(triage.files[0].counters.ok, 40_000);
    let cut_lines = triage.files[1].counters.ok;
    assert!((1..20_000).contains(&cut_lines), "{cut_lines}");
    assert_eq!(triage.unreadable.len(), 1);
    assert!(
        triage.unreadable[0].what.contains("cut off or damaged"),
        "{:?}",
        triage.unreadable
    );
}

#[test]
fn odd_files_are_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.log", line(0, "/", 200).as_bytes());
    let empty = file(folder.path(), "empty.log", b"");
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let binary = file(folder.path(), "binary", &noise);
    let varnish = file(
        folder.path(),
        "varnish.vsl",
        b"VSL\0\x0d\0\0L\x03\0\0\x80bereq 2 pass\0",
    );
    let gone = folder.path().join("gone.log");
    let triage = triage(
        &[gone, binary, empty, good, folder.path().to_owned(), varnish],
        &Options::default(),
    );
    let told: Vec<&str> = triage
        .unreadable
        .iter()
        .map(|one| one.what.as_str())
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        told[0].contains("No such file")
            && told[1].contains("no text")
            && told[2].contains("directory")
            && told[3].contains("varnishlog -r FILE"),
        "{told:?}"
    );
    assert_eq!(triage.counters.ok, 1);
    assert_eq!(triage.files.len(), 2);
}

#[test]
fn a_line_without_end_is_counted_once_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = line(0, "/", 200).into_bytes();
    // Across two borders of chunks.
    bytes.extend(std::iter::repeat_n(b'x', 20 << 20));
    bytes.push(b'\n');
    bytes.extend(line(1, "/", 404).bytes());
    bytes.extend(std::iter::repeat_n(b'y', 70_000));
    let path = file(folder.path(), "long.log", &bytes);
    for threads in [1, 3] {
        let options = Options {
            threads,
            ..Options::default()
        };
        let triage = triage(std::slice::from_ref(&path), &options);
        assert_eq!((triage.counters.ok, triage.counters.oversize), (2, 2));
        assert_eq!(triage.counters.lines(), lines_of(&bytes));
        assert!(triage.files[0].unended);
        assert!(
            triage
                .unread
                .iter()
                .all(|(why, line)| *why == Unread::Oversize && line.len() <= 1024)
        );
    }
}

#[test]
fn formats_may_change_from_line_to_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("\u{feff}");
    for at in 0..300 {
        text.push_str(line(at, "/a", 200).trim_end());
        text.push_str("\r\n");
    }
    for at in 0..300 {
        let _ = writeln!(
            text,
            r#"{{"time_iso8601":"2026-11-03T15:00:{:02}+00:00","remote_addr":"203.0.113.9","request_uri":"/b","status":"503","upstream_status":"-"}}"#,
            at % 60
        );
    }
    let path = file(folder.path(), "mixed.log", text.as_bytes());
    let triage = triage(&[path], &Options::default());
    assert_eq!((triage.counters.ok, triage.counters.lines()), (600, 600));
    assert_eq!(triage.statuses(), [(200, 300), (503, 300)]);
    let own = triage
        .groups()
        .into_iter()
        .find(|group| group.happened == Happening::Own);
    assert_eq!(own.map(|group| group.count), Some(300));
}

#[test]
fn filters_ask_by_shape_and_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for at in 0..600 {
        let path = if at % 2 == 0 { "/cart" } else { "/api/x" };
        text.push_str(&line(at, path, if at % 3 == 0 { 502 } else { 200 }));
    }
    let path = file(folder.path(), "f.log", text.as_bytes());
    let ask = |filter: Filter| {
        let options = Options {
            filter,
            ..Options::default()
        };
        let triage = triage(std::slice::from_ref(&path), &options);
        assert_eq!(triage.counters.ok, 600);
        assert_eq!(triage.counters.not_asked + triage.exchanges(), 600);
        triage.exchanges()
    };
    assert_eq!(
        ask(Filter {
            statuses: vec![500..=599],
            ..Filter::default()
        }),
        200
    );
    assert_eq!(
        ask(Filter {
            outcomes: vec!["http/502".into()],
            ..Filter::default()
        }),
        200
    );
    assert_eq!(
        ask(Filter {
            parties: vec!["client".into()],
            ..Filter::default()
        }),
        0
    );
    assert_eq!(
        ask(Filter {
            paths: vec!["/api/*".into()],
            ..Filter::default()
        }),
        300
    );
    let noon = 1_793_714_400; // 2026-11-03T14:00:00Z
    let minute = Filter {
        since: Some(noon + 60),
        until: Some(noon + 120),
        conditions: vec!["agent~CURL".parse().unwrap()],
        ..Filter::default()
    };
    assert_eq!(ask(minute), 60);
}

#[test]
fn an_incident_is_told_with_what_its_failures_share() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for at in 0..3600_u32 {
        for copy in 0..4_u32 {
            let path = ["/", "/cart", "/login", "/api"][copy as usize];
            let down = (1200..1500).contains(&at) && path == "/cart";
            let status = if down || (at * 4 + copy).is_multiple_of(400) {
                502
            } else {
                200
            };
            text.push_str(&line(at, path, status));
        }
    }
    let path = file(folder.path(), "i.log", text.as_bytes());
    let incidents = triage(&[path], &Options::default()).incidents();
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    let incident = &incidents[0];
    let start = 1_793_714_400;
    assert_eq!(
        (incident.from, incident.to),
        (start + 1200, Some(start + 1500))
    );
    assert_eq!(incident.outcome.0, "http/502");
    let first = &incident.traits[0];
    assert_eq!(
        (first.dimension, &first.value[..]),
        (Dimension::Path, &b"/cart"[..])
    );
    assert!(first.share > 0.99 && first.lift() > 3.0, "{first:?}");
}

#[test]
fn a_log_in_which_nothing_repeats_is_read_in_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for at in 0..60_000_u32 {
        let _ = writeln!(
            text,
            "10.{}.{}.9 - - [{:02}/Nov/2026:{:02}:{:02}:00 +0000] \"GET /{at:x}z/{at:o}y HTTP/1.1\" 502 1 \"-\" \"agent{at}/1\" rt={at}.5 us=\"502\" ua=\"10.0.{}.{}:80\" host=\"h{at}.example\"",
            at / 256 % 256,
            at % 256,
            1 + at / 2400,
            at / 100 % 24,
            at % 60,
            at / 256 % 256,
            at % 256,
        );
    }
    let path = file(folder.path(), "wild.log", text.as_bytes());
    let triage = triage(&[path], &Options::default());
    assert_eq!(triage.exchanges(), 60_000);
    assert_eq!(triage.statuses(), [(502, 60_000)]);
    assert!(triage.error_of(Dimension::Host) > 0, "the error is stated");
    let counted: u64 = triage.all_minutes().iter().map(|(_, count)| count).sum();
    assert_eq!(counted, 60_000);
    let _ = triage.incidents();
}

//! What is written as Parquet is read back: every line, and every count.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use httpwhy_logs::{Input, Lines, Options, Progress, read, write_aggregates};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

const LINES: usize = 70_000;

fn log() -> String {
    let mut text = String::new();
    for at in 0..LINES {
        let status = if at % 10 == 0 { 502 } else { 200 };
        writeln!(
            text,
            "203.0.113.{} - - [03/Nov/2026:14:{:02}:00 +0000] \"GET /p/{}?token=abc HTTP/1.1\" {status} 15 \"-\" \"curl/8.5.0\"",
            at % 250,
            at * 60 / LINES,
            ["cart", "pay"][at % 2],
        )
        .unwrap();
    }
    text
}

fn rows(path: &Path) -> Vec<Row> {
    let reader = SerializedFileReader::try_from(path).unwrap();
    assert!(reader.metadata().num_row_groups() >= 1);
    reader.into_iter().map(Result::unwrap).collect()
}

fn cell<'a>(row: &'a Row, name: &str) -> &'a Field {
    row.get_column_iter()
        .find(|(known, _)| *known == name)
        .unwrap()
        .1
}

fn text(row: &Row, name: &str) -> String {
    match cell(row, name) {
        Field::Str(text) => text.clone(),
        other => panic!("{name}: {other}"),
    }
}

fn int(row: &Row, name: &str) -> i64 {
    match cell(row, name) {
        Field::Long(number) | Field::TimestampMillis(number) => *number,
        other => panic!("{name}: {other}"),
    }
}

#[test]
fn tables_hold_what_was_counted() {
    let folder = tempfile::tempdir().unwrap();
    let log_path = folder.path().join("access.log");
    std::fs::write(&log_path, log()).unwrap();
    let (lines_path, counts_path) = (
        folder.path().join("lines.parquet"),
        folder.path().join("counts.parquet"),
    );
    let lines = Arc::new(Lines::create(&lines_path, true).unwrap());
    let options = Options {
        lines: Some(Arc::clone(&lines)),
        ..Options::default()
    };
    let triage = read(&[Input::File(log_path)], &options, &Progress::default());
    lines.close().unwrap();
    write_aggregates(&triage, &counts_path, true).unwrap();

    let reader = SerializedFileReader::try_from(lines_path.as_path()).unwrap();
    assert!(
        reader.metadata().num_row_groups() > 1,
        "memory is bounded by row groups"
    );
    let lines = rows(&lines_path);
    assert_eq!(lines.len(), LINES);
    let failed: Vec<&Row> = lines
        .iter()
        .filter(|row| int(row, "status") == 502)
        .collect();
    assert_eq!(failed.len(), LINES / 10);
    assert!(failed.iter().all(|row| text(row, "outcome") == "http/502"));
    let first = lines.iter().min_by_key(|row| int(row, "time")).unwrap();
    assert_eq!(int(first, "time"), 1_793_714_400_000);
    assert_eq!(text(first, "client"), "203.0.113.0/24");
    assert!(lines.iter().all(|row| !text(row, "target").contains('?')));
    assert!(matches!(cell(first, "duration_ms"), Field::Null));

    let counts = rows(&counts_path);
    for level in ["minute", "outcome", "path"] {
        let sum = |status: i64| -> i64 {
            counts
                .iter()
                .filter(|row| text(row, "level") == level && int(row, "status") == status)
                .map(|row| int(row, "count"))
                .sum()
        };
        assert_eq!(
            (sum(200), sum(502)),
            (LINES as i64 * 9 / 10, LINES as i64 / 10),
            "{level}"
        );
    }
    let minutes = counts
        .iter()
        .filter(|row| text(row, "level") == "minute" && int(row, "status") == 502);
    assert_eq!(minutes.count(), 60);
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let error = Lines::create(Path::new("/nowhere/at/all.parquet"), false).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

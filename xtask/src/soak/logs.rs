//! Logs that CI has no time for: a gigabyte whose content is known, and a line of a gigabyte.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::{megabytes, watched};
use super::{Bench, Report};

/// The most memory, in KiB: 64 MB.
const MOST: u64 = 64_000_000 / 1024;
/// Bytes of the line.
const LONG: u64 = 1_000_000_000;

/// `benches/logs.sh`, whose own verdict counts: the truth's counts, and the targets.
pub(super) fn gigabyte(_: &Bench) -> Result<Report> {
    let output = Command::new("benches/logs.sh")
        .args(["1GB", "3"])
        .stderr(Stdio::inherit())
        .output()
        .context("benches/logs.sh")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let mut report = Report::default();
    report.must(output.status.success(), || {
        format!("benches/logs.sh: {}", output.status)
    });
    Ok(report)
}

/// A gigabyte without a line's end, between sound lines, on standard input.
pub(super) fn line(bench: &Bench) -> Result<Report> {
    let folder = std::env::temp_dir().join(format!("httpwhy-line-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let report = one_line(bench, &folder);
    fs::remove_dir_all(&folder)?;
    report
}

fn one_line(bench: &Bench, folder: &Path) -> Result<Report> {
    const SOUND: &str = "203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] \"GET /cart HTTP/1.1\" 200 5 \"-\" \"curl/8.5.0\"\n";
    let out = folder.join("out.json");
    let mut child = Command::new(&bench.httpwhy)
        .args(["logs", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(fs::File::create(&out)?)
        .spawn()?;
    let mut stdin = child.stdin.take().context("it is piped")?;
    let began = Instant::now();
    let feed = std::thread::spawn(move || -> std::io::Result<()> {
        stdin.write_all(SOUND.as_bytes())?;
        let block = vec![b'x'; 1 << 20];
        let mut left = LONG;
        while left > 0 {
            let count = left.min(block.len() as u64);
            stdin.write_all(&block[..count as usize])?;
            left -= count;
        }
        stdin.write_all(b"\n")?;
        stdin.write_all(SOUND.as_bytes())
    });
    let ran = watched(child, began, Duration::from_mins(5))?;
    if feed.join().is_err() {
        bail!("the writer failed");
    }
    let text = fs::read_to_string(&out)?;
    let found: serde_json::Value = serde_json::from_str(text.lines().next().unwrap_or_default())?;
    let mut report = Report::default();
    report.figure("lines", found["lines"].to_string());
    report.figure("peak memory", megabytes(ran.peak_kib));
    report.must(ran.code == Some(0), || format!("exit code {:?}", ran.code));
    report.must(ran.peak_kib <= MOST, || "more than 64 MB".to_owned());
    for (name, count) in [("all", 3), ("ok", 2), ("oversize", 1)] {
        report.must(found["lines"][name] == count, || {
            format!("not {count} {name}")
        });
    }
    Ok(report)
}

//! A million exchanges in the store: how fast they come in, how fast a run is shown.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Bench, Report};

const EXCHANGES: u64 = 1_000_000;
/// Exchanges a second at least, all of them kept with their bytes.
const RATE: f64 = 10_000.0;
/// A run is shown within it.
const SHOWN: Duration = Duration::from_millis(200);

pub(super) fn run(bench: &Bench) -> Result<Report> {
    let folder = std::env::temp_dir().join(format!("httpwhy-store-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let report = measure(bench, &folder.join("runs.db"));
    fs::remove_dir_all(&folder)?;
    report
}

fn measure(bench: &Bench, file: &Path) -> Result<Report> {
    let mut report = Report::default();
    let filled = fill(file)?;
    let said = |name: &str| -> Result<f64> {
        let mut lines = filled.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(known, _)| *known == name);
        let (_, value) = found.with_context(|| format!("fill does not say {name}"))?;
        value.parse().with_context(|| format!("{name} {value}"))
    };
    let (count, rate) = (said("exchanges")?, said("rate")?);
    report.figure(
        "exchanges",
        format!("{count:.0}, {:.0} with their bytes", said("kept")?),
    );
    report.figure(
        "inserted",
        format!("{rate:.0}/s in {:.1} s", said("seconds")?),
    );
    let cpu = said("cpu-seconds")?;
    report.figure(
        "CPU",
        format!("{cpu:.1} s, {:.0} exchanges a CPU second", count / cpu),
    );
    let bytes = said("bytes")?;
    report.figure(
        "file",
        format!("{:.0} MB, {:.0} bytes each", bytes / 1e6, bytes / count),
    );
    report.must((count - EXCHANGES as f64).abs() < 0.5, || {
        "not all are there".to_owned()
    });
    report.must(rate >= RATE, || format!("fewer than {RATE:.0} a second"));
    for (name, words) in [
        ("runs show", &["show", "last"][..]),
        (
            "runs show --by entry-point",
            &["show", "last", "--by", "entry-point"],
        ),
        ("runs show --by code", &["show", "last", "--by", "code"]),
        ("runs show --by host", &["show", "last", "--by", "host"]),
    ] {
        let took = shown(bench, file, words)?;
        report.figure(
            name,
            format!("{:.0} ms, the median of 9", took.as_secs_f64() * 1e3),
        );
        report.must(took <= SHOWN, || format!("{name}: more than 200 ms"));
    }
    let began = Instant::now();
    shown_once(bench, file, &["diff", "last", "last"])?;
    report.figure(
        "runs diff",
        format!("{:.1} s", began.elapsed().as_secs_f64()),
    );
    Ok(report)
}

fn fill(file: &Path) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "run",
            "-q",
            "--release",
            "-p",
            "httpwhy-store",
            "--example",
            "fill",
            "--",
        ])
        .arg(file)
        .arg(EXCHANGES.to_string())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo run")?;
    if !output.status.success() {
        bail!("fill: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn shown(bench: &Bench, file: &Path, words: &[&str]) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..9 {
        let began = Instant::now();
        shown_once(bench, file, words)?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[4])
}

fn shown_once(bench: &Bench, file: &Path, words: &[&str]) -> Result<()> {
    let output = Command::new(&bench.httpwhy)
        .arg("runs")
        .args(words)
        .env("HTTPWHY_STORE", file)
        .output()
        .context("httpwhy runs")?;
    if !output.status.success() || output.stdout.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("httpwhy runs {}: {said}", words.join(" "));
    }
    Ok(())
}

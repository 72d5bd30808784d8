//! A run of httpwhy whose memory is watched.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What a run came to.
pub(super) struct Ran {
    /// The most memory at any time, in KiB (VmHWM, proc(5)).
    pub(super) peak_kib: u64,
    pub(super) took: Duration,
    pub(super) code: Option<i32>,
}

/// Runs `httpwhy probe` with these arguments, within that time.
pub(super) fn probe(httpwhy: &Path, arguments: &[&str], limit: Duration) -> Result<Ran> {
    let began = Instant::now();
    let child = Command::new(httpwhy)
        .arg("probe")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("{}", httpwhy.display()))?;
    watched(child, began, limit)
}

/// Waits for the end of a process, within that time, and looks at its memory.
pub(super) fn watched(mut child: Child, began: Instant, limit: Duration) -> Result<Ran> {
    let mut peak_kib = 0;
    loop {
        peak_kib = peak_kib.max(peak(&child).unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            return Ok(Ran {
                peak_kib,
                took: began.elapsed(),
                code: status.code(),
            });
        }
        if began.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("not over within {} s", limit.as_secs());
        }
        thread::sleep(LOOK);
    }
}

/// The most memory that a process had at any time, in KiB.
pub(super) fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// How often each outcome is the verdict in a file of JSON Lines.
pub(super) fn outcomes(results: &Path) -> Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for line in BufReader::new(fs::File::open(results)?).lines() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        if line["kind"] == "visit" || line["steps"] == 1 {
            let outcome = line["outcome"].as_str().unwrap_or("none").to_owned();
            *counts.entry(outcome).or_default() += 1;
        }
    }
    Ok(counts)
}

/// `2 http/200, 1 net/read-timeout`
pub(super) fn told(counts: &BTreeMap<String, u64>) -> String {
    let told = counts
        .iter()
        .map(|(outcome, count)| format!("{count} {outcome}"));
    told.collect::<Vec<_>>().join(", ")
}

/// `12.3 MB`
pub(super) fn megabytes(kib: u64) -> String {
    format!("{:.1} MB", kib as f64 * 1024.0 / 1e6)
}

//! A thousand requests of a session that ends again and again: no more logins than are necessary. The application with its
//! CSRF form is that of the end-to-end test, which runs here with large counts.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Bench, Report};

/// How many targets.
const TARGETS: &str = "1000";
/// The test that is asked.
const TEST: &str = "no_more_logins_than_sessions_that_ended";

pub(super) fn run(_: &Bench) -> Result<Report> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["test", "--quiet", "--package", "httpwhy", "--test", "auth"])
        .args(["--", "--exact", "--nocapture", TEST])
        .env("HTTPWHY_AUTH_TARGETS", TARGETS)
        .output()
        .context("cargo test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    let mut report = Report::default();
    let told = text.lines().find_map(|line| line.strip_prefix("figures: "));
    report.must(told.is_some(), || {
        format!("the test {TEST} says no figures: {text}")
    });
    report.figure("logins", told.unwrap_or_default());
    Ok(report)
}

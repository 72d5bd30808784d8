//! `cargo xtask soak [NAME…]`: what CI does not run, because it takes minutes, memory or thousands of connections. Each
//! scenario is a file of this folder, bounded in time, and gives figures and a verdict.

mod auth;
mod held;
mod list;
mod logs;
mod process;
mod sim;
mod store;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tree::Tree;

/// One scenario.
struct Scenario {
    name: &'static str,
    about: &'static str,
    run: fn(&Bench) -> Result<Report>,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "auth",
        about: "1,000 targets behind a login whose sessions end again and again: no more logins than are necessary",
        run: auth::run,
    },
    Scenario {
        name: "held",
        about: "10,000 connections at once to a server that never answers",
        run: held::run,
    },
    Scenario {
        name: "list",
        about: "20,000 URLs of a local nginx: peak memory",
        run: list::twenty_thousand,
    },
    Scenario {
        name: "million",
        about: "1,000,000 URLs of a local nginx: peak memory stays what it is for 20,000",
        run: list::million,
    },
    Scenario {
        name: "logs",
        about: "logs of 1 GB whose content is known, beside other tools: counts, CPU, memory (benches/logs.sh)",
        run: logs::gigabyte,
    },
    Scenario {
        name: "sim",
        about: "10,000 stalled clients of httpwhy sim at once, and its speed beside nginx (benches/sim.sh)",
        run: sim::run,
    },
    Scenario {
        name: "store",
        about: "1,000,000 exchanges into the store at 10,000 a second, and a run shown within 200 ms",
        run: store::run,
    },
    Scenario {
        name: "line",
        about: "a line of 1 GB on standard input of httpwhy logs: one oversize line, bounded memory",
        run: logs::line,
    },
];

/// What all scenarios have: httpwhy, built as people install it.
struct Bench {
    httpwhy: PathBuf,
}

/// What a scenario found.
#[derive(Default)]
struct Report {
    /// A name and a figure each.
    figures: Vec<(&'static str, String)>,
    /// What is not as it must be.
    problems: Vec<String>,
}

impl Report {
    fn figure(&mut self, name: &'static str, figure: impl Into<String>) {
        self.figures.push((name, figure.into()));
    }

    /// Notes a problem unless that holds.
    fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(what());
        }
    }
}

/// Runs the named scenarios, or all, and prints a table.
pub(crate) fn run(tree: &Tree, names: &[&str]) -> Result<()> {
    if let Some(unknown) = names
        .iter()
        .find(|name| SCENARIOS.iter().all(|scenario| scenario.name != **name))
    {
        bail!("no scenario is called '{unknown}'\n{}", listed());
    }
    let bench = Bench {
        httpwhy: build(tree)?,
    };
    let mut failed = Vec::new();
    for scenario in SCENARIOS {
        if !names.is_empty() && !names.contains(&scenario.name) {
            continue;
        }
        println!("== {}: {}", scenario.name, scenario.about);
        let began = Instant::now();
        let report = (scenario.run)(&bench).unwrap_or_else(|error| Report {
            problems: vec![format!("{error:#}")],
            ..Report::default()
        });
        print!("{}", table(&report, began.elapsed()));
        if !report.problems.is_empty() {
            failed.push(scenario.name);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("soak: failed: {}", failed.join(", "))
}

fn listed() -> String {
    let lines = SCENARIOS
        .iter()
        .map(|scenario| format!("  {:<10} {}", scenario.name, scenario.about));
    lines.collect::<Vec<_>>().join("\n")
}

fn table(report: &Report, took: Duration) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    for (name, figure) in &report.figures {
        let _ = writeln!(text, "   {name:<28} {figure}");
    }
    for problem in &report.problems {
        let _ = writeln!(text, "   PROBLEM: {problem}");
    }
    let verdict = if report.problems.is_empty() {
        "ok"
    } else {
        "FAILED"
    };
    let _ = writeln!(text, "   {verdict}, {:.1} s", took.as_secs_f64());
    text
}

/// As people install it; `HTTPWHY` names one that is there.
fn build(tree: &Tree) -> Result<PathBuf> {
    if let Some(there) = std::env::var_os("HTTPWHY") {
        return Ok(PathBuf::from(there));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--profile", "dist", "--package", "httpwhy"])
        .current_dir(tree.root())
        .status()
        .context("cargo build")?;
    if !status.success() {
        bail!("cargo build failed");
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree.root().join("target"), PathBuf::from);
    Ok(folder.join("dist/httpwhy"))
}

#[cfg(test)]
mod tests {
    use super::{Report, SCENARIOS, table};
    use std::time::Duration;

    #[test]
    fn names_are_distinct_and_a_problem_fails() {
        let mut names: Vec<_> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SCENARIOS.len());
        let mut report = Report::default();
        report.figure("peak memory", "12 MB");
        report.must(true, || unreachable!());
        assert!(table(&report, Duration::ZERO).contains("ok, 0.0 s"));
        report.must(1 > 2, || "too little".to_owned());
        let text = table(&report, Duration::ZERO);
        assert!(text.contains("PROBLEM: too little") && text.contains("FAILED"));
    }
}

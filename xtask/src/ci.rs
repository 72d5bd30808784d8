//! Everything that must hold before a change is taken, in the order in which it fails fastest.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::codegen::Mode;
use crate::tree::Tree;
use crate::{codegen, docs, layers, tidy};

/// The command that the README names for the tests.
const TESTS: &[&str] = &["test", "--workspace", "--no-fail-fast"];

type Step<'a> = (&'a str, Box<dyn Fn() -> Result<()> + 'a>);

/// Runs every step, also behind one that failed, and prints how long each took.
pub(crate) fn run(tree: &Tree) -> Result<()> {
    let steps: [Step; 7] = [
        (
            "codegen --check",
            Box::new(|| codegen::run(tree, Mode::Check)),
        ),
        ("layers", Box::new(|| layers::run(tree))),
        ("tidy", Box::new(|| tidy::run(tree))),
        (
            "fmt --check",
            Box::new(|| cargo(tree, &["fmt", "--all", "--check"])),
        ),
        (
            "clippy",
            Box::new(|| {
                let all = [
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ];
                cargo(tree, &all)
            }),
        ),
        ("test --workspace", Box::new(|| cargo(tree, TESTS))),
        ("docs", Box::new(|| docs::run(tree, None))),
    ];
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (name, step) in &steps {
        println!("== {name}");
        let start = Instant::now();
        let result = step();
        if let Err(error) = &result {
            println!("{error:#}");
            failed.push(*name);
        }
        rows.push(row(name, start.elapsed(), result.is_ok()));
    }
    println!("== times\n{}", rows.join("\n"));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("ci: failed: {}", failed.join(", "))
}

fn row(name: &str, took: Duration, passed: bool) -> String {
    let verdict = if passed { "ok" } else { "FAILED" };
    format!("{name:<18} {:>8.1} s  {verdict}", took.as_secs_f64())
}

fn cargo(tree: &Tree, arguments: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(arguments)
        .current_dir(tree.root())
        .status()
        .with_context(|| format!("cargo {}", arguments.join(" ")))?;
    if status.success() {
        return Ok(());
    }
    bail!("cargo {} failed", arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{TESTS, row};
    use crate::tree::Tree;
    use std::time::Duration;

    #[test]
    fn a_row_tells_time_and_verdict() {
        assert_eq!(
            row("tidy", Duration::from_millis(1250), true),
            "tidy                    1.2 s  ok"
        );
        assert!(row("tidy", Duration::ZERO, false).ends_with("FAILED"));
    }

    #[test]
    fn the_readme_names_the_same_tests() {
        let tree = Tree::of_this_workspace().expect("a workspace");
        let readme = tree
            .read("README.md")
            .expect("readable")
            .unwrap_or_default();
        let command = format!("cargo {}", TESTS.join(" "));
        assert!(
            readme.contains(&command),
            "README.md does not name `{command}`"
        );
    }
}

//! The project's own chores: `cargo xtask codegen`, `layers`, `tidy`, `report`, `docs`, `soak`, `ci`. Depends on no httpwhy
//! crate, so that it runs when the others do not compile.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the terminal it was started from"
)]

mod ci;
mod codegen;
mod counts;
mod docs;
mod entries;
mod layers;
mod report;
mod soak;
mod tidy;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail};

use tree::Tree;

const USAGE: &str = "\
usage: cargo xtask CHORE
  codegen [--check]   rewrites the generated module lists; exit code 1 when one was stale (--check, CI: tells only)
  layers              which crate depends on which, and which may name tokio, rustls, serde …
  tidy                modules, paths, words, catalogue links, sentences said twice, bans of the pure crates, sources
  report              counts of the catalogue
  docs [--out DIR]    the documentation site, into target/docs; fails on a dead link
  soak [NAME…]        what CI does not run: 10,000 connections at once, a million URLs, logs of 1 GB; prints figures
  ci                  all checks and tests, with the time of each";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tree = Tree::of_this_workspace()?;
    match arguments[..] {
        ["codegen"] => codegen::run(&tree, codegen::Mode::from_environment()),
        ["codegen", "--check"] => codegen::run(&tree, codegen::Mode::Check),
        ["layers"] => layers::run(&tree),
        ["tidy"] => tidy::run(&tree),
        ["report"] => report::run(&tree),
        ["docs"] => docs::run(&tree, None),
        ["docs", "--out", folder] => docs::run(&tree, Some(folder)),
        ["soak", ref names @ ..] => soak::run(&tree, names),
        ["ci"] => ci::run(&tree),
        _ => bail!("no such chore\n{USAGE}"),
    }
}

/// Prints every problem and fails when there is one.
pub(crate) fn verdict(chore: &str, problems: &[String], checked: &str) -> Result<()> {
    for problem in problems {
        println!("{problem}");
    }
    match problems.len() {
        0 => {
            println!("{chore}: {checked}");
            Ok(())
        }
        count => bail!("{chore}: {count} problem(s)"),
    }
}

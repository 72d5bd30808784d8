//! httpwhy: why did this HTTP exchange go wrong, who caused it, and what to do.
//!
//! Exit codes: 0 nothing asked for by `--fail-on` was found; 1 it was; 2 wrong use or unreadable input; 3 httpwhy itself
//! failed; 4 its own infrastructure did; 130 interrupted.

mod cli;
mod commands;
mod exit;
mod health;
mod judge;
mod output;
mod terms;
mod unread;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    exit::report_panics_in_one_line();
    let cli = cli::Cli::parse();
    match commands::run(cli) {
        Ok(code) => code.into(),
        Err(failure) => failure.report(),
    }
}

//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    auth, choose, completions, explain, list, logs, man, probe, read, rules, runs, sim,
};
use crate::output::Color;

/// Why did this HTTP exchange go wrong, who caused it, and what to do.
///
/// Give it a code or an error name (explained), a URL (probed), a file or - (read by its content). Only a URL, or
/// `probe`, sends traffic.
#[derive(Debug, Parser)]
#[command(name = "httpwhy", version, args_conflicts_with_subcommands = true, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// A code, an error name, a URL, a file, or - for standard input
    #[arg(value_name = "ANYTHING")]
    pub(crate) anything: Vec<String>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Common {
    /// Write JSON Lines (schema v1) to standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "made once a process")]
pub(crate) enum Command {
    /// Explain a code or an error name: 404, nginx/499, ECONNRESET, "curl 56", Repeater::ENOTFOUND
    Explain(explain::Args),
    /// Send requests and say what happened, who caused it and what to do
    Probe(probe::Args),
    /// Diagnose what was recorded: raw responses, curl -i or curl -v output, httpwhy's own exchanges
    Read(read::Args),
    /// Read access and error logs of any size: who failed, since when, and what to do
    Logs(logs::Args),
    /// Try an authentication flow: each step, what was sent and what came, and why it fails
    Auth(auth::Args),
    /// Which status should I send? A short interview, or --answers for scripts
    Choose(choose::Args),
    /// Run the simulator: every outcome on demand, on this machine
    Sim(sim::Args),
    /// Runs of probe that were kept: list, show, diff, export, prune
    Runs(runs::Args),
    /// List the outcomes
    List(list::Args),
    /// List the conformance rules, or show one
    Rules(rules::Args),
    /// Print shell completions
    Completions(completions::Args),
    /// Print the manual page
    Man(man::Args),
}

const EXAMPLES: &str = "\
Examples:
  httpwhy 502                                what a 502 means and who caused it
  httpwhy https://shop.example/cart          ask, and say what went wrong
  curl -si https://shop.example | httpwhy -  diagnose a recorded response
  httpwhy probe urls.txt --json > out.jsonl  a list, one record a line
  httpwhy probe sim:                         every outcome, made and named on this machine

Exit codes: 0 fine, 1 --fail-on found something, 2 wrong use or unreadable input, 3 httpwhy failed, 4 what it relies on failed, 130 interrupted.";

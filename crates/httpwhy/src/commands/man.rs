//! `httpwhy man`: the manual page, as roff.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The page of that subcommand instead
    command: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let whole = Cli::command();
    let page = match &args.command {
        None => whole,
        Some(name) => whole
            .find_subcommand(name)
            .ok_or_else(|| Failure::usage(format_args!("no subcommand is called '{name}'")))?
            .clone()
            .display_name(format!("httpwhy-{name}")),
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page)
        .render(&mut roff)
        .map_err(Failure::internal)?;
    output::write(|out| out.write_all(&roff))?;
    Ok(Exit::Fine)
}

//! `httpwhy list`: the outcomes.

use httpwhy_catalog::{Entry, entries};
use httpwhy_model::Phase;
use httpwhy_render::outcome_line;
use httpwhy_schema::write_line;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only outcomes that usually this party causes; also nobody, depends
    #[arg(long)]
    party: Option<String>,

    /// Only outcomes of this phase
    #[arg(long)]
    phase: Option<Phase>,

    /// Only outcomes of this namespace: http, net, tls, nginx, cloudflare …
    #[arg(long, visible_alias = "namespace")]
    vendor: Option<String>,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    if let Some(party) = &args.party
        && !["nobody", "depends"].contains(&party.as_str())
    {
        party
            .parse::<httpwhy_model::Party>()
            .map_err(Failure::usage)?;
    }
    if let Some(vendor) = &args.vendor
        && !entries().iter().any(|entry| entry.id.namespace() == vendor)
    {
        return Err(Failure::usage(format_args!(
            "no outcome has the namespace '{vendor}'; httpwhy list shows all"
        )));
    }
    let wanted = |entry: &&Entry| {
        args.party
            .as_ref()
            .is_none_or(|party| entry.usual.as_str() == party)
            && args.phase.is_none_or(|phase| entry.phase == phase)
            && args
                .vendor
                .as_ref()
                .is_none_or(|vendor| entry.id.namespace() == vendor)
    };
    output::write(|out| {
        for entry in entries().iter().filter(wanted) {
            if common.json {
                write_line(out, &outcome_line(entry))?;
            } else {
                writeln!(
                    out,
                    "{:<38} {:<8} {:<13} {}",
                    entry.id,
                    entry.phase,
                    entry.usual.as_str(),
                    entry.title
                )?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

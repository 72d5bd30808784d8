//! What was found as one HTML file, made to be shared.

use std::path::PathBuf;

use httpwhy_logs::Triage;
use httpwhy_render::logs_html;

use super::{Shown, export, json};

/// Names of each list in the report, whatever the screen shows.
const NAMES: usize = 5;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "What is shared")]
pub(crate) struct Args {
    /// Write a report as one HTML file that loads nothing and needs no script; anonymised unless --no-anonymize is given
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Cut addresses to their network (/24, /48), and drop queries and users' names, in all that is written
    #[arg(long)]
    pub(super) anonymize: bool,

    /// Show addresses and queries in the HTML report as well
    #[arg(long, requires = "html", conflicts_with = "anonymize")]
    no_anonymize: bool,
}

impl Args {
    /// An error if the report would overwrite an input.
    pub(super) fn keep(&self, inputs: &[String]) -> Result<(), String> {
        self.html
            .as_deref()
            .map_or(Ok(()), |path| export::keep("--html", path, inputs))
    }

    /// Writes the report, if one is asked for.
    pub(super) fn write(&self, triage: &Triage, top: usize) -> Result<(), String> {
        let Some(path) = &self.html else {
            return Ok(());
        };
        let how = Shown {
            top: top.max(NAMES),
            anonymize: !self.no_anonymize,
        };
        let line = json::line(triage, how);
        let incidents = json::incidents(triage, how);
        let made_by = concat!("httpwhy ", env!("CARGO_PKG_VERSION"));
        std::fs::write(path, logs_html(&line, &incidents, made_by))
            .map_err(|error| export::problem("--html", path, &error))
    }
}

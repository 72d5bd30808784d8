//! Formats that the user names: the server's own line, or its configuration file.

use httpwhy_ingest::logs::user::{UserFormat, compile, compile_as, configured};
use httpwhy_logs::Reader;
use httpwhy_render::safe;

/// A configuration longer than this is none.
const LONGEST: u64 = 16 << 20;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Formats of your own")]
pub(crate) struct Args {
    /// The server's own line: log_format main '…', LogFormat "…", log-format "…", or Envoy's format string
    #[arg(long = "format", value_name = "LINE")]
    formats: Vec<String>,

    /// The server's configuration (nginx.conf, httpd.conf, haproxy.cfg): its formats are tried first
    #[arg(long = "config", value_name = "FILE")]
    configs: Vec<String>,
}

impl Args {
    /// The readers of all formats named, in order.
    pub(crate) fn readers(&self) -> Result<Vec<Reader>, String> {
        let mut found = Vec::new();
        for line in &self.formats {
            found.push(reader(
                compile(line).map_err(|error| format!("--format: {error}"))?,
            ));
        }
        for file in &self.configs {
            found.extend(configured_in(file)?);
        }
        Ok(found)
    }
}

fn configured_in(file: &str) -> Result<Vec<Reader>, String> {
    let problem = |what: &str| format!("--config '{}': {what}", safe(file));
    let length = std::fs::metadata(file)
        .map_err(|error| problem(&error.to_string()))?
        .len();
    if length > LONGEST {
        return Err(problem("it is longer than 16 MiB, and so no configuration"));
    }
    let bytes = std::fs::read(file).map_err(|error| problem(&error.to_string()))?;
    let formats = configured(&String::from_utf8_lossy(&bytes));
    if formats.is_empty() {
        return Err(problem(
            "no log_format, LogFormat or log-format stands in it; included files have to be named too",
        ));
    }
    formats
        .iter()
        .map(|format| {
            compile_as(format.server, &format.text)
                .map(reader)
                .map_err(|error| problem(&format!("format '{}': {error}", safe(&format.name))))
        })
        .collect()
}

fn reader(format: UserFormat) -> Reader {
    Reader::of(format.format, format.layout)
}

//! Formats that the user names: the server's own line, or its configuration file.

use std::fs::File;
use std::io::{Read as _, Write as _};

use httpwhy_ingest::logs::user::{UserFormat, compile, compile_as, configured};
use httpwhy_logs::Reader;
use httpwhy_render::safe;

/// A configuration longer than this is none, bytes.
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

/// The formats that a configuration defines. One that cannot be used is told, and the rest is taken.
fn configured_in(file: &str) -> Result<Vec<Reader>, String> {
    let problem = |what: &str| format!("--config '{}': {what}", safe(file));
    let text = text_of(file).map_err(|error| problem(&error))?;
    let formats = configured(&text);
    if formats.is_empty() {
        return Err(problem(
            "no log_format, LogFormat or log-format stands in it; included files have to be named too",
        ));
    }
    let mut readers = Vec::new();
    let mut unusable = Vec::new();
    for format in formats {
        match compile_as(format.server, &format.text) {
            Ok(user) => readers.push(reader(user)),
            Err(error) => {
                unusable.push(problem(&format!(
                    "format '{}': {error}",
                    safe(&format.name)
                )));
            }
        }
    }
    if readers.is_empty() {
        return Err(unusable.join("\nhttpwhy: "));
    }
    for line in unusable {
        // Standard error may be closed; the formats that can be used are.
        let _ = writeln!(std::io::stderr(), "httpwhy: {line}");
    }
    Ok(readers)
}

fn text_of(file: &str) -> Result<String, String> {
    let opened = File::open(file).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    opened
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LONGEST {
        return Err("it is longer than 16 MiB, and so no configuration".to_owned());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn reader(format: UserFormat) -> Reader {
    Reader::of(format.format, format.layout)
}

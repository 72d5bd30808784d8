//! Counts for Prometheus: a file for the textfile collector, standard output, or an address that is scraped.

mod serve;
mod text;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use httpwhy_logs::{Triage, replace};

use crate::exit::Failure;
use serve::Server;

/// Metrics are made anew at most so often; Prometheus asks each 15 seconds or less often.
const DUE: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Logs that grow")]
pub(crate) struct Args {
    /// Write Prometheus metrics of what was counted to FILE (for node_exporter's textfile collector: ending in .prom;
    /// always a whole file), with --follow again and again; - for standard output in place of the report
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,

    /// With --follow: answer GET /metrics there, e.g. 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS:PORT", requires = "follow")]
    pub(super) metrics_listen: Option<SocketAddr>,
}

/// Where metrics go.
pub(crate) struct Metrics {
    file: Option<PathBuf>,
    server: Option<Server>,
    published: Option<Instant>,
}

impl Args {
    pub(crate) const fn is_asked(&self) -> bool {
        self.metrics.is_some() || self.metrics_listen.is_some()
    }

    /// Whether standard output is taken by metrics.
    pub(crate) fn is_on_stdout(&self) -> bool {
        self.metrics.as_deref().is_some_and(is_stdout)
    }

    /// Listens, if an address was given.
    pub(crate) fn begin(&self) -> Result<Metrics, Failure> {
        let server = match self.metrics_listen {
            Some(address) => Some(Server::start(address).map_err(|error| {
                Failure::usage(format!(
                    "--metrics-listen {address}: {error}; name a free port of an address of this machine"
                ))
            })?),
            None => None,
        };
        if let Some(server) = &server {
            // Standard error may be closed; it listens all the same.
            let _ = writeln!(
                io::stderr(),
                "httpwhy: metrics at http://{}/metrics",
                server.address()
            );
        }
        Ok(Metrics {
            server,
            ..Metrics::to(self.metrics.clone())
        })
    }
}

impl Metrics {
    /// Into a file, or `-` for standard output.
    pub(crate) const fn to(file: Option<PathBuf>) -> Self {
        Self {
            file,
            server: None,
            published: None,
        }
    }

    pub(crate) const fn is_wanted(&self) -> bool {
        self.file.is_some() || self.server.is_some()
    }

    pub(crate) fn is_on_stdout(&self) -> bool {
        self.file.as_deref().is_some_and(is_stdout)
    }

    /// Whether the last ones are old enough. Standard output gets them once, at the end.
    pub(crate) fn is_due(&self) -> bool {
        !self.is_on_stdout() && self.published.is_none_or(|at| at.elapsed() >= DUE)
    }

    /// Makes them of what was counted.
    pub(crate) fn publish(&mut self, triage: &Triage) -> io::Result<()> {
        self.published = Some(Instant::now());
        let text = text::of(triage);
        if let Some(server) = &self.server {
            server.put(&text);
        }
        match self.file.as_deref() {
            None => Ok(()),
            Some(path) if is_stdout(path) => {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()
            }
            // The collector is another user.
            Some(path) => replace(path, text.as_bytes(), 0o644),
        }
    }
}

pub(crate) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

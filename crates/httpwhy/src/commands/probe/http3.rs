//! The options of HTTP/3.

use httpwhy_probe::{Config, Protocol};

/// Whether and when HTTP/3 is spoken.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Protocol")]
pub(crate) struct Http3Args {
    /// Try HTTP/3 first; when it cannot be had, ask again over TCP, in a step of its own
    #[arg(long, conflicts_with = "http3_only")]
    http3: bool,

    /// HTTP/3 and nothing else
    #[arg(long)]
    http3_only: bool,

    /// Also ask the HTTP/3 service that the last answer names in Alt-Svc, in a step of its own
    #[arg(long, conflicts_with_all = ["http3", "http3_only"])]
    alt_svc: bool,
}

impl Http3Args {
    /// Sets what was asked for.
    pub(super) fn apply(&self, config: &mut Config) {
        config.alt_svc = self.alt_svc;
        if self.http3 {
            config.protocol = Protocol::Http3First;
        }
        if self.http3_only {
            config.protocol = Protocol::Http3;
        }
    }
}

//! Which version of HTTP is spoken.

use httpwhy_probe::Protocol;

/// The options are curl's.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Protocol")]
#[group(id = "protocol", multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "at most one is true")]
pub(crate) struct Options {
    /// Speak HTTP/1.0
    #[arg(long = "http1.0", alias = "http1-0")]
    http10: bool,

    /// Speak HTTP/1.1, also where the server would choose HTTP/2
    #[arg(long = "http1.1", alias = "http1-1")]
    http11: bool,

    /// Speak HTTP/2 only: agreed on by ALPN over TLS, from the first byte without TLS
    #[arg(long)]
    http2: bool,

    /// Speak HTTP/2 from the first byte, whatever ALPN says
    #[arg(long)]
    http2_prior_knowledge: bool,
}

impl Options {
    /// The version that was asked for; without a wish the server chooses of HTTP/2 and HTTP/1.1 over TLS.
    pub(crate) fn protocol(&self) -> Protocol {
        match () {
            () if self.http10 => Protocol::Http10,
            () if self.http11 => Protocol::Http11,
            () if self.http2 => Protocol::Http2,
            () if self.http2_prior_knowledge => Protocol::Http2PriorKnowledge,
            () => Protocol::Auto,
        }
    }
}

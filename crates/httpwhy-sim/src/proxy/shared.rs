//! What all connections of one proxy share.

use std::net::IpAddr;

use super::http::Exchanges;
use super::relay::Toxics;

/// What a proxy understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Layer {
    /// Bytes.
    #[default]
    Tcp,
    /// HTTP/1.1, in front of one server.
    Reverse,
    /// HTTP/1.1 of clients that name the server: absolute form and CONNECT.
    Forward,
}

impl Layer {
    /// The words of configurations.
    pub(super) const WORDS: &'static [(&'static str, Self)] = &[
        ("tcp", Self::Tcp),
        ("reverse", Self::Reverse),
        ("forward", Self::Forward),
    ];

    pub(super) fn as_str(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, layer)| *layer == self);
        found.map_or("", |(word, _)| word)
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    /// How it calls itself in Via and Proxy-Status; a token.
    pub(super) pseudonym: String,
    pub(super) layer: Layer,
    /// Host and port; empty for a forward proxy.
    pub(super) upstream: String,
    /// Where names under `.test` are.
    pub(super) ip: IpAddr,
    pub(super) seed: u64,
    /// `user:password` that clients must show (407 without).
    pub(super) credentials: Option<String>,
    pub(super) toxics: Toxics,
    pub(super) exchanges: Exchanges,
}

impl Shared {
    pub(super) fn is_forward(&self) -> bool {
        self.layer == Layer::Forward
    }
}

/// A pseudonym for that name.
pub(super) fn pseudonym(name: &str) -> String {
    let token = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(token).collect();
    format!("httpwhy-sim-{name}")
}

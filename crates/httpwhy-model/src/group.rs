//! Many diagnoses with one cause.

use std::fmt;

use crate::{Blame, OutcomeId, Remedy, Retry};

/// Many diagnoses with one cause, or of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What they share.
    pub cause: Cause,
    /// How many there are.
    pub count: u64,
    /// Their outcomes, the most frequent first.
    pub outcomes: Vec<(OutcomeId, u64)>,
    /// How many hosts they were seen at; of more than were told apart the rest counts as one.
    pub hosts: u64,
    /// The number of the first and of the last input among them.
    pub span: (u64, u64),
    /// Some of their targets.
    pub examples: Vec<String>,
    /// Who is to blame, by the first diagnosis of the most frequent outcome; where later ones differ, not known.
    pub blame: Blame,
    /// Whether to try again, by the same.
    pub retry: Retry,
    /// What to do, by the same.
    pub remedies: Vec<Remedy>,
}

/// What a group shares.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// One host, a name and a port.
    Host(String),
    /// One address and port, by whatever names.
    Address(String),
    /// The names below one domain.
    Zone(String),
    /// The name servers asked: names of several zones all fail in this way.
    Resolver,
    /// The way out: hosts that have nothing to do with each other all fail in this way.
    WayOut,
    /// Nothing but the outcome: each has a cause of its own.
    Each,
}

impl Cause {
    /// The word for it: host, address, zone, resolver, way-out or each.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::Address(_) => "address",
            Self::Zone(_) => "zone",
            Self::Resolver => "resolver",
            Self::WayOut => "way-out",
            Self::Each => "each",
        }
    }

    /// Which one.
    pub fn at(&self) -> Option<&str> {
        match self {
            Self::Host(at) | Self::Address(at) | Self::Zone(at) => Some(at),
            Self::Resolver | Self::WayOut | Self::Each => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "at {host}"),
            Self::Address(address) => write!(f, "at the address {address}"),
            Self::Zone(zone) => write!(f, "names below {zone}"),
            Self::Resolver => f.write_str("the name servers that were asked"),
            Self::WayOut => f.write_str("the way out of this network"),
            Self::Each => f.write_str("each for itself"),
        }
    }
}

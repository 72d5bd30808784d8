//! Basic, RFC 7617.

use super::Challenge;
use crate::{Invalid, syntax};

/// A Basic challenge: a name and a password, only ever over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic(Challenge);

impl Basic {
    /// With its realm, which the scheme demands (RFC 7617 section 2): printable ASCII, may be empty.
    pub fn new(realm: &str) -> Result<Self, Invalid> {
        let realm = syntax::quoted("Basic realm", realm)?;
        Ok(Self(Challenge::of("Basic").with("realm", realm)))
    }

    /// Asks for UTF-8 in names and passwords (RFC 7617 section 2.1).
    #[must_use]
    pub fn utf8(mut self) -> Self {
        self.0.parameters.truncate(1);
        Self(self.0.with("charset", "\"UTF-8\"".to_owned()))
    }
}

impl From<Basic> for Challenge {
    fn from(challenge: Basic) -> Self {
        challenge.0
    }
}

//! Digest, RFC 7616.

use super::Challenge;
use crate::{Invalid, syntax};

/// The hash of a Digest challenge (RFC 7616 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-256 over the session.
    Sha256Session,
    /// SHA-512/256.
    Sha512_256,
    /// SHA-512/256 over the session.
    Sha512_256Session,
    /// MD5: for clients that know no other, as the last of several challenges.
    Md5,
    /// MD5 over the session: the same.
    Md5Session,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha256Session => "SHA-256-sess",
            Self::Sha512_256 => "SHA-512-256",
            Self::Sha512_256Session => "SHA-512-256-sess",
            Self::Md5 => "MD5",
            Self::Md5Session => "MD5-sess",
        }
    }
}

/// A Digest challenge: a name, and a proof of the password that does not hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    realm: String,
    nonce: String,
    algorithm: Algorithm,
    domain: Option<String>,
    opaque: Option<String>,
    qop: &'static str,
    stale: Option<&'static str>,
    charset: Option<&'static str>,
    userhash: Option<&'static str>,
}

impl Digest {
    /// With what the scheme demands (RFC 7616 section 3.3). The nonce is yours to make: unique each time, and hard to
    /// guess. `qop` is `auth`.
    pub fn new(realm: &str, nonce: &str, algorithm: Algorithm) -> Result<Self, Invalid> {
        Ok(Self {
            realm: syntax::quoted("Digest realm", realm)?,
            nonce: syntax::quoted("Digest nonce", syntax::not_empty("Digest nonce", nonce)?)?,
            algorithm,
            domain: None,
            opaque: None,
            qop: "\"auth\"",
            stale: None,
            charset: None,
            userhash: None,
        })
    }

    /// What the client gives back as it is.
    pub fn opaque(mut self, opaque: &str) -> Result<Self, Invalid> {
        self.opaque = Some(syntax::quoted("Digest opaque", opaque)?);
        Ok(self)
    }

    /// A URI below which the same credentials hold.
    pub fn domain(mut self, uri: &str) -> Result<Self, Invalid> {
        self.domain = Some(format!(
            "\"{}\"",
            syntax::uri_reference("Digest domain", uri)?
        ));
        Ok(self)
    }

    /// Takes proofs of the request's content too (`auth-int`).
    #[must_use]
    pub fn auth_int(mut self) -> Self {
        self.qop = "\"auth, auth-int\"";
        self
    }

    /// The proof was right and its nonce too old: try again with this one, without asking the user.
    #[must_use]
    pub fn stale(mut self) -> Self {
        self.stale = Some("true");
        self
    }

    /// Names and passwords are UTF-8.
    #[must_use]
    pub fn utf8(mut self) -> Self {
        self.charset = Some("UTF-8");
        self
    }

    /// Takes a hash in place of the name.
    #[must_use]
    pub fn userhash(mut self) -> Self {
        self.userhash = Some("true");
        self
    }
}

impl From<Digest> for Challenge {
    fn from(digest: Digest) -> Self {
        // Which values are quoted and which not is the RFC's, section 3.3.
        let parameters = [
            ("realm", Some(digest.realm)),
            ("domain", digest.domain),
            ("qop", Some(digest.qop.to_owned())),
            ("algorithm", Some(digest.algorithm.name().to_owned())),
            ("nonce", Some(digest.nonce)),
            ("opaque", digest.opaque),
            ("stale", digest.stale.map(str::to_owned)),
            ("charset", digest.charset.map(str::to_owned)),
            ("userhash", digest.userhash.map(str::to_owned)),
        ];
        parameters
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .fold(Self::of("Digest"), |challenge, (name, value)| {
                challenge.with(name, value)
            })
    }
}

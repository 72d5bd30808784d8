//! How a piece of software is recognised.

use crate::VENDORS;

/// A product and its evidence. The file `outcomes/<key>/signature.toml` is its source.
#[derive(Debug)]
pub struct Vendor {
    /// The namespace it owns, e.g. `aws-alb`.
    pub key: &'static str,
    /// Its name as a person writes it.
    pub name: &'static str,
    /// Where it usually stands.
    pub role: VendorRole,
    /// What gives it away.
    pub evidence: &'static [VendorEvidence],
}

/// Where a product usually stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorRole {
    /// In front of origins.
    Intermediary,
    /// As the origin.
    Origin,
    /// Either.
    Either,
}

/// One thing that gives a product away.
#[derive(Debug)]
pub struct VendorEvidence {
    /// Where to look.
    pub place: VendorPlace,
    /// What to find there: a regular expression, unanchored unless it says so.
    pub pattern: &'static str,
    /// How much it proves.
    pub strength: Strength,
    /// True when it shows that the product made the response, false when it may only have passed it on.
    pub made: bool,
    /// Where that is known from.
    pub source: &'static str,
}

/// Where a product leaves its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorPlace {
    /// A response field, lower case.
    Field(&'static str),
    /// A cookie that is set; the pattern is matched against `name=value`.
    Cookie(&'static str),
    /// The content.
    Body,
    /// The reason phrase.
    Reason,
}

/// How much a piece of evidence proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Others do it too.
    Weak,
    /// Rarely anything else.
    Strong,
    /// Nothing else known produces it.
    Certain,
}

/// All products, sorted by key.
pub fn vendors() -> &'static [Vendor] {
    &VENDORS
}

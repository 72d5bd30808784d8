//! Kind `rule`: a conformance rule.

use schemars::JsonSchema;
use serde::Serialize;

/// A conformance rule, with an exchange that keeps it and one that breaks it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleLine<'a> {
    /// 1.
    pub schema: u32,
    /// `rule`.
    pub kind: &'static str,
    /// The rule's name, e.g. `method-not-allowed-without-allow`.
    pub rule: &'a str,
    /// MUST, SHOULD or PRACTICE.
    pub level: &'a str,
    /// Who must mend a breach.
    pub party: &'a str,
    /// Where the rule stands.
    pub section: &'a str,
    /// What it demands, in one sentence.
    pub about: &'a str,
    /// A transcript that keeps it.
    pub conforming: &'a str,
    /// A transcript that breaks it.
    pub violating: &'a str,
}

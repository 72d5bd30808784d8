//! Kinds `outcome`, `candidates` and `error`: what `explain` and `list` answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// A catalogue entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutcomeLine<'a> {
    /// 1.
    pub schema: u32,
    /// `outcome`.
    pub kind: &'static str,
    /// The id, e.g. `http/404`.
    pub id: &'a str,
    /// The registered or customary name.
    pub title: &'a str,
    /// Older names.
    pub former: &'a [&'a str],
    /// Names other programs print for it.
    pub aliases: &'a [&'a str],
    /// The phase.
    pub phase: &'a str,
    /// The usual party, `nobody` or `depends`.
    pub blame: &'a str,
    /// The usual retry advice.
    pub retry: &'a str,
    /// Response fields the status demands.
    pub expected: &'a [&'a str],
    /// What must not be there.
    pub forbidden: &'a [&'a str],
    /// How the simulator makes it: `act` and parameters, or `none` and the reason.
    pub reproduce: BTreeMap<&'a str, serde_json::Value>,
    /// Where the facts come from.
    pub sources: &'a [&'a str],
    /// What is often said and wrong.
    pub said: Vec<SaidJson<'a>>,
    /// The precise outcomes a page leads to.
    pub leads_to: Vec<&'a str>,
    /// False where no owner's document was found.
    pub confirmed: bool,
    /// The text, Markdown.
    pub text: OutcomeText<'a>,
    /// The row of a view (`list --view`) that stands for it there; left out elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<ListedJson<'a>>,
}

/// One row of a view: how its source document prints the outcome, and whose remedies the view tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ListedJson<'a> {
    /// scanner, tester, encyclopaedia, api or developer.
    pub view: String,
    /// The source document, `000` to `004`.
    pub seed: &'a str,
    /// The code as printed there.
    pub code: &'a str,
    /// The name as printed there.
    pub name: &'a str,
    /// The audiences whose remedies the view tells.
    #[serde(rename = "for")]
    pub audiences: Vec<&'a str>,
}

/// What is often said and wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SaidJson<'a> {
    /// The claim.
    pub claim: &'a str,
    /// What holds.
    pub truth: &'a str,
    /// Who says so.
    pub source: &'a str,
}

/// An entry's text by section, Markdown.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutcomeText<'a> {
    /// The sentence that says it all.
    pub lead: &'a str,
    /// What it means.
    pub meaning: &'a str,
    /// Who caused it, and how to tell.
    pub cause: &'a str,
    /// Retry.
    pub retry: &'a str,
    /// What holds for all audiences, before theirs: `Nothing to fix.`; empty when there is no such line.
    pub fix_all: &'a str,
    /// What to do, by audience.
    pub fix: Vec<FixJson<'a>>,
    /// A transcript of it.
    pub transcript: &'a str,
    /// References.
    pub references: &'a str,
}

/// What to do, for one audience.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FixJson<'a> {
    /// visitor, caller, author, operator or tester.
    #[serde(rename = "for")]
    pub audience: &'a str,
    /// What to do, Markdown.
    pub text: &'a str,
}

/// Several owners of one name, or near misses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CandidatesLine<'a> {
    /// 1.
    pub schema: u32,
    /// `candidates`.
    pub kind: &'static str,
    /// What was asked.
    pub asked: &'a str,
    /// True when each is an owner of the name; false when they only come near.
    pub owners: bool,
    /// The likeliest first.
    pub outcomes: Vec<NamedJson<'a>>,
}

/// An outcome by name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedJson<'a> {
    /// The id.
    pub id: &'a str,
    /// Its name.
    pub title: &'a str,
    /// The sentence that says it all.
    pub lead: &'a str,
}

/// Something that could not be read or done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorLine<'a> {
    /// 1.
    pub schema: u32,
    /// `error`.
    pub kind: &'static str,
    /// What was read or asked.
    pub input: &'a str,
    /// The line, when one is to blame.
    pub line: Option<usize>,
    /// The column in characters, from 1, when one is to blame.
    pub column: Option<usize>,
    /// The place within a document (RFC 6901), when there is one.
    pub pointer: Option<&'a str>,
    /// The outcome's id, where the catalogue knows this fault: `input/json-parse`.
    pub outcome: Option<&'static str>,
    /// What is wrong and what to do.
    pub what: &'a str,
}

//! Kind `run`: what a whole run came to.

use httpwhy_model::{Group, OutcomeId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::SCHEMA;
use crate::diagnosis::{BlameJson, RemedyJson, RetryJson};

/// What a whole run came to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunLine<'a> {
    /// 1.
    pub schema: u32,
    /// `run`.
    pub kind: &'static str,
    /// Inputs with a record of this run.
    pub targets: u64,
    /// Those that somebody is to blame for, or where it is not known who.
    pub failed: u64,
    /// How long it took.
    pub seconds: f64,
    /// Exchanges, redirects and retries included.
    pub exchanges: u64,
    /// Connections that were established.
    pub connections: u64,
    /// Bytes received above TLS.
    pub bytes: u64,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// That hosts which have nothing to do with each other all failed in one way, when they did: what they shared.
    pub your_side: Option<&'a str>,
    /// How often each outcome was the verdict, the most frequent first.
    pub outcomes: Vec<CountJson>,
    /// The failures by cause, the most frequent first.
    pub groups: Vec<GroupJson<'a>>,
}

/// How often an outcome was the verdict.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct CountJson {
    /// The outcome's id.
    pub outcome: &'static str,
    /// How often.
    pub count: u64,
}

/// Failures with one cause.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupJson<'a> {
    /// How many.
    pub count: u64,
    /// What they share: host, address, zone, resolver, way-out; each: nothing but the outcome.
    pub cause: &'static str,
    /// Which host, address or zone.
    pub at: Option<&'a str>,
    /// Their outcomes, the most frequent first.
    pub outcomes: Vec<CountJson>,
    /// At how many hosts; of more than were told apart the rest counts as one.
    pub hosts: u64,
    /// The first of these visits.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// Some of the targets.
    pub examples: Vec<&'a str>,
    /// Who is to blame, and how sure that is.
    pub blame: BlameJson,
    /// Whether to try again.
    pub retry: RetryJson,
    /// What to do, by audience.
    pub remedies: Vec<RemedyJson<'a>>,
}

impl RunLine<'_> {
    /// An empty one, for counts to be filled in.
    pub const fn new() -> Self {
        Self {
            schema: SCHEMA,
            kind: "run",
            targets: 0,
            failed: 0,
            seconds: 0.0,
            exchanges: 0,
            connections: 0,
            bytes: 0,
            interrupted: false,
            your_side: None,
            outcomes: Vec::new(),
            groups: Vec::new(),
        }
    }
}

impl Default for RunLine<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&(OutcomeId, u64)> for CountJson {
    fn from(&(outcome, count): &(OutcomeId, u64)) -> Self {
        Self {
            outcome: outcome.0,
            count,
        }
    }
}

impl<'a> From<&'a Group> for GroupJson<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            count: group.count,
            cause: group.cause.kind(),
            at: group.cause.at(),
            outcomes: group.outcomes.iter().map(CountJson::from).collect(),
            hosts: group.hosts,
            first: group.span.0,
            last: group.span.1,
            examples: group.examples.iter().map(String::as_str).collect(),
            blame: group.blame.into(),
            retry: RetryJson {
                advice: group.retry.advice.as_str(),
                after_s: group.retry.after_s,
            },
            remedies: group
                .remedies
                .iter()
                .map(|remedy| RemedyJson {
                    audience: remedy.audience.as_str(),
                    text: &remedy.text,
                })
                .collect(),
        }
    }
}

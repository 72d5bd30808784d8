//! Kind `run`: what a whole run came to, as it ends and as it is stored; kind `diff`: what differs between two.

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
    pub outcomes: Vec<CountJson<'a>>,
    /// The failures by cause, the most frequent first; not of a stored run.
    pub groups: Vec<GroupJson<'a>>,
    /// How the entry points are, and what to look at first.
    pub health: Option<HealthJson<'a>>,
    /// Of a stored run: what is known of it beyond its counts.
    pub stored: Option<StoredRunJson<'a>>,
    /// How often each party was to blame, the most frequent first; of a stored run.
    pub parties: Vec<PartyCountJson>,
    /// With `--by entry-point`: each of them.
    pub entry_points: Vec<PlaceJson<'a>>,
    /// With `--by host`: each of them.
    pub hosts: Vec<PlaceJson<'a>>,
    /// With `--by code`: each code, what it means and how to fix it.
    pub codes: Vec<CodeJson<'a>>,
}

/// A run as it is stored.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StoredRunJson<'a> {
    /// Its number.
    pub run: u64,
    /// What was asked for.
    pub command: &'a str,
    /// The version of httpwhy.
    pub version: &'a str,
    /// When it began, RFC 3339.
    pub started: String,
    /// The last that was heard of it, RFC 3339.
    pub touched: String,
    /// running, ended, interrupted, cut-off, or removed.
    pub state: &'static str,
    /// Exchanges that can be judged again: their bytes are kept.
    pub kept: u64,
    /// Of how many successes one keeps its bytes, beyond the first thousand.
    pub sample: u32,
    /// How long the visits took.
    pub took_ms: QuantilesJson,
}

/// How long many things took, in milliseconds, within 10 %.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct QuantilesJson {
    /// Half of them less.
    pub p50: Option<f64>,
    /// 95 of 100 less.
    pub p95: Option<f64>,
    /// 99 of 100 less.
    pub p99: Option<f64>,
}

/// How many are well, and how the others are.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct HealthCountsJson {
    /// Nothing is wrong.
    pub ok: u64,
    /// Answered, and something is wrong.
    pub problem: u64,
    /// Refused for who asks.
    pub unauthorized: u64,
    /// No answer came.
    pub unreachable: u64,
    /// Not asked for, for a reason on our side.
    pub skipped: u64,
}

/// How the entry points of a run are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HealthJson<'a> {
    /// The share of the entry points tried that are OK, in percent.
    pub percent: Option<f64>,
    /// Entry points by what most of their visits are.
    pub entry_points: HealthCountsJson,
    /// Visits by how they went.
    pub visits: HealthCountsJson,
    /// What to look at first, the most frequent first.
    pub advice: Vec<AdviceJson<'a>>,
}

/// What many visits say together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AdviceJson<'a> {
    /// The rule's name.
    pub rule: &'static str,
    /// The host or product it is about; of several hosts, one and how many others.
    pub about: Option<&'a str>,
    /// How many visits say so.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Their outcomes, the most frequent first.
    pub outcomes: Vec<CountJson<'a>>,
    /// What it is.
    pub says: &'static str,
    /// What to do.
    pub text: &'static str,
}

/// How often a party was to blame.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct PartyCountJson {
    /// The party; `nobody`, or `unknown`.
    pub party: &'static str,
    /// How often.
    pub count: u64,
}

/// An entry point or a host, and how it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PlaceJson<'a> {
    /// The method; of an entry point.
    pub method: Option<&'a str>,
    /// Scheme, host and port; of a host its name.
    pub origin: &'a str,
    /// The path's template; of an entry point.
    pub template: Option<&'a str>,
    /// What most of its visits are: ok, problem, unauthorized, unreachable or skipped.
    pub health: &'static str,
    /// The share of what was tried that is OK, in percent.
    pub percent: Option<f64>,
    /// Its visits by how they went.
    pub visits: HealthCountsJson,
    /// How often each outcome was the verdict, the most frequent first.
    pub outcomes: Vec<CountJson<'a>>,
    /// How long its visits took.
    pub took_ms: QuantilesJson,
}

/// A code: how often, what it means, how to fix it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CodeJson<'a> {
    /// The status, or where none came the outcome's own code.
    pub code: &'a str,
    /// The outcome's id.
    pub outcome: &'a str,
    /// How often it was the verdict.
    pub count: u64,
    /// Its name.
    pub title: &'a str,
    /// What it means, Markdown.
    pub meaning: &'a str,
    /// How to fix it, by audience.
    pub fix: Vec<RemedyJson<'a>>,
}

/// What differs between two stored runs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiffLine<'a> {
    /// 1.
    pub schema: u32,
    /// `diff`.
    pub kind: &'static str,
    /// The earlier run.
    pub from: DiffSideJson,
    /// The later run.
    pub to: DiffSideJson,
    /// Targets of both runs with the same outcome.
    pub same: u64,
    /// Targets by how they changed.
    pub counts: DiffCountsJson,
    /// The changes by entry point, the worst kind first.
    pub changes: Vec<ChangeJson<'a>>,
    /// Entry points that became slower or faster, the greatest shift first.
    pub shifts: Vec<ShiftJson>,
}

/// One of two runs.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct DiffSideJson {
    /// Its number.
    pub run: u64,
    /// Visits.
    pub targets: u64,
    /// Those that failed.
    pub failed: u64,
    /// How long they took.
    pub took_ms: QuantilesJson,
}

/// Targets by how they changed.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct DiffCountsJson {
    /// It fails, and did not, or was not asked for.
    pub new: u64,
    /// It failed, and does not any more.
    pub fixed: u64,
    /// Another outcome.
    pub changed: u64,
    /// Not asked for before, and fine.
    pub added: u64,
    /// Not asked for any more.
    pub gone: u64,
}

/// Targets of one entry point that all changed in one way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeJson<'a> {
    /// new, fixed, changed, added or gone.
    pub change: &'static str,
    /// What was asked for: method, origin and template.
    pub entry_point: String,
    /// The outcome before.
    pub before: Option<&'a str>,
    /// The outcome after.
    pub after: Option<&'a str>,
    /// How many targets.
    pub count: u64,
    /// Some of them.
    pub examples: Vec<&'a str>,
}

/// An entry point whose times changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShiftJson {
    /// What was asked for: method, origin and template.
    pub entry_point: String,
    /// Half of the visits took less, before and after, in milliseconds.
    pub p50_ms: (f64, f64),
    /// 95 of 100 took less, before and after.
    pub p95_ms: (f64, f64),
}

/// How often an outcome was the verdict.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct CountJson<'a> {
    /// The outcome's id.
    pub outcome: &'a str,
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
    pub outcomes: Vec<CountJson<'a>>,
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
            health: None,
            stored: None,
            parties: Vec::new(),
            entry_points: Vec::new(),
            hosts: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl Default for RunLine<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&(OutcomeId, u64)> for CountJson<'_> {
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

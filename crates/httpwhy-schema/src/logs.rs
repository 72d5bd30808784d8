//! Kinds `logs` and `incident`: what was found in logs, outward only.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{BlameJson, RemedyJson};

/// All that was found in some logs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogsLine<'a> {
    /// 1.
    pub schema: u32,
    /// `logs`.
    pub kind: &'static str,
    /// What was read, in order.
    pub inputs: Vec<LogInputJson<'a>>,
    /// What could not be read, or not to its end.
    pub unreadable: Vec<LogUnreadableJson<'a>>,
    /// What became of the lines of all inputs.
    pub lines: LogLinesJson,
    /// A few lines that were not read.
    pub unread: Vec<LogUnreadJson>,
    /// The formats that read lines, with how many.
    pub formats: Vec<LogCountJson>,
    /// How the join with logs from behind went; `null` without `--join`.
    pub joined: Option<LogJoinedJson>,
    /// How many exchanges were counted (of those asked for).
    pub exchanges: u64,
    /// How many of them failed.
    pub failures: u64,
    /// The first line's time, RFC 3339; `null` when no line had one.
    pub first: Option<String>,
    /// The last line's time.
    pub last: Option<String>,
    /// How many minutes share a cell of `minutes`, here and in groups: 1, or a power of two in long logs.
    pub minutes_to_a_cell: u64,
    /// All exchanges by minute.
    pub minutes: Vec<LogMinuteJson>,
    /// How long exchanges took that went well.
    pub times_ms: Option<LogTimesJson>,
    /// How long exchanges took that failed.
    pub failed_times_ms: Option<LogTimesJson>,
    /// Exchanges by the status written; 0 for those without.
    pub statuses: Vec<LogStatusJson>,
    /// Exchanges by what happened to them: failures first, the greatest first.
    pub groups: Vec<LogGroupJson<'a>>,
    /// Error lines by what they say.
    pub complaints: Vec<LogGroupJson<'a>>,
    /// The paths with most exchanges.
    pub paths: Vec<LogPathJson>,
    /// About how many different clients there were (1.6 % standard error); `null` when only counts were asked for.
    pub clients: Option<u64>,
    /// The clients with most failures.
    pub top_clients: Vec<LogCountJson>,
    /// By how much a count of a name may be too small, the greatest of all dimensions; 0 when all are exact.
    pub count_error: u64,
    /// By how much a time taken may be off, in per cent.
    pub time_error_percent: f64,
    /// Lines whose time taken is missing from all percentiles, because more different ones were met than are kept.
    pub untold_times: u64,
    /// How many exchanges came from programs without a person; `null` when no line names its agent.
    pub bots: Option<u64>,
    /// Whether addresses were cut to their network, and queries and users' names dropped.
    pub anonymized: bool,
}

/// An input that was read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogInputJson<'a> {
    /// Its path, or `standard input`.
    pub name: &'a str,
    /// What was recognised; empty when nothing was.
    pub recognised: &'a str,
    /// The share of the lines looked at that fit what was recognised, 0 to 1.
    pub confidence: f64,
    /// What is doubtful about that: columns that do not fit, a given format that does not read these lines.
    pub doubts: Vec<String>,
    /// What became of its lines.
    pub lines: LogLinesJson,
    /// Whether the last line had no line end, and so is one more than `wc -l` counts.
    pub unended: bool,
}

/// How the join of failures in front with logs from behind went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogJoinedJson {
    /// Failures that have a line behind.
    pub found: u64,
    /// Failures with an id of which no line behind has it.
    pub missing: u64,
    /// Failures without an id.
    pub without_id: u64,
    /// Failures that were more than are kept.
    pub dropped: u64,
}

/// An input that could not be read, or not to its end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogUnreadableJson<'a> {
    /// Its path.
    pub name: &'a str,
    /// What happened.
    pub what: &'a str,
}

/// What became of lines: `all` is the sum of `ok`, `torn`, `foreign`, `oversize` and `empty`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogLinesJson {
    /// All lines.
    pub all: u64,
    /// Read.
    pub ok: u64,
    /// Like those of a known format, but cut off or garbled.
    pub torn: u64,
    /// Of no known format.
    pub foreign: u64,
    /// Longer than 64 KiB.
    pub oversize: u64,
    /// Without a byte.
    pub empty: u64,
    /// Of `ok`: header lines.
    pub headers: u64,
    /// Of `ok`: not asked for by the filters.
    pub not_asked: u64,
}

/// A line that was not read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogUnreadJson {
    /// torn, foreign or oversize.
    pub why: &'static str,
    /// The line, cut.
    pub line: String,
}

/// A name and a count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogCountJson {
    /// The name.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A status and a count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogStatusJson {
    /// The status as written, 0 for none.
    pub status: u16,
    /// How often.
    pub count: u64,
}

/// Exchanges that have in common what happened, the outcome and who is to blame.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogGroupJson<'a> {
    /// What happened: upstream-refused, upstream-silent, upstream-broke-off, upstream-said, own-answer, configuration,
    /// policy, client-left, client-erred, unclear or fine.
    pub happened: &'static str,
    /// The same in words for people.
    pub happened_title: &'static str,
    /// The outcome's id.
    pub outcome: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Who is to blame, and how sure that is.
    pub blame: BlameJson,
    /// What showed it, as far as more than the status did.
    pub shown_by: Option<&'a str>,
    /// How many exchanges.
    pub count: u64,
    /// Their share of all exchanges, 0 to 1.
    pub share: f64,
    /// The first one's time, RFC 3339.
    pub first: Option<String>,
    /// The last one's time.
    pub last: Option<String>,
    /// The statuses as written.
    pub statuses: Vec<LogStatusJson>,
    /// The formats they were written in.
    pub formats: Vec<&'static str>,
    /// The most frequent paths, as templates.
    pub paths: Vec<LogCountJson>,
    /// The most frequent servers behind.
    pub upstreams: Vec<LogCountJson>,
    /// The most frequent hosts.
    pub hosts: Vec<LogCountJson>,
    /// The most frequent client networks.
    pub networks: Vec<LogCountJson>,
    /// The most frequent user agents.
    pub agents: Vec<LogCountJson>,
    /// Bytes sent to clients.
    pub bytes: u64,
    /// How many came from programs without a person.
    pub bots: u64,
    /// How many were joined to a line of an error log.
    pub joined: u64,
    /// Of how many the log of a server behind has a line.
    pub witnessed: u64,
    /// How long they took, when the lines say.
    pub times_ms: Option<LogTimesJson>,
    /// The round time at which those pile up, seconds: a timeout fired.
    pub timeout_s: Option<f64>,
    /// Whose timeout that is, as far as it is known, Markdown.
    pub timeout_of: Option<&'static str>,
    /// A line of it, cut, credentials hidden.
    pub example: String,
    /// What it means, in one sentence.
    pub meaning: &'a str,
    /// What to do.
    pub remedies: Vec<RemedyJson<'a>>,
    /// What these lines leave open, and what would tell.
    pub open: Option<LogOpenJson>,
    /// Exchanges by minute.
    pub minutes: Vec<LogMinuteJson>,
}

/// What a format's lines leave open.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogOpenJson {
    /// The explanations that the lines cannot tell apart.
    pub between: &'static str,
    /// The configuration to paste, so that the next lines can.
    pub paste: &'static str,
}

/// How long exchanges took, milliseconds, within 0.8 %.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogTimesJson {
    /// How many had a time.
    pub count: u64,
    /// Half took less.
    pub p50: f64,
    /// 90 % took less.
    pub p90: f64,
    /// 99 % took less.
    pub p99: f64,
    /// 99.9 % took less.
    pub p999: f64,
    /// The greatest.
    pub max: f64,
}

/// A path with how often it was asked for, how often that failed, and how long it took when it went well.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogPathJson {
    /// The path's template.
    pub path: String,
    /// How often.
    pub count: u64,
    /// How many failed.
    pub failures: u64,
    /// How long those took that went well.
    pub times_ms: Option<LogTimesJson>,
    /// How long those took that failed.
    pub failed_times_ms: Option<LogTimesJson>,
    /// The failures by what happened, the most frequent first.
    pub outcomes: Vec<LogPathOutcomeJson>,
}

/// Failures of one path with one outcome.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogPathOutcomeJson {
    /// What happened, as in a group.
    pub happened: &'static str,
    /// The outcome's id.
    pub outcome: &'static str,
    /// How many.
    pub count: u64,
    /// How long they took.
    pub times_ms: Option<LogTimesJson>,
}

/// A minute, or the first of some, with a count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogMinuteJson {
    /// When it begins, RFC 3339.
    pub at: String,
    /// How many.
    pub count: u64,
}

/// A time in which one outcome was much more frequent than before and after.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentLine {
    /// 1.
    pub schema: u32,
    /// `incident`.
    pub kind: &'static str,
    /// One sentence in plain words.
    pub sentence: String,
    /// What happened, as in a group.
    pub happened: &'static str,
    /// The outcome's id.
    pub outcome: &'static str,
    /// Who is to blame.
    pub blame: BlameJson,
    /// When it began, RFC 3339.
    pub from: String,
    /// When it ended; `null` when it went on to the end of the log.
    pub to: Option<String>,
    /// How many exchanges.
    pub count: u64,
    /// Their share of all exchanges in that time, 0 to 1.
    pub share: f64,
    /// The same before and after.
    pub share_else: f64,
    /// What they have in common, the most telling first.
    pub traits: Vec<IncidentTraitJson>,
    /// The timeout that the times taken pile up at, seconds.
    pub timeout_s: Option<f64>,
    /// Whose timeout that is, as far as it is known, Markdown.
    pub timeout_of: Option<&'static str>,
}

/// What the failures of an incident have in common.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentTraitJson {
    /// path, upstream, host, network, agent, method or pop.
    pub dimension: &'static str,
    /// The value.
    pub value: String,
    /// Its share of the incident's failures, 0 to 1.
    pub share: f64,
    /// Its share of everything else, 0 to 1.
    pub share_else: f64,
    /// How many times more frequent it is.
    pub lift: f64,
}

//! Kinds `login-step` and `login`: what each step of an authentication flow came to, and the flow. No value stands in them
//! that may be a secret.

use schemars::JsonSchema;
use serde::Serialize;

/// One step of a login, or one request that checks it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoginStepLine<'a> {
    /// 1.
    pub schema: u32,
    /// `login-step`.
    pub kind: &'static str,
    /// The flow's name.
    pub flow: &'a str,
    /// Which login of the run, from 1; 0 before the first.
    pub login: u64,
    /// Its place among the requests of the run's logins, from 1.
    pub number: u64,
    /// The id of the step, or `anonymous`, `verify`, or what is tested.
    pub step: &'a str,
    /// What was done, with `${name}` where values stand.
    pub what: &'a str,
    /// The final status, where an answer came.
    pub status: Option<u16>,
    /// The name of its visit in the other lines; `null` for a step without request.
    pub visit: Option<&'a str>,
    /// What was taken from the answer.
    pub taken: Vec<TakenJson<'a>>,
    /// Of a check: whether the answer shows a session.
    pub inside: Option<bool>,
    /// Why it failed, as a signal.
    pub failed: Option<String>,
    /// What was found out besides, as signals.
    pub facts: Vec<String>,
}

/// A value that was taken from an answer, or was not there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TakenJson<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it was looked for.
    pub from: &'a str,
    /// Its length; `null`: it was not there.
    pub bytes: Option<usize>,
    /// Equal values have equal marks, in one run.
    pub mark: Option<&'a str>,
    /// The step is good without it.
    pub optional: bool,
}

/// How the test of a flow ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LoginLine<'a> {
    /// 1.
    pub schema: u32,
    /// `login`.
    pub kind: &'static str,
    /// The flow's name.
    pub flow: &'a str,
    /// `passed`, `failed` or `stopped`.
    pub verdict: &'a str,
    /// The outcome of the step that failed.
    pub outcome: Option<&'a str>,
    /// Why, as a signal.
    pub why: Option<String>,
    /// How many steps and checks there were.
    pub steps: u64,
}

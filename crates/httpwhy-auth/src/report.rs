//! What a step of a login came to, for people and records: no secret is in it.

use httpwhy_model::{Signal, Visit};

/// One step of a login, or one request that checks it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// Which login of the run it belongs to, from 1; 0 before the first.
    pub login: u64,
    /// Its place among the requests of this run's logins, from 1.
    pub number: u64,
    /// Its name: the id of a step, or `anonymous`, `verify`, or what is tested.
    pub step: String,
    /// What was done, with `${name}` where values stand.
    pub what: String,
    /// What was seen, with secrets hidden; `None` for a step without request.
    pub visit: Option<Visit>,
    /// What was taken from the answer.
    pub taken: Vec<Taken>,
    /// Why it failed; the same stands on the last exchange.
    pub failed: Option<Signal>,
    /// What was found out, beside that.
    pub facts: Vec<Signal>,
    /// Whether the answer of a check shows a session.
    pub inside: Option<bool>,
}

/// A value that was taken, or was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// What it is called.
    pub name: String,
    /// Where it was looked for.
    pub from: String,
    /// Its length in bytes and a mark by which equal values of this process are seen to be equal; `None`: not there.
    pub value: Option<(usize, String)>,
    /// The step is good without it.
    pub optional: bool,
}

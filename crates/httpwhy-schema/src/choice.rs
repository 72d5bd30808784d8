//! Kinds `choice` and `question`: what `choose` answers and asks.

use schemars::JsonSchema;
use serde::Serialize;

/// The status to send.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChoiceLine<'a> {
    /// 1.
    pub schema: u32,
    /// `choice`.
    pub kind: &'static str,
    /// The status code.
    pub status: u16,
    /// The id of its entry.
    pub outcome: &'a str,
    /// The registered name.
    pub title: &'a str,
    /// Why, in one sentence.
    pub reason: &'a str,
    /// What was asked and answered, in order.
    pub answers: Vec<AnswerJson<'a>>,
    /// Response fields the status demands.
    pub fields: Vec<DemandJson<'a>>,
    /// What must not be there.
    pub forbidden: &'a [&'a str],
    /// A response as it goes over the wire: head and content.
    pub sample: String,
    /// The near misses, and what sending each would say.
    pub against: Vec<AgainstJson<'a>>,
}

/// One question and its answer, by their keys.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AnswerJson<'a> {
    /// The question's key.
    pub question: &'a str,
    /// The answer's key.
    pub answer: &'a str,
}

/// A response field and how much it is demanded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DemandJson<'a> {
    /// The field's name.
    pub name: &'a str,
    /// must, should or may.
    pub level: &'a str,
}

/// A status that is easily sent in its place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgainstJson<'a> {
    /// The status code.
    pub status: u16,
    /// The id of its entry.
    pub outcome: &'a str,
    /// The registered name.
    pub title: &'a str,
    /// What sending it would say.
    pub says: &'a str,
}

/// A question of the path, with every answer and where it leads.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuestionLine<'a> {
    /// 1.
    pub schema: u32,
    /// `question`.
    pub kind: &'static str,
    /// Its key.
    pub key: &'a str,
    /// The question.
    pub text: &'a str,
    /// What to know in order to answer it.
    pub help: &'a str,
    /// The answers, in the order in which they are offered.
    pub choices: Vec<OptionJson<'a>>,
}

/// One answer to a question.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OptionJson<'a> {
    /// Its key.
    pub key: &'a str,
    /// What it says.
    pub text: &'a str,
    /// The key of the next question; `null` when the way ends here.
    pub asks: Option<&'a str>,
    /// The status it ends in; `null` when a question follows.
    pub sends: Option<u16>,
    /// Why that status, in one sentence.
    pub because: Option<&'a str>,
}

//! Which status should I send? The decision path from the situation to the status code.
//!
//! The order of the questions is the order in which a server can know the answers (RFC 9110 sections 13.2 and 15, and
//! the checks before them): who speaks, the server itself, the message, access, the resource, method and formats,
//! conditions, the content, what came of it. Each question is asked only when the ones before it let the request pass,
//! so that the first thing that decides is the one that is said.
//!
//! Everything here is data and pure functions: [`follow`] takes answers and says what comes next.
//!
//! ```
//! use httpwhy_catalog::choose::{Answers, End, follow};
//! let way = follow(&Answers::parse("origin,yes,yes,login").unwrap()).unwrap();
//! let End::Send { status, .. } = way.end else { panic!() };
//! assert_eq!(status.code, 401);
//! ```

mod questions;
mod statuses;

use std::fmt;

use crate::{Entry, by_id};

/// One question of the interview.
#[derive(Debug)]
pub struct Question {
    /// Its name in `key=value` answers.
    pub key: &'static str,
    /// The question.
    pub text: &'static str,
    /// What to know in order to answer it.
    pub help: &'static str,
    /// The answers, in the order in which they are offered; never empty.
    pub choices: &'static [Choice],
}

/// One answer to a question, and where it leads.
#[derive(Debug)]
pub struct Choice {
    /// Its name in answers. None begins with `b`, the letter that goes back.
    pub key: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Where it leads.
    pub next: Next,
}

/// Where an answer leads.
#[derive(Debug, Clone, Copy)]
pub enum Next {
    /// To the next question.
    Ask(&'static Question),
    /// To a status.
    Send {
        /// The status.
        status: &'static Status,
        /// Why, in one sentence.
        because: &'static str,
    },
}

/// A status code that the path can end in.
#[derive(Debug)]
pub struct Status {
    /// The code; `http/<code>` is its entry.
    pub code: u16,
    /// What sending it says to the client, as the end of "it says that …".
    pub says: &'static str,
    /// Field lines of the sample, without `Date`, `Content-Type` and `Content-Length`.
    fields: &'static [&'static str],
    content: Content,
}

/// The content of a sample.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// None, and nothing that speaks of a length: 204, 304.
    Never,
    /// None: `Content-Length: 0`.
    Empty,
    /// A problem detail (RFC 9457) with that `detail`.
    Problem(&'static str),
    /// Media type and content.
    Of(&'static str, &'static str),
    /// An interim head: a final response follows it.
    Interim,
    /// The protocol is switched: no content of HTTP follows.
    Switched,
    /// Only ever inside a 207 (RFC 5842 section 7.1): the XML of its content.
    Inside(&'static str),
}

/// The moment that all samples carry in `Date` (they are made without a clock).
const DATE: &str = "Date: Fri, 20 Nov 2026 20:45:22 GMT";

impl Status {
    /// The entry of the catalogue.
    pub fn entry(&self) -> &'static Entry {
        by_id(&format!("http/{}", self.code)).expect("a test asks for the entry of every status")
    }

    /// The statuses that are most easily sent in its place, the likeliest mistake first; at least one.
    pub fn near_misses(&self) -> Vec<&'static Status> {
        statuses::near(self.code)
    }

    /// A response as it should go over the wire: lines end with CRLF, the length fits the content. Interim heads are
    /// followed by a final one, 208 stands where it belongs, within a 207.
    pub fn sample(&self) -> String {
        let (code, title) = match self.content {
            Content::Inside(_) => (207, statuses::of(207).entry().title),
            _ => (self.code, self.entry().title),
        };
        let mut lines = vec![format!("HTTP/1.1 {code} {title}")];
        let interim = matches!(self.content, Content::Interim | Content::Switched);
        if !interim {
            lines.push(DATE.to_owned());
        }
        lines.extend(self.fields.iter().map(|field| (*field).to_owned()));
        let content = match self.content {
            Content::Never | Content::Switched => None,
            Content::Empty => Some(String::new()),
            Content::Of(media, text) => {
                lines.push(format!("Content-Type: {media}"));
                Some(text.to_owned())
            }
            Content::Inside(text) => {
                lines.push(format!("Content-Type: {}", statuses::XML));
                Some(text.to_owned())
            }
            Content::Problem(detail) => {
                lines.push("Content-Type: application/problem+json".to_owned());
                Some(format!(
                    "{{\"title\":\"{title}\",\"status\":{code},\"detail\":\"{detail}\"}}\n"
                ))
            }
            Content::Interim => {
                lines.extend([String::new(), "HTTP/1.1 204 No Content".to_owned()]);
                lines.push(DATE.to_owned());
                None
            }
        };
        if let Some(content) = &content {
            lines.push(format!("Content-Length: {}", content.len()));
        }
        format!(
            "{}\r\n\r\n{}",
            lines.join("\r\n"),
            content.unwrap_or_default()
        )
    }
}

impl Question {
    /// The choice that an answer names: its key, its number (from 1), or a beginning that only one key has. Any case.
    pub fn choice(&self, answer: &str) -> Option<&'static Choice> {
        let answer = answer.trim().to_lowercase();
        if let Some(exact) = self.choices.iter().find(|choice| choice.key == answer) {
            return Some(exact);
        }
        if let Ok(number) = answer.parse::<usize>() {
            return self.choices.get(number.checked_sub(1)?);
        }
        let mut begun = (self.choices.iter()).filter(|choice| choice.key.starts_with(&answer));
        match (begun.next(), begun.next()) {
            (Some(only), None) if !answer.is_empty() => Some(only),
            _ => None,
        }
    }
}

/// Every question, in the order in which they can be asked; the first one is the beginning.
pub fn questions() -> &'static [&'static Question] {
    questions::ALL
}

/// Every status that the path can end in, by code.
pub fn statuses() -> &'static [Status] {
    statuses::ALL
}

/// Registered status codes that the path never ends in, and why.
pub const NEVER_SENT: &[(u16, &str)] = &[
    (
        305,
        "deprecated: a redirect to a proxy is a security risk (RFC 9110 15.4.6)",
    ),
    (306, "unused and reserved (RFC 9110 15.4.7)"),
    (
        418,
        "unused and reserved: a joke that was deployed (RFC 9110 15.5.19)",
    ),
    (
        510,
        "obsoleted: the extension framework it belongs to is historic (RFC 2774)",
    ),
];

/// Answers given beforehand: by the question's key, or in the order of the questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    named: Vec<(String, String)>,
    in_order: Vec<String>,
}

impl Answers {
    /// Reads `a,b,c`, `key=value,…` or a mixture; spaces around the parts do not matter. An empty text holds none.
    ///
    /// # Errors
    /// An empty part, a key that is no question's, or a key given twice.
    pub fn parse(text: &str) -> Result<Self, Astray> {
        let mut answers = Self::default();
        if text.trim().is_empty() {
            return Ok(answers);
        }
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                None if part.is_empty() => return Err(Astray::Empty),
                None => answers.in_order.push(part.to_owned()),
                Some((key, value)) => {
                    let key = key.trim().to_lowercase();
                    if !questions().iter().any(|question| question.key == key) {
                        return Err(Astray::NoQuestion(key));
                    }
                    if answers.named.iter().any(|(other, _)| *other == key) {
                        return Err(Astray::Twice(key));
                    }
                    answers.named.push((key, value.trim().to_owned()));
                }
            }
        }
        Ok(answers)
    }

    /// Adds the next answer in order.
    pub fn push(&mut self, answer: &str) {
        self.in_order.push(answer.to_owned());
    }
}

/// How far answers lead.
#[derive(Debug)]
pub struct Way {
    /// The questions asked, each with the answer.
    pub given: Vec<(&'static Question, &'static Choice)>,
    /// What they lead to.
    pub end: End,
}

/// What answers lead to.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// This question is open.
    Open(&'static Question),
    /// The status to send.
    Send {
        /// The status.
        status: &'static Status,
        /// Why, in one sentence.
        because: &'static str,
    },
}

/// Follows answers from the first question as far as they lead. Every set of answers has a result, and every way ends.
///
/// # Errors
/// An answer that its question does not offer, or answers left over when the way has ended.
pub fn follow(answers: &Answers) -> Result<Way, Astray> {
    let mut in_order = answers.in_order.iter();
    let mut given = Vec::new();
    let mut question = questions::FIRST;
    let end = loop {
        let named = answers.named.iter().find(|(key, _)| key == question.key);
        let Some(answer) = named.map(|(_, value)| value).or_else(|| in_order.next()) else {
            break End::Open(question);
        };
        let Some(choice) = question.choice(answer) else {
            return Err(Astray::NoChoice(question, answer.clone()));
        };
        given.push((question, choice));
        match choice.next {
            Next::Ask(next) => question = next,
            Next::Send { status, because } => break End::Send { status, because },
        }
    };
    let unasked = (answers.named.iter())
        .find(|(key, _)| !given.iter().any(|(question, _)| question.key == key))
        .map(|(key, value)| format!("{key}={value}"))
        .or_else(|| in_order.next().cloned());
    match (end, unasked) {
        (End::Send { status, .. }, Some(unasked)) => Err(Astray::Unasked(status, unasked)),
        _ => Ok(Way { given, end }),
    }
}

/// Why answers lead nowhere.
#[derive(Debug, Clone)]
pub enum Astray {
    /// Nothing stands between two commas.
    Empty,
    /// No question has that key.
    NoQuestion(String),
    /// The key was given twice.
    Twice(String),
    /// The question does not offer that answer.
    NoChoice(&'static Question, String),
    /// The way ended in that status before this answer was asked for.
    Unasked(&'static Status, String),
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an answer is empty: write one between any two commas"),
            Self::NoQuestion(key) => {
                let keys: Vec<&str> = questions().iter().map(|question| question.key).collect();
                write!(
                    f,
                    "no question is called '{}'; one of: {}",
                    key.escape_debug(),
                    keys.join(", ")
                )
            }
            Self::Twice(key) => write!(f, "'{}' is answered twice", key.escape_debug()),
            Self::NoChoice(question, answer) => {
                let keys: Vec<&str> = question.choices.iter().map(|choice| choice.key).collect();
                write!(
                    f,
                    "'{}' is no answer to {} ({}); one of: {}",
                    answer.escape_debug(),
                    question.key,
                    question.text,
                    keys.join(", ")
                )
            }
            Self::Unasked(status, answer) => write!(
                f,
                "'{}' is never asked for: the answers before it already lead to {}",
                answer.escape_debug(),
                status.code
            ),
        }
    }
}

impl std::error::Error for Astray {}

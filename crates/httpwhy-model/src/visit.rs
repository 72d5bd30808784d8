//! What was asked for, and its steps.

use std::fmt;

use crate::{Exchange, UnknownWord};

/// What was asked for and its steps, in order. A log line, a HAR entry, a plain probe are visits of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visit {
    /// What was asked for, as given: a URL, or the input that was none.
    pub asked: String,
    /// The steps, in order; at least one once the visit is complete.
    pub steps: Vec<Step>,
}

impl Visit {
    /// A visit of one step that was asked for.
    pub fn of(exchange: Exchange) -> Self {
        Self {
            asked: exchange.target.clone(),
            steps: vec![Step {
                exchange,
                because: Because::Asked,
            }],
        }
    }

    /// The last step.
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The last step that was asked for: what a page asked for by itself stands behind its document, and does not count;
    /// nor does an earlier step's request that was asked otherwise ([`Because::Same`]).
    pub fn landed(&self) -> Option<&Step> {
        let steps = self.steps.iter().enumerate().rev();
        let mut asked = steps.filter(|&(index, _)| !self.is_of_page(index));
        let own = asked
            .clone()
            .find(|(_, step)| !matches!(step.because, Because::Same(_)));
        own.or_else(|| asked.next()).map(|(_, step)| step)
    }

    /// Whether a page asked for that step by itself: a subresource, or a redirect of one.
    pub fn is_of_page(&self, mut index: usize) -> bool {
        while let Some(step) = self.steps.get(index) {
            match step.because {
                Because::Subresource(_) => return true,
                Because::Redirect(of) if of < index => index = of,
                _ => return false,
            }
        }
        false
    }
}

/// One exchange of a visit and why it took place.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The exchange.
    pub exchange: Exchange,
    /// Why it took place.
    pub because: Because,
}

/// Why a step took place; the number is the index of the step it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// It was asked for.
    Asked,
    /// A redirect of that step.
    Redirect(usize),
    /// A retry of that step.
    Retry(usize),
    /// The answer to a challenge (401, 407) of that step.
    Challenge(usize),
    /// Another protocol or scheme after that step.
    Fallback(usize),
    /// A subresource of that step's page.
    Subresource(usize),
    /// The other leg of a proxy: forwarded by the one who answered that step.
    Forwarded(usize),
    /// Another witness of the same exchange; or the same request at another address of the name.
    Same(usize),
}

impl Because {
    /// The kinds, as spelled in JSON and transcripts.
    pub const WORDS: &'static [&'static str] = &[
        "asked",
        "redirect",
        "retry",
        "challenge",
        "fallback",
        "subresource",
        "forwarded",
        "same",
    ];

    /// The kind's word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Redirect(_) => "redirect",
            Self::Retry(_) => "retry",
            Self::Challenge(_) => "challenge",
            Self::Fallback(_) => "fallback",
            Self::Subresource(_) => "subresource",
            Self::Forwarded(_) => "forwarded",
            Self::Same(_) => "same",
        }
    }

    /// The step it refers to.
    pub const fn of(self) -> Option<usize> {
        match self {
            Self::Asked => None,
            Self::Redirect(n)
            | Self::Retry(n)
            | Self::Challenge(n)
            | Self::Fallback(n)
            | Self::Subresource(n)
            | Self::Forwarded(n)
            | Self::Same(n) => Some(n),
        }
    }

    /// The same where so many steps stand before those of its visit.
    #[must_use]
    pub const fn behind(self, steps: usize) -> Self {
        match self {
            Self::Asked => Self::Asked,
            Self::Redirect(n) => Self::Redirect(n + steps),
            Self::Retry(n) => Self::Retry(n + steps),
            Self::Challenge(n) => Self::Challenge(n + steps),
            Self::Fallback(n) => Self::Fallback(n + steps),
            Self::Subresource(n) => Self::Subresource(n + steps),
            Self::Forwarded(n) => Self::Forwarded(n + steps),
            Self::Same(n) => Self::Same(n + steps),
        }
    }

    /// Builds one from its word and the step it refers to (0 when none is given).
    pub fn from_word(kind: &str, of: Option<usize>) -> Result<Self, UnknownWord> {
        let n = of.unwrap_or(0);
        Ok(match kind {
            "asked" => Self::Asked,
            "redirect" => Self::Redirect(n),
            "retry" => Self::Retry(n),
            "challenge" => Self::Challenge(n),
            "fallback" => Self::Fallback(n),
            "subresource" => Self::Subresource(n),
            "forwarded" => Self::Forwarded(n),
            "same" => Self::Same(n),
            _ => {
                return Err(UnknownWord {
                    given: kind.to_owned(),
                    set: "because",
                    allowed: Self::WORDS,
                });
            }
        })
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of() {
            None => f.write_str(self.kind()),
            Some(n) => write!(f, "{} of {n}", self.kind()),
        }
    }
}

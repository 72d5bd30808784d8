//! A visit, judged: its steps, its verdict, and what `--fail-on` asks of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;

use httpwhy_catalog::by_id;
use httpwhy_diagnose::{deciding, steps};
use httpwhy_model::{Diagnosis, End, Exchange, Phase, Signal, Visit};

/// A visit with its judgement.
pub(crate) struct Judged {
    pub(crate) visit: Visit,
    /// One for each step; never empty.
    pub(crate) steps: Vec<Diagnosis>,
}

impl Judged {
    /// Judges a visit. A defect that panics while doing so ends this visit as `engine/internal`, not the run.
    pub(crate) fn new(visit: Visit) -> Self {
        let judged = catch_unwind(AssertUnwindSafe(|| steps(&visit)));
        if let Ok(steps) = judged {
            return Self { visit, steps };
        }
        let mut exchange = Exchange {
            target: visit.asked,
            end: End::Nothing,
            ..Exchange::default()
        };
        exchange.signal(Phase::Queue, Signal::word("engine", "panic"));
        let visit = Visit::of(exchange);
        Self {
            steps: steps(&visit),
            visit,
        }
    }

    /// The verdict on the whole visit.
    pub(crate) fn verdict(&self) -> &Diagnosis {
        &self.steps[deciding(&self.visit, &self.steps)]
    }

    /// Whether httpwhy itself failed on this target.
    pub(crate) fn is_own_failure(&self) -> bool {
        matches!(
            self.verdict().outcome.0,
            "engine/internal"
                | "engine/exception"
                | "engine/argument-error"
                | "engine/runtime-error"
        )
    }
}

/// One term of `--fail-on`: an outcome, a namespace, a status class, a party, a rule, or `any`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailOn {
    Outcome(String),
    Namespace(String),
    Class(u16),
    Party(&'static str),
    Broken,
    Any,
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(term: &str) -> Result<Self, String> {
        let party = httpwhy_model::Party::WORDS
            .iter()
            .find(|word| **word == term);
        let class = term
            .strip_suffix("xx")
            .and_then(|digit| digit.parse().ok())
            .filter(|digit| (1..=5).contains(digit));
        let namespace = term.strip_suffix("/*").unwrap_or_default();
        match (party, class) {
            (Some(party), _) => Ok(Self::Party(party)),
            (_, Some(class)) => Ok(Self::Class(class)),
            _ if term == "any" => Ok(Self::Any),
            _ if term == "findings" => Ok(Self::Broken),
            _ if by_id(term).is_some() => Ok(Self::Outcome(term.to_owned())),
            _ if httpwhy_catalog::entries()
                .iter()
                .any(|entry| entry.id.namespace() == namespace) =>
            {
                Ok(Self::Namespace(namespace.to_owned()))
            }
            _ => Err(format!(
                "'{term}' is neither an outcome (http/404), a namespace (tls/*), a class (5xx), a party ({}), findings, nor any",
                httpwhy_model::Party::WORDS.join(", ")
            )),
        }
    }
}

impl FailOn {
    /// Whether the visit is what the term asks for.
    pub(crate) fn finds(&self, judged: &Judged) -> bool {
        let verdict = judged.verdict();
        let status = judged.visit.last().and_then(|step| step.exchange.status());
        match self {
            Self::Outcome(id) => {
                verdict.outcome.0 == id || verdict.also.iter().any(|other| other.0 == id)
            }
            Self::Namespace(name) => verdict.outcome.namespace() == name,
            Self::Class(class) => status.is_some_and(|status| status / 100 == *class),
            Self::Party(party) => verdict
                .blame
                .party()
                .is_some_and(|blamed| blamed.as_str() == *party),
            Self::Broken => judged.steps.iter().any(|step| !step.findings.is_empty()),
            Self::Any => verdict.blame != httpwhy_model::Blame::Nobody,
        }
    }
}

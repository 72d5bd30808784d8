//! The terms with which `--fail-on` and the filters name what they look for.
//!
//! | term | holds where |
//! |---|---|
//! | `http/404` | the outcome, or one that holds as well |
//! | `tls/*` | the outcome is of that namespace |
//! | `404`, `500-504`, `5xx` | the final status |
//! | `origin` | the party blamed |
//! | `must`, `should`, `practice` | a finding of that level |
//! | `some-rule` | a finding of that rule |
//! | `findings`, `any` | any finding; anything wrong at all |

use std::ops::RangeInclusive;
use std::str::FromStr;

use httpwhy_catalog::by_id;
use httpwhy_model::{Blame, Level, Party};

use crate::judge::Judged;

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    Outcome(String),
    Namespace(String),
    Status(RangeInclusive<u16>),
    Party(&'static str),
    Level(Level),
    Rule(&'static str),
    Findings,
    Any,
}

impl FromStr for Term {
    type Err = String;

    fn from_str(term: &str) -> Result<Self, String> {
        let found = match term {
            "any" => Some(Self::Any),
            "findings" => Some(Self::Findings),
            _ => None,
        };
        found
            .or_else(|| statuses(term).map(Self::Status))
            .or_else(|| party(term).map(Self::Party))
            .or_else(|| level(term).map(Self::Level))
            .or_else(|| outcome(term))
            .or_else(|| rule(term).map(Self::Rule))
            .ok_or_else(|| {
                format!(
                    "'{term}' is neither an outcome (http/404), a namespace (tls/*), a status (404, 500-504, 5xx), a party ({}), \
                     a level (must, should, practice), a rule of `httpwhy rules`, findings, nor any",
                    Party::WORDS.join(", ")
                )
            })
    }
}

/// `404`, `500-504`, `5xx`.
pub(crate) fn statuses(term: &str) -> Option<RangeInclusive<u16>> {
    let status = |text: &str| {
        let three = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        three.then(|| text.parse::<u16>().ok()).flatten()
    };
    if let Some(class) = term.strip_suffix("xx").or_else(|| term.strip_suffix("XX")) {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some(class * 100..=class * 100 + 99);
    }
    match term.split_once('-') {
        Some((from, to)) => {
            let (from, to) = (status(from)?, status(to)?);
            (from <= to).then_some(from..=to)
        }
        None => status(term).map(|one| one..=one),
    }
}

/// A party's word.
pub(crate) fn party(term: &str) -> Option<&'static str> {
    Party::WORDS.iter().copied().find(|word| *word == term)
}

/// A level's word, in any case.
pub(crate) fn level(term: &str) -> Option<Level> {
    let upper = term.to_ascii_uppercase();
    [Level::Must, Level::Should, Level::Practice]
        .into_iter()
        .find(|level| level.as_str() == upper)
}

/// The name of a rule.
pub(crate) fn rule(term: &str) -> Option<&'static str> {
    httpwhy_diagnose::rules::all()
        .iter()
        .map(|rule| rule.name)
        .find(|name| *name == term)
}

/// An outcome's id, or `namespace/*`.
pub(crate) fn outcome(term: &str) -> Option<Term> {
    if by_id(term).is_some() {
        return Some(Term::Outcome(term.to_owned()));
    }
    let namespace = term.strip_suffix("/*")?;
    httpwhy_catalog::entries()
        .iter()
        .any(|entry| entry.id.namespace() == namespace)
        .then(|| Term::Namespace(namespace.to_owned()))
}

impl Term {
    /// Whether the visit is what the term asks for.
    pub(crate) fn holds(&self, judged: &Judged) -> bool {
        let verdict = judged.verdict();
        let mut findings = judged.steps().iter().flat_map(|step| &step.findings);
        match self {
            Self::Outcome(id) => {
                verdict.outcome.0 == id || verdict.also.iter().any(|other| other.0 == id)
            }
            Self::Namespace(name) => verdict.outcome.namespace() == name,
            Self::Status(range) => judged
                .status()
                .is_some_and(|status| range.contains(&status)),
            Self::Party(party) => verdict
                .blame
                .party()
                .is_some_and(|blamed| blamed.as_str() == *party),
            Self::Level(level) => findings.any(|finding| finding.level == *level),
            Self::Rule(name) => findings.any(|finding| finding.rule == *name),
            Self::Findings => findings.next().is_some(),
            Self::Any => verdict.blame != Blame::Nobody,
        }
    }
}

/// One term of `--fail-on`, with how many it takes: `5xx`, `5xx>10`, `5xx>1%`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FailOn {
    text: String,
    term: Term,
    over: Over,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Over {
    Count(u64),
    Percent(f64),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (term, over) = match text.split_once('>') {
            None => (text, Over::Count(0)),
            Some((term, over)) => (term, threshold(over.trim())?),
        };
        Ok(Self {
            text: text.to_owned(),
            term: term.trim().parse()?,
            over,
        })
    }
}

impl FailOn {
    /// What is looked for.
    pub(crate) const fn term(&self) -> &Term {
        &self.term
    }

    /// What is said when so many of all are found, if that is too many: `5xx>1%: 12 of 300`.
    pub(crate) fn found(&self, count: u64, all: u64) -> Option<String> {
        let over = match self.over {
            Over::Count(most) => count > most,
            Over::Percent(most) => count as f64 * 100.0 > most * all as f64,
        };
        over.then(|| format!("{}: {count} of {all}", self.text))
    }
}

fn threshold(text: &str) -> Result<Over, String> {
    let bad =
        || format!("'>{text}' is no threshold: >10 (visits) or >1% (of all visits) is expected");
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: f64 = percent.trim().parse().map_err(|_| bad())?;
            if (0.0..100.0).contains(&percent) {
                Ok(Over::Percent(percent))
            } else {
                Err(bad())
            }
        }
        None => text.parse().map(Over::Count).map_err(|_| bad()),
    }
}

/// How many visits each term of `--fail-on` holds for.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    terms: Vec<(FailOn, u64)>,
    visits: u64,
}

impl Tally {
    pub(crate) fn new(terms: &[FailOn]) -> Self {
        Self {
            terms: terms.iter().map(|term| (term.clone(), 0)).collect(),
            visits: 0,
        }
    }

    /// Counts one visit.
    pub(crate) fn add(&mut self, judged: &Judged) {
        self.visits += 1;
        for (fail_on, count) in &mut self.terms {
            *count += u64::from(fail_on.term.holds(judged));
        }
    }

    /// What was found: `5xx>1%: 12 of 300`.
    pub(crate) fn found(&self) -> Vec<String> {
        self.terms
            .iter()
            .filter_map(|(fail_on, count)| fail_on.found(*count, self.visits))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{End, Exchange, Response, Visit};

    use super::*;

    fn judged(status: &'static str) -> Judged<'static> {
        Judged::new(Visit::of(Exchange {
            end: End::Answered,
            response: Some(Response {
                code: status.into(),
                ..Response::default()
            }),
            ..Exchange::default()
        }))
    }

    #[test]
    fn terms_are_read() {
        for (text, term) in [
            ("http/404", Term::Outcome("http/404".into())),
            ("tls/*", Term::Namespace("tls".into())),
            ("404", Term::Status(404..=404)),
            ("5xx", Term::Status(500..=599)),
            ("500-504", Term::Status(500..=504)),
            ("origin", Term::Party("origin")),
            ("must", Term::Level(Level::Must)),
            ("SHOULD", Term::Level(Level::Should)),
            (
                "method-not-allowed-without-allow",
                Term::Rule("method-not-allowed-without-allow"),
            ),
            ("findings", Term::Findings),
            ("any", Term::Any),
        ] {
            assert_eq!(text.parse(), Ok(term), "{text}");
        }
        for bad in [
            "",
            "6xx",
            "504-500",
            "40",
            "http/999x",
            "nosuch/*",
            "Origin",
            "5xx>",
        ] {
            assert!(bad.parse::<Term>().is_err(), "{bad}");
        }
        for bad in ["5xx>", "5xx>x", "5xx>100%", "5xx>-1%", ">1"] {
            assert!(bad.parse::<FailOn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_and_counts_are_thresholds() {
        for (terms, found) in [
            (&["5xx"][..], &["5xx: 2 of 100"][..]),
            (&["5xx>1", "5xx>2"], &["5xx>1: 2 of 100"]),
            (
                &["5xx>1.9%", "5xx>2%", "404>0%"],
                &["5xx>1.9%: 2 of 100", "404>0%: 1 of 100"],
            ),
            (&["http/503", "any>3"], &[]),
        ] {
            let terms: Vec<FailOn> = terms
                .iter()
                .map(|term| term.parse().expect("a term"))
                .collect();
            let mut tally = Tally::new(&terms);
            let all = ["500"; 2].into_iter().chain(["404"]).chain(["200"; 97]);
            all.for_each(|status| tally.add(&judged(status)));
            assert_eq!(tally.found(), found);
        }
        assert_eq!(
            Tally::new(&["any>0%".parse().expect("a term")]).found(),
            Vec::<String>::new()
        );
    }
}

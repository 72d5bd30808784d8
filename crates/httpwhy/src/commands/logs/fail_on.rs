//! `--fail-on` for logs: a term as elsewhere, and how many, or what share, are too many.

use std::str::FromStr;

use httpwhy_logs::{Group, Triage};

use crate::judge;

/// A term, and the bound above which it is found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FailOn {
    term: judge::FailOn,
    above: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    /// More than so many.
    Count(u64),
    /// More than that share of all exchanges, 0 to 1.
    Share(f64),
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (term, bound) = text.split_once('>').unwrap_or((text, "0"));
        let above = match bound.trim().strip_suffix('%') {
            Some(percent) => percent
                .trim()
                .parse()
                .map(|percent: f64| Bound::Share(percent / 100.0))
                .ok(),
            None => bound.trim().parse().map(Bound::Count).ok(),
        };
        Ok(Self {
            term: term.trim().parse()?,
            above: above.ok_or_else(|| {
                format!("'{bound}' in '{text}' is neither a count (100) nor a share (1%)")
            })?,
        })
    }
}

impl FailOn {
    /// Whether the logs hold more of it than that.
    pub(crate) fn finds(&self, triage: &Triage) -> bool {
        let count: u64 = triage
            .groups()
            .into_iter()
            .map(|group| self.count(group))
            .sum();
        match self.above {
            Bound::Count(most) => count > most,
            Bound::Share(most) => count as f64 > most * triage.exchanges() as f64,
        }
    }

    /// How many exchanges of a group are what the term asks for.
    fn count(&self, group: &Group) -> u64 {
        use judge::FailOn as Term;
        let diagnosis = &group.diagnosis;
        let all = match &self.term {
            Term::Class(class) => {
                let of_class = |status: &u16| status / 100 == *class;
                return group
                    .statuses
                    .iter()
                    .filter(|(status, _)| of_class(status))
                    .map(|(_, count)| count)
                    .sum();
            }
            Term::Outcome(id) => {
                diagnosis.outcome.0 == id || diagnosis.also.iter().any(|other| other.0 == id)
            }
            Term::Namespace(name) => diagnosis.outcome.namespace() == name,
            Term::Party(party) => diagnosis
                .blame
                .party()
                .is_some_and(|blamed| blamed.as_str() == *party),
            Term::Broken => !diagnosis.findings.is_empty(),
            Term::Any => group.happened.is_failure(),
        };
        if all { group.count } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read() {
        for (text, above) in [
            ("5xx>1%", Bound::Share(0.01)),
            ("http/502 > 100", Bound::Count(100)),
            ("origin", Bound::Count(0)),
        ] {
            assert_eq!(text.parse::<FailOn>().expect(text).above, above);
        }
        for broken in ["5xx>", "5xx>x%", "9xx", "nothing>1"] {
            assert!(broken.parse::<FailOn>().is_err(), "{broken}");
        }
    }
}

//! `--fail-on` for logs: how many exchanges are what a term looks for.

use httpwhy_logs::{Group, Triage};

use crate::terms::{FailOn, Term};

/// What was found, in words.
pub(super) fn found(terms: &[FailOn], triage: &Triage) -> Vec<String> {
    let groups = triage.groups();
    terms
        .iter()
        .filter_map(|fail_on| {
            let count = groups
                .iter()
                .map(|group| count(fail_on.term(), group))
                .sum();
            fail_on.found(count, triage.exchanges())
        })
        .collect()
}

/// How many exchanges of a group are what the term looks for.
fn count(term: &Term, group: &Group) -> u64 {
    let diagnosis = &group.diagnosis;
    let mut findings = diagnosis.findings.iter();
    let all = match term {
        Term::Status(range) => {
            let of_range = group
                .statuses
                .iter()
                .filter(|(status, _)| range.contains(status));
            return of_range.map(|(_, count)| count).sum();
        }
        Term::Outcome(id) => {
            diagnosis.outcome.0 == id || diagnosis.also.iter().any(|other| other.0 == id)
        }
        Term::Namespace(name) => diagnosis.outcome.namespace() == name,
        Term::Party(party) => diagnosis
            .blame
            .party()
            .is_some_and(|blamed| blamed.as_str() == *party),
        Term::Level(level) => findings.any(|finding| finding.level == *level),
        Term::Rule(name) => findings.any(|finding| finding.rule == *name),
        Term::Findings => findings.next().is_some(),
        Term::Any => group.happened.is_failure(),
    };
    if all { group.count } else { 0 }
}

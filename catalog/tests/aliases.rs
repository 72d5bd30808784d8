//! Every name that other programs print leads to its outcome: `aliases.csv` (name, kind, id, whether others own the name
//! too), and every id of `outcome-ids.txt` has an entry.

mod csv;

use httpwhy_catalog::{Entry, Found, by_id, find};

/// The ids that are planned and have no entry yet.
fn missing() -> Vec<&'static str> {
    include_str!("outcome-ids.txt")
        .lines()
        .filter(|id| by_id(id).is_none())
        .collect()
}

fn answer(question: &str) -> Vec<&'static Entry> {
    match find(question) {
        Found::One(entry) => vec![entry],
        Found::Several(entries) => entries,
        Found::Class(..) | Found::Misspelt(..) | Found::Nothing(_) => Vec::new(),
    }
}

/// The answer holds the entry, or a page that leads to it.
fn leads_to(answer: &[&Entry], id: &str) -> bool {
    answer
        .iter()
        .any(|entry| entry.id.0 == id || entry.leads_to.iter().any(|other| other.0 == id))
}

#[test]
fn every_id_has_an_entry() {
    let missing = missing();
    assert!(
        missing.is_empty(),
        "{} ids have no entry: {}",
        missing.len(),
        missing.join(" ")
    );
}

#[test]
#[allow(
    clippy::print_stderr,
    reason = "progress of the catalogue, for who reads the test's output"
)]
fn every_alias_finds_its_outcome() {
    let lines = csv::rows::<4>(include_str!("aliases.csv"));
    assert_eq!(lines.len(), 1140);
    let missing = missing();
    let mut failures = Vec::new();
    let mut waiting = 0;
    for [alias, kind, id, _] in &lines {
        if missing.contains(&id.as_str()) {
            waiting += 1;
            continue;
        }
        let found = answer(alias);
        if !leads_to(&found, id) {
            let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
            failures.push(format!("{kind} '{alias}': {id} wanted, {ids:?} found"));
        }
    }
    if waiting > 0 {
        eprintln!("{waiting} lines wait for their entries");
    }
    assert!(
        failures.is_empty(),
        "{} of {} lines:\n{}",
        failures.len(),
        lines.len(),
        failures.join("\n")
    );
}

#[test]
fn names_that_one_outcome_owns_are_not_lost_in_a_crowd() {
    let crowded: Vec<String> = csv::rows::<4>(include_str!("aliases.csv"))
        .iter()
        .filter(|[_, _, id, ambiguous]| ambiguous == "no" && by_id(id).is_some())
        .filter_map(|[alias, _, id, _]| {
            let found = answer(alias);
            (found.len() > 6).then(|| format!("'{alias}' ({id}): {} candidates", found.len()))
        })
        .collect();
    assert!(crowded.is_empty(), "{}", crowded.join("\n"));
}

/// HAProxy's states mind their case, and their cookie letters say nothing of the state.
#[test]
fn termination_states_mind_their_case() {
    for (word, id) in [
        ("sC--", "haproxy/sC"),
        ("SC--", "haproxy/SC"),
        ("cDNN", "haproxy/cD"),
        ("CD--", "haproxy/CD"),
    ] {
        let Found::One(entry) = find(word) else {
            panic!("{word}: {:?}", find(word))
        };
        assert_eq!(entry.id.0, id);
    }
}

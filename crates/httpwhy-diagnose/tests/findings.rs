//! What the rules say about the catalogue's own transcripts.

use httpwhy_catalog::{Entry, by_id, entries};
use httpwhy_diagnose::step;
use httpwhy_model::{Exchange, Finding};

/// Examples leave Date out to be short. That it is missing is said of them, and true.
const SHORTENED: &str = "date-missing";

/// Each step of the entry's transcript with its findings, save those that shortening explains.
fn steps(entry: &Entry) -> Vec<(Exchange, Vec<Finding>)> {
    let visit = httpwhy_ingest::read_transcript(entry.transcript())
        .unwrap_or_else(|unread| panic!("{}: {unread}", entry.id));
    let findings = |index| {
        let mut findings = step(&visit, index).findings;
        findings.retain(|finding| finding.rule != SHORTENED);
        findings
    };
    visit
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| (step.exchange.clone(), findings(index)))
        .collect()
}

/// Whether every field that the entry's status demands is there.
fn is_as_expected(entry: &Entry, exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_some_and(|response| {
        entry.expected.iter().all(|field| {
            let name = field.split(' ').next().unwrap_or_default();
            response.fields.has(name)
        })
    })
}

#[test]
fn a_status_with_the_fields_it_demands_breaks_no_rule() {
    let mut looked_at = 0;
    for entry in entries()
        .iter()
        .filter(|entry| entry.id.namespace() == "http")
    {
        for (exchange, findings) in steps(entry) {
            let is_breach = BREACHES.iter().any(|(id, _)| *id == entry.id.0);
            if is_as_expected(entry, &exchange) && !is_breach {
                looked_at += 1;
                assert_eq!(findings, [], "{}", entry.id);
            }
        }
    }
    assert!(looked_at > 50, "{looked_at}");
}

/// Outcomes that are themselves a breach, with the rule that says which.
const BREACHES: &[(&str, &str)] = &[
    ("auth/challenge-missing", "unauthorized-without-challenge"),
    ("http/invalid-status", "status-out-of-range"),
    ("net/body-on-bodyless", "no-content-with-content"),
    ("net/content-length-invalid", "content-length-invalid"),
    ("net/chunk-invalid", "chunk-invalid"),
    ("net/framing-conflict", "length-with-transfer-encoding"),
    ("net/header-token-invalid", "field-name-invalid"),
    ("net/line-ending-invalid", "bare-cr"),
    ("net/multiple-content-length", "content-length-repeated"),
    ("net/multiple-location", "field-repeated"),
    ("net/redirect-no-location", "redirect-without-location"),
    ("net/status-line-invalid", "status-line-invalid"),
    ("net/unexpected-1xx", "switching-without-upgrade"),
    (
        "ws/handshake-subprotocol",
        "websocket-subprotocol-not-offered",
    ),
];

#[test]
fn an_outcome_that_is_a_breach_has_its_finding() {
    for (id, rule) in BREACHES {
        let entry = by_id(id).unwrap_or_else(|| panic!("no entry {id}"));
        let found = steps(entry)
            .iter()
            .flat_map(|(_, findings)| findings)
            .any(|finding| finding.rule == *rule);
        assert!(found, "{id}: no {rule}");
    }
}

//! The triangle without sockets: the transcript of every entry, read and diagnosed, names that very entry.

use httpwhy_catalog::{Entry, entries};
use httpwhy_diagnose::{diagnose, step};
use httpwhy_model::OutcomeId;

/// What the transcript names: the verdict, then the steps' own outcomes.
fn named(entry: &Entry) -> Result<Vec<OutcomeId>, String> {
    let visit =
        httpwhy_ingest::read_transcript(entry.transcript()).map_err(|unread| unread.to_string())?;
    let mut ids = vec![diagnose(&visit).outcome];
    if visit.steps.len() > 1 {
        ids.extend((0..visit.steps.len()).map(|index| step(&visit, index).outcome));
    }
    Ok(ids)
}

/// Entries that their own transcript cannot name, each with the reason. One that is named after all is an error.
const EXEMPT: &[(&str, &str)] = &[(
    "net/close-delimited",
    "a legal form: the verdict on such an answer is its status",
)];

#[test]
fn every_transcript_names_its_entry() {
    let mut failures = Vec::new();
    let mut held = 0;
    for entry in entries() {
        let id = entry.id.0;
        let exempt = EXEMPT.iter().find(|(exempt, _)| *exempt == id);
        let named = named(entry);
        let holds = match &named {
            Err(_) => false,
            // A page is never a verdict: it leads to one.
            Ok(ids) if !entry.leads_to.is_empty() => entry.leads_to.contains(&ids[0]),
            Ok(ids) => ids.contains(&entry.id),
        };
        match (holds, exempt) {
            (true, None) => held += 1,
            (false, Some(_)) => {}
            (true, Some(_)) => failures.push(format!("{id}: exempt, but its transcript names it")),
            (false, None) => failures.push(format!("{id}: {named:?}")),
        }
    }
    println!(
        "{held} transcripts name their entry, {} exempt",
        EXEMPT.len()
    );
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        entries().len(),
        failures.join("\n")
    );
}

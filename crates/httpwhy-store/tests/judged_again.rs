//! What is stored is judged again to the same, for every entry of the catalogue: each of its transcripts goes into a store
//! and comes out as it was.

use std::collections::BTreeMap;

use httpwhy_catalog::entries;
use httpwhy_diagnose::{deciding, steps};
use httpwhy_model::{Visit, redact};
use httpwhy_store::conformance::{new_run, rows};
use httpwhy_store::{Record, SqliteStore, Store, Wanted};
use tempfile::TempDir;

#[test]
fn every_transcript_comes_back() {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::create(&folder.path().join("runs.db")).expect("a store");
    let run = store.begin(&new_run()).expect("a run");
    let visits: Vec<Visit> = entries()
        .iter()
        .filter_map(|entry| httpwhy_ingest::read_transcript(entry.transcript()).ok())
        .collect();
    assert!(visits.len() > 500, "{} transcripts", visits.len());
    let records: Vec<Record> = visits
        .iter()
        .zip(1..)
        .map(|(visit, number)| {
            let judged = steps(visit);
            Record::of(number, visit, &judged, deciding(visit, &judged), true)
        })
        .collect();
    store.append(run, &records).expect("all of them");
    let wanted = Wanted {
        exchanges: true,
        ..Wanted::default()
    };
    let mut stored: BTreeMap<u64, Visit> = BTreeMap::new();
    for row in rows(&store, run, &wanted) {
        let visit = stored.entry(row.number).or_default();
        if row.step == 0 {
            visit.asked = row.target;
        }
        visit.steps.push(row.kept.expect("it was to be kept"));
    }
    assert_eq!(stored.len(), visits.len());
    for ((number, stored), visit) in stored.iter().zip(&visits) {
        let hidden = redact(visit);
        let name = &visit.asked;
        for (step, (read, written)) in stored.steps.iter().zip(&hidden.steps).enumerate() {
            assert_eq!(read, written, "{number}, {name}, step {step}");
        }
        assert_eq!(steps(stored), steps(visit), "{number}, {name}");
    }
}

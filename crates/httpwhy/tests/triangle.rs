//! The triangle: catalogue -> simulator -> probe -> diagnosis -> the same outcome, for every entry that can be made here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use httpwhy_testkit::Httpwhy;
use serde_json::Value;

/// As many scenes can be made at least; fewer means that some fell out of the table.
const AT_LEAST: usize = 755;

#[test]
fn every_reproducible_outcome_is_named_from_the_wire() {
    let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["probe", "sim:", "--json"])
        .limit(Duration::from_mins(4))
        .run();
    let rows: Vec<Value> = ran
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let (exempt, played): (Vec<&Value>, Vec<&Value>) =
        rows.iter().partition(|row| row.get("exempt").is_some());

    let failed: Vec<String> = played
        .iter()
        .filter(|row| row["holds"] != Value::Bool(true))
        .map(|row| format!("{} ({}): named {}", row["scene"], row["how"], row["named"]))
        .collect();
    {
        println!("{}", summary(&played, &exempt, failed.len()));
    }
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), ran.stderr);
    assert!(played.len() >= AT_LEAST, "only {} played", played.len());
    for row in &played {
        assert!(
            row["named"]
                .as_array()
                .is_some_and(|named| named.contains(&row["outcome"])),
            "{row} says that it holds"
        );
    }

    let scenes: BTreeSet<&str> = played
        .iter()
        .filter_map(|row| row["scene"].as_str())
        .collect();
    assert_eq!(scenes.len(), played.len(), "a scene has two rows");
    let unique: BTreeSet<&str> = rows.iter().map(id).collect();
    for outcome in &unique {
        let is_exempt = exempt.iter().any(|row| id(row) == *outcome);
        assert_ne!(
            is_exempt,
            scenes.contains(outcome),
            "{outcome} by its own entry"
        );
    }
    let known: BTreeSet<&str> = httpwhy_catalog::entries()
        .iter()
        .map(|entry| entry.id.0)
        .collect();
    assert_eq!(unique, known, "every entry is either played or exempt");
    for row in &exempt {
        let reason = row["exempt"].as_str().unwrap_or_default();
        assert!(reason.len() >= 10, "{} is exempt without reason", id(row));
        assert!(
            !reason.contains("act or a parameter is unknown"),
            "{}: {reason}: the entry asks for an act that is not there",
            id(row)
        );
    }
    ran.exits(0);
}

fn id(row: &Value) -> &str {
    row["outcome"].as_str().expect("each row has an outcome")
}

fn namespace(row: &Value) -> &str {
    id(row).split('/').next().unwrap_or_default()
}

/// How many of each namespace.
fn summary(played: &[&Value], exempt: &[&Value], failed: usize) -> String {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in played {
        counts.entry(namespace(row)).or_default().0 += 1;
    }
    for row in exempt {
        counts.entry(namespace(row)).or_default().1 += 1;
    }
    let mut rows = vec![format!(
        "{:<12} {:>6} {:>6}",
        "namespace", "played", "exempt"
    )];
    rows.extend(
        counts
            .into_iter()
            .map(|(name, (played, exempt))| format!("{name:<12} {played:>6} {exempt:>6}")),
    );
    rows.push(format!(
        "{} played, {failed} of them named wrongly, {} exempt",
        played.len(),
        exempt.len()
    ));
    rows.join("\n")
}

//! `httpwhy logs` on logs whose content is known: every count is exactly the truth's, and the planted incident is found
//! with the trait that its failures share.

use std::collections::BTreeMap;

use httpwhy_ingest::logs::{Kind, carriers, formats};
use httpwhy_testkit::logs::{Amount, DIALECTS, Dialect, Truth, write};
use httpwhy_testkit::{Httpwhy, Workspace};
use serde_json::Value;

/// Exchanges of each log: some 40 a minute.
const LINES: u64 = 8000;

fn httpwhy() -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
}

/// Writes the log and reads it; the lines of JSON.
fn read(dialect: &Dialect, seed: u64, arguments: &[&str]) -> (Truth, Vec<Value>) {
    let workspace = Workspace::new();
    let mut log = Vec::new();
    let truth = write(dialect, Amount::Lines(LINES), seed, &mut log).expect("memory takes it");
    let path = workspace.write("access.log", &log);
    let ran = httpwhy()
        .args(["logs", "--json"])
        .args(arguments)
        .arg(&path)
        .run()
        .exits(0);
    let lines = ran.lines().into_iter();
    let lines = lines.map(|line| serde_json::from_str(line).expect("JSON"));
    (truth, lines.collect())
}

fn of_kind<'a>(lines: &'a [Value], kind: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["kind"] == kind).collect()
}

/// Exchanges by what happened and status.
fn told(logs: &Value) -> BTreeMap<(String, u64), u64> {
    let mut sums = BTreeMap::new();
    for group in logs["groups"].as_array().expect("groups") {
        let happened = group["happened"].as_str().expect("a word").to_owned();
        for status in group["statuses"].as_array().expect("statuses") {
            let key = (
                happened.clone(),
                status["status"].as_u64().expect("a number"),
            );
            *sums.entry(key).or_default() += status["count"].as_u64().expect("a number");
        }
    }
    sums
}

#[test]
fn every_format_and_carrier_has_a_log_of_known_content() {
    for format in formats().filter(|format| format.kind == Kind::Access) {
        let has = |dialect: &&Dialect| dialect.format == format.name;
        assert!(DIALECTS.iter().any(has), "{}", format.name);
    }
    for carrier in carriers() {
        let has = |dialect: &&Dialect| dialect.carrier == carrier.name;
        assert!(DIALECTS.iter().any(has), "{}", carrier.name);
    }
}

#[test]
fn every_count_is_the_truth() {
    for dialect in DIALECTS {
        let (truth, lines) = read(dialect, 11, &[]);
        let logs = of_kind(&lines, "logs")[0];
        let name = dialect.name;
        for (member, count) in [
            ("all", truth.lines()),
            ("ok", truth.ok),
            ("headers", truth.headers),
            ("torn", truth.torn),
            ("foreign", truth.foreign),
            ("oversize", truth.oversize),
            ("empty", truth.empty),
        ] {
            assert_eq!(logs["lines"][member], count, "{name}: lines.{member}");
        }
        let read_by: Vec<_> = logs["formats"]
            .as_array()
            .expect("formats")
            .iter()
            .collect();
        assert_eq!(read_by.len(), 1, "{name}: {read_by:?}");
        assert_eq!(read_by[0]["name"], dialect.format, "{name}");
        let input = logs["inputs"][0].to_string();
        let carried =
            dialect.carrier.is_empty() || input.contains(&format!(" in {}", dialect.carrier));
        assert!(carried, "{name}: {input}");
        let mut wanted = BTreeMap::new();
        for ((cause, status), count) in &truth.causes {
            let key = (dialect.tells(*cause).to_owned(), u64::from(*status));
            *wanted.entry(key).or_default() += count;
        }
        assert_eq!(told(logs), wanted, "{name}");
        let statuses = logs["statuses"].as_array().expect("statuses").iter();
        let statuses: Vec<_> = statuses
            .map(|status| (status["status"].as_u64(), status["count"].as_u64()))
            .collect();
        let wanted = truth.statuses.iter();
        let wanted: Vec<_> = wanted
            .map(|(status, count)| (Some(u64::from(*status)), Some(*count)))
            .collect();
        assert_eq!(statuses, wanted, "{name}");
    }
}

#[test]
fn counting_only_counts_the_same() {
    for dialect in DIALECTS {
        let (truth, lines) = read(dialect, 12, &["--counts"]);
        let logs = of_kind(&lines, "logs")[0];
        assert_eq!(logs["lines"]["all"], truth.lines(), "{}", dialect.name);
        assert_eq!(
            logs["exchanges"],
            truth.ok - truth.headers,
            "{}",
            dialect.name
        );
        for status in logs["statuses"].as_array().expect("statuses") {
            let number = status["status"].as_u64().expect("a number") as u16;
            assert_eq!(
                status["count"], truth.statuses[&number],
                "{}: {number}",
                dialect.name
            );
        }
    }
}

#[test]
fn the_planted_incident_is_found_by_its_trait_and_no_other() {
    for dialect in DIALECTS {
        let (truth, lines) = read(dialect, 13, &[]);
        let (name, planted) = (dialect.name, &truth.incident);
        let found = of_kind(&lines, "incident");
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let (incident, first) = (found[0], &found[0]["traits"][0]);
        assert_eq!(
            incident["happened"],
            dialect.tells(planted.cause),
            "{name}: {incident}"
        );
        assert_eq!(first["dimension"], planted.dimension, "{name}: {incident}");
        assert_eq!(first["value"], planted.value, "{name}: {incident}");
        // The window is of whole minutes, and a minute at its end may be calm by chance.
        let count = incident["count"].as_u64().expect("a number");
        assert!(
            count * 10 >= planted.count * 9 && count * 10 <= planted.count * 11,
            "{name}: {planted:?}: {incident}"
        );
    }
}

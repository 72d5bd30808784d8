//! What `httpwhy logs` says of each path.

use std::path::Path;

use httpwhy_testkit::Httpwhy;
use serde_json::Value;

/// What must be said of the exchange with a path: what happened, the party to blame (`-`: none is named), how sure.
pub(crate) type Wanted = (&'static str, &'static str, &'static str, &'static str);

/// Runs `httpwhy logs --json` on the files.
pub(crate) fn logs(files: &[&Path]) -> Value {
    let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["logs", "--json", "--top", "50"])
        .args(files)
        .run()
        .exits(0);
    let lines = ran.lines().into_iter();
    lines
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .find(|line| line["kind"] == "logs")
        .expect("a line of kind logs")
}

/// Compares, and tells all that differs.
pub(crate) fn says(logs: &Value, wanted: &[Wanted]) {
    let mut wrong = Vec::new();
    for (path, happened, party, certainty) in wanted {
        let Some(group) = of_path(logs, path) else {
            wrong.push(format!("{path}: in no group"));
            continue;
        };
        let said = (
            group["happened"].as_str().unwrap_or("-"),
            group["blame"]["party"].as_str().unwrap_or("-"),
            group["blame"]["certainty"].as_str().unwrap_or("-"),
        );
        if said != (*happened, *party, *certainty) {
            wrong.push(format!(
                "{path}: {said:?} ({}), not {:?}: {}",
                group["outcome"],
                (happened, party, certainty),
                group["example"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each of these paths is unclear, and what to add is said.
pub(crate) fn unclear(logs: &Value, paths: &[&str], add: &str) {
    for path in paths {
        let group = of_path(logs, path).unwrap_or_else(|| panic!("{path}: in no group: {logs}"));
        assert_eq!(group["happened"], "unclear", "{path}: {group}");
        assert_eq!(group["blame"]["party"], Value::Null, "{path}: {group}");
        let paste = group["open"]["paste"].as_str().unwrap_or_default();
        assert!(paste.contains(add), "{path}: {paste}");
    }
}

/// Every line of the file is accounted for, and none of it was unreadable.
pub(crate) fn sums_up(logs: &Value, file: &Path) {
    let lines = std::fs::read(file).expect("a file of our own");
    let lines = lines.split_inclusive(|byte| *byte == b'\n').count();
    assert_eq!(logs["lines"]["all"], lines, "{logs}");
    assert_eq!(logs["lines"]["foreign"], 0, "{logs}");
    assert_eq!(logs["lines"]["torn"], 0, "{logs}");
}

fn of_path<'a>(logs: &'a Value, path: &str) -> Option<&'a Value> {
    let has = |group: &&Value| {
        let paths = group["paths"].as_array();
        paths.is_some_and(|paths| paths.iter().any(|known| known["name"] == path))
    };
    logs["groups"].as_array()?.iter().find(has)
}

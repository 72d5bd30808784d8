//! The pure crates' `clippy.toml`: the same bans in each, every one with a reason and what to use instead.

use anyhow::{Context, Result};

use crate::tree::Tree;

/// Crates that read no clock, no file, no environment and no network. Each has its own copy of the bans, because
/// clippy reads the nearest file only.
const PURE: &[&str] = &[
    "crates/httpwhy-model",
    "crates/httpwhy-respond",
    "catalog",
    "crates/httpwhy-wire",
    "crates/httpwhy-schema",
    "crates/httpwhy-ingest",
    "crates/httpwhy-diagnose",
    "crates/httpwhy-render",
];

/// What at least must be banned.
const BANNED: &[&str] = &[
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::fs::File",
    "std::env::var",
    "std::env::var_os",
    "std::process::exit",
    "std::process::Command",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::thread::sleep",
];

/// Crates whose bans are missing, incomplete or not the same as the others'.
pub(super) fn problems(tree: &Tree) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut first: Option<(String, String)> = None;
    for folder in PURE {
        let file = format!("{folder}/clippy.toml");
        let Some(text) = tree.read(&file)? else {
            problems.push(format!("{file}: missing"));
            continue;
        };
        match &first {
            None => {
                problems.extend(of_list(&file, &text)?);
                first = Some((file, text));
            }
            Some((other, same)) if *same != text => {
                problems.push(format!("{file}: not the same as {other}"));
            }
            Some(_) => {}
        }
    }
    Ok(problems)
}

fn of_list(file: &str, text: &str) -> Result<Vec<String>> {
    let table: toml::Table = text.parse().with_context(|| file.to_owned())?;
    let bans: Vec<&toml::Value> = ["disallowed-methods", "disallowed-types"]
        .iter()
        .filter_map(|key| table.get(*key)?.as_array())
        .flatten()
        .collect();
    let word = |ban: &toml::Value, key: &str| {
        let word = ban.get(key).and_then(toml::Value::as_str);
        word.unwrap_or_default().to_owned()
    };
    let mut problems = Vec::new();
    for path in BANNED {
        if !bans.iter().any(|ban| word(ban, "path") == *path) {
            problems.push(format!("{file}: {path} is not banned"));
        }
    }
    for ban in &bans {
        if word(ban, "reason").is_empty() {
            problems.push(format!(
                "{file}: {}: no reason with what to use instead",
                word(ban, "path")
            ));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::planted::Planted;

    fn list() -> String {
        let rows: Vec<String> = BANNED
            .iter()
            .map(|path| format!("  {{ path = \"{path}\", reason = \"use the exchange\" }},\n"))
            .collect();
        format!("disallowed-methods = [\n{}]\n", rows.concat())
    }

    fn planted(change: impl Fn(&str, String) -> Option<String>) -> Vec<String> {
        let planted = Planted::new(&[]);
        for folder in PURE {
            if let Some(text) = change(folder, list()) {
                planted.write(&format!("{folder}/clippy.toml"), &text);
            }
        }
        problems(&planted.tree).expect("readable")
    }

    #[test]
    fn planted_bans() {
        assert_eq!(planted(|_, text| Some(text)), Vec::<String>::new());
        let found = planted(|folder, text| (folder != "catalog").then_some(text));
        assert_eq!(found, ["catalog/clippy.toml: missing"]);
        let found = planted(|folder, text| {
            Some(if folder == "catalog" {
                text + "\n"
            } else {
                text
            })
        });
        assert!(
            found[0].starts_with("catalog/clippy.toml: not the same"),
            "{found:?}"
        );
        let found = planted(|_, text| Some(text.replace("SystemTime", "SystemClock")));
        assert_eq!(found.len(), 1, "{found:?}");
        let found =
            planted(|_, text| Some(text.replacen(", reason = \"use the exchange\"", "", 1)));
        assert!(found[0].contains("no reason"), "{found:?}");
    }
}

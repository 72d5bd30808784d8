//! Who depends on whom: a crate depends on lower layers only, and only some may name a runtime, TLS or serialisation.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::tree::Tree;
use crate::verdict;

/// Crate and layer. A crate appears here when it appears in the workspace.
const LAYERS: &[(&str, u8)] = &[
    ("httpwhy-model", 0),
    ("httpwhy-respond", 0),
    ("httpwhy-catalog", 1),
    ("httpwhy-wire", 1),
    ("httpwhy-schema", 1),
    ("httpwhy-ingest", 2),
    ("httpwhy-diagnose", 2),
    ("httpwhy-render", 2),
    ("httpwhy-logs", 3),
    ("httpwhy-probe", 4),
    ("httpwhy-browser", 4),
    ("httpwhy-sim", 4),
    ("httpwhy-store", 4),
    ("httpwhy-auth", 5),
    ("httpwhy-fleet", 5),
    ("httpwhy-web", 6),
    ("httpwhy", 7),
];

/// Test support: it may use any crate that does not use it, and stands on no layer.
const TESTKIT: &str = "httpwhy-testkit";
/// The chores: no crate of ours, in either direction.
const XTASK: &str = "xtask";
/// From this layer on a crate's tests may use the testkit. Below, a type would exist twice: in the crate under test
/// and in the copy that the testkit was built with.
const TESTKIT_FROM: u8 = 4;

/// Who may name it: any dependency but a dev-dependency counts.
struct Guarded {
    name: &'static str,
    by: &'static [&'static str],
    /// As build-dependency only.
    by_build: &'static [&'static str],
}

const GUARDED: &[Guarded] = &[
    only(
        "tokio",
        &["httpwhy-probe", "httpwhy-browser", "httpwhy-sim", "httpwhy"],
    ),
    only("rustls", &["httpwhy-probe", "httpwhy-sim"]),
    only("tokio-rustls", &["httpwhy-probe", "httpwhy-sim"]),
    only("h3", &["httpwhy-probe", "httpwhy-sim"]),
    only("h3-quinn", &["httpwhy-probe", "httpwhy-sim"]),
    only("hickory-proto", &["httpwhy-probe", "httpwhy-sim"]),
    only("rcgen", &["httpwhy-sim"]),
    only("quinn", &["httpwhy-probe", "httpwhy-sim"]),
    only("mio", &["httpwhy-sim"]),
    only("command-fds", &["httpwhy-browser"]),
    only("clap", &["httpwhy"]),
    only("axum", &[]),
    only("axum-core", &["httpwhy-respond"]),
    only("parquet", &["httpwhy-logs"]),
    only("psl", &["httpwhy-wire"]),
    only("csv", &["httpwhy-ingest"]),
    only("quick-xml", &["httpwhy-ingest"]),
    only("saphyr-parser", &["httpwhy-ingest"]),
    only("serde_path_to_error", &["httpwhy-schema"]),
    only("html5gum", &["httpwhy-auth"]),
    only("postcard", &["httpwhy-logs"]),
    only("rusqlite", &["httpwhy-store"]),
    only("zstd", &["httpwhy-store"]),
    Guarded {
        name: "serde",
        // httpwhy-logs: its states, a file format of its own that is no JSON.
        by: &["httpwhy-schema", "httpwhy-logs", XTASK],
        by_build: &["httpwhy-catalog"],
    },
    only(
        "serde_json",
        &[
            "httpwhy-schema",
            "httpwhy-ingest",
            "httpwhy-diagnose",
            "httpwhy-render",
            "httpwhy-respond",
            "httpwhy-browser",
            "httpwhy-sim",
            "httpwhy-auth",
            "httpwhy",
            XTASK,
        ],
    ),
];

const fn only(name: &'static str, by: &'static [&'static str]) -> Guarded {
    Guarded {
        name,
        by,
        by_build: &[],
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `None`: a normal one.
    kind: Option<Kind>,
    /// Set for a crate of the workspace.
    path: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Dev,
    Build,
}

/// Checks the workspace as cargo sees it.
pub(crate) fn run(tree: &Tree) -> Result<()> {
    let packages = metadata(tree)?.packages;
    verdict(
        "layers",
        &problems(&packages),
        &format!("{} crates, every arrow points down", packages.len()),
    )
}

fn metadata(tree: &Tree) -> Result<Metadata> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(tree.root())
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).context("cargo metadata's answer")
}

fn problems(packages: &[Package]) -> Vec<String> {
    let under_testkit = under(packages, TESTKIT);
    let mut problems = Vec::new();
    for package in packages {
        for dependency in &package.dependencies {
            if dependency.path.is_some() {
                problems.extend(arrow(package, dependency, &under_testkit));
            }
            problems.extend(guarded(package, dependency));
        }
        if !is_known(&package.name) {
            problems.push(format!(
                "{}: on no layer; give it one in xtask/src/layers.rs",
                package.name
            ));
        }
    }
    problems
}

/// What is wrong with one dependency on a crate of the workspace.
fn arrow(package: &Package, on: &Dependency, under_testkit: &BTreeSet<&str>) -> Option<String> {
    let (from, to) = (package.name.as_str(), on.name.as_str());
    if !is_known(to) {
        return Some(format!("{from} -> {to}: {to} is on no layer"));
    }
    if from == XTASK || to == XTASK {
        return Some(format!("{from} -> {to}: the chores stand alone"));
    }
    let is_dev = on.kind == Some(Kind::Dev);
    if to == TESTKIT {
        let too_low = layer(from).is_some_and(|layer| layer < TESTKIT_FROM);
        return match is_dev {
            false => Some(format!("{from} -> {to}: a dev-dependency at most")),
            true if too_low || under_testkit.contains(from) => Some(format!(
                "{from} -> {to}: the testkit stands above {from}; its types would exist twice"
            )),
            true => None,
        };
    }
    let (below, above) = (layer(to)?, layer(from)?);
    (!is_dev && below >= above).then(|| {
        format!(
            "{from} (layer {above}) -> {to} (layer {below}): a crate depends on lower ones only"
        )
    })
}

/// What is wrong with one dependency on a guarded library.
fn guarded(package: &Package, on: &Dependency) -> Option<String> {
    let guard = GUARDED.iter().find(|guard| guard.name == on.name)?;
    let allowed = match on.kind {
        Some(Kind::Dev) => return None,
        Some(Kind::Build) => guard.by_build,
        None => guard.by,
    };
    let name = package.name.as_str();
    (!allowed.contains(&name) && !guard.by.contains(&name)).then(|| {
        let mut may = guard.by.join(", ");
        if !guard.by_build.is_empty() {
            may = format!("{may}, and to build {}", guard.by_build.join(", "));
        }
        format!("{name} names {}: only these may: {may}", guard.name)
    })
}

fn layer(name: &str) -> Option<u8> {
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|&(_, layer)| layer)
}

fn is_known(name: &str) -> bool {
    layer(name).is_some() || name == TESTKIT || name == XTASK
}

/// The crates of the workspace that `top` needs, directly or not.
fn under<'a>(packages: &'a [Package], top: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![top];
    while let Some(name) = open.pop() {
        let Some(package) = packages.iter().find(|package| package.name == name) else {
            continue;
        };
        let needed = package
            .dependencies
            .iter()
            .filter(|on| on.path.is_some() && on.kind != Some(Kind::Dev));
        for on in needed {
            if found.insert(on.name.as_str()) {
                open.push(&on.name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<Kind>, bool)]) -> Package {
        Package {
            name: name.into(),
            dependencies: dependencies
                .iter()
                .map(|&(name, kind, ours)| Dependency {
                    name: name.into(),
                    kind,
                    path: ours.then(|| "/somewhere".into()),
                })
                .collect(),
        }
    }

    #[test]
    fn planted_arrows() {
        use Kind::{Build, Dev};
        type Row = (
            &'static str,
            &'static str,
            Option<Kind>,
            bool,
            Option<&'static str>,
        );
        let table: &[Row] = &[
            ("httpwhy-catalog", "httpwhy-model", Some(Build), true, None),
            (
                "httpwhy-model",
                "httpwhy-catalog",
                None,
                true,
                Some("lower ones only"),
            ),
            (
                "httpwhy-ingest",
                "httpwhy-diagnose",
                None,
                true,
                Some("lower ones only"),
            ),
            (
                "httpwhy-wire",
                "httpwhy-diagnose",
                Some(Build),
                true,
                Some("lower ones only"),
            ),
            ("httpwhy-diagnose", "httpwhy-ingest", Some(Dev), true, None),
            ("httpwhy", "httpwhy-testkit", Some(Dev), true, None),
            (
                "httpwhy",
                "httpwhy-testkit",
                None,
                true,
                Some("dev-dependency at most"),
            ),
            (
                "httpwhy-render",
                "httpwhy-testkit",
                Some(Dev),
                true,
                Some("exist twice"),
            ),
            (
                "httpwhy-new",
                "httpwhy-model",
                None,
                true,
                Some("on no layer"),
            ),
            ("httpwhy", "httpwhy-new", None, true, Some("on no layer")),
            ("xtask", "httpwhy-model", None, true, Some("stand alone")),
            ("httpwhy-wire", "tokio", None, false, Some("names tokio")),
            ("httpwhy-wire", "tokio", Some(Dev), false, None),
            ("httpwhy-probe", "tokio", None, false, None),
            ("httpwhy", "rustls", None, false, Some("names rustls")),
            ("httpwhy-catalog", "serde", Some(Build), false, None),
            (
                "httpwhy-catalog",
                "serde",
                None,
                false,
                Some("and to build"),
            ),
            ("httpwhy-sim", "clap", None, false, Some("names clap")),
            ("httpwhy-wire", "memchr", None, false, None),
        ];
        for &(from, to, kind, ours, wanted) in table {
            let found = problems(&[package(from, &[(to, kind, ours)])]);
            match wanted {
                None => assert!(found.is_empty(), "{from} -> {to}: {found:?}"),
                Some(part) => assert!(
                    found.iter().any(|problem| problem.contains(part)),
                    "{from} -> {to}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn a_crate_that_the_testkit_needs_does_not_use_it() {
        let found = problems(&[
            package(TESTKIT, &[("httpwhy-sim", None, true)]),
            package("httpwhy-sim", &[(TESTKIT, Some(Kind::Dev), true)]),
        ]);
        assert!(
            found.iter().any(|problem| problem.contains("exist twice")),
            "{found:?}"
        );
    }

    #[test]
    fn this_workspace_is_in_order() {
        let tree = Tree::of_this_workspace().expect("a workspace");
        let packages = metadata(&tree).expect("metadata").packages;
        assert!(packages.len() > 5);
        assert_eq!(problems(&packages), Vec::<String>::new());
    }
}

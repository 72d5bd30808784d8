//! What people really have, from its file to a run that can be read: published API descriptions, a collection, a
//! recording of Chromium, and pages in a browser; each against a real server, and kept.

mod json;

use std::path::Path;

use httpwhy_testkit::{Asked, Httpwhy, Reply, Server, Workspace};
use serde_json::Value;

/// Name, content, and an entry point that is in it.
const INPUTS: &[(&str, &[u8], &str)] = &[
    (
        "jupyter.yaml",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/jupyter-server.swagger.yaml"),
        "/api/kernels",
    ),
    (
        "jupyterlab.yaml",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/jupyterlab-server.openapi.yaml"),
        "/lab/api/settings/{schema_name}",
    ),
    (
        "airflow.yaml",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/airflow-simple-auth.openapi.yaml"),
        "/auth/token/login",
    ),
    (
        "kubernetes.json.gz",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/kubernetes-1.10.swagger.json.gz"),
        "/api/v1/nodes",
    ),
    (
        "newman.json",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/newman.postman.json"),
        "/get",
    ),
    (
        "chromium.har",
        include_bytes!("../../httpwhy-ingest/tests/fixtures/chromium.har"),
        "/api/items/{n}",
    ),
];

fn answer(asked: &Asked) -> Reply {
    let json = ["Content-Type: application/json"];
    let path = asked.target.split('?').next().unwrap_or_default();
    match path {
        path if path.starts_with("/lab/api/settings") => Reply::new("404 Not Found", &json, "{}"),
        "/api/v1/nodes" | "/api/kernels" => Reply::new("403 Forbidden", &json, "{}"),
        "/page" => Reply::new(
            "200 OK",
            &["Content-Type: text/html"],
            "<title>t</title><img src=/api/kernels>",
        ),
        _ => Reply::new("200 OK", &json, "{}"),
    }
}

fn word(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn httpwhy(args: &[&str], folder: &Workspace) -> Httpwhy {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(args)
        .env("HTTPWHY_STORE", word(&folder.path("runs.db")))
        .limit(std::time::Duration::from_mins(3))
}

fn shown(folder: &Workspace, more: &[&str]) -> Value {
    let args = [&["runs", "show", "last", "--json"], more].concat();
    let lines = json::lines(&httpwhy(&args, folder).run().exits(0));
    lines.into_iter().next().expect("a run")
}

fn count(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_default()
}

#[test]
fn each_ends_in_a_run_that_can_be_read() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let save = format!("--save={}", word(&folder.path("runs.db")));
    let base = server.url("");
    let base = base.trim_end_matches('/');
    for &(name, bytes, entry_point) in INPUTS {
        let file = folder.write(name, bytes);
        let before = server.requests();
        let out = folder.path("out.jsonl");
        let args = [
            "probe",
            word(&file),
            "--base",
            base,
            "-q",
            "-o",
            word(&out),
            &save,
        ];
        httpwhy(&args, &folder).run().exits(0);
        let asked = (server.requests() - before) as u64;
        let run = shown(&folder, &["--by", "entry-point"]);
        let outcomes = run["outcomes"].as_array().expect("a list");
        let left_out: u64 = outcomes
            .iter()
            .filter(|row| row["outcome"] == "input/unsafe-method")
            .map(|row| count(row, "count"))
            .sum();
        assert_eq!(count(&run, "targets"), asked + left_out, "{name}: {run}");
        assert!(asked > 0, "{name}");

        // What was left out is neither well nor ill.
        let visits = &run["health"]["visits"];
        assert_eq!(
            count(visits, "skipped"),
            left_out,
            "{name}: {}",
            run["health"]
        );
        assert_eq!(count(visits, "unreachable"), 0, "{name}");
        let well = count(visits, "ok") + count(visits, "problem") + count(visits, "unauthorized");
        assert_eq!(well, asked, "{name}: {}", run["health"]);

        let rows = run["entry_points"].as_array().expect("a list");
        let known = rows.iter().any(|row| row["template"] == entry_point);
        let templates: Vec<&Value> = rows.iter().map(|row| &row["template"]).collect();
        assert!(known, "{name}: {entry_point} is not in {templates:?}");

        let text = httpwhy(&["runs", "show", "last"], &folder).run().exits(0);
        text.shows(&["Health", "entry point", name]);
    }
    let list = json::lines(&httpwhy(&["runs", "list", "--json"], &folder).run().exits(0));
    assert_eq!(list.len(), INPUTS.len());
}

#[test]
fn pages_in_a_browser_are_kept_too() {
    let (server, folder) = (Server::start(answer), Workspace::new());
    let save = format!("--save={}", word(&folder.path("runs.db")));
    let (page, out) = (server.url("/page"), folder.path("out.jsonl"));
    let args = ["probe", "--browser", &page, "-q", "-o", word(&out), &save];
    httpwhy(&args, &folder).run().exits(0);
    let run = shown(&folder, &["--by", "entry-point"]);
    assert_eq!(count(&run, "targets"), 1);
    // The document, its image, and the icon that browsers ask for.
    assert!(count(&run, "exchanges") >= 2, "{run}");
    let row = &run["entry_points"][0];
    assert_eq!(row["template"], "/page");
    // The document is well; what it needs is refused.
    assert_eq!(run["outcomes"][0]["outcome"], "http/403");
}

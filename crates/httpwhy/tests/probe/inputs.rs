//! Recordings, descriptions and collections as targets, against a real server.

use httpwhy_testkit::{Asked, Reply, Server, Workspace};
use serde_json::Value;

use crate::{json, path, probe, text, verdicts};

const HAR: &[u8] = include_bytes!("../../../httpwhy-ingest/tests/fixtures/chromium.har");
const JUPYTER: &[u8] =
    include_bytes!("../../../httpwhy-ingest/tests/fixtures/jupyter-server.swagger.yaml");
const JUPYTERLAB: &[u8] =
    include_bytes!("../../../httpwhy-ingest/tests/fixtures/jupyterlab-server.openapi.yaml");
const AIRFLOW: &[u8] =
    include_bytes!("../../../httpwhy-ingest/tests/fixtures/airflow-simple-auth.openapi.yaml");
const KUBERNETES: &[u8] =
    include_bytes!("../../../httpwhy-ingest/tests/fixtures/kubernetes-1.10.swagger.json.gz");
const NEWMAN: &[u8] = include_bytes!("../../../httpwhy-ingest/tests/fixtures/newman.postman.json");

/// Answers by what the path holds.
fn api(asked: &Asked) -> Reply {
    let json = ["Content-Type: application/json"];
    if asked.target.contains("gone") {
        Reply::new("410 Gone", &json, "{}")
    } else if asked.method == "POST" {
        Reply::new("201 Created", &json, &asked.body)
    } else if asked.method == "HEAD" {
        Reply::new("200 OK", &json, "")
    } else {
        Reply::new("200 OK", &json, "{}")
    }
}

fn lines(args: &[&str]) -> Vec<Value> {
    let args = [args, &["--json", "--ordered", "-q"]].concat();
    json::lines(&probe(&args).run().exits(0))
}

fn outcomes(lines: &[Value]) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for (_, line) in verdicts(lines) {
        let outcome = text(line, "outcome");
        match counts.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, count)) => *count += 1,
            None => counts.push((outcome.to_owned(), 1)),
        }
    }
    counts.sort();
    counts
}

#[test]
fn published_descriptions_and_a_collection_are_probed() {
    let server = Server::start(api);
    let folder = Workspace::new();
    let base = server.url("");
    for (name, bytes, least) in [
        ("jupyter.yaml", JUPYTER, 15),
        ("jupyterlab.yaml", JUPYTERLAB, 8),
        ("airflow.yaml", AIRFLOW, 2),
        ("kubernetes.json.gz", KUBERNETES, 400),
        ("newman.json", NEWMAN, 1),
    ] {
        let file = folder.write(name, bytes);
        let before = server.requests();
        let lines = lines(&[path(&file), "--base", base.trim_end_matches('/')]);
        let outcomes = outcomes(&lines);
        let of = |id: &str| {
            outcomes
                .iter()
                .find(|(known, _)| known == id)
                .map_or(0, |(_, n)| *n)
        };
        assert!(of("http/200") >= least, "{name}: {outcomes:?}");
        assert_eq!(
            of("http/200") + of("input/unsafe-method"),
            verdicts(&lines).len(),
            "{name}: {outcomes:?}"
        );
        assert_eq!(
            server.requests() - before,
            of("http/200"),
            "{name}: nothing else was sent"
        );
    }
}

#[test]
fn a_recording_is_asked_again() {
    let server = Server::start(api);
    let folder = Workspace::new();
    let har = folder.write("shop.har", HAR);
    let base = server.url("");
    let lines = lines(&[
        path(&har),
        "--base",
        base.trim_end_matches('/'),
        "--all-methods",
    ]);
    let outcomes = outcomes(&lines);
    assert_eq!(
        outcomes,
        [("http/200".to_owned(), 10), ("http/201".to_owned(), 1)]
    );
    let verdicts = verdicts(&lines);
    let (_, item) = verdicts[3];
    assert_eq!(text(item, "target"), server.url("/api/items/17"));
    let entry = &item["entry_point"];
    assert_eq!(text(entry, "template"), "/api/items/{n}");
    assert_eq!(text(entry, "method"), "GET");
    assert_eq!(entry["site"], Value::Null);
}

const API: &str = r#"{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"http://unused.invalid/v9"}],"paths":{
"/items/{id}":{"get":{"operationId":"getItem","parameters":[{"name":"id","in":"path","required":true,"example":7,"schema":{"type":"integer"}}],"responses":{"200":{"description":"ok"}}},
 "delete":{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"integer"}}],"responses":{"204":{"description":"ok"}}}},
"/gone":{"get":{"responses":{"200":{"description":"ok"},"404":{"description":"no"}}}},
"/bad/{x}":{"get":{"responses":{"200":{"description":"ok"}}}}}}"#;

#[test]
fn an_undocumented_status_is_a_finding() {
    let server = Server::start(api);
    let folder = Workspace::new();
    let file = folder.write("api.json", API);
    let base = server.url("/v1");
    let refused = probe(&[path(&file), "--base", &base]).run().exits(2);
    refused.says(&[
        "api.json",
        "/paths/~1bad~1{x}/get",
        "--var x=VALUE",
        "input/variable-unknown",
        "--keep-going",
    ]);
    assert_eq!(server.requests(), 0);

    let lines = lines(&[path(&file), "--base", &base, "--keep-going"]);
    let verdicts = verdicts(&lines);
    let found: Vec<_> = verdicts
        .iter()
        .map(|(_, line)| {
            (
                text(line, "outcome"),
                line["findings"]
                    .to_string()
                    .contains("status-not-documented"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("http/200", false),
            ("input/unsafe-method", false),
            ("http/410", true),
            ("input/variable-unknown", false),
        ]
    );
    let (_, item) = verdicts[0];
    assert_eq!(text(item, "target"), server.url("/v1/items/7"));
    assert_eq!(text(&item["entry_point"], "template"), "/v1/items/{id}");
    assert_eq!(server.requests(), 2);

    // What was observed says it too, so that it can be judged again.
    let out = folder.path("out.jsonl");
    probe(&[
        path(&file),
        "--base",
        &base,
        "--var",
        "x=1",
        "--exchanges",
        "-o",
        path(&out),
    ])
    .run()
    .exits(0);
    let again = httpwhy_testkit::Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["read", path(&out), "--json"])
        .run()
        .exits(0);
    assert!(
        again
            .text()
            .contains("410 is not documented for GET /gone: 200, 404 are")
    );
}

#[test]
fn tables_sitemaps_and_commands() {
    let server = Server::start(api);
    let folder = Workspace::new();
    let (a, b) = (server.url("/a"), server.url("/b"));
    let table = format!("name,link\none,{a}\ntwo,\nthree,{b}\n");
    let sitemap = format!("<urlset><url><loc>{a}</loc></url><url><loc>{b}</loc></url></urlset>");
    let commands = format!(
        "curl -X POST {a} -H 'Content-Type: application/json' --data-raw '{{\"x\":1}}'\ncurl {b}\n"
    );
    let raw = "GET /c HTTP/1.1\nHost: unused.invalid\nX-A: b\n\n";
    for (name, content, more, wanted) in [
        (
            "t.csv",
            table.as_str(),
            &[][..],
            vec!["http/200", "input/csv-row", "http/200"],
        ),
        (
            "t.csv",
            &table,
            &["--column", "2"],
            vec!["http/200", "input/csv-row", "http/200"],
        ),
        ("s.xml", &sitemap, &[], vec!["http/200", "http/200"]),
        ("c.txt", &commands, &[], vec!["http/201", "http/200"]),
        ("r.txt", raw, &["--base", &server.url("")], vec!["http/200"]),
    ] {
        let file = folder.write(name, content);
        let lines = lines(&[&[path(&file)], more].concat());
        let found: Vec<_> = verdicts(&lines)
            .iter()
            .map(|(_, line)| text(line, "outcome").to_owned())
            .collect();
        assert_eq!(found, wanted, "{name}");
    }
    // The same from standard input.
    let piped = probe(&["-", "--json", "--ordered", "-q"])
        .stdin(commands)
        .run()
        .exits(0);
    assert_eq!(json::lines(&piped).len(), 2);
}

#[test]
fn fields_and_methods_of_the_command_come_first() {
    let server = Server::start(|asked: &Asked| {
        let said = format!("{} {:?}", asked.method, asked.field("authorization"));
        Reply::new("200 OK", &[&format!("X-Asked: {said}")], "")
    });
    let folder = Workspace::new();
    let commands = format!("curl {} -u me:pw\n", server.url("/"));
    let file = folder.write("c.txt", commands);
    for (more, wanted) in [
        (&[][..], "GET Some(\"Basic bWU6cHc=\")"),
        (&["--bearer", "t"], "GET Some(\"Bearer t\")"),
        (&["-X", "PUT", "-H", "Authorization: x"], "PUT Some(\"x\")"),
    ] {
        let lines = lines(
            &[
                &[
                    path(&file),
                    "--match-field",
                    &format!("x-asked: ^{}$", wanted.replace(['(', ')'], ".")),
                ],
                more,
            ]
            .concat(),
        );
        assert_eq!(lines.len(), 1, "{wanted}");
    }
}

#[test]
fn what_is_wrong_with_all_is_said_once() {
    let folder = Workspace::new();
    let description = folder.write(
        "api.yaml",
        "openapi: 3.0.3\ninfo: {title: a, version: '1'}\npaths:\n  /a: {get: {}}\n  /b: {get: {}}\n",
    );
    let ran = probe(&[path(&description)]).run().exits(2);
    assert_eq!(ran.stderr.matches("on which host").count(), 1);
    assert!(
        ran.stderr.contains("the same for 2 requests"),
        "{}",
        ran.stderr
    );
}

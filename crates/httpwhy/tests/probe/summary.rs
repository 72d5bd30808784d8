//! What a run came to: by cause, for a person and for a program.

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Reply, Server, Workspace, free_port};
use serde_json::Value;

use crate::{path, probe};

#[test]
fn many_failures_of_one_cause_are_told_once() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/fine" => Reply::new("200 OK", &["Content-Type: text/plain"], "fine"),
        _ => Reply::new("404 Not Found", &["Content-Type: text/plain"], "no"),
    });
    let gone = free_port();
    let simulator = Simulator::start(Config::default()).expect("starts");
    let refused = (0..40).map(|n| format!("http://{}.test:{gone}/{n}", ["a", "b"][n % 2]));
    let missing = (0..7).map(|n| server.url(&format!("/{n}")));
    let fine = (0..13).map(|_| server.url("/fine"));
    let list: Vec<String> = refused.chain(missing).chain(fine).collect();
    let folder = Workspace::new();
    let file = folder.write("urls.txt", list.join("\n"));
    let summary = folder.path("summary.json");
    probe(&[
        path(&file),
        "-o",
        path(&folder.path("out.jsonl")),
        "--summary",
        path(&summary),
        "--resolver",
        &simulator.dns().to_string(),
    ])
    .run()
    .exits(0)
    .says(&[
        "60 targets in",
        "13  fine: 13 http/200",
        &format!("47 of 60 failed; 40 of them are one cause, at the address 127.0.0.1:{gone}:"),
        "40  net/connect-refused",
        "2 hosts · targets 1 to 40",
        &format!("e.g. http://a.test:{gone}/0"),
        "do: ",
        "7  http/404",
        "each for itself",
    ]);
    let line: Value = serde_json::from_str(&folder.read("summary.json")).expect("one object");
    assert_eq!(line["kind"], "run");
    assert_eq!(
        [&line["targets"], &line["failed"], &line["exchanges"]],
        [60, 47, 60]
    );
    let group = &line["groups"][0];
    assert_eq!(group["cause"], "address");
    assert_eq!(group["at"], format!("127.0.0.1:{gone}"));
    assert_eq!(group["count"], 40);
    assert_eq!(group["hosts"], 2);
    assert_eq!(group["examples"].as_array().map(Vec::len), Some(3));
    assert_eq!(line["groups"][1]["cause"], "each");
    assert_eq!(line["outcomes"][0]["outcome"], "net/connect-refused");
}

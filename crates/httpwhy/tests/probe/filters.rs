//! Which results are written, and what `--fail-on` finds.

use httpwhy_testkit::{Reply, Server, Workspace};

use crate::{json, path, probe, text, verdicts};

fn site() -> Server {
    Server::start(|asked| match asked.target.as_str() {
        "/missing" => Reply::new("404 Not Found", &["Server: nginx"], "no such page"),
        "/down" => Reply::new("503 Service Unavailable", &["Server: nginx"], "try later"),
        "/method" => Reply::new("405 Method Not Allowed", &["Server: Apache"], ""),
        "/large" => Reply::new("200 OK", &["Content-Type: text/plain"], "x".repeat(5000)),
        _ => Reply::new(
            "200 OK",
            &["Content-Type: text/plain", "X-Mark: blue"],
            "fine",
        ),
    })
}

const ALL: &[&str] = &["/fine", "/missing", "/down", "/method", "/large"];

#[test]
fn each_filter_selects_and_its_negation_leaves_out() {
    let server = site();
    let folder = Workspace::new();
    let urls: Vec<String> = ALL.iter().map(|place| server.url(place)).collect();
    let list = folder.write("urls.txt", urls.join("\n"));
    let table: &[(&[&str], &[&str])] = &[
        (&["--status", "404"], &["/missing"]),
        (&["--status", "4xx,503"], &["/missing", "/down", "/method"]),
        (
            &["--not-status", "200-299"],
            &["/missing", "/down", "/method"],
        ),
        (&["--status", "none"], &[]),
        (
            &["--outcome", "http/404,http/405"],
            &["/missing", "/method"],
        ),
        (
            &["--outcome", "http/*", "--not-outcome", "http/200"],
            &["/missing", "/down", "/method"],
        ),
        (&["--party", "nobody"], &["/fine", "/large"]),
        (
            &["--not-party", "nobody", "--not-status", "503"],
            &["/missing", "/method"],
        ),
        (
            &["--finding", "method-not-allowed-without-allow"],
            &["/method"],
        ),
        (&["--finding", "must"], &["/method"]),
        (&["--not-finding", "must", "--status", "4xx"], &["/missing"]),
        (&["--match-field", "server: nginx"], &["/missing", "/down"]),
        (&["--match-field", "x-mark"], &["/fine"]),
        (&["--not-match-field", "server"], &["/fine", "/large"]),
        (&["--match-body", "^x+$"], &["/large"]),
        (
            &["--match-body", "(?i)NO SUCH|later"],
            &["/missing", "/down"],
        ),
        (&["--not-match-body", "."], &["/method"]),
        (&["--larger-than", "4k"], &["/large"]),
        (&["--smaller-than", "4"], &["/fine", "/method"]),
        (&["--slower-than", "100s"], &[]),
        (&["--faster-than", "100s", "--status", "503"], &["/down"]),
        (
            &["--vendor", "none", "--status", "200"],
            &["/fine", "/large"],
        ),
    ];
    for (args, places) in table {
        let ran = probe(&[path(&list), "--json"]).args(*args).run().exits(0);
        let lines = if ran.text().is_empty() {
            Vec::new()
        } else {
            json::lines(&ran)
        };
        let mut found: Vec<String> = verdicts(&lines)
            .iter()
            .map(|(_, line)| text(line, "target").to_owned())
            .collect();
        let mut wanted: Vec<String> = places.iter().map(|place| server.url(place)).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{args:?}");
        let hidden = ALL.len() - places.len();
        assert!(
            ran.stderr
                .contains(&format!("{hidden} results are not shown")),
            "{args:?}: {ran}"
        );
    }
    for bad in [
        &["--status", "4x"][..],
        &["--outcome", "nothing"],
        &["--party", "somebody"],
        &["--finding", "nothing"],
        &["--match-body", "("],
        &["--slower-than", "soon"],
        &["--larger-than", "big"],
    ] {
        probe(&[path(&list)]).args(bad).run().exits(2);
    }
}

#[test]
fn fail_on_takes_every_term_and_rate() {
    let server = site();
    let folder = Workspace::new();
    let urls: Vec<String> = ALL.iter().map(|place| server.url(place)).collect();
    let list = folder.write("urls.txt", urls.join("\n"));
    for (term, exit) in [
        ("http/404", 1),
        ("http/500", 0),
        ("503", 1),
        ("500-502", 0),
        ("5xx", 1),
        ("5xx>1", 0),
        ("4xx>1", 1),
        ("4xx>40%", 0),
        ("4xx>39.9%", 1),
        ("any>2,5xx>1", 1),
        ("must", 1),
        ("method-not-allowed-without-allow", 1),
        ("findings", 1),
        ("dns", 0),
        ("tls/*", 0),
    ] {
        // What is not written counts all the same.
        let ran = probe(&[path(&list), "--status", "200", "--fail-on", term])
            .run()
            .exits(exit);
        assert_eq!(
            ran.stderr.contains("--fail-on "),
            exit == 1,
            "{term}: {ran}"
        );
    }
    probe(&[path(&list), "--fail-on", "5xx>many"])
        .run()
        .exits(2);
}

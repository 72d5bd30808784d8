//! When everything fails in one way: said once, and no target is blamed for it.

use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::{Reply, Server, Workspace, free_port};
use serde_json::Value;

use crate::{json, path, probe, text, verdicts};

/// A list of targets on so many owners' hosts.
fn list(length: usize, owners: usize, port: u16) -> Vec<String> {
    (0..length)
        .map(|n| format!("http://www.owner{}.test:{port}/{n}", n % owners))
        .collect()
}

/// The resolver's address, and what holds its port.
fn nobody() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound").to_string();
    (socket, address)
}

fn count(lines: &[Value], outcome: &str) -> usize {
    let verdicts = verdicts(lines);
    let found = verdicts
        .iter()
        .filter(|(_, line)| line["outcome"] == outcome);
    found.count()
}

#[test]
fn a_dead_resolver_is_said_once_and_every_input_has_its_record() {
    let (_silent, resolver) = nobody();
    let folder = Workspace::new();
    let list = list(150, 9, 80);
    let file = folder.write("urls.txt", list.join("\n"));
    let out = folder.path("out.jsonl");
    let summary = folder.path("summary.json");
    let common = [path(&file), "-o", path(&out), "--resolver", &resolver];
    let options = ["--timeout", "resolve=0.05", "-c", "5", "--pause", "1"];
    let ran = probe(&[&common[..], &options, &["--summary", path(&summary)]].concat())
        .run()
        .exits(4)
        .says(&[
            "engine/your-side: the last 50 targets, on 9 unrelated hosts",
            "the name servers",
            &format!("{resolver} does not answer"),
            "route",
            "proxy",
            "clock",
            "paused",
            "nothing got through",
            "--resume",
            "the way out of this network",
        ]);
    assert_eq!(ran.stderr.matches("engine/your-side: the last").count(), 1);
    let lines: Vec<Value> = folder
        .read("out.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(verdicts(&lines).len(), list.len());
    let blamed = count(&lines, "net/dns-timeout");
    assert!((50..list.len()).contains(&blamed), "{blamed}");
    assert_eq!(count(&lines, "engine/your-side"), list.len() - blamed);
    let ended = lines
        .iter()
        .find(|line| line["outcome"] == "engine/your-side");
    let signal = "engine:your-side shared=resolver hosts=9";
    assert_eq!(ended.expect("one")["signals"][0], signal);
    let line: Value = serde_json::from_str(&folder.read("summary.json")).expect("JSON");
    assert_eq!(line["your_side"], "resolver");

    // With a resolver that answers the rest is taken up again, and only the rest.
    let simulator = Simulator::start(Config::default()).expect("starts");
    let dns = simulator.dns().to_string();
    probe(&[
        path(&file),
        "-o",
        path(&out),
        "--resume",
        "--resolver",
        &dns,
    ])
    .run()
    .exits(0);
    let again = folder.read("out.jsonl");
    assert_eq!(again.lines().count(), list.len());
    assert!(!again.contains("engine/your-side"));
    assert_eq!(
        again.matches("\"outcome\":\"net/dns-timeout\"").count(),
        blamed
    );
}

#[test]
fn the_run_goes_on_when_it_is_mended() {
    let server = Server::start(|_| Reply::new("200 OK", &["Content-Type: text/plain"], "fine"));
    let simulator = Simulator::start(Config::default()).expect("starts");
    // A resolver that is dead for a while: its questions are then handed on.
    let (socket, resolver) = nobody();
    let behind = simulator.dns();
    let handing_on = thread::spawn(move || {
        let mut buffer = [0; 512];
        let until = std::time::Instant::now() + Duration::from_secs(2);
        while std::time::Instant::now() < until {
            socket
                .set_read_timeout(Some(Duration::from_millis(100)))
                .expect("a socket");
            let _ = socket.recv_from(&mut buffer);
        }
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a socket");
        while let Ok((read, from)) = socket.recv_from(&mut buffer) {
            let there = UdpSocket::bind("127.0.0.1:0").expect("a free port");
            there
                .set_read_timeout(Some(Duration::from_secs(2)))
                .expect("a socket");
            there.send_to(&buffer[..read], behind).expect("sent");
            if let Ok(read) = there.recv(&mut buffer) {
                let _ = socket.send_to(&buffer[..read], from);
            }
        }
    });
    let folder = Workspace::new();
    let list = list(150, 7, server.address().port());
    let file = folder.write("urls.txt", list.join("\n"));
    let ran = probe(&[
        path(&file),
        "--json",
        "--resolver",
        &resolver,
        "--timeout",
        "resolve=0.2",
        "-c",
        "20",
        "--pause",
        "20",
    ])
    .run()
    .exits(0)
    .says(&["engine/your-side", "got through: the run goes on"]);
    handing_on.join().expect("no panic inside");
    let lines = json::lines(&ran);
    assert_eq!(verdicts(&lines).len(), list.len());
    assert_eq!(count(&lines, "engine/your-side"), 0);
    let (failed, fine) = (count(&lines, "net/dns-timeout"), count(&lines, "http/200"));
    assert_eq!(failed + fine, list.len(), "{failed} {fine}");
    assert!(failed >= 50 && fine >= 50, "{failed} {fine}");
}

#[test]
fn failures_that_are_not_shared_pause_nothing() {
    let port = free_port();
    let (_silent, dead) = nobody();
    let simulator = Simulator::start(Config::default()).expect("starts");
    let dns = simulator.dns().to_string();
    let folder = Workspace::new();
    let nxdomain: Vec<String> = (0..80)
        .map(|n| format!("http://nxdomain.o{}.test/", n % 9))
        .collect();
    let table: [(&str, Vec<String>, &str, &[&str]); 4] = [
        ("refused by each", list(80, 9, port), &dns, &[]),
        ("names that are gone", nxdomain, &dns, &[]),
        ("one owner", list(80, 1, 80), &dead, &[]),
        ("not wanted", list(80, 9, 80), &dead, &["--pause", "0"]),
    ];
    for (name, list, resolver, more) in table {
        let file = folder.write("urls.txt", list.join("\n"));
        let args = [path(&file), "--json", "--resolver", resolver];
        let timeout = ["--timeout", "resolve=0.05", "-c", "10"];
        let ran = probe(&[&args[..], &timeout, more].concat()).run().exits(0);
        assert!(!ran.stderr.contains("your-side"), "{name}: {ran}");
        let lines = json::lines(&ran);
        assert_eq!(verdicts(&lines).len(), list.len(), "{name}");
        assert!(
            lines
                .iter()
                .all(|line| text(line, "outcome") != "engine/your-side")
        );
    }
}

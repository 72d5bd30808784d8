//! Where `httpwhy sim` listens: on the loopback unless told otherwise, and then it warns.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A simulator that is ended when the test is.
struct Sim(Child);

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it, waits until it says where it listens, and ends it: that address, and what it complained about.
fn start(arguments: &[&str]) -> (String, String) {
    let child = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .args(["sim", "--json", "--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut sim = Sim(child);
    let out = sim.0.stdout.take().expect("piped");
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).expect("a line");
    let ready: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let mut errors = sim.0.stderr.take().expect("piped");
    drop(sim);
    let mut said = String::new();
    errors.read_to_string(&mut said).expect("UTF-8");
    (ready["http"].as_str().expect("an address").to_owned(), said)
}

#[test]
fn it_listens_on_the_loopback_and_says_nothing() {
    let (address, said) = start(&[]);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert_eq!(said, "");
}

#[test]
fn it_warns_when_others_can_reach_it() {
    let (address, said) = start(&["--bind", "0.0.0.0"]);
    assert!(address.starts_with("0.0.0.0:"), "{address}");
    let warned = said.starts_with("httpwhy: anyone who reaches 0.0.0.0 ");
    assert!(warned && said.contains("--bind"), "{said}");
}

#[test]
fn other_addresses_of_the_loopback_are_as_safe() {
    let (address, said) = start(&["--bind", "127.0.0.2", "--threads", "2"]);
    assert!(address.starts_with("127.0.0.2:"), "{address}");
    assert_eq!(said, "");
}

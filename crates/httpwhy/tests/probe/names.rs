//! Names: every way in which a name server fails is told apart.

use httpwhy_sim::{Config, Simulator};
use httpwhy_testkit::free_port;

use crate::{json, probe, text};

#[test]
fn a_name_server_that_fails() {
    let simulator = Simulator::start(Config::default()).expect("starts");
    let resolver = simulator.dns().to_string();
    let table = [
        ("nxdomain.test", "net/dns-not-found", "dns:3"),
        ("nodata.test", "net/dns-nodata", "dns:nodata"),
        ("servfail.test", "net/dns-servfail", "dns:2"),
        ("refused.test", "net/dns-refused", "dns:5"),
        ("garbage.test", "net/dns-malformed", "dns:garbage"),
        ("silence.test", "net/dns-timeout", "timeout:600"),
    ];
    let urls: Vec<String> = table
        .iter()
        .map(|(name, ..)| format!("http://{name}:{}/landing", simulator.http().port()))
        .collect();
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend([
        "--json",
        "-q",
        "--timeout",
        "resolve=0.6",
        "--resolver",
        &resolver,
    ]);
    let ran = probe(&args).run().exits(0);
    let lines = json::lines(&ran);
    assert_eq!(lines.len(), table.len());
    for line in &lines {
        let number: usize = text(line, "visit").parse().expect("a number");
        let (name, outcome, signal) = table[number - 1];
        assert_eq!(text(line, "outcome"), outcome, "{name}");
        assert_eq!(text(line, "phase"), "resolve", "{name}");
        let signals = line["signals"].as_array().expect("a list");
        assert!(
            signals.iter().any(|known| known == signal),
            "{name}: {signals:?}"
        );
    }
    // And one that works.
    let url = format!("http://sim.test:{}/landing", simulator.http().port());
    let ran = probe(&[&url, "--json", "--resolver", &resolver])
        .run()
        .exits(0);
    assert_eq!(text(&json::lines(&ran)[0], "outcome"), "http/200");
}

#[test]
fn a_name_server_that_is_not_there() {
    let resolver = format!("127.0.0.1:{}", free_port());
    let ran = probe(&[
        "http://sim.test/",
        "--json",
        "--resolver",
        &resolver,
        "--timeout",
        "resolve=2",
    ]);
    let line = json::lines(&ran.run().exits(0)).remove(0);
    assert_eq!(text(&line, "phase"), "resolve");
    assert_eq!(text(&line["blame"], "party"), "dns", "{line}");
    assert!(text(&line, "outcome").starts_with("net/dns-"), "{line}");
}

//! The journal says what was asked for and what was done, over every protocol and for acts below HTTP.

mod client;

use std::time::{Duration, Instant};

use client::{PATIENCE, ask, connect, get, request, say};
use httpwhy_sim::{Ended, Entry, Over, Simulator};

/// The entries of that path, once there are as many and none is under way.
fn noted(simulator: &Simulator, path: &str, count: usize) -> Vec<Entry> {
    let begun = Instant::now();
    loop {
        let entries = simulator.journal();
        let entries: Vec<Entry> = entries.into_iter().filter(|e| e.path == path).collect();
        let is_done = entries.iter().all(|e| e.ended != Ended::UnderWay);
        if (entries.len() == count && is_done) || begun.elapsed() > PATIENCE {
            return entries;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_was_done_is_noted() {
    let simulator = httpwhy_sim::start();
    for (path, status, ended) in [
        ("/status/503", Some(503), Ended::Fin),
        ("/outcome/http/404", Some(404), Ended::Fin),
        ("/fault/rst/before-head", None, Ended::Reset),
        ("/fault/rst/in-body", Some(200), Ended::Reset),
        ("/fault/close/before-head", None, Ended::Fin),
        ("/with/mark=0/status/418", Some(418), Ended::Fin),
        ("/fault/head/garbage", None, Ended::Fin),
        ("/with/1xx=103/get", Some(200), Ended::Fin),
        ("/nowhere", Some(404), Ended::Fin),
    ] {
        let (bytes, _) = say(simulator.http(), &request("GET", path, &[], b""));
        let entries = noted(&simulator, path, 1);
        let entry = entries.first().unwrap_or_else(|| panic!("{path}"));
        assert_eq!((entry.status, entry.ended), (status, ended), "{path}");
        assert_eq!(entry.bytes, bytes.len() as u64, "{path}");
        assert_eq!((entry.method.as_str(), entry.over), ("GET", Over::Http1));
        let outcome = path.strip_prefix("/outcome/").unwrap_or_default();
        assert_eq!(entry.act, outcome);
    }
}

#[test]
fn a_stall_is_seen_while_it_lasts() {
    use std::io::Write;
    let simulator = httpwhy_sim::start();
    let mut stalled = connect(simulator.http());
    stalled
        .write_all(&request("GET", "/hang?key=1", &[], b""))
        .expect("sends");
    let begun = Instant::now();
    let under_way = loop {
        if let Some(entry) = simulator.journal().first() {
            break entry.clone();
        }
        assert!(begun.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!(under_way.ended, Ended::UnderWay);
    assert_eq!(under_way.query.as_deref(), Some("key=1"));
    drop(stalled);
    assert_eq!(noted(&simulator, "/hang", 1)[0].ended, Ended::Silence);
}

#[test]
fn acts_below_http_are_noted() {
    let simulator = httpwhy_sim::start();
    let scene = simulator
        .scene("tls/cert-expired")
        .expect("a port of an act");
    let port = scene.target.split(':').nth(2).expect("a port");
    let port = port
        .split('/')
        .next()
        .expect("a port")
        .parse()
        .expect("a number");
    drop(connect((simulator.http().ip(), port).into()));
    let entries = noted(&simulator, "", 1);
    assert_eq!(
        (entries[0].act.as_str(), entries[0].over),
        (scene.id.0, Over::Tcp)
    );
}

#[test]
fn the_page_lists_chooses_and_forgets() {
    let simulator = client::start();
    let at = simulator.http();
    get(at, "/status/503");
    get(at, "/status/200");
    ask(at, "POST", "/__journal", &[], b"");
    let secret = [("X-Asked", "yes"), ("Authorization", "Bearer abc")];
    ask(at, "POST", "/post", &secret, b"content");
    let list = |query: &str| -> serde_json::Value {
        let answer = get(at, &format!("/__journal{query}"));
        serde_json::from_slice(&answer.body).expect("JSON")
    };
    let all = list("");
    assert_eq!(all["entries"].as_array().map(Vec::len), Some(3), "{all}");
    assert_eq!(all["entries"][0]["fields"], serde_json::Value::Null);
    let last = &all["entries"][2];
    assert_eq!(
        (&last["content"], &last["length"]),
        (&"content".into(), &7.into())
    );
    let fields = last["fields"].to_string();
    assert!(
        fields.contains("X-Asked") && !fields.contains("abc"),
        "{fields}"
    );
    for (query, numbers) in [
        ("?path=/status", &[0, 1][..]),
        ("?status=503", &[0]),
        ("?method=post", &[2]),
        ("?since=1", &[1, 2]),
        ("?last=1", &[2]),
        ("?over=h2", &[]),
        ("?ended=fin&path=/post", &[2]),
    ] {
        let listed = list(query);
        let listed = listed["entries"].as_array().expect("a list");
        let listed: Vec<u64> = listed.iter().filter_map(|e| e["number"].as_u64()).collect();
        assert_eq!(listed, numbers, "{query}");
    }
    assert_eq!(get(at, "/__journal?stauts=503").status(), 400);
    assert_eq!(ask(at, "DELETE", "/__journal", &[], b"").status(), 204);
    let none = list("");
    assert_eq!(
        (none["entries"].as_array().map(Vec::len), &none["next"]),
        (Some(0), &3.into())
    );
}

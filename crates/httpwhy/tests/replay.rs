//! What was recorded is replayed, and probing the replay gives the same outcome: every capture of a real server that a
//! client can meet again, and scenario files at the command line.
#![allow(clippy::print_stdout, reason = "the test prints its table")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use httpwhy_diagnose::diagnose;
use httpwhy_model::{End, Exchange, Phase, Seen, Sent, Side, Signal, Vantage, Visit, Who};
use httpwhy_probe::{Config, Finished, Job, Next, run};
use httpwhy_schema::{ExchangeLine, ScenarioFile, write_line};
use httpwhy_sim::{Simulator, replay};
use httpwhy_testkit::{Httpwhy, Workspace};
use httpwhy_wire::h1;
use serde_json::Value;

/// As many captures can be replayed at least.
const AT_LEAST: usize = 100;

struct Capture {
    name: String,
    exchange: Exchange,
    sent: Bytes,
}

/// The captures that a client of HTTP/1.1 with a sound request can meet again.
fn captures() -> (Vec<Capture>, Vec<(String, &'static str)>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../httpwhy-diagnose/tests/reality");
    let entries = |at: &Path| -> Vec<PathBuf> {
        let list = fs::read_dir(at).into_iter().flatten();
        list.map(|entry| entry.expect("readable").path()).collect()
    };
    let mut files: Vec<PathBuf> = entries(&root).iter().flat_map(|at| entries(at)).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let (mut playable, mut left_out) = (Vec::new(), Vec::new());
    for file in files {
        let name = file
            .with_extension("")
            .strip_prefix(&root)
            .expect("below")
            .display()
            .to_string();
        match exchange(&file) {
            Ok((exchange, sent)) => playable.push(Capture {
                name,
                exchange,
                sent,
            }),
            Err(why) => left_out.push((name, why)),
        }
    }
    (playable, left_out)
}

/// What a client saw; or why no sound client of HTTP/1.1 meets it.
fn exchange(file: &Path) -> Result<(Exchange, Bytes), &'static str> {
    let facts: Value = serde_json::from_slice(&fs::read(file).expect("readable")).expect("JSON");
    // One character stands for one byte.
    let sent: Vec<u8> = facts["sent"]
        .as_str()
        .expect("a text")
        .chars()
        .map(|c| c as u8)
        .collect();
    let received = fs::read(file.with_extension("response")).expect("readable");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if sent.first() == Some(&22) || sent.starts_with(b"PRI ") {
        return Err("no HTTP/1");
    }
    if text(&facts["tls"]["error"]).starts_with("handshake:")
        || text(&facts["tls"]["error"]).contains("ALERT")
    {
        return Err("TLS failed");
    }
    if facts["sent_bytes"].as_u64() != Some(sent.len() as u64) {
        return Err("the request is not kept whole");
    }
    let (asked, consumed) = h1::read_request(&sent, true, h1::Limits::default());
    if !asked.complete || !asked.defects.is_empty() || consumed != sent.len() {
        return Err("the client's own request is at fault");
    }
    let request = asked.request.expect("a request");
    let end = text(&facts["transport_end"]);
    if end.starts_with("client") {
        return Err("the client's own request is at fault");
    }
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Local,
            side: Side::Client,
        },
        reused: Seen::Present(false),
        sent: Sent::All,
        target: format!(
            "http://127.0.0.1{}",
            String::from_utf8_lossy(&request.target)
        ),
        ..Exchange::default()
    };
    let mut reader = h1::Reader::response(&request.method, h1::Limits::default());
    exchange.request = request;
    let used = reader.feed(&received).consumed;
    reader.extra(&received[used..]);
    let spent = Duration::from_secs_f64(facts["seconds"].as_f64().expect("seconds"));
    if end == "fin" {
        reader.eof();
    }
    let came = received.len() as u64;
    let message = reader.finish();
    let phase = if came > 0 {
        Phase::Receive
    } else {
        Phase::Wait
    };
    if !message.complete && !message.upgraded {
        exchange.signal(
            phase,
            match end.as_str() {
                "fin" => Signal::Eof(came),
                "rst" => "errno:ECONNRESET".parse().expect("a signal"),
                _ => Signal::Timeout(u64::try_from(spent.as_millis()).expect("short")),
            },
        );
    }
    for defect in message.defects {
        exchange.signal(Phase::Receive, defect);
    }
    exchange.end = match () {
        () if message.upgraded => End::Upgraded,
        () if message.complete => End::Answered,
        () if came > 0 => End::Partial,
        () => End::Nothing,
    };
    exchange.interim = message.interim;
    exchange.response = message.response;
    exchange.received = came;
    exchange.timeline.add(Phase::Wait, spent);
    Ok((exchange, sent.into()))
}

/// Through the JSON that `probe --json` writes, and back.
fn through_json(exchange: &Exchange) -> Vec<Visit> {
    let mut line = ExchangeLine::new("1", 0, httpwhy_model::Because::Asked, exchange);
    line.steps = Some(1);
    let mut json = Vec::new();
    write_line(&mut json, &line).expect("it is written");
    httpwhy_ingest::read(&json, None).expect("it is read")
}

/// Asks what the recorded client asked.
fn probe(simulator: &Simulator, Capture { exchange, sent, .. }: &Capture, slow: bool) -> Visit {
    let target = String::from_utf8_lossy(&exchange.request.target);
    let target = target
        .split_once("://")
        .map_or(&*target, |(_, rest)| &rest[rest.find('/').unwrap_or(0)..]);
    let target = if target.starts_with('/') { target } else { "/" };
    let mut job = Job::get(0, simulator.url(target));
    job.method = exchange.request.method.clone();
    job.raw = Some(sent.clone());
    let mut config = Config::default();
    if slow {
        config.deadlines.wait = Duration::from_millis(500);
        config.deadlines.receive = Duration::from_millis(500);
    }
    let (tell, told) = std::sync::mpsc::channel();
    let stop = AtomicBool::new(false);
    run(
        &Arc::new(config),
        std::iter::once(job),
        |_: &Visit| Next::Done,
        move |finished: Finished| tell.send(finished.visit).expect("somebody waits"),
        &stop,
    )
    .expect("it runs");
    told.recv().expect("one visit")
}

#[test]
fn a_replay_of_each_capture_is_diagnosed_alike() {
    let (captures, left_out) = captures();
    let simulator = httpwhy_sim::start();
    let (mut same, mut other) = (0, Vec::new());
    for capture in &captures {
        let wanted = diagnose(&Visit::of(capture.exchange.clone())).outcome;
        let scenario = match replay(&through_json(&capture.exchange), 0.0) {
            Ok(scenario) => scenario,
            Err(why) => {
                println!("{:<42} cannot be replayed: {why}", capture.name);
                continue;
            }
        };
        simulator.play(scenario);
        let is_slow = capture
            .exchange
            .signals()
            .any(|(_, signal)| matches!(signal, Signal::Timeout(_)));
        let got = diagnose(&probe(&simulator, capture, is_slow)).outcome;
        if got == wanted {
            same += 1;
        } else {
            other.push(format!("{:<42} {wanted} became {got}", capture.name));
        }
    }
    println!(
        "{} left out, for their client's part: {left_out:?}",
        left_out.len()
    );
    println!("{same} of {} replays have the same outcome", captures.len());
    assert!(other.is_empty(), "{}", other.join("\n"));
    assert!(same >= AT_LEAST, "only {same}");
}

#[test]
fn scenarios_and_replays_at_the_command_line() {
    let folder = Workspace::new();
    let bad = folder.write(
        "bad.toml",
        "schema = 1\n[[rules]]\nthen = [{ plays = \"/get\" }]\n",
    );
    let binary = || Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"));
    let ran = binary()
        .args([
            "sim",
            "--port",
            "0",
            "--scenario",
            &bad.display().to_string(),
        ])
        .run();
    let ran = ran.exits(2);
    assert!(
        ran.stderr
            .contains("line 3, column 11: unknown field `plays`"),
        "{}",
        ran.stderr
    );
    let log = folder.write("bare.txt", "* errno:ECONNREFUSED\n");
    let ran = binary()
        .args(["sim", "--port", "0", "--replay", &log.display().to_string()])
        .run();
    let ran = ran.exits(2);
    assert!(
        ran.stderr
            .contains("it cannot be replayed: it broke in phase connect"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_scenario_answers_in_its_order() {
    let simulator = httpwhy_sim::start();
    let scenario = "schema = 1\n[[rules]]\nname = \"orders\"\nwhen = { path = \"/orders/{id}\" }\nthen = [\n\
        { play = \"/status/503?h=Retry-After:1\" },\n{ play = \"http/429\" },\n\
        { answer = { status = 200, body = \"at last\" } },\n]\nafter = \"cycle\"\n";
    simulator.play(ScenarioFile::read(scenario).expect("a scenario"));
    let ask = || {
        let capture = Capture {
            name: String::new(),
            exchange: Exchange {
                request: httpwhy_model::Request {
                    target: "/orders/7".into(),
                    method: "GET".into(),
                    ..Default::default()
                },
                ..Exchange::default()
            },
            sent: "GET /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        };
        probe(&simulator, &capture, false).steps[0]
            .exchange
            .status()
    };
    let statuses: Vec<Option<u16>> = (0..4).map(|_| ask()).collect();
    assert_eq!(statuses, [Some(503), Some(429), Some(200), Some(503)]);
    let acts: Vec<String> = simulator
        .journal()
        .into_iter()
        .map(|entry| entry.act)
        .collect();
    assert_eq!(acts[1], "scenario orders, step 2");
}

/// What a client saw that waited for the head, then for the content.
fn slow() -> Capture {
    let sent = Bytes::from_static(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    let (asked, _) = h1::read_request(&sent, true, h1::Limits::default());
    let mut reader = h1::Reader::response(b"GET", h1::Limits::default());
    reader.feed(b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 4\r\n\r\nlate");
    let mut exchange = Exchange {
        end: End::Answered,
        sent: Sent::All,
        target: "http://127.0.0.1/slow".to_owned(),
        request: asked.request.expect("a request"),
        response: reader.finish().response,
        ..Exchange::default()
    };
    exchange
        .timeline
        .add(Phase::Wait, Duration::from_millis(300));
    exchange
        .timeline
        .add(Phase::Receive, Duration::from_millis(200));
    Capture {
        name: "slow".to_owned(),
        exchange,
        sent,
    }
}

#[test]
fn a_replay_takes_its_time() {
    let capture = slow();
    let visits = through_json(&capture.exchange);
    let after = |pace| -> Vec<u64> {
        let scenario = replay(&visits, pace).expect("it can be replayed");
        let wire = scenario.rules[0].then[0].wire.as_ref().expect("bytes");
        wire.pieces.iter().map(|piece| piece.after_ms).collect()
    };
    assert_eq!(after(1.0), [300, 200]);
    assert_eq!(after(0.5), [150, 100]);
    assert_eq!(after(0.0), [0, 0]);

    let simulator = httpwhy_sim::start();
    simulator.play(replay(&visits, 1.0).expect("it can be replayed"));
    // No sleep ends early. A client that takes notice of the head late sees less of the pause behind it.
    let as_recorded = (0..5).any(|_| {
        let begun = Instant::now();
        let visit = probe(&simulator, &capture, false);
        assert!(begun.elapsed() >= Duration::from_millis(500));
        let exchange = &visit.steps[0].exchange;
        assert_eq!(exchange.status(), Some(504));
        let lasted = |phase, least| {
            let took = exchange.timeline.get(phase);
            took.is_some_and(|took| took >= Duration::from_millis(least))
        };
        lasted(Phase::Wait, 300) && lasted(Phase::Receive, 200)
    });
    assert!(as_recorded);
}

//! A line written with what was kept of another is the line that would be written without.

use std::sync::OnceLock;
use std::time::Duration;

use httpwhy_model::*;
use httpwhy_schema::{Writing, write_line};

fn title(id: &str) -> &'static str {
    if id == "http/404" {
        "Not \"Found\""
    } else {
        ""
    }
}

fn diagnosis() -> Diagnosis {
    Diagnosis {
        outcome: OutcomeId("http/404"),
        also: Vec::new(),
        candidates: Vec::new(),
        phase: Phase::Wait,
        blame: Blame::Likely(Party::Client),
        producer: None,
        server_says: Some(r#""visit":"" and "target":"""#.into()),
        retry: Retry {
            advice: Advice::Never,
            after_s: None,
        },
        remedies: Vec::new(),
        evidence: Vec::new(),
        findings: Vec::new(),
    }
}

fn exchange() -> Exchange {
    Exchange {
        vantage: Vantage {
            who: Who::Repeater(r#""target":"""#.into()),
            side: Side::Client,
        },
        request: Request {
            method: r#""target":"""#.into(),
            ..Request::default()
        },
        response: Some(Response {
            version: "HTTP/1.1".into(),
            code: "404".into(),
            ..Response::default()
        }),
        sent: Sent::All,
        end: End::Answered,
        ..Exchange::default()
    }
}

#[test]
fn what_is_kept_changes_nothing() {
    let diagnosis = diagnosis();
    let kept = OnceLock::new();
    let peers = ["127.0.0.1:1", "255.10.0.99:65535", "[::1]:80"]
        .map(|peer| Some(peer.parse().expect("an address")));
    let targets = [
        "",
        "http://a/b?c",
        r#"http://a/"visit":""/\"#,
        "http://a/\u{202e}\u{7f}\n",
        "ä",
    ];
    let micros = [
        0,
        1,
        9,
        10,
        99,
        100,
        101,
        110,
        999,
        1000,
        1001,
        1010,
        1100,
        123_456,
        999_999_999_999,
        1_000_000_000_000,
        1_234_567_890_123_456_789,
    ];
    for (nth, target) in targets.iter().cycle().take(200).enumerate() {
        let mut exchange = exchange();
        (*target).clone_into(&mut exchange.target);
        exchange.peer = peers.get(nth % 4).copied().flatten();
        exchange.held = (nth % 11 == 5).then_some("rate");
        exchange.received = [0, 7, 10, 1234, u64::MAX][nth % 5];
        for (phase, took) in Phase::ALL
            .iter()
            .take(nth % 5)
            .zip(micros.iter().cycle().skip(nth))
        {
            exchange.timeline.add(*phase, Duration::from_micros(*took));
        }
        let name = nth.to_string();
        let mut writing = Writing {
            kind: "diagnosis",
            visit: &name,
            step: 0,
            steps: 1,
            because: Because::Asked,
            exchange: &exchange,
            diagnosis: &diagnosis,
            title,
            site,
            kept: Some(&kept),
        };
        let (mut quick, mut slow, mut line) = (Vec::new(), Vec::new(), Vec::new());
        writing.write(&mut quick).expect("memory");
        writing.kept = None;
        writing.write(&mut slow).expect("memory");
        write_line(&mut line, &writing.line()).expect("memory");
        assert_eq!(
            String::from_utf8_lossy(&quick),
            String::from_utf8_lossy(&line),
            "{nth}"
        );
        assert_eq!(slow, line, "{nth}");
    }
    assert!(kept.get().is_some());
}

/// Milliseconds are written by hand: as floats are, digit for digit.
#[test]
fn every_duration_is_written_as_a_float() {
    let diagnosis = diagnosis();
    let kept = OnceLock::new();
    let mut took = 0_u64;
    for step in 0..30_000_u64 {
        let mut exchange = exchange();
        exchange.peer = Some(([127, 0, 0, 1], 80).into());
        exchange
            .timeline
            .add(Phase::Wait, Duration::from_micros(took));
        let writing = Writing {
            kind: "diagnosis",
            visit: "1",
            step: 0,
            steps: 1,
            because: Because::Asked,
            exchange: &exchange,
            diagnosis: &diagnosis,
            title,
            site,
            kept: Some(&kept),
        };
        let mut quick = Vec::new();
        writing.write(&mut quick).expect("memory");
        let value: serde_json::Value = serde_json::from_slice(&quick).expect("JSON");
        let shown = (took as f64 / 1000.0).to_string();
        let shown = if shown.contains('.') {
            shown
        } else {
            shown + ".0"
        };
        assert_eq!(value["timing_ms"]["wait"].to_string(), shown);
        assert!(
            String::from_utf8_lossy(&quick).contains(&format!("\"wait\":{shown}}}")),
            "{took}"
        );
        // Every one of the small ones, then further and further apart.
        took += 1 + step.saturating_sub(20_000).pow(2);
    }
}

fn site(host: &str) -> Option<&str> {
    host.contains('.').then_some(host)
}

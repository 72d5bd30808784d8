//! What is remembered is what would be judged: over all transcripts of the catalogue, with other targets, times, peers
//! and durations.

use std::time::{Duration, SystemTime};

use httpwhy_catalog::entries;
use httpwhy_diagnose::{Memory, steps};
use httpwhy_model::{End, Phase, Seen, Sent, Visit};

/// The visit as another moment and another target would have shown it.
fn varied(visit: &Visit, nth: u64) -> Visit {
    let mut visit = visit.clone();
    let paths = [
        "/",
        "/login",
        "/a?b=c&redirect=/x",
        "/%zz",
        "/very/long/path",
    ];
    for step in &mut visit.steps {
        let exchange = &mut step.exchange;
        let path = paths[nth as usize % paths.len()];
        exchange.target = format!("http://other{nth}.example{path}");
        exchange.request.target = path.into();
        exchange.observed_at =
            Seen::Present(SystemTime::UNIX_EPOCH + Duration::from_secs(nth * 400_000_000));
        exchange.peer = Some(([127, 0, 0, nth as u8], 80).into());
        exchange.received += nth;
        exchange.timeline = httpwhy_model::Timeline::default();
        for phase in [Phase::Resolve, Phase::Connect, Phase::Wait, Phase::Receive] {
            exchange
                .timeline
                .add(phase, Duration::from_millis(nth * 60));
        }
        exchange.held = (nth % 2 == 1).then_some("rate");
    }
    visit
}

#[test]
fn what_is_remembered_is_what_would_be_judged() {
    let mut memory = Memory::default();
    let (mut visits, mut shared) = (0, 0);
    for entry in entries()
        .iter()
        .filter(|entry| !entry.transcript().is_empty())
    {
        let transcript = entry.transcript();
        for mut visit in httpwhy_ingest::read(transcript.as_bytes(), None).expect("a transcript") {
            for step in &mut visit.steps {
                if step.exchange.end == End::Answered {
                    step.exchange.sent = Sent::All;
                }
            }
            let first = memory.judge(&varied(&visit, 0));
            for nth in 1..5 {
                let other = varied(&visit, nth);
                let judged = memory.judge(&other);
                assert_eq!(judged.steps, steps(&other), "{}, variation {nth}", entry.id);
                shared += usize::from(std::sync::Arc::ptr_eq(&first, &judged));
            }
            visits += 1;
        }
    }
    assert!(
        visits > 500 && shared > 500,
        "{visits} visits, {shared} of 4 each shared"
    );
}

/// Where a redirect comes from tells what it is: a way to the login, into a circle, out of TLS.
#[test]
fn redirects_are_remembered_with_what_their_targets_make_of_them() {
    let mut memory = Memory::default();
    let (mut shared, mut kinds) = (0, std::collections::BTreeSet::new());
    for to in [
        "http://a.example/x",
        "http://a.example:80/x#f",
        "https://a.example/login",
        "/x",
        "http://a.example/x?y",
        "https://a.example",
        "//a.example/x",
        "",
    ] {
        let answer = format!(
            "HTTP/1.1 301 Moved\r\nServer: nginx\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
        );
        let mut visit = httpwhy_ingest::read(answer.as_bytes(), None)
            .expect("a response")
            .remove(0);
        visit.steps[0].exchange.sent = Sent::All;
        visit = varied(&visit, 0);
        let first = memory.judge(&visit);
        for target in [
            "http://a.example/y",
            "http://a.example/x",
            "http://a.example:80/x",
            "http://a.example:81/x",
            "http://a.example/x?y",
            "http://a.example/x#f",
            "HTTP://A.example/x",
            "https://a.example/",
            "https://a.example",
            "https://a.example/x",
            "http://login.example/x",
            "http://a.example/login",
            "https://a.example/login?x",
            "ws://a.example/x",
            "nothing",
        ] {
            visit.steps[0].exchange.target = target.to_owned();
            for _ in 0..2 {
                let judged = memory.judge(&visit);
                assert_eq!(judged.steps, steps(&visit), "{target} to {to}");
                shared += usize::from(std::sync::Arc::ptr_eq(&first, &judged));
                kinds.insert(judged.steps[0].outcome);
            }
        }
    }
    assert!(shared > 20 && kinds.len() > 3, "{shared}, {kinds:?}");
}

#[test]
fn what_differs_is_judged_anew() {
    let mut memory = Memory::default();
    let visit = |response: &str| {
        let mut visits = httpwhy_ingest::read(response.as_bytes(), None).expect("a response");
        let mut visit = visits.remove(0);
        visit.steps[0].exchange.sent = Sent::All;
        varied(&visit, 0)
    };
    for (nth, response) in [
        "HTTP/1.1 404 Not Found\r\nServer: nginx\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 404 Not Found\r\nServer: Apache\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 404 Not Found\r\nServer: Apache\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 401 Unauthorized\r\nServer: Apache\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 503 Unavailable\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\nno",
        "HTTP/1.1 503 Unavailable\r\nRetry-After: 9\r\nContent-Length: 2\r\n\r\nno",
    ]
    .into_iter()
    .cycle()
    .take(600)
    .enumerate()
    {
        let visit = visit(response);
        assert_eq!(
            memory.judge(&visit).steps,
            steps(&visit),
            "{nth}: {response}"
        );
    }
}

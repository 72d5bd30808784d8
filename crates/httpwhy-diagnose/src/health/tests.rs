//! Health and advice, on made-up counts.

use super::*;

fn facts(
    outcome: &'static str,
    status: Option<u16>,
    producer: Option<&'static str>,
) -> Facts<'static> {
    let fine = matches!(status, Some(200..=399)) && outcome.starts_with("http/")
        || outcome == "input/unsafe-method";
    let phase = match outcome {
        "engine/cancelled" | "input/unsafe-method" => Phase::Queue,
        "net/connect-timeout" => Phase::Connect,
        _ => Phase::Wait,
    };
    Facts {
        outcome,
        fine,
        phase,
        status,
        producer,
    }
}

#[test]
fn visits_are_what_people_call_them() {
    use Health::{Ok, Problem, Skipped, Unauthorized, Unreachable};
    for (outcome, status, wanted) in [
        ("http/200", Some(200), Ok),
        ("http/404", Some(404), Problem),
        ("http/401", Some(401), Unauthorized),
        ("http/403", Some(403), Unauthorized),
        ("cloudflare/1020", Some(403), Unauthorized),
        ("net/redirect-to-login", Some(200), Unauthorized),
        ("auth/session-expired", Some(200), Unauthorized),
        ("net/connect-timeout", None, Unreachable),
        ("net/read-timeout", None, Unreachable),
        ("net/body-truncated", Some(200), Problem),
        ("engine/cancelled", None, Skipped),
        ("input/unsafe-method", None, Skipped),
    ] {
        assert_eq!(
            Health::of(&facts(outcome, status, None)),
            wanted,
            "{outcome}"
        );
    }
}

#[test]
fn an_entry_point_is_what_most_of_its_visits_are() {
    use Health::{Ok, Problem, Skipped, Unauthorized, Unreachable};
    for (visits, state, percent) in [
        (&[(Ok, 5)][..], Ok, Some(100.0)),
        (&[(Ok, 3), (Problem, 1)], Ok, Some(75.0)),
        (&[(Ok, 2), (Unauthorized, 2)], Unauthorized, Some(50.0)),
        (
            &[(Problem, 2), (Unreachable, 3), (Skipped, 9)],
            Unreachable,
            Some(0.0),
        ),
        (&[(Skipped, 9), (Ok, 1)], Ok, Some(100.0)),
        (&[(Skipped, 9)], Skipped, None),
        (&[], Skipped, None),
    ] {
        let mut counts = Counts::default();
        for &(health, count) in visits {
            counts.add(health, count);
        }
        assert_eq!(
            (counts.state(), counts.percent()),
            (state, percent),
            "{visits:?}"
        );
    }
}

/// Target, outcome, status, producer, and how often.
type Visits<'a> = (
    &'a str,
    &'static str,
    Option<u16>,
    Option<&'static str>,
    u64,
);

fn healths(visits: &[Visits<'_>]) -> Healths {
    let mut healths = Healths::with_room(100);
    for &(target, outcome, status, producer, count) in visits {
        let entry_point = EntryPoint::new(b"GET", target, None);
        healths.add(
            entry_point.as_ref(),
            &facts(outcome, status, producer),
            count,
        );
    }
    healths
}

fn told(healths: &Healths) -> Vec<String> {
    let report = healths.report();
    let lines = report.advice.iter().map(|advice| {
        let about = advice.about.as_deref().unwrap_or("-");
        format!("{} {about} {}/{}", advice.rule, advice.count, advice.of)
    });
    lines.collect()
}

#[test]
fn many_say_what_one_does_not() {
    let all = [
        ("https://a.example/x", "http/200", Some(200), None, 10),
        ("https://a.example/me", "http/401", Some(401), None, 8),
        (
            "https://a.example/you",
            "auth/bearer-invalid-token",
            Some(401),
            None,
            2,
        ),
        (
            "https://b.example/x",
            "http/403",
            Some(403),
            Some("Cloudflare"),
            7,
        ),
        (
            "https://b.example/y",
            "cloudflare/1020",
            Some(403),
            Some("Cloudflare"),
            2,
        ),
        ("https://b.example/z", "http/403", Some(403), None, 1),
        ("https://c.example/1", "net/connect-timeout", None, None, 4),
        ("https://c.example/2", "http/200", Some(200), None, 4),
        ("https://d.example/a", "net/dns-not-found", None, None, 2),
    ];
    assert_eq!(
        told(&healths(&all)),
        [
            "login - 10/40",
            "waf Cloudflare 9/10",
            "timeouts-of-one-host c.example 4/8",
            "name-unknown d.example 2/2",
        ]
    );
    let report = healths(&all).report();
    assert_eq!(report.advice[0].outcomes[0], ("http/401".to_owned(), 8));
    assert_eq!(report.entry_points.get(Health::Unauthorized), 5);
    assert_eq!(report.entry_points.get(Health::Ok), 1);
    assert_eq!(report.percent, Some(12.5));
}

#[test]
fn what_holds_of_many_hosts_is_told_once() {
    let targets: Vec<String> = (0..4).map(|n| format!("https://h{n}.example/x")).collect();
    let failing = |many: usize| {
        let visits: Vec<_> = targets[..many]
            .iter()
            .zip(10..)
            .map(|(target, count)| (&**target, "http/500", Some(500), None, count))
            .collect();
        told(&healths(&visits))
    };
    assert_eq!(
        failing(2),
        [
            "server-fails h1.example 11/11",
            "server-fails h0.example 10/10"
        ]
    );
    assert_eq!(
        failing(4),
        ["server-fails h3.example and 3 other hosts 46/46"]
    );
}

#[test]
fn few_say_nothing() {
    let few = [
        ("https://a.example/x", "http/200", Some(200), None, 100),
        ("https://a.example/me", "http/401", Some(401), None, 2),
        ("https://a.example/b", "http/404", Some(404), None, 30),
        (
            "https://a.example/c",
            "http/403",
            Some(403),
            Some("nginx"),
            2,
        ),
        ("https://c.example/1", "net/connect-timeout", None, None, 2),
    ];
    assert_eq!(told(&healths(&few)), [""; 0]);
    let fronted = [(
        "https://a.example/c",
        "http/403",
        Some(403),
        Some("nginx"),
        3,
    )];
    assert_eq!(told(&healths(&fronted)), ["front-refuses nginx 3/3"]);
}

#[test]
fn memory_is_bounded_and_nothing_is_lost() {
    let mut healths = Healths::with_room(1_000);
    for n in 0..20_000 {
        let target = format!("https://h{n}.example/x");
        let entry_point = EntryPoint::new(b"GET", &target, None);
        healths.add(entry_point.as_ref(), &facts("http/404", Some(404), None), 1);
    }
    assert!(healths.answers.len() <= KINDS + 1 && healths.entry_points.len() <= 1_000);
    let report = healths.report();
    assert_eq!(report.visits.get(Health::Problem), 20_000);
    let answered: u64 = healths.answers.values().map(|answers| answers.count).sum();
    assert_eq!(answered, 20_000);
}

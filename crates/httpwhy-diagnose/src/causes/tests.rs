//! Causes of groups, on made-up exchanges.

use super::*;
use httpwhy_model::{End, Response, Seen, Sent, Signal};

fn failed(target: &str, phase: Phase, signal: &str, peer: Option<&str>) -> Visit {
    let mut exchange = Exchange {
        target: target.to_owned(),
        sent: Sent::Nothing,
        end: End::Nothing,
        reused: Seen::Present(false),
        peer: peer.map(|peer| peer.parse().unwrap()),
        ..Exchange::default()
    };
    exchange.signal(phase, signal.parse::<Signal>().unwrap());
    Visit::of(exchange)
}

fn answered(target: &str, status: u16) -> Visit {
    Visit::of(Exchange {
        target: target.to_owned(),
        sent: Sent::All,
        end: End::Answered,
        response: Some(Response {
            code: status.to_string().into_bytes().into(),
            ..Response::default()
        }),
        ..Exchange::default()
    })
}

fn causes(visits: &[Visit]) -> Causes {
    let mut causes = Causes::default();
    for (visit, number) in visits.iter().zip(1..) {
        causes.add(number, visit, &crate::diagnose(visit));
    }
    causes
}

fn told(causes: &Causes) -> Vec<String> {
    let groups = causes.groups();
    let lines = groups.iter().map(|group| {
        let outcomes: Vec<String> = group
            .outcomes
            .iter()
            .map(|(id, count)| format!("{count} {id}"))
            .collect();
        let (first, last) = group.span;
        format!(
            "{} {} ({}) {first}-{last}, {} hosts",
            group.count,
            group.cause,
            outcomes.join(", "),
            group.hosts
        )
    });
    lines.collect()
}

#[test]
fn one_cause_is_told_once() {
    let refused = (0..290).map(|n| {
        let name = ["db.example", "db-alias.example"][n % 2];
        let target = format!("http://{name}:5432/{n}");
        let signal = if n == 7 {
            "timeout:10000"
        } else {
            "errno:ECONNREFUSED"
        };
        failed(&target, Phase::Connect, signal, Some("10.0.0.5:5432"))
    });
    let missing = (0..22).map(|n| answered(&format!("https://shop.example/{n}"), 404));
    let fine = (0..50).map(|n| answered(&format!("https://shop.example/ok/{n}"), 200));
    let gateway = (0..9).map(|n| answered(&format!("https://api.example/{n}"), 502));
    let alone = ["a", "b", "c"].map(|name| answered(&format!("https://{name}.example/"), 502));
    let visits: Vec<Visit> = refused
        .chain(missing)
        .chain(fine)
        .chain(gateway)
        .chain(alone)
        .collect();
    let causes = causes(&visits);
    assert_eq!(causes.failed(), 290 + 22 + 9 + 3);
    assert_eq!(
        told(&causes),
        [
            "290 at the address 10.0.0.5:5432 (289 net/connect-refused, 1 net/connect-timeout) 1-290, 2 hosts",
            "22 each for itself (22 http/404) 291-312, 1 hosts",
            "9 at api.example:443 (9 http/502) 363-371, 1 hosts",
            "3 each for itself (3 http/502) 372-374, 3 hosts",
        ]
    );
    let groups = causes.groups();
    assert_eq!(groups[0].examples.len(), EXAMPLES);
    assert!(!groups[0].remedies.is_empty());
}

#[test]
fn names_of_many_owners_that_fail_alike_are_the_name_server() {
    let visit = |n: usize, owners: usize| {
        let target = format!("http://www.h{}.d{}.example/", n, n % owners);
        failed(&target, Phase::Resolve, "timeout:5000", None)
    };
    for (owners, wanted) in [(1, "names below"), (9, "the name servers that were asked")] {
        let visits: Vec<Visit> = (0..60)
            .map(|n| {
                let mut visit = visit(n, owners);
                let target = format!("http://h{n}.owner{}.example/", n % owners);
                visit.steps[0].exchange.target =
                    target.replace(".example", &format!("{}.test", n % owners));
                visit
            })
            .collect();
        let told = told(&causes(&visits));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(&format!("60 {wanted}")), "{told:?}");
    }
}

#[test]
fn memory_is_bounded_and_nothing_is_lost() {
    let mut causes = Causes::default();
    let mut visit = failed(
        "http://x/",
        Phase::Connect,
        "errno:ECONNREFUSED",
        Some("10.0.0.1:80"),
    );
    let verdict = crate::diagnose(&visit);
    for number in 0..20_000 {
        visit.steps[0].exchange.target = format!("http://h{number}.example/");
        causes.add(number, &visit, &verdict);
    }
    assert!(causes.shapes.len() <= SHAPES + 1, "{}", causes.shapes.len());
    let all: u64 = causes.groups().iter().map(|group| group.count).sum();
    assert_eq!((all, causes.failed()), (20_000, 20_000));
}

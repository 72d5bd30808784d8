//! How hosts are paced.

use super::*;
use heard::Trouble;

impl<T> Hosts<T> {
    fn enter(&mut self, key: Option<&str>, what: T, now: Instant, first: bool) -> Option<Begun<T>> {
        let host = key.and_then(|key| self.host(key));
        self.admit(host, what, now, first)
    }
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn hosts(pace: Pace) -> Hosts<u32> {
    Hosts::new(Some(pace), 50)
}

fn heard(trouble: Option<Trouble>) -> Heard {
    Heard {
        trouble,
        ..Heard::default()
    }
}

#[test]
fn hosts_are_told_apart_by_name_and_port() {
    for (target, key) in [
        ("http://A.example/x", Some("a.example:80")),
        ("https://a.example", Some("a.example:443")),
        ("wss://a.example?x", Some("a.example:443")),
        ("http://u:p@a.example:8080#f", Some("a.example:8080")),
        ("http://[::1]/", Some("[::1]:80")),
        ("http://[::1]:81/", Some("[::1]:81")),
        ("http://a.example:/", Some("a.example:80")),
        ("http:///x", None),
        ("nonsense", None),
    ] {
        assert_eq!(host_key(target).as_deref(), key, "{target}");
    }
}

#[test]
fn a_target_has_the_host_of_its_key_whatever_came_before() {
    let targets = [
        "http://a.example/x",
        "http://a.example/y",
        "http://a.example:80/y z",
        "http://A.example/",
        "http://a.example?/",
        "http://a.example",
        "http://a.example\\@b.example/",
        "http://u@a.example/x",
        "http://u@b.example/x",
        "https://a.example/x",
        "http://a.example.org/x",
        "http://a.example:8080/x",
        "http:///x",
        "nonsense",
    ];
    let mut hosts = hosts(Pace::default());
    for before in targets {
        for target in targets {
            hosts.host_of(before);
            let by_key = host_key(target).and_then(|key| hosts.host(&key));
            assert_eq!(hosts.host_of(target), by_key, "{target} after {before}");
        }
    }
    assert_eq!(Hosts::<u32>::new(None, 5).host_of("http://a/"), None);
}

#[test]
fn one_host_does_not_stand_in_the_way_of_another() {
    let now = Instant::now();
    let mut hosts = hosts(Pace {
        per_host: Some(2),
        ..Pace::default()
    });
    let turns: Vec<_> = (0..2)
        .map(|n| hosts.enter(Some("a"), n, now, false).expect("room"))
        .collect();
    assert!(hosts.enter(Some("a"), 2, now, false).is_none());
    assert!(hosts.enter(Some("a"), 3, now, false).is_none());
    assert!(hosts.enter(Some("b"), 4, now, false).is_some());
    assert_eq!((hosts.waiting(), hosts.due()), (2, None));
    assert!(hosts.take(now).is_none());
    let turn = turns[0].turn.as_ref().expect("counted");
    assert!(hosts.leave(turn, Some(&heard(None)), now));
    let begun = hosts.take(now).expect("its turn");
    assert_eq!(begun.what, 2);
    assert_eq!(begun.waited, Some((now, Why::HostLimit)));
    assert!(hosts.take(now).is_none());
    assert_eq!(hosts.drain(), [3]);
}

#[test]
fn rates_hold_for_a_host_and_for_all() {
    let now = Instant::now();
    let mut hosts = hosts(Pace {
        rate: Some(10.0),
        rate_per_host: Some(2.0),
        ..Pace::default()
    });
    assert!(hosts.enter(Some("a"), 0, now, false).is_some());
    assert!(hosts.enter(Some("b"), 1, now, false).is_none(), "overall");
    assert!(hosts.enter(Some("a"), 2, now, false).is_none(), "its host");
    assert_eq!(hosts.due(), Some(now + secs(0.1)));
    let later = now + secs(0.1);
    let begun = hosts.take(later).expect("b may");
    assert_eq!((begun.what, begun.waited), (1, Some((now, Why::Rate))));
    assert!(hosts.take(later).is_none());
    let later = now + secs(0.5);
    let begun = hosts.take(later).expect("a may");
    assert_eq!((begun.what, begun.waited), (2, Some((now, Why::HostRate))));
}

#[test]
fn retry_after_holds_for_the_whole_host_up_to_a_bound() {
    let now = Instant::now();
    for (asked, wait) in [(30.0, 30.0), (3600.0, 120.0)] {
        let mut hosts = hosts(Pace::default());
        let begun = hosts.enter(Some("a"), 0, now, false).expect("room");
        let limited = Heard {
            asked: Some(secs(asked)),
            ..heard(Some(Trouble::TooMany))
        };
        hosts.leave(&begun.turn.expect("counted"), Some(&limited), now);
        assert!(hosts.enter(Some("a"), 1, now, false).is_none());
        assert_eq!(hosts.due(), Some(now + secs(wait)));
        let begun = hosts.take(now + secs(wait)).expect("asked time is over");
        assert_eq!(begun.waited, Some((now, Why::HostAsked)));
    }
}

/// How many of `a` may be under way at once.
fn room(hosts: &mut Hosts<u32>, now: Instant) -> usize {
    let mut turns = Vec::new();
    while let Some(begun) = hosts.enter(Some("a"), 0, now, true) {
        turns.push(begun.turn.expect("counted"));
    }
    hosts.drain();
    for turn in &turns {
        hosts.leave(turn, None, now);
    }
    turns.len()
}

#[test]
fn trouble_halves_and_answers_bring_it_back() {
    let mut now = Instant::now();
    let mut hosts = hosts(Pace {
        per_host: Some(8),
        ..Pace::default()
    });
    let round = |hosts: &mut Hosts<u32>, now: Instant, heard: &Heard| {
        let turns: Vec<_> = (0..8)
            .map_while(|n| hosts.enter(Some("a"), n, now, true)?.turn)
            .collect();
        for turn in &turns {
            hosts.leave(turn, Some(heard), now + secs(0.001));
        }
        hosts.drain();
    };
    let trouble = heard(Some(Trouble::Unwell));
    for rooms in [8, 4, 2, 1] {
        assert_eq!(room(&mut hosts, now), rooms, "all of one round count once");
        round(&mut hosts, now, &trouble);
        now += secs(10.0);
    }
    for _ in 0..20 {
        assert_eq!(room(&mut hosts, now), 1);
        round(&mut hosts, now, &trouble);
        assert!(hosts.enter(Some("a"), 0, now, true).is_none(), "a pause");
        hosts.drain();
        // However long it lasts, the pause stays bounded: it may be what the list is about.
        now += secs(1.1);
    }
    let fine = heard(None);
    for _ in 0..60 {
        round(&mut hosts, now, &fine);
        now += secs(2.0);
    }
    assert_eq!(room(&mut hosts, now), 8, "and never more than the ceiling");
}

#[test]
fn an_error_page_slows_nothing_down_and_rising_latency_does() {
    let now = Instant::now();
    for (wait, rooms) in [(0.001, 8), (2.0, 6)] {
        let mut hosts = hosts(Pace {
            per_host: Some(8),
            ..Pace::default()
        });
        let mut heard = heard(None);
        for late in [false, true] {
            heard.wait = Some(secs(if late { wait } else { 0.001 }));
            let turns: Vec<_> = (0..8)
                .map_while(|n| hosts.enter(Some("a"), n, now, true)?.turn)
                .collect();
            for turn in &turns {
                hosts.leave(turn, Some(&heard), now);
            }
        }
        assert_eq!(room(&mut hosts, now), rooms);
    }
}

#[test]
fn public_hosts_are_asked_politely_until_they_turn_out_not_to_be() {
    let now = Instant::now();
    let pace = Pace {
        public: Some(Manners {
            per_host: 2,
            rate: 1000.0,
        }),
        ..Pace::default()
    };
    let mut hosts = hosts(pace);
    for here in [
        "localhost:80",
        "127.0.0.1:80",
        "[fd00::1]:80",
        "10.1.2.3:8080",
    ] {
        for n in 0..50 {
            assert!(hosts.enter(Some(here), n, now, false).is_some(), "{here}");
        }
        assert!(hosts.enter(Some(here), 50, now, false).is_none(), "{here}");
    }
    hosts.drain();
    let begun = hosts.enter(Some("shop.example:80"), 0, now, false);
    assert!(
        hosts
            .enter(Some("shop.example:80"), 1, now, false)
            .is_none()
    );
    assert_eq!(hosts.due(), Some(now + secs(0.001)), "a rate of its own");
    let private = Heard {
        private: true,
        ..Heard::default()
    };
    let turn = begun.and_then(|begun| begun.turn).expect("counted");
    hosts.leave(&turn, Some(&private), now);
    let mut begun = 0;
    for n in 0..60 {
        begun += usize::from(hosts.enter(Some("shop.example:80"), n, now, true).is_some());
    }
    assert_eq!(begun, 50, "the ceiling alone");
}

#[test]
fn what_is_put_off_comes_when_it_is_due() {
    let now = Instant::now();
    for pace in [None, Some(Pace::default())] {
        let mut hosts = Hosts::new(pace, 5);
        let host = hosts.host("a");
        hosts.put_off(host, 1, now + secs(3.0), now);
        assert_eq!((hosts.waiting(), hosts.due()), (1, Some(now + secs(3.0))));
        assert!(hosts.take(now + secs(2.9)).is_none());
        let begun = hosts.take(now + secs(3.0)).expect("due");
        assert_eq!((begun.what, begun.waited), (1, Some((now, Why::Policy))));
        assert_eq!(hosts.waiting(), 0);
    }
}

#[test]
fn the_memory_of_hosts_is_bounded() {
    let now = Instant::now();
    let mut hosts = hosts(Pace::default());
    for n in 0..20_000 {
        let begun = hosts.enter(Some(&n.to_string()), n, now, false);
        let turn = begun.and_then(|begun| begun.turn).expect("counted");
        hosts.leave(&turn, Some(&heard(None)), now);
    }
    let kept = (hosts.by_key.len(), hosts.all.len());
    assert!(kept.0 <= REMEMBERED && kept.1 <= REMEMBERED, "{kept:?}");
}

//! Kept connections, redirects and retries.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread;

use bytes::Bytes;
use httpwhy_model::{Because, Seen, Signal, Visit};
use httpwhy_probe::{Job, Next, next_target};

use crate::servers::{
    SHORT, Server, Then, config, drain, finish, read_head, reset, summary, visits,
};

const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

fn no_policy(_: &Visit) -> Next {
    Next::Done
}

/// Answers that many requests on each connection, then does that with the next.
fn answers(count: usize, then: impl Fn(TcpStream) + Send + Sync + 'static) -> Server {
    Server::new(move |mut stream| {
        for _ in 0..count {
            if read_head(&mut stream).is_empty() {
                return;
            }
            stream.write_all(HELLO).unwrap();
        }
        then(stream);
    })
}

fn jobs(server: &Server, count: u64) -> Vec<Job> {
    let url = server.url("http");
    (0..count).map(|index| Job::get(index, &*url)).collect()
}

fn reused(visit: &Visit) -> Vec<Seen<bool>> {
    visit
        .steps
        .iter()
        .map(|step| step.exchange.reused)
        .collect()
}

#[test]
fn a_connection_carries_many_exchanges() {
    let server = answers(9, drop);
    let (visits, totals) = visits(config(), jobs(&server, 3), no_policy);
    let seen: Vec<_> = visits.iter().flat_map(reused).collect();
    assert_eq!(seen, [false, true, true].map(Seen::Present));
    assert_eq!(
        (totals.jobs, totals.exchanges, totals.connections),
        (3, 3, 1)
    );
    assert_eq!(totals.received, 3 * HELLO.len() as u64);
    assert_eq!(server.accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn what_asks_to_close_is_not_kept() {
    let server = answers(9, drop);
    let mut all = jobs(&server, 2);
    all[0].fields = vec![(Bytes::from("Connection"), Bytes::from("close"))];
    let (visits, totals) = visits(config(), all, no_policy);
    assert_eq!(totals.connections, 2);
    assert!(
        visits
            .iter()
            .all(|visit| reused(visit) == [Seen::Present(false)])
    );
}

#[test]
fn a_kept_connection_that_dies_is_retried_in_the_open() {
    let fin = |mut stream: TcpStream| {
        read_head(&mut stream);
        finish(stream, Then::Fin);
    };
    let rst = |mut stream: TcpStream| {
        read_head(&mut stream);
        reset(&stream);
    };
    for (server, failure) in [
        (answers(1, fin), "all nothing - wait eof:0"),
        (answers(1, rst), "all nothing - wait errno:ECONNRESET"),
    ] {
        let (visits, totals) = visits(config(), jobs(&server, 2), no_policy);
        assert_eq!(totals.connections, 2);
        let steps = &visits[1].steps;
        assert_eq!(steps.len(), 2, "{failure}");
        assert_eq!(summary(&steps[0].exchange), failure);
        assert_eq!(summary(&steps[1].exchange), "all answered 200");
        assert_eq!(reused(&visits[1]), [true, false].map(Seen::Present));
        assert_eq!(steps[1].because, Because::Retry(0));
    }
}

#[test]
fn a_post_is_never_sent_twice() {
    let server = answers(1, |mut stream| {
        read_head(&mut stream);
        finish(stream, Then::Fin);
    });
    let mut all = jobs(&server, 2);
    all[1].method = "POST".into();
    let (visits, _) = visits(config(), all, no_policy);
    let steps = &visits[1].steps;
    assert_eq!(steps.len(), 1);
    assert_eq!(summary(&steps[0].exchange), "all nothing - wait eof:0");
}

#[test]
fn a_fresh_connection_that_dies_is_not_retried() {
    let server = Server::raw(b"", Then::Fin);
    let (visits, _) = visits(config(), jobs(&server, 1), no_policy);
    assert_eq!(visits[0].steps.len(), 1);
}

#[test]
fn a_kept_connection_that_has_ended_is_not_used() {
    // Ends, or speaks unasked, while the prober waits for its next job.
    for unasked in [&b""[..], b"HTTP/1.1 408 Late\r\n\r\n"] {
        let server = answers(1, move |mut stream| {
            thread::sleep(SHORT / 3);
            stream.write_all(unasked).unwrap();
            finish(stream, Then::Fin);
        });
        let slowly = jobs(&server, 2).into_iter().inspect(|job| {
            if job.index == 1 {
                thread::sleep(SHORT);
            }
        });
        let (visits, totals) = visits(config(), slowly, no_policy);
        assert_eq!(totals.connections, 2);
        assert_eq!(reused(&visits[1]), [Seen::Present(false)]);
        assert_eq!(summary(&visits[1].steps[0].exchange), "all answered 200");
    }
}

#[test]
fn another_origin_gets_its_own_connection() {
    let (one, two) = (answers(9, drop), answers(9, drop));
    let all = [&one, &two, &one].into_iter().zip(0..);
    let all: Vec<_> = all
        .map(|(server, index)| Job::get(index, server.url("http")))
        .collect();
    let (visits, totals) = visits(config(), all, no_policy);
    assert_eq!(totals.connections, 3);
    assert!(
        visits
            .iter()
            .all(|visit| reused(visit) == [Seen::Present(false)])
    );
}

/// Redirects to `/next`, which says what it was asked.
fn redirecting() -> Server {
    Server::new(|mut stream| {
        loop {
            let head = read_head(&mut stream);
            let answer = if head.is_empty() {
                return;
            } else if head.contains(" /next ") {
                let length = head.len();
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}")
            } else {
                drain_body(&head, &mut stream);
                "HTTP/1.1 303 See\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n".to_owned()
            };
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

fn drain_body(head: &str, stream: &mut TcpStream) {
    if head.starts_with("POST") {
        std::io::Read::read_exact(stream, &mut [0; 5]).unwrap();
    }
}

fn follow(visit: &Visit) -> Next {
    let index = visit.steps.len() - 1;
    let exchange = &visit.steps[index].exchange;
    let location = exchange
        .response
        .as_ref()
        .and_then(|r| r.fields.text("location"));
    match location.and_then(|location| next_target(&exchange.target, location)) {
        None => Next::Done,
        Some(target) => Next::Go {
            target,
            method: Bytes::from_static(b"GET"),
            keep_body: false,
            drop_fields: vec!["authorization"],
            delay: std::time::Duration::ZERO,
            because: Because::Redirect(index),
        },
    }
}

#[test]
fn redirects_are_steps_and_drop_what_they_are_told_to() {
    let server = redirecting();
    let mut job = Job::get(0, server.url("http"));
    job.method = "POST".into();
    job.body = Some("hello".into());
    job.fields = [
        ("Authorization", "Bearer x"),
        ("Content-Type", "a/b"),
        ("X-Mine", "1"),
    ]
    .map(|(name, value)| (Bytes::from(name), Bytes::from(value)))
    .to_vec();
    let (visits, _) = visits(config(), [job], follow);
    let steps = &visits[0].steps;
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[1].because, Because::Redirect(0));
    assert_eq!(reused(&visits[0]), [false, true].map(Seen::Present));
    let second = &steps[1].exchange;
    assert_eq!(second.target, format!("{}next", server.url("http")));
    let body = second
        .response
        .as_ref()
        .unwrap()
        .body
        .as_ref()
        .present()
        .unwrap();
    let asked = String::from_utf8_lossy(&body.bytes);
    let host = server.address;
    assert_eq!(
        asked,
        format!(
            "GET /next HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nAccept: */*\r\nX-Mine: 1\r\n\r\n"
        )
    );
}

#[test]
fn the_policy_may_stop_with_a_reason() {
    let server = answers(9, |mut stream| drain(&mut stream));
    let stop = |visit: &Visit| match visit.steps.len() {
        1 => follow_self(visit),
        _ => Next::Stop("redirect:limit max=1".parse::<Signal>().unwrap()),
    };
    let (visits, _) = visits(config(), jobs(&server, 1), stop);
    let last = &visits[0].steps[1].exchange;
    assert_eq!(summary(last), "all answered 200 wait redirect:limit max=1");
}

fn follow_self(visit: &Visit) -> Next {
    Next::Go {
        target: visit.asked.clone(),
        method: Bytes::from_static(b"GET"),
        keep_body: true,
        drop_fields: Vec::new(),
        delay: std::time::Duration::ZERO,
        because: Because::Redirect(visit.steps.len() - 1),
    }
}

#[test]
fn a_policy_without_end_is_ended() {
    let server = answers(99, drop);
    let (visits, _) = visits(config(), jobs(&server, 1), follow_self);
    assert_eq!(visits[0].steps.len(), 64);
    let last = &visits[0].steps[63].exchange;
    assert_eq!(summary(last), "all answered 200 wait limit:steps max=64");
}

#[test]
fn a_little_more_than_the_bound_is_read_and_the_connection_kept() {
    for (first, wanted) in [
        (165, (1, "all answered 200")),
        (161, (1, "all answered 200")),
    ] {
        let (all, totals) = in_two_pieces(170, first);
        assert_eq!(
            (totals.connections, &*summary(&all[0].steps[0].exchange)),
            wanted
        );
    }
    // Here a new connection is cheaper, and the status is known all the same.
    let (all, totals) = in_two_pieces(400, 165);
    assert_eq!(totals.connections, 2);
    for visit in all {
        let seen = summary(&visit.steps[0].exchange);
        assert_eq!(seen, "all partial 200 receive limit:body max=160");
    }
}

/// Two requests for content of that length, which comes in two pieces; 160 bytes are read.
fn in_two_pieces(length: usize, first: usize) -> (Vec<Visit>, httpwhy_probe::Totals) {
    let server = Server::new(move |mut stream| {
        while !read_head(&mut stream).is_empty() {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            let whole = [head.into_bytes(), vec![b'x'; length]].concat();
            let (now, later) = whole.split_at(whole.len() - length + first);
            let sent = stream.write_all(now);
            std::thread::sleep(std::time::Duration::from_millis(50));
            if sent.and_then(|()| stream.write_all(later)).is_err() {
                return;
            }
        }
    });
    let mut config = config();
    config.max_body = 160;
    let url = server.url("http");
    let jobs = (0..2).map(move |index| Job::get(index, &*url));
    visits(config, jobs, |_: &Visit| Next::Done)
}

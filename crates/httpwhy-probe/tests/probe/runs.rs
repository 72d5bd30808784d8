//! Whole runs: threads, panics, stopping.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use httpwhy_model::Visit;
use httpwhy_probe::{Config, Finished, Job, Next, TestFault, Trust, run};

use crate::servers::{Server, Then, config, read_head, summary, visits};

fn hello() -> Server {
    Server::new(|mut stream| {
        while !read_head(&mut stream).is_empty() {
            let sent = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            if sent.is_err() {
                return;
            }
        }
    })
}

#[test]
fn every_job_is_handed_over_once() {
    let server = hello();
    let url = server.url("http");
    let mut config = config();
    config.threads = 3;
    config.concurrency = 7;
    let jobs = (0..500).map(move |index| Job::get(index, &*url));
    let (all, totals) = visits(config, jobs, |_: &Visit| Next::Done);
    assert_eq!((all.len(), totals.jobs, totals.exchanges), (500, 500, 500));
    assert!(totals.connections <= 7, "{totals:?}");
    assert!(
        all.iter()
            .all(|v| summary(&v.steps[0].exchange) == "all answered 200")
    );
}

#[test]
fn no_jobs_are_no_trouble() {
    let (all, totals) = visits(config(), [], |_: &Visit| Next::Done);
    assert_eq!((all.len(), totals.jobs), (0, 0));
}

#[test]
fn faults_inside_end_their_own_visit_only() {
    let server = hello();
    let faults = [
        None,
        Some(TestFault::Panic),
        Some(TestFault::Internal("exception".to_owned())),
        Some(TestFault::Cancelled),
        None,
    ];
    let url = server.url("http");
    let jobs = faults.into_iter().zip(0..).map(move |(fault, index)| Job {
        fault,
        ..Job::get(index, &*url)
    });
    let (all, _) = visits(config(), jobs, |_: &Visit| Next::Done);
    let found: Vec<_> = all.iter().map(|v| summary(&v.steps[0].exchange)).collect();
    assert_eq!(found[0], "all answered 200");
    assert_eq!(found[1], "nothing nothing - queue engine:panic");
    assert_eq!(found[2], "nothing nothing - queue engine:exception");
    assert!(found[3].contains("queue engine:cancelled"), "{}", found[3]);
    assert_eq!(found[4], "all answered 200");
    assert!(
        all.iter()
            .all(|v| v.steps[0].exchange.target == server.url("http"))
    );
}

#[test]
fn a_policy_that_panics_ends_its_visit_only() {
    let server = hello();
    let jobs = [
        Job::get(0, server.url("http")),
        Job::get(1, server.url("http")),
    ];
    let calls = AtomicUsize::new(0);
    let policy = move |_: &Visit| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => panic!("a bug in the policy"),
        _ => Next::Done,
    };
    let (all, _) = visits(config(), jobs, policy);
    let found: Vec<_> = all.iter().map(|v| summary(&v.steps[0].exchange)).collect();
    assert_eq!(
        found,
        ["all answered 200 queue engine:panic", "all answered 200"]
    );
}

#[test]
fn stopping_ends_what_is_under_way() {
    stop_among_endless_jobs(true);
    stop_among_endless_jobs(false);
}

fn stop_among_endless_jobs(jobs_block: bool) {
    let server = Server::raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi",
        Then::Stall,
    );
    let url = server.url("http");
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    // An iterator without end: only the stop can end the run.
    let jobs = (0..).map(move |index| {
        if index == 19 {
            asked.store(true, Ordering::SeqCst);
        }
        Job::get(index, &*url)
    });
    let found = Arc::new(Mutex::new(Vec::<Finished>::new()));
    let sink = Arc::clone(&found);
    let mut config = config();
    config.concurrency = 20;
    config.jobs_block = jobs_block;
    let totals = run(
        &Arc::new(config),
        jobs,
        |_: &Visit| Next::Done,
        move |finished| sink.lock().unwrap().push(finished),
        &stop,
    )
    .unwrap();
    let found = found.lock().unwrap();
    assert_eq!(totals.jobs, found.len() as u64);
    let indices: BTreeSet<_> = found.iter().map(|f| f.index).collect();
    assert_eq!(indices.len(), found.len(), "none twice");
    for finished in found.iter() {
        let text = summary(&finished.visit.steps[0].exchange);
        assert!(text.ends_with("queue engine:cancelled"), "{text}");
    }
}

#[test]
fn workers_take_jobs_themselves_when_those_do_not_block() {
    let server = hello();
    let url = server.url("http");
    for threads in [1, 2] {
        let url = url.clone();
        let config = Config {
            jobs_block: false,
            threads,
            concurrency: 7,
            ..config()
        };
        let jobs = (0..500).map(move |index| Job::get(index, format!("{url}?{index}")));
        let (all, totals) = visits(config, jobs, |_: &Visit| Next::Done);
        let asked: BTreeSet<_> = all.iter().map(|visit| &visit.asked).collect();
        assert_eq!((all.len(), asked.len()), (500, 500), "each once");
        assert_eq!(totals.jobs, 500);
        assert!(totals.connections <= 7, "{}", totals.connections);
    }
}

#[test]
fn jobs_that_panic_in_a_worker_are_an_error() {
    let jobs = (0..2).map(|index| {
        assert!(index == 0, "a bug in the iterator");
        Job::get(index, "nonsense")
    });
    let config = Config {
        jobs_block: false,
        ..config()
    };
    let result = run(
        &Arc::new(config),
        jobs,
        |_: &Visit| Next::Done,
        |_| {},
        &AtomicBool::new(false),
    );
    let text = result.unwrap_err().to_string();
    assert_eq!(
        text,
        "the receiver of the visits or the source of the jobs panicked"
    );
}

#[test]
fn an_iterator_that_panics_ends_the_run() {
    let server = hello();
    let url = server.url("http");
    let jobs = (0..2).map(move |index| {
        assert!(index == 0, "a bug in the iterator");
        Job::get(index, &*url)
    });
    let (all, _) = visits(config(), jobs, |_: &Visit| Next::Done);
    assert_eq!(all.len(), 1);
}

#[test]
fn a_receiver_that_panics_is_an_error() {
    let stop = AtomicBool::new(false);
    let result = run(
        &Arc::new(config()),
        [Job::get(0, "nonsense")],
        |_: &Visit| Next::Done,
        |_| panic!("a bug in the receiver"),
        &stop,
    );
    let text = result.unwrap_err().to_string();
    assert_eq!(
        text,
        "the receiver of the visits or the source of the jobs panicked"
    );
}

#[test]
fn trust_that_cannot_be_read_is_an_error() {
    let bad: &[(&[u8], &str)] = &[
        (b"", "no certificate in the PEM text given"),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "a root given is unusable",
        ),
    ];
    for (pem, reason) in bad {
        let config = Config {
            trust: Trust {
                system: false,
                roots: vec![pem.to_vec()],
                crls: Vec::new(),
            },
            ..config()
        };
        let stop = AtomicBool::new(false);
        let result = run(&Arc::new(config), [], |_: &Visit| Next::Done, |_| {}, &stop);
        let text = result.unwrap_err().to_string();
        assert!(text.starts_with(reason), "{text}");
    }
}

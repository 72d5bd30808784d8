//! What the inner parts cost, in nanoseconds a call: `cargo run --release -p httpwhy-testkit --example micro [WORD]`,
//! where WORD picks the cases whose names hold it.
//!
//! Every case runs in turn, many rounds, so that a slow moment of the machine meets all of them; medians are printed.
//! Peers stand beside our own where the ecosystem has one.

use std::hint::black_box;
use std::time::Instant;

use http::StatusCode;
use httpwhy_catalog::{by_code, by_id};
use httpwhy_diagnose::diagnose;
use httpwhy_wire::h1::{Limits, read_response};

/// Rounds; the median of them is shown.
const ROUNDS: usize = 51;
/// How long one case runs in a round, about.
const NANOS: u128 = 4_000_000;

const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nServer: nginx\r\n\
    Content-Type: text/html; charset=utf-8\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\
    Cache-Control: private, max-age=0\r\nETag: \"5f3a-1b2c\"\r\nVary: Accept-Encoding\r\n\
    Strict-Transport-Security: max-age=63072000\r\nX-Request-Id: 7f3a9c1e\r\n\r\n";

struct Case {
    name: &'static str,
    run: Box<dyn Fn()>,
    /// Calls in one round.
    calls: u32,
    nanos: Vec<f64>,
}

fn main() {
    let mut cases = cases();
    if let Some(word) = std::env::args().nth(1) {
        cases.retain(|case| case.name.contains(&word));
    }
    for case in &mut cases {
        case.calls = calibrate(&*case.run);
    }
    for _ in 0..ROUNDS {
        for case in &mut cases {
            case.nanos.push(time(&*case.run, case.calls));
        }
    }
    let title = format!("nanoseconds a call, {ROUNDS} rounds");
    let mut rows = vec![format!("{title:<58} {:>10} {:>10}", "median", "least")];
    for case in &mut cases {
        case.nanos.sort_by(f64::total_cmp);
        let (median, least) = (case.nanos[ROUNDS / 2], case.nanos[0]);
        rows.push(format!("{:<58} {median:>10.1} {least:>10.1}", case.name));
    }
    #[expect(clippy::print_stdout, reason = "the figures are what it is for")]
    {
        println!("{}", rows.join("\n"));
    }
}

fn cases() -> Vec<Case> {
    let page = format!(
        "<html><head><title>502 Bad Gateway</title></head><body>{}</body></html>",
        "<p>The server could not be reached.</p>".repeat(420)
    );
    let error = format!(
        "HTTP/1.1 502 Bad Gateway\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\nServer: nginx\r\n\
         Content-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    );
    let ordinary = HEAD.replace("Content-Length: 0", "Content-Length: 5") + "hello";
    assert!(page.len() > 16 * 1024);
    let visit = |response: &str| {
        let mut visits = httpwhy_ingest::read(response.as_bytes(), None).expect("a response");
        visits.remove(0)
    };
    let (fine, broken) = (visit(&ordinary), visit(&error));
    assert_eq!(diagnose(&fine).outcome.0, "http/200");
    assert_eq!(diagnose(&broken).outcome.0, "http/502");
    vec![
        case(
            "head of 10 fields: httpwhy-wire (owned, offsets, defects)",
            || {
                let read =
                    read_response(black_box(HEAD.as_bytes()), b"GET", false, Limits::default());
                black_box(read);
            },
        ),
        case(
            "the same: httparse (borrowed, stops at the first fault)",
            || {
                let mut fields = [httparse::EMPTY_HEADER; 32];
                let mut response = httparse::Response::new(&mut fields);
                let read = response.parse(black_box(HEAD.as_bytes()));
                let _ = black_box(read);
            },
        ),
        case("entries of code 404: httpwhy-catalog", || {
            black_box(by_code(black_box("404")));
        }),
        case("entry http/404: httpwhy-catalog", || {
            black_box(by_id(black_box("http/404")));
        }),
        case("reason of 404: http::StatusCode", || {
            let status = StatusCode::from_u16(black_box(404));
            black_box(status.ok().and_then(|status| status.canonical_reason()));
        }),
        case("diagnosis of an ordinary 200", move || {
            black_box(diagnose(black_box(&fine)));
        }),
        case("diagnosis of a 502 with a page of 16 KiB", move || {
            black_box(diagnose(black_box(&broken)));
        }),
    ]
}

fn case(name: &'static str, run: impl Fn() + 'static) -> Case {
    Case {
        name,
        run: Box::new(run),
        calls: 1,
        nanos: Vec::with_capacity(ROUNDS),
    }
}

/// How many calls fill a round.
fn calibrate(run: &dyn Fn()) -> u32 {
    let mut calls = 1;
    loop {
        let start = Instant::now();
        (0..calls).for_each(|_| run());
        if start.elapsed().as_nanos() >= NANOS {
            return calls;
        }
        calls *= 2;
    }
}

/// Nanoseconds a call.
fn time(run: &dyn Fn(), calls: u32) -> f64 {
    let start = Instant::now();
    (0..calls).for_each(|_| run());
    start.elapsed().as_nanos() as f64 / f64::from(calls)
}

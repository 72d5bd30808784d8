//! Fills a store with made-up exchanges and prints what that took: `fill FILE COUNT [KEPT]`.
//!
//! 2,000 entry points on 50 hosts; seven of ten are answered 200, the others with one of four failures; error pages of a
//! host are alike but for a few. KEPT: all (every exchange keeps its bytes, the default) or retained (as `probe` keeps them).
#![allow(clippy::print_stdout, reason = "it prints its figures")]

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use httpwhy_model::{
    Because, Body, End, Exchange, Fields, Framing, Party, Phase, Response, Seen, Sent,
};
use httpwhy_store::{
    Blamed, EntryKey, Kept, NewRun, Record, RecordStep, RunEnd, Saver, SqliteStore, Store, Verdict,
};

const HOSTS: u64 = 50;
const TEMPLATES: u64 = 40;

fn main() {
    let mut words = std::env::args().skip(1);
    let file = words.next().expect("fill FILE COUNT [all|retained]");
    let count: u64 = words
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(1_000_000);
    let all = words.next().as_deref() != Some("retained");
    let store = Arc::new(SqliteStore::create(Path::new(&file)).expect("a store"));
    let new = NewRun {
        command: format!("fill {count}"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: SystemTime::now(),
        sample: 100,
    };
    let began = Instant::now();
    let saver = Saver::begin(Arc::clone(&store) as Arc<dyn Store>, &new).expect("a run");
    let started = SystemTime::now();
    for number in 1..=count {
        let status = [200, 404, 200, 500, 200, 200, 403, 200, 503, 200][(number / 7 % 10) as usize];
        let keep = saver.keeps(status == 200) || all;
        saver.put(record(number, status, started, keep));
    }
    let run = saver.run();
    let saved = saver.end(&RunEnd {
        at: SystemTime::now(),
        interrupted: false,
        connections: 0,
        your_side: None,
    });
    assert!(saved.failed.is_none(), "{:?}", saved.failed);
    let seconds = began.elapsed().as_secs_f64();
    let stored = store.run(run).expect("runs").expect("the run");
    println!("exchanges {}", stored.exchanges);
    println!("kept {}", stored.kept);
    println!("seconds {seconds:.2}");
    println!("rate {:.0}", count as f64 / seconds);
    println!("cpu-seconds {:.2}", cpu_seconds());
    println!("bytes {}", store.size().expect("a size"));
    println!("rollups {}", store.minutes(run).expect("counts").len());
    let began = Instant::now();
    let rows = store.entry_points(run).expect("counts").len();
    println!("entry-point-rows {rows}");
    println!("entry-points-ms {:.1}", began.elapsed().as_secs_f64() * 1e3);
}

/// What this process used of the processors until now (proc_pid_stat(5): utime and stime, in hundredths of a second).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn record(number: u64, status: u16, started: SystemTime, keep: bool) -> Record {
    // Neighbours are at other entry points, as they are in a shuffled list.
    let host = number * 7 % HOSTS;
    let template = number * 11 / HOSTS % TEMPLATES;
    let origin = format!("https://shop-{host}.example");
    let target = format!(
        "{origin}/api/v1/part{template}/items/{number}?page={}",
        number % 9
    );
    let at = started + Duration::from_micros(number * 50);
    let took = Duration::from_micros(3_000 + number * 7919 % 90_000);
    Record {
        number,
        deciding: 0,
        steps: vec![RecordStep {
            entry_point: EntryKey {
                origin,
                template: format!("/api/v1/part{template}/items/{{n}}"),
                method: "GET".to_owned(),
            },
            verdict: Verdict {
                outcome: Cow::Borrowed(match status {
                    200 => "http/200",
                    403 => "http/403",
                    404 => "http/404",
                    500 => "http/500",
                    _ => "http/503",
                }),
                blamed: match status {
                    200 => Blamed::Nobody,
                    404 => Blamed::Likely(Party::Client),
                    _ => Blamed::Likely(Party::Origin),
                },
                phase: Phase::Wait,
                status: Some(status),
                producer: Some(Cow::Borrowed("nginx")),
            },
            at: Some(at),
            wait: Some(took / 2),
            took,
            bytes: 900,
            kept: keep.then(|| {
                Box::new(Kept {
                    exchange: exchange(number, host, &target, status, at, took),
                    because: Because::Asked,
                })
            }),
            target,
        }],
    }
}

fn exchange(
    number: u64,
    host: u64,
    target: &str,
    status: u16,
    at: SystemTime,
    took: Duration,
) -> Exchange {
    // One of twenty pages of a host is its own.
    let own = if number.is_multiple_of(20) { number } else { 0 };
    let content = format!(
        "<html><head><title>{status}</title></head><body><h1>Shop {host}</h1>{}<p>{own}</p></body></html>",
        "<p>Something was to be seen here.</p>".repeat(12)
    );
    let mut exchange = Exchange {
        target: target.to_owned(),
        observed_at: Seen::Present(at),
        sent: Sent::All,
        end: End::Answered,
        received: 900,
        reused: Seen::Present(true),
        peer: Some(([127, 0, 0, 1], 443).into()),
        ..Exchange::default()
    };
    exchange.request.method = "GET".into();
    let path = &target[target.find(".example").map_or(0, |at| at + 8)..];
    exchange.request.target = path.to_owned().into();
    exchange.request.version = "HTTP/1.1".into();
    exchange.request.fields = Fields::of([("User-Agent", "httpwhy"), ("Accept", "*/*")]);
    exchange.timeline.add(Phase::Wait, took / 2);
    exchange.timeline.add(Phase::Receive, took / 2);
    let length = content.len() as u64;
    exchange.response = Some(Response {
        version: "HTTP/1.1".into(),
        code: status.to_string().into(),
        reason: "As It Is".into(),
        fields: Fields::of([
            ("Server", "nginx".to_owned()),
            (
                "Date",
                format!("Sat, 21 Nov 2026 10:{:02}:00 GMT", number % 60),
            ),
            ("Content-Type", "text/html".to_owned()),
            ("Content-Length", length.to_string()),
            ("X-Request-Id", format!("{number:016x}")),
        ]),
        body: Seen::Present(Body::whole(content, Framing::Length(length))),
        ..Response::default()
    });
    exchange
}

//! The pool: leases in their order, crashes, waits that end, and nothing left behind.

mod site;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use httpwhy_browser::{Counts, Load, Look, Pool, PoolConfig, Run, Trouble, load, run};
use httpwhy_model::{Phase, Visit};
use httpwhy_testkit::processes;
use site::{Site, in_group, look, outcomes, program, run_all};

/// How long a busy machine may take for what takes a moment.
const AGES: Duration = Duration::from_secs(30);

/// A runtime as the pool is used on.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(future)
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < AGES, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn decided(visit: &Visit) -> &'static str {
    let steps = httpwhy_diagnose::steps(visit);
    steps[httpwhy_diagnose::deciding(visit, &steps)].outcome.0
}

#[test]
fn twenty_pages_through_four_leases_with_two_that_crash() {
    let site = Site::start();
    let rows: Vec<(&str, &str)> = (0..20)
        .map(|number| match number {
            3 | 11 => ("/hungry", "browser/crashed"),
            5 | 15 => ("/404", "http/404"),
            7 => ("/cut", "net/body-truncated"),
            _ => ("/fine", "http/200"),
        })
        .collect();
    let how = Run {
        pool: site.pool(4),
        ..site.how()
    };
    let loads = (0..)
        .zip(&rows)
        .map(|(number, (path, _))| Load::of(number, site.url(path)));
    let watch = Watch::begin(site.mark());
    let mut found = run_all(&how, loads.collect());
    let (groups, most) = watch.end();
    found.sort_by_key(|finished| finished.index);
    for ((path, wanted), finished) in rows.iter().zip(&found) {
        let visit = &finished.visit;
        assert_eq!(
            decided(visit),
            *wanted,
            "{path} {}: {:?}",
            finished.index,
            outcomes(visit)
        );
        if *wanted == "browser/crashed" {
            // What came until then is kept, and nobody out there is to blame.
            let diagnosis = httpwhy_diagnose::diagnose(visit);
            let party = diagnosis.blame.party().map(httpwhy_model::Party::as_str);
            assert_eq!(party, Some("engine"), "{:?}", diagnosis.blame);
            assert_eq!(visit.steps[0].exchange.status(), Some(200));
        }
    }
    assert!((1..=4).contains(&most), "{most} browsers at a time");
    for group in groups {
        assert_eq!(in_group(group), 0, "group {group} is left");
    }
    assert_eq!(processes(&site.mark()), []);
    assert_eq!(site.profiles(), Vec::<std::path::PathBuf>::new());
}

/// Looks on while browsers run, and gathers their groups, and how many there were at one time.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(BTreeSet<u32>, usize)>,
}

impl Watch {
    fn begin(mark: String) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut all, mut most) = (BTreeSet::new(), 0);
            while !ended.load(Ordering::Relaxed) {
                let processes = processes(&mark).into_iter();
                let ours = processes.filter(|it| it.parent == std::process::id());
                let now: BTreeSet<u32> = ours.map(|browser| browser.group).collect();
                most = most.max(now.len());
                all.extend(now);
                std::thread::sleep(Duration::from_millis(50));
            }
            (all, most)
        });
        Self { stop, thread }
    }

    fn end(self) -> (BTreeSet<u32>, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic")
    }
}

#[test]
fn who_waits_too_long_is_told_who_holds_the_browser() {
    let site = Site::start();
    block_on(async {
        let pool = Pool::new(PoolConfig {
            max_wait: Duration::from_millis(200),
            ..site.pool(1)
        });
        // The first may take its time to start.
        let held = loop {
            match pool.lease("https://user:secret@shop.example/app").await {
                Ok(lease) => break lease,
                Err(Trouble::PoolTimeout { holder, .. }) => {
                    assert!(holder.starts_with("nobody"), "{holder}");
                }
                Err(trouble) => panic!("{trouble}"),
            }
        };
        let (second, third) = tokio::join!(pool.lease("second"), pool.lease("third"));
        let mut lines: Vec<usize> = [second, third]
            .into_iter()
            .map(|refused| match refused.err() {
                Some(Trouble::PoolTimeout {
                    waiting,
                    oldest,
                    holder,
                }) => {
                    assert_eq!(holder, "https://user:secret@shop.example/app");
                    assert!(oldest >= Duration::from_millis(100), "{oldest:?}");
                    waiting
                }
                other => panic!("{other:?}"),
            })
            .collect();
        lines.sort_unstable();
        assert_eq!(
            lines,
            [1, 2],
            "two stood in line; the second saw the first leave"
        );
        let counts = pool.counts();
        assert_eq!((counts.leased, counts.waiting), (1, 0));
        held.give_back().await;
        assert_eq!(
            pool.counts(),
            Counts {
                idle: 1,
                leased: 0,
                waiting: 0,
                started: 1
            }
        );
        pool.close(AGES).await;
    });
    assert_eq!(processes(&site.mark()), []);
}

#[test]
fn leases_are_given_in_the_order_of_the_line() {
    let site = Site::start();
    block_on(async {
        let pool = Pool::new(site.pool(1));
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = pool.lease("first").await.expect("a lease");
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..5 {
            let (own, order) = (pool.clone(), Arc::clone(&order));
            tasks.spawn(async move {
                let lease = own.lease("another").await.expect("a lease");
                order.lock().expect("no panic").push(number);
                lease.give_back().await;
            });
            while pool.counts().waiting <= number {
                tokio::task::yield_now().await;
            }
        }
        first.give_back().await;
        while tasks.join_next().await.is_some() {}
        assert_eq!(*order.lock().expect("no panic"), [0, 1, 2, 3, 4]);
        assert_eq!(pool.counts().started, 1);
        pool.close(AGES).await;
    });
}

#[test]
fn browsers_are_replaced_when_worn_out_killed_or_held_too_long() {
    let site = Site::start();
    block_on(async {
        let pool = Pool::new(PoolConfig {
            max_leases_per_browser: 2,
            min_idle: 1,
            ..site.pool(1)
        });
        let page = Load::of(0, site.url("/fine"));
        let mut groups = Vec::new();
        for _ in 0..4 {
            let mut lease = pool.lease("page").await.expect("a lease");
            groups.push(lease.group());
            let loaded = load(&mut lease, &page, &look()).await;
            assert_eq!(outcomes(&loaded.visit)[0], "http/200");
            lease.give_back().await;
        }
        assert_eq!(groups[0], groups[1]);
        assert_eq!(groups[2], groups[3]);
        assert_ne!(groups[0], groups[2], "worn out after two");

        // Killed from outside: before the document is answered, and in the middle of a page.
        let long = Look {
            patience: AGES,
            ..look()
        };
        for (asked, path) in (1..).zip(["/silent", "/waiting"]) {
            let mut lease = pool.lease("page").await.expect("a lease");
            let group = lease.group();
            let killer = async {
                let silent = || site.asked().into_iter().filter(|it| it.target == "/silent");
                while silent().count() < asked {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let pid = rustix::process::Pid::from_raw(group as i32).expect("a process");
                rustix::process::kill_process(pid, rustix::process::Signal::KILL)
                    .expect("it lives");
            };
            let page = Load::of(1, site.url(path));
            let (loaded, ()) = tokio::join!(load(&mut lease, &page, &long), killer);
            assert_eq!(loaded.trouble, Some(Trouble::BrowserCrashed));
            assert_eq!(decided(&loaded.visit), "browser/crashed", "{path}");
            lease.give_back().await;
            let lease = pool.lease("page").await.expect("another browser");
            assert_ne!(lease.group(), group);
            drop(lease);
        }
        pool.close(AGES).await;

        // Held for longer than a lease may last.
        let pool = Pool::new(PoolConfig {
            lease_ttl: Duration::from_secs(1),
            ..site.pool(1)
        });
        let mut lease = pool.lease("page").await.expect("a browser");
        let waiting = Load::of(2, site.url("/waiting"));
        let loaded = load(&mut lease, &waiting, &long).await;
        assert_eq!(loaded.trouble, Some(Trouble::LeaseExpired));
        assert_eq!(decided(&loaded.visit), "browser/navigation-timeout");
        drop(lease);
        pool.close(AGES).await;
    });
    assert_eq!(processes(&site.mark()), []);
    assert_eq!(site.profiles(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn no_browser_is_one_record_for_every_page() {
    let site = Site::start();
    for (given, said) in [
        (
            "/nonexistent/chromium".into(),
            "no_program_that_can_be_started",
        ),
        (
            program(
                &site.folder,
                "broken",
                "#!/bin/sh\necho 'libnss3.so: cannot open' >&2\nexit 127\n",
            ),
            "libnss3.so:_cannot_open",
        ),
    ] {
        let how = Run {
            pool: PoolConfig {
                program: Some(given),
                ..PoolConfig::default()
            },
            ..Run::default()
        };
        let loads = (0..10)
            .map(|number| Load::of(number, site.url("/fine")))
            .collect();
        let found = run_all(&how, loads);
        assert_eq!(found.len(), 10);
        for finished in &found {
            assert_eq!(outcomes(&finished.visit), ["browser/not-installed"]);
            let exchange = &finished.visit.steps[0].exchange;
            let (phase, signal) = exchange.signals().next().expect("a signal");
            assert_eq!(phase, Phase::Queue);
            assert!(signal.to_string().contains(said), "{signal}");
        }
    }
    assert_eq!(site.asked(), [], "nothing was sent");
}

#[test]
fn a_run_that_is_stopped_leaves_nothing() {
    let site = Site::start();
    let how = Run {
        pool: site.pool(2),
        look: Look {
            patience: AGES,
            ..look()
        },
        lender: None,
        pictures: None,
    };
    let stop = Arc::new(AtomicBool::new(false));
    let found = Arc::new(Mutex::new(Vec::new()));
    let urls = [
        "/waiting", "/waiting", "/waiting", "/fine", "/fine", "/fine", "/fine", "/fine",
    ];
    let loads: Vec<Load> = (0..)
        .zip(urls)
        .map(|(number, path)| Load::of(number, site.url(path)))
        .collect();
    let began = Instant::now();
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually("the pages are not asked for", || {
                let asked = site.asked();
                asked
                    .iter()
                    .filter(|asked| asked.target == "/silent")
                    .count()
                    >= 2
            });
            stop.store(true, Ordering::Relaxed);
        });
        let found = Arc::clone(&found);
        run(
            &how,
            loads,
            move |finished| found.lock().expect("no panic").push(finished),
            &stop,
        )
    });
    assert!(
        ran.is_ok() && began.elapsed() < AGES,
        "it did not wait for the pages"
    );
    let found = found.lock().expect("no panic");
    // Two were open, and as many stood in line.
    assert!((2..=6).contains(&found.len()), "{}", found.len());
    for finished in found.iter() {
        assert_eq!(decided(&finished.visit), "engine/cancelled");
    }
    drop(found);
    assert_eq!(processes(&site.mark()), []);
    assert_eq!(site.profiles(), Vec::<std::path::PathBuf>::new());
}

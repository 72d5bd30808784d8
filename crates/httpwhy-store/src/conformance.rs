//! What every store must do, as one function: the tests of a backend call [`run`] with a way to make an empty store.
//!
//! It panics where the store does otherwise, as tests do.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use httpwhy_model::{
    Because, Body, End, Exchange, Fields, Framing, Party, Phase, Response, Seen, Sent,
};

use crate::{
    Blamed, ChangeKind, EntryKey, Error, Kept, NewRun, Record, RecordStep, Row, RunEnd, RunId,
    RunState, Saver, Store, Verdict, Wanted, diff,
};

/// Runs all checks, each on an empty store of its own.
///
/// # Panics
/// Where the store does not do what [`Store`] says.
pub fn run<S: Store + 'static>(make: impl Fn() -> S) {
    runs_have_numbers_and_ends(&make());
    a_record_comes_back_as_it_was(&make());
    counts_are_those_of_the_rows(&make());
    what_is_handed_over_twice_is_stored_once(&make());
    a_run_that_is_gone_takes_nothing(&make());
    rows_are_given_in_order_and_as_wanted(&make());
    equal_parts_are_kept_once(&make());
    what_is_removed_is_gone_and_what_is_shared_stays(&make());
    runs_do_not_mix(&make());
    two_runs_are_compared(&make());
    texts_are_texts(&make());
    a_saver_writes_all(&Arc::new(make()));
    a_saver_that_is_let_go_breaks_off(&Arc::new(make()));
}

/// A run of the conformance checks.
pub fn new_run() -> NewRun {
    NewRun {
        command: "probe urls.txt".to_owned(),
        version: "0.1.0".to_owned(),
        started: SystemTime::now(),
        sample: 10,
    }
}

/// The end of one.
pub fn run_end() -> RunEnd {
    RunEnd {
        at: SystemTime::now(),
        interrupted: false,
        connections: 3,
        your_side: None,
    }
}

/// A record of one exchange, answered with that status: its own target, the entry point that all of that host have in common.
pub fn record(number: u64, host: &str, status: u16, keep: bool) -> Record {
    let target = format!("https://{host}/items/{number}?q=1");
    Record {
        number,
        deciding: 0,
        steps: vec![step(&target, host, status, keep)],
    }
}

fn step(target: &str, host: &str, status: u16, keep: bool) -> RecordStep {
    let fine = status < 400;
    // Microseconds are what is kept of a time.
    let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_790_000_000_123_456);
    let took = Duration::from_micros(2 * (1_000 + u64::from(status)));
    RecordStep {
        entry_point: EntryKey {
            origin: format!("https://{host}"),
            template: "/items/{n}".to_owned(),
            method: "GET".to_owned(),
        },
        target: target.to_owned(),
        verdict: verdict(status, fine),
        at: Some(at),
        wait: Some(took / 2),
        took,
        bytes: 345,
        kept: keep.then(|| {
            Box::new(Kept {
                exchange: exchange(target, status, at, took),
                because: Because::Asked,
            })
        }),
    }
}

fn verdict(status: u16, fine: bool) -> Verdict {
    Verdict {
        outcome: Cow::Owned(format!("http/{status}")),
        blamed: match fine {
            true => Blamed::Nobody,
            false => Blamed::Likely(Party::Origin),
        },
        phase: Phase::Wait,
        status: Some(status),
        producer: (!fine).then_some(Cow::Borrowed("nginx")),
    }
}

fn exchange(target: &str, status: u16, at: SystemTime, took: Duration) -> Exchange {
    let content = format!("<h1>{status}</h1>");
    let mut exchange = Exchange {
        target: target.to_owned(),
        observed_at: Seen::Present(at),
        sent: Sent::All,
        end: End::Answered,
        received: 345,
        reused: Seen::Present(true),
        ..Exchange::default()
    };
    exchange.request.method = "GET".into();
    exchange.request.target = "/items".into();
    exchange.timeline.add(Phase::Wait, took / 2);
    exchange.timeline.add(Phase::Receive, took / 2);
    exchange.response = Some(Response {
        version: "HTTP/1.1".into(),
        code: status.to_string().into(),
        fields: Fields::of([("Server", "nginx"), ("Content-Type", "text/html")]),
        body: Seen::Present(Body::whole(
            content.clone(),
            Framing::Length(content.len() as u64),
        )),
        ..Response::default()
    });
    exchange
}

fn a_saver_that_is_let_go_breaks_off<S: Store + 'static>(store: &Arc<S>) {
    let saver = Saver::begin(Arc::clone(store) as Arc<dyn Store>, &new_run()).expect("a run");
    let run = saver.run();
    saver.put(record(1, "a.example", 500, true));
    drop(saver);
    let run = store.run(run).expect("it").expect("is there");
    assert_eq!((run.targets, run.state), (1, RunState::Interrupted));
    // A store that fails takes nothing more, and says why once.
    let saver = Saver::begin(Arc::clone(store) as Arc<dyn Store>, &new_run()).expect("a run");
    store.finish(saver.run(), &run_end()).expect("an end");
    for n in 0..30_000 {
        saver.put(record(n, "a.example", 500, false));
    }
    let saved = saver.end(&run_end());
    assert!(matches!(saved.failed, Some(Error::Gone(_))), "{saved:?}");
}

/// All rows of a run.
///
/// # Panics
/// When the store fails.
pub fn rows(store: &dyn Store, run: RunId, wanted: &Wanted) -> Vec<Row> {
    let mut all = Vec::new();
    let read = store.rows(run, wanted, &mut |row| {
        all.push(row);
        ControlFlow::Continue(())
    });
    read.expect("rows");
    all
}

fn begun(store: &dyn Store) -> RunId {
    store.begin(&new_run()).expect("a run")
}

fn with_exchanges() -> Wanted {
    Wanted {
        exchanges: true,
        ..Wanted::default()
    }
}

fn runs_have_numbers_and_ends(store: &dyn Store) {
    assert_eq!(store.runs().expect("none"), []);
    assert_eq!(store.run(RunId(1)).expect("none"), None);
    let (first, second) = (begun(store), begun(store));
    assert!(first < second, "{first} {second}");
    store
        .append(
            first,
            &[
                record(1, "a.example", 200, true),
                record(2, "a.example", 500, true),
            ],
        )
        .expect("two records");
    let end = RunEnd {
        interrupted: true,
        your_side: Some("the name servers".to_owned()),
        ..run_end()
    };
    store.finish(first, &end).expect("an end");
    let runs = store.runs().expect("two");
    assert_eq!(runs.len(), 2);
    let run = &runs[0];
    assert_eq!(Some(run), store.run(first).expect("the same").as_ref());
    assert_eq!((run.id, run.state), (first, RunState::Interrupted));
    assert_eq!(
        (run.targets, run.failed, run.exchanges, run.kept),
        (2, 1, 2, 2)
    );
    assert_eq!((run.bytes, run.connections, run.sample), (690, 3, 10));
    assert_eq!(run.your_side.as_deref(), Some("the name servers"));
    assert_eq!(run.command, "probe urls.txt");
    assert_eq!(runs[1].state, RunState::Running);
    assert!(!runs[1].is_cut_off(SystemTime::now()));
    assert!(runs[1].is_cut_off(SystemTime::now() + Duration::from_mins(10)));
}

fn a_record_comes_back_as_it_was(store: &dyn Store) {
    let run = begun(store);
    let mut visit = record(7, "a.example", 302, true);
    visit
        .steps
        .push(step("https://b.example/login", "b.example", 403, true));
    visit.steps[1].kept.as_mut().expect("kept").because = Because::Redirect(0);
    visit.deciding = 1;
    store
        .append(run, std::slice::from_ref(&visit))
        .expect("a record");
    let found = rows(store, run, &with_exchanges());
    assert_eq!(found.len(), 2);
    for (at, (row, step)) in found.iter().zip(&visit.steps).enumerate() {
        let kept = step.kept.as_ref().expect("kept");
        let read = row.kept.as_ref().expect("kept");
        assert_eq!(read.exchange, kept.exchange, "step {at}");
        assert_eq!(read.because, kept.because);
        assert_eq!((row.number, row.step as usize, row.steps), (7, at, 2));
        assert_eq!(row.decides, at == 1);
        assert_eq!(row.verdict, step.verdict);
        assert_eq!(row.entry_point, step.entry_point);
        assert_eq!(row.target, step.target);
        assert_eq!(
            (row.at, row.wait, row.took),
            (step.at, step.wait, step.took)
        );
        assert_eq!(row.bytes, step.bytes);
    }
    // The visit counts where it was asked for, with the verdict of the step that decides.
    let totals = store.entry_points(run).expect("one");
    assert_eq!(totals.len(), 1);
    assert_eq!(totals[0].entry_point, visit.steps[0].entry_point);
    assert_eq!(totals[0].verdict, visit.steps[1].verdict);
    assert_eq!((totals[0].count.visits, totals[0].count.exchanges), (1, 2));
}

fn counts_are_those_of_the_rows(store: &dyn Store) {
    let run = begun(store);
    let mut wanted: BTreeMap<(String, u16), u64> = BTreeMap::new();
    for batch in 0..4 {
        let records: Vec<Record> = (0..250)
            .map(|n| {
                let number = batch * 250 + n;
                let host = ["a.example", "b.example", "c.example"][(number % 3) as usize];
                let status = [200, 404, 500, 200, 200][(number % 5) as usize];
                *wanted.entry((host.to_owned(), status)).or_default() += 1;
                record(number, host, status, number % 7 == 0)
            })
            .collect();
        store.append(run, &records).expect("a batch");
    }
    let entry_points = store.entry_points(run).expect("counts");
    let found: BTreeMap<(String, u16), u64> = entry_points
        .iter()
        .map(|total| {
            let host = total.entry_point.entry_point().host().to_owned();
            (
                (host, total.verdict.status.expect("a status")),
                total.count.visits,
            )
        })
        .collect();
    assert_eq!(found, wanted);
    let totals = store.totals(run).expect("counts");
    let visits: Vec<(Option<u16>, u64)> = totals
        .iter()
        .map(|total| (total.verdict.status, total.count.visits))
        .collect();
    assert_eq!(
        visits,
        [(Some(200), 600), (Some(404), 200), (Some(500), 200)]
    );
    assert_eq!(totals[0].count.took.count(), 600);
    assert_eq!(totals[0].count.took_us, 600 * 2_400);
    assert_eq!(totals[0].count.bytes, 600 * 345);
    let minutes = store.minutes(run).expect("counts");
    assert_eq!(minutes.len(), 3);
    assert!(
        minutes
            .iter()
            .all(|total| total.minute == 1_790_000_000 / 60)
    );
    assert_eq!(
        minutes.iter().map(|total| total.count.visits).sum::<u64>(),
        1_000
    );
    let run = store.run(run).expect("it").expect("is there");
    assert_eq!(
        (run.targets, run.failed, run.exchanges),
        (1_000, 400, 1_000)
    );
    assert_eq!(run.kept, 143);
}

fn what_is_handed_over_twice_is_stored_once(store: &dyn Store) {
    let run = begun(store);
    let records = [
        record(1, "a.example", 200, true),
        record(2, "a.example", 500, true),
    ];
    store.append(run, &records).expect("once");
    store.append(run, &records).expect("again");
    store.append(run, &[]).expect("a sign of life");
    assert_eq!(rows(store, run, &Wanted::default()).len(), 2);
    let visits: u64 = store
        .totals(run)
        .expect("counts")
        .iter()
        .map(|t| t.count.visits)
        .sum();
    assert_eq!(visits, 2);
    let run = store.run(run).expect("it").expect("is there");
    assert_eq!((run.targets, run.failed, run.exchanges), (2, 1, 2));
}

fn a_run_that_is_gone_takes_nothing(store: &dyn Store) {
    let run = begun(store);
    store.finish(run, &run_end()).expect("an end");
    let late = store.append(run, &[record(1, "a.example", 200, true)]);
    assert!(
        matches!(late, Err(Error::Gone(gone)) if gone == run),
        "{late:?}"
    );
    assert!(
        rows(store, run, &Wanted::default()).is_empty(),
        "all or nothing"
    );
    let again = store.finish(run, &run_end());
    assert!(matches!(again, Err(Error::Gone(_))), "{again:?}");
    let never = store.append(RunId(99), &[record(1, "a.example", 200, true)]);
    assert!(matches!(never, Err(Error::Gone(RunId(99)))), "{never:?}");
    // What was rolled back is not remembered as written.
    let next = begun(store);
    store
        .append(next, &[record(1, "a.example", 200, true)])
        .expect("the next");
    assert_eq!(rows(store, next, &with_exchanges()).len(), 1);
}

fn rows_are_given_in_order_and_as_wanted(store: &dyn Store) {
    let run = begun(store);
    let hosts = ["a.example", "b.example"];
    let records: Vec<Record> = [5, 3, 9, 1, 4]
        .map(|number| record(number, hosts[(number % 2) as usize], 200, number > 3))
        .into();
    store.append(run, &records).expect("five");
    let numbers = |wanted: &Wanted| -> Vec<u64> {
        rows(store, run, wanted)
            .iter()
            .map(|row| row.number)
            .collect()
    };
    assert_eq!(numbers(&Wanted::default()), [1, 3, 4, 5, 9]);
    let at = |host: &str| Wanted {
        entry_point: Some(record(0, host, 200, false).steps[0].entry_point.clone()),
        ..Wanted::default()
    };
    assert_eq!(numbers(&at("b.example")), [1, 3, 5, 9]);
    assert_eq!(numbers(&at("z.example")), [0; 0]);
    let one = Wanted {
        number: Some(5),
        ..at("b.example")
    };
    assert_eq!(numbers(&one), [5]);
    assert_eq!(
        numbers(&Wanted {
            number: Some(4),
            ..at("b.example")
        }),
        [0; 0]
    );
    let kept = rows(store, run, &with_exchanges());
    let kept: Vec<bool> = kept.iter().map(|row| row.kept.is_some()).collect();
    assert_eq!(kept, [false, false, true, true, true]);
    let without = rows(store, run, &Wanted::default());
    assert!(without.iter().all(|row| row.kept.is_none()));
    assert!(without[4].is_kept && !without[0].is_kept);
    // What a row alone tells.
    let bare = without[0].step().exchange;
    assert_eq!(
        (bare.status(), bare.target.as_str()),
        (Some(200), &*without[0].target)
    );
    assert_eq!(bare.end, End::NotCaptured);
    let mut seen = 0;
    let broken_off = store.rows(run, &Wanted::default(), &mut |_| {
        seen += 1;
        ControlFlow::Break(())
    });
    broken_off.expect("rows");
    assert_eq!(seen, 1);
}

fn equal_parts_are_kept_once(store: &dyn Store) {
    let run = begun(store);
    let page = "0123456789abcdef".repeat(2_000);
    let records: Vec<Record> = (1..=200)
        .map(|number| {
            let mut record = record(number, "a.example", 404, true);
            let kept = record.steps[0].kept.as_mut().expect("kept");
            if let Some(Response {
                body: Seen::Present(body),
                ..
            }) = &mut kept.exchange.response
            {
                body.bytes = page.clone().into();
            }
            record
        })
        .collect();
    store.append(run, &records).expect("alike");
    store.finish(run, &run_end()).expect("an end");
    // 200 pages of 32 KB are 6.4 MB.
    let size = store.size().expect("a size");
    assert!(size < 2 << 20, "{size} bytes");
    let found = rows(store, run, &with_exchanges());
    assert_eq!(found.len(), 200);
    for (row, record) in found.iter().zip(&records) {
        let kept = record.steps[0].kept.as_ref().expect("kept");
        let read = row.kept.as_ref().expect("kept");
        assert_eq!(read.exchange, kept.exchange);
    }
}

fn what_is_removed_is_gone_and_what_is_shared_stays(store: &dyn Store) {
    let (first, second) = (begun(store), begun(store));
    let records: Vec<Record> = (1..=50)
        .map(|n| record(n, "a.example", 500, true))
        .collect();
    store.append(first, &records).expect("fifty");
    store.append(second, &records).expect("the same");
    let running = store.remove(first);
    assert!(matches!(running, Err(Error::Running(_))), "{running:?}");
    store.finish(first, &run_end()).expect("an end");
    assert_eq!(store.remove(first).expect("removed"), Some(50));
    assert_eq!(store.remove(first).expect("nothing"), None);
    store.sweep().expect("swept");
    assert_eq!(store.run(first).expect("none"), None);
    assert!(rows(store, first, &Wanted::default()).is_empty());
    assert!(store.totals(first).expect("none").is_empty());
    assert!(store.entry_points(first).expect("none").is_empty());
    let left = rows(store, second, &with_exchanges());
    assert!(left.len() == 50 && left.iter().all(|row| row.kept.is_some()));
    store.finish(second, &run_end()).expect("an end");
    store.remove(second).expect("removed");
    store.sweep().expect("swept");
    // What was swept is written again when it comes again, and numbers are not used twice.
    let third = begun(store);
    assert!(third > second);
    store.append(third, &records).expect("fifty");
    let again = rows(store, third, &with_exchanges());
    assert!(again.len() == 50 && again.iter().all(|row| row.kept.is_some()));
}

fn runs_do_not_mix(store: &dyn Store) {
    let (first, second) = (begun(store), begun(store));
    for n in 1..=20 {
        store
            .append(first, &[record(n, "a.example", 200, true)])
            .expect("one");
        store
            .append(second, &[record(n, "b.example", 404, false)])
            .expect("one");
    }
    for (run, status, host) in [(first, 200, "a.example"), (second, 404, "b.example")] {
        let totals = store.totals(run).expect("counts");
        assert_eq!(totals.len(), 1);
        assert_eq!(
            (totals[0].verdict.status, totals[0].count.visits),
            (Some(status), 20)
        );
        let found = rows(store, run, &Wanted::default());
        assert_eq!(found.len(), 20);
        assert!(found.iter().all(|row| row.target.contains(host)));
    }
}

fn two_runs_are_compared(store: &dyn Store) {
    let (old, new) = (begun(store), begun(store));
    // Number and status; a target's address holds its number.
    let before = [(1, 200), (2, 200), (3, 500), (4, 500), (5, 404), (6, 200)];
    let after = [
        (1, 200),
        (2, 503),
        (3, 200),
        (4, 500),
        (5, 410),
        (7, 200),
        (8, 500),
    ];
    let records = |all: &[(u64, u16)]| -> Vec<Record> {
        let records = all
            .iter()
            .map(|&(n, status)| record(n, "a.example", status, true));
        records.collect()
    };
    store.append(old, &records(&before)).expect("before");
    store.append(new, &records(&after)).expect("after");
    let found = diff(store, old, new).expect("a diff");
    assert_eq!(found.same, 2, "1 and 4");
    let told: Vec<String> = found
        .changes
        .iter()
        .map(|change| {
            let status =
                |verdict: &Option<Verdict>| verdict.as_ref().and_then(|verdict| verdict.status);
            format!(
                "{} {:?} {:?} {}",
                change.kind.as_str(),
                status(&change.before),
                status(&change.after),
                change.count
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "new None Some(500) 1",
            "new Some(200) Some(503) 1",
            "fixed Some(500) Some(200) 1",
            "changed Some(404) Some(410) 1",
            "added None Some(200) 1",
            "gone Some(200) None 1",
        ]
    );
    assert_eq!(found.count(ChangeKind::New), 2);
    assert_eq!((found.from.failed, found.to.failed), (3, 4));
    let same = diff(store, old, old).expect("a diff");
    assert_eq!(
        (same.same, same.changes.len(), same.shifts.len()),
        (6, 0, 0)
    );
}

/// Whatever a peer or a list writes comes back as it was: no text is a statement.
fn texts_are_texts(store: &dyn Store) {
    let run = begun(store);
    let nasty = "https://a.example/'; DROP TABLE run; --/\u{1b}[31m\u{202e}/\u{0}/%";
    let mut bad = record(1, "a.example", 500, true);
    nasty.clone_into(&mut bad.steps[0].target);
    nasty.clone_into(&mut bad.steps[0].entry_point.template);
    bad.steps[0].verdict.producer = Some(Cow::Borrowed("';--"));
    let kept = bad.steps[0].kept.as_mut().expect("kept");
    nasty.clone_into(&mut kept.exchange.target);
    if let Some(response) = &mut kept.exchange.response {
        response.fields.push("X-Odd", &b"\xff\x00\x1b"[..]);
        response.body = Seen::Present(Body::whole(&b"\x00\xff'; --"[..], Framing::Close));
    }
    store
        .append(run, std::slice::from_ref(&bad))
        .expect("a record");
    let found = rows(store, run, &with_exchanges());
    assert_eq!(found[0].target, nasty);
    assert_eq!(found[0].verdict, bad.steps[0].verdict);
    let kept = bad.steps[0].kept.as_ref().expect("kept");
    assert_eq!(
        found[0].kept.as_ref().expect("kept").exchange,
        kept.exchange
    );
}

fn a_saver_writes_all<S: Store + 'static>(store: &Arc<S>) {
    let saver = Saver::begin(Arc::clone(store) as Arc<dyn Store>, &new_run()).expect("a run");
    let run = saver.run();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let saver = &saver;
            scope.spawn(move || {
                for n in 0..3_000 {
                    let status = if n % 10 == 0 { 500 } else { 200 };
                    let keep = saver.keeps(status == 200);
                    saver.put(record(thread * 3_000 + n, "a.example", status, keep));
                }
            });
        }
    });
    let saved = saver.end(&run_end());
    assert_eq!(saved.run, run);
    assert!(saved.failed.is_none(), "{:?}", saved.failed);
    let run = store.run(run).expect("it").expect("is there");
    assert_eq!(run.state, RunState::Ended);
    assert_eq!((run.targets, run.failed), (12_000, 1_200));
    // All failures, the first thousand successes, and one of ten of the 9,800 others.
    assert_eq!(run.kept, 1_200 + 1_000 + 980);
}

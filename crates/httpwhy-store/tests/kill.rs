//! A process that is killed in the middle loses no batch it was told is stored, and leaves a file that opens.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use httpwhy_store::conformance::{new_run, record};
use httpwhy_store::{RunId, SqliteStore, Store, Wanted};
use tempfile::TempDir;

const FILE: &str = "HTTPWHY_TEST_STORE";
const BATCH: u64 = 200;

/// Not a test of its own: the process that is killed. It says the number of each batch once that is stored.
#[test]
#[ignore = "the process that is killed"]
fn writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(FILE) else {
        return;
    };
    let store = SqliteStore::create(Path::new(&file)).expect("a store");
    let run = store.begin(&new_run()).expect("a run");
    for batch in 0..100_000 {
        let records: Vec<_> = (0..BATCH)
            .map(|n| {
                let number = batch * BATCH + n;
                let host = format!("h{}.example", number % 97);
                record(number, &host, [200, 404, 500][(number % 3) as usize], true)
            })
            .collect();
        store.append(run, &records).expect("a batch");
        let mut out = std::io::stdout().lock();
        writeln!(out, "stored {batch}")
            .and_then(|()| out.flush())
            .expect("a reader");
    }
}

#[test]
fn no_batch_is_lost() {
    let folder = TempDir::new().expect("a folder");
    for round in 0_u64..6 {
        let file = folder.path().join(format!("{round}.db"));
        // The last one said by the process before it was killed; at another place in each round.
        let last = killed_after(&file, 3 + 5 * round);
        let store = SqliteStore::open(&file).expect("a file that opens");
        let run = store.runs().expect("a run").remove(0);
        let (mut rows, mut highest) = (0_u64, 0);
        store
            .rows(
                run.id,
                &Wanted {
                    exchanges: true,
                    ..Wanted::default()
                },
                &mut |row| {
                    assert!(row.kept.is_some(), "{}", row.number);
                    rows += 1;
                    highest = highest.max(row.number);
                    ControlFlow::Continue(())
                },
            )
            .expect("rows");
        assert!(
            rows >= (last + 1) * BATCH,
            "round {round}: {rows} after batch {last}"
        );
        assert_eq!(rows % BATCH, 0, "a batch is there or not");
        assert_eq!(highest + 1, rows, "none is missing");
        assert_eq!(run.targets, rows, "the counts are those of the rows");
        assert_eq!(counted(&store, run.id), rows);
        let connection = rusqlite::Connection::open(&file).expect("a database");
        let said: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("an answer");
        assert_eq!(said, "ok");
    }
}

fn counted(store: &SqliteStore, run: RunId) -> u64 {
    let by_entry_point = store.entry_points(run).expect("counts");
    let by_entry_point: u64 = by_entry_point.iter().map(|total| total.count.visits).sum();
    let totals = store.totals(run).expect("counts");
    let totals: u64 = totals.iter().map(|total| total.count.visits).sum();
    assert_eq!(totals, by_entry_point);
    totals
}

/// Starts the process, kills it some time after it has said that batch, and gives the last one it said.
fn killed_after(file: &Path, batches: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "writes_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("this test again");
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let mut last = None;
    for line in out.lines() {
        let Ok(line) = line else { break };
        let Some((_, batch)) = line.split_once("stored ") else {
            continue;
        };
        let batch: u64 = batch.trim().parse().expect("a number");
        last = Some(batch);
        if batch == batches {
            // SIGKILL; what it writes until then is read on.
            child.kill().expect("it runs");
        }
    }
    child.wait().expect("it ended");
    last.expect("it wrote something")
}

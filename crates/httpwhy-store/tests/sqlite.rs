//! The store in an SQLite file does what every store must do, and what a file must do.

use std::path::Path;
use std::sync::Arc;

use httpwhy_store::conformance::{self, new_run, record, rows, run_end};
use httpwhy_store::{Error, RunState, SqliteStore, Store, Wanted};
use tempfile::TempDir;

#[test]
fn it_conforms() {
    let folder = TempDir::new().expect("a folder");
    let count = std::cell::Cell::new(0);
    conformance::run(|| {
        count.set(count.get() + 1);
        let file = folder.path().join(format!("{}/deep/runs.db", count.get()));
        SqliteStore::create(&file).expect("a store")
    });
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is() {
    let folder = TempDir::new().expect("a folder");
    let file = |name: &str| folder.path().join(name);
    std::fs::write(
        file("notes.txt"),
        "A few words, longer than any head of a file.\n".repeat(99),
    )
    .expect("written");
    let other = rusqlite::Connection::open(file("other.db")).expect("a database");
    other
        .execute_batch("CREATE TABLE mine (x)")
        .expect("a table");
    drop(other);
    for name in ["notes.txt", "other.db"] {
        let before = std::fs::read(file(name)).expect("there");
        for refused in [
            SqliteStore::create(&file(name)),
            SqliteStore::open(&file(name)),
        ] {
            let error = refused.expect_err("no store");
            assert!(matches!(error, Error::Foreign(_)), "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
        let same = std::fs::read(file(name)).expect("there") == before;
        assert!(same || name == "other.db", "{name} was changed");
    }
    let missing = SqliteStore::open(&file("nothing.db")).expect_err("nothing there");
    assert!(matches!(missing, Error::Missing(_)), "{missing}");
    assert!(!file("nothing.db").exists());
    let folder_itself = SqliteStore::create(folder.path()).expect_err("a folder");
    assert!(matches!(folder_itself, Error::Io(..)), "{folder_itself:?}");
}

#[test]
fn a_newer_file_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("runs.db");
    drop(SqliteStore::create(&file).expect("a store"));
    let connection = rusqlite::Connection::open(&file).expect("a database");
    connection
        .pragma_update(None, "user_version", 99)
        .expect("a version");
    drop(connection);
    let error = SqliteStore::open(&file).expect_err("newer");
    assert!(matches!(error, Error::Newer { found: 99, .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("newer httpwhy") && said.contains("runs.db"),
        "{said}"
    );
}

#[test]
fn many_open_a_new_file_at_once_and_all_write() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("runs.db");
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let store = SqliteStore::create(&file).expect("a store");
                    let run = store.begin(&new_run()).expect("a run");
                    for n in 1..=50 {
                        let one = record(n, "a.example", 500, true);
                        store.append(run, &[one]).expect("a record");
                    }
                    store.finish(run, &run_end()).expect("an end");
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
    });
    let store = SqliteStore::open(&file).expect("the store");
    let runs = store.runs().expect("four");
    assert_eq!(runs.len(), 4);
    assert!(
        runs.iter()
            .all(|run| run.targets == 50 && run.state == RunState::Ended)
    );
    intact(&file);
}

#[test]
fn ids_are_learnt_anew_when_another_process_swept() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("runs.db");
    let (one, two) = (
        SqliteStore::create(&file).expect("a store"),
        SqliteStore::open(&file).expect("the same"),
    );
    let gone = one.begin(&new_run()).expect("a run");
    one.append(gone, &[record(1, "a.example", 500, true)])
        .expect("a record");
    one.finish(gone, &run_end()).expect("an end");
    two.remove(gone).expect("removed");
    two.sweep().expect("swept");
    let run = one.begin(&new_run()).expect("a run");
    one.append(run, &[record(1, "a.example", 500, true)])
        .expect("a record");
    let wanted = Wanted {
        exchanges: true,
        ..Wanted::default()
    };
    let found = rows(&two, run, &wanted);
    assert!(found.len() == 1 && found[0].kept.is_some(), "{found:?}");
}

#[test]
fn a_removed_run_gives_its_room_back() {
    let folder = TempDir::new().expect("a folder");
    let store = SqliteStore::create(&folder.path().join("runs.db")).expect("a store");
    let run = store.begin(&new_run()).expect("a run");
    let records: Vec<_> = (1..=3_000)
        .map(|n| record(n, &format!("h{n}.example"), 500, true))
        .collect();
    store.append(run, &records).expect("records");
    store.finish(run, &run_end()).expect("an end");
    let before = store.size().expect("a size");
    store.remove(run).expect("removed");
    let freed = store.sweep().expect("swept");
    let after = store.size().expect("a size");
    assert!(
        freed > before / 2 && after < before / 2,
        "{before} {freed} {after}"
    );
}

#[cfg(unix)]
#[test]
fn others_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("new/runs.db");
    let store = SqliteStore::create(&file).expect("a store");
    store.begin(&new_run()).expect("a run");
    for entry in std::fs::read_dir(file.parent().expect("new")).expect("files") {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("it").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn readers_go_on_while_somebody_writes() {
    let folder = TempDir::new().expect("a folder");
    let store = Arc::new(SqliteStore::create(&folder.path().join("runs.db")).expect("a store"));
    let run = store.begin(&new_run()).expect("a run");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..100 {
                let batch = [2 * n + 1, 2 * n + 2].map(|n| record(n, "a.example", 200, false));
                store.append(run, &batch).expect("two records");
            }
        });
        for _ in 0..100 {
            // A batch is there with its counts, or not at all.
            let visits: u64 = store
                .totals(run)
                .expect("counts")
                .iter()
                .map(|t| t.count.visits)
                .sum();
            assert_eq!(visits % 2, 0);
        }
    });
}

fn intact(file: &Path) {
    let connection = rusqlite::Connection::open(file).expect("a database");
    let said: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("an answer");
    assert_eq!(said, "ok");
}

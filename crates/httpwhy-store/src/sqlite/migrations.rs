//! The tables, version by version. A file says in `user_version` which it has.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::told;
use crate::Error;

/// Marks the file as ours (sqlite.org/pragma.html, "application_id"): `hwhy`.
const APPLICATION: i64 = 0x6877_6879;

/// What brings a file from the version before to this one; the first makes version 1. Written once, never changed.
const STEPS: &[&str] = &[VERSION_1];

const VERSION_1: &str = "
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    version TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    touched_us INTEGER NOT NULL,
    state INTEGER NOT NULL, -- 0 running, 1 ended, 2 interrupted
    sample INTEGER NOT NULL,
    targets INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    exchanges INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    connections INTEGER NOT NULL DEFAULT 0,
    your_side TEXT
) STRICT;

CREATE TABLE origin (id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE entry_point (
    id INTEGER PRIMARY KEY,
    origin INTEGER NOT NULL,
    template TEXT NOT NULL,
    method TEXT NOT NULL,
    UNIQUE (origin, template, method)
) STRICT;

CREATE TABLE outcome (id INTEGER PRIMARY KEY, outcome TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE verdict (
    id INTEGER PRIMARY KEY,
    outcome INTEGER NOT NULL,
    blamed TEXT NOT NULL,
    phase TEXT NOT NULL,
    status INTEGER NOT NULL, -- -1 without
    producer TEXT NOT NULL,  -- empty without
    UNIQUE (outcome, blamed, phase, status, producer)
) STRICT;

-- Parts of exchanges, once however often they came. hash: the first 16 bytes of SHA-256; coding: 0 as it is, 1 zstd.
CREATE TABLE head (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    length INTEGER NOT NULL,
    coding INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE body (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    length INTEGER NOT NULL,
    coding INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

-- head, body, rest: NULL where only the row is kept.
CREATE TABLE exchange (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    decides INTEGER NOT NULL,
    entry_point INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    at_us INTEGER,
    wait_us INTEGER,
    took_us INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    target TEXT NOT NULL,
    head INTEGER,
    body INTEGER,
    rest BLOB,
    PRIMARY KEY (run, number, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchange_by_entry_point ON exchange (run, entry_point, number);

-- Counts of visits, kept in the transaction that adds the rows.
CREATE TABLE total (
    run INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    exchanges INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    took BLOB NOT NULL, -- a histogram
    PRIMARY KEY (run, verdict)
) STRICT, WITHOUT ROWID;
CREATE TABLE rollup (
    run INTEGER NOT NULL,
    entry_point INTEGER NOT NULL,
    verdict INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    visits INTEGER NOT NULL,
    exchanges INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    took_us INTEGER NOT NULL,
    took BLOB NOT NULL,
    PRIMARY KEY (run, entry_point, verdict, minute)
) STRICT, WITHOUT ROWID;

-- How often it was swept: whoever remembers ids forgets them when this changes.
CREATE TABLE sweep (count INTEGER NOT NULL) STRICT;
INSERT INTO sweep VALUES (0);
";

/// Makes the tables, or brings them to this version.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    migrate(connection, path, STEPS)
}

fn migrate(connection: &mut Connection, path: &Path, steps: &[&str]) -> Result<(), Error> {
    let known = steps.len() as i64;
    if version(connection, path)? == known {
        return Ok(());
    }
    // Asked again under the lock: another process may have been faster.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction, path)?;
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

/// The version of the file's tables, 0 for an empty file.
///
/// # Errors
/// When it is newer than what is known here, or a file of somebody else's.
fn version(connection: &Connection, path: &Path) -> Result<i64, Error> {
    let ask = |pragma: &str| -> Result<i64, Error> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|error| told(path, error))
    };
    let (application, found) = (ask("application_id")?, ask("user_version")?);
    if application != APPLICATION {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|error| told(path, error))?;
        if application != 0 || found != 0 || tables > 0 {
            return Err(Error::Foreign(path.to_owned()));
        }
    }
    let known = STEPS.len() as i64;
    if found > known {
        return Err(Error::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_taken_once() {
        let path = Path::new("a file");
        let mut connection = Connection::open_in_memory().expect("memory");
        let count = |connection: &Connection, table: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM {table}");
            connection
                .query_row(&sql, [], |row| row.get(0))
                .expect("a table")
        };
        let one = "CREATE TABLE a (x); INSERT INTO a VALUES (1)";
        for _ in 0..2 {
            migrate(&mut connection, path, &[one]).expect("version 1");
            assert_eq!(count(&connection, "a"), 1);
        }
        // A step that fails leaves nothing behind.
        let bad = "INSERT INTO a VALUES (2); CREATE TABLE a (y)";
        // Version 2 is not known to `version`, which only counts above STEPS matter to.
        migrate(&mut connection, path, &[one, bad]).expect_err("there is an a");
        assert_eq!(count(&connection, "a"), 1);
        let found: i64 = connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .expect("a number");
        assert_eq!(found, 1);
    }

    #[test]
    fn tables_of_somebody_else_are_left_alone() {
        let connection = Connection::open_in_memory().expect("memory");
        connection
            .execute_batch("CREATE TABLE mine (x)")
            .expect("a table");
        assert!(matches!(
            version(&connection, Path::new("x")),
            Err(Error::Foreign(_))
        ));
    }
}

//! Writing: one transaction for a batch, with all its counts.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use httpwhy_schema::StoredParts;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::parts::{Parts, Table};
use crate::{
    Count, EntryKey, Error, Histogram, NewRun, Record, RecordStep, RunEnd, RunId, Verdict,
};

/// Names whose ids are remembered; when there are more, all are forgotten and looked up again.
const REMEMBERED: usize = 65_536;

/// The connection that writes, and what it remembers of the file.
pub(super) struct Writer {
    connection: Connection,
    memory: Memory,
}

/// Ids of what is in the file already. True as long as nothing was rolled back or swept.
struct Memory {
    origins: HashMap<String, i64>,
    entry_points: HashMap<EntryKey, i64>,
    verdicts: HashMap<Verdict, i64>,
    parts: Parts,
    swept: i64,
}

/// What a batch adds to the counts.
#[derive(Default)]
struct Sums {
    totals: HashMap<i64, Count>,
    rollups: HashMap<(i64, i64, i64), Count>,
    targets: i64,
    failed: i64,
    exchanges: i64,
    kept: i64,
    bytes: i64,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Result<Self, Error> {
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self {
            connection,
            memory: Memory {
                origins: HashMap::new(),
                entry_points: HashMap::new(),
                verdicts: HashMap::new(),
                parts: Parts::new()?,
                swept: -1,
            },
        })
    }

    pub(super) fn begin(&mut self, new: &NewRun) -> Result<RunId, Error> {
        let at = micros(new.started);
        self.connection.execute(
            "INSERT INTO run (command, version, started_us, touched_us, state, sample) VALUES (?1, ?2, ?3, ?3, 0, ?4)",
            params![new.command, new.version, at, new.sample],
        )?;
        Ok(RunId(self.connection.last_insert_rowid() as u64))
    }

    pub(super) fn append(&mut self, run: RunId, records: &[Record]) -> Result<(), Error> {
        let done = self.try_append(run, records);
        if done.is_err() {
            // Ids of what was rolled back are no ids.
            self.memory.forget();
        }
        done
    }

    fn try_append(&mut self, run: RunId, records: &[Record]) -> Result<(), Error> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        self.memory.check(&transaction)?;
        let mut sums = Sums::default();
        for record in records {
            add(&transaction, &mut self.memory, run, record, &mut sums)?;
        }
        sums.write(&transaction, run)?;
        transaction.commit()?;
        Ok(())
    }

    pub(super) fn finish(&mut self, run: RunId, end: &RunEnd) -> Result<(), Error> {
        let state = if end.interrupted { 2 } else { 1 };
        let changed = self.connection.execute(
            "UPDATE run SET state = ?2, touched_us = ?3, connections = ?4, your_side = ?5 WHERE id = ?1 AND state = 0",
            params![
                run.0 as i64,
                state,
                micros(end.at),
                end.connections as i64,
                end.your_side
            ],
        )?;
        if changed == 0 {
            return Err(Error::Gone(run));
        }
        // What the log holds moves into the file, as far as no reader is in the way; nobody waits for that.
        let _ = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Ok(())
    }

    pub(super) fn remove(&mut self, run: RunId) -> Result<Option<u64>, Error> {
        let id = run.0 as i64;
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let sql = "SELECT state, touched_us FROM run WHERE id = ?1";
        let found: Option<(i64, i64)> = transaction
            .query_row(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((state, touched)) = found else {
            return Ok(None);
        };
        if state == 0 && !crate::run::is_silent(time(touched), SystemTime::now()) {
            return Err(Error::Running(run));
        }
        let rows = transaction.execute("DELETE FROM exchange WHERE run = ?1", [id])?;
        transaction.execute("DELETE FROM rollup WHERE run = ?1", [id])?;
        transaction.execute("DELETE FROM total WHERE run = ?1", [id])?;
        transaction.execute("DELETE FROM run WHERE id = ?1", [id])?;
        transaction.commit()?;
        Ok(Some(rows as u64))
    }

    pub(super) fn sweep(&mut self) -> Result<(), Error> {
        self.memory.forget();
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        transaction.execute_batch(
            "DELETE FROM head WHERE id NOT IN (SELECT head FROM exchange WHERE head IS NOT NULL);
            DELETE FROM body WHERE id NOT IN (SELECT body FROM exchange WHERE body IS NOT NULL);
            DELETE FROM entry_point WHERE id NOT IN (SELECT entry_point FROM exchange);
            DELETE FROM origin WHERE id NOT IN (SELECT origin FROM entry_point);
            UPDATE sweep SET count = count + 1;",
        )?;
        transaction.commit()?;
        // Each row of the answer gives back one page.
        let mut statement = self.connection.prepare("PRAGMA incremental_vacuum")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        drop(statement);
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// Adds one record, unless its number is there already.
fn add(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    run: RunId,
    record: &Record,
    sums: &mut Sums,
) -> Result<(), Error> {
    let Some(asked) = record.steps.first() else {
        return Ok(());
    };
    for (step, one) in record.steps.iter().enumerate() {
        let entry_point = memory.entry_point(transaction, &one.entry_point)?;
        let verdict = memory.verdict(transaction, &one.verdict)?;
        let parts = memory.parts(transaction, one)?;
        let (head, body, rest) = parts.map_or((None, None, None), |(head, body, rest)| {
            (Some(head), body, Some(rest))
        });
        let decides = step == record.deciding;
        let added = transaction
            .prepare_cached(
                "INSERT INTO exchange VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                run.0 as i64,
                record.number as i64,
                step as i64,
                record.steps.len() as i64,
                decides,
                entry_point,
                verdict,
                one.at.map(micros),
                one.wait.map(|wait| wait.as_micros() as i64),
                one.took.as_micros() as i64,
                one.bytes as i64,
                one.target,
                head,
                body,
                rest,
            ])?;
        if added == 0 {
            return Ok(());
        }
        sums.exchanges += 1;
        sums.kept += i64::from(one.kept.is_some());
        sums.bytes += one.bytes as i64;
        if decides {
            let entry_point = memory.entry_point(transaction, &asked.entry_point)?;
            sums.count(record, entry_point, verdict, one.verdict.is_fine());
        }
    }
    Ok(())
}

impl Sums {
    fn count(&mut self, record: &Record, entry_point: i64, verdict: i64, fine: bool) {
        let took: Duration = record.steps.iter().map(|step| step.took).sum();
        let took_us = took.as_micros() as u64;
        let minute = record.steps[0].at.map_or(0, |at| micros(at) / 60_000_000);
        let count = |count: &mut Count| {
            count.visits += 1;
            count.exchanges += record.steps.len() as u64;
            count.bytes += record.steps.iter().map(|step| step.bytes).sum::<u64>();
            count.took_us = count.took_us.saturating_add(took_us);
            count.took.add(took_us);
        };
        count(self.totals.entry(verdict).or_default());
        let key = (entry_point, verdict, minute);
        count(self.rollups.entry(key).or_default());
        self.targets += 1;
        self.failed += i64::from(!fine);
    }

    fn write(&self, transaction: &Transaction<'_>, run: RunId) -> Result<(), Error> {
        let id = run.0 as i64;
        let changed = transaction
            .prepare_cached(
                "UPDATE run SET targets = targets + ?2, failed = failed + ?3, exchanges = exchanges + ?4,
                kept = kept + ?5, bytes = bytes + ?6, touched_us = ?7 WHERE id = ?1 AND state = 0",
            )?
            .execute(params![
                id,
                self.targets,
                self.failed,
                self.exchanges,
                self.kept,
                self.bytes,
                micros(SystemTime::now()),
            ])?;
        if changed == 0 {
            return Err(Error::Gone(run));
        }
        for (&verdict, count) in &self.totals {
            let place = params![id, verdict];
            let sql = "SELECT took FROM total WHERE run = ?1 AND verdict = ?2";
            let took = merged(transaction, sql, place, &count.took)?;
            transaction
                .prepare_cached(
                    "INSERT INTO total VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                    ON CONFLICT DO UPDATE SET visits = visits + ?3, exchanges = exchanges + ?4, bytes = bytes + ?5,
                    took_us = took_us + ?6, took = ?7",
                )?
                .execute(params![
                    id,
                    verdict,
                    count.visits as i64,
                    count.exchanges as i64,
                    count.bytes as i64,
                    count.took_us as i64,
                    took
                ])?;
        }
        // In the order of the table, so that neighbours are written together.
        let mut rollups: Vec<_> = self.rollups.iter().collect();
        rollups.sort_unstable_by_key(|(key, _)| **key);
        for (&(entry_point, verdict, minute), count) in rollups {
            let place = params![id, entry_point, verdict, minute];
            let sql = "SELECT took FROM rollup WHERE run = ?1 AND entry_point = ?2 AND verdict = ?3 AND minute = ?4";
            let took = merged(transaction, sql, place, &count.took)?;
            transaction
                .prepare_cached(
                    "INSERT INTO rollup VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                    ON CONFLICT DO UPDATE SET visits = visits + ?5, exchanges = exchanges + ?6, bytes = bytes + ?7,
                    took_us = took_us + ?8, took = ?9",
                )?
                .execute(params![
                    id,
                    entry_point,
                    verdict,
                    minute,
                    count.visits as i64,
                    count.exchanges as i64,
                    count.bytes as i64,
                    count.took_us as i64,
                    took
                ])?;
        }
        Ok(())
    }
}

/// The histogram that is there with this one added, encoded.
fn merged(
    transaction: &Transaction<'_>,
    sql: &str,
    place: &[&dyn rusqlite::ToSql],
    took: &Histogram,
) -> Result<Vec<u8>, Error> {
    let mut statement = transaction.prepare_cached(sql)?;
    let there: Option<Vec<u8>> = statement.query_row(place, |row| row.get(0)).optional()?;
    let Some(there) = there else {
        return Ok(took.encode());
    };
    let mut all =
        Histogram::decode(&there).ok_or_else(|| Error::Damaged("a histogram".to_owned()))?;
    all.merge(took);
    Ok(all.encode())
}

/// Ids of head and content, and the rest of an exchange.
type Ids = (i64, Option<i64>, Vec<u8>);

impl Memory {
    /// Forgets all ids when somebody swept since they were learnt.
    fn check(&mut self, connection: &Connection) -> Result<(), Error> {
        let swept = connection
            .prepare_cached("SELECT count FROM sweep")?
            .query_row([], |row| row.get(0))?;
        if self.swept != swept {
            self.forget();
            self.swept = swept;
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.origins.clear();
        self.entry_points.clear();
        self.verdicts.clear();
        self.parts.forget();
        self.swept = -1;
    }

    fn entry_point(&mut self, connection: &Connection, key: &EntryKey) -> Result<i64, Error> {
        if let Some(&id) = self.entry_points.get(key) {
            return Ok(id);
        }
        let origin = self.origin(connection, &key.origin)?;
        let place = params![origin, key.template, key.method];
        let id = found_or_made(
            connection,
            "SELECT id FROM entry_point WHERE origin = ?1 AND template = ?2 AND method = ?3",
            "INSERT INTO entry_point (origin, template, method) VALUES (?1, ?2, ?3)",
            place,
        )?;
        if self.entry_points.len() >= REMEMBERED {
            self.entry_points.clear();
        }
        self.entry_points.insert(key.clone(), id);
        Ok(id)
    }

    fn origin(&mut self, connection: &Connection, origin: &str) -> Result<i64, Error> {
        if let Some(&id) = self.origins.get(origin) {
            return Ok(id);
        }
        let id = found_or_made(
            connection,
            "SELECT id FROM origin WHERE origin = ?1",
            "INSERT INTO origin (origin) VALUES (?1)",
            &[&origin],
        )?;
        if self.origins.len() >= REMEMBERED {
            self.origins.clear();
        }
        self.origins.insert(origin.to_owned(), id);
        Ok(id)
    }

    fn verdict(&mut self, connection: &Connection, verdict: &Verdict) -> Result<i64, Error> {
        if let Some(&id) = self.verdicts.get(verdict) {
            return Ok(id);
        }
        let outcome = found_or_made(
            connection,
            "SELECT id FROM outcome WHERE outcome = ?1",
            "INSERT INTO outcome (outcome) VALUES (?1)",
            &[&verdict.outcome],
        )?;
        let producer = verdict.producer.as_deref().unwrap_or_default();
        let place = params![
            outcome,
            verdict.blamed.to_string(),
            verdict.phase.as_str(),
            verdict.status.map_or(-1, i64::from),
            producer
        ];
        let id = found_or_made(
            connection,
            "SELECT id FROM verdict WHERE outcome = ?1 AND blamed = ?2 AND phase = ?3 AND status = ?4 AND producer = ?5",
            "INSERT INTO verdict (outcome, blamed, phase, status, producer) VALUES (?1, ?2, ?3, ?4, ?5)",
            place,
        )?;
        self.verdicts.insert(verdict.clone(), id);
        Ok(id)
    }

    /// Takes an exchange that is to be kept apart, and finds a place for its parts.
    fn parts(&mut self, connection: &Connection, step: &RecordStep) -> Result<Option<Ids>, Error> {
        let Some(kept) = &step.kept else {
            return Ok(None);
        };
        let parts = StoredParts::of(kept.exchange.clone(), kept.because);
        let head = self.parts.id(connection, Table::Head, &parts.head)?;
        let body = parts.body.as_ref();
        let body = body
            .map(|body| self.parts.id(connection, Table::Body, body))
            .transpose()?;
        Ok(Some((head, body, parts.rest)))
    }
}

fn found_or_made(
    connection: &Connection,
    find: &str,
    make: &str,
    place: &[&dyn rusqlite::ToSql],
) -> Result<i64, Error> {
    let mut statement = connection.prepare_cached(find)?;
    if let Some(id) = statement.query_row(place, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.prepare_cached(make)?.execute(place)?;
    Ok(connection.last_insert_rowid())
}

/// Microseconds since 1970.
fn micros(at: SystemTime) -> i64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The moment so many microseconds after the beginning of 1970.
pub(super) fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

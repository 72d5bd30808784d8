//! Reading: counts as they are kept, rows one by one.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::time::Duration;

use httpwhy_model::Phase;
use httpwhy_schema::StoredParts;
use rusqlite::{Connection, OptionalExtension as _, Params, params};

use super::parts::{self, Table};
use super::write::time;
use crate::{
    Blamed, Count, EntryKey, EntryTotal, Error, Histogram, MinuteTotal, Row, Run, RunId, RunState,
    Total, Verdict, Wanted,
};

/// All runs, or one.
pub(super) fn runs(connection: &Connection, wanted: Option<RunId>) -> Result<Vec<Run>, Error> {
    let mut statement = connection.prepare(
        "SELECT id, command, version, started_us, touched_us, state, sample, targets, failed, exchanges, kept, bytes,
        connections, your_side FROM run WHERE ?1 IS NULL OR id = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([wanted.map(|run| run.0 as i64)])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let count = |at| -> rusqlite::Result<u64> { Ok(row.get::<_, i64>(at)? as u64) };
        runs.push(Run {
            id: RunId(count(0)?),
            command: row.get(1)?,
            version: row.get(2)?,
            started: time(row.get(3)?),
            touched: time(row.get(4)?),
            state: match row.get::<_, i64>(5)? {
                0 => RunState::Running,
                1 => RunState::Ended,
                _ => RunState::Interrupted,
            },
            sample: row.get(6)?,
            targets: count(7)?,
            failed: count(8)?,
            exchanges: count(9)?,
            kept: count(10)?,
            bytes: count(11)?,
            connections: count(12)?,
            your_side: row.get(13)?,
        });
    }
    Ok(runs)
}

pub(super) fn totals(connection: &Connection, run: RunId) -> Result<Vec<Total>, Error> {
    let mut totals = Vec::new();
    let sql = "SELECT o.outcome, v.blamed, v.phase, v.status, v.producer,
        t.visits, t.exchanges, t.bytes, t.took_us, t.took
        FROM total t JOIN verdict v ON v.id = t.verdict JOIN outcome o ON o.id = v.outcome
        WHERE t.run = ?1 ORDER BY t.visits DESC, o.outcome, v.id";
    each(connection, sql, [run.0 as i64], |row| {
        totals.push(Total {
            verdict: verdict(row, 0)?,
            count: count(row, 5)?,
        });
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(totals)
}

pub(super) fn entry_points(connection: &Connection, run: RunId) -> Result<Vec<EntryTotal>, Error> {
    let mut totals: Vec<EntryTotal> = Vec::new();
    let mut last = (0_i64, 0_i64);
    // In the order of the primary key: minutes of one entry point and verdict follow each other.
    let sql = "SELECT o.outcome, v.blamed, v.phase, v.status, v.producer,
        r.visits, r.exchanges, r.bytes, r.took_us, r.took, r.entry_point, r.verdict, g.origin, e.template, e.method
        FROM rollup r JOIN verdict v ON v.id = r.verdict JOIN outcome o ON o.id = v.outcome
        JOIN entry_point e ON e.id = r.entry_point JOIN origin g ON g.id = e.origin
        WHERE r.run = ?1 ORDER BY r.entry_point, r.verdict, r.minute";
    each(connection, sql, [run.0 as i64], |row| {
        let place = (row.get(10)?, row.get(11)?);
        let count = count(row, 5)?;
        match totals.last_mut() {
            Some(total) if last == place => total.count.merge(&count),
            _ => totals.push(EntryTotal {
                entry_point: entry_point(row, 12)?,
                verdict: verdict(row, 0)?,
                count,
            }),
        }
        last = place;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(totals)
}

pub(super) fn minutes(connection: &Connection, run: RunId) -> Result<Vec<MinuteTotal>, Error> {
    let mut totals: Vec<MinuteTotal> = Vec::new();
    let sql = "SELECT o.outcome, v.blamed, v.phase, v.status, v.producer,
        r.visits, r.exchanges, r.bytes, r.took_us, r.took, r.minute
        FROM rollup r JOIN verdict v ON v.id = r.verdict JOIN outcome o ON o.id = v.outcome
        WHERE r.run = ?1 ORDER BY r.minute, o.outcome, v.id";
    each(connection, sql, [run.0 as i64], |row| {
        let (minute, verdict) = (row.get::<_, i64>(10)? as u64, verdict(row, 0)?);
        let count = count(row, 5)?;
        match totals.last_mut() {
            Some(last) if last.minute == minute && last.verdict == verdict => {
                last.count.merge(&count);
            }
            _ => totals.push(MinuteTotal {
                minute,
                verdict,
                count,
            }),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(totals)
}

pub(super) fn rows(
    connection: &Connection,
    run: RunId,
    wanted: &Wanted,
    give: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), Error> {
    let entry_point = match &wanted.entry_point {
        None => None,
        Some(key) => match entry_point_id(connection, key)? {
            None => return Ok(()),
            some => some,
        },
    };
    let (by, value) = match (wanted.number, entry_point) {
        (None, None) => ("?2 IS NULL", None),
        (Some(number), None) => ("x.number = ?2", Some(number as i64)),
        (None, Some(id)) => ("x.entry_point = ?2", Some(id)),
        (Some(number), Some(id)) => {
            return number_at(connection, run, wanted, number, id, give);
        }
    };
    let sql = rows_sql(by);
    each(connection, &sql, params![run.0 as i64, value], |row| {
        Ok(give(stored(connection, row, wanted.exchanges)?))
    })
}

/// Rows of one visit at one entry point: few, so that the second condition is asked of each.
fn number_at(
    connection: &Connection,
    run: RunId,
    wanted: &Wanted,
    number: u64,
    entry_point: i64,
    give: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), Error> {
    let sql = rows_sql("x.number = ?2 AND x.entry_point = ?3");
    let place = params![run.0 as i64, number as i64, entry_point];
    each(connection, &sql, place, |row| {
        Ok(give(stored(connection, row, wanted.exchanges)?))
    })
}

fn rows_sql(by: &str) -> String {
    format!(
        "SELECT o.outcome, v.blamed, v.phase, v.status, v.producer,
        x.number, x.step, x.steps, x.decides, x.at_us, x.wait_us, x.took_us, x.bytes, x.target, x.head, x.body, x.rest,
        g.origin, e.template, e.method
        FROM exchange x JOIN verdict v ON v.id = x.verdict JOIN outcome o ON o.id = v.outcome
        JOIN entry_point e ON e.id = x.entry_point JOIN origin g ON g.id = e.origin
        WHERE x.run = ?1 AND {by} ORDER BY x.number, x.step"
    )
}

fn stored(
    connection: &Connection,
    row: &rusqlite::Row<'_>,
    with_exchange: bool,
) -> Result<Row, Error> {
    let micros = |at| -> rusqlite::Result<Option<Duration>> {
        let micros: Option<i64> = row.get(at)?;
        Ok(micros.map(|micros| Duration::from_micros(micros as u64)))
    };
    let target: String = row.get(13)?;
    let head: Option<i64> = row.get(14)?;
    let number = row.get::<_, i64>(5)? as u64;
    let kept = match head.filter(|_| with_exchange) {
        None => None,
        Some(head) => {
            let body: Option<i64> = row.get(15)?;
            let parts = StoredParts {
                target: target.clone(),
                head: parts::read(connection, Table::Head, head)?.into(),
                rest: row.get(16)?,
                body: body
                    .map(|body| parts::read(connection, Table::Body, body))
                    .transpose()?,
            };
            let step = parts.join();
            Some(step.map_err(|what| Error::Damaged(format!("visit {number}: {what}")))?)
        }
    };
    Ok(Row {
        number,
        step: row.get(6)?,
        steps: row.get(7)?,
        decides: row.get(8)?,
        entry_point: entry_point(row, 17)?,
        target,
        verdict: verdict(row, 0)?,
        at: row.get::<_, Option<i64>>(9)?.map(time),
        wait: micros(10)?,
        took: micros(11)?.unwrap_or_default(),
        bytes: row.get::<_, i64>(12)? as u64,
        is_kept: head.is_some(),
        kept,
    })
}

fn entry_point_id(connection: &Connection, key: &EntryKey) -> Result<Option<i64>, Error> {
    let sql = "SELECT e.id FROM entry_point e JOIN origin g ON g.id = e.origin
        WHERE g.origin = ?1 AND e.template = ?2 AND e.method = ?3";
    let place = params![key.origin, key.template, key.method];
    Ok(connection
        .query_row(sql, place, |row| row.get(0))
        .optional()?)
}

/// Goes through the rows of a query until `f` breaks off.
fn each(
    connection: &Connection,
    sql: &str,
    place: impl Params,
    mut f: impl FnMut(&rusqlite::Row<'_>) -> Result<ControlFlow<()>, Error>,
) -> Result<(), Error> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(place)?;
    while let Some(row) = rows.next()? {
        if f(row)?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Outcome, blame, phase, status and producer, from that column on.
fn verdict(row: &rusqlite::Row<'_>, from: usize) -> Result<Verdict, Error> {
    let damaged = |what: String| Error::Damaged(format!("a verdict: {what}"));
    let blamed: String = row.get(from + 1)?;
    let phase: String = row.get(from + 2)?;
    let producer: String = row.get(from + 4)?;
    Ok(Verdict {
        outcome: Cow::Owned(row.get(from)?),
        blamed: blamed.parse::<Blamed>().map_err(damaged)?,
        phase: phase
            .parse::<Phase>()
            .map_err(|error| damaged(error.to_string()))?,
        status: u16::try_from(row.get::<_, i64>(from + 3)?).ok(),
        producer: (!producer.is_empty()).then_some(Cow::Owned(producer)),
    })
}

/// Visits, exchanges, bytes, time and histogram, from that column on.
fn count(row: &rusqlite::Row<'_>, from: usize) -> Result<Count, Error> {
    let number = |at| -> rusqlite::Result<u64> { Ok(row.get::<_, i64>(from + at)? as u64) };
    let took = row
        .get_ref(from + 4)?
        .as_blob()
        .ok()
        .and_then(Histogram::decode);
    Ok(Count {
        visits: number(0)?,
        exchanges: number(1)?,
        bytes: number(2)?,
        took_us: number(3)?,
        took: took.ok_or_else(|| Error::Damaged("a histogram".to_owned()))?,
    })
}

fn entry_point(row: &rusqlite::Row<'_>, from: usize) -> Result<EntryKey, Error> {
    Ok(EntryKey {
        origin: row.get(from)?,
        template: row.get(from + 1)?,
        method: row.get(from + 2)?,
    })
}

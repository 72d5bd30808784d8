//! As a Parquet file, one row an exchange, a row group at a time.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use httpwhy_logs::{Batch, Cell, Kind, Table};
use httpwhy_store::{Row, Run};

/// The columns, as those of the CSV.
const COLUMNS: [(&str, Kind); 19] = [
    ("run", Kind::Int),
    ("visit", Kind::Int),
    ("step", Kind::Int),
    ("steps", Kind::Int),
    ("decides", Kind::Int),
    ("at", Kind::Time),
    ("method", Kind::Text),
    ("target", Kind::Text),
    ("entry_point", Kind::Text),
    ("status", Kind::Int),
    ("outcome", Kind::Text),
    ("party", Kind::Text),
    ("certainty", Kind::Text),
    ("phase", Kind::Text),
    ("producer", Kind::Text),
    ("wait_ms", Kind::Float),
    ("took_ms", Kind::Float),
    ("bytes", Kind::Int),
    ("kept", Kind::Int),
];

/// A file under way.
pub(super) struct Rows {
    table: Table,
    batch: Batch,
    run: i64,
}

impl Rows {
    pub(super) fn create(file: &Path, run: &Run) -> io::Result<Self> {
        Ok(Self {
            table: Table::create(file, &COLUMNS)?,
            batch: Batch::default(),
            run: run.id.0 as i64,
        })
    }

    pub(super) fn add(&mut self, row: &Row) -> io::Result<()> {
        let verdict = &row.verdict;
        let int = |number: u64| Cell::Int(Some(number as i64));
        let entry_point = row.entry_point.to_string();
        let millis = |took: Duration| took.as_micros() as f64 / 1e3;
        self.batch.push(&[
            Cell::Int(Some(self.run)),
            int(row.number),
            int(row.step.into()),
            int(row.steps.into()),
            int(row.decides.into()),
            Cell::Int(row.at.map(since_1970)),
            Cell::Text(Some(&row.entry_point.method)),
            Cell::Text(Some(&row.target)),
            Cell::Text(Some(&entry_point)),
            Cell::Int(verdict.status.map(i64::from)),
            Cell::Text(Some(&verdict.outcome)),
            Cell::Text(Some(verdict.blamed.as_str())),
            Cell::Text(Some(verdict.blamed.certainty())),
            Cell::Text(Some(verdict.phase.as_str())),
            Cell::Text(verdict.producer.as_deref()),
            Cell::Float(row.wait.map(millis)),
            Cell::Float(Some(millis(row.took))),
            int(row.bytes),
            int(row.is_kept.into()),
        ]);
        if self.batch.is_full() {
            self.table.take(&mut self.batch)?;
        }
        Ok(())
    }

    pub(super) fn close(mut self) -> io::Result<()> {
        self.table.take(&mut self.batch)?;
        self.table.close()
    }
}

/// In milliseconds.
fn since_1970(at: SystemTime) -> i64 {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis() as i64
}

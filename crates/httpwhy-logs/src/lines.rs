//! The lines themselves as a table, for whoever asks for it.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use httpwhy_ingest::logs::{Column, Format, Line, last_of_list};

use crate::judge::Judged;
use crate::parquet::{Batch, Cell, Kind, Table};
use crate::{shown, shown_client};

/// The columns of a line.
const COLUMNS: &[(&str, Kind)] = &[
    ("time", Kind::Time),
    ("format", Kind::Text),
    ("client", Kind::Text),
    ("method", Kind::Text),
    ("host", Kind::Text),
    ("target", Kind::Text),
    ("status", Kind::Int),
    ("bytes", Kind::Int),
    ("duration_ms", Kind::Float),
    ("upstream", Kind::Text),
    ("upstream_status", Kind::Int),
    ("state", Kind::Text),
    ("agent", Kind::Text),
    ("request_id", Kind::Text),
    ("trace_id", Kind::Text),
    ("happened", Kind::Text),
    ("outcome", Kind::Text),
    ("party", Kind::Text),
];

/// A Parquet file that takes every line asked for, as the threads read them: in order within a chunk of the log only.
#[derive(Debug)]
pub struct Lines {
    table: Mutex<(Option<Table>, Option<io::Error>)>,
    anonymize: bool,
}

impl Lines {
    /// Begins the file. Secrets in queries are hidden; with `anonymize` addresses are cut to their network and queries
    /// dropped.
    pub fn create(path: &Path, anonymize: bool) -> io::Result<Self> {
        let table = Table::create(path, COLUMNS)?;
        Ok(Self {
            table: Mutex::new((Some(table), None)),
            anonymize,
        })
    }

    /// Ends the file; the first error that writing it met.
    pub fn close(&self) -> io::Result<()> {
        let (table, error) = &mut *self.locked();
        match (error.take(), table.take()) {
            (Some(error), _) => Err(error),
            (None, Some(table)) => table.close(),
            (None, None) => Ok(()),
        }
    }

    /// Writes the lines in hand. After an error nothing more is written.
    pub(crate) fn take(&self, batch: &mut Batch) {
        let (table, error) = &mut *self.locked();
        let result = table.as_mut().map_or(Ok(()), |table| table.take(batch));
        if let Err(failed) = result {
            *table = None;
            *error = Some(failed);
        }
    }

    fn locked(&self) -> MutexGuard<'_, (Option<Table>, Option<io::Error>)> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to those in hand.
    pub(crate) fn push(
        &self,
        batch: &mut Batch,
        format: &Format,
        line: &Line<'_>,
        second: Option<i64>,
        judged: &Judged,
    ) {
        let shown = |text: Option<&[u8]>| text.map(|text| shown(text, self.anonymize));
        let of = |column| shown(line.some(column));
        let (agent, state) = (of(Column::Agent), of(Column::State));
        let client = line
            .some(Column::Client)
            .map(|client| shown_client(client, self.anonymize));
        let (request, trace) = (of(Column::RequestId), of(Column::TraceId));
        let (method, host, target) = (
            shown(line.method()),
            shown(line.host()),
            shown(line.target()),
        );
        let upstream = shown(line.some(Column::Upstream).map(last_of_list));
        let upstream_status = line
            .some(Column::UpstreamStatus)
            .and_then(|text| std::str::from_utf8(last_of_list(text)).ok()?.parse().ok());
        let micros = line.micros(Column::Duration);
        batch.push(&[
            Cell::Int(second.map(|second| second * 1000)),
            Cell::Text(Some(format.name)),
            Cell::Text(client.as_deref()),
            Cell::Text(method.as_deref()),
            Cell::Text(host.as_deref()),
            Cell::Text(target.as_deref()),
            Cell::Int(line.status().map(i64::from)),
            Cell::Int(
                line.bytes()
                    .map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
            ),
            Cell::Float(micros.map(|micros| micros as f64 / 1000.0)),
            Cell::Text(upstream.as_deref()),
            Cell::Int(upstream_status),
            Cell::Text(state.as_deref()),
            Cell::Text(agent.as_deref()),
            Cell::Text(request.as_deref()),
            Cell::Text(trace.as_deref()),
            Cell::Text(Some(judged.happened.word())),
            Cell::Text(Some(judged.diagnosis.outcome.0)),
            Cell::Text(
                judged
                    .diagnosis
                    .blame
                    .party()
                    .map(httpwhy_model::Party::as_str),
            ),
        ]);
        if batch.is_full() {
            self.take(batch);
        }
    }
}

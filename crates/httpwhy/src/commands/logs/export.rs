//! What was counted as CSV or Parquet, and the lines themselves as Parquet.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use httpwhy_logs::{Lines, Triage, write_aggregates, write_csv};
use httpwhy_render::safe;

use super::when;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tables")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) tables: Tables,

    /// Write the columns of every line asked for as a Parquet file; with --anonymize without persons
    #[arg(long, value_name = "FILE")]
    parquet_lines: Option<PathBuf>,
}

/// What was counted, as tables.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tables")]
pub(crate) struct Tables {
    /// Write what was counted as a CSV file (RFC 4180); - for standard output in place of the first screen
    ///
    /// Columns: level (minute, outcome or path: sum the counts of one level only), minute (RFC 3339), path (template),
    /// status, happened, outcome, party, certainty, count, bytes (of level outcome), p50_ms, p90_ms, p99_ms, p999_ms,
    /// max_ms (within 0.8 %, not of level minute). A field that a spreadsheet would calculate begins with '.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    csv: Option<PathBuf>,

    /// Write what was counted as a Parquet file: by minute, by outcome, by path and outcome
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
}

impl Args {
    /// Begins the file of lines, if one is asked for.
    pub(crate) fn lines(
        &self,
        inputs: &[String],
        anonymize: bool,
    ) -> Result<Option<Arc<Lines>>, String> {
        self.tables.keep(inputs)?;
        let Some(path) = &self.parquet_lines else {
            return Ok(None);
        };
        keep("--parquet-lines", path, inputs)?;
        Lines::create(path, anonymize)
            .map(|lines| Some(Arc::new(lines)))
            .map_err(|error| problem("--parquet-lines", path, &error))
    }

    /// Ends the file of lines, and writes what was counted.
    pub(crate) fn write(
        &self,
        triage: &Triage,
        lines: Option<&Lines>,
        anonymize: bool,
    ) -> Result<(), String> {
        if let (Some(path), Some(lines)) = (&self.parquet_lines, lines) {
            lines
                .close()
                .map_err(|error| problem("--parquet-lines", path, &error))?;
        }
        self.tables.write(triage, anonymize)
    }
}

impl Tables {
    /// An error if a table would overwrite an input.
    pub(crate) fn keep(&self, inputs: &[String]) -> Result<(), String> {
        let tables = [("--csv", &self.csv), ("--parquet", &self.parquet)];
        let mut asked = tables
            .into_iter()
            .filter_map(|(option, path)| Some((option, path.as_deref()?)));
        asked.try_for_each(|(option, path)| keep(option, path, inputs))
    }

    /// Writes what was counted, but for what takes the place of the first screen.
    pub(crate) fn write(&self, triage: &Triage, anonymize: bool) -> Result<(), String> {
        if let Some(path) = self.csv.as_ref().filter(|_| !self.takes_output()) {
            File::create(path)
                .and_then(|file| {
                    let mut out = BufWriter::new(file);
                    csv(&mut out, triage, anonymize)?;
                    out.flush()
                })
                .map_err(|error| problem("--csv", path, &error))?;
        }
        let Some(path) = &self.parquet else {
            return Ok(());
        };
        write_aggregates(triage, path, anonymize)
            .map_err(|error| problem("--parquet", path, &error))
    }

    /// Whether the CSV goes to standard output.
    pub(crate) fn takes_output(&self) -> bool {
        self.csv.as_deref() == Some(Path::new("-"))
    }
}

/// What was counted, as CSV.
pub(super) fn csv(out: &mut dyn io::Write, triage: &Triage, anonymize: bool) -> io::Result<()> {
    write_csv(triage, out, anonymize, when::rfc3339)
}

/// An error if writing there would overwrite an input.
pub(super) fn keep(option: &str, path: &Path, inputs: &[String]) -> Result<(), String> {
    if !is_one_of(path, inputs) {
        return Ok(());
    }
    let name = safe(&path.display().to_string());
    Err(format!(
        "{option} {name} would overwrite a log that is to be read: name another file"
    ))
}

/// Whether a path is that of an input, by whatever name.
fn is_one_of(path: &Path, inputs: &[String]) -> bool {
    let Ok(real) = path.canonicalize() else {
        return false;
    };
    inputs.iter().any(|input| {
        Path::new(input)
            .canonicalize()
            .is_ok_and(|input| input == real)
    })
}

pub(super) fn problem(option: &str, path: &Path, error: &io::Error) -> String {
    format!("{option} {}: {error}", safe(&path.display().to_string()))
}

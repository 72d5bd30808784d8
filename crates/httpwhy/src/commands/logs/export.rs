//! What was counted, and the lines themselves, as Parquet files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use httpwhy_logs::{Lines, Triage, write_aggregates};
use httpwhy_render::safe;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tables")]
pub(crate) struct Args {
    /// Write what was counted as a Parquet file: by minute, by outcome, by path and outcome
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,

    /// Write the columns of every line asked for as a Parquet file; with --anonymize without persons
    #[arg(long, value_name = "FILE")]
    parquet_lines: Option<PathBuf>,
}

impl Args {
    /// Begins the file of lines, if one is asked for.
    pub(crate) fn lines(
        &self,
        inputs: &[String],
        anonymize: bool,
    ) -> Result<Option<Arc<Lines>>, String> {
        for (option, path) in [
            ("--parquet", &self.parquet),
            ("--parquet-lines", &self.parquet_lines),
        ] {
            if let Some(path) = path.as_deref().filter(|path| is_one_of(path, inputs)) {
                let name = safe(&path.display().to_string());
                return Err(format!(
                    "{option} {name} would overwrite a log that is to be read: name another file"
                ));
            }
        }
        let Some(path) = &self.parquet_lines else {
            return Ok(None);
        };
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
        let Some(path) = &self.parquet else {
            return Ok(());
        };
        write_aggregates(triage, path, anonymize)
            .map_err(|error| problem("--parquet", path, &error))
    }
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

fn problem(option: &str, path: &Path, error: &io::Error) -> String {
    format!("{option} {}: {error}", safe(&path.display().to_string()))
}

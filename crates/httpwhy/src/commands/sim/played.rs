//! `httpwhy sim`: scenarios, and recorded exchanges as scenarios.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use httpwhy_model::Visit;
use httpwhy_render::safe;
use httpwhy_schema::ScenarioFile;
use httpwhy_sim::Simulator;

use crate::commands::runs::{self, stored};
use crate::exit::Failure;

/// Visits of a stored run that are replayed at most.
const MOST_VISITS: usize = 100_000;
/// A file larger than this is refused rather than read into memory.
const LARGEST: u64 = 256 << 20;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What is played")]
pub(super) struct Played {
    /// Answer as this scenario says (TOML or JSON; its schema is in the docs)
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    scenario: Option<PathBuf>,

    /// Repeat a recorded exchange: same bytes, same times, same end. Any file that `httpwhy read` takes; or a stored run: runs.db#12, #last for the last of the usual file
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,

    /// Multiply the times of a replay: 0.1 is ten times as fast, 0 waits nowhere
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        requires = "replay"
    )]
    pace: f64,

    /// Write the replay as a scenario (JSON) to this file, to be edited
    #[arg(long, value_name = "FILE", requires = "replay")]
    save_scenario: Option<PathBuf>,
}

impl Played {
    /// Reads what is played, and says to ask for what: methods and paths.
    pub(super) fn start(&self, simulator: &Simulator) -> Result<Vec<String>, Failure> {
        let Some(scenario) = self.read()? else {
            return Ok(Vec::new());
        };
        if let Some(file) = &self.save_scenario {
            let mut text = serde_json::to_string_pretty(&scenario).map_err(Failure::internal)?;
            text.push('\n');
            std::fs::write(file, text).map_err(|error| {
                Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
            })?;
        }
        let asked = scenario.rules.iter().map(|rule| {
            let method = rule.when.method.as_deref().unwrap_or("any method");
            let target = rule.when.target.as_ref().or(rule.when.path.as_ref());
            let target = target.map_or("any path", String::as_str);
            format!("{} {}", safe(method), safe(target))
        });
        let asked: Vec<String> = asked.collect();
        simulator.play(scenario);
        Ok(asked)
    }

    fn read(&self) -> Result<Option<ScenarioFile>, Failure> {
        if let Some(file) = &self.scenario {
            let text = String::from_utf8(load(file)?)
                .map_err(|_| Failure::usage(format_args!("{}: it is not UTF-8", file.display())))?;
            let scenario = ScenarioFile::read(&text).map_err(|error| {
                let error = error.to_string();
                Failure::usage(format_args!("{}: {}", file.display(), safe(&error)))
            })?;
            return Ok(Some(scenario));
        }
        let Some(file) = &self.replay else {
            return Ok(None);
        };
        let visits = recorded(file)?;
        let scenario = httpwhy_sim::replay(&visits, self.pace).map_err(|why| {
            let why = why.to_string();
            Failure::usage(format_args!(
                "{}: it cannot be replayed: {}",
                file.display(),
                safe(&why)
            ))
        })?;
        Ok(Some(scenario))
    }
}

/// The visits of a file, or of a run in a store.
fn recorded(file: &Path) -> Result<Vec<Visit>, Failure> {
    let name = file.to_str().filter(|_| !file.exists());
    if let Some((store, run)) = name.and_then(stored::reference) {
        let store = runs::open(store.map(PathBuf::from))?;
        let (run, visits) = stored::visits(&store, run, MOST_VISITS)?;
        if visits.is_empty() {
            return Err(Failure::usage(format_args!(
                "run {} holds no exchange with its bytes: it cannot be replayed",
                run.id
            )));
        }
        return Ok(visits);
    }
    httpwhy_ingest::read(&load(file)?, None)
        .map_err(|unread| Failure::usage(format_args!("{}: {unread}", file.display())))
}

fn load(file: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::usage(format_args!("cannot read '{}': {why}", file.display()))
    };
    let open = std::fs::File::open(file).map_err(|error| cannot(&error))?;
    let mut bytes = Vec::new();
    let mut limited = open.take(LARGEST + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(cannot(&"it is larger than 256 MiB"));
    }
    Ok(bytes)
}

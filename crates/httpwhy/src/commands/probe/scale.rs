//! Options for long lists.

use std::path::{Path, PathBuf};

use httpwhy_model::Signal;

use super::dedup::Dedup;
use super::inputs::InputArgs;
use super::ledger::Inputs;
use super::lines::Shape;
use super::resume::{self, Done};
use super::targets::{self, Targets};
use crate::exit::Failure;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ScaleArgs {
    /// Results in the order of the list. The prober is at most 1000 targets, or 4 times the concurrency, ahead of the
    /// oldest one without a result: one slow target can hold up the rest
    #[arg(long, help_heading = "Long lists")]
    ordered: bool,

    /// Ask for each target once; its record says which line named it first. Up to 40 bytes of memory a distinct target
    #[arg(long, help_heading = "Long lists")]
    dedup: bool,

    /// Distinct targets remembered by --dedup
    #[arg(
        long,
        help_heading = "Long lists",
        value_name = "N",
        default_value_t = 1_000_000
    )]
    dedup_max: u32,

    /// Go on with the run whose JSON Lines are in the file of --output: what has its record there is not asked for again.
    /// The same list has to be given. A torn last line is cut off
    #[arg(long, help_heading = "Long lists", requires = "output")]
    resume: bool,

    /// Write the summary as JSON (kind run) to this file; - for standard output, behind the results
    #[arg(long, help_heading = "Long lists", value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

impl ScaleArgs {
    /// How far the prober may be ahead of the oldest target without a result.
    pub(crate) fn window(&self, concurrency: u16) -> Option<u64> {
        self.ordered
            .then(|| super::ordered::window(concurrency.into()))
    }

    pub(crate) const fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// Whether each input is asked for as it comes: none is waited for, none passed over.
    pub(crate) const fn is_plain(&self) -> bool {
        !(self.ordered || self.dedup || self.resume)
    }

    pub(crate) const fn resumes(&self) -> bool {
        self.resume
    }

    /// The inputs, with what is known of them from an earlier run and whether they are to be told apart.
    pub(crate) fn inputs(
        &self,
        targets: Targets,
        words: &[String],
        given: &InputArgs,
        output: Option<&Path>,
        shape: Shape,
    ) -> Result<Inputs, Failure> {
        let done = match output.filter(|_| self.resume) {
            Some(file) => Some(earlier(words, given, file, shape)?),
            None => None,
        };
        Ok(Inputs {
            targets,
            done,
            dedup: self.dedup.then(|| Dedup::new(self.dedup_max as usize)),
        })
    }
}

fn earlier(
    words: &[String],
    given: &InputArgs,
    file: &Path,
    shape: Shape,
) -> Result<Done, Failure> {
    if shape != Shape::Json {
        return Err(Failure::usage(
            "--resume goes on with JSON Lines: give --format json, or leave --format out",
        ));
    }
    let done = resume::read(file)?;
    if words.iter().any(|word| word == "-") {
        return Ok(done);
    }
    let list = targets::open(words, given, true)?;
    if list.can_be_read_twice() {
        done.check(list, file)?;
    }
    Ok(done)
}

/// What stands in the record of a target that was given before.
pub(crate) fn duplicate_of(first: u64) -> Signal {
    Signal::Word {
        dialect: "engine".into(),
        word: "duplicate".into(),
        params: vec![("of".into(), first.to_string())],
    }
}

/// Targets that are to be asked for, when that can be known ahead.
pub(crate) fn left(targets: &Targets, done: Option<&Done>) -> Option<usize> {
    let done = done.map_or(0, Done::count);
    targets.total().map(|total| total.saturating_sub(done))
}

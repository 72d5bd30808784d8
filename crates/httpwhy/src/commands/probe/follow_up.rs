//! What is made of the results besides writing them: filters, the list written again, letters, cookies.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use httpwhy_model::{Seen, Visit};
use httpwhy_probe::Jar;
use httpwhy_render::safe;

use super::Args;
use super::relink::Relink;
use super::report::Reports;
use super::select::Filters;
use crate::exit::Failure;
use crate::judge::Judged;

#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "What to make of it")]
pub(crate) struct Wishes {
    #[command(flatten)]
    filters: Filters,

    /// Write the list again to this new file (- for standard output): permanent redirects followed, what is gone taken out, a reason behind a tab
    #[arg(long, value_name = "FILE", help_heading = "What to make of it")]
    relink: Option<String>,

    /// Instead of the results write ten lines to send to the party at fault, for one target or for the largest groups of failures
    #[arg(long, value_name = "GROUPS", num_args = 0..=1, require_equals = true, default_missing_value = "3", value_parser = clap::value_parser!(u16).range(1..=512), help_heading = "What to make of it")]
    report: Option<u16>,
}

/// What the threads of one run gather for it.
pub(crate) struct FollowUp {
    filters: Filters,
    hidden: AtomicU64,
    relink: Option<Relink>,
    reports: Option<(Reports, usize)>,
    cookies: Option<(PathBuf, Mutex<Jar>)>,
    /// Whether standard output is for something else than results.
    silent: bool,
    inputs: Vec<String>,
}

impl Wishes {
    /// Whether a list is to be written again.
    pub(crate) const fn relinks(&self) -> bool {
        self.relink.is_some()
    }
}

impl FollowUp {
    /// # Errors
    /// Where options do not go together, or a file is not to be written.
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let (wishes, asking, inputs) = (&args.wishes, &args.asking, &args.targets);
        let elsewhere = args.output.is_some();
        if args.scale.resumes() && (wishes.relink.is_some() || !wishes.filters.are_none()) {
            return Err(Failure::usage(
                "--resume knows from the results what was asked for: it goes with no filter and not with --relink",
            ));
        }
        if let Some(option) = asking.reads_standard_input()
            && inputs.iter().any(|input| input == "-")
        {
            return Err(Failure::usage(format_args!(
                "both the targets (-) and {option} read standard input; give one of them as a file"
            )));
        }
        let relink = wishes
            .relink
            .as_deref()
            .map(|to| Relink::new(to, inputs, asking.asks_with()))
            .transpose()?;
        let to_standard_output = relink.as_ref().is_some_and(Relink::to_standard_output);
        if to_standard_output && wishes.report.is_some() {
            return Err(Failure::usage(
                "--relink - and --report both write to standard output; give --relink a file",
            ));
        }
        Ok(Self {
            filters: wishes.filters.clone(),
            hidden: AtomicU64::new(0),
            silent: !elsewhere && (to_standard_output || wishes.report.is_some()),
            relink,
            reports: wishes
                .report
                .map(|most| (Reports::default(), usize::from(most))),
            cookies: asking
                .cookie_jar()
                .map(|file| (file.to_owned(), Mutex::default())),
            inputs: inputs.clone(),
        })
    }

    /// Takes a visit, as it was seen and as it was judged with its credentials hidden; whether it is to be written.
    pub(crate) fn take(&self, visit: &Visit, judged: &Judged) -> bool {
        if let Some(relink) = &self.relink {
            relink.add(visit, judged);
        }
        if let Some((_, jar)) = &self.cookies {
            receive(
                &mut jar.lock().unwrap_or_else(PoisonError::into_inner),
                visit,
            );
        }
        if !self.filters.select(judged) {
            self.hidden.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        if let Some((reports, _)) = &self.reports {
            reports.add(judged);
        }
        !self.silent
    }

    /// How many results the filters left out.
    pub(crate) fn hidden(&self) -> u64 {
        self.hidden.load(Ordering::Relaxed)
    }

    /// Writes what was gathered. Half a list would lose the other half: an interrupted run writes none.
    pub(crate) fn end(&self, interrupted: bool, quiet: bool) -> Result<(), Failure> {
        let mut told = Vec::new();
        if self.hidden() > 0 {
            told.push(format!(
                "{} results are not shown: the filters leave them out",
                self.hidden()
            ));
        }
        if let Some((file, jar)) = &self.cookies {
            let jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
            write_secret(file, &jar.write_netscape()).map_err(|error| {
                Failure::internal(format_args!(
                    "cannot write '{}': {error}",
                    safe(&file.to_string_lossy())
                ))
            })?;
        }
        if let Some((reports, most)) = &self.reports {
            let mut out = BufWriter::new(io::stdout().lock());
            reports
                .write(&mut out, *most)
                .and_then(|()| out.flush())
                .map_err(|error| Failure::output(&error))?;
        }
        match &self.relink {
            Some(_) if interrupted => {
                told.push("the list is not written again: the run was interrupted".to_owned());
            }
            Some(relink) => {
                let [moved, gone, left] = relink.write(&self.inputs)?;
                told.push(format!(
                    "list: {moved} moved, {gone} gone, {left} left with a word"
                ));
            }
            None => {}
        }
        if !quiet {
            let _ = told
                .iter()
                .try_for_each(|line| writeln!(io::stderr(), "httpwhy: {line}"));
        }
        Ok(())
    }
}

/// Keeps the cookies that a visit's steps were given.
fn receive(jar: &mut Jar, visit: &Visit) {
    for step in &visit.steps {
        let exchange = &step.exchange;
        let at = match exchange.observed_at {
            Seen::Present(at) => at,
            Seen::Absent | Seen::NotCaptured => SystemTime::UNIX_EPOCH,
        };
        for response in exchange.interim.iter().chain(&exchange.response) {
            jar.receive(&exchange.target, &response.fields, at);
        }
    }
}

/// Writes a file that nobody else may read.
fn write_secret(file: &std::path::Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut open = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    open.write_all(text.as_bytes())
}

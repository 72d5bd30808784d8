//! A run from its first input to its summary.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use httpwhy_diagnose::Memory;
use httpwhy_model::{Blame, Signal, Visit, redacted};
use httpwhy_probe::{Config, Finished, Job};

use super::follow_up::FollowUp;
use super::jobs::{self, Overrides};
use super::ledger::{Input, Ledger, left_out, never_begun};
use super::lines::Lines;
use super::progress::Progress;
use super::save::Saving;
use super::summary::{Ended, Summary};
use super::yourside::YourSide;
use super::{Args, auth, descriptors, policy, resume, scale, shape, stop_on_interrupt, targets};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::judge::Judged;
use crate::output;

/// What the threads of one run share.
struct Session {
    follow_up: FollowUp,
    /// What each thread judged lately.
    memories: Vec<Mutex<Memory>>,
    lines: Lines,
    summary: Summary,
    progress: Progress,
    stop: Arc<AtomicBool>,
    ledger: Ledger,
    your_side: YourSide,
    saving: Option<Saving>,
    /// Why the run cannot go on, found out on the way.
    failure: Mutex<Option<Failure>>,
    login: Option<auth::Kept>,
}

/// Asks for all targets. `template` is what every job has in common.
pub(crate) fn run(
    args: &Args,
    common: &Common,
    template: Job,
    config: Config,
) -> Result<Exit, Failure> {
    let mut pages = args.browser.pages(args, &template, &config)?;
    let targets = targets::open(&args.targets, &args.inputs, false)?;
    if args.wishes.relinks() && !targets.are_plain() {
        return Err(Failure::usage(
            "--relink writes plain lists again; one of the files is of another kind",
        ));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut config = config;
    let login = args.auth.keep(&mut config, &stop)?;
    if let (Some(pages), Some(login)) = (&mut pages, &login) {
        pages.keep(login.pages());
    }
    let config = &Arc::new(Config {
        // A description or a recording may take long to read on.
        jobs_block: !(targets.are_plain() && targets.can_be_read_twice() && args.scale.is_plain()),
        ..config
    });
    let alone = targets.single();
    let shape = shape(args, common, alone);
    let output = args.output.as_deref();
    let follow_up = FollowUp::new(args)?;
    let inputs = args
        .scale
        .inputs(targets, &args.targets, &args.inputs, output, shape)?;
    let left = scale::left(&inputs.targets, inputs.done.as_ref());
    let lines = Lines::open(
        output,
        args.scale.resumes(),
        shape,
        output::style(common.color),
        usize::from(args.threads),
        args.exchanges,
    )?;
    let window = args.scale.window(args.concurrency);
    let session = Arc::new(Session {
        follow_up,
        memories: (0..args.threads.max(1)).map(|_| Mutex::default()).collect(),
        lines: if args.scale.is_ordered() {
            lines.in_order()
        } else {
            lines
        },
        summary: Summary::new(
            &args.fail_on,
            args.scale.summary.is_some() || !args.quiet && !alone,
        ),
        progress: Progress::new(left, args.quiet || alone, args.pace.said()),
        stop: Arc::clone(&stop),
        saving: args.save.begin(&args.targets, left, args.quiet)?,
        your_side: YourSide::new(&args.your_side, config, Arc::clone(&stop), args.quiet),
        ledger: Ledger::new(inputs, window, stop),
        failure: Mutex::default(),
        login,
    });
    if let Some(login) = &session.login {
        let session = Arc::downgrade(&session);
        login.tell(move |name, judged| {
            if let Some(session) = session.upgrade() {
                // An error shows at the next result.
                let _ = session.lines.write_aside(name, judged);
            }
        });
    }
    if let Some(said) = descriptors::provide(args.concurrency.into()) {
        super::complain(&said);
    }
    let interrupted = stop_on_interrupt(&session.stop)?;
    let each = {
        let session = Arc::clone(&session);
        move |finished: Finished| session.finished(&finished)
    };
    let jobs = jobs(&session, template, args.asking.overrides(), output);
    let policy = policy::steps(args.max_redirects, args.pace.retries());
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| session.progress.show(&session.lines, &session.summary));
        scope.spawn(|| session.your_side.guard());
        let ran = match &pages {
            Some(pages) => pages.run(jobs, each, &session.stop),
            None => httpwhy_probe::run(config, jobs, policy, each, &session.stop)
                .map(|totals| (totals, false))
                .map_err(Failure::internal),
        };
        session.progress.end();
        session.your_side.end();
        ran
    });
    if let Some(login) = &session.login {
        login.end();
    }
    let (totals, troubled) = ran?;
    if let Some(failure) = lock(&session.failure).take() {
        return Err(failure);
    }
    let interrupted = interrupted.load(Ordering::Relaxed);
    let gave_up = session.your_side.gave_up().filter(|_| !interrupted);
    if interrupted || gave_up.is_some() {
        let why = gave_up
            .clone()
            .unwrap_or_else(|| Signal::word("engine", "cancelled"));
        let rest = session.ledger.never_begun(&why);
        rest.for_each(|(number, visit)| {
            session.record(0, number, &visit);
        });
    }
    let written = session.lines.close();
    written.map_err(|error| Failure::output(&error))?;
    let ended = Ended {
        totals,
        took: session.progress.elapsed(),
        interrupted,
        your_side: session.your_side.shared(),
    };
    let saving = session.saving.as_ref();
    let saved = saving.is_none_or(|saving| saving.end(&ended, args.quiet));
    session.follow_up.end(interrupted, args.quiet)?;
    if let Some(file) = &args.scale.summary {
        session.summary.write(file, &ended)?;
    }
    if !args.quiet {
        session.summary.tell_found();
        if let Some(said) = session.login.as_ref().map(auth::Kept::said) {
            super::complain(&said);
        }
    }
    if !args.quiet && !alone {
        session
            .summary
            .print(&ended, output::error_style(common.color));
        if let Some(said) = session.ledger.dedup_said() {
            super::complain(&said);
        }
    }
    Ok(match gave_up {
        _ if interrupted => Exit::Interrupted,
        Some(_) => Exit::Infrastructure,
        None if !saved => Exit::Infrastructure,
        None => match session.summary.exit() {
            Exit::Fine if troubled => Exit::Infrastructure,
            exit => exit,
        },
    })
}

/// The jobs of all inputs that are to be asked for; the others are dealt with on the way.
fn jobs(
    session: &Arc<Session>,
    template: Job,
    overrides: Overrides,
    output: Option<&Path>,
) -> impl Iterator<Item = Job> + Send + use<> {
    let session = Arc::clone(session);
    let file = output.map(Path::to_owned).unwrap_or_default();
    std::iter::from_fn(move || {
        loop {
            match session.ledger.next()? {
                Input::Ask(index, call) => {
                    return Some(jobs::of(&template, overrides, index, call));
                }
                Input::Unsafe(number, call) => {
                    session.record(0, number, &left_out(call));
                }
                Input::Unread(number, name, unread) => {
                    session.record(0, number, &unread.visit(&name));
                }
                Input::Done(number) => {
                    // An error shows at the next result.
                    let _ = session.lines.skip(number);
                }
                Input::Again(number, target, first) => {
                    let visit = never_begun(target, scale::duplicate_of(first));
                    session.record(0, number, &visit);
                }
                Input::Other(number, target) => {
                    let failure = resume::another_list(&file, number, &target);
                    *lock(&session.failure) = Some(failure);
                    session.stop.store(true, Ordering::Relaxed);
                    return None;
                }
            }
        }
    })
}

impl Session {
    fn finished(&self, finished: &Finished) {
        let (thread, number) = (finished.thread, finished.index);
        let hidden = self.login.as_ref().map(|login| login.hide(&finished.visit));
        let visit = hidden.as_deref().unwrap_or(&finished.visit);
        // What was under way when the run was given up was not stopped by anybody's wish.
        let given_up = self.your_side.gave_up();
        let ended = given_up.map(|why| ended_by(visit, &why));
        let visit = ended.as_ref().unwrap_or(visit);
        let documented = self.ledger.documented(number);
        let documented = documented.map(|documented| jobs::documented(visit, &documented));
        let visit = documented.as_ref().unwrap_or(visit);
        let judged = self.record(thread, number, visit);
        self.your_side.see(&judged);
        self.ledger.back(finished.index);
    }

    /// Judges a visit and writes it down. When nothing can be written any more, the run stops.
    fn record<'v>(&self, thread: usize, number: u64, visit: &'v Visit) -> Judged<'v> {
        let mut memory = lock(&self.memories[thread % self.memories.len()]);
        let judged = Judged::by(&mut memory, redacted(visit));
        drop(memory);
        self.summary.add(number, &judged);
        if let Some(saving) = &self.saving {
            saving.take(number, &judged);
        }
        let written = if self.follow_up.take(visit, &judged) {
            self.lines.write(thread, number, &judged)
        } else {
            self.lines.skip(number)
        };
        if written.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        self.progress.step(judged.verdict().blame != Blame::Nobody);
        judged
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The visit, with that signal where it was cancelled.
fn ended_by(visit: &Visit, why: &Signal) -> Visit {
    let mut visit = visit.clone();
    let faults = visit
        .steps
        .iter_mut()
        .flat_map(|step| &mut step.exchange.faults);
    for signal in faults.flat_map(|fault| &mut fault.signals) {
        if signal.is("engine:cancelled") {
            signal.clone_from(why);
        }
    }
    visit
}

//! `--follow` and `--state`: logs that grow, read on.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use httpwhy_logs::{Input, Lock, Options, Progress, Reading, State, StateError, Step, Triage};
use httpwhy_render::{Style, safe};

use super::changes::Changes;
use super::metrics::Metrics;
use super::signals::Ending;
use super::{Shown, metrics, progress, screen};
use crate::cli::Common;
use crate::exit::Failure;
use crate::output;

/// How often the files are looked at. By looking, not by being told: that works on every file system.
const LOOK: Duration = Duration::from_millis(250);
/// A terminal is refreshed at most so often.
const REFRESH: Duration = Duration::from_secs(1);
/// Showing takes at most this part of the time.
const SHARE: u32 = 10;
/// The state is written at most so often.
const SAVE: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Logs that grow")]
pub(crate) struct Args {
    /// Read on as the files grow, like tail -F: through rotation, truncation, and files that vanish and come back. A
    /// terminal shows the first screen, a pipe what changed; Ctrl-C ends with the whole
    #[arg(long, short = 'f', conflicts_with_all = ["join", "parquet_lines"])]
    follow: bool,

    /// With --follow into a pipe or file: how many seconds the lines of what changed lie apart
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400), requires = "follow")]
    every: u64,

    /// Go on where the run before stopped, and write here how far this one came; created when it is not there.
    /// `httpwhy logs merge` puts the states of many hosts together
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,

    #[command(flatten)]
    metrics: metrics::Args,
}

impl Args {
    /// Whether the inputs are read as logs that grow.
    pub(crate) const fn is_asked(&self) -> bool {
        self.follow || self.state.is_some() || self.metrics.is_asked()
    }

    /// Whether standard output is taken by metrics, and the report is not wanted there.
    pub(crate) fn reports_elsewhere(&self) -> bool {
        self.metrics.is_on_stdout()
    }
}

/// Reads logs that grow; what was found in the end. `asked` says in words which lines are asked for.
pub(crate) fn run(
    args: &Args,
    inputs: Vec<Input>,
    options: Options,
    asked: &str,
    shown: Shown,
    common: &Common,
) -> Result<Triage, Failure> {
    let problem = |error: StateError| {
        let path = args.state.as_deref().unwrap_or(Path::new(""));
        Failure::usage(format!(
            "--state {}: {error}",
            safe(&path.display().to_string())
        ))
    };
    let _lock = args
        .state
        .as_deref()
        .map(Lock::of)
        .transpose()
        .map_err(problem)?;
    let state = match args.state.as_deref() {
        Some(path) => State::load(path).map_err(problem)?,
        None => None,
    };
    let is_kept = state.is_some();
    let reading = Reading::new(inputs, options, asked, state, args.follow).map_err(problem)?;
    let mut run = Run {
        args,
        shown,
        common,
        reading,
        metrics: args.metrics.begin()?,
        progress: Arc::default(),
        saved: Instant::now(),
        is_kept,
    };
    if args.follow {
        run.follow()?;
    } else {
        let step = run.step();
        run.written(&step).map_err(problem)?;
    }
    Ok(run.reading.finish(&Progress::default()))
}

struct Run<'a> {
    args: &'a Args,
    shown: Shown,
    common: &'a Common,
    reading: Reading,
    metrics: Metrics,
    progress: Arc<Progress>,
    saved: Instant,
    /// The state on the disk is there, and was written without an error the last time.
    is_kept: bool,
}

impl Run<'_> {
    /// One step; with progress on a terminal where it is the only one.
    fn step(&mut self) -> Step {
        let (reading, progress) = (&mut self.reading, &self.progress);
        if self.args.follow {
            return reading.advance(progress);
        }
        let step = progress::beside(progress, || reading.advance(progress));
        tell(&step.notes);
        step
    }

    /// Writes the state and the metrics of whole lines.
    fn written(&mut self, step: &Step) -> Result<(), StateError> {
        if step.interrupted {
            return Ok(());
        }
        if let Some(path) = &self.args.state {
            self.reading.save(path)?;
            self.saved = Instant::now();
        }
        if self.metrics.is_wanted() {
            self.metrics
                .publish(self.reading.triage())
                .map_err(StateError::Io)?;
        }
        Ok(())
    }

    fn follow(&mut self) -> Result<(), Failure> {
        let ending = Ending::new()?;
        let live = io::stdout().is_terminal() && !self.common.json && !self.metrics.is_on_stdout();
        let ended = ending.watch(Arc::clone(&self.progress), if live { LEAVE } else { "" });
        let mut view = View::new(live, self);
        let (mut unsaved, mut unpublished) = (false, false);
        loop {
            let step = self.step();
            view.tell(&step.notes);
            let (over, changed) = (step.ended, step.lines > 0);
            unsaved |= changed || !step.notes.is_empty();
            unpublished |= changed;
            if step.interrupted {
                return Ok(());
            }
            let last = over || is_over(&ended);
            if unsaved && (last || self.saved.elapsed() >= SAVE) {
                self.save(&mut view);
                unsaved = false;
            }
            if unpublished && self.metrics.is_wanted() && self.metrics.is_due() {
                unpublished = false;
                let published = self.metrics.publish(self.reading.triage());
                if let Err(error) = published {
                    view.tell(&[format!(
                        "the metrics cannot be written: {error}; following goes on"
                    )]);
                }
            }
            view.show(&mut self.reading, changed)?;
            if last || wait(&ended) {
                return self.end(unsaved, &mut view);
            }
        }
    }

    /// The last word: everything up to the last whole lines is kept.
    fn end(&mut self, unsaved: bool, view: &mut View) -> Result<(), Failure> {
        if unsaved || !self.is_kept {
            self.save(view);
        }
        if self.metrics.is_wanted() {
            let published = self.metrics.publish(self.reading.triage());
            published.map_err(|error| Failure::usage(format!("--metrics: {error}")))?;
        }
        Ok(())
    }

    /// A state that cannot be written now may be written later: following goes on.
    fn save(&mut self, view: &mut View) {
        let Some(path) = &self.args.state else {
            return;
        };
        self.saved = Instant::now();
        match self.reading.save(path) {
            Ok(()) => self.is_kept = true,
            Err(error) => {
                self.is_kept = false;
                view.tell(&[format!(
                    "the state cannot be written: {error}; following goes on"
                )]);
            }
        }
    }
}

/// Whether Ctrl-C has come.
fn is_over(ended: &Receiver<()>) -> bool {
    !matches!(ended.try_recv(), Err(TryRecvError::Empty))
}

/// Waits for the next look; whether Ctrl-C has come.
fn wait(ended: &Receiver<()>) -> bool {
    ended.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout)
}

/// Tells what happened to the files.
fn tell(notes: &[String]) {
    for note in notes {
        // Standard error may be closed; the files are read all the same.
        let _ = writeln!(io::stderr(), "httpwhy: {}", safe(note));
    }
}

/// What is shown while following.
enum View {
    /// The first screen, drawn anew.
    Terminal(Terminal),
    /// Lines of what changed.
    Lines(Changes),
}

impl View {
    fn new(live: bool, run: &Run<'_>) -> Self {
        let every = Duration::from_secs(run.args.every);
        if live {
            Self::Terminal(Terminal::new(run.shown, output::style(run.common.color)))
        } else {
            let silent = run.metrics.is_on_stdout();
            Self::Lines(Changes::new(run.shown, run.common.json, silent, every))
        }
    }

    fn tell(&mut self, notes: &[String]) {
        match self {
            Self::Terminal(terminal) => terminal.notes.extend(notes.iter().cloned()),
            Self::Lines(_) => tell(notes),
        }
    }

    fn show(&mut self, reading: &mut Reading, changed: bool) -> Result<(), Failure> {
        match self {
            Self::Terminal(terminal) => terminal.show(reading, changed),
            Self::Lines(changes) => changes.show(reading, changed),
        }
    }
}

/// The other screen of a terminal, on which the first lines of the report are drawn; left when dropped.
struct Terminal {
    shown: Shown,
    style: Style,
    notes: Vec<String>,
    drawn: Option<Instant>,
    /// How long drawing took.
    took: Duration,
    stale: bool,
}

/// To the other screen, without a cursor, and back (xterm's control sequences).
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[Hreading \u{2026}";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// Notes that are shown above the screen.
const NOTES: usize = 3;

impl Terminal {
    fn new(shown: Shown, style: Style) -> Self {
        put(ENTER);
        Self {
            shown,
            style,
            notes: Vec::new(),
            drawn: None,
            took: Duration::ZERO,
            stale: true,
        }
    }

    fn show(&mut self, reading: &mut Reading, changed: bool) -> Result<(), Failure> {
        self.stale |= changed || self.notes.len() > NOTES;
        let pause = REFRESH.max(self.took * SHARE);
        if !self.stale || self.drawn.is_some_and(|drawn| drawn.elapsed() < pause) {
            return Ok(());
        }
        let begun = Instant::now();
        let older = self.notes.len().saturating_sub(NOTES);
        self.notes.drain(..older);
        let mut text = Vec::new();
        screen::write(&mut text, reading.triage(), self.shown, self.style)
            .map_err(|error| Failure::output(&error))?;
        let text = String::from_utf8_lossy(&text);
        let rows = terminal_size::terminal_size().map_or(24, |(_, rows)| usize::from(rows.0));
        let notes = self.notes.iter().map(|note| safe(note));
        let head = std::iter::once("following; Ctrl-C ends with the whole report".to_owned());
        let lines: Vec<String> = head
            .chain(notes)
            .chain(text.lines().map(str::to_owned))
            .take(rows.saturating_sub(1))
            .collect();
        // Home, each line with what stood behind it erased, and what is below.
        put(&format!("\x1b[H{}\x1b[K\x1b[J", lines.join("\x1b[K\r\n")));
        self.drawn = Some(Instant::now());
        self.took = begun.elapsed();
        self.stale = false;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        put(LEAVE);
    }
}

/// Writes to the terminal; one that has gone is no reason to stop counting.
fn put(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

//! A reading that goes on: files that grow, are rotated, vanish and come back; what was counted of them outlives the
//! process in a [`State`].
//!
//! One step ([`Reading::advance`]) looks at every input, reads the whole lines that came since, and counts them. A state
//! makes the first step go on where another process stopped; following makes more steps. So a log read in many steps
//! counts exactly as the same log read at once: a line belongs to the step in which its end came.
//!
//! Of error lines, those of the same step and of earlier ones are known, also of earlier runs; servers write an error line
//! before the access line of the exchange, and the access logs' sizes are taken before those of the error logs. One that
//! comes later all the same (an error log that is buffered, or fetched later than the access log) finds its access line
//! counted: it is told as an error line without one, and what was counted stays as it was.
//!
//! A file stays known by device and inode, the hash of its first bytes and the hash of those before the position
//! ([`mark`]). When another file stands at its path, what was still written to the old one is read from where it is now:
//! the open file while following, else among the inputs and beside the path ([`seek`]), also copied or packed.

pub(crate) mod mark;
mod pipe;
pub(crate) mod seek;
pub(crate) mod source;

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::cut::{Buffer, lines};
use crate::errors::Complaints;
use crate::read::{Done, Recognised, count, planned, recognise_opened, settings, witnesses};
use crate::source::{Opened, Packing, open};
use crate::state::{self, Origin, State, StateError};
use crate::triage::{Triage, Unreadable};
use crate::worker::{Hearing, Settings, Worker};
use crate::{Input, Options, Progress};
use mark::{Mark, id_of};
use pipe::Pipe;
use source::{Record, Source, named};

/// A file that was replaced is read on until nothing has come for so long: its writer goes on until it opens the new one.
const PATIENCE: Duration = Duration::from_mins(1);
/// Files that were replaced and are still read, at most.
const RETIRED: usize = 64;

/// What a step found.
#[derive(Debug, Default)]
pub struct Step {
    /// Lines that were counted.
    pub lines: u64,
    /// What happened to the files, in words; a stranger's bytes among them.
    pub notes: Vec<String>,
    /// Nothing more can come: all inputs were pipes, and have ended.
    pub ended: bool,
    /// It was stopped before its end: what was counted is no state to go on from.
    pub interrupted: bool,
}

/// Inputs that are read on.
pub struct Reading {
    inputs: Vec<Input>,
    options: Options,
    settings: Settings,
    follow: bool,
    origin: Origin,
    triage: Triage,
    /// What the logs from behind say of themselves.
    behind: Option<Triage>,
    complaints: Complaints,
    sources: Vec<Source>,
    pipes: Vec<Pipe>,
    /// Inputs of which a problem has been told.
    told: HashSet<String>,
    begun: bool,
}

/// A piece of a source to be read.
struct Piece {
    source: usize,
    what: Recognised,
}

impl Reading {
    /// Begins, or goes on from a state. `asked` says in words which lines are asked for: a state that was made with
    /// others cannot be gone on from. With `follow` files are kept open between the steps, and pipes are read by threads.
    pub fn new(
        inputs: Vec<Input>,
        options: Options,
        asked: &str,
        state: Option<State>,
        follow: bool,
    ) -> Result<Self, StateError> {
        let settings = settings(&options);
        let state = match state {
            Some(state) => state.gone_on_with(options.depth, asked)?,
            None => State::empty(&settings, asked),
        };
        let State {
            origin,
            triage,
            complaints,
            records,
        } = state;
        Ok(Self {
            inputs,
            settings,
            follow,
            origin,
            triage,
            options,
            behind: None,
            complaints,
            sources: records.into_iter().map(Source::new).collect(),
            pipes: Vec::new(),
            told: HashSet::new(),
            begun: false,
        })
    }

    /// Reads what has come.
    pub fn advance(&mut self, progress: &Progress) -> Step {
        let mut step = Step::default();
        let before = self.triage.counters.lines();
        let mut pieces = self.look(&mut step);
        let total = pieces.iter().filter_map(|piece| {
            let size = piece.what.opened.size?;
            Some(size.saturating_sub(piece.what.from))
        });
        progress.total.store(total.sum(), Ordering::Relaxed);
        // Error lines first, so that access lines find them.
        pieces.sort_by_key(|piece| !piece.what.is_errors());
        let errors = pieces.partition_point(|piece| piece.what.is_errors());
        let (errors, accesses) = pieces.split_at(errors);
        let done = self.read(errors, progress);
        self.settle(errors, done);
        self.join(accesses, progress);
        let done = self.read(accesses, progress);
        self.settle(accesses, done);
        self.drain(progress, &mut step);
        self.complaints.forget_old();
        self.begun = true;
        step.lines = self.triage.counters.lines() - before;
        step.interrupted = progress.stop.load(Ordering::Relaxed);
        step.ended = !self.pipes.is_empty()
            && self.pipes.iter().all(|pipe| pipe.ended)
            && self.pipes.len() == self.inputs.len();
        step
    }

    /// Writes what to go on from next time: everything up to the last whole lines.
    pub fn save(&self, path: &Path) -> Result<(), StateError> {
        let bytes = state::encode(
            &self.origin,
            &self.triage,
            &self.complaints,
            &self.records(),
        )?;
        state::write(path, &bytes)
    }

    /// What was found in all whole lines until now.
    pub fn triage(&mut self) -> &Triage {
        self.triage.files = self.reports();
        self.triage.unkept = self.complaints.dropped;
        self.triage.finish();
        &self.triage
    }

    /// What was found, with last lines that have no end.
    pub fn finish(mut self, progress: &Progress) -> Triage {
        let mut tails = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            if let Ok(Some(what)) = source.tail(&self.options) {
                tails.push(Piece { source: at, what });
            }
        }
        let done = self.read(&tails, progress);
        self.settle(&tails, done);
        self.triage.files = self.reports();
        self.triage.unkept = self.complaints.dropped;
        if let Some(behind) = self.behind.take() {
            self.triage.take_behind(behind);
        }
        self.triage.finish();
        self.triage
    }

    fn reports(&self) -> Vec<crate::FileReport> {
        let mut records: Vec<&Record> = self.sources.iter().map(|source| &source.record).collect();
        records.sort_by_key(|record| !record.errors);
        let files = records.into_iter().map(Record::told);
        files
            .chain(self.pipes.iter().map(|pipe| pipe.report.clone()))
            .collect()
    }

    fn records(&self) -> Vec<Record> {
        let files = self.sources.iter().map(|source| source.record.clone());
        let pipes = self.pipes.iter().map(|pipe| Record {
            report: pipe.report.clone(),
            ..Record::new("", Mark::default())
        });
        files.chain(pipes).collect()
    }

    /// Looks at every input; what of the files can be read now.
    fn look(&mut self, step: &mut Step) -> Vec<Piece> {
        let mut whole = Vec::new();
        let mut met = Vec::new();
        for input in self.inputs.clone() {
            match self.look_at(&input, step) {
                Ok(Some(Looked::Source(at))) => met.push(at),
                Ok(Some(Looked::Whole(piece))) => {
                    met.push(piece.source);
                    whole.push(*piece);
                }
                Ok(None) => {}
                Err(error) => self.problem(&input, &error, step),
            }
        }
        self.follow_moved(&met, step);
        let mut pieces = whole;
        pieces.extend(self.grown());
        pieces
    }

    /// An input that cannot be read: waited for while following, else told as unreadable.
    fn problem(&mut self, input: &Input, error: &io::Error, step: &mut Step) {
        let name = input.to_string();
        if !self.told.insert(name.clone()) {
            return;
        }
        if self.follow {
            step.notes.push(format!("{name}: {error}; waiting for it"));
        } else {
            self.triage.unreadable.push(Unreadable {
                input: name,
                what: error.to_string(),
            });
        }
    }

    fn look_at(&mut self, input: &Input, step: &mut Step) -> io::Result<Option<Looked>> {
        let Input::File(path) = input else {
            return self.look_at_pipe(input, None);
        };
        let name = named(path);
        if let Some(at) = self.still_there(path)? {
            return Ok(Some(Looked::Source(at)));
        }
        let opened = open(path)?;
        if opened.size.is_none() {
            return self.look_at_pipe(input, Some(opened.file));
        }
        if self.told.remove(&name) {
            step.notes.push(format!("{name} is there"));
        }
        self.identify(&name, opened)
    }

    /// The source at a path, if the file that is open is still the one there.
    fn still_there(&self, path: &Path) -> io::Result<Option<usize>> {
        let name = named(path);
        let held = self.sources.iter().position(|source| {
            source.file.is_some() && source.record.input.as_deref() == Some(&name)
        });
        let Some(at) = held else {
            return Ok(None);
        };
        let source = &self.sources[at];
        let meta = match std::fs::metadata(path) {
            // It has vanished, and what is open is read on.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(at)),
            meta => meta?,
        };
        let known = id_of(&meta) == source.record.mark.id;
        let unchanged = meta.len() == source.seen;
        let holds = |file: &File| source.record.mark.holds(file, meta.len());
        let same = known && (unchanged || source.file.as_ref().is_some_and(holds));
        Ok(same.then_some(at))
    }

    /// Finds the source that an opened file is, or makes one.
    fn identify(&mut self, name: &str, opened: Opened) -> io::Result<Option<Looked>> {
        let id = id_of(&opened.file.metadata()?);
        let is_free = |source: &&Source| source.file.is_none();
        let by_id = self.sources.iter().position(|source| {
            is_free(&source)
                && source.record.mark.id == id
                && seek::is_it(&opened, &source.record.mark)
        });
        let known = by_id.or_else(|| {
            self.sources
                .iter()
                .position(|source| is_free(&source) && seek::is_it(&opened, &source.record.mark))
        });
        let former = self
            .sources
            .iter()
            .position(|source| source.record.input.as_deref() == Some(name));
        let at = known.unwrap_or_else(|| {
            self.sources
                .push(Source::new(Record::new(name, Mark::start(id))));
            self.sources.len() - 1
        });
        if let Some(former) = former.filter(|former| *former != at) {
            let [old, new] = self
                .sources
                .get_disjoint_mut([former, at])
                .map_err(|_| io::ErrorKind::Other)?;
            new.inherit(old);
        }
        let source = &mut self.sources[at];
        let was_packed = source.record.mark.packed;
        source.open(&opened)?;
        name.clone_into(&mut source.record.report.name);
        source.record.input = Some(name.to_owned());
        if opened.packing == Packing::Plain {
            return Ok(Some(Looked::Source(at)));
        }
        source.resting = true;
        if was_packed {
            return Ok(Some(Looked::Source(at)));
        }
        let (from, part) = (source.record.mark.offset, source.record.part.clone());
        let what = recognise_opened(name.to_owned(), opened, &self.options)?;
        source.record.recognised(&what.plan);
        let what = Recognised { from, part, ..what };
        Ok(Some(Looked::Whole(Box::new(Piece { source: at, what }))))
    }

    fn look_at_pipe(&mut self, input: &Input, file: Option<File>) -> io::Result<Option<Looked>> {
        let name = input.to_string();
        if self.follow {
            if !self.pipes.iter().any(|pipe| pipe.report.name == name) {
                let pipe = match file {
                    Some(file) => Pipe::new(&name, file),
                    None => Pipe::new(&name, io::stdin()),
                };
                self.pipes.push(pipe);
            }
            return Ok(None);
        }
        if self.begun {
            return Ok(None);
        }
        let opened = file.map(|file| Opened {
            file,
            packing: Packing::Plain,
            size: None,
        });
        let what = match opened {
            Some(opened) => recognise_opened(name.clone(), opened, &self.options)?,
            None => crate::read::recognise(input, &self.options)?,
        };
        let known = self.sources.iter().position(|source| {
            source.record.report.name == name && source.record.mark == Mark::default()
        });
        let at = known.unwrap_or_else(|| {
            self.sources
                .push(Source::new(Record::new(&name, Mark::default())));
            self.sources.len() - 1
        });
        self.sources[at].record.recognised(&what.plan);
        Ok(Some(Looked::Whole(Box::new(Piece { source: at, what }))))
    }

    /// Files that are no longer where they were: those still open are read on, the others are looked for.
    fn follow_moved(&mut self, met: &[usize], step: &mut Step) {
        let now_there: Vec<(String, usize)> = met
            .iter()
            .filter_map(|at| Some((self.sources[*at].record.input.clone()?, *at)))
            .collect();
        for at in 0..self.sources.len() {
            let Some(input) = self.sources[at].record.input.clone() else {
                continue;
            };
            let Some((_, new)) = now_there
                .iter()
                .find(|(name, new)| *name == input && *new != at)
            else {
                continue;
            };
            if !met.contains(&at) {
                self.replaced(at, *new, &input, step);
            }
        }
    }

    /// Another file stands where this one was.
    fn replaced(&mut self, at: usize, new: usize, input: &str, step: &mut Step) {
        let source = &mut self.sources[at];
        source.record.input = None;
        source.retired = Some(Instant::now());
        let mark = source.record.mark;
        let still_open = source.file.take().filter(|file| {
            file.metadata()
                .is_ok_and(|meta| mark.holds(file, meta.len()))
        });
        if let Some(file) = still_open {
            source.file = Some(file);
            step.notes.push(format!(
                "{input} was replaced; the old file is read to its end"
            ));
            return;
        }
        if source.resting && mark.packed {
            return;
        }
        let taken: HashSet<(u64, u64)> = self
            .sources
            .iter()
            .enumerate()
            .filter(|(other, source)| *other != at && source.file.is_some())
            .map(|(_, source)| source.record.mark.id)
            .collect();
        let found = seek::beside(Path::new(input), &mark, |id| taken.contains(&id));
        let moved = found.and_then(|(path, opened)| self.moved(at, &path, &opened).ok());
        if let Some(name) = moved {
            let told = format!("{input} was replaced; the old file is {name} now");
            step.notes.push(told);
            return;
        }
        self.sources[at].resting = true;
        let told = format!(
            "it was replaced after {} bytes, and the old file is not beside it: what was written to that since is missing; \
             name it too",
            mark.offset
        );
        step.notes.push(format!("{input}: {told}"));
        self.sources[new].record.notes.push(told);
    }

    /// Goes on with a source under its new name.
    fn moved(&mut self, at: usize, path: &Path, opened: &Opened) -> io::Result<String> {
        let source = &mut self.sources[at];
        source.open(opened)?;
        source.record.report.name = named(path);
        source.resting = false;
        Ok(named(path))
    }

    /// What can be read of plain files: first sizes of access logs, then of error logs, so that the complaint of every
    /// access line in hand is in hand too.
    fn grown(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut looked_at = HashSet::new();
        for errors in [false, true] {
            for at in 0..self.sources.len() {
                let source = &mut self.sources[at];
                if source.record.errors != errors || source.resting || !looked_at.insert(at) {
                    continue;
                }
                let moved = source.record.input.is_none();
                match self.piece_of(at, moved) {
                    Ok(Some(what)) => pieces.push(Piece { source: at, what }),
                    Ok(None) => {}
                    Err(error) => self.unreadable(at, &error),
                }
            }
        }
        self.let_go();
        pieces
    }

    fn piece_of(&mut self, at: usize, moved: bool) -> io::Result<Option<Recognised>> {
        let follow = self.follow;
        let source = &mut self.sources[at];
        let packed = match &source.file {
            Some(file) if moved => {
                let mut head = [0; 8];
                let count = crate::source::read_at(file, &mut head, 0)?;
                Packing::of(&head[..count]) != Packing::Plain
            }
            _ => false,
        };
        if packed {
            return self.unpacked(at).map(Some);
        }
        // Nothing more comes to a file that was moved away before this run.
        source.grown(&self.options, follow, moved && !follow)
    }

    /// The rest of a file that was packed since it was read.
    fn unpacked(&mut self, at: usize) -> io::Result<Recognised> {
        let source = &mut self.sources[at];
        let file = source.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let mut head = [0; 8];
        let count = crate::source::read_at(file, &mut head, 0)?;
        let opened = Opened {
            file: file.try_clone()?,
            packing: Packing::of(&head[..count]),
            size: Some(file.metadata()?.len()),
        };
        let (from, part) = (source.record.mark.offset, source.record.part.clone());
        source.resting = true;
        let name = source.record.report.name.clone();
        let what = recognise_opened(name, opened, &self.options)?;
        source.record.recognised(&what.plan);
        Ok(Recognised { from, part, ..what })
    }

    fn unreadable(&mut self, at: usize, error: &io::Error) {
        let source = &mut self.sources[at];
        source.resting = true;
        self.triage.unreadable.push(Unreadable {
            input: source.record.report.name.clone(),
            what: error.to_string(),
        });
    }

    /// Closes files that were replaced long ago, or whose end has come.
    fn let_go(&mut self) {
        let mut retired: Vec<(Instant, usize)> = Vec::new();
        for (at, source) in self.sources.iter_mut().enumerate() {
            let Some(since) = source
                .retired
                .filter(|_| source.file.is_some() && self.follow)
            else {
                continue;
            };
            if source.seen > source.record.mark.offset {
                source.retired = Some(Instant::now());
            }
            retired.push((since, at));
        }
        retired.sort_unstable();
        let many = retired.len().saturating_sub(RETIRED);
        for (place, (since, at)) in retired.into_iter().enumerate() {
            let quiet = since.elapsed() > PATIENCE
                && self.sources[at].seen <= self.sources[at].record.mark.offset;
            if quiet || place < many {
                self.sources[at].file = None;
                self.sources[at].resting = true;
            }
        }
    }

    fn read(&mut self, pieces: &[Piece], progress: &Progress) -> Vec<Done> {
        if pieces.is_empty() {
            return Vec::new();
        }
        let files: Vec<&Recognised> = pieces.iter().map(|piece| &piece.what).collect();
        count(
            &files,
            &self.settings,
            &mut self.complaints,
            progress,
            &mut self.triage,
        )
    }

    fn settle(&mut self, pieces: &[Piece], done: Vec<Done>) {
        for (piece, done) in pieces.iter().zip(done) {
            if let Err(error) = self.sources[piece.source].settle(&piece.what, done) {
                self.unreadable(piece.source, &error);
            }
        }
    }

    /// Reads the logs from behind for the failures at hand.
    fn join(&mut self, accesses: &[Piece], progress: &Progress) {
        if self.options.behind.is_empty() {
            return;
        }
        let mut behind = Triage::new(&self.settings);
        let files: Vec<&Recognised> = accesses.iter().map(|piece| &piece.what).collect();
        self.complaints.witnesses = witnesses(
            &files,
            &self.settings,
            &self.options,
            progress,
            &mut self.triage,
            &mut behind,
        );
        self.behind = Some(behind);
    }

    /// Counts what has come through the pipes.
    fn drain(&mut self, progress: &Progress, step: &mut Step) {
        for at in 0..self.pipes.len() {
            let pipe = &mut self.pipes[at];
            let came = pipe.take();
            let name = pipe.report.name.clone();
            let problem = match (came.error, pipe.is_packed()) {
                (Some(error), _) => Some(error),
                (None, true) => Some(io::Error::other(
                    "it is packed, and cannot be read as it comes: unpack it before, or leave --follow out",
                )),
                (None, false) if came.lines.is_empty() && came.oversize.is_none() => continue,
                (None, false) => pipe.plan(&self.options).err(),
            };
            if let Some(error) = problem {
                pipe.ended = true;
                if self.told.insert(name.clone()) {
                    step.notes.push(format!("{name}: {error}"));
                    self.triage.unreadable.push(Unreadable {
                        input: name,
                        what: error.to_string(),
                    });
                }
                continue;
            }
            let mut worker = Worker::new(&self.settings, &self.complaints);
            worker.begin(&pipe.plan, None);
            worker.hears(Hearing::Once);
            worker.go_on(&pipe.part);
            let mut rest = &came.lines[..];
            let read = |buffer: &mut [u8]| io::Read::read(&mut rest, buffer);
            let unended = lines(
                &mut Buffer::default(),
                false,
                u64::MAX,
                read,
                &mut worker,
                progress,
            );
            if let Some(beginning) = &came.oversize {
                worker.oversize(beginning);
            }
            worker.end();
            pipe.part = worker.unfinished();
            pipe.report.counters.add(&worker.counters);
            pipe.report.unended |= unended.unwrap_or(false);
            worker.finish();
            let mut found = Complaints::default();
            self.triage.take(worker, &mut found);
            self.complaints.merge(found);
        }
    }
}

enum Looked {
    /// A source that is known, and may have grown.
    Source(usize),
    /// Something that is read as a whole.
    Whole(Box<Piece>),
}

impl Pipe {
    /// Recognises the format; again as long as little has come.
    fn plan(&mut self, options: &Options) -> io::Result<()> {
        if self.planned > 0 && self.sample.len() < self.planned * 2 {
            return Ok(());
        }
        if self.planned == self.sample.len() {
            return Ok(());
        }
        self.planned = self.sample.len();
        let end = memchr::memrchr(b'\n', &self.sample).map_or(self.sample.len(), |at| at + 1);
        self.plan = planned(&[self.sample[..end].to_vec()], options)?;
        let fresh = crate::FileReport::of(&self.report.name, &self.plan);
        (self.report.title, self.report.fitted, self.report.doubts) =
            (fresh.title, fresh.fitted, fresh.doubts);
        Ok(())
    }
}

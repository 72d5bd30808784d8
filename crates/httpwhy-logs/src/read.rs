//! Reads all inputs with all cores.
//!
//! A plain file is cut into chunks; a thread takes the next chunk, reads it by `pread` into its own buffer, and counts
//! the lines that begin in it (it reads on to the end of the last one). What cannot be cut (compressed files, pipes,
//! lines in carriers, whose parts belong together) is one chunk. Error logs are read first, so that access lines find
//! their complaints.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use httpwhy_ingest::logs::Layout;

use crate::cut::{Buffer, lines};
use crate::errors::Complaints;
use crate::hash::Seed;
use crate::plan::Plan;
use crate::source::{Opened, Packing, open, read_at};
use crate::triage::{FileReport, Triage, Unreadable};
use crate::witness::{Role, Witnesses};
use crate::worker::{Hearing, LONGEST_LINE, Settings, Worker};
use crate::{Counters, Options};

/// Bytes of a plain file that one thread takes at a time.
const CHUNK: u64 = 8 << 20;
/// Lines looked at to recognise a file.
const SAMPLE: usize = 200;
/// Bytes looked at in each of head, middle and tail.
const WINDOW: usize = 64 * 1024;
/// Threads at most: beyond, their tables outgrow the memory.
const MOST_CORES: usize = 16;

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl From<&str> for Input {
    /// A path, or `-` for standard input.
    fn from(text: &str) -> Self {
        match text {
            "-" => Self::Stdin,
            path => Self::File(path.into()),
        }
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// How far the reading is, for another thread to look at.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes read, of plain files, or of compressed ones as they lie on the disk.
    pub read: AtomicU64,
    /// Bytes to read; 0 when not known.
    pub total: AtomicU64,
    /// Set by whoever wants the reading to end: what was counted until then is given.
    pub stop: AtomicBool,
}

/// Where a directive stands, the reader whose it is, and the layout behind it.
pub(crate) type Directive = (u64, usize, Arc<dyn Layout>);

/// An input that was opened and recognised.
pub(crate) struct Recognised {
    pub(crate) name: String,
    pub(crate) opened: Opened,
    pub(crate) plan: Plan,
    /// The first bytes of what is no regular file, which cannot be read twice.
    pub(crate) head: Vec<u8>,
    /// Where the directives stand that change the layout, with the reader and its layout behind.
    pub(crate) directives: Vec<Directive>,
    /// What stands before, of the unpacked bytes, was read in an earlier run; a line begins here.
    pub(crate) from: u64,
    /// Of a message whose parts a carrier wraps one by one, those that were read in an earlier run.
    pub(crate) part: Vec<u8>,
}

impl Recognised {
    pub(crate) fn is_errors(&self) -> bool {
        self.plan.is_errors()
    }

    /// Whether it can be read again from its beginning.
    fn is_lasting(&self) -> bool {
        self.opened.size.is_some()
    }

    /// How many bytes are to be read.
    fn length(&self) -> u64 {
        let size = self.opened.size.unwrap_or(0);
        match self.opened.packing {
            Packing::Plain => size.saturating_sub(self.from),
            _ => size,
        }
    }
}

/// What came of reading a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    pub(crate) counters: Counters,
    /// The last line had no end.
    pub(crate) unended: bool,
    /// Parts of a message whose last one has not come.
    pub(crate) part: Vec<u8>,
    /// It held error lines for which it was not read before.
    unheard: bool,
}

/// Reads all inputs. What cannot be read is told in the triage, and the rest goes on.
pub fn read(inputs: &[Input], options: &Options, progress: &Progress) -> Triage {
    let settings = settings(options);
    let mut triage = Triage::new(&settings);
    let mut found = Vec::new();
    for input in inputs {
        found.extend(recognised(input, options, &mut triage));
    }
    let counts = |file: &Recognised| file.plan.gathers.is_none() && !file.is_errors();
    if found.iter().any(counts) {
        for file in &mut found {
            file.plan.join_gathered();
        }
    }
    let total = found.iter().filter_map(|file| file.opened.size).sum();
    progress.total.store(total, Ordering::Relaxed);
    let (errors, accesses): (Vec<_>, Vec<_>) = found.iter().partition(|file| file.is_errors());
    let mut complaints = Complaints::default();
    let done = count(&errors, &settings, &mut complaints, progress, &mut triage);
    report(&errors, done, &mut triage);
    if !options.behind.is_empty() {
        let mut behind = Triage::new(&settings);
        complaints.witnesses = witnesses(
            &accesses,
            &settings,
            options,
            progress,
            &mut triage,
            &mut behind,
        );
        triage.take_behind(behind);
    }
    let done = count(&accesses, &settings, &mut complaints, progress, &mut triage);
    report(&accesses, done, &mut triage);
    triage.unkept = complaints.dropped;
    triage.finish();
    triage
}

/// What holds for all lines under these options.
pub(crate) fn settings(options: &Options) -> Settings {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    Settings {
        depth: options.depth,
        filter: options.filter.clone(),
        role: Role::Count,
        join_by: options.join_by,
        lines: options.lines.clone(),
        seed: Seed::random(),
        workers: threads.min(MOST_CORES),
    }
}

/// Tells what became of the lines of each file.
fn report(files: &[&Recognised], done: Vec<Done>, triage: &mut Triage) {
    for (file, done) in files.iter().zip(done) {
        let mut report = FileReport::of(&file.name, &file.plan);
        report.counters = done.counters;
        report.unended = done.unended;
        triage.files.push(report);
    }
}

/// What the servers behind wrote of the failures in front. Their lines are accounted for in `behind`, and no exchange is
/// counted twice.
pub(crate) fn witnesses(
    accesses: &[&Recognised],
    settings: &Settings,
    options: &Options,
    progress: &Progress,
    triage: &mut Triage,
    behind: &mut Triage,
) -> Witnesses {
    let by = options.join_by;
    let learning = Settings {
        role: Role::Learn(by),
        ..settings.clone()
    };
    let none = Complaints::default();
    // What is read here is read again to be counted.
    let mut passing = Triage::new(settings);
    let again: Vec<&Recognised> = accesses
        .iter()
        .copied()
        .filter(|file| file.opened.size.is_some())
        .collect();
    let learnt = run(&again, &learning, &none, progress, &mut passing)
        .0
        .wanted;
    triage.joined.add(&learnt.joined());
    let files: Vec<Recognised> = options
        .behind
        .iter()
        .filter_map(|input| recognised(input, options, behind))
        .collect();
    let reading = Settings {
        role: Role::Behind(by, Arc::new(learnt)),
        ..settings.clone()
    };
    let files: Vec<&Recognised> = files.iter().collect();
    let (found, done) = run(&files, &reading, &none, progress, behind);
    report(&files, done, behind);
    found.witnesses
}

/// An input, opened and recognised; what cannot be read is told.
pub(crate) fn recognised(
    input: &Input,
    options: &Options,
    triage: &mut Triage,
) -> Option<Recognised> {
    recognise(input, options)
        .map_err(|error| {
            triage.unreadable.push(Unreadable {
                input: input.to_string(),
                what: error.to_string(),
            });
        })
        .ok()
}

pub(crate) fn recognise(input: &Input, options: &Options) -> io::Result<Recognised> {
    let opened = match input {
        Input::File(path) => open(path)?,
        Input::Stdin => standard_input()?,
    };
    recognise_opened(input.to_string(), opened, options)
}

/// Looks at something that was opened.
pub(crate) fn recognise_opened(
    name: String,
    opened: Opened,
    options: &Options,
) -> io::Result<Recognised> {
    let mut head = Vec::new();
    let windows = match (opened.size, opened.packing) {
        (None, _) => {
            // A pipe cannot be read twice: its first bytes are kept.
            Read::take(&opened.file, WINDOW as u64).read_to_end(&mut head)?;
            vec![unpacked_window(Packing::of(&head), &head)]
        }
        (Some(size), Packing::Plain) => windows(&opened.file, size)?,
        (Some(_), packing) => {
            let mut packed = vec![0; WINDOW];
            let count = read_at(&opened.file, &mut packed, 0)?;
            vec![unpacked_window(packing, &packed[..count])]
        }
    };
    let opened = Opened {
        packing: if head.is_empty() {
            opened.packing
        } else {
            Packing::of(&head)
        },
        ..opened
    };
    let plan = planned(&windows, options)?;
    let directives = directives(&opened, &plan, 0)?;
    Ok(Recognised {
        name,
        opened,
        plan,
        head,
        directives,
        from: 0,
        part: Vec::new(),
    })
}

/// How these parts of an input are read; an error when they are no text.
pub(crate) fn planned(windows: &[Vec<u8>], options: &Options) -> io::Result<Plan> {
    let lines: Vec<&[u8]> = windows
        .iter()
        .flat_map(|window| sample(window, windows.len()))
        .collect();
    if windows.iter().any(|window| window.starts_with(VSL)) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is varnishlog's binary form (-w): varnishlog -r FILE -g request writes it as text, which can be read here, also \
             from standard input (varnishlog -r FILE -g request | httpwhy logs -)",
        ));
    }
    if is_binary(windows) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is no text: neither a log nor one packed by gzip, zstd, xz or bzip2",
        ));
    }
    Ok(Plan::of(&lines, &options.given))
}

#[cfg(unix)]
fn standard_input() -> io::Result<Opened> {
    use std::os::fd::AsFd as _;
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(Opened {
        file,
        packing: Packing::Plain,
        size: None,
    })
}

/// The beginning, the middle and the end of a plain file; middle and end begin behind a line's end.
pub(crate) fn windows(file: &File, size: u64) -> io::Result<Vec<Vec<u8>>> {
    let window = WINDOW as u64;
    let offsets = if size <= window * 3 {
        vec![0]
    } else {
        vec![0, size / 2, size - window]
    };
    let length = if offsets.len() == 1 {
        size as usize
    } else {
        WINDOW
    };
    offsets
        .into_iter()
        .map(|offset| {
            let mut bytes = vec![0; length];
            let count = read_at(file, &mut bytes, offset)?;
            bytes.truncate(count);
            if offset > 0 {
                let from = memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1);
                bytes.drain(..from);
            }
            Ok(bytes)
        })
        .collect()
}

/// The first bytes of something packed; an error in them shows when it is read.
pub(crate) fn unpacked_window(packing: Packing, packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut unpacked = packing.unpack(packed).take(WINDOW as u64);
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = unpacked.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
    }
    bytes
}

/// Some whole lines of a window; the last one is one only if it ends.
pub(crate) fn sample(window: &[u8], windows: usize) -> Vec<&[u8]> {
    let window = window.strip_prefix(b"\xef\xbb\xbf").unwrap_or(window);
    let end = memchr::memrchr(b'\n', window).unwrap_or(window.len());
    window[..end]
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty() && line.len() <= LONGEST_LINE)
        .take(SAMPLE / windows.max(1))
        .collect()
}

/// How a file begins that `varnishlog -w` wrote (VSL_FILE_ID).
const VSL: &[u8] = b"VSL\0";

/// Text holds hardly any control characters; a log that lost power has holes of NUL, but not everywhere.
fn is_binary(windows: &[Vec<u8>]) -> bool {
    let is_odd = |byte: &&u8| matches!(byte, 0..=8 | 14..=26 | 28..=31);
    let is_text = |window: &Vec<u8>| window.iter().filter(is_odd).count() * 20 <= window.len();
    !windows.iter().any(is_text)
}

/// Finds the lines of a plain file, from a line's beginning on, that change the layout of those behind them.
pub(crate) fn directives(opened: &Opened, plan: &Plan, from: u64) -> io::Result<Vec<Directive>> {
    let mut found = Vec::new();
    let (Some(size), Packing::Plain) = (opened.size, opened.packing) else {
        return Ok(found);
    };
    for (at, reader) in plan.readers.iter().enumerate() {
        let Some(begins) = reader.layout.directive() else {
            continue;
        };
        let finder = memchr::memmem::Finder::new(begins);
        let mut layout = Arc::clone(&reader.layout);
        let mut buffer = vec![0; WINDOW * 4];
        let mut offset = from;
        while offset < size {
            let count = read_at(&opened.file, &mut buffer, offset)?;
            if count == 0 {
                break;
            }
            let bytes = &buffer[..count];
            for place in finder.find_iter(bytes) {
                let starts = place == 0 && offset == from || place > 0 && bytes[place - 1] == b'\n';
                let line = bytes[place..]
                    .split(|byte| *byte == b'\n')
                    .next()
                    .unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if let (true, Some(next)) = (starts, layout.after(line)) {
                    layout = next;
                    found.push((offset + place as u64, at, Arc::clone(&layout)));
                }
            }
            // Windows overlap by a line, so that a directive across their border is found in one of them.
            offset += if count == buffer.len() {
                (count - WINDOW) as u64
            } else {
                count as u64
            };
        }
    }
    found.sort_by_key(|(offset, _, _)| *offset);
    found.dedup_by_key(|(offset, _, _)| *offset);
    Ok(found)
}

/// What one thread takes.
#[derive(Debug, Clone, Copy)]
struct Task {
    file: usize,
    /// From and to; the whole where it cannot be cut.
    range: Option<(u64, u64)>,
}

fn tasks(files: &[&Recognised]) -> Vec<Task> {
    let mut tasks = Vec::new();
    for (file, recognised) in files.iter().enumerate() {
        let plain = recognised.opened.packing == Packing::Plain;
        let Some(size) = recognised.opened.size.filter(|_| plain) else {
            tasks.push(Task { file, range: None });
            continue;
        };
        // Parts of one message belong together.
        let chunk = if recognised.plan.is_by_line() {
            CHUNK
        } else {
            u64::MAX
        };
        let mut from = recognised.from;
        while from < size {
            let to = from.saturating_add(chunk).min(size);
            tasks.push(Task {
                file,
                range: Some((from, to)),
            });
            from = to;
        }
    }
    // What cannot be cut takes longest, and so begins first.
    tasks.sort_by_key(|task| {
        task.range
            .is_some_and(|_| files[task.file].plan.is_by_line())
    });
    tasks
}

/// Reads some files and counts their lines into the triage; what came of each file. Access lines find their error lines
/// among those known and those in the same files, which are known afterwards.
pub(crate) fn count(
    files: &[&Recognised],
    settings: &Settings,
    known: &mut Complaints,
    progress: &Progress,
    triage: &mut Triage,
) -> Vec<Done> {
    // Which files hold both is seen in their sample, or on the way. Where lines are handed on as they are counted, they
    // cannot be counted again.
    let is_mixed = |file: &Recognised| file.is_lasting() && file.plan.is_mixed();
    let all = settings.lines.is_some() && files.iter().any(|file| !file.is_errors());
    let mut heard: Vec<bool> = files
        .iter()
        .map(|file| is_mixed(file) || all && file.is_lasting())
        .collect();
    if heard.contains(&true) {
        known.merge(hear(files, &heard, settings, progress));
    }
    let mut ran = work(files, &heard, settings, known, progress);
    let met = ran.met_both(files);
    if !all && met.contains(&true) {
        drop(ran);
        known.merge(hear(files, &met, settings, progress));
        for (heard, met) in heard.iter_mut().zip(met) {
            *heard |= met;
        }
        again(files, &heard, progress);
        ran = work(files, &heard, settings, known, progress);
    }
    let (found, done) = ran.into_triage(triage);
    known.merge(found);
    done
}

/// What the error lines in some of these files say. Nothing is counted.
fn hear(
    files: &[&Recognised],
    wanted: &[bool],
    settings: &Settings,
    progress: &Progress,
) -> Complaints {
    again(files, wanted, progress);
    let hearing = Settings {
        role: Role::Hear,
        ..settings.clone()
    };
    let files: Vec<&Recognised> = files
        .iter()
        .zip(wanted)
        .filter_map(|(file, wanted)| wanted.then_some(*file))
        .collect();
    let mut passing = Triage::new(settings);
    run(
        &files,
        &hearing,
        &Complaints::default(),
        progress,
        &mut passing,
    )
    .0
}

/// Tells that some files are read once more.
fn again(files: &[&Recognised], wanted: &[bool], progress: &Progress) {
    let more = files.iter().zip(wanted).filter(|(_, wanted)| **wanted);
    let more = more.map(|(file, _)| file.length()).sum();
    progress.total.fetch_add(more, Ordering::Relaxed);
}

/// Reads some files; the complaints met, and what came of each file. Counts go into the triage.
pub(crate) fn run(
    files: &[&Recognised],
    settings: &Settings,
    known: &Complaints,
    progress: &Progress,
    triage: &mut Triage,
) -> (Complaints, Vec<Done>) {
    work(files, &vec![false; files.len()], settings, known, progress).into_triage(triage)
}

/// What came of reading some files.
struct Ran<'a> {
    workers: Vec<Worker<'a>>,
    done: Vec<Done>,
    failures: Vec<Unreadable>,
}

impl Ran<'_> {
    /// Which files held error lines beside access lines unforeseen, and can be read again.
    fn met_both(&self, files: &[&Recognised]) -> Vec<bool> {
        let files = files.iter().zip(&self.done);
        files
            .map(|(file, done)| done.unheard && file.is_lasting() && !file.is_errors())
            .collect()
    }

    /// Puts all that was counted into the triage; the complaints met, and what came of each file.
    fn into_triage(self, triage: &mut Triage) -> (Complaints, Vec<Done>) {
        let mut complaints = Complaints::default();
        for worker in self.workers {
            triage.take(worker, &mut complaints);
        }
        triage.unreadable.extend(self.failures);
        (complaints, self.done)
    }
}

/// Reads some files with all cores. `heard`: which were read for their error lines before.
fn work<'a>(
    files: &[&Recognised],
    heard: &[bool],
    settings: &'a Settings,
    known: &'a Complaints,
    progress: &Progress,
) -> Ran<'a> {
    let tasks = tasks(files);
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let mut done = vec![Done::default(); files.len()];
    let threads = settings.workers.min(tasks.len());
    let work = || {
        let mut worker = Worker::new(settings, known);
        let mut buffer = Buffer::default();
        let mut counted = vec![Done::default(); files.len()];
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks
                .get(at)
                .filter(|_| !progress.stop.load(Ordering::Relaxed))
            else {
                break;
            };
            let (before, kept) = (worker.counters, worker.complaints.kept());
            let file = files[task.file];
            match one(
                file,
                task,
                heard[task.file],
                &mut worker,
                &mut buffer,
                progress,
            ) {
                Ok(unended) => counted[task.file].unended |= unended,
                Err(error) => {
                    let what = explain(file, &error);
                    if let Ok(mut failures) = failures.lock() {
                        failures.push(Unreadable {
                            input: file.name.clone(),
                            what,
                        });
                    }
                }
            }
            let done = &mut counted[task.file];
            done.counters.add(&worker.counters.since(&before));
            done.unheard |= worker.complaints.kept() > kept;
            if !file.plan.carriers.is_empty() {
                done.part = worker.unfinished();
            }
        }
        worker.finish();
        (worker, counted)
    };
    let results = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut results = vec![work()];
        results.extend(others.into_iter().filter_map(|other| other.join().ok()));
        results
    });
    let mut workers = Vec::new();
    for (worker, counted) in results {
        for (sum, more) in done.iter_mut().zip(counted) {
            sum.counters.add(&more.counters);
            sum.unended |= more.unended;
            sum.unheard |= more.unheard;
            if !more.part.is_empty() {
                sum.part = more.part;
            }
        }
        workers.push(worker);
    }
    Ran {
        workers,
        done,
        failures: failures.into_inner().unwrap_or_default(),
    }
}

impl Counters {
    const fn since(&self, before: &Self) -> Self {
        Self {
            ok: self.ok - before.ok,
            torn: self.torn - before.torn,
            foreign: self.foreign - before.foreign,
            oversize: self.oversize - before.oversize,
            empty: self.empty - before.empty,
            directives: self.directives - before.directives,
            not_asked: self.not_asked - before.not_asked,
        }
    }
}

fn explain(file: &Recognised, error: &io::Error) -> String {
    match file.opened.packing {
        Packing::Plain => format!("reading stopped: {error}; what came before it is counted"),
        _ => format!(
            "it is cut off or damaged ({error}); what could be unpacked before that is counted"
        ),
    }
}

/// One task; whether the file's last line had no end.
fn one(
    file: &Recognised,
    task: &Task,
    heard: bool,
    worker: &mut Worker<'_>,
    buffer: &mut Buffer,
    progress: &Progress,
) -> io::Result<bool> {
    let start = task.range.map_or(file.from, |(from, _)| from);
    let before = file.directives.iter();
    let before = before.take_while(|(offset, _, _)| *offset < start);
    worker.begin(&file.plan, before.map(|(_, at, layout)| (*at, layout)));
    worker.hears(match (heard, file.is_lasting()) {
        (true, _) => Hearing::Before,
        (false, true) => Hearing::None,
        (false, false) => Hearing::Once,
    });
    if start == file.from {
        worker.go_on(&file.part);
    }
    if let Some((from, to)) = task.range {
        let mut at = from.saturating_sub(1);
        let limit = to;
        let unended = lines(
            buffer,
            from > 0,
            limit - at,
            |buffer| {
                let count = read_at(&file.opened.file, buffer, at)?;
                at += count as u64;
                Ok(count)
            },
            worker,
            progress,
        )?;
        progress.read.fetch_add(to - from, Ordering::Relaxed);
        worker.end();
        return Ok(unended);
    }
    let counting = Counting {
        inner: io::Cursor::new(&file.head).chain(&file.opened.file),
        progress,
    };
    let mut unpacked = file.opened.packing.unpack(counting);
    io::copy(&mut unpacked.by_ref().take(file.from), &mut io::sink())?;
    let read = |buffer: &mut [u8]| loop {
        match unpacked.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    };
    let unended = lines(buffer, false, u64::MAX, read, worker, progress)?;
    worker.end();
    Ok(unended)
}

/// Tells the progress what is read.
struct Counting<'a, R> {
    inner: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress
            .read
            .fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

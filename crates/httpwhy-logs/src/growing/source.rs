//! One file of a reading that goes on.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::mark::{Mark, id_of};
use crate::Options;
use crate::plan::Plan;
use crate::read::{Done, Recognised, directives, planned, recognise_opened, sample, windows};
use crate::source::{Opened, Packing, read_at};
use crate::triage::FileReport;

/// Bytes looked at in one step when the last line's end is looked for.
const STEP: u64 = 64 * 1024;
/// With so many lines looked at, a plan is sure enough to be kept while the file grows.
const SURE: usize = 150;
/// With fewer, the plan of the file that was there before may be the better one.
const FEW: usize = 20;

/// What of a source outlives the process.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// What became of its lines, under the name that it has now.
    pub(crate) report: FileReport,
    /// What was noticed on the way, in words.
    pub(crate) notes: Vec<String>,
    /// The input as it was given, while this is the file there.
    pub(crate) input: Option<String>,
    pub(crate) mark: Mark,
    /// Parts of a message whose last one has not come.
    pub(crate) part: Vec<u8>,
    /// It holds error lines.
    pub(crate) errors: bool,
}

impl Record {
    pub(crate) fn new(name: &str, mark: Mark) -> Self {
        Self {
            report: FileReport::of(name, &Plan::default()),
            notes: Vec::new(),
            input: None,
            mark,
            part: Vec::new(),
            errors: false,
        }
    }

    /// Tells how the file was recognised.
    pub(crate) fn recognised(&mut self, plan: &Plan) {
        let fresh = FileReport::of("", plan);
        let report = &mut self.report;
        (report.title, report.fitted, report.doubts) = (fresh.title, fresh.fitted, fresh.doubts);
        self.errors = plan.is_errors();
    }

    /// The report with what was noticed.
    pub(crate) fn told(&self) -> FileReport {
        let mut report = self.report.clone();
        report.doubts.extend(self.notes.iter().cloned());
        report
    }
}

/// A file that is read on while it grows.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) record: Record,
    pub(super) file: Option<File>,
    /// How long it was when last looked at.
    pub(super) seen: u64,
    /// Up to here no line's end lies behind the mark.
    searched: u64,
    plan: Option<Plan>,
    /// The plan of the file that was at this path before.
    former: Option<Plan>,
    /// How long the file was when the plan was made.
    planned: u64,
    /// Nothing more is to be read from it: it was read as a whole, or is not among the inputs.
    pub(super) resting: bool,
    /// It was replaced at its path; what is still written to it is read a while longer.
    pub(super) retired: Option<Instant>,
}

impl Source {
    pub(super) fn new(record: Record) -> Self {
        Self {
            seen: 0,
            searched: record.mark.offset,
            record,
            file: None,
            plan: None,
            former: None,
            planned: 0,
            resting: true,
            retired: None,
        }
    }

    /// Takes the file that it is.
    pub(super) fn open(&mut self, opened: &Opened) -> io::Result<()> {
        let file = opened.file.try_clone()?;
        self.record.mark.id = id_of(&file.metadata()?);
        self.file = Some(file);
        self.searched = self.record.mark.offset;
        self.seen = 0;
        self.resting = false;
        Ok(())
    }

    /// What of a plain file can be read now: whole lines, or with `to_the_end` also the last one without its end.
    /// `None` when there is nothing new.
    pub(super) fn grown(
        &mut self,
        options: &Options,
        keeps_plan: bool,
        to_the_end: bool,
    ) -> io::Result<Option<Recognised>> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let size = file.metadata()?.len();
        self.seen = size;
        let from = self.record.mark.offset;
        let to = if to_the_end {
            size
        } else {
            line_end(file, self.searched.max(from), size)?.unwrap_or(from)
        };
        self.searched = size.max(from);
        if to <= from && !(self.plan.is_none() && size > 0) {
            return Ok(None);
        }
        self.recognised(options, keeps_plan, size, to).map(Some)
    }

    /// The last line, which has no end yet.
    pub(super) fn tail(&self, options: &Options) -> io::Result<Option<Recognised>> {
        let (Some(file), from) = (&self.file, self.record.mark.offset) else {
            return Ok(None);
        };
        if self.resting || self.seen <= from {
            return Ok(None);
        }
        let opened = plain(file, self.seen)?;
        match &self.plan {
            Some(plan) => Ok(Some(self.piece(opened, plan.clone(), Vec::new()))),
            None => recognise_opened(self.record.report.name.clone(), opened, options)
                .map(|whole| Some(Recognised { from, ..whole })),
        }
    }

    /// The piece from the mark to there, with how it is read.
    fn recognised(
        &mut self,
        options: &Options,
        keeps_plan: bool,
        size: u64,
        to: u64,
    ) -> io::Result<Recognised> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let opened = plain(file, to)?;
        let sure = |plan: &&Plan| plan.sampled >= SURE || size < self.planned * 2;
        let kept = self.plan.as_ref().filter(|_| keeps_plan).filter(sure);
        if let Some(plan) = kept {
            let found = directives(&opened, plan, self.record.mark.offset)?;
            return Ok(self.piece(opened, plan.clone(), found));
        }
        let windows = windows(file, size)?;
        let mut plan = planned(&windows, options)?;
        // Few lines tell little: what read the file before, and reads as many of these, is the better guess.
        let few = plan.sampled < FEW && windows.len() == 1;
        let known = self.plan.take().or_else(|| self.former.clone());
        if let Some(known) = known.filter(|_| keeps_plan && few) {
            let lines = sample(&windows[0], 1);
            if known.reads(&lines) >= plan.fitted() {
                plan.take_over(known, &lines);
            }
        }
        let found = directives(&opened, &plan, 0)?;
        self.record.recognised(&plan);
        self.planned = size;
        self.plan = Some(plan.clone());
        Ok(self.piece(opened, plan, found))
    }

    fn piece(
        &self,
        opened: Opened,
        plan: Plan,
        directives: Vec<crate::read::Directive>,
    ) -> Recognised {
        Recognised {
            name: self.record.report.name.clone(),
            opened,
            plan,
            head: Vec::new(),
            directives,
            from: self.record.mark.offset,
            part: self.record.part.clone(),
        }
    }

    /// The plan of the file that was at this path before, for a file of few lines.
    pub(super) fn inherit(&mut self, from: &Self) {
        self.former = from.plan.clone().or_else(|| from.former.clone());
    }

    /// The piece was read.
    pub(super) fn settle(&mut self, piece: &Recognised, done: Done) -> io::Result<()> {
        let report = &mut self.record.report;
        report.counters.add(&done.counters);
        report.unended |= done.unended;
        if piece.opened.size.is_none_or(|to| to > piece.from) {
            self.record.part = done.part;
        }
        let (Some(to), Some(file)) = (piece.opened.size, &self.file) else {
            return Ok(());
        };
        if let Some(plan) = &mut self.plan {
            for (_, reader, layout) in &piece.directives {
                plan.readers[*reader].layout = Arc::clone(layout);
            }
        }
        let packed = piece.opened.packing != Packing::Plain;
        self.record.mark = Mark::of(file, self.record.mark.id, to, packed)?;
        Ok(())
    }
}

/// A plain file, read up to there.
fn plain(file: &File, to: u64) -> io::Result<Opened> {
    Ok(Opened {
        file: file.try_clone()?,
        packing: Packing::Plain,
        size: Some(to),
    })
}

/// Behind the last line's end in these bytes of a file, which is looked for from behind.
fn line_end(file: &File, from: u64, to: u64) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; STEP as usize];
    let mut end = to;
    while end > from {
        let start = end.saturating_sub(STEP).max(from);
        let bytes = &mut buffer[..(end - start) as usize];
        let count = read_at(file, bytes, start)?;
        if let Some(at) = memchr::memrchr(b'\n', &bytes[..count]) {
            return Ok(Some(start + at as u64 + 1));
        }
        end = start;
    }
    Ok(None)
}

/// The name of a path as it is told.
pub(super) fn named(path: &Path) -> String {
    path.display().to_string()
}

//! What happens to one line.

use std::sync::Arc;

use httpwhy_ingest::logs::time::{self, Clock};
use httpwhy_ingest::logs::{
    Brief, Carrier, Column, Format, Kind, Layout, Line, Peeled, Quotes, Shape, Spans, Split,
    VslGatherer, carriers, formats, is_nothing, path_end, path_of,
};

use crate::errors::{Asked, Complaints, When, without_port};
use crate::example::example;
use crate::filter::Filter;
use crate::hash::Seed;
use crate::judge::{Complaint, Judged};
use crate::lines::Lines;
use crate::lookup::{Lookup, Part};
use crate::parquet::Batch;
use crate::plan::{DEEPEST, Plan, Reader, reader_of};
use crate::tables::histogram::bucket;
use crate::tables::{Dimension, EXAMPLE, Place, SAMPLES, Tables, UNTIMED};
use crate::witness::{JoinBy, Role};
use crate::{Counters, Depth};

/// The longest line that is read; longer ones are counted as oversize.
pub const LONGEST_LINE: usize = 64 * 1024;
/// Formats for single foreign lines are looked for so often in vain; then only for each 64th.
const PATIENCE: u32 = 200;

/// Reads line after line and counts. One for each thread.
pub(crate) struct Worker<'a> {
    pub(crate) tables: Tables,
    pub(crate) counters: Counters,
    pub(crate) complaints: Complaints,
    /// Lines that could not be read, a few.
    pub(crate) unread: Vec<(Unread, Box<[u8]>)>,
    /// Which formats read lines here, by their place in the list.
    pub(crate) met: Vec<u64>,
    plan: Plan,
    current: usize,
    spans: Spans,
    clock: Clock,
    carried: Clock,
    scratch: [Vec<u8>; DEEPEST],
    parts: [Parts; DEEPEST],
    /// In a contested file: who read the latest line that is surely of one format.
    latest_sure: usize,
    /// Each line is read as it stands, by the reader of the line before.
    is_bare: bool,
    /// The line at hand begins as a carrier's, and is none.
    is_cut: bool,
    hearing: Hearing,
    /// In how many carriers that the sample did not show the line at hand is.
    depth: usize,
    /// Makes lines of varnishlog's records.
    gatherer: Option<VslGatherer>,
    lookup: Lookup,
    settings: &'a Settings,
    /// No filter is set.
    takes_all: bool,
    /// How deep, where lines are only counted: not chosen among, not handed on, and not told of by others.
    simple: Option<Depth>,
    known: &'a Complaints,
    in_vain: u32,
    peeled_in_vain: u32,
    /// Failures of which a server behind has a line.
    pub(crate) witnessed: u64,
    /// Lines in hand for whoever wants them all.
    batch: Batch,
}

/// What is known of the error lines of a file when its access lines are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Hearing {
    /// None is expected in it.
    #[default]
    None,
    /// It was read for them before.
    Before,
    /// It can be read only once: of an access line, those that stand before it.
    Once,
}

/// Why a line was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It begins like a line of a known format and is cut or garbled.
    Torn,
    /// It is of no known format.
    Foreign,
    /// It is longer than [`LONGEST_LINE`].
    Oversize,
}

/// What holds for all lines.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) depth: Depth,
    pub(crate) filter: Filter,
    pub(crate) role: Role,
    pub(crate) join_by: JoinBy,
    pub(crate) lines: Option<Arc<Lines>>,
    pub(crate) seed: Seed,
    pub(crate) workers: usize,
}

/// Parts of a line that its carrier cut.
#[derive(Debug, Default)]
struct Parts {
    line: Vec<u8>,
    /// Whose they are: a container's two streams are cut apart. Of those from an earlier reading it is not known.
    source: Vec<u8>,
    /// The whole line, while it is read.
    whole: Vec<u8>,
}

impl Parts {
    /// The whole line with what was kept of its beginning; `None` when it goes on.
    fn join<'p>(&'p mut self, peeled: &Peeled<'p>) -> Option<&'p [u8]> {
        let known = !self.line.is_empty() && !self.source.is_empty();
        let own = !known || self.source == peeled.source;
        if peeled.goes_on && own && self.line.len() + peeled.line.len() <= LONGEST_LINE {
            peeled.source.clone_into(&mut self.source);
            self.line.extend_from_slice(peeled.line);
            return None;
        }
        if !own || self.line.is_empty() {
            return Some(peeled.line);
        }
        std::mem::swap(&mut self.line, &mut self.whole);
        self.line.clear();
        self.whole.extend_from_slice(peeled.line);
        Some(&self.whole)
    }
}

/// Whether something that was tried so often in vain is left out this time.
const fn is_out_of_patience(tries: u32) -> bool {
    tries > PATIENCE && !tries.is_multiple_of(64)
}

/// What is said, or else the other.
const fn or<'t>(own: &'t [u8], other: &'t [u8]) -> &'t [u8] {
    if own.is_empty() { other } else { own }
}

impl<'a> Worker<'a> {
    pub(crate) fn new(settings: &'a Settings, known: &'a Complaints) -> Self {
        Self {
            tables: Tables::new(settings.seed, settings.workers),
            counters: Counters::default(),
            complaints: Complaints::one_of(settings.workers),
            unread: Vec::new(),
            met: vec![0; formats().len()],
            plan: Plan::default(),
            current: 0,
            spans: Spans::default(),
            clock: Clock::default(),
            carried: Clock::default(),
            scratch: Default::default(),
            parts: Default::default(),
            latest_sure: 0,
            is_bare: true,
            is_cut: false,
            hearing: Hearing::default(),
            depth: 0,
            gatherer: None,
            lookup: Lookup::default(),
            settings,
            takes_all: settings.filter.is_empty(),
            simple: None,
            known,
            in_vain: 0,
            peeled_in_vain: 0,
            witnessed: 0,
            batch: Batch::default(),
        }
    }

    /// Begins with another file, or another part of it; `before` are the layouts behind the directives that stand before
    /// it, each with its reader's place.
    pub(crate) fn begin<'l>(
        &mut self,
        plan: &Plan,
        before: impl IntoIterator<Item = (usize, &'l Arc<dyn Layout>)>,
    ) {
        self.plan = plan.clone();
        self.current = 0;
        for (at, layout) in before {
            self.plan.readers[at].layout = Arc::clone(layout);
            self.current = at;
        }
        self.latest_sure = self.current;
        self.hears(Hearing::default());
        self.parts = Default::default();
        self.gatherer = plan.gathers.map(VslGatherer::new);
        self.is_bare = plan.is_by_line() && !plan.contested;
    }

    /// What is known of the error lines of the file at hand.
    pub(crate) fn hears(&mut self, hearing: Hearing) {
        self.hearing = hearing;
        let is_simple = self.takes_all
            && matches!(self.settings.role, Role::Count)
            && self.settings.lines.is_none()
            && self.known.is_empty()
            && hearing != Hearing::Once;
        self.simple = is_simple.then_some(self.settings.depth);
    }

    /// Ends with a file that was read from its beginning: what waits for further lines waits no longer.
    pub(crate) fn end(&mut self) {
        if let Some(mut gatherer) = self.gatherer.take() {
            for line in gatherer.end() {
                self.gathered(&line);
            }
        }
    }

    /// Goes on behind these parts of a message, which were read earlier.
    pub(crate) fn go_on(&mut self, part: &[u8]) {
        part.clone_into(&mut self.parts[0].line);
        self.parts[0].source.clear();
        self.complaints.go_on(self.known);
    }

    /// The parts of a message whose last one has not come.
    pub(crate) fn unfinished(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.parts[0].line)
    }

    /// A line that is too long to be kept, of which the beginning is given.
    pub(crate) fn oversize(&mut self, beginning: &[u8]) {
        self.counters.oversize += 1;
        self.sample(Unread::Oversize, beginning);
    }

    /// Whether the lines are read faster when their quotes are found before.
    pub(crate) fn wants_quotes(&self) -> bool {
        let reader = self.plan.readers.get(self.current);
        self.is_bare && reader.is_some_and(|reader| reader.layout.wants_quotes())
    }

    /// One line without its LF, and its quotes where they were found.
    #[inline]
    pub(crate) fn line(&mut self, raw: &[u8], quotes: Option<Quotes<'_>>) {
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        if raw.len() > LONGEST_LINE {
            self.oversize(raw);
        } else if raw.is_empty() {
            self.counters.empty += 1;
        } else if self.is_bare {
            self.bare(raw, quotes);
        } else {
            self.carried(raw);
        }
    }

    /// Peels the carriers off, and puts parts together.
    fn carried(&mut self, raw: &[u8]) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut parts = std::mem::take(&mut self.parts);
        let levels = std::mem::take(&mut self.plan.carriers);
        let bare = Peeled {
            line: raw,
            ..Peeled::default()
        };
        self.peel(&levels, bare, &mut scratch, &mut parts);
        self.plan.carriers = levels;
        self.parts = parts;
        self.scratch = scratch;
    }

    fn peel(
        &mut self,
        levels: &[Vec<&'static Carrier>],
        outer: Peeled<'_>,
        scratch: &mut [Vec<u8>],
        parts: &mut [Parts],
    ) {
        if let ([level, inside @ ..], [here, next @ ..], [part, later @ ..]) =
            (levels, scratch, parts)
        {
            for carrier in level {
                here.clear();
                if let Some(peeled) = (carrier.peel)(outer.line, here) {
                    let Some(line) = part.join(&peeled) else {
                        self.counters.ok += 1;
                        return;
                    };
                    // What the outer carrier says gives way to what the inner one does.
                    let inner = Peeled {
                        line,
                        source: or(peeled.source, outer.source),
                        time: or(peeled.time, outer.time),
                        goes_on: false,
                    };
                    return self.peel(inside, inner, next, later);
                }
            }
        }
        // Not wrapped, or no more: lines of the runtime itself, too.
        let is_cut = |carrier: &&'static Carrier| {
            !carrier.begins.is_empty() && outer.line.starts_with(carrier.begins)
        };
        self.is_cut = levels.first().is_some_and(|level| level.iter().any(is_cut));
        self.record(outer.line, outer.time, outer.source);
        self.is_cut = false;
    }

    /// A line of a file that holds records of varnishlog.
    fn record(&mut self, raw: &[u8], time: &[u8], source: &[u8]) {
        let Some(gatherer) = &mut self.gatherer else {
            return if self.plan.contested {
                self.contest(raw, time, source);
            } else {
                self.inner(raw, time, source);
            };
        };
        if raw.trim_ascii().is_empty() {
            self.counters.empty += 1;
        } else if VslGatherer::is_record(raw) {
            self.counters.ok += 1;
            self.counters.directives += 1;
            for line in gatherer.line(raw) {
                self.gathered(&line);
            }
        } else if VslGatherer::is_torn(raw) {
            self.counters.torn += 1;
            self.sample(Unread::Torn, raw);
        } else {
            self.inner(raw, time, source);
        }
    }

    /// A line that was made of records, which are counted already: one of them is the exchange, the others its head.
    fn gathered(&mut self, line: &[u8]) {
        self.inner(line, b"", b"");
        self.counters.ok -= 1;
        self.counters.directives -= 1;
    }

    /// A line that nothing wraps.
    #[inline]
    fn bare(&mut self, raw: &[u8], quotes: Option<Quotes<'_>>) {
        if let (Some(quotes), Some(reader)) = (quotes, self.plan.readers.get(self.current)) {
            if let Some(depth) = self.simple
                && let Some(brief) = &reader.layout.brief(raw, quotes)
                && let Some(row) = self.tables.plain_row(reader.number, brief.status)
            {
                let number = usize::from(reader.number);
                return self.brief(raw, brief, number, row, depth);
            }
            self.spans.clear();
            let split = reader.layout.split_at_quotes(raw, quotes, &mut self.spans);
            self.split(raw, split, b"", b"");
        } else {
            self.inner(raw, b"", b"");
        }
    }

    /// A line of a shape that was met before, of which nothing else has to be known.
    #[inline]
    fn brief(&mut self, raw: &[u8], brief: &Brief, number: usize, row: usize, depth: Depth) {
        let stamp = &raw[brief.stamp as usize..][..time::USUAL];
        let second = self.clock.read_stamp(stamp).filter(|second| *second >= 0);
        self.counters.ok += 1;
        self.met[number] += 1;
        self.tables.count(row, second);
        if depth == Depth::Full {
            let seed = self.settings.seed;
            deepen_brief(&mut self.tables, &mut self.lookup, seed, raw, brief, row);
        }
    }

    /// A line as its writer wrote it; `time` and `source` are what the carrier knows.
    #[inline]
    fn inner(&mut self, raw: &[u8], time: &[u8], source: &[u8]) {
        if raw.is_empty() {
            self.counters.empty += 1;
            return;
        }
        let split = match self.plan.readers.get(self.current) {
            Some(reader) => {
                self.spans.clear();
                reader.layout.split(raw, &mut self.spans)
            }
            None => Split::Foreign,
        };
        self.split(raw, split, time, source);
    }

    #[inline]
    fn split(&mut self, raw: &[u8], split: Split, time: &[u8], source: &[u8]) {
        if split == Split::Read {
            self.read(raw, time, source);
        } else {
            self.other(raw, split, time, source);
        }
    }

    /// A line of a file in which one format would read the lines of another, that are surely the other's.
    fn contest(&mut self, raw: &[u8], time: &[u8], source: &[u8]) {
        let sure = |at: &usize| self.plan.readers[*at].is_sure();
        let others = (0..self.plan.readers.len()).filter(|at| *at != self.latest_sure);
        let mut asked = std::iter::once(self.latest_sure).chain(others).filter(sure);
        let mut spans = std::mem::take(&mut self.spans);
        let found = asked.find(|at| {
            spans.clear();
            let split = self.plan.readers[*at].layout.split(raw, &mut spans);
            matches!(split, Split::Read | Split::Directive)
        });
        self.spans = spans;
        self.latest_sure = found.unwrap_or(self.latest_sure);
        if let Some(at) = found.or_else(|| self.first_unsure()) {
            self.current = at;
        }
        self.inner(raw, time, source);
    }

    /// The reader that goes on with lines that are not surely another's: the one of the last such line, if it is not sure
    /// itself.
    fn first_unsure(&self) -> Option<usize> {
        let unsure = |at: &usize| !self.plan.readers[*at].is_sure();
        let all = 0..self.plan.readers.len();
        std::iter::once(self.current).chain(all).find(unsure)
    }

    /// A line that the reader of the line before does not read.
    #[cold]
    fn other(&mut self, raw: &[u8], first: Split, time: &[u8], source: &[u8]) {
        let mut torn = first == Split::Torn;
        let mut found = (first == Split::Directive).then_some((self.current, first));
        for at in 0..self.plan.readers.len() {
            if found.is_some() {
                break;
            }
            if at != self.current {
                self.spans.clear();
                match self.plan.readers[at].layout.split(raw, &mut self.spans) {
                    split @ (Split::Read | Split::Directive) => found = Some((at, split)),
                    Split::Torn => torn = true,
                    Split::Foreign => {}
                }
            }
        }
        if found.is_none() && self.unwrapped(raw) {
            return;
        }
        if found.is_none() && !torn {
            found = self.another(raw);
        }
        match found {
            Some((at, Split::Directive)) => {
                self.current = at;
                self.counters.ok += 1;
                self.counters.directives += 1;
                if let Some(next) = self.plan.readers[at].layout.after(raw) {
                    self.plan.readers[at].layout = next;
                }
            }
            Some((at, _)) => {
                self.current = at;
                self.read(raw, time, source);
            }
            None if torn || self.is_cut => {
                self.counters.torn += 1;
                self.sample(Unread::Torn, raw);
            }
            None => {
                self.counters.foreign += 1;
                self.sample(Unread::Foreign, raw);
            }
        }
    }

    /// Whether it is a line of a known format in a carrier that the sample did not show; then it is read.
    fn unwrapped(&mut self, raw: &[u8]) -> bool {
        if self.depth >= DEEPEST || is_out_of_patience(self.peeled_in_vain) {
            self.peeled_in_vain += 1;
            return false;
        }
        let mut scratch = Vec::new();
        for carrier in carriers() {
            scratch.clear();
            let Some(peeled) = (carrier.peel)(raw, &mut scratch) else {
                continue;
            };
            let mut spans = Spans::default();
            let mut readers = self.plan.readers.iter();
            let known =
                readers.any(|reader| reader.layout.split(peeled.line, &mut spans) == Split::Read);
            if known || reader_of(peeled.line).is_some_and(|reader| reader.is_told()) {
                self.depth += 1;
                self.inner(peeled.line, peeled.time, peeled.source);
                self.depth -= 1;
                self.peeled_in_vain = 0;
                return true;
            }
            self.peeled_in_vain += 1;
        }
        false
    }

    /// Looks among all formats for one that reads this line, for files that mix them.
    fn another(&mut self, raw: &[u8]) -> Option<(usize, Split)> {
        self.in_vain += 1;
        if is_out_of_patience(self.in_vain) {
            return None;
        }
        let reader: Reader = reader_of(raw)?;
        self.spans.clear();
        let split = reader.layout.split(raw, &mut self.spans);
        self.plan.readers.push(reader);
        self.plan.contested = self.plan.is_contested();
        self.is_bare &= !self.plan.contested;
        self.in_vain = 0;
        Some((self.plan.readers.len() - 1, split))
    }

    fn sample(&mut self, why: Unread, raw: &[u8]) {
        let alike = self
            .unread
            .iter()
            .filter(|(other, _)| *other == why)
            .count();
        if alike < SAMPLES {
            self.unread
                .push((why, raw[..raw.len().min(EXAMPLE)].into()));
        }
    }

    /// A line that was split into `self.spans`.
    #[inline]
    fn read(&mut self, raw: &[u8], time: &[u8], source: &[u8]) {
        self.counters.ok += 1;
        let Reader { format, number, .. } = &self.plan.readers[self.current];
        let (format, number) = (*format, *number);
        let line = Line::new(raw, &self.spans);
        let own = self.clock.read(&line);
        let by_carrier = own.is_none() && !time.is_empty();
        let second = if by_carrier {
            self.carried.read_stamp(time)
        } else {
            own
        }
        .filter(|second| *second >= 0);
        let clock = if by_carrier {
            &self.carried
        } else {
            &self.clock
        };
        let shape = (format.shape)(&line);
        self.met[usize::from(number)] += 1;
        if matches!(self.settings.role, Role::Hear) {
            if format.kind == Kind::Error {
                let when = When::of(second, clock);
                hear(&mut self.complaints, &line, (format, number), &shape, when);
            }
            return;
        }

        let mut row = self.tables.row(number, &shape, None, |shape| {
            Judged::of(format, shape, None)
        });
        let judged = &self.tables.rows[row].judged;
        let mut failed = judged.failed();
        match &self.settings.role {
            Role::Count | Role::Hear => {}
            _ if format.kind == Kind::Error => return,
            Role::Learn(by) if failed => return self.complaints.wanted.learn(&line, *by),
            Role::Learn(_) => return,
            Role::Behind(by, wanted) => {
                let shape = (number, shape.to_owned());
                return self.complaints.witnesses.add(
                    &line,
                    second.unwrap_or(0),
                    shape,
                    *by,
                    wanted,
                );
            }
        }
        if format.kind == Kind::Error {
            if self.hearing != Hearing::Before {
                let when = When::of(second, clock);
                hear(&mut self.complaints, &line, (format, number), &shape, when);
            }
        } else if self.may_be_told_of(failed) {
            let by = self.settings.join_by;
            let witness = failed
                .then(|| self.known.witnesses.find(&line, by))
                .flatten();
            self.witnessed += u64::from(witness.is_some());
            let asked = Asked {
                line: &line,
                format,
                when: When::of(second, clock),
                took: (line.micros(Column::Duration).unwrap_or(0) / 1_000_000) as i64,
                failed,
            };
            // What can be read only once has its error lines mostly before.
            let error = witness
                .as_ref()
                .or_else(|| self.known.find(&asked))
                .or_else(|| {
                    self.complaints
                        .find(&asked)
                        .filter(|_| self.hearing == Hearing::Once)
                });
            if error.is_some() {
                row = self.tables.row(number, &shape, error, |shape| {
                    Judged::of(format, shape, error)
                });
                failed = self.tables.rows[row].judged.failed();
            }
        }
        let filter = &self.settings.filter;
        let asked = self.takes_all
            || filter.takes_shape(shape.status, &self.tables.rows[row].judged)
                && (!filter.asks_of_lines()
                    || filter.takes_line(&line, second, |agent| {
                        self.lookup.is_bot(self.settings.seed, agent)
                    }));
        if !asked {
            self.counters.not_asked += 1;
            return;
        }
        if self.tables.rows[row].example.is_empty() {
            self.tables.rows[row].example = example(raw, &self.spans);
        }
        self.tables.count(row, second);
        let is_plain = |depth| depth == Depth::Counts || !failed;
        if self.simple.is_some_and(is_plain) {
            self.tables.note_plain(number, &shape, row);
        }
        if let Some(lines) = self
            .settings
            .lines
            .as_deref()
            .filter(|_| format.kind == Kind::Access)
        {
            let judged = &self.tables.rows[row].judged;
            lines.push(&mut self.batch, format, &line, second, judged);
        }
        if self.settings.depth == Depth::Full && format.kind == Kind::Access {
            deepen(
                &mut self.tables,
                &mut self.lookup,
                self.settings.seed,
                &line,
                row,
                second,
                failed,
                source,
            );
        }
    }

    /// Whether an access line may have something said of it.
    #[inline]
    fn may_be_told_of(&self, failed: bool) -> bool {
        let own = self.hearing == Hearing::Once && !self.complaints.is_empty();
        if failed {
            own || !self.known.is_empty()
        } else {
            self.known.may_tell_of_fine_lines() || own && self.complaints.may_tell_of_fine_lines()
        }
    }

    /// Ends the work: nothing stays in hand.
    pub(crate) fn finish(&mut self) {
        self.tables.flush();
        if let Some(lines) = &self.settings.lines {
            lines.take(&mut self.batch);
        }
    }
}

/// Keeps an error line for the access lines that it belongs to.
fn hear(
    complaints: &mut Complaints,
    line: &Line<'_>,
    (format, number): (&Format, u16),
    shape: &Shape<'_>,
    when: When,
) {
    let complaint = Complaint {
        format: number,
        shape: shape.to_owned(),
        late: false,
    };
    complaints.add(line, format, when, &complaint);
}

/// The same as [`deepen`] for a line that is no failure and has no other columns.
#[inline]
fn deepen_brief(
    tables: &mut Tables,
    lookup: &mut Lookup,
    seed: Seed,
    raw: &[u8],
    brief: &Brief,
    row: usize,
) {
    let part = |from: u32, to: u32| Part::new(raw, from as usize, to as usize);
    let (target, end) = brief.target;
    let path_end = path_end(raw, target as usize, end as usize);
    let path = lookup.path(tables, seed, Part::new(raw, target as usize, path_end));
    tables.time(path, row, UNTIMED);
    tables.rows[row].bytes += brief.bytes;
    if !is_nothing(&raw[..brief.client as usize]) {
        lookup.network(tables, seed, part(0, brief.client));
    }
    let agent = &raw[brief.agent.0 as usize..brief.agent.1 as usize];
    if !is_nothing(agent) {
        let (_, bot) = lookup.agent(tables, seed, agent);
        tables.rows[row].bots += u64::from(bot);
    }
    lookup.method(tables, seed, part(brief.method.0, brief.method.1));
}

/// What the whole triage counts of a line, beyond its shape and minute.
#[expect(
    clippy::too_many_arguments,
    reason = "one call, inlined into the loop over lines"
)]
#[inline]
fn deepen(
    tables: &mut Tables,
    lookup: &mut Lookup,
    seed: Seed,
    line: &Line<'_>,
    row: usize,
    second: Option<i64>,
    failed: bool,
    source: &[u8],
) {
    let mut place = Place::default();
    let target = line.target().unwrap_or_default();
    let path = lookup.path(tables, seed, path_of(target).into());
    place.0[Dimension::Path as usize] = path;
    let bucket = line.micros(Column::Duration).map_or(UNTIMED, bucket);
    tables.time(path, row, bucket);
    if let Some(bytes) = line.bytes() {
        tables.rows[row].bytes += bytes;
    }
    if let Some(client) = line.some(Column::Client) {
        place.0[Dimension::Network as usize] = lookup.network(tables, seed, client.into());
        if failed {
            tables.clients.add(without_port(client), 1);
        }
    }
    if let Some(agent) = line.some(Column::Agent) {
        let (id, bot) = lookup.agent(tables, seed, agent);
        place.0[Dimension::Agent as usize] = id;
        tables.rows[row].bots += u64::from(bot);
    }
    if let Some(upstream) = line
        .some(Column::Upstream)
        .or_else(|| line.some(Column::Pool))
    {
        let last = httpwhy_ingest::logs::last_of_list(upstream);
        place.0[Dimension::Upstream as usize] =
            tables.names[Dimension::Upstream as usize].add(last, 1);
    }
    let host = match line.some(Column::Host) {
        None if target.starts_with(b"/") => None,
        None => line.host(),
        host => host,
    };
    if let Some(host) = host.or_else(|| line.some(Column::Route)) {
        place.0[Dimension::Host as usize] = tables.names[Dimension::Host as usize].add(host, 1);
    }
    if let Some(method) = line.method() {
        place.0[Dimension::Method as usize] = lookup.method(tables, seed, method.into());
    }
    let pop = line
        .some(Column::Pop)
        .or((!source.is_empty()).then_some(source));
    if let Some(pop) = pop {
        place.0[Dimension::Pop as usize] = tables.names[Dimension::Pop as usize].add(pop, 1);
    }
    if let (true, Some(second)) = (failed, second) {
        tables.place(row, second, &place);
    }
}

//! Results: one buffer a thread, written in large pieces, so that threads do not wait for each other.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::ValueEnum;
use httpwhy_render::{Style, by_name, safe};
use httpwhy_schema::{ExchangeLine, write_line};

use super::ordered::Ordered;
use crate::exit::Failure;
use crate::judge::Judged;

/// A thread's buffer is written out when it holds so many bytes, and twice a second.
const FLUSH_AT: usize = 64 * 1024;

/// The shape of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// The whole answer, for a person.
    Text,
    /// One short line a target.
    Line,
    /// JSON Lines, schema v1.
    Json,
}

pub(crate) struct Lines {
    buffers: Vec<Mutex<Vec<u8>>>,
    out: Mutex<Out>,
    shape: Shape,
    style: Style,
    exchanges: bool,
    at_once: bool,
    /// Results in the order of their numbers; they gather in the first buffer.
    ordered: Option<Mutex<Ordered>>,
}

struct Out {
    to: Box<dyn Write + Send>,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
}

impl Lines {
    /// `goes_on`: what the file holds stays, and results are added.
    pub(crate) fn open(
        file: Option<&Path>,
        goes_on: bool,
        shape: Shape,
        style: Style,
        threads: usize,
        exchanges: bool,
    ) -> Result<Self, Failure> {
        let (to, at_once): (Box<dyn Write + Send>, bool) = match file {
            None => (Box::new(io::stdout()), io::stdout().is_terminal()),
            Some(file) => {
                let mut how = OpenOptions::new();
                how.create(true)
                    .append(goes_on)
                    .write(true)
                    .truncate(!goes_on);
                let open = how.open(file).map_err(|error| {
                    Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
                })?;
                (Box::new(open), false)
            }
        };
        let style = if file.is_some() {
            Style {
                color: false,
                ..style
            }
        } else {
            style
        };
        Ok(Self {
            buffers: (0..threads.max(1)).map(|_| Mutex::default()).collect(),
            out: Mutex::new(Out { to, failed: None }),
            shape,
            style,
            exchanges,
            at_once,
            ordered: None,
        })
    }

    /// Writes in the order of the numbers.
    pub(crate) fn in_order(mut self) -> Self {
        self.ordered = Some(Mutex::default());
        self
    }

    /// Adds one result. An error says that nothing more can be written.
    pub(crate) fn write(&self, thread: usize, index: u64, judged: &Judged) -> Result<(), ()> {
        if self.ordered.is_some() {
            let mut bytes = Vec::new();
            // Writing into memory does not fail.
            let _ = self.one(&mut bytes, &index.to_string(), judged);
            return self.put(index, bytes);
        }
        let mut buffer = self.buffer(thread);
        let _ = self.one(&mut buffer, &index.to_string(), judged);
        self.drain_if_full(&mut buffer)
    }

    /// Adds a result that is no target's, in JSON alone; in order, it stands where it came.
    pub(crate) fn write_aside(&self, name: &str, judged: &Judged) -> Result<(), ()> {
        if self.shape != Shape::Json {
            return Ok(());
        }
        let mut buffer = self.buffer(0);
        let _ = self.one(&mut buffer, name, judged);
        self.drain_if_full(&mut buffer)
    }

    /// That number has no result here: in order, the next one need not wait for it.
    pub(crate) fn skip(&self, index: u64) -> Result<(), ()> {
        self.put(index, Vec::new())
    }

    fn put(&self, index: u64, bytes: Vec<u8>) -> Result<(), ()> {
        let Some(ordered) = &self.ordered else {
            return Ok(());
        };
        let mut buffer = self.buffer(0);
        let mut ordered = ordered.lock().unwrap_or_else(PoisonError::into_inner);
        ordered.put(index, bytes, &mut buffer);
        drop(ordered);
        self.drain_if_full(&mut buffer)
    }

    fn buffer(&self, thread: usize) -> MutexGuard<'_, Vec<u8>> {
        self.buffers[thread % self.buffers.len()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn drain_if_full(&self, buffer: &mut Vec<u8>) -> Result<(), ()> {
        if self.at_once || buffer.len() >= FLUSH_AT {
            return self.drain(buffer);
        }
        Ok(())
    }

    fn one(&self, out: &mut Vec<u8>, name: &str, judged: &Judged) -> io::Result<()> {
        if self.exchanges {
            for (nth, step) in judged.visit.steps.iter().enumerate() {
                let line = ExchangeLine::new(name, nth, step.because, &step.exchange);
                let steps = Some(judged.visit.steps.len());
                write_line(out, &ExchangeLine { steps, ..line })?;
            }
            return Ok(());
        }
        let report = judged.report(name);
        match self.shape {
            Shape::Line => line(out, judged, self.style),
            Shape::Text | Shape::Json => {
                let format = by_name(if self.shape == Shape::Json {
                    "json"
                } else {
                    "text"
                })
                .expect("both are in the list");
                (format.write)(out, &report, self.style)
            }
        }
    }

    /// Writes out what all threads have gathered.
    pub(crate) fn flush(&self) -> Result<(), ()> {
        self.buffers.iter().try_for_each(|buffer| {
            self.drain(&mut buffer.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn drain(&self, buffer: &mut Vec<u8>) -> Result<(), ()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.failed.is_none()
            && let Err(error) = out.to.write_all(buffer).and_then(|()| out.to.flush())
        {
            out.failed = Some(error);
        }
        buffer.clear();
        if out.failed.is_some() {
            Err(())
        } else {
            Ok(())
        }
    }

    /// Writes out the rest; the error is the first that came.
    pub(crate) fn close(&self) -> io::Result<()> {
        let _ = self.flush();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.failed.take().map_or(Ok(()), Err)
    }
}

/// `http/404  client, likely  https://shop.example/x`
fn line(out: &mut Vec<u8>, judged: &Judged, style: Style) -> io::Result<()> {
    let verdict = judged.verdict();
    let blame = match verdict.blame.party() {
        Some(party) => format!("{party}, {}", verdict.blame.certainty()),
        None if verdict.blame == httpwhy_model::Blame::Nobody => "fine".to_owned(),
        None => "not known".to_owned(),
    };
    let status = judged
        .status()
        .map_or("-".to_owned(), |status| status.to_string());
    let room = style.width.saturating_sub(58).max(24);
    let target = safe(&judged.visit.asked);
    let shown: String = if target.chars().count() > room {
        target.chars().take(room - 1).chain(['…']).collect()
    } else {
        target
    };
    writeln!(
        out,
        "{status:>3}  {:<30} {blame:<20} {shown}",
        verdict.outcome
    )
}

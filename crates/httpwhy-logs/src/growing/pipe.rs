//! Inputs that cannot be read twice and may never end: standard input and named pipes, read by a thread of their own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use crate::plan::Plan;
use crate::source::Packing;
use crate::triage::FileReport;

/// Bytes a thread hands over at a time, and so many times before it waits: what is not yet read stays in the pipe.
const BLOCK: usize = 64 * 1024;
const BLOCKS: usize = 16;
/// Of the beginning, so much is kept to recognise the format.
const SAMPLE: usize = 64 * 1024;
/// A line longer than this is not kept while it has no end; it is oversize anyway.
const LONGEST: usize = 256 * 1024;

/// An input that is read as it comes.
pub(super) struct Pipe {
    pub(super) report: FileReport,
    pub(super) plan: Plan,
    /// Parts of a message whose last one has not come.
    pub(super) part: Vec<u8>,
    blocks: Receiver<io::Result<Vec<u8>>>,
    /// The first bytes.
    pub(super) sample: Vec<u8>,
    /// How long the sample was when the plan was made.
    pub(super) planned: usize,
    /// Bytes of a line without its end.
    held: Vec<u8>,
    /// The line at hand is too long, and its rest is passed over.
    pub(super) skipping: bool,
    pub(super) ended: bool,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// Whole lines; the last one without its end when the input has ended.
    pub(super) lines: Vec<u8>,
    /// The beginning of a line too long to be kept, behind the lines.
    pub(super) oversize: Option<Vec<u8>>,
    pub(super) error: Option<io::Error>,
}

impl Pipe {
    /// Begins to read.
    pub(super) fn new(name: &str, mut from: impl Read + Send + 'static) -> Self {
        let (sender, blocks) = sync_channel(BLOCKS);
        std::thread::spawn(move || {
            loop {
                let mut block = vec![0; BLOCK];
                let read = match from.read(&mut block) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Ok(0) => return,
                    Ok(count) => {
                        block.truncate(count);
                        Ok(block)
                    }
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                // Nobody listens any more when the reading is over.
                if sender.send(read).is_err() || failed {
                    return;
                }
            }
        });
        Self {
            report: FileReport::of(name, &Plan::default()),
            plan: Plan::default(),
            part: Vec::new(),
            blocks,
            sample: Vec::new(),
            planned: 0,
            held: Vec::new(),
            skipping: false,
            ended: false,
        }
    }

    /// What has come since, without waiting.
    pub(super) fn take(&mut self) -> Came {
        let mut came = Came::default();
        // More than this waits for the next time, so that the screen stays alive.
        for _ in 0..BLOCKS * 4 {
            match self.blocks.try_recv() {
                Ok(Ok(block)) => {
                    let room = SAMPLE.saturating_sub(self.sample.len());
                    self.sample
                        .extend_from_slice(&block[..block.len().min(room)]);
                    self.held.extend_from_slice(&block);
                }
                Ok(Err(error)) => came.error = Some(error),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.ended = true;
                    break;
                }
            }
        }
        if self.skipping {
            match memchr::memchr(b'\n', &self.held) {
                Some(at) => {
                    self.held.drain(..=at);
                    self.skipping = false;
                }
                None => self.held.clear(),
            }
        }
        let whole = if self.ended {
            self.held.len()
        } else {
            memchr::memrchr(b'\n', &self.held).map_or(0, |at| at + 1)
        };
        let rest = self.held.split_off(whole);
        came.lines = std::mem::replace(&mut self.held, rest);
        if self.held.len() > LONGEST {
            came.oversize = Some(std::mem::take(&mut self.held));
            self.skipping = true;
        }
        came
    }

    /// Whether what comes is packed, which cannot be read as it comes.
    pub(super) fn is_packed(&self) -> bool {
        Packing::of(&self.sample) != Packing::Plain
    }
}

//! Taking records from the threads of a command and writing them in batches on a thread of its own.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::{Error, NewRun, Record, Retention, RunEnd, RunId, Store};

/// A batch is written when it has so many records,
const BATCH: usize = 5_000;
/// or its first one has waited so long.
const WAIT: Duration = Duration::from_millis(200);
/// So many records wait at most; whoever brings more waits.
const MOST: usize = 2 * BATCH;
/// And so many bytes, about: contents are what a peer sent.
const MOST_BYTES: usize = 32 << 20;
/// A run under way gives a sign of life so often, also when nothing comes back.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Stores a run as it goes on. Handing over a record costs a lock; where the disk is slower than the run, it waits.
pub struct Saver {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    run: RunId,
    retention: Retention,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What became of a run that was to be stored.
#[derive(Debug)]
pub struct Saved {
    /// Its number.
    pub run: RunId,
    /// Why not all of it is stored.
    pub failed: Option<Error>,
}

struct Shared {
    queue: Mutex<Queue>,
    /// There is a batch, or no more will come.
    ready: Condvar,
    /// There is room again.
    room: Condvar,
}

#[derive(Default)]
struct Queue {
    records: Vec<Record>,
    bytes: usize,
    closed: bool,
    failed: Option<Error>,
    /// Whether something failed, also once the error was taken.
    broken: bool,
}

impl Saver {
    /// Begins a run. Of so many successes one keeps its bytes, as `new` says.
    ///
    /// # Errors
    /// Those of the store, and when no thread can be started.
    pub fn begin(store: Arc<dyn Store>, new: &NewRun) -> Result<Self, Error> {
        let run = store.begin(new)?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            room: Condvar::new(),
        });
        let thread = {
            let (shared, store) = (Arc::clone(&shared), Arc::clone(&store));
            std::thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || shared.write(&*store, run))
                .map_err(|error| Error::Backend(error.to_string()))?
        };
        Ok(Self {
            shared,
            store,
            run,
            retention: Retention::one_of(new.sample),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The run's number.
    pub const fn run(&self) -> RunId {
        self.run
    }

    /// Whether the next visit is to keep its bytes.
    pub fn keeps(&self, fine: bool) -> bool {
        self.retention.keeps(fine)
    }

    /// Hands a record over; waits while too much is waiting. After a failure of the store records are let go: the run
    /// itself must not suffer.
    pub fn put(&self, record: Record) {
        let weight = record.weight();
        let mut queue = self.shared.lock();
        while queue.records.len() >= MOST || queue.bytes >= MOST_BYTES {
            if queue.broken || queue.closed {
                return;
            }
            queue = wait(&self.shared.room, queue);
        }
        if queue.broken || queue.closed {
            return;
        }
        queue.records.push(record);
        queue.bytes += weight;
        let full = queue.records.len() == BATCH || queue.bytes >= MOST_BYTES / 2;
        drop(queue);
        if full {
            self.shared.ready.notify_one();
        }
    }

    /// Why the store failed, once.
    pub fn failure(&self) -> Option<Error> {
        self.shared.lock().failed.take()
    }

    /// Writes what is left and ends the run; what is handed over later is let go. A run of which not all could be written
    /// counts as interrupted.
    pub fn end(&self, end: &RunEnd) -> Saved {
        self.close();
        let mut queue = self.shared.lock();
        let (failed, broken) = (queue.failed.take(), queue.broken);
        drop(queue);
        let end = RunEnd {
            interrupted: end.interrupted || broken,
            ..end.clone()
        };
        let finished = self.store.finish(self.run, &end).err();
        Saved {
            run: self.run,
            failed: failed.or_else(|| finished.filter(|_| !broken)),
        }
    }

    /// Waits until all is written; `false` when that was done before.
    fn close(&self) -> bool {
        self.shared.lock().closed = true;
        self.shared.ready.notify_one();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(thread) = thread else {
            return false;
        };
        // It does not panic; if it did, what it wrote is there.
        let _ = thread.join();
        true
    }
}

impl Drop for Saver {
    /// Writes what was handed over. A run that was not ended was broken off.
    fn drop(&mut self) {
        let under_way = self.close();
        if under_way && !self.shared.lock().broken {
            let end = RunEnd {
                at: SystemTime::now(),
                interrupted: true,
                connections: 0,
                your_side: None,
            };
            // Nobody is left to be told.
            let _ = self.store.finish(self.run, &end);
        }
    }
}

impl std::fmt::Debug for Saver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Saver")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, store: &dyn Store, run: RunId) {
        let mut last = Instant::now();
        loop {
            let (batch, more) = self.batch();
            if !batch.is_empty() || last.elapsed() >= SIGN_OF_LIFE {
                last = Instant::now();
                if let Err(error) = store.append(run, &batch) {
                    let mut queue = self.lock();
                    queue.records = Vec::new();
                    queue.bytes = 0;
                    queue.broken = true;
                    queue.failed = Some(error);
                    drop(queue);
                    self.room.notify_all();
                    return;
                }
            }
            if !more {
                return;
            }
        }
    }

    /// The next batch, all that waits; and whether more may come. It may be empty.
    fn batch(&self) -> (Vec<Record>, bool) {
        let until = Instant::now() + WAIT;
        let mut queue = self.lock();
        loop {
            let full = queue.records.len() >= BATCH || queue.bytes >= MOST_BYTES / 2;
            let left = until.saturating_duration_since(Instant::now());
            if full || queue.closed || left.is_zero() {
                break;
            }
            let waited = self.ready.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let batch = std::mem::take(&mut queue.records);
        queue.bytes = 0;
        let more = !queue.closed;
        drop(queue);
        self.room.notify_all();
        (batch, more)
    }
}

fn wait<'a>(condition: &Condvar, queue: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
    condition
        .wait(queue)
        .unwrap_or_else(PoisonError::into_inner)
}

//! Threads, their runtimes and workers.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};

use crate::deadline::Alarm;
use crate::dispatch::{Dispatch, Task};
use crate::pace::Begun;
use crate::panic::caught;
use crate::pool::Pool;
use crate::resolve::Names;
use crate::tls::Anchors;
use crate::visit::{Course, step};
use crate::{Config, Error, Finished, Job, Policy, TestFault, Totals};

/// How often the caller's wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Jobs read ahead at least: the reader then wakes up rarely, and the workers do not wait for it.
const AHEAD: usize = 512;
/// Bytes read at once; one buffer a thread.
const READ: usize = 64 * 1024;

/// Runs all jobs on `threads` runtimes of one thread each, with `concurrency` long-lived tasks in all. The tasks of
/// a thread share its idle connections; those and the ones in use are never more than its tasks. `each` is called on the task's thread with each finished visit, in order of completion.
///
/// `jobs` is drained by a thread of its own, a little ahead of the work, and may block; with
/// [`Config::jobs_block`] false the workers ask it themselves. `stop`, once true, ends the run
/// soon: jobs under way end as `engine:cancelled`, those not begun are not handed over, and an iterator that blocks
/// then is left behind.
///
/// # Errors
/// Only when nothing can be done at all: no thread or runtime to be had, `trust` unreadable, `each` panicked.
pub fn run<J, P, E>(
    config: &Arc<Config>,
    jobs: J,
    policy: P,
    each: E,
    stop: &AtomicBool,
) -> Result<Totals, Error>
where
    J: IntoIterator<Item = Job>,
    J::IntoIter: Send + 'static,
    P: Policy + 'static,
    E: Fn(Finished) + Send + Sync + 'static,
{
    let shared = Arc::new(Shared {
        names: Names::new(config),
        anchors: Anchors::new(&config.trust, &config.tls)?,
        config: Arc::clone(config),
    });
    let dispatch = Arc::new(Dispatch::new(
        AHEAD.max(2 * config.concurrency),
        config.pace,
        config.concurrency,
        config.gate.clone(),
    ));
    let (cancel, cancelled) = watch::channel(false);
    let crew = Arc::new(Crew {
        shared,
        dispatch: Arc::clone(&dispatch),
        cancelled,
        policy,
        each,
    });
    let jobs = if config.jobs_block {
        Some(jobs.into_iter())
    } else {
        dispatch.draw_from(Box::new(jobs.into_iter()));
        None
    };
    let (done, ended) = channel();
    for thread in 0..config.threads.max(1) {
        spawn_thread(thread, &crew, done.clone())?;
    }
    drop(done);
    if let Some(jobs) = jobs {
        let feeder = Arc::clone(&dispatch);
        thread::Builder::new()
            .name("httpwhy-jobs".to_owned())
            .spawn(move || feeder.fill(jobs))
            .map_err(|error| Error::new(format_args!("no thread can be started: {error}")))?;
    }
    let result = supervise(&ended, stop, || {
        dispatch.close(true);
        // Nobody listens any more when all threads have ended.
        let _ = cancel.send(true);
    });
    dispatch.close(true);
    result
}

/// Waits for all threads; `end` is called once when they are to stop.
fn supervise(
    ended: &mpsc::Receiver<Result<Totals, Error>>,
    stop: &AtomicBool,
    end: impl Fn(),
) -> Result<Totals, Error> {
    let mut totals = Totals::default();
    let mut stopping = false;
    let mut failed = None;
    loop {
        match ended.recv_timeout(LOOK) {
            Ok(Ok(part)) => totals.add(part),
            Ok(Err(error)) => failed = failed.or(Some(error)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if !stopping && (failed.is_some() || stop.load(Ordering::Relaxed)) {
            stopping = true;
            end();
        }
    }
    failed.map_or(Ok(totals), Err)
}

/// What all threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) names: Names,
    pub(crate) anchors: Anchors,
}

/// What all workers share.
struct Crew<P, E> {
    shared: Arc<Shared>,
    dispatch: Arc<Dispatch>,
    cancelled: watch::Receiver<bool>,
    policy: P,
    each: E,
}

/// What the workers of one thread share.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) shared: Arc<Shared>,
    /// Borrowed only while a read is polled, never across an await.
    pub(crate) buffer: RefCell<Vec<u8>>,
    pub(crate) totals: Cell<Totals>,
    /// Borrowed only to take or put, never across an await.
    pub(crate) pool: RefCell<Pool>,
    /// How many connections are in use.
    pub(crate) in_use: Cell<usize>,
    stop: Stop,
}

impl Local {
    /// Changes the thread's counts.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Totals)) {
        let mut totals = self.totals.get();
        change(&mut totals);
        self.totals.set(totals);
    }
}

/// One long-lived task.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) local: Rc<Local>,
    /// The bytes of the request being sent.
    pub(crate) out: Vec<u8>,
    pub(crate) alarm: Alarm,
    /// Its number among those of its thread.
    number: usize,
}

/// How the workers of a thread are told that the run is stopped. A worker looks at it in every wait: what it leaves here
/// stays the same from its first wait on.
#[derive(Debug)]
pub(crate) struct Stop {
    told: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Stop {
    fn new(workers: usize) -> Self {
        Self {
            told: Cell::new(false),
            waiting: RefCell::new(vec![Waker::noop().clone(); workers]),
        }
    }

    fn tell(&self) {
        self.told.set(true);
        self.waiting.borrow().iter().for_each(Waker::wake_by_ref);
    }

    fn poll(&self, number: usize, cx: &Context<'_>) -> Poll<()> {
        if self.told.get() {
            return Poll::Ready(());
        }
        let waiting = &mut self.waiting.borrow_mut()[number];
        if !waiting.will_wake(cx.waker()) {
            waiting.clone_from(cx.waker());
        }
        Poll::Pending
    }
}

fn spawn_thread<P, E>(
    thread: usize,
    crew: &Arc<Crew<P, E>>,
    done: mpsc::Sender<Result<Totals, Error>>,
) -> Result<(), Error>
where
    P: Policy + 'static,
    E: Fn(Finished) + Send + Sync + 'static,
{
    let config = &crew.shared.config;
    let threads = config.threads.max(1);
    let all = config.concurrency.max(threads);
    let workers = all / threads + usize::from(thread < all % threads);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(format_args!("no runtime can be started: {error}")))?;
    let crew = Arc::clone(crew);
    thread::Builder::new()
        .name(format!("httpwhy-{thread}"))
        .spawn(move || {
            let result = work(&runtime, thread, workers, &crew);
            // The caller has given up when it does not listen.
            let _ = done.send(result);
        })
        .map_err(|error| Error::new(format_args!("no thread can be started: {error}")))?;
    Ok(())
}

fn work<P, E>(
    runtime: &Runtime,
    thread: usize,
    workers: usize,
    crew: &Arc<Crew<P, E>>,
) -> Result<Totals, Error>
where
    P: Policy + 'static,
    E: Fn(Finished) + Send + Sync + 'static,
{
    let local = Rc::new(Local {
        shared: Arc::clone(&crew.shared),
        buffer: RefCell::new(vec![0; READ]),
        totals: Cell::default(),
        pool: RefCell::new(Pool::new(workers)),
        in_use: Cell::default(),
        stop: Stop::new(workers),
    });
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        let mut all = JoinSet::new();
        for number in 0..workers {
            let worker = Worker {
                local: Rc::clone(&local),
                out: Vec::new(),
                alarm: Alarm::default(),
                number,
            };
            all.spawn_local(worker.work(thread, Arc::clone(crew)));
        }
        let mut cancelled = crew.cancelled.clone();
        let mut listens = true;
        loop {
            tokio::select! {
                ended = all.join_next() => match ended {
                    None => return Ok(local.totals.get()),
                    Some(Ok(())) => {}
                    Some(Err(_)) => return Err(Error::new(
                        "the receiver of the visits or the source of the jobs panicked",
                    )),
                },
                told = cancelled.wait_for(|&cancelled| cancelled), if listens => {
                    listens = false;
                    // A sender that is gone cannot cancel.
                    if told.is_ok() {
                        local.stop.tell();
                    }
                }
            }
        }
    })
}

impl Worker {
    async fn work<P, E>(mut self, thread: usize, crew: Arc<Crew<P, E>>)
    where
        P: Policy,
        E: Fn(Finished),
    {
        while let Some(begun) = crew.dispatch.next().await {
            let Some(course) = self.follow(begun, &crew).await else {
                continue;
            };
            let visit = course.seen;
            self.local.count(|totals| {
                totals.jobs += 1;
                totals.exchanges += visit.steps.len() as u64;
                totals.received += visit.steps.iter().map(|s| s.exchange.received).sum::<u64>();
            });
            (crew.each)(Finished {
                index: course.ask.job.index,
                thread,
                visit,
            });
        }
    }

    /// Step by step to its end, or until it has to wait: then it is kept elsewhere, and this worker is free.
    async fn follow<P: Policy, E>(
        &mut self,
        begun: Begun<Task>,
        crew: &Crew<P, E>,
    ) -> Option<Box<Course>> {
        let mut course = begun.what;
        course.start();
        course.turn = begun.turn;
        course.waited = begun.waited;
        while let Some(delay) = self.step(&mut course, crew).await {
            course = crew.dispatch.go_on(course, delay)?;
        }
        Some(course)
    }

    /// One step to its end, to its panic, or until the run is stopped.
    async fn step<P: Policy, E>(
        &mut self,
        course: &mut Course,
        crew: &Crew<P, E>,
    ) -> Option<Duration> {
        let fault = course.ask.job.fault.clone();
        let (local, number) = (Rc::clone(&self.local), self.number);
        let ended = {
            let stepping = pin!(step(self, course, &crew.dispatch, &crew.policy));
            tokio::select! {
                biased;
                () = told_to_stop(fault.as_ref(), &local.stop, number) => Err("cancelled"),
                end = caught(stepping) => end.map_err(|_| "panic"),
            }
        };
        if let Some(turn) = course.turn.take() {
            crew.dispatch.leave(&turn, None);
        }
        ended.unwrap_or_else(|word| {
            course.interrupt(word);
            None
        })
    }
}

/// Ends when the job is to be left as it is.
async fn told_to_stop(fault: Option<&TestFault>, stop: &Stop, number: usize) {
    if fault == Some(&TestFault::Cancelled) {
        // Later than the first poll of the visit, so that it is under way.
        return tokio::task::yield_now().await;
    }
    poll_fn(|cx| stop.poll(number, cx)).await;
}

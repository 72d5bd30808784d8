//! The jobs between the caller's iterator, which may block, and the workers, which may not; and whose turn it is.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::Job;
use crate::pace::{Begun, Heard, Hosts, Pace, Turn};
use crate::visit::Course;

/// How often a shut gate is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A gate in front of jobs not begun: it can be shut while the run goes on, and opened again. Shared by all clones.
#[derive(Debug, Clone)]
pub struct Gate(Arc<AtomicUsize>);

impl Default for Gate {
    /// An open one.
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(usize::MAX)))
    }
}

impl Gate {
    /// No job begins any more; those under way go on.
    pub fn shut(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// So many more jobs may begin.
    pub fn let_through(&self, jobs: usize) {
        self.0.store(jobs, Ordering::SeqCst);
    }

    /// Jobs begin as they come.
    pub fn open(&self) {
        self.let_through(usize::MAX);
    }

    fn is_shut(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// One passes; called by one at a time.
    fn pass(&self) {
        let left = self.0.load(Ordering::Relaxed);
        if left != usize::MAX {
            let one_less = left.saturating_sub(1);
            // Whoever set it meanwhile is right.
            let _ = self
                .0
                .compare_exchange(left, one_less, Ordering::SeqCst, Ordering::Relaxed);
        }
    }
}

/// What a worker is to do next: a job from its beginning, or a visit that waited between two steps. It is passed on
/// many times, and large.
pub(crate) type Task = Box<Course>;

/// Jobs that are there at once.
pub(crate) type Source = Box<dyn Iterator<Item = Job> + Send>;

/// A bounded queue: filled by one thread, or drawn from a [`Source`], and emptied by the workers of all threads. What
/// cannot begin yet is held back for its host, and does not stand in the way of others.
pub(crate) struct Dispatch {
    room: usize,
    gate: Gate,
    paced: bool,
    inside: Mutex<Inside>,
    emptier: Condvar,
    fuller: Notify,
    /// Wakes the one worker that waits for a moment.
    sooner: Notify,
}

struct Inside {
    fresh: VecDeque<Task>,
    /// Where more come from, when that never blocks.
    source: Option<Source>,
    hosts: Hosts<Task>,
    /// Visits that were under way when the run was stopped.
    stopped: Vec<Task>,
    filler_waits: bool,
    closed: bool,
    dropped: bool,
    /// What the one worker that waits for a moment waits for.
    watch: Option<Instant>,
}

/// What there is for a worker.
enum Found {
    Task(Begun<Task>),
    /// Nothing before that moment, or before somebody tells.
    Wait(Option<Instant>),
    End,
}

impl Dispatch {
    pub(crate) fn new(room: usize, pace: Option<Pace>, ceiling: usize, gate: Gate) -> Self {
        Self {
            room: room.max(1),
            gate,
            paced: pace.is_some(),
            inside: Mutex::new(Inside {
                fresh: VecDeque::new(),
                source: None,
                hosts: Hosts::new(pace, ceiling),
                stopped: Vec::new(),
                filler_waits: false,
                closed: false,
                dropped: false,
                watch: None,
            }),
            emptier: Condvar::new(),
            fuller: Notify::new(),
            sooner: Notify::new(),
        }
    }

    /// The workers draw jobs from the source themselves, until it ends: nothing is handed from one core to another.
    pub(crate) fn draw_from(&self, source: Source) {
        self.lock().source = Some(source);
    }

    /// Takes all jobs of the iterator, as there is room, until it ends or the queue is closed.
    pub(crate) fn fill(&self, jobs: impl Iterator<Item = Job>) {
        // Also when the caller's iterator panics: the workers must not wait for ever.
        let _close = Close(self);
        for job in jobs {
            let task = Box::new(Course::new(job));
            let mut inside = self.lock();
            if inside.fresh.len() >= self.room {
                // Woken only once half of it is free, so that a wake-up pays for many jobs.
                inside.filler_waits = true;
                inside = self
                    .emptier
                    .wait_while(inside, |i| !i.closed && i.fresh.len() > self.room / 2)
                    .unwrap_or_else(PoisonError::into_inner);
                inside.filler_waits = false;
            }
            if inside.closed {
                return;
            }
            inside.fresh.push_back(task);
            drop(inside);
            self.fuller.notify_one();
        }
    }

    /// The next thing to do, or `None` when there will be none.
    pub(crate) async fn next(&self) -> Option<Begun<Task>> {
        // As long as there is enough to do, nothing is made to wait on.
        if let Some(begun) = self.next_at_once() {
            return Some(begun);
        }
        loop {
            let more = self.fuller.notified();
            let sooner = self.sooner.notified();
            let watch = {
                let mut inside = self.lock();
                match self.find(&mut inside) {
                    Found::Task(begun) => {
                        self.tell_others(&inside);
                        return Some(begun);
                    }
                    Found::End => {
                        // The wake-up may have been meant for all: pass it on.
                        self.fuller.notify_one();
                        return None;
                    }
                    Found::Wait(due) => {
                        let watch = due.filter(|_| inside.watch.is_none());
                        inside.watch = inside.watch.or(watch);
                        watch
                    }
                }
            };
            let Some(until) = watch else {
                more.await;
                continue;
            };
            let _watching = Watching(self);
            tokio::select! {
                () = more => {}
                () = sooner => {}
                () = tokio::time::sleep_until(until.into()) => {}
            }
        }
    }

    fn next_at_once(&self) -> Option<Begun<Task>> {
        let mut inside = self.lock();
        let Found::Task(begun) = self.find(&mut inside) else {
            return None;
        };
        self.tell_others(&inside);
        Some(begun)
    }

    fn find(&self, inside: &mut Inside) -> Found {
        if let Some(course) = inside.stopped.pop() {
            return Found::Task(Begun {
                what: course,
                turn: None,
                waited: None,
            });
        }
        let needs_clock = self.paced || inside.hosts.waiting() > 0;
        if !needs_clock && !self.gate.is_shut() {
            return match inside.next_fresh() {
                Some(course) => {
                    self.gate.pass();
                    self.wake_filler(inside);
                    Found::Task(Begun {
                        what: course,
                        turn: None,
                        waited: None,
                    })
                }
                None if inside.closed => Found::End,
                None => Found::Wait(None),
            };
        }
        self.find_at(inside, Instant::now())
    }

    fn find_at(&self, inside: &mut Inside, now: Instant) -> Found {
        if self.gate.is_shut() {
            if inside.is_over() {
                return Found::End;
            }
            return Found::Wait(Some(now + LOOK));
        }
        if let Some(begun) = inside.hosts.take(now) {
            if begun.what.is_new() {
                self.gate.pass();
            }
            return Found::Task(begun);
        }
        while !inside.hosts.is_full()
            && let Some(course) = inside.next_fresh()
        {
            self.wake_filler(inside);
            let host = inside.hosts.host_of(&course.ask.target);
            if let Some(begun) = inside.hosts.admit(host, course, now, false) {
                self.gate.pass();
                return Found::Task(begun);
            }
        }
        if inside.is_over() {
            return Found::End;
        }
        Found::Wait(inside.hosts.due())
    }

    fn wake_filler(&self, inside: &Inside) {
        if inside.filler_waits && inside.fresh.len() <= self.room / 2 {
            self.emptier.notify_one();
        }
    }

    /// Several notices given before anyone waited are one: pass it on, also to whoever is to watch the clock now.
    fn tell_others(&self, inside: &Inside) {
        let waits = inside.hosts.waiting() > 0 && inside.watch.is_none();
        if !inside.fresh.is_empty() || inside.source.is_some() || inside.closed || waits {
            self.fuller.notify_one();
        }
    }

    /// A further step of a visit: it goes on now, or is kept until it may. Such steps come before jobs not begun, so that
    /// no more visits are half done than there are workers.
    pub(crate) fn go_on(&self, course: Task, delay: Duration) -> Option<Task> {
        if !self.paced && delay.is_zero() {
            return Some(course);
        }
        let now = Instant::now();
        let mut inside = self.lock();
        if inside.dropped {
            return Some(course);
        }
        let host = inside.hosts.host_of(&course.ask.target);
        if delay.is_zero() {
            if let Some(begun) = inside.hosts.admit(host, course, now, true) {
                let mut course = begun.what;
                course.turn = begun.turn;
                return Some(course);
            }
        } else {
            let until = now + delay;
            inside.hosts.put_off(host, course, until, now);
        }
        let due = inside.hosts.due();
        let sooner = inside
            .watch
            .is_some_and(|watched| due.is_some_and(|due| due < watched));
        drop(inside);
        if sooner {
            self.sooner.notify_one();
        }
        None
    }

    /// Ends a turn with what was heard in it.
    pub(crate) fn leave(&self, turn: &Turn, heard: Option<&Heard>) {
        self.end_turn(&mut self.lock(), turn, heard, Instant::now());
    }

    fn end_turn(&self, inside: &mut Inside, turn: &Turn, heard: Option<&Heard>, now: Instant) {
        if inside.hosts.leave(turn, heard, now) {
            self.fuller.notify_one();
        }
    }

    /// Ends it: no job is taken or given out any more when `drop_waiting`, else what is inside is still given out.
    /// Visits that waited between two steps are given out all the same, to be marked.
    pub(crate) fn close(&self, drop_waiting: bool) {
        let mut inside = self.lock();
        inside.closed = true;
        if drop_waiting {
            inside.dropped = true;
            inside.fresh.clear();
            inside.source = None;
            let mut waiting = inside.hosts.drain();
            waiting.retain(|course| !course.is_new());
            inside.stopped.append(&mut waiting);
        }
        drop(inside);
        self.emptier.notify_all();
        self.fuller.notify_waiters();
        self.fuller.notify_one();
        self.sooner.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // A panic inside cannot leave it half changed.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn next_fresh(&mut self) -> Option<Task> {
        let Some(source) = &mut self.source else {
            return self.fresh.pop_front();
        };
        // One at a time: what begins at once still lies in the cache.
        let job = source.next();
        if job.is_none() {
            self.source = None;
            self.closed = true;
        }
        job.map(|job| Box::new(Course::new(job)))
    }

    fn is_over(&self) -> bool {
        self.closed && self.fresh.is_empty() && self.hosts.waiting() == 0 && self.stopped.is_empty()
    }
}

struct Close<'a>(&'a Dispatch);

impl Drop for Close<'_> {
    fn drop(&mut self) {
        self.0.close(false);
    }
}

/// Somebody watches the clock, until this is dropped.
struct Watching<'a>(&'a Dispatch);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.lock().watch = None;
    }
}

//! Sends the requests of a login, one after the other, through the prober: every one is seen, none is retried in secret.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use httpwhy_model::{Because, Visit};
use httpwhy_probe::{Config, Finished, Job, Next, Reuse, next_target};

use crate::scope::Scope;

/// Redirects of one step followed at most.
const MOST_REDIRECTS: usize = 10;
/// Bytes of content kept at least: tokens stand deep in pages.
const KEPT: usize = 1024 * 1024;

/// A prober of one request at a time, whose connections are kept between them.
#[derive(Debug)]
pub(crate) struct Agent {
    jobs: Option<mpsc::Sender<Job>>,
    visits: mpsc::Receiver<Visit>,
    follow: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The prober has stopped: the run was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stopped;

impl Agent {
    /// Starts one that does as the configuration says otherwise. `stop`, once true, ends it.
    pub(crate) fn start(config: &Config, scope: &Scope, stop: &Arc<AtomicBool>) -> Self {
        let mut config = Config {
            threads: 1,
            concurrency: 1,
            pace: None,
            alt_svc: false,
            gate: httpwhy_probe::Gate::default(),
            lender: None,
            jobs_block: true,
            reuse: Reuse::Repeatable,
            note_local: true,
            ..config.clone()
        };
        config.limits.body = config.limits.body.max(KEPT);
        let config = Arc::new(config);
        let (jobs, queue) = mpsc::channel::<Job>();
        let (done, visits) = mpsc::channel();
        let follow = Arc::new(AtomicBool::new(false));
        let ended = Arc::new(AtomicBool::new(false));
        let thread = {
            let (follow, stop, ended) = (Arc::clone(&follow), Arc::clone(stop), Arc::clone(&ended));
            let scope = scope.clone();
            thread::spawn(move || {
                let policy = move |visit: &Visit| {
                    if !follow.load(Ordering::SeqCst) {
                        return Next::Done;
                    }
                    redirect(visit, &scope).unwrap_or(Next::Done)
                };
                let each = move |finished: Finished| {
                    // Nobody waits when the agent is gone.
                    let _ = done.send(finished.visit);
                };
                let watch = Either(stop, Arc::clone(&ended));
                watch.run(|stop| {
                    // An error says that no thread is to be had: the channel closes then.
                    let _ = httpwhy_probe::run(&config, queue, policy, each, stop);
                });
            })
        };
        Self {
            jobs: Some(jobs),
            visits,
            follow,
            ended,
            thread: Some(thread),
        }
    }

    /// Sends one request, and what follows from it.
    pub(crate) fn ask(&mut self, job: Job, follow: bool) -> Result<Visit, Stopped> {
        self.follow.store(follow, Ordering::SeqCst);
        let jobs = self.jobs.as_ref().ok_or(Stopped)?;
        jobs.send(job).map_err(|_| Stopped)?;
        self.visits.recv().map_err(|_| Stopped)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.jobs = None;
        self.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // A panic of it has been reported.
            let _ = thread.join();
        }
    }
}

/// Two wishes to stop as one.
struct Either(Arc<AtomicBool>, Arc<AtomicBool>);

impl Either {
    fn run(self, work: impl FnOnce(&AtomicBool) + Send) {
        let both = AtomicBool::new(false);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    if self.0.load(Ordering::Relaxed) || self.1.load(Ordering::SeqCst) {
                        both.store(true, Ordering::Relaxed);
                        return;
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            });
            work(&both);
            over.store(true, Ordering::SeqCst);
        });
    }
}

/// The redirect of the last step, when it stays inside the scope (RFC 9110 section 15.4).
fn redirect(visit: &Visit, scope: &Scope) -> Option<Next> {
    let index = visit.steps.len().checked_sub(1)?;
    let exchange = &visit.steps[index].exchange;
    let status = exchange.status()?;
    if !matches!(status, 301 | 302 | 303 | 307 | 308) || index >= MOST_REDIRECTS {
        return None;
    }
    let location = exchange.response.as_ref()?.fields.text("location")?;
    let target = next_target(&exchange.target, location).filter(|target| scope.holds(target))?;
    let method = &exchange.request.method;
    let becomes_get = match status {
        303 => method.as_ref() != b"HEAD",
        301 | 302 => method.as_ref() == b"POST",
        _ => false,
    };
    Some(Next::Go {
        target,
        method: if becomes_get {
            Bytes::from_static(b"GET")
        } else {
            method.clone()
        },
        keep_body: !becomes_get,
        drop_fields: Vec::new(),
        delay: Duration::ZERO,
        because: Because::Redirect(index),
    })
}

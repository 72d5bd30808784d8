//! Many pages, through a pool.

use std::fmt;
use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use httpwhy_model::{Because, Phase, Signal, Step, Visit};
use tokio::runtime::Builder;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::{ParseError, Url};

use crate::page::unopened;
use crate::{Lender, Lent, Load, Look, Pool, PoolConfig, Trouble, load};

/// How often the caller's wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Pages read ahead.
const AHEAD: usize = 4;
/// How often a page is opened again because its session was lost.
const AGAIN: usize = 2;
/// How long the end of all processes is waited for.
const ENDING: Duration = Duration::from_secs(10);

/// How pages are opened.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// The browsers.
    pub pool: PoolConfig,
    /// How each page is looked at; its `stop` is set by [`run`].
    pub look: Look,
    /// Who keeps a session for the pages.
    pub lender: Option<Arc<dyn Lender>>,
    /// Where pictures go, as `000017.png` by the page's number; `None`: none are taken.
    pub pictures: Option<PathBuf>,
}

/// A page that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// The number in [`Load::index`].
    pub index: u64,
    /// What was seen.
    pub visit: Visit,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Pages opened, or tried to.
    pub pages: u64,
    /// Their requests.
    pub exchanges: u64,
    /// Connections made for them, as far as the browser told.
    pub connections: u64,
    /// Bytes received, as far as the browser told.
    pub received: u64,
    /// Pages that came to nothing through our own side: no browser, no lease, a crash.
    pub troubled: u64,
}

/// Why nothing could be done at all.
#[derive(Debug)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Opens all pages, as many at a time as there may be browsers; as many again stand in line. `each` is called with each
/// finished visit, in order of completion. `loads` is drained by a thread of its own and may block. `stop`, once true,
/// ends the run soon: pages under way end as `engine:cancelled`, those not begun are not handed over. When this returns,
/// all browsers have ended.
///
/// # Errors
/// Only when nothing can be done at all: no thread or runtime to be had, pictures cannot be written, `each` panicked.
pub fn run<L, E>(how: &Run, loads: L, each: E, stop: &AtomicBool) -> Result<Totals, Error>
where
    L: IntoIterator<Item = Load>,
    L::IntoIter: Send + 'static,
    E: Fn(Finished) + Send + Sync + 'static,
{
    if let Some(folder) = &how.pictures {
        std::fs::create_dir_all(folder).map_err(|error| {
            Error(format!(
                "cannot make the folder '{}': {error}",
                folder.display()
            ))
        })?;
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error(format!("no runtime can be started: {error}")))?;
    let (send, read) = mpsc::channel(AHEAD);
    let loads = loads.into_iter();
    thread::Builder::new()
        .name("httpwhy-pages".to_owned())
        .spawn(move || {
            for load in loads {
                if send.blocking_send(load).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| Error(format!("no thread can be started: {error}")))?;
    let (tell, told) = watch::channel(false);
    let crew = Arc::new(Crew {
        how: Run {
            look: Look {
                stop: told,
                picture: how.pictures.is_some(),
                ..how.look.clone()
            },
            ..how.clone()
        },
        loads: Mutex::new(read),
        each,
        counts: Counts::default(),
    });
    let result = runtime.block_on(crew.work(stop, &tell));
    // What waits for its end in the background has had its time.
    runtime.shutdown_timeout(ENDING);
    result
}

struct Crew<E> {
    how: Run,
    loads: Mutex<mpsc::Receiver<Load>>,
    each: E,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    pages: AtomicU64,
    exchanges: AtomicU64,
    connections: AtomicU64,
    received: AtomicU64,
    troubled: AtomicU64,
}

impl<E: Fn(Finished) + Send + Sync + 'static> Crew<E> {
    async fn work(
        self: Arc<Self>,
        stop: &AtomicBool,
        tell: &watch::Sender<bool>,
    ) -> Result<Totals, Error> {
        let pool = Pool::new(self.how.pool.clone());
        let mut workers = JoinSet::new();
        for _ in 0..2 * self.how.pool.max.max(1) {
            workers.spawn(Arc::clone(&self).worker(pool.clone()));
        }
        let mut failed = None;
        loop {
            tokio::select! {
                ended = workers.join_next() => match ended {
                    None => break,
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(error))) => failed = failed.or(Some(error)),
                    Some(Err(_)) => {
                        failed = failed.or(Some(Error("the receiver of the visits panicked".to_owned())));
                    }
                },
                () = sleep(LOOK) => {}
            }
            if failed.is_some() || stop.load(Ordering::Relaxed) {
                tell.send_replace(true);
            }
        }
        pool.close(ENDING).await;
        match failed {
            Some(error) => Err(error),
            None => Ok(self.counts.totals()),
        }
    }

    async fn worker(self: Arc<Self>, pool: Pool) -> Result<(), Error> {
        let mut stop = self.how.look.stop.clone();
        loop {
            let next = async { self.loads.lock().await.recv().await };
            let page = tokio::select! {
                biased;
                Ok(_) = stop.wait_for(|&stop| stop) => return Ok(()),
                page = next => page,
            };
            let Some(page) = page else { return Ok(()) };
            self.page(&pool, &page).await?;
        }
    }

    async fn page(&self, pool: &Pool, page: &Load) -> Result<(), Error> {
        if let Some(why) = no_page(&page.target) {
            self.done(page.index, unopened(&page.target, why));
            return Ok(());
        }
        let (mut visit, mut again) = self.attempt(pool, page).await?;
        for _ in 0..AGAIN {
            if !again {
                break;
            }
            let (later, once_more) = self.attempt(pool, page).await?;
            behind(&mut visit, later);
            again = once_more;
        }
        self.done(page.index, visit);
        Ok(())
    }

    /// Opens the page once. Whether it is to be opened again, in another session.
    async fn attempt(&self, pool: &Pool, page: &Load) -> Result<(Visit, bool), Error> {
        let began = Instant::now();
        let lent = match &self.how.lender {
            None => Lent::default(),
            Some(lender) => match poll_fn(|cx| lender.lend(&page.target, cx)).await {
                Ok(lent) => lent,
                Err(why) => return Ok((unopened(&page.target, why), false)),
            },
        };
        let epoch = lent.epoch;
        let mut visit = self.open(pool, &lent.to(page), began).await?;
        visit.asked.clone_from(&page.target);
        let again = match (&self.how.lender, epoch) {
            (Some(lender), Some(epoch)) => is_lost(&**lender, &mut visit, epoch).await,
            _ => false,
        };
        Ok((visit, again))
    }

    async fn open(&self, pool: &Pool, page: &Load, began: Instant) -> Result<Visit, Error> {
        let mut stop = self.how.look.stop.clone();
        let lease = tokio::select! {
            biased;
            Ok(_) = stop.wait_for(|&stop| stop) => Err(Trouble::Closed),
            lease = pool.lease(&page.target) => lease,
        };
        let waited = began.elapsed();
        let mut visit = match lease {
            Err(trouble) => {
                self.counts.trouble(&trouble);
                unopened(&page.target, trouble.signal())
            }
            Ok(mut lease) => {
                let loaded = load(&mut lease, page, &self.how.look).await;
                if let Some(trouble) = &loaded.trouble {
                    self.counts.trouble(trouble);
                }
                lease.give_back().await;
                if let (Some(folder), Some(picture)) = (&self.how.pictures, &loaded.picture) {
                    write(&folder.join(format!("{:06}.png", page.index)), picture)?;
                }
                loaded.visit
            }
        };
        if let Some(first) = visit.steps.first_mut() {
            first.exchange.timeline.add(Phase::Queue, waited);
        }
        Ok(visit)
    }

    fn done(&self, index: u64, visit: Visit) {
        self.counts.add(&visit);
        (self.each)(Finished { index, visit });
    }
}

/// Shows the lender each request of a page to its own origin. Whether the page is to be opened again; one that sent what
/// may act twice is not.
async fn is_lost(lender: &dyn Lender, visit: &mut Visit, epoch: u64) -> bool {
    let origin = |target: &str| Url::parse(target).ok().map(|url| url.origin());
    let own = origin(&visit.asked);
    let may = |method: &[u8]| matches!(method, b"GET" | b"HEAD" | b"OPTIONS");
    let twice = visit
        .steps
        .iter()
        .all(|step| may(&step.exchange.request.method));
    let requests = visit.steps.iter_mut().map(|step| &mut step.exchange);
    for exchange in requests.filter(|exchange| origin(&exchange.target) == own) {
        let mut alone = Visit::of(std::mem::take(exchange));
        let mut memory = 0;
        let lost = poll_fn(|cx| lender.look(&mut alone, epoch, &mut memory, cx)).await;
        if let Some(step) = alone.steps.pop() {
            *exchange = step.exchange;
        }
        if lost {
            return twice;
        }
    }
    false
}

/// Puts another attempt at a page behind the first.
fn behind(visit: &mut Visit, later: Visit) {
    let before = visit.steps.len();
    let document = (0..before).rfind(|&index| !visit.is_of_page(index));
    let document = document.unwrap_or_default();
    let steps = later.steps.into_iter().map(|step| Step {
        because: match step.because {
            Because::Asked => Because::Retry(document),
            because => because.behind(before),
        },
        ..step
    });
    visit.steps.extend(steps);
}

/// Why there can be no page at that URL, in the prober's words.
fn no_page(target: &str) -> Option<Signal> {
    let word = match Url::parse(target) {
        Err(ParseError::EmptyHost) => "empty-host",
        Err(_) => "invalid-url",
        Ok(url) if matches!(url.scheme(), "http" | "https") => return None,
        Ok(_) => "unsupported-scheme",
    };
    Some(Signal::word("input", word))
}

fn write(file: &std::path::Path, picture: &Bytes) -> Result<(), Error> {
    std::fs::write(file, picture)
        .map_err(|error| Error(format!("cannot write '{}': {error}", file.display())))
}

impl Counts {
    fn trouble(&self, trouble: &Trouble) {
        let ours = *trouble != Trouble::Closed;
        self.troubled.fetch_add(u64::from(ours), Ordering::Relaxed);
    }

    fn add(&self, visit: &Visit) {
        let exchanges = || visit.steps.iter().map(|step| &step.exchange);
        let fresh = exchanges()
            .filter(|exchange| exchange.reused == httpwhy_model::Seen::Present(false))
            .count();
        let received = exchanges().map(|exchange| exchange.received).sum();
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.exchanges
            .fetch_add(visit.steps.len() as u64, Ordering::Relaxed);
        self.connections.fetch_add(fresh as u64, Ordering::Relaxed);
        self.received.fetch_add(received, Ordering::Relaxed);
    }

    fn totals(&self) -> Totals {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Totals {
            pages: of(&self.pages),
            exchanges: of(&self.exchanges),
            connections: of(&self.connections),
            received: of(&self.received),
            troubled: of(&self.troubled),
        }
    }
}

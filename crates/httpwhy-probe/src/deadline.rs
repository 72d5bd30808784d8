//! Every wait has a deadline: that of its phase, or what is left of the exchange's.

use std::borrow::Cow;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use httpwhy_model::Signal;
use tokio::time::{Sleep, sleep_until};

/// A deadline that no run lives to see.
const FAR: Duration = Duration::from_hours(24 * 365);

/// What is left of the time of one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    began: Instant,
    total: Duration,
}

impl Budget {
    pub(crate) fn new(total: Duration) -> Self {
        Self {
            began: Instant::now(),
            total,
        }
    }

    /// When it began.
    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    /// Awaits the future for at most that long. The signal says which deadline fired: `timeout:MS` that of the phase,
    /// `limit:time max=MS` that of the whole exchange.
    pub(crate) async fn within<F: Future>(
        &self,
        phase: Duration,
        future: F,
    ) -> Result<F::Output, Signal> {
        self.watch(&Alarm::default(), Instant::now(), phase, pin!(future))
            .await
    }

    /// The same, with a timer that is kept from one wait to the next, and the moment that it is now.
    pub(crate) async fn watch<F: Future>(
        &self,
        alarm: &Alarm,
        now: Instant,
        phase: Duration,
        mut future: Pin<&mut F>,
    ) -> Result<F::Output, Signal> {
        let left = self.total.saturating_sub(now - self.began);
        if left.is_zero() {
            // A future that is ready at once would win against the clock, and an exchange of many short waits never end.
            return Err(limit("time", millis(self.total)));
        }
        let until = now.checked_add(phase.min(left)).unwrap_or(now + FAR);
        // What need not be waited for needs no timer.
        let ended = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => alarm.poll_until(until, cx).map(|()| None),
        });
        match ended.await {
            Some(output) => Ok(output),
            None if phase <= left => Err(timeout(phase)),
            None => Err(limit("time", millis(self.total))),
        }
    }
}

/// A timer for one wait after the other. It stays set when a wait is over before it, and is moved only when it goes off
/// too early for the next one: most waits are short, and setting a timer costs more than they do.
#[derive(Debug, Default)]
pub(crate) struct Alarm(RefCell<Option<Pin<Box<Sleep>>>>);

impl Alarm {
    fn poll_until(&self, until: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut kept = self.0.borrow_mut();
        let sleep = kept.get_or_insert_with(|| Box::pin(sleep_until(until.into())));
        if sleep.deadline() > until.into() {
            sleep.as_mut().reset(until.into());
        }
        if sleep.deadline() < until.into() {
            ready!(sleep.as_mut().poll(cx));
            sleep.as_mut().reset(until.into());
        }
        sleep.as_mut().poll(cx)
    }
}

/// `timeout:MS`
pub(crate) fn timeout(after: Duration) -> Signal {
    Signal::Timeout(millis(after))
}

/// `limit:WORD max=N`
pub(crate) fn limit(word: &'static str, max: u64) -> Signal {
    Signal::Word {
        dialect: Cow::Borrowed("limit"),
        word: Cow::Borrowed(word),
        params: vec![(Cow::Borrowed("max"), max.to_string())],
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

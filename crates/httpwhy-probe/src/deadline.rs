//! Every wait has a deadline: that of its phase, or what is left of the exchange's.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use httpwhy_model::Signal;

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

    /// Awaits the future for at most that long. The signal says which deadline fired: `timeout:MS` that of the phase,
    /// `limit:time max=MS` that of the whole exchange.
    pub(crate) async fn within<F: Future>(
        &self,
        phase: Duration,
        future: F,
    ) -> Result<F::Output, Signal> {
        let now = Instant::now();
        let left = self.total.saturating_sub(now - self.began);
        if left.is_zero() {
            // A future that is ready at once would win against the clock, and an exchange of many short waits never end.
            return Err(limit("time", millis(self.total)));
        }
        let mut future = pin!(future);
        // What need not be waited for needs no timer.
        let first = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = first {
            return Ok(output);
        }
        let until = now.checked_add(phase.min(left)).unwrap_or(now + FAR);
        match tokio::time::timeout_at(until.into(), future).await {
            Ok(output) => Ok(output),
            Err(_) if phase <= left => Err(timeout(phase)),
            Err(_) => Err(limit("time", millis(self.total))),
        }
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

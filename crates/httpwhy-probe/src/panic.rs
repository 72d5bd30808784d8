//! A panic of one job ends that job, not its worker.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// That the future panicked. The message went to the panic hook.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Polls the future to its end, or to its panic.
pub(crate) async fn caught<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, Panicked> {
    poll_fn(move |cx| {
        // What the future borrowed mutably may be half changed; the one caller drops all of it but the visit, which is
        // plain data and is marked.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

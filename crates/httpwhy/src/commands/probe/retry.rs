//! Which exchanges are tried again, and when: only as their diagnosis allows (RFC 9110 section 9.2.2).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

use httpwhy_diagnose::step;
use httpwhy_model::{Advice, Because, End, Exchange, Retry, Seen, Visit};
use httpwhy_probe::Next;

/// The wait before the first retry where the server names none; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Methods that may be repeated even when the request may have been processed: the idempotent ones of the IANA registry
/// that are in use.
const IDEMPOTENT: &[&[u8]] = &[
    b"GET",
    b"HEAD",
    b"OPTIONS",
    b"PUT",
    b"DELETE",
    b"TRACE",
    b"PROPFIND",
    b"REPORT",
    b"SEARCH",
    b"QUERY",
];

/// How often a request is sent again, and how long that may be waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retries {
    pub(crate) most: usize,
    pub(crate) longest: Duration,
}

/// The retry of the last step, when one is left and the diagnosis allows it.
pub(crate) fn again(visit: &Visit, retries: Retries) -> Option<Next> {
    let index = visit.steps.len().checked_sub(1)?;
    let exchange = &visit.steps[index].exchange;
    if retries.most == 0 || is_fine(exchange) {
        return None;
    }
    let done = tried(visit);
    if done >= retries.most {
        return None;
    }
    let method = &exchange.request.method;
    let advice = step(visit, index).retry;
    if !allowed(advice.advice, method) {
        return None;
    }
    let delay = wait(advice, done, retries.longest)?;
    Some(Next::Go {
        target: exchange.target.clone(),
        method: method.clone(),
        keep_body: true,
        drop_fields: Vec::new(),
        delay,
        because: Because::Retry(index),
    })
}

fn is_fine(exchange: &Exchange) -> bool {
    matches!(exchange.end, End::Answered | End::Upgraded)
        && exchange.status().is_some_and(|status| status < 400)
        && exchange.faults.is_empty()
}

/// How often the last step's request was sent again already. A request that met a kept connection which the server had
/// just closed was never tried.
fn tried(visit: &Visit) -> usize {
    let chain = visit.steps.iter().rev();
    let retries = chain.map_while(|step| match step.because {
        Because::Retry(of) => Some(of),
        _ => None,
    });
    let unheard = |of: usize| {
        let before = visit.steps.get(of).map(|step| &step.exchange);
        before.is_some_and(|before| {
            before.reused == Seen::Present(true)
                && before.received == 0
                && before.end == End::Nothing
        })
    };
    retries.filter(|&of| !unheard(of)).count()
}

fn allowed(advice: Advice, method: &[u8]) -> bool {
    match advice {
        // It was certainly not processed, or the standard invites a repeat.
        Advice::Now => true,
        Advice::IfIdempotent | Advice::AfterDelay => IDEMPOTENT.contains(&method),
        Advice::Never | Advice::AfterRemedy | Advice::Unknown => false,
    }
}

/// What the server named, and a little more; else doubling, of which one half is left to chance so that those who failed
/// together do not come back together. `None`: longer than may be waited.
fn wait(advice: Retry, done: usize, longest: Duration) -> Option<Duration> {
    if let Some(seconds) = advice.after_s {
        let named = Duration::from_secs(seconds);
        return (named <= longest).then(|| named + FIRST_WAIT.mul_f64(chance()));
    }
    if advice.advice == Advice::Now && done == 0 {
        return Some(Duration::ZERO);
    }
    let doubled = FIRST_WAIT.saturating_mul(1 << done.min(20));
    Some(doubled.min(longest).mul_f64(0.5 + chance() / 2.0))
}

/// Between 0 and 1. Each hasher of the standard library has keys of its own.
fn chance() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_processed_is_repeated_only_where_that_is_harmless() {
        use Advice::{AfterDelay, AfterRemedy, IfIdempotent, Never, Now, Unknown};
        for (advice, get, post) in [
            (Now, true, true),
            (IfIdempotent, true, false),
            (AfterDelay, true, false),
            (Never, false, false),
            (AfterRemedy, false, false),
            (Unknown, false, false),
        ] {
            let both = (allowed(advice, b"GET"), allowed(advice, b"POST"));
            assert_eq!(both, (get, post), "{advice}");
        }
    }

    #[test]
    fn waits_double_up_to_a_bound_and_a_named_time_is_kept() {
        let longest = Duration::from_secs(3);
        let advice = |advice, after_s| Retry { advice, after_s };
        let after = |done| wait(advice(Advice::AfterDelay, None), done, longest);
        for (done, least, most) in [(0, 250, 500), (1, 500, 1000), (9, 1500, 3000)] {
            let wait = after(done).expect("it may wait").as_millis();
            assert!((least..=most).contains(&wait), "{done}: {wait}");
        }
        let named = |seconds| wait(advice(Advice::AfterDelay, Some(seconds)), 0, longest);
        assert!(named(2).is_some_and(|wait| wait >= Duration::from_secs(2)));
        assert_eq!(named(4), None, "longer than may be waited");
        let now = wait(advice(Advice::Now, None), 0, longest);
        assert_eq!(now, Some(Duration::ZERO));
    }
}

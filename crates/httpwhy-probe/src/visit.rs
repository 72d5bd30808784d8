//! The steps of one job.

use std::borrow::Cow;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{
    Because, End, Exchange, Phase, Seen, Sent, Side, Signal, Step, Vantage, Visit, Who,
};

use crate::connect::{self, Connection};
use crate::deadline::{Budget, limit};
use crate::h1::{self, After};
use crate::request::{self, Ask, is_idempotent};
use crate::run::Worker;
use crate::target::Target;
use crate::{Job, Next, Policy, TestFault, signals, tls, websocket};

/// The most steps of one visit, whatever the policy says.
const STEPS: usize = 64;

/// Does one job: a step, what the policy wants next, and so on. The visit always holds what is known so far: whoever
/// drops this future finds the step under way at its end.
pub(crate) async fn visit<P: Policy>(
    worker: &mut Worker,
    job: &Job,
    policy: &P,
    visit: &mut Visit,
) {
    let mut ask = Ask::first(job);
    let mut because = Because::Asked;
    loop {
        let index = visit.steps.len();
        if index >= STEPS {
            stop(visit, limit("steps", STEPS as u64));
            return;
        }
        visit.steps.push(Step {
            exchange: begin(&ask.target),
            because,
        });
        let Some(step) = visit.steps.last_mut() else {
            return;
        };
        let exchange = &mut step.exchange;
        if let Err(Internal(word)) = perform(worker, &ask, exchange).await {
            exchange.signal(Phase::Queue, signals::engine(word));
        }
        if exchange.end == End::NotCaptured {
            exchange.end = End::Nothing;
        }
        if died_unheard(exchange) && is_idempotent(&ask.method) {
            // RFC 9112 section 9.3.1. The connection is gone, so the retry opens one of its own.
            because = Because::Retry(index);
            continue;
        }
        match policy(visit) {
            Next::Done => return,
            Next::Stop(signal) => {
                stop(visit, signal);
                return;
            }
            Next::Go {
                target,
                method,
                keep_body,
                drop_fields,
                because: why,
            } => {
                ask = ask.then(target, method, keep_body, drop_fields);
                because = why;
            }
        }
    }
}

fn begin(target: &str) -> Exchange {
    Exchange {
        vantage: Vantage {
            who: Who::Local,
            side: Side::Client,
        },
        observed_at: Seen::Present(SystemTime::now()),
        target: target.to_owned(),
        sent: Sent::Nothing,
        ..Exchange::default()
    }
}

fn stop(visit: &mut Visit, signal: Signal) {
    if let Some(step) = visit.steps.last_mut() {
        step.exchange.signal(Phase::Wait, signal);
    }
}

/// Whether a kept connection turned out to be dead before it gave a byte.
fn died_unheard(exchange: &Exchange) -> bool {
    exchange.reused == Seen::Present(true)
        && exchange.end == End::Nothing
        && exchange.received == 0
        && exchange.signals().any(|(phase, signal)| {
            matches!(phase, Phase::Send | Phase::Wait)
                && ["eof", "errno:ECONNRESET", "errno:EPIPE"]
                    .iter()
                    .any(|head| signal.is(head))
        })
}

/// An error of the prober itself; the word becomes `engine:<word>`.
#[derive(Debug)]
pub(crate) struct Internal(pub(crate) Cow<'static, str>);

/// One step: everything seen goes into the exchange.
async fn perform(
    worker: &mut Worker,
    ask: &Ask<'_>,
    exchange: &mut Exchange,
) -> Result<(), Internal> {
    let target = match Target::parse(&ask.target) {
        Ok(target) => target,
        Err(signal) => {
            exchange.request.method = ask.method.clone();
            exchange.signal(Phase::Queue, signal);
            return Ok(());
        }
    };
    let config = &*worker.local.shared.config;
    let key = if target.websocket || ask.job.websocket {
        Some(BASE64_STANDARD.encode(tls::random::<16>()?))
    } else {
        None
    };
    exchange.request = ask.request(config, &target, key.as_deref());
    let mut limits = config.limits;
    match &ask.job.fault {
        None | Some(TestFault::Cancelled) => {}
        Some(TestFault::Panic) => panic!("asked to panic by a test"),
        Some(TestFault::Internal(word)) => return Err(Internal(word.clone().into())),
        Some(TestFault::LimitHead) => limits.head = 1,
    }
    let deadlines = ask.job.deadlines.unwrap_or(config.deadlines);
    let budget = Budget::new(deadlines.total);
    let kept = take_kept(&mut worker.kept, &target).await;
    exchange.reused = Seen::Present(kept.is_some());
    let mut connection = if let Some(connection) = kept {
        connection.describe(exchange);
        connection
    } else {
        // In a box, as is all that is not of every exchange: a task in wait is small then.
        let opening = connect::open(&worker.local, &target.origin, &deadlines, &budget, exchange);
        match Box::pin(opening).await {
            Some(connection) => connection,
            None => return Ok(()),
        }
    };
    request::write(&mut worker.out, &exchange.request);
    let talk = h1::Talk {
        local: &worker.local,
        deadlines: &deadlines,
        budget: &budget,
        limits,
        max_body: config.max_body,
    };
    match talk.exchange(&mut connection, &worker.out, exchange).await {
        After::Keep => {
            // It answered without one, so that is not why it may die later.
            connection.client_cert_wanted = false;
            worker.kept = Some(connection);
        }
        After::Close => connection.close().await,
        After::Upgraded(rest) => {
            if let Some(key) = key {
                let watching = websocket::attend(&talk, &mut connection, &key, rest, exchange);
                Box::pin(watching).await?;
            }
            connection.close().await;
        }
    }
    Ok(())
}

/// The kept connection, when it is good for that target and has stayed quiet. Another one is closed.
async fn take_kept(place: &mut Option<Connection>, target: &Target) -> Option<Connection> {
    let mut kept = place.take()?;
    if kept.origin == target.origin && kept.is_quiet().await {
        return Some(kept);
    }
    kept.close().await;
    None
}

//! The steps of one job.

use std::borrow::Cow;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{
    Because, End, Exchange, Phase, Seen, Sent, Side, Signal, Step, Vantage, Visit, Who,
};

use crate::connection::{self, Carrier, Connection, Key};
use crate::deadline::{Budget, limit};
use crate::pool::InUse;
use crate::request::{Ask, is_idempotent};
use crate::run::Worker;
use crate::talk::{After, Talk};
use crate::target::Target;
use crate::{Config, Job, Next, Policy, Protocol, TestFault, signals, tls, websocket};

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
    let websocket = if target.websocket || ask.job.websocket {
        Some(BASE64_STANDARD.encode(tls::random::<16>()?))
    } else {
        None
    };
    exchange.request = ask.request(config, &target, websocket.as_deref());
    let mut limits = config.limits;
    match &ask.job.fault {
        None | Some(TestFault::Cancelled) => {}
        Some(TestFault::Panic) => panic!("asked to panic by a test"),
        Some(TestFault::Internal(word)) => return Err(Internal(word.clone().into())),
        Some(TestFault::LimitHead) => limits.head = 1,
    }
    let deadlines = ask.job.deadlines.unwrap_or(config.deadlines);
    let budget = Budget::new(deadlines.total);
    let key = Key {
        protocol: protocol(ask.job, config, websocket.is_some()),
        origin: target.origin,
    };
    let talk = Talk {
        local: &worker.local,
        deadlines: &deadlines,
        budget: &budget,
        limits,
        max_body: config.max_body,
    };
    let _place = InUse::new(&worker.local.in_use);
    let Some(mut connection) = connection(&talk, key, exchange).await else {
        return Ok(());
    };
    let talking = connection.exchange(&talk, &mut worker.out, exchange);
    match talking.await {
        After::Keep => worker.local.pool.borrow_mut().put(connection),
        After::Close => connection.close().await,
        After::Upgraded(rest) => {
            if let (Some(key), Carrier::H1(stream)) = (websocket, &mut connection.carrier) {
                let watching = websocket::attend(&talk, stream, &key, rest, exchange);
                Box::pin(watching).await?;
            }
            connection.close().await;
        }
    }
    Ok(())
}

/// The protocol to ask for. A WebSocket begins with HTTP/1.1 (RFC 6455 section 4.1).
fn protocol(job: &Job, config: &Config, websocket: bool) -> Protocol {
    match job.protocol.unwrap_or(config.protocol) {
        _ if websocket => Protocol::Http11,
        protocol => protocol,
    }
}

/// A kept connection that has stayed quiet, or a new one. What fails is recorded, and then there is none.
async fn connection(talk: &Talk<'_>, key: Key, exchange: &mut Exchange) -> Option<Connection> {
    let pool = &talk.local.pool;
    let kept = pool.borrow_mut().take(&key);
    if let Some(mut kept) = kept {
        // No loop: of those that a server has closed, one is found out here and the rest when they are needed.
        if kept.is_quiet().await {
            kept.facts.describe(exchange);
            exchange.reused = Seen::Present(true);
            return Some(kept);
        }
        kept.close().await;
    }
    exchange.reused = Seen::Present(false);
    let surplus = pool.borrow_mut().surplus(talk.local.in_use.get());
    // In a box, as is all that is not of every exchange: a task in wait is small then.
    Box::pin(async move {
        if let Some(surplus) = surplus {
            surplus.close().await;
        }
        connection::establish(talk, key, exchange).await
    })
    .await
}

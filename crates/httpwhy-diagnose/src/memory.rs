//! Answers that are alike need be judged once: a list of a million targets on one host has few kinds of answers.
//!
//! What is remembered is exact. Two ordinary exchanges count as alike only when everything is equal that judging
//! ordinary exchanges may look at; which target was asked, when, from where and how quickly is left aside, and a test
//! holds over the whole catalogue that these do not matter.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use httpwhy_model::{Because, Diagnosis, End, Exchange, Phase, Request, Seen, Sent, Visit};

use crate::redirect::Lead;
use crate::steps;

/// Diagnoses kept at a time; what was not met for longest is forgotten first. Fields such as Date make an answer a new one each second.
const KEPT: usize = 32;
/// Content beyond this is not remembered.
const CONTENT: usize = 32 * 1024;
/// An answer that took longer is judged each time: rules ask how long, and none asks about less than half a second.
const QUICK: Duration = Duration::from_millis(250);

/// The judgement on a visit; visits that are alike share one.
#[derive(Debug, Default)]
pub struct Judgement {
    /// One for each step; never empty.
    pub steps: Vec<Diagnosis>,
    /// What a writer made of it, kept for the next visit alike. It must depend on nothing in which visits alike may differ:
    /// targets, moments, durations, addresses and numbers of bytes.
    pub written: OnceLock<[Box<[u8]>; 3]>,
}

/// What was judged lately.
#[derive(Debug, Default)]
pub struct Memory {
    /// The one met last comes first.
    kept: VecDeque<Box<Known>>,
}

/// An exchange that was judged.
#[derive(Debug)]
struct Known {
    exchange: Exchange,
    /// Where it leads, when it is a redirect.
    lead: Option<Lead>,
    judgement: Arc<Judgement>,
}

impl Memory {
    /// Judges every step of a visit, as [`steps`] does.
    pub fn judge(&mut self, visit: &Visit) -> Arc<Judgement> {
        let Some(exchange) = ordinary(visit) else {
            return Arc::new(judge(visit));
        };
        let known = self.kept.iter().position(|known| known.covers(exchange));
        if let Some(at) = known {
            self.kept.make_contiguous()[..=at].rotate_right(1);
            return Arc::clone(&self.kept[0].judgement);
        }
        let judgement = Arc::new(judge(visit));
        let lead = Lead::of(exchange);
        if lead.is_none() && leads_on(exchange) {
            return judgement;
        }
        self.kept.truncate(KEPT - 1);
        self.kept.push_front(Box::new(Known {
            exchange: exchange.clone(),
            lead,
            judgement: Arc::clone(&judgement),
        }));
        judgement
    }
}

impl Known {
    fn covers(&self, exchange: &Exchange) -> bool {
        alike(&self.exchange, exchange)
            && self
                .lead
                .as_ref()
                .is_none_or(|lead| lead.is_same_from(exchange))
    }
}

fn judge(visit: &Visit) -> Judgement {
    Judgement {
        steps: steps(visit),
        written: OnceLock::new(),
    }
}

/// The visit's only exchange, when it is one whose judgement depends on nothing that [`alike`] leaves aside: answered
/// in full and quickly, without a fault, without a proxy, and without a time to come back at. What a redirect's judgement
/// takes from its target is its [`Lead`].
fn ordinary(visit: &Visit) -> Option<&Exchange> {
    let [step] = &visit.steps[..] else {
        return None;
    };
    let exchange = &step.exchange;
    let response = exchange.response.as_ref()?;
    let content = match &response.body {
        Seen::Present(body) => body.bytes.len(),
        Seen::Absent | Seen::NotCaptured => 0,
    };
    let quick = exchange
        .timeline
        .get(Phase::Wait)
        .is_some_and(|took| took < QUICK)
        && exchange
            .timeline
            .get(Phase::Tls)
            .is_none_or(|took| took < QUICK);
    let holds = step.because == Because::Asked
        && exchange.end == End::Answered
        && exchange.sent == Sent::All
        && exchange.faults.is_empty()
        && exchange.way.is_none()
        && matches!(exchange.observed_at, Seen::Present(_))
        && matches!(response.status(), Some(200..=599))
        && content <= CONTENT
        && quick
        && !response.fields.has("retry-after");
    holds.then_some(exchange)
}

/// Whether it may send the client on.
fn leads_on(exchange: &Exchange) -> bool {
    matches!(exchange.status(), Some(300..=399))
}

/// Whether two ordinary exchanges are judged alike, but for where they lead. Every part of an exchange is named here, so that a new one is
/// thought about.
fn alike(a: &Exchange, b: &Exchange) -> bool {
    let Exchange {
        vantage,
        request,
        sent: _,
        interim,
        response,
        end: _,
        close,
        reused,
        tls,
        documented,
        // Empty in both.
        faults: _,
        way: _,
        // Left aside.
        observed_at: _,
        target: asked,
        peer: _,
        timeline: _,
        held: _,
        received: _,
    } = a;
    let Request {
        method,
        target: _,
        version,
        fields,
        body,
    } = request;
    // What Strict-Transport-Security is worth depends on the scheme, as it is written.
    let plain = |target: &str| target.starts_with("http://");
    // What most often differs comes first.
    *response == b.response
        && *fields == b.request.fields
        && *method == b.request.method
        && *version == b.request.version
        && *body == b.request.body
        && *interim == b.interim
        && *close == b.close
        && *reused == b.reused
        && *tls == b.tls
        && *documented == b.documented
        && *vantage == b.vantage
        && plain(asked) == plain(&b.target)
}

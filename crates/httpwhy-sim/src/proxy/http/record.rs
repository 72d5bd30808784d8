//! Both sides of each exchange, as exchanges that anything of httpwhy can read again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use httpwhy_model::{
    Because, End, Exchange, Phase, Seen, Sent, Side, Signal, Step, Vantage, Visit, Who, redact,
};
use httpwhy_schema::{ExchangeLine, write_line};
use httpwhy_wire::h1::{Limits, Reader};

/// The most exchanges that are kept, of each proxy.
const KEPT: usize = 256;
/// What is kept of each message.
const LIMITS: Limits = Limits {
    head: 65_536,
    body: 16_384,
    interim: 8,
};

/// The exchanges of a proxy, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Exchanges(Mutex<VecDeque<Visit>>);

impl Exchanges {
    /// Keeps one.
    pub(super) fn keep(&self, visit: Visit) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(visit);
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// As JSON Lines of kind `exchange`, two an exchange: what the client saw, and behind it what was forwarded.
    /// Credentials are hidden.
    pub(crate) fn lines(&self) -> Vec<u8> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        for (number, visit) in kept.iter().enumerate() {
            let visit = redact(visit);
            for (at, step) in visit.steps.iter().enumerate() {
                let name = number.to_string();
                let mut line = ExchangeLine::new(&name, at, step.because, &step.exchange);
                line.steps = Some(visit.steps.len());
                // Writing into memory does not fail.
                let _ = write_line(&mut out, &line);
            }
        }
        out
    }
}

/// One side of an exchange while it goes on.
pub(super) struct Leg {
    asked: Reader,
    answered: Reader,
    at: SystemTime,
    begun: Instant,
    first: Option<Instant>,
    last: Instant,
    sent: Sent,
    signals: Vec<(Phase, Signal)>,
}

impl Leg {
    /// Nothing yet.
    pub(super) fn new(method: &str) -> Self {
        Self {
            asked: Reader::request(LIMITS),
            answered: Reader::response(method.as_bytes(), LIMITS),
            at: SystemTime::now(),
            begun: Instant::now(),
            first: None,
            last: Instant::now(),
            sent: Sent::Nothing,
            signals: Vec::new(),
        }
    }

    /// Bytes of the request.
    pub(super) fn asks(&mut self, bytes: &[u8]) {
        self.asked.feed(bytes);
        self.sent = Sent::All;
    }

    /// Bytes of the answer; says how many of them belong to it, and how far it is.
    pub(super) fn answers(&mut self, bytes: &[u8]) -> httpwhy_wire::h1::Progress {
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = now;
        self.answered.feed(bytes)
    }

    /// The answer's reader.
    pub(super) fn answered(&self) -> &Reader {
        &self.answered
    }

    /// The stream of the answer ended in order.
    pub(super) fn ends(&mut self) {
        self.answered.eof();
    }

    /// A fact beside the bytes.
    pub(super) fn signal(&mut self, phase: Phase, signal: Signal) {
        self.signals.push((phase, signal));
    }

    fn exchange(self, target: &str, ended: bool) -> Exchange {
        let asked = self.asked.finish();
        let came = self.answered.total();
        let message = self.answered.finish();
        let mut exchange = Exchange {
            vantage: Vantage {
                who: Who::Local,
                side: Side::Between,
            },
            observed_at: Seen::Present(self.at),
            target: target.to_owned(),
            request: asked.request.unwrap_or_default(),
            sent: self.sent,
            end: match () {
                () if message.upgraded => End::Upgraded,
                () if message.complete => End::Answered,
                () if came > 0 => End::Partial,
                () => End::Nothing,
            },
            received: came,
            ..Exchange::default()
        };
        let first = self.first.unwrap_or(self.last);
        let waited = first.saturating_duration_since(self.begun);
        exchange.timeline.add(Phase::Wait, waited);
        if came > 0 {
            let took = self.last.saturating_duration_since(first);
            exchange.timeline.add(Phase::Receive, took);
        }
        let is_told = !self.signals.is_empty();
        for (phase, signal) in self.signals {
            exchange.signal(phase, signal);
        }
        if !message.complete && !message.upgraded && !is_told && ended {
            let phase = if came > 0 {
                Phase::Receive
            } else {
                Phase::Wait
            };
            exchange.signal(phase, Signal::Eof(came));
        }
        for defect in message.defects {
            exchange.signal(Phase::Receive, defect);
        }
        exchange.interim = message.interim;
        exchange.response = message.response;
        exchange
    }
}

/// The visit of the two sides; the second one only when something was forwarded.
pub(super) fn visit(target: &str, client: Leg, server: Option<Leg>) -> Visit {
    let mut visit = Visit::of(client.exchange(target, true));
    if let Some(server) = server {
        visit.steps.push(Step {
            exchange: server.exchange(target, true),
            because: Because::Forwarded(0),
        });
    }
    visit
}

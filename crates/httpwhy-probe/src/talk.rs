//! What one exchange may take, and what becomes of its connection: the same for every protocol.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use httpwhy_model::{Exchange, Phase, Request, Signal, TlsFault};
use httpwhy_wire::h1::Limits;

use crate::Deadlines;
use crate::connection::Facts;
use crate::deadline::{Alarm, Budget};
use crate::run::Local;
use crate::signals;

/// What an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk<'a> {
    pub(crate) local: &'a Local,
    pub(crate) deadlines: &'a Deadlines,
    pub(crate) budget: &'a Budget,
    /// The worker's own.
    pub(crate) alarm: &'a Alarm,
    pub(crate) limits: Limits,
    pub(crate) max_body: u64,
    /// To send exactly so, instead of the request.
    pub(crate) raw: Option<&'a Bytes>,
}

impl Talk<'_> {
    /// Awaits the future for at most that long, and no longer than the exchange may take: see [`Budget::within`].
    pub(crate) async fn within<F: Future>(
        &self,
        phase: Duration,
        future: F,
    ) -> Result<F::Output, Signal> {
        self.within_from(Instant::now(), phase, future).await
    }

    /// The same, where it is known what moment it is: readings of the clock cost more than most that is done between two.
    pub(crate) async fn within_from<F: Future>(
        &self,
        now: Instant,
        phase: Duration,
        future: F,
    ) -> Result<F::Output, Signal> {
        let future = pin!(future);
        self.budget.watch(self.alarm, now, phase, future).await
    }
}

/// What becomes of the connection.
#[derive(Debug)]
pub(crate) enum After {
    /// It may carry another exchange.
    Keep,
    Close,
    /// The protocol was switched, and these bytes of it have come.
    Upgraded(Vec<u8>),
}

/// Whether the request asks for leave before its content (RFC 9110 section 10.1.1).
pub(crate) fn expects_continue(request: &Request) -> bool {
    let expect = request.fields.text("expect");
    expect.is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
}

/// Records why the transport failed. A missing client certificate is a matter of the handshake, wherever it shows
/// (TLS 1.3 tells it at the first read).
pub(crate) fn fail(facts: &Facts, phase: Phase, signal: Signal, exchange: &mut Exchange) {
    let early = phase != Phase::Receive && facts.client_cert_wanted;
    let wanted = signals::wants_client_cert(&signal);
    if wanted || (early && !matches!(signal, Signal::Timeout(_) | Signal::Word { .. })) {
        exchange.signal(Phase::Tls, signals::tls(TlsFault::ClientCertWanted));
        exchange.signal(Phase::Tls, signal);
    } else {
        exchange.signal(phase, signal);
    }
}

//! The legs of a line as steps of a visit.
//!
//! A line of a proxy tells of two exchanges: the one with its client, step 0, and those with the servers behind, each a
//! step *forwarded by 0*. What the writer noted of a server behind has neutral words of the dialect `upstream`, since
//! it is the same fact in every format:
//!
//! | signal | on | fact |
//! |---|---|---|
//! | `upstream:not-asked` | step 0 | the column is there and says that no server behind was asked |
//! | `upstream:no-connection` | its leg, connect | no connection was made |
//! | `upstream:no-head` | its leg, wait | connected, and no response head came |
//! | `upstream:cut` | its leg, receive | the head came, the rest did not |
//! | `upstream:late` | its leg | a deadline of the writer passed there |
//! | `upstream:answered-late` | the witness of its leg, wait | its own line says that it took longer than the writer did in all |

use bytes::Bytes;
use httpwhy_model::{
    Because, End, Exchange, Fields, Phase, Response, Seen, Sent, Side, Signal, Step, Vantage,
    Visit, Who,
};

/// Builds the visit of a shape.
#[derive(Debug, Clone)]
pub struct Legs {
    vantage: Vantage,
    down: Exchange,
    up: Vec<Exchange>,
}

impl Legs {
    /// The legs that the log of that name shows, written from that side.
    pub fn of(name: &str, side: Side) -> Self {
        let vantage = Vantage {
            who: Who::Log(name.to_owned()),
            side,
        };
        let down = Exchange {
            vantage: vantage.clone(),
            sent: Sent::All,
            end: End::NotCaptured,
            ..Exchange::default()
        };
        Self {
            vantage,
            down,
            up: Vec::new(),
        }
    }

    /// The client was answered with that status, as far as the writer knows. 0 is no answer.
    #[must_use]
    pub fn answered(mut self, status: u16) -> Self {
        self.down.response = response(status);
        self
    }

    /// A word of the writer's own on the downstream leg.
    #[must_use]
    pub fn word(mut self, phase: Phase, signal: Signal) -> Self {
        self.down.signal(phase, signal);
        self
    }

    /// How much of the request came in, where it was not all.
    #[must_use]
    pub fn sent(mut self, sent: Sent) -> Self {
        self.down.sent = sent;
        self
    }

    /// The writer notes that it asked no server behind.
    #[must_use]
    pub fn not_forwarded(self) -> Self {
        self.word(Phase::Wait, Signal::word("upstream", "not-asked"))
    }

    /// A server behind answered with that status.
    #[must_use]
    pub fn upstream_answered(mut self, status: u16) -> Self {
        let mut leg = self.leg();
        leg.response = response(status);
        self.up.push(leg);
        self
    }

    /// A server behind failed in that phase, with these facts in order of time; neutral words or the writer's own.
    #[must_use]
    pub fn upstream_failed(mut self, phase: Phase, signals: &[Signal]) -> Self {
        let mut leg = self.leg();
        leg.end = if phase < Phase::Receive {
            End::Nothing
        } else {
            End::Partial
        };
        if phase < Phase::Send {
            leg.sent = Sent::Nothing;
        }
        for signal in signals {
            leg.signal(phase, signal.clone());
        }
        self.up.push(leg);
        self
    }

    /// The visit.
    pub fn visit(self) -> Visit {
        let mut visit = Visit::of(self.down);
        visit.steps.extend(self.up.into_iter().map(|exchange| Step {
            exchange,
            because: Because::Forwarded(0),
        }));
        visit
    }

    /// The next leg behind: the writer is the client there.
    fn leg(&self) -> Exchange {
        Exchange {
            vantage: Vantage {
                side: Side::Client,
                ..self.vantage.clone()
            },
            sent: Sent::All,
            end: End::NotCaptured,
            reused: Seen::NotCaptured,
            ..Exchange::default()
        }
    }
}

fn response(status: u16) -> Option<Response> {
    (status != 0).then(|| Response {
        code: Bytes::from(format!("{status:03}")),
        fields: Fields::default(),
        ..Response::default()
    })
}

/// For tests: every status and signal with the number of its step.
#[cfg(test)]
pub(crate) fn told(visit: &Visit) -> String {
    let mut told = Vec::new();
    for (at, step) in visit.steps.iter().enumerate() {
        let exchange = &step.exchange;
        told.extend(exchange.status().map(|status| format!("{at} {status}")));
        told.extend(
            exchange
                .signals()
                .map(|(_, signal)| format!("{at} {signal}")),
        );
    }
    told.join(", ")
}

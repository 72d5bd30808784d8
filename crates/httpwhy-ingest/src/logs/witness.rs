//! The line of the server behind, joined to the front's line of the same exchange.

use httpwhy_model::{Because, End, Exchange, Phase, Sent, Side, Signal, Step, Vantage, Visit};

/// Adds what the server behind wrote itself: another witness of the front's last leg. `late`: it took longer than the
/// front did in all, so its answer came when the front had ended the exchange.
///
/// Where the front's line shows no leg, the witness proves that there was one.
pub fn corroborate(front: &mut Visit, behind: Visit, late: bool) {
    let Some(mut exchange) = behind.steps.into_iter().next().map(|step| step.exchange) else {
        return;
    };
    let Some(first) = front.steps.first() else {
        return;
    };
    if late {
        exchange.signal(Phase::Wait, Signal::word("upstream", "answered-late"));
    }
    let is_leg = |step: &Step| matches!(step.because, Because::Forwarded(_));
    let leg = if let Some(leg) = front.steps.iter().rposition(is_leg) {
        leg
    } else {
        let vantage = Vantage {
            side: Side::Client,
            ..first.exchange.vantage.clone()
        };
        front.steps.push(Step {
            exchange: Exchange {
                vantage,
                sent: Sent::All,
                end: End::NotCaptured,
                ..Exchange::default()
            },
            because: Because::Forwarded(0),
        });
        front.steps.len() - 1
    };
    front.steps.push(Step {
        exchange,
        because: Because::Same(leg),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Legs;
    use crate::logs::legs::told;

    #[test]
    fn a_witness_speaks_for_the_last_leg() {
        let origin = || Legs::of("nginx", Side::Server).answered(200).visit();
        let mut bare = Legs::of("nginx", Side::Between).answered(504).visit();
        corroborate(&mut bare, origin(), true);
        assert_eq!(told(&bare), "0 504, 2 200, 2 upstream:answered-late");
        assert_eq!(bare.steps[2].because, Because::Same(1));
        assert_eq!(bare.steps[1].exchange.vantage.side, Side::Client);

        let mut full = Legs::of("nginx", Side::Between)
            .answered(502)
            .upstream_failed(Phase::Wait, &[Signal::word("upstream", "no-head")])
            .visit();
        corroborate(&mut full, origin(), false);
        assert_eq!(told(&full), "0 502, 1 upstream:no-head, 2 200");
        assert_eq!(full.steps.len(), 3);
    }
}

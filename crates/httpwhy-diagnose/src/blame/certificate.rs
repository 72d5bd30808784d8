//! Certificates whose time has passed, or has not come.

use std::time::{Duration, SystemTime};

use httpwhy_model::{Blame, CertProblem, Party, Place, Seen, Signal};

use super::{Case, Ruling};

/// Clocks that differ by less agree.
const SAME_CLOCK: Duration = Duration::from_hours(24);

/// It is the server's fault once the local clock is shown to be right: the server's own Date agrees with it.
pub(super) fn dates(case: &Case) -> Option<Ruling> {
    let dated = case.exchange.signals().any(|(_, signal)| {
        matches!(
            signal,
            Signal::Cert {
                problem: CertProblem::Expired | CertProblem::NotYetValid,
                ..
            }
        )
    });
    let Seen::Present(here) = case.exchange.observed_at else {
        return None;
    };
    let date = case.answered("date").filter(|_| dated)?;
    let there = httpdate::parse_http_date(date).ok()?;
    let (blame, shows) = if apart(here, there) < SAME_CLOCK {
        (
            Blame::Proven(Party::Origin),
            "the clocks here and there agree",
        )
    } else {
        (
            Blame::Unknown {
                missing: "a third clock: the one here and the server's Date differ by more than a day",
            },
            "the clocks here and there differ",
        )
    };
    Some(case.ruling(
        blame,
        Place::Field("date".into()),
        Some(date.as_bytes()),
        shows,
    ))
}

fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).unwrap_or_else(|error| error.duration())
}

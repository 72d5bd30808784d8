//! The same request with and without credentials: what the pair says that neither answer says alone.

use httpwhy_model::{
    Because, Blame, Diagnosis, Evidence, Exchange, Kept, Party, Place, Role, Visit,
};

use crate::quote::quote;
use crate::redirect;

/// What an answer says to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Here it is.
    Yes,
    /// Log in first: 401, or a redirect to a login.
    LogIn,
    /// No: 403.
    No,
    /// There is nothing: 404.
    Nothing,
}

impl Says {
    fn of(exchange: &Exchange) -> Option<Self> {
        Some(match exchange.status()? {
            200..=299 => Self::Yes,
            300..=399 if redirect::leads_to_login(exchange) => Self::LogIn,
            401 => Self::LogIn,
            403 => Self::No,
            404 | 410 => Self::Nothing,
            _ => return None,
        })
    }
}

/// Says in each step that was refused with credentials what the same request got without them.
pub(crate) fn compare(visit: &Visit, steps: &mut [Diagnosis]) {
    for (without, step) in visit.steps.iter().enumerate() {
        let Because::Same(with) = step.because else {
            continue;
        };
        if with >= without || without >= steps.len() {
            continue;
        }
        let (asked, bare) = (&visit.steps[with].exchange, &step.exchange);
        if !is_pair(asked, bare) {
            continue;
        }
        let (Some(one), Some(other)) = (Says::of(asked), Says::of(bare)) else {
            continue;
        };
        let Some((shows, blame)) = verdict(one, other) else {
            continue;
        };
        let diagnosis = &mut steps[with];
        let behind = diagnosis.evidence.len().min(1);
        let told = Evidence {
            step: without,
            place: Place::StatusLine,
            quote: bare.response.as_ref().map(|response| {
                quote(
                    [&response.code[..], b" ", &response.reason]
                        .concat()
                        .trim_ascii(),
                )
            }),
            shows: shows.into(),
        };
        diagnosis.evidence.insert(behind, told);
        if let Some(party) = blame.of(diagnosis) {
            diagnosis.blame = Blame::Likely(party);
        }
    }
}

/// Whether the second is the first with credentials left out, and nothing else.
fn is_pair(with: &Exchange, without: &Exchange) -> bool {
    let whole = |exchange: &Exchange| exchange.request.fields.kept == Kept::All;
    let lacks = with.request.fields.list.iter().any(|field| {
        let mut others = without.request.fields.list.iter();
        !others.any(|other| other.name.eq_ignore_ascii_case(&field.name))
    });
    with.target == without.target
        && with.request.method == without.request.method
        && whole(with)
        && whole(without)
        && (lacks || with.request.target != without.request.target)
}

/// Whom the pair points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Points {
    /// To nobody that the answer alone does not point to.
    Nowhere,
    To(Party),
    /// To whoever answers so to everybody, where nobody is proven.
    Answerer,
}

impl Points {
    fn of(self, diagnosis: &Diagnosis) -> Option<Party> {
        let in_front = diagnosis
            .producer
            .as_ref()
            .is_some_and(|producer| producer.role == Role::Intermediary);
        match self {
            Self::Nowhere => None,
            Self::To(party) => Some(party),
            Self::Answerer if matches!(diagnosis.blame, Blame::Proven(_)) => None,
            Self::Answerer if in_front => Some(Party::Intermediary),
            Self::Answerer => Some(Party::Origin),
        }
    }
}

fn verdict(with: Says, without: Says) -> Option<(&'static str, Points)> {
    use Points::{Answerer, Nowhere, To};
    use Says::{LogIn, No, Nothing, Yes};
    Some(match (with, without) {
        (Yes, _) => return None,
        (LogIn, LogIn) => (
            "asked without credentials it is the same: for this address these credentials do not count",
            Nowhere,
        ),
        (LogIn, Yes) => (
            "asked without credentials it is open: it is the credentials themselves that are refused",
            To(Party::Client),
        ),
        (LogIn, No | Nothing) => (
            "asked without credentials the answer is another: the credentials are looked at, and refused",
            To(Party::Client),
        ),
        (No, LogIn) => (
            "asked without credentials it wants a login: the account is known, and may not do this",
            To(Party::Client),
        ),
        (No, No) => (
            "asked without credentials it is refused as well: it is not the login that decides",
            Answerer,
        ),
        (No, Yes) => (
            "asked without credentials it is open: this account is refused what a stranger gets",
            To(Party::Origin),
        ),
        (No, Nothing) => (
            "asked without credentials it is not there: the account is known, and may not do this",
            To(Party::Client),
        ),
        (Nothing, LogIn | No) => (
            "asked without credentials it wants a login: the address is guarded, and for this account there is nothing behind",
            Nowhere,
        ),
        (Nothing, Nothing) => (
            "asked without credentials it is not there either: the login makes no difference",
            Nowhere,
        ),
        (Nothing, Yes) => (
            "asked without credentials it is there: it is hidden from this account",
            To(Party::Origin),
        ),
    })
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{End, Fields, Response, Step};

    use super::*;

    fn asked(status: &'static str, credentials: bool) -> Exchange {
        let mut exchange = Exchange {
            target: "https://shop.example/admin".into(),
            end: End::Answered,
            response: Some(Response {
                version: "HTTP/1.1".into(),
                code: status.into(),
                fields: Fields::of((status == "302").then_some(("Location", "/login"))),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        exchange.request.method = "GET".into();
        exchange.request.fields = Fields::of(credentials.then_some(("X-Shop", "***")));
        exchange
    }

    fn pair(with: &'static str, without: &'static str) -> Visit {
        let mut visit = Visit::of(asked(with, true));
        visit.steps.push(Step {
            exchange: asked(without, false),
            because: Because::Same(0),
        });
        visit
    }

    #[test]
    fn the_pair_decides_between_401_403_and_404() {
        for (with, without, said, party) in [
            ("401", "401", "these credentials do not count", None),
            (
                "401",
                "200",
                "the credentials themselves",
                Some(Party::Client),
            ),
            ("401", "404", "looked at, and refused", Some(Party::Client)),
            (
                "403",
                "401",
                "the account is known, and may not",
                Some(Party::Client),
            ),
            (
                "403",
                "302",
                "the account is known, and may not",
                Some(Party::Client),
            ),
            (
                "403",
                "403",
                "not the login that decides",
                Some(Party::Origin),
            ),
            ("403", "200", "what a stranger gets", Some(Party::Origin)),
            (
                "403",
                "404",
                "the account is known, and may not",
                Some(Party::Client),
            ),
            ("404", "401", "the address is guarded", None),
            ("404", "404", "the login makes no difference", None),
            (
                "404",
                "200",
                "hidden from this account",
                Some(Party::Origin),
            ),
            ("302", "302", "these credentials do not count", None),
        ] {
            let visit = pair(with, without);
            let verdict = crate::diagnose(&visit);
            let told = verdict
                .evidence
                .iter()
                .any(|e| e.step == 1 && e.shows.contains(said));
            assert!(told, "{with} {without}: {:?}", verdict.evidence);
            let status = verdict.outcome.0.strip_prefix("http/");
            assert!(
                status.is_none_or(|code| code == with),
                "{}",
                verdict.outcome
            );
            if party.is_some() {
                assert_eq!(verdict.blame.party(), party, "{with} {without}");
            }
        }
    }

    #[test]
    fn another_witness_is_no_pair() {
        let mut visit = pair("403", "403");
        visit.steps[1].exchange.request.fields = visit.steps[0].exchange.request.fields.clone();
        let verdict = crate::diagnose(&visit);
        assert!(verdict.evidence.iter().all(|e| e.step == 0));
    }
}

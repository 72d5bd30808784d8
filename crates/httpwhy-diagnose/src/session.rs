//! Why a session does not last: what was tested and found (signals `auth:…` beside the loss), in the order in which it
//! explains the loss, with who must mend it and how.

use std::borrow::Cow;

use httpwhy_model::{Audience, Blame, Evidence, Exchange, Party, Place, Remedy, Signal};

/// One candidate.
struct Cause {
    word: &'static str,
    party: Party,
    shows: &'static str,
    audience: Audience,
    fix: &'static str,
}

/// The candidates: what is found in the messages themselves first, what needs another observer last.
const CAUSES: &[Cause] = &[
    Cause {
        word: "cookie-secure",
        party: Party::Client,
        shows: "the session's cookie is marked Secure, and the request after the login goes over http: it stays at home",
        audience: Audience::Caller,
        fix: "Ask over https: a cookie marked `Secure` never goes over http. If TLS ends in front of the application, go through that front.",
    },
    Cause {
        word: "cookie-path",
        party: Party::Origin,
        shows: "the session's cookie has a Path that does not cover the address asked for",
        audience: Audience::Author,
        fix: "Set the session's cookie with `Path=/`; without Path it belongs to the folder of the login page alone.",
    },
    Cause {
        word: "cookie-domain",
        party: Party::Origin,
        shows: "the session's cookie names a Domain that is not the host's, and is refused",
        audience: Audience::Author,
        fix: "Leave `Domain` out, or name the host's own registered domain.",
    },
    Cause {
        word: "host-switched",
        party: Party::Client,
        shows: "the login was at another host than the address asked for, and the cookie stays with that host",
        audience: Audience::Caller,
        fix: "Log in at the very host that is asked afterwards, `www.` included.",
    },
    Cause {
        word: "cookie-refused",
        party: Party::Origin,
        shows: "the session's cookie breaks the rules of cookies and was not stored",
        audience: Audience::Author,
        fix: "A cookie named `__Host-…` or `__Secure-…` needs `Secure` over https, the first also `Path=/` and no `Domain`.",
    },
    Cause {
        word: "token-expired",
        party: Party::Origin,
        shows: "by the server's own clock the token had expired already",
        audience: Audience::Operator,
        fix: "Compare the clocks of issuer and service, and the life of tokens in the issuer's settings.",
    },
    Cause {
        word: "token-not-yet-valid",
        party: Party::Origin,
        shows: "by the server's own clock the token is not valid yet",
        audience: Audience::Operator,
        fix: "Set the clocks of issuer and service by NTP; allow a minute of skew where `nbf` is checked.",
    },
    Cause {
        word: "credentials-left-behind",
        party: Party::Client,
        shows: "the answer leads to another origin, where the credentials do not go along",
        audience: Audience::Caller,
        fix: "Ask at the address that the redirect names, and take it into the flow's scope if it is the site's own.",
    },
    Cause {
        word: "token-scheme",
        party: Party::Client,
        shows: "the challenge asks for another scheme than the credentials were sent in",
        audience: Audience::Caller,
        fix: "Send the token as the challenge says: `Authorization: Bearer ${name}`.",
    },
    Cause {
        word: "csrf-rotated",
        party: Party::Client,
        shows: "the token that the session carries was taken before the login and has changed since",
        audience: Audience::Caller,
        fix: "Take the token once more behind the login: a step that loads a page and extracts it anew.",
    },
    Cause {
        word: "verify-alternates",
        party: Party::Origin,
        shows: "the same session is known and not known in turns: several servers that do not share sessions",
        audience: Audience::Operator,
        fix: "Keep sessions in a store that all servers share, or make the load balancer sticky.",
    },
    Cause {
        word: "logout-visited",
        party: Party::Client,
        shows: "the run itself opened an address that ends the session",
        audience: Audience::Caller,
        fix: "Leave that address out: as a pattern with ! in the flow's scope, or out of the list.",
    },
    Cause {
        word: "session-displaced",
        party: Party::Client,
        shows: "a second login ended the session of the first: one session for each account",
        audience: Audience::Caller,
        fix: "Give each program and each person an account of its own; log in once and share that session.",
    },
];

/// The causes found, in order of rank, with the signal that says so.
fn found(exchange: &Exchange) -> impl Iterator<Item = (&'static Cause, &Signal)> {
    CAUSES.iter().flat_map(|cause| {
        let signals = exchange.signals().map(|(_, signal)| signal);
        signals
            .filter(|signal| signal.dialect() == "auth" && signal.word_text() == cause.word)
            .map(move |signal| (cause, signal))
    })
}

/// What was found out, the likeliest cause first.
pub(crate) fn evidence(exchange: &Exchange, step: usize) -> Vec<Evidence> {
    found(exchange)
        .map(|(cause, signal)| Evidence {
            step,
            place: Place::Signal(signal.to_string()),
            quote: None,
            shows: Cow::Borrowed(cause.shows),
        })
        .collect()
}

/// Who must mend the likeliest cause. A test that made the session work again proves it.
pub(crate) fn blame(exchange: &Exchange) -> Option<Blame> {
    let (cause, signal) = found(exchange).next()?;
    let tested = signal.param("proven") == Some("yes");
    Some(if tested {
        Blame::Proven(cause.party)
    } else {
        Blame::Likely(cause.party)
    })
}

/// What to do about the likeliest cause.
pub(crate) fn remedy(exchange: &Exchange) -> Option<Remedy> {
    let (cause, _) = found(exchange).next()?;
    Some(Remedy {
        audience: cause.audience,
        text: Cow::Borrowed(cause.fix),
    })
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{End, Phase, Response, Visit};

    use super::*;

    fn lost(facts: &[&str]) -> Visit {
        let mut exchange = Exchange {
            target: "http://shop.example/me".into(),
            end: End::Answered,
            response: Some(Response {
                version: "HTTP/1.1".into(),
                code: "302".into(),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        for fact in ["auth:lost-right-after-login"].iter().chain(facts) {
            exchange.signal(Phase::Wait, fact.parse().expect(fact));
        }
        Visit::of(exchange)
    }

    #[test]
    fn every_cause_is_named_with_its_party_and_its_remedy() {
        for cause in CAUSES {
            let fact = format!("auth:{} name=sid", cause.word);
            let diagnosis = crate::diagnose(&lost(&[&fact]));
            assert_eq!(diagnosis.outcome.0, "auth/lost-right-after-login", "{fact}");
            assert_eq!(diagnosis.blame, Blame::Likely(cause.party), "{fact}");
            assert_eq!(diagnosis.remedies[0].text, cause.fix);
            let said = diagnosis.evidence.iter().any(|e| e.shows == cause.shows);
            assert!(said, "{:?}", diagnosis.evidence);
        }
    }

    #[test]
    fn causes_are_ranked_and_a_test_that_passed_proves() {
        let facts = [
            "auth:session-displaced by=second-login",
            "auth:token-scheme asked=bearer sent=token proven=yes",
            "auth:cookie-secure name=sid over=http",
        ];
        let order = |diagnosis: &httpwhy_model::Diagnosis| {
            let shows: Vec<_> = diagnosis.evidence.iter().map(|e| e.shows.clone()).collect();
            let at = |word: &str| {
                let cause = CAUSES.iter().find(|cause| cause.word == word);
                let shown = cause.map(|cause| cause.shows);
                shows.iter().position(|shows| Some(&**shows) == shown)
            };
            (
                at("cookie-secure"),
                at("token-scheme"),
                at("session-displaced"),
            )
        };
        let diagnosis = crate::diagnose(&lost(&facts));
        let (first, second, third) = order(&diagnosis);
        assert!(first < second && second < third && first.is_some());
        let proven = crate::diagnose(&lost(&facts[..2]));
        assert_eq!(proven.blame, Blame::Proven(Party::Client));
        let unknown = crate::diagnose(&lost(&[]));
        assert!(
            matches!(unknown.blame, Blame::Unknown { .. }),
            "{:?}",
            unknown.blame
        );
    }
}

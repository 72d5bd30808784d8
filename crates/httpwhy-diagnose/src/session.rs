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
    /// What it shows with `proven=no`, where that is a difference that was seen and no cause that was found: nobody is
    /// blamed for it then.
    open: Option<&'static str>,
}

impl Cause {
    /// Whether the signal says that this was seen but not shown to be why.
    fn is_open(&self, signal: &Signal) -> bool {
        self.open.is_some() && signal.param("proven") == Some("no")
    }
}

/// The candidates: what is found in the messages themselves first, what needs another observer last.
const CAUSES: &[Cause] = &[
    Cause {
        word: "cookie-secure",
        party: Party::Client,
        shows: "the session's cookie is marked Secure, and the request after the login goes over http: it stays at home",
        audience: Audience::Caller,
        fix: "Ask over https: a cookie marked `Secure` never goes over http. If TLS ends in front of the application, go through that front.",
        open: None,
    },
    Cause {
        word: "cookie-path",
        party: Party::Origin,
        shows: "the session's cookie has a Path that does not cover the address asked for",
        audience: Audience::Author,
        fix: "Set the session's cookie with `Path=/`; without Path it belongs to the folder of the login page alone.",
        open: None,
    },
    Cause {
        word: "cookie-domain",
        party: Party::Origin,
        shows: "the session's cookie names a Domain that is not the host's, and is refused",
        audience: Audience::Author,
        fix: "Leave `Domain` out, or name the host's own registered domain.",
        open: None,
    },
    Cause {
        word: "host-switched",
        party: Party::Client,
        shows: "the login was at another host than the address asked for, and the cookie stays with that host",
        audience: Audience::Caller,
        fix: "Log in at the very host that is asked afterwards, `www.` included.",
        open: None,
    },
    Cause {
        word: "cookie-refused",
        party: Party::Origin,
        shows: "the session's cookie breaks the rules of cookies and was not stored",
        audience: Audience::Author,
        fix: "A cookie named `__Host-…` or `__Secure-…` needs `Secure` over https, the first also `Path=/` and no `Domain`.",
        open: None,
    },
    Cause {
        word: "cookie-samesite",
        party: Party::Origin,
        shows: "the browser refused a cookie of the login because of its SameSite attribute",
        audience: Audience::Author,
        fix: "Set the session's cookie with `SameSite=Lax`. A cookie that has to come back with a form from another site (an identity provider's answer) needs `SameSite=None; Secure`, and https.",
        open: Some(
            "the browser refused a cookie because of its SameSite attribute; sent all the same, it does not bring the session back",
        ),
    },
    Cause {
        word: "token-expired",
        party: Party::Origin,
        shows: "by the server's own clock the token had expired already",
        audience: Audience::Operator,
        fix: "Compare the clocks of issuer and service, and the life of tokens in the issuer's settings.",
        open: None,
    },
    Cause {
        word: "token-not-yet-valid",
        party: Party::Origin,
        shows: "by the server's own clock the token is not valid yet",
        audience: Audience::Operator,
        fix: "Set the clocks of issuer and service by NTP; allow a minute of skew where `nbf` is checked.",
        open: None,
    },
    Cause {
        word: "credentials-left-behind",
        party: Party::Client,
        shows: "the answer leads to another origin, where the credentials do not go along",
        audience: Audience::Caller,
        fix: "Ask at the address that the redirect names, and take it into the flow's scope if it is the site's own.",
        open: None,
    },
    Cause {
        word: "token-scheme",
        party: Party::Client,
        shows: "the challenge asks for another scheme than the credentials were sent in",
        audience: Audience::Caller,
        fix: "Send the token as the challenge says: `Authorization: Bearer ${name}`.",
        open: None,
    },
    Cause {
        word: "csrf-rotated",
        party: Party::Client,
        shows: "the token that the session carries was taken before the login and has changed since",
        audience: Audience::Caller,
        fix: "Take the token once more behind the login: a step that loads a page and extracts it anew.",
        open: None,
    },
    Cause {
        word: "agent-changed",
        party: Party::Client,
        shows: "the session is bound to the User-Agent field: the same request is known with one and unknown with the other",
        audience: Audience::Caller,
        fix: "Send one User-Agent from the login to the last request: the same `headers` in every step of the flow, -A, and no such field in the inputs; behind a browser step, the browser's own.",
        open: Some(
            "the login went out with another User-Agent; that the session is bound to it could not be shown",
        ),
    },
    Cause {
        word: "address-changed",
        party: Party::Client,
        shows: "the session is bound to the client's address: the same request is known from one and unknown from the other",
        audience: Audience::Caller,
        fix: "Let the login and all requests leave by one way: the same proxy, interface and address family (--proxy, --noproxy, --interface, -4) for every host of the flow.",
        open: Some(
            "the login came from another address; that the session is bound to it could not be shown",
        ),
    },
    Cause {
        word: "verify-alternates",
        party: Party::Origin,
        shows: "the same session is known and not known in turns: several servers that do not share sessions",
        audience: Audience::Operator,
        fix: "Keep sessions in a store that all servers share, or make the load balancer sticky.",
        open: None,
    },
    Cause {
        word: "logout-visited",
        party: Party::Client,
        shows: "the run itself opened an address that ends the session",
        audience: Audience::Caller,
        fix: "Leave that address out: as a pattern with ! in the flow's scope, or out of the list.",
        open: None,
    },
    Cause {
        word: "session-displaced",
        party: Party::Client,
        shows: "a second login ended the session of the first: one session for each account",
        audience: Audience::Caller,
        fix: "Give each program and each person an account of its own; log in once and share that session.",
        open: None,
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

/// The first of them that was not merely seen.
fn likeliest(exchange: &Exchange) -> Option<(&'static Cause, &Signal)> {
    found(exchange).find(|(cause, signal)| !cause.is_open(signal))
}

/// What was found out, the likeliest cause first.
pub(crate) fn evidence(exchange: &Exchange, step: usize) -> Vec<Evidence> {
    found(exchange)
        .map(|(cause, signal)| Evidence {
            step,
            place: Place::Signal(signal.to_string()),
            quote: None,
            shows: Cow::Borrowed(match cause.open {
                Some(open) if cause.is_open(signal) => open,
                _ => cause.shows,
            }),
        })
        .collect()
}

/// Who must mend the likeliest cause. A test that made the session work again proves it.
pub(crate) fn blame(exchange: &Exchange) -> Option<Blame> {
    let (cause, signal) = likeliest(exchange)?;
    let tested = signal.param("proven") == Some("yes");
    Some(if tested {
        Blame::Proven(cause.party)
    } else {
        Blame::Likely(cause.party)
    })
}

/// What to do about the likeliest cause.
pub(crate) fn remedy(exchange: &Exchange) -> Option<Remedy> {
    let (cause, _) = likeliest(exchange)?;
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
        let seen = crate::diagnose(&lost(&["auth:agent-changed login=a now=b proven=no"]));
        assert!(matches!(seen.blame, Blame::Unknown { .. }), "{seen:?}");
        let said = |diagnosis: &httpwhy_model::Diagnosis, text: &str| {
            diagnosis.evidence.iter().any(|e| e.shows.contains(text))
        };
        assert!(
            said(&seen, "could not be shown") && !said(&seen, "is bound to the User-Agent field")
        );
        let shown = crate::diagnose(&lost(&["auth:agent-changed login=a now=b proven=yes"]));
        assert_eq!(shown.blame, Blame::Proven(Party::Client));
        let unknown = crate::diagnose(&lost(&[]));
        assert!(
            matches!(unknown.blame, Blame::Unknown { .. }),
            "{:?}",
            unknown.blame
        );
    }
}

//! What an answer shows: whether it is what was expected, and whether one is logged in.

use std::cell::OnceCell;

use httpwhy_model::{End, Exchange, Signal};
use regex::Regex;

use crate::extract::content;
use crate::flow::{Expect, Sign, Verify};
use crate::pattern::holds;

/// Whether the answer of the verify request shows a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Logged in.
    In,
    /// Not logged in.
    Out,
    /// It cannot be told: no answer, or one of a server in trouble.
    Unclear,
}

/// An answer, of which the content is decoded once and only when asked for.
struct Answer<'a> {
    status: u16,
    location: Option<&'a str>,
    exchange: &'a Exchange,
    text: OnceCell<String>,
}

impl<'a> Answer<'a> {
    fn of(exchange: &'a Exchange) -> Option<Self> {
        let response = exchange.response.as_ref()?;
        Some(Self {
            status: exchange
                .status()
                .filter(|_| exchange.end == End::Answered)?,
            location: response.fields.text("location"),
            exchange,
            text: OnceCell::new(),
        })
    }

    fn fits(&self, regex: &Regex) -> bool {
        let text = self.text.get_or_init(|| {
            let content = self.exchange.response.as_ref().and_then(content);
            String::from_utf8_lossy(&content.unwrap_or_default()).into_owned()
        });
        regex.is_match(text)
    }

    fn leads(&self, pattern: &str) -> bool {
        self.location
            .is_some_and(|location| holds(location, pattern))
    }

    fn shows_all(&self, sign: &Sign) -> bool {
        (sign.status.is_empty() || sign.status.contains(&self.status))
            && sign
                .location
                .as_ref()
                .is_none_or(|pattern| self.leads(pattern))
            && sign.body.as_ref().is_none_or(|regex| self.fits(regex))
    }

    fn shows_any(&self, sign: &Sign) -> bool {
        sign.status.contains(&self.status)
            || sign
                .location
                .as_ref()
                .is_some_and(|pattern| self.leads(pattern))
            || sign.body.as_ref().is_some_and(|regex| self.fits(regex))
    }
}

/// What the answer to the verify request shows.
pub(crate) fn standing(verify: &Verify, exchange: &Exchange) -> Standing {
    let Some(answer) = Answer::of(exchange) else {
        return Standing::Unclear;
    };
    let is_out = verify
        .outside
        .as_ref()
        .is_some_and(|sign| answer.shows_any(sign));
    if is_out {
        Standing::Out
    } else if answer.shows_all(&verify.inside) {
        Standing::In
    } else if answer.status >= 500 || answer.status == 429 {
        Standing::Unclear
    } else {
        Standing::Out
    }
}

/// Whether any answer shows that sign.
pub(crate) fn shows_any(sign: &Sign, exchange: &Exchange) -> bool {
    Answer::of(exchange).is_some_and(|answer| answer.shows_any(sign))
}

/// Why the answer to a step is not what was expected; `None`: it is.
pub(crate) fn unexpected(step: &str, expect: &Expect, exchange: &Exchange) -> Option<Signal> {
    let signal = |word: &'static str, params: &[(&'static str, String)]| {
        let mut all = vec![("step", step.to_owned())];
        all.extend_from_slice(params);
        crate::auth(word, &all)
    };
    let Some(answer) = Answer::of(exchange) else {
        return Some(signal("step-failed", &[("missing", "answer".to_owned())]));
    };
    let status_fits = match &expect.status[..] {
        [] => (200..300).contains(&answer.status),
        statuses => statuses.contains(&answer.status),
    };
    if !status_fits {
        let wanted = expect.status.iter().map(u16::to_string).collect::<Vec<_>>();
        let mut params = vec![("status", answer.status.to_string())];
        if !wanted.is_empty() {
            params.push(("expected", wanted.join(",")));
        }
        return Some(signal("flow-not-200", &params));
    }
    let missing = |what: &str| Some(signal("step-failed", &[("missing", what.to_owned())]));
    let refused = |what: &str| Some(signal("step-failed", &[("unexpected", what.to_owned())]));
    match expect {
        Expect {
            location: Some(pattern),
            ..
        } if !answer.leads(pattern) => missing("location"),
        Expect {
            body: Some(regex), ..
        } if !answer.fits(regex) => missing("body"),
        Expect {
            not_location: Some(pattern),
            ..
        } if answer.leads(pattern) => refused("location"),
        Expect {
            not_body: Some(regex),
            ..
        } if answer.fits(regex) => refused("body"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Body, Fields, Framing, Response, Seen};

    use super::*;

    fn answer(status: &'static str, location: &'static str, body: &'static str) -> Exchange {
        Exchange {
            end: End::Answered,
            response: Some(Response {
                code: status.into(),
                fields: Fields::of((!location.is_empty()).then_some(("Location", location))),
                body: Seen::Present(Body::whole(body, Framing::Unknown)),
                ..Response::default()
            }),
            ..Exchange::default()
        }
    }

    #[test]
    fn standing_is_told_by_signs() {
        let regex = |text: &str| Some(Regex::new(text).expect(text));
        let verify = Verify {
            url: crate::template::Template::default(),
            fields: Vec::new(),
            inside: Sign {
                status: vec![200],
                body: regex("\"id\":"),
                ..Sign::default()
            },
            outside: Some(Sign {
                status: vec![401],
                location: Some("/login".into()),
                body: regex("Sign in"),
            }),
            anonymous_must_fail: true,
            every: None,
        };
        for (exchange, wanted) in [
            (answer("200", "", "{\"id\":1}"), Standing::In),
            (answer("200", "", "{\"id\":1} Sign in"), Standing::Out),
            (answer("200", "", "other"), Standing::Out),
            (answer("401", "", ""), Standing::Out),
            (answer("302", "/login?next", ""), Standing::Out),
            (answer("302", "/elsewhere", ""), Standing::Out),
            (answer("503", "", ""), Standing::Unclear),
            (answer("429", "", ""), Standing::Unclear),
            (Exchange::default(), Standing::Unclear),
        ] {
            assert_eq!(standing(&verify, &exchange), wanted, "{exchange:?}");
        }
    }

    #[test]
    fn what_differs_is_named() {
        let expect = Expect {
            status: vec![302],
            not_location: Some("/login".into()),
            ..Expect::default()
        };
        for (exchange, signal) in [
            (answer("302", "/home", ""), None),
            (
                answer("302", "/login?e=1", ""),
                Some("auth:step-failed step=s unexpected=location"),
            ),
            (
                answer("403", "", ""),
                Some("auth:flow-not-200 step=s status=403 expected=302"),
            ),
            (
                Exchange::default(),
                Some("auth:step-failed step=s missing=answer"),
            ),
        ] {
            let found = unexpected("s", &expect, &exchange).map(|signal| signal.to_string());
            assert_eq!(found.as_deref(), signal);
        }
        let plain = unexpected("s", &Expect::default(), &answer("302", "/", ""));
        let plain = plain.map(|signal| signal.to_string());
        assert_eq!(
            plain.as_deref(),
            Some("auth:flow-not-200 step=s status=302")
        );
    }
}

//! Whether a session is bound to who logged in: the same check is asked as the login was, or as a refused request was, and
//! what is found out is as good as these answers.

use std::sync::Arc;

use httpwhy_model::Signal;
use httpwhy_probe::ways::{Family, From, Ways};

use crate::causes::{Asker, Source, shown};
use crate::login::{As, Failed, Runner, Session};
use crate::sign::Standing;

/// How often the other way is asked before it counts: an answer that changes by itself is none.
const TWICE: usize = 2;

/// A session that is bound to something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    /// Strangers to it: requests with that User-Agent, where it is bound to one …
    agent: Option<String>,
    /// … and from there, where it is bound to an address.
    source: Option<Source>,
    pub(crate) facts: Vec<Signal>,
}

impl Bound {
    /// Whether that asker is a stranger to the session.
    pub(crate) fn refuses(&self, asker: &Asker) -> bool {
        let agent = self.agent.is_none() || self.agent == asker.agent;
        let source = self.source.is_none() || self.source == asker.source;
        agent && source
    }

    fn is_nothing(&self) -> bool {
        self.facts.is_empty()
    }
}

/// What differs between two askers, and how the check is asked as one of them.
struct Differences {
    agent: Option<(String, String)>,
    source: Option<(Source, Source)>,
    like: As,
}

/// The session is not known in the check: is it known when asked as the login was?
///
/// What the login had otherwise and what turned out not to matter, or could not be shown to, is a fact all the same: with
/// `proven=no`.
pub(crate) fn to_login(
    runner: &mut Runner,
    session: &Session,
    lost: &Asker,
    carried: Option<&str>,
) -> Result<Vec<Signal>, Failed> {
    let Some(login) = crate::causes::made_by(&session.trace, carried) else {
        return Ok(Vec::new());
    };
    let found = Differences {
        agent: owned(login.agents(lost)),
        source: login.sources(lost).map(|(a, b)| (a.clone(), b.clone())),
        like: like(runner, &login),
    };
    let proven = found.test(runner, session, "as-login", Standing::In)?;
    if !proven.is_nothing() {
        return Ok(proven.facts);
    }
    Ok(found.signals(true, true, false))
}

/// The session is known in the check, asked as `usual`, and a request of another asker seems not to have been: is it known
/// when asked as that one?
pub(crate) fn to_usual(
    runner: &mut Runner,
    session: &Session,
    usual: &Asker,
    refused: &Asker,
) -> Result<Option<Bound>, Failed> {
    let found = Differences {
        agent: owned(usual.agents(refused)),
        source: usual.sources(refused).map(|(a, b)| (a.clone(), b.clone())),
        like: like(runner, refused),
    };
    let bound = found.test(runner, session, "as-refused", Standing::Out)?;
    Ok((!bound.is_nothing()).then_some(bound))
}

/// What differs although nothing could be tried any more.
pub(crate) fn untried(usual: &Asker, refused: &Asker) -> Vec<Signal> {
    let found = Differences {
        agent: owned(usual.agents(refused)),
        source: usual.sources(refused).map(|(a, b)| (a.clone(), b.clone())),
        like: As::default(),
    };
    found.signals(true, true, false)
}

fn owned(pair: Option<(&str, &str)>) -> Option<(String, String)> {
    pair.map(|(one, other)| (one.to_owned(), other.to_owned()))
}

/// How to ask as that one did.
fn like(runner: &Runner, asker: &Asker) -> As {
    let base = runner.ways();
    let ways = match asker.source {
        Some(Source::Local(address)) => Ways {
            proxies: httpwhy_probe::ways::Proxies::default(),
            from: Some(From::Address(address)),
            family: Some(if address.is_ipv4() {
                Family::V4
            } else {
                Family::V6
            }),
            ..base.clone()
        },
        Some(Source::Proxy(_)) => Ways {
            proxies: base.proxies.as_for(&asker.target),
            ..base.clone()
        },
        Some(Source::Browser) | None => Ways {
            proxies: httpwhy_probe::ways::Proxies::default(),
            from: None,
            ..base.clone()
        },
    };
    As {
        agent: asker.agent.clone(),
        ways: Some(Arc::new(ways)),
        ..As::default()
    }
}

impl Differences {
    /// Tries what differs, each alone and then both; `turned` is what the answer has to become.
    fn test(
        &self,
        runner: &mut Runner,
        session: &Session,
        step: &str,
        turned: Standing,
    ) -> Result<Bound, Failed> {
        let mut proven = (false, false);
        for (agent, source) in [(true, false), (false, true), (true, true)] {
            let there = (!agent || self.agent.is_some()) && (!source || self.source.is_some());
            if there && self.turns(runner, session, (agent, source), step, turned)? {
                proven = (agent, source);
                break;
            }
        }
        let pick = |is: bool| is.then_some(());
        Ok(Bound {
            agent: pick(proven.0).and_then(|()| Some(self.agent.as_ref()?.1.clone())),
            source: pick(proven.1).and_then(|()| Some(self.source.as_ref()?.1.clone())),
            facts: self.signals(proven.0, proven.1, true),
        })
    }

    /// Whether the answer is another one as often as it is asked so, and the old one as soon as it is not.
    fn turns(
        &self,
        runner: &mut Runner,
        session: &Session,
        (agent, source): (bool, bool),
        step: &str,
        turned: Standing,
    ) -> Result<bool, Failed> {
        let like = As {
            agent: self.like.agent.clone().filter(|_| agent),
            ways: self.like.ways.clone().filter(|_| source),
            ..As::default()
        };
        let name = match (agent, source) {
            (true, false) => format!("agent-{step}"),
            (false, _) => format!("address-{step}"),
            (true, true) => format!("agent-and-address-{step}"),
        };
        for _ in 0..TWICE {
            let (found, visit) = runner.verify_as(session, &like, &name)?;
            runner.report_check(&name, (found, visit), &[]);
            if found != turned {
                return Ok(false);
            }
        }
        let (found, visit) = runner.verify(Some(session), "verify-again")?;
        runner.report_check("verify-again", (found, visit), &[]);
        Ok(found != turned && found != Standing::Unclear)
    }

    fn signals(&self, agent: bool, source: bool, proven: bool) -> Vec<Signal> {
        let proven = if proven { "yes" } else { "no" };
        let signal = |word: &'static str, one: &str, other: &str| {
            let params = [
                ("login", shown(one)),
                ("now", shown(other)),
                ("proven", proven.to_owned()),
            ];
            crate::auth(word, &params)
        };
        let agent = self.agent.as_ref().filter(|_| agent);
        let agent = agent.map(|(one, other)| signal("agent-changed", one, other));
        let source = self.source.as_ref().filter(|_| source);
        let source = source
            .map(|(one, other)| signal("address-changed", &one.to_string(), &other.to_string()));
        agent.into_iter().chain(source).collect()
    }
}

//! From nothing to a session that is proven to be one, and, where it is none, why: each candidate is tested.

use httpwhy_model::{Exchange, Signal, Visit};

use crate::bound;
use crate::causes::{self, Asker};
use crate::extract::From;
use crate::flow::Action;
use crate::login::{As, Failed, Runner, Session, asks_for_code};
use crate::sign::Standing;

/// How often verify is asked again to see whether its answer is steady.
const AGAIN: usize = 3;
/// Cookies that a browser refused, tried at most.
const MOST_REFUSED: usize = 4;

/// Shows that the check fails for a stranger; else it proves nothing.
pub(crate) fn discriminates(runner: &mut Runner) -> Result<(), Failed> {
    if !runner.flow.verify.anonymous_must_fail {
        return Ok(());
    }
    let (found, visit) = runner.verify(None, "anonymous")?;
    let status = visit.last().and_then(|step| step.exchange.status());
    let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    let failed = match found {
        Standing::Out => None,
        Standing::In => Some(crate::auth("verify-useless", &[("status", status)])),
        Standing::Unclear => Some(unclear("anonymous", &status)),
    };
    let facts: Vec<Signal> = failed.iter().cloned().collect();
    runner.report_check("anonymous", (found, visit), &facts);
    failed.map_or(Ok(()), |signal| Err(Failed::Otherwise(signal)))
}

fn unclear(step: &str, status: &str) -> Signal {
    let params = [("step", step.to_owned()), ("status", status.to_owned())];
    crate::auth("step-failed", &params)
}

/// Logs in, and proves it. `told`: the steps are done. `steady`: a check that passed is asked again, as it may pass in turns.
pub(crate) fn establish(
    runner: &mut Runner,
    told: impl FnOnce(),
    steady: bool,
) -> Result<Session, Failed> {
    let mut session = runner.log_in()?;
    told();
    let (found, visit) = runner.verify(Some(&session), "verify")?;
    let facts = match found {
        Standing::In => {
            runner.report_check("verify", (found, visit.clone()), &[]);
            if !steady {
                return Ok(session);
            }
            let unsteady = unsteady(runner, &session, vec![(found, visit)])?;
            return match unsteady {
                None => Ok(session),
                Some(_) => Err(Failed::Otherwise(lost())),
            };
        }
        Standing::Out if is_only_given(&runner.flow, &session) => {
            let refused = crate::auth("credentials-rejected", &[("step", "verify".to_owned())]);
            runner.report_check("verify", (found, visit), std::slice::from_ref(&refused));
            return Err(Failed::Refused(refused));
        }
        Standing::Out => {
            let mut facts = vec![lost()];
            let before = visit.last().map(|step| &step.exchange).cloned();
            facts.extend(why(
                runner,
                &mut session,
                &before.unwrap_or_default(),
                &visit,
            )?);
            if facts.iter().any(|fact| fact.is("auth:mfa-required")) {
                facts.remove(0);
            }
            facts
        }
        Standing::Unclear => {
            let status = visit.last().and_then(|step| step.exchange.status());
            let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
            vec![unclear("verify", &status)]
        }
    };
    runner.report_check("verify", (found, visit), &facts);
    match facts.into_iter().next() {
        None => Ok(session),
        Some(signal) => Err(Failed::Otherwise(signal)),
    }
}

/// Whether the session is nothing but secrets that were given: no login gave anything that could have been lost.
fn is_only_given(flow: &crate::Flow, session: &Session) -> bool {
    let mut applied = flow.apply.fields.iter().chain(&flow.apply.query).peekable();
    let is_given = |name: &str| flow.secrets.iter().any(|(secret, _)| secret == name);
    session.jar.is_empty()
        && applied.peek().is_some()
        && applied.all(|(_, value)| value.names().all(is_given))
}

fn lost() -> Signal {
    crate::auth("lost-right-after-login", &[])
}

/// What is found out about a session that verify does not know. Tests that need no request go first; the others are made
/// only while nothing is proven.
fn why(
    runner: &mut Runner,
    session: &mut Session,
    answer: &Exchange,
    visit: &Visit,
) -> Result<Vec<Signal>, Failed> {
    let mut facts = Vec::new();
    let last_page = session.trace.last().and_then(Visit::last);
    if last_page.is_some_and(|step| asks_for_code(&step.exchange)) {
        facts.push(crate::auth(
            "mfa-required",
            &[("step", "verify".to_owned())],
        ));
        return Ok(facts);
    }
    let flow = std::sync::Arc::clone(&runner.flow);
    if flow.apply.cookies {
        let lost = causes::lost_cookies(session.trace.iter(), &session.jar, &answer.target);
        facts.extend(lost);
    }
    facts.extend(lives(session, answer));
    facts.extend(left_behind(&flow, answer));
    if !facts.is_empty() {
        return Ok(facts);
    }
    facts.extend(refused(runner, session)?);
    if facts.iter().any(is_proven) {
        return Ok(facts);
    }
    facts.extend(scheme(runner, session, answer)?);
    facts.extend(rotated(runner, session)?);
    if facts.iter().all(is_open) {
        let carried = answer.request.fields.text("cookie");
        let lost = Asker::of(answer);
        facts.extend(bound::to_login(runner, session, &lost, carried)?);
    }
    if facts.iter().all(is_open) {
        let answers = vec![(Standing::Out, visit.clone())];
        facts.extend(unsteady(runner, session, answers)?);
    }
    if facts.iter().all(is_open) {
        let withheld = session.refused.iter().filter(|one| !one.set);
        facts.extend(withheld.map(|one| causes::refusal(one, None)));
    }
    Ok(facts)
}

fn is_proven(fact: &Signal) -> bool {
    fact.param("proven") == Some("yes")
}

/// Whether it was seen and not shown to be why.
fn is_open(fact: &Signal) -> bool {
    fact.param("proven") == Some("no")
}

/// Cookies that a browser did not take: each is sent all the same, once, to see whether it would have made the session.
fn refused(runner: &mut Runner, session: &Session) -> Result<Vec<Signal>, Failed> {
    let mut facts = Vec::new();
    let Some(url) = runner.verify_url(session) else {
        return Ok(facts);
    };
    let set = session.refused.iter().filter(|one| one.set);
    for one in set.take(MOST_REFUSED) {
        let mut trial = session.clone();
        trial.jar.give(&url, &format!("{}={}", one.name, one.value));
        runner.hide(&trial.jar);
        let (found, visit) = runner.verify(Some(&trial), "with-refused-cookie")?;
        runner.report_check("with-refused-cookie", (found, visit), &[]);
        let fact = causes::refusal(one, Some(found == Standing::In));
        if found == Standing::In || fact.is("auth:cookie-samesite") {
            facts.push(fact);
        }
    }
    Ok(facts)
}

/// Tokens of the session whose life does not include the server's now.
pub(crate) fn lives(session: &Session, answer: &Exchange) -> Vec<Signal> {
    let names: Vec<&str> = session.values.secret_names().collect();
    let values = names
        .into_iter()
        .filter_map(|name| Some((name, session.values.text(name)?)));
    causes::lives(values, answer)
}

/// A redirect to another origin, where the credentials do not go along: cookies and Authorization stay where they belong.
fn left_behind(flow: &crate::Flow, answer: &Exchange) -> Option<Signal> {
    let status = answer
        .status()
        .filter(|status| (300..400).contains(status))?;
    let location = answer.response.as_ref()?.fields.text("location")?;
    let from = url::Url::parse(&answer.target).ok()?;
    let to = from.join(location).ok()?;
    if from.origin() == to.origin() {
        return None;
    }
    let within = if flow.is_in_scope(to.as_str()) {
        "yes"
    } else {
        "no"
    };
    let params = [
        ("status", status.to_string()),
        ("to", causes::shown(&to.origin().ascii_serialization())),
        ("in-scope", within.to_owned()),
    ];
    Some(crate::auth("credentials-left-behind", &params))
}

/// The challenge asks for another scheme than was sent: each token is tried once as Bearer.
fn scheme(
    runner: &mut Runner,
    session: &Session,
    answer: &Exchange,
) -> Result<Option<Signal>, Failed> {
    let Some((asked, sent)) = causes::challenge(answer) else {
        return Ok(None);
    };
    let params = |name: &str, proven: &str| {
        let params = [
            ("asked", asked.clone()),
            ("sent", sent.clone()),
            ("name", name.to_owned()),
            ("proven", proven.to_owned()),
        ];
        crate::auth("token-scheme", &params)
    };
    let flow = std::sync::Arc::clone(&runner.flow);
    let applied = flow.apply.fields.iter().chain(&flow.apply.query);
    let mut names: Vec<&str> = applied.flat_map(|(_, value)| value.names()).collect();
    names.dedup();
    if asked != "bearer" {
        return Ok(names.first().map(|name| params(name, "no")));
    }
    let mut tried = None;
    for name in names {
        let Some(token) = session.values.text(name).filter(|text| !text.is_empty()) else {
            continue;
        };
        let bearer = As {
            authorization: Some(format!("Bearer {token}")),
            ..As::default()
        };
        let (found, visit) = runner.verify_as(session, &bearer, "as-bearer")?;
        runner.report_check("as-bearer", (found, visit), &[]);
        if found == Standing::In {
            return Ok(Some(params(name, "yes")));
        }
        tried = Some(params(name, "no"));
    }
    Ok(tried)
}

/// A value that the session carries was taken before the login and is another one since: it is taken again, and tried.
fn rotated(runner: &mut Runner, session: &mut Session) -> Result<Option<Signal>, Failed> {
    let flow = std::sync::Arc::clone(&runner.flow);
    let applied = flow.apply.fields.iter().chain(&flow.verify.fields);
    let carried: Vec<&str> = applied.flat_map(|(_, value)| value.names()).collect();
    let from_pages = flow
        .steps
        .iter()
        .filter(|step| matches!(&step.action, Action::Http(http) if http.method == "GET"));
    let taken = from_pages.flat_map(|step| &step.extract).filter(|extract| {
        matches!(
            extract.from,
            From::Css(..) | From::Cookie(_) | From::Regex(_) | From::Header(_)
        ) && carried.contains(&extract.name.as_str())
    });
    for extract in taken {
        let name = extract.name.as_str();
        let before = session.values.text(name).map(str::to_owned);
        let mut fresh = session.clone();
        let after = runner.take_again(&mut fresh, name)?;
        if after.is_none() || after == before {
            continue;
        }
        let (found, visit) = runner.verify(Some(&fresh), "with-fresh-token")?;
        runner.report_check("with-fresh-token", (found, visit), &[]);
        let proven = if found == Standing::In { "yes" } else { "no" };
        let params = [("name", name.to_owned()), ("proven", proven.to_owned())];
        return Ok(Some(crate::auth("csrf-rotated", &params)));
    }
    Ok(None)
}

/// Asks the check a few times more with the same session: whether all answers show the same. The last of them tells it.
pub(crate) fn unsteady(
    runner: &mut Runner,
    session: &Session,
    mut answers: Vec<(Standing, Visit)>,
) -> Result<Option<Signal>, Failed> {
    let mut fact = None;
    for nth in 1..=AGAIN {
        let (found, visit) = runner.verify(Some(session), "verify-again")?;
        answers.push((found, visit.clone()));
        let mut facts = Vec::new();
        if nth == AGAIN {
            fact = alternating(&answers);
            facts.extend(fact.iter().flat_map(|fact| [lost(), fact.clone()]));
        }
        runner.report_check("verify-again", (found, visit), &facts);
    }
    Ok(fact)
}

fn alternating(answers: &[(Standing, Visit)]) -> Option<Signal> {
    let told: Vec<(bool, &Exchange)> = answers
        .iter()
        .filter(|(found, _)| *found != Standing::Unclear)
        .filter_map(|(found, visit)| Some((*found == Standing::In, &visit.last()?.exchange)))
        .collect();
    causes::alternates(&told)
}

/// Whether a second login ends the session of the first. Gives the session that is alive afterwards.
pub(crate) fn displaced(
    runner: &mut Runner,
    first: Session,
) -> Result<(Session, Option<Signal>), Failed> {
    let second = runner.log_in()?;
    let (found, visit) = runner.verify(Some(&second), "second-login")?;
    runner.report_check("second-login", (found, visit), &[]);
    if found != Standing::In {
        return Ok((first, None));
    }
    let (found, visit) = runner.verify(Some(&first), "first-login-again")?;
    runner.report_check("first-login-again", (found, visit), &[]);
    let fact = (found == Standing::Out)
        .then(|| crate::auth("session-displaced", &[("by", "second-login".to_owned())]));
    Ok((second, fact))
}

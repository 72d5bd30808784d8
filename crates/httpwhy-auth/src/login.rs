//! Logs in as a flow says, and checks that it worked. Every request goes through the prober and is reported.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use httpwhy_diagnose::diagnose;
use httpwhy_model::{
    Body, End, Exchange, Fields, Framing, Kept, Phase, Response, Seen, Sent, Signal, Visit, Who,
};
use httpwhy_probe::ways::Ways;
use httpwhy_probe::{Config, Cookies, Deadlines, Jar, Job, Lent};
use httpwhy_schema::AuthConflict;

use crate::agent::{Agent, Stopped};
use crate::browser::{Browser, BrowserAct, RefusedCookie};
use crate::extract::{Extract, From, Selector, content};
use crate::flow::{Act, Action, Content, Flow, Http, Step};
use crate::mask::Mask;
use crate::program;
use crate::report::{StepReport, Taken};
use crate::sign::{Standing, standing, unexpected};
use crate::template::Template;
use crate::totp::base32;
use crate::values::{Marks, Values};

/// How long a program or a browser may take, unless the step says otherwise.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of content of one report kept at most: what was taken from it has been taken.
const REPORTED: usize = 64 * 1024;

/// Where reports go.
pub(crate) type Sink = Box<dyn Fn(StepReport) + Send>;

/// What a login gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) values: Values,
    pub(crate) jar: Jar,
    /// When it ends by what it says itself.
    pub(crate) ends: Option<SystemTime>,
    /// What the login's steps saw, with their secrets.
    pub(crate) trace: Vec<Visit>,
    /// Cookies that a browser refused in its steps.
    pub(crate) refused: Vec<RefusedCookie>,
}

/// Why there is no session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failed {
    /// The credentials were refused.
    Refused(Signal),
    /// Anything else.
    Otherwise(Signal),
    /// The run was stopped.
    Stopped,
}

impl std::convert::From<Stopped> for Failed {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// What is otherwise in a check than the flow says, to find out why it fails.
#[derive(Debug, Clone, Default)]
pub(crate) struct As {
    /// This Authorization field.
    pub(crate) authorization: Option<String>,
    /// This User-Agent field.
    pub(crate) agent: Option<String>,
    /// Connections made so.
    pub(crate) ways: Option<Arc<Ways>>,
}

/// The parameter's name, also that of the answer's member (RFC 6749 sections 5.1 and 6).
const REFRESH_TOKEN: &str = "refresh_token";

/// Sends what a flow says.
pub(crate) struct Runner {
    pub(crate) flow: Arc<Flow>,
    agent: Agent,
    /// The secrets of the flow.
    secrets: Values,
    /// All that must not be shown, of this session and those before it.
    pub(crate) mask: Mask,
    marks: Marks,
    browser: Option<Arc<dyn Browser>>,
    deadlines: Deadlines,
    ways: Arc<Ways>,
    sink: Sink,
    /// By step the refresh token that a server gave in place of the flow's.
    refresh_tokens: BTreeMap<String, String>,
    login: u64,
    number: u64,
}

impl Runner {
    /// Fetches the secrets. `folder`: what relative paths of secrets are relative to.
    ///
    /// # Errors
    /// A secret that cannot be had: which, where it is, and why.
    pub(crate) fn new(
        flow: Arc<Flow>,
        config: &Config,
        folder: &Path,
        browser: Option<Arc<dyn Browser>>,
        stop: &Arc<AtomicBool>,
        sink: Sink,
    ) -> Result<Self, String> {
        let mut secrets = Values::default();
        for (name, reference) in &flow.secrets {
            let text = reference
                .fetch(folder)
                .map_err(|why| format!("the secret '{name}': {why}"))?;
            secrets.put(name, &text, true);
        }
        if browser.is_none() && flow.needs_browser() {
            return Err("a step of the flow needs a browser, and there is none here".to_owned());
        }
        Ok(Self {
            agent: Agent::start(config, &flow.scope, stop),
            mask: Mask::of(&secrets, &Jar::default()),
            marks: Marks::default(),
            deadlines: config.deadlines,
            ways: Arc::clone(&config.ways),
            flow,
            secrets,
            browser,
            sink,
            refresh_tokens: BTreeMap::new(),
            login: 0,
            number: 0,
        })
    }

    /// The login from its first step to its last, verify not included.
    pub(crate) fn log_in(&mut self) -> Result<Session, Failed> {
        self.login += 1;
        let mut session = Session {
            values: self.secrets.clone(),
            ..Session::default()
        };
        let flow = Arc::clone(&self.flow);
        for step in &flow.steps {
            self.step(step, &mut session)?;
        }
        Ok(session)
    }

    /// Asks the verify request with that session, or without any. It is not reported yet: what is found out because of it
    /// belongs to it.
    pub(crate) fn verify(
        &mut self,
        session: Option<&Session>,
        step: &str,
    ) -> Result<(Standing, Visit), Failed> {
        self.ask_verify(session, &As::default(), step)
    }

    /// As [`Runner::verify`], with that instead of what the flow says.
    pub(crate) fn verify_as(
        &mut self,
        session: &Session,
        otherwise: &As,
        step: &str,
    ) -> Result<(Standing, Visit), Failed> {
        self.ask_verify(Some(session), otherwise, step)
    }

    /// Hides from now on what that jar holds too.
    pub(crate) fn hide(&mut self, jar: &Jar) {
        self.mask.add(&Values::default(), jar);
    }

    /// Where the check goes with that session, when it may.
    pub(crate) fn verify_url(&mut self, session: &Session) -> Option<String> {
        let flow = Arc::clone(&self.flow);
        self.url(&flow.verify.url, &session.values, "verify").ok()
    }

    /// How connections are made.
    pub(crate) fn ways(&self) -> &Ways {
        &self.ways
    }

    fn ask_verify(
        &mut self,
        session: Option<&Session>,
        otherwise: &As,
        step: &str,
    ) -> Result<(Standing, Visit), Failed> {
        let nobody = Session {
            values: self.secrets.clone(),
            ..Session::default()
        };
        let flow = Arc::clone(&self.flow);
        let values = &session.unwrap_or(&nobody).values;
        let url = self.url(&flow.verify.url, values, step)?;
        let mut job = Job::get(0, url.clone());
        if let Some(session) = session {
            put(lend(&flow, session, &url, 0), &mut job);
        }
        for (name, value) in fields(&flow.verify.fields, values) {
            job.fields
                .retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            job.fields.push((name, value));
        }
        for (name, value) in [
            ("Authorization", &otherwise.authorization),
            ("User-Agent", &otherwise.agent),
        ] {
            if let Some(value) = value {
                let is = |known: &[u8]| known.eq_ignore_ascii_case(name.as_bytes());
                job.fields.retain(|(known, _)| !is(known));
                job.fields.push((name.into(), value.clone().into()));
            }
        }
        job.ways.clone_from(&otherwise.ways);
        let visit = self.agent.ask(job, false)?;
        let last = visit.last().ok_or(Failed::Stopped)?;
        Ok((standing(&flow.verify, &last.exchange), visit))
    }

    /// Reports a check, with what was found out. The first of the facts is why it failed.
    pub(crate) fn report_check(
        &mut self,
        step: &str,
        (found, mut visit): (Standing, Visit),
        facts: &[Signal],
    ) {
        if let Some(last) = visit.steps.last_mut() {
            for fact in facts {
                last.exchange.signal(Phase::Wait, fact.clone());
            }
        }
        let what = format!("GET {}", self.flow.verify.url.shown());
        self.report(StepReport {
            visit: Some(visit),
            failed: facts.first().cloned(),
            facts: facts.iter().skip(1).cloned().collect(),
            inside: match found {
                Standing::In => Some(true),
                Standing::Out => Some(false),
                Standing::Unclear => None,
            },
            ..blank(step, what)
        });
    }

    /// Does that step of the flow once more with the session, and gives the value that it takes by that name.
    pub(crate) fn take_again(
        &mut self,
        session: &mut Session,
        name: &str,
    ) -> Result<Option<String>, Failed> {
        let flow = Arc::clone(&self.flow);
        let is_it = |step: &&Step| {
            matches!(&step.action, Action::Http(http) if http.method == "GET")
                && step.extract.iter().any(|extract| extract.name == name)
        };
        let Some(step) = flow.steps.iter().find(is_it) else {
            return Ok(None);
        };
        let mut again = Step {
            id: format!("{}-again", step.id),
            ..step.clone()
        };
        again.extract.retain(|extract| extract.name == name);
        match self.step(&again, session) {
            Ok(()) => Ok(session.values.text(name).map(str::to_owned)),
            Err(Failed::Stopped) => Err(Failed::Stopped),
            Err(_) => Ok(None),
        }
    }

    fn step(&mut self, step: &Step, session: &mut Session) -> Result<(), Failed> {
        match &step.action {
            Action::Http(http) => self.request(step, http, session),
            Action::Totp { totp, seed, name } => {
                let what = format!("totp, {} digits", totp.digits);
                let seed = base32(&seed.plain(&session.values));
                let Some(seed) = seed else {
                    return self.broken(step, what, "seed-not-base32");
                };
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                let password = totp.at(&seed, now.unwrap_or_default().as_secs());
                self.give(step, what, name, &password, session);
                Ok(())
            }
            Action::Exec { command, name } => {
                let command: Vec<String> = command
                    .iter()
                    .map(|part| part.plain(&session.values))
                    .collect();
                let what = match &step.action {
                    Action::Exec { command, .. } => {
                        format!(
                            "exec {}",
                            command.first().map_or_else(String::new, Template::shown)
                        )
                    }
                    _ => String::new(),
                };
                match program::run(&command, step.timeout.unwrap_or(PATIENCE)) {
                    Ok(token) => {
                        self.give(step, what, name, &token, session);
                        Ok(())
                    }
                    Err(trouble) => self.broken(step, what, &trouble.word()),
                }
            }
            Action::Browser(acts) => self.browse(step, acts, session),
        }
    }

    /// A value that was not taken from an answer.
    fn give(&mut self, step: &Step, what: String, name: &str, text: &str, session: &mut Session) {
        session.values.put(name, text, true);
        self.mask.add(&session.values, &session.jar);
        let taken = Taken {
            name: name.to_owned(),
            from: "output".to_owned(),
            value: Some((text.len(), self.marks.of(text))),
            optional: false,
        };
        self.report(StepReport {
            taken: vec![taken],
            ..blank(&step.id, what)
        });
    }

    /// A step without exchange that could not be done.
    fn broken(&mut self, step: &Step, what: String, why: &str) -> Result<(), Failed> {
        let params = [
            ("step", step.id.clone()),
            ("why", crate::causes::shown(why)),
        ];
        let signal = crate::auth("step-failed", &params);
        self.fail(&step.id, what, signal)
    }

    fn fail<T>(&mut self, step: &str, what: String, signal: Signal) -> Result<T, Failed> {
        let mut exchange = Exchange {
            target: format!("auth:{}/{step}", self.flow.name),
            sent: Sent::Nothing,
            end: End::Nothing,
            ..Exchange::default()
        };
        exchange.signal(Phase::Queue, signal.clone());
        self.report(StepReport {
            visit: Some(Visit::of(exchange)),
            failed: Some(signal.clone()),
            ..blank(step, what)
        });
        Err(Failed::Otherwise(signal))
    }

    fn request(&mut self, step: &Step, http: &Http, session: &mut Session) -> Result<(), Failed> {
        let url = self.url(&http.url, &session.values, &step.id)?;
        let what = format!("{} {}", http.method, http.url.shown());
        let job = self.job(step, http, url, session);
        let visit = self.agent.ask(job, http.follow)?;
        for seen in &visit.steps {
            for response in seen.exchange.interim.iter().chain(&seen.exchange.response) {
                let (url, now) = (&seen.exchange.target, SystemTime::now());
                session.jar.receive(url, &response.fields, now);
            }
        }
        let sends_secret = http.sends_secret(&session.values);
        let (report, end) = self.judge(step, what, visit, sends_secret, session);
        self.mask.add(&session.values, &session.jar);
        if end.is_ok() {
            self.replace_refresh_token(step, http, &session.values);
        }
        self.report(report);
        end
    }

    /// A new refresh token replaces the one that was used (RFC 6749 section 6): the next login goes on with it.
    fn replace_refresh_token(&mut self, step: &Step, http: &Http, taken: &Values) {
        let new = taken.text(REFRESH_TOKEN).unwrap_or_default();
        let used = http.refresh_token().map(|used| used.plain(&self.secrets));
        if used.is_some_and(|used| !new.is_empty() && used != new) {
            self.refresh_tokens.insert(step.id.clone(), new.to_owned());
        }
    }

    /// Whether a server replaced a refresh token that the flow names.
    pub(crate) fn has_replaced(&self) -> bool {
        !self.refresh_tokens.is_empty()
    }

    /// Compares the answer with what was expected, and takes what is to be taken.
    fn judge(
        &self,
        step: &Step,
        what: String,
        mut visit: Visit,
        sends_secret: bool,
        session: &mut Session,
    ) -> (StepReport, Result<(), Failed>) {
        session.trace.push(visit.clone());
        let empty = Exchange::default();
        let last = visit.last().map_or(&empty, |step| &step.exchange);
        let mut failed = unexpected(&step.id, &step.expect, last);
        if failed.is_some() && asks_for_code(last) {
            let field = ("step", step.id.clone());
            failed = Some(crate::auth("mfa-required", &[field]));
        }
        if sends_secret && failed.is_some() && last.status() == Some(401) {
            let params = [("step", step.id.clone()), ("status", "401".to_owned())];
            failed = Some(crate::auth("credentials-rejected", &params));
        }
        let mut taken = Vec::new();
        if failed.is_none() {
            for extract in &step.extract {
                let one = self.take(extract, &visit, session);
                if one.value.is_none() && !one.optional && failed.is_none() {
                    let params = [("name", one.name.clone()), ("step", step.id.clone())];
                    failed = Some(crate::auth("extractor-empty", &params));
                }
                taken.push(one);
            }
            tell_life(step, session);
        }
        let mut end = Ok(());
        if let Some(signal) = &failed {
            if let Some(step) = visit.steps.last_mut() {
                step.exchange.signal(Phase::Wait, signal.clone());
            }
            end = Err(if sends_secret && is_refusal(&visit) {
                Failed::Refused(signal.clone())
            } else {
                Failed::Otherwise(signal.clone())
            });
        }
        let report = StepReport {
            visit: Some(visit),
            taken,
            failed,
            ..blank(&step.id, what)
        };
        (report, end)
    }

    fn take(&self, extract: &Extract, visit: &Visit, session: &mut Session) -> Taken {
        let found = extract.from.find(visit, &session.values);
        let found = found.filter(|text| !text.is_empty());
        let text = found.as_deref().unwrap_or_default();
        session.values.put(&extract.name, text, extract.secret);
        Taken {
            name: extract.name.clone(),
            from: extract.from.said(),
            value: found.as_ref().map(|text| (text.len(), self.marks.of(text))),
            optional: extract.optional,
        }
    }

    fn job(&self, step: &Step, http: &Http, url: String, session: &Session) -> Job {
        let mut job = Job::get(0, url);
        let values = &session.values;
        job.method = Bytes::from_static(http.method.as_bytes());
        job.fields = fields(&http.fields, values);
        if let Some((user, password)) = &http.basic {
            // RFC 6749 section 2.3.1: both as forms write them.
            let pair = format!(
                "{}:{}",
                user.expand(values, form),
                password.expand(values, form)
            );
            let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
            job.fields.push(("Authorization".into(), value.into()));
        }
        let (kind, content) = match &http.content {
            Content::Nothing => ("", None),
            Content::Form(pairs) => {
                let replaced = self.refresh_tokens.get(&step.id);
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| match replaced {
                        Some(token) if name == REFRESH_TOKEN => (name, token.clone()),
                        _ => (name, value.plain(values)),
                    })
                    .map(|(name, value)| format!("{}={}", form(name), form(&value)))
                    .collect();
                ("application/x-www-form-urlencoded", Some(pairs.join("&")))
            }
            Content::Json(json) => ("application/json", Some(fill(json, values).to_string())),
            Content::Text(text) => ("text/plain; charset=utf-8", Some(text.plain(values))),
        };
        let has_kind = job
            .fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(b"content-type"));
        if content.is_some() && !has_kind {
            job.fields.push(("Content-Type".into(), kind.into()));
        }
        job.body = content.map(Into::into);
        job.cookies = Some(Arc::new(Cookies {
            jar: session.jar.clone(),
            given: String::new(),
        }));
        if let Some(timeout) = step.timeout {
            job.deadlines = Some(Box::new(Deadlines {
                total: timeout,
                ..self.deadlines
            }));
        }
        job
    }

    /// The absolute URL, when it is one and inside the scope.
    fn url(&mut self, url: &Template, values: &Values, step: &str) -> Result<String, Failed> {
        let text = url.expand(values, |value| {
            // A value may be a whole URL; inside one it is a part of it.
            if value.starts_with("http://") || value.starts_with("https://") {
                value.to_owned()
            } else {
                form(value).replace('+', "%20")
            }
        });
        let absolute = self.flow.base.join(&text).ok().map(String::from);
        let why = match absolute {
            Some(url) if self.flow.scope.holds(&url) => return Ok(url),
            Some(_) => "out-of-scope",
            None => "invalid-url",
        };
        let params = [("step", step.to_owned()), ("why", why.to_owned())];
        let signal = crate::auth("step-failed", &params);
        self.fail(step, url.shown(), signal)
    }

    fn browse(&mut self, step: &Step, acts: &[Act], session: &mut Session) -> Result<(), Failed> {
        let what = format!("browser, {} acts", acts.len());
        let mut filled = Vec::new();
        for act in acts {
            filled.push(match act {
                Act::Goto(url) => BrowserAct::Goto(self.url(url, &session.values, &step.id)?),
                Act::Fill(selector, with) => BrowserAct::Fill {
                    selector: selector.clone(),
                    text: with.plain(&session.values),
                },
                Act::Click(selector) => BrowserAct::Click(selector.clone()),
                Act::Wait(selector) => BrowserAct::Wait(selector.clone()),
            });
        }
        let Some(browser) = self.browser.clone() else {
            return self.broken(step, what, "no-browser");
        };
        let flow = Arc::clone(&self.flow);
        let may_fill = |url: &str| flow.scope.holds(url);
        let within = step.timeout.unwrap_or(PATIENCE);
        let page = match browser.act(&filled, &may_fill, within) {
            Ok(page) => page,
            Err((act, why)) => {
                let params = [
                    ("step", step.id.clone()),
                    ("act", (act + 1).to_string()),
                    ("why", crate::causes::shown(&why)),
                ];
                return self.fail(&step.id, what, crate::auth("step-failed", &params));
            }
        };
        session.jar.merge(page.cookies);
        let in_scope = |one: &RefusedCookie| flow.scope.is_host(&one.host);
        session
            .refused
            .extend(page.refused.into_iter().filter(in_scope));
        let mut exchange = Exchange {
            target: page.url,
            end: End::Answered,
            response: Some(Response {
                code: page
                    .status
                    .map_or_else(String::new, |status| status.to_string())
                    .into(),
                fields: Fields {
                    list: Vec::new(),
                    kept: Kept::Nothing,
                },
                body: Seen::Present(Body::whole(page.html, Framing::Unknown)),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        exchange.vantage.who = Who::Browser;
        if let Some(agent) = page.agent {
            exchange.request.fields = Fields::of([("User-Agent", agent)]);
            exchange.request.fields.kept = Kept::Only(vec!["user-agent".to_owned()]);
        }
        let (report, end) = self.judge(step, what, Visit::of(exchange), true, session);
        self.mask.add(&session.values, &session.jar);
        self.report(report);
        end
    }

    fn report(&mut self, mut report: StepReport) {
        self.number += 1;
        report.login = self.login;
        report.number = self.number;
        if let Some(visit) = report.visit.take() {
            let mut visit = self.mask.visit(&visit).into_owned();
            for step in &mut visit.steps {
                shorten(&mut step.exchange);
            }
            report.visit = Some(visit);
        }
        (self.sink)(report);
    }
}

impl Http {
    /// The refresh token that it sends.
    fn refresh_token(&self) -> Option<&Template> {
        let Content::Form(form) = &self.content else {
            return None;
        };
        let sent = form.iter().find(|(name, _)| name == REFRESH_TOKEN);
        sent.map(|(_, value)| value)
    }

    /// Whether a value that is to be hidden goes out in it.
    fn sends_secret(&self, values: &Values) -> bool {
        let names: Vec<&str> = values.secret_names().collect();
        let has = |template: &Template| template.names().any(|name| names.contains(&name));
        let content = match &self.content {
            Content::Nothing => false,
            Content::Form(pairs) => pairs.iter().any(|(_, value)| has(value)),
            Content::Json(json) => json.to_string().contains("${"),
            Content::Text(text) => has(text),
        };
        content || self.basic.is_some() || self.fields.iter().any(|(_, value)| has(value))
    }
}

/// Credentials of a session for one URL.
pub(crate) fn lend(flow: &Flow, session: &Session, url: &str, epoch: u64) -> Lent {
    let apply = &flow.apply;
    let query: Vec<String> = apply
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", form(name), form(&value.plain(&session.values))))
        .collect();
    Lent {
        fields: fields(&apply.fields, &session.values),
        cookie: apply
            .cookies
            .then(|| session.jar.field(url, SystemTime::now()))
            .flatten(),
        query: (!query.is_empty()).then(|| query.join("&")),
        replace: apply.on_conflict == AuthConflict::Replace,
        epoch,
    }
}

/// Puts credentials on a job of one step.
fn put(lent: Lent, job: &mut Job) {
    job.fields.extend(lent.fields);
    if let Some(cookie) = lent.cookie {
        job.fields.push(("Cookie".into(), cookie.into()));
    }
    if let Some(query) = lent.query {
        let mark = if job.target.contains('?') { '&' } else { '?' };
        job.target.push(mark);
        job.target.push_str(&query);
    }
}

fn blank(step: &str, what: String) -> StepReport {
    StepReport {
        login: 0,
        number: 0,
        step: step.to_owned(),
        what,
        visit: None,
        taken: Vec::new(),
        failed: None,
        facts: Vec::new(),
        inside: None,
    }
}

/// Fields with their values filled in; control characters would begin another field.
fn fields(templates: &[(String, Template)], values: &Values) -> Vec<(Bytes, Bytes)> {
    let each = templates.iter().map(|(name, value)| {
        let value = value.plain(values);
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        (name.clone().into(), value.into())
    });
    each.collect()
}

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn fill(json: &serde_json::Value, values: &Values) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::String(text) => Template::read(text)
            .map_or_else(|_| text.clone(), |template| template.plain(values))
            .into(),
        Value::Array(elements) => elements.iter().map(|one| fill(one, values)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), fill(member, values)))
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .collect(),
        other => other.clone(),
    }
}

/// Whether the refusal of a step is one of its credentials: not of its address, its form token or its frequency.
fn is_refusal(visit: &Visit) -> bool {
    let status = visit.last().and_then(|step| step.exchange.status());
    let other = matches!(status, None | Some(404 | 405 | 408 | 411..=421 | 425..=499 | 500..));
    let outcome = diagnose(visit).outcome.0;
    !other
        && matches!(
            outcome,
            "auth/flow-not-200"
                | "auth/step-failed"
                | "auth/credentials-rejected"
                | "auth/oauth-invalid-client"
                | "auth/oauth-invalid-grant"
        )
}

/// Whether the page has a field for a one-time code (HTML, autofill field name `one-time-code`).
pub(crate) fn asks_for_code(exchange: &Exchange) -> bool {
    let Ok(selector) = Selector::read("input[autocomplete=one-time-code]@autocomplete") else {
        return false;
    };
    let content = exchange.response.as_ref().and_then(content);
    content.is_some_and(|content| selector.find(&content).is_some())
}

/// Notes when the session ends by what it says itself: the earliest of what is told.
fn tell_life(step: &Step, session: &mut Session) {
    let mut ends = session.ends;
    let mut note = |moment: Option<SystemTime>| {
        if let Some(moment) = moment {
            ends = Some(ends.map_or(moment, |ends| ends.min(moment)));
        }
    };
    for extract in &step.extract {
        if matches!(extract.from, From::JwtExp(_)) {
            let seconds = session.values.text(&extract.name);
            let seconds = seconds.and_then(|text| text.parse().ok());
            note(seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds))));
        }
    }
    if step.tells_life {
        let seconds = session.values.text("expires_in");
        let seconds = seconds.and_then(|text| text.parse().ok());
        note(
            seconds.and_then(|seconds| SystemTime::now().checked_add(Duration::from_secs(seconds))),
        );
    }
    session.ends = ends;
}

/// Keeps the beginning of long content: how much came stays a fact.
fn shorten(exchange: &mut Exchange) {
    if let Some(response) = &mut exchange.response
        && let Seen::Present(body) = &mut response.body
        && body.bytes.len() > REPORTED
    {
        body.bytes.truncate(REPORTED);
    }
}

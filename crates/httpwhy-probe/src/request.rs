//! The request of one step, from the job and the policy.

use std::time::SystemTime;

use bytes::Bytes;
use httpwhy_model::{Body, Exchange, Fields, Framing, Phase, Request, Seen};
use httpwhy_wire::h1::{Limits, read_request, write_head};

use crate::dial::authorization;
use crate::fallback::Over;
use crate::login::{self, Asked, Session};
use crate::target::Target;
use crate::visit::Internal;
use crate::ways::Proxy;
use crate::{Config, Jar, Job, Lent, signals};

/// What one step asks for.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) target: String,
    pub(crate) method: Bytes,
    pub(crate) job: Job,
    keep_body: bool,
    dropped: Vec<&'static str>,
    session: Option<Box<Session>>,
    jar: Option<Box<Jar>>,
    /// What it speaks instead of what the job asks for.
    pub(crate) over: Option<Over>,
    /// The credentials of the step that comes or is under way.
    pub(crate) lent: Option<Box<Lent>>,
}

impl Ask {
    /// What the job itself asks for; it needs no copy of its target any more.
    pub(crate) fn first(mut job: Job) -> Self {
        Self {
            method: job.method.clone(),
            session: Session::of(&job).map(Box::new),
            jar: jar(&job).map(Box::new),
            target: std::mem::take(&mut job.target),
            job,
            keep_body: true,
            dropped: Vec::new(),
            over: None,
            lent: None,
        }
    }

    /// The bytes to send exactly as they are, if the job has any.
    pub(crate) const fn raw(&self) -> Option<&Bytes> {
        self.job.raw.as_ref()
    }

    /// Keeps the cookies that came, and says whether the same is to be asked again, with an answer to the challenge that
    /// came.
    pub(crate) fn is_to_answer(&mut self, exchange: &mut Exchange) -> bool {
        self.learn(exchange).unwrap_or_else(|Internal(word)| {
            exchange.signal(Phase::Queue, signals::engine(word));
            false
        })
    }

    fn learn(&mut self, exchange: &mut Exchange) -> Result<bool, Internal> {
        if let Some(jar) = &mut self.jar {
            for response in exchange.interim.iter().chain(&exchange.response) {
                jar.receive(&exchange.target, &response.fields, SystemTime::now());
            }
        }
        if self.gives("Authorization") || self.dropped.contains(&"authorization") {
            return Ok(false);
        }
        match &mut self.session {
            Some(session) => session.is_challenged(exchange),
            None => Ok(false),
        }
    }

    /// The value of Authorization, if anything is to be sent.
    fn authorization(&self, target: &Target, sent_as: &str) -> Option<String> {
        let asked = Asked {
            method: &self.method,
            target: sent_as,
            content: self.body().map_or(&[], |body| body),
        };
        let session = self.session.as_deref();
        let session = session.filter(|_| !self.dropped.contains(&"authorization"));
        login::field(session, target, asked)
    }

    fn cookie(&self) -> Option<String> {
        if let Some(cookie) = self.lent.as_ref().and_then(|lent| lent.cookie.clone()) {
            return Some(cookie);
        }
        self.jar.as_ref()?.field(&self.target, SystemTime::now())
    }

    /// What the policy asks for next. What was once dropped stays dropped.
    pub(crate) fn then(
        &mut self,
        target: String,
        method: Bytes,
        keep_body: bool,
        drop_fields: Vec<&'static str>,
    ) {
        self.target = target;
        self.method = method;
        self.keep_body &= keep_body;
        self.dropped.extend(drop_fields);
    }

    fn body(&self) -> Option<&Bytes> {
        self.job.body.as_ref().filter(|_| self.keep_body)
    }

    /// The request as it will be sent. `forward`: to a proxy that passes it on, which gets the whole target URI (RFC 9112
    /// section 3.2.2) and its own credentials; `key` is that of a WebSocket handshake (RFC 6455 section 4.1).
    pub(crate) fn request(
        &self,
        config: &Config,
        mut target: Target,
        forward: Option<&Proxy>,
        key: Option<&str>,
    ) -> Request {
        if let Some(raw) = self.raw() {
            return as_read(raw);
        }
        let authority = std::mem::take(&mut target.authority);
        let sent_as = match forward {
            Some(_) => format!("http://{authority}{}", target.path),
            None => std::mem::take(&mut target.path),
        };
        let mut fields = Own {
            fields: Fields::all(),
            ask: self,
        };
        fields.add("Host", || authority);
        fields.add("User-Agent", || config.user_agent.clone());
        fields.add("Accept", || "*/*");
        if let Some(key) = key {
            fields.add("Connection", || "Upgrade");
            fields.add("Upgrade", || "websocket");
            fields.add("Sec-WebSocket-Version", || "13");
            fields.add("Sec-WebSocket-Key", || key.to_owned());
        }
        fields.maybe("Authorization", || self.authorization(&target, &sent_as));
        fields.maybe("Cookie", || self.cookie());
        if let Some(value) = forward.and_then(authorization) {
            fields.add("Proxy-Authorization", || value);
        }
        if !self.gives("Transfer-Encoding")
            && let Some(length) = self.length()
        {
            fields.add("Content-Length", || length.to_string());
        }
        let mut fields = fields.fields;
        for (name, value) in self.kept_fields() {
            fields.push(name.clone(), value.clone());
        }
        for (name, value) in self.lent_fields() {
            fields.push(name.clone(), value.clone());
        }
        Request {
            method: self.method.clone(),
            target: sent_as.into(),
            version: Bytes::from_static(b"HTTP/1.1"),
            fields,
            body: self.body().map_or(Seen::Absent, |body| {
                let framing = Framing::Length(body.len() as u64);
                Seen::Present(Body::whole(body.clone(), framing))
            }),
        }
    }

    /// The Content-Length to send: also 0 where the method promises content (RFC 9110 section 8.6).
    fn length(&self) -> Option<usize> {
        let promised = matches!(&*self.method, b"POST" | b"PUT" | b"PATCH");
        self.body()
            .map(Bytes::len)
            .or_else(|| promised.then_some(0))
    }

    fn kept_fields(&self) -> impl Iterator<Item = &(Bytes, Bytes)> {
        self.job.fields.iter().filter(|(name, _)| {
            let is = |other: &&str| name.eq_ignore_ascii_case(other.as_bytes());
            !self.dropped.iter().any(is)
                && (self.keep_body || !CONTENT_FIELDS.iter().any(is))
                && !self.is_replaced(name)
        })
    }

    /// Whether the session's own comes instead of a field of that name.
    fn is_replaced(&self, name: &[u8]) -> bool {
        self.lent.as_ref().is_some_and(|lent| {
            let mut names = lent.fields.iter().map(|(known, _)| known);
            let cookie = lent.cookie.is_some() && name.eq_ignore_ascii_case(b"cookie");
            lent.replace && (cookie || names.any(|known| known.eq_ignore_ascii_case(name)))
        })
    }

    /// The session's fields, but those that the job has itself and keeps.
    fn lent_fields(&self) -> impl Iterator<Item = &(Bytes, Bytes)> {
        let lent = self.lent.iter().flat_map(|lent| &lent.fields);
        lent.filter(|(name, _)| {
            let is = |(known, _): &(Bytes, Bytes)| known.eq_ignore_ascii_case(name);
            !self.kept_fields().any(is)
        })
    }

    fn gives(&self, name: &str) -> bool {
        let mut fields = self.kept_fields().chain(self.lent_fields());
        fields.any(|(given, _)| given.eq_ignore_ascii_case(name.as_bytes()))
    }
}

/// Fields that speak of content, and go with it (RFC 9110 section 15.4).
const CONTENT_FIELDS: &[&str] = &[
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "digest",
    "last-modified",
    "transfer-encoding",
];

/// The prober's own fields: each gives way to the job's of that name.
struct Own<'a> {
    fields: Fields,
    ask: &'a Ask,
}

impl Own<'_> {
    fn add<V: Into<Bytes>>(&mut self, name: &'static str, value: impl FnOnce() -> V) {
        if !self.ask.gives(name) {
            self.fields
                .push(Bytes::from_static(name.as_bytes()), value());
        }
    }

    fn maybe(&mut self, name: &'static str, value: impl FnOnce() -> Option<String>) {
        if !self.ask.gives(name)
            && let Some(value) = value()
        {
            self.add(name, || value);
        }
    }
}

/// The cookies that a job begins with.
fn jar(job: &Job) -> Option<Jar> {
    let cookies = job.cookies.as_ref()?;
    let mut jar = cookies.jar.clone();
    jar.give(&job.target, &cookies.given);
    Some(jar)
}

/// What bytes given as a request say, as far as they can be read.
fn as_read(raw: &Bytes) -> Request {
    let limits = Limits {
        body: raw.len(),
        ..Limits::default()
    };
    let (message, _) = read_request(raw, true, limits);
    message.request.unwrap_or_default()
}

/// Writes a request as it goes over the wire; `raw` goes instead, when there is any.
pub(crate) fn write(out: &mut Vec<u8>, request: &Request, raw: Option<&Bytes>) {
    out.clear();
    if let Some(raw) = raw {
        out.extend_from_slice(raw);
        return;
    }
    let start = [&*request.method, &*request.target, &*request.version];
    write_head(out, start, &request.fields);
    if let Seen::Present(body) = &request.body {
        out.extend_from_slice(&body.bytes);
    }
}

/// Whether sending it twice does no more than once (RFC 9110 section 9.2.2).
pub(crate) fn is_idempotent(method: &[u8]) -> bool {
    matches!(
        method,
        b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE"
    )
}

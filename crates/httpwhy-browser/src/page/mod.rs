//! Opening one page and watching it until it has settled.

mod act;
mod exchange;
mod fields;
mod hop;
mod record;
mod refused;
mod socket;
mod visit;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use httpwhy_model::Visit;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::Lease;
use crate::Trouble;
use crate::browser::Browser;
use crate::cdp::{Cdp, Event, Failed};
use crate::json::{is_set, text, text_or_empty, whole};
pub use act::{Act, Performed, perform};
use record::Record;
pub use refused::Refused;
pub(crate) use visit::unopened;

/// How long a command of ours may take, other than to navigate: a moment, on a machine that has the time.
pub(crate) const COMMAND: Duration = Duration::from_secs(30);
/// How long the content of one response may take to be handed over.
const CONTENT: Duration = Duration::from_secs(2);
/// How long a picture may take.
const PICTURE: Duration = Duration::from_secs(15);
/// How long, behind the load event, silence is waited for: a page that asks again and again never falls silent.
const AFTERWARDS: Duration = Duration::from_secs(10);
/// Responses of which the content is fetched, at most.
const CONTENTS: usize = 64;
/// Bytes of content that the browser keeps of one response, and of all: what is larger cannot be had from it.
const CONTENT_OF_ONE: usize = 1024 * 1024;
const CONTENT_OF_ALL: usize = 32 * 1024 * 1024;
/// The size of the window, in CSS pixels.
const WINDOW: (u32, u32) = (1280, 900);

const HOOK: &str = include_str!("hook.js");

/// A page to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Load {
    /// The caller's number for it.
    pub index: u64,
    /// Its URL.
    pub target: String,
    /// What goes with its requests.
    pub with: Credentials,
}

impl Load {
    /// The page at that URL.
    pub fn of(index: u64, target: impl Into<String>) -> Self {
        Self {
            index,
            target: target.into(),
            with: Credentials::default(),
        }
    }
}

/// What goes with the requests of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// Fields for the requests to the page's own origin, and to no other.
    pub fields: Vec<(String, String)>,
    /// Cookies that the browser begins with.
    pub cookies: Vec<Cookie>,
}

/// A cookie, as a browser keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// For that domain and the hosts below it; `None`: for the page's own host alone.
    pub domain: Option<String>,
    /// For that path and those below it; empty: for all.
    pub path: String,
    /// Over TLS alone.
    pub secure: bool,
    /// Not for scripts.
    pub http_only: bool,
}

impl Cookie {
    /// The command's parameters, for a page at that URL.
    fn as_parameters(&self, target: &str) -> Value {
        let mut parameters = json!({
            "name": self.name,
            "value": self.value,
            "url": target,
            "path": if self.path.is_empty() { "/" } else { &self.path },
            "secure": self.secure,
            "httpOnly": self.http_only,
        });
        if let Some(domain) = &self.domain {
            parameters["domain"] = domain.as_str().into();
        }
        parameters
    }
}

/// How a page is looked at.
#[derive(Debug, Clone)]
pub struct Look {
    /// How long the page may take until its load event; behind it, silence on the network is waited for as long again at
    /// most, and not longer than ten seconds.
    pub patience: Duration,
    /// How long the network has to be quiet behind the load event.
    pub settle: Duration,
    /// The User-Agent field; `None`: the browser's own.
    pub user_agent: Option<String>,
    /// Load in spite of a certificate that is not valid. What is wrong with it is still recorded.
    pub any_certificate: bool,
    /// Take a picture (PNG) of the settled page.
    pub picture: bool,
    /// Bytes of content kept of one response.
    pub content: usize,
    /// Once true, the page is left at once. A sender that is gone will not say so any more.
    pub stop: watch::Receiver<bool>,
}

impl Default for Look {
    /// Half a minute, half a second of silence, no picture, 64 KiB of content.
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            settle: Duration::from_millis(500),
            user_agent: None,
            any_certificate: false,
            picture: false,
            content: 64 * 1024,
            stop: watch::channel(false).1,
        }
    }
}

/// What became of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The document with its redirects, and each subresource as a step.
    pub visit: Visit,
    /// The picture, where one was wished and could be had.
    pub picture: Option<Bytes>,
    /// What went wrong on our own side.
    pub trouble: Option<Trouble>,
}

/// Opens the page and watches it until it has settled, its time is up, or the browser has gone. Never fails: what went
/// wrong is in the visit. The lease is for one page: give it back afterwards.
pub async fn load(lease: &mut Lease, load: &Load, look: &Look) -> Loaded {
    let mut page = match Page::open(lease, load, look).await {
        Ok(page) => page,
        Err(trouble) => return nothing(load, trouble),
    };
    let end = page.watch().await;
    let trouble = page.trouble(&end);
    let mut picture = None;
    if trouble.is_none() {
        page.fetch_contents().await;
        if look.picture {
            picture = page.picture().await;
        }
        page.close().await;
    }
    let Page { record, lease, .. } = page;
    if trouble.is_some() {
        lease.spoil();
    }
    let lost = lease.browser().cdp.lost();
    Loaded {
        visit: visit::of(load, record, &end, trouble.as_ref(), look, lost),
        picture,
        trouble,
    }
}

/// The visit to a page that could not even be opened.
fn nothing(load: &Load, trouble: Trouble) -> Loaded {
    Loaded {
        visit: visit::unopened(&load.target, trouble.signal()),
        picture: None,
        trouble: Some(trouble),
    }
}

/// How the watch over a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// It was loaded, and the network fell silent; or there was nothing to load.
    Settled,
    /// It was loaded, and the network did not fall silent.
    Restless,
    /// The time was up.
    TimedOut,
    /// The tab's process ended.
    PageCrashed,
    /// The browser has gone.
    BrowserGone,
    /// The caller does not want it any more.
    Stopped,
}

/// A page that is open.
struct Page<'a> {
    lease: &'a mut Lease,
    cdp: Cdp,
    look: &'a Look,
    load: &'a Load,
    context: String,
    session: String,
    /// The sessions of the page, its frames and workers, with the kind of each.
    sessions: HashMap<String, String>,
    /// Where the hook tells how WebSockets ended.
    binding: String,
    record: Record,
    loaded: Option<Instant>,
    /// Since when nothing happened on the network.
    quiet: Instant,
    deadline: Instant,
    crashed: bool,
}

impl<'a> Page<'a> {
    async fn open(lease: &'a mut Lease, load: &'a Load, look: &'a Look) -> Result<Self, Trouble> {
        let opened = blank(lease.browser()).await;
        let Ok((context, frame, session)) = opened else {
            lease.spoil();
            return Err(lease.gone());
        };
        let now = Instant::now();
        let page = Self {
            record: Record::new(frame, session.clone()),
            cdp: lease.browser().cdp.clone(),
            lease,
            look,
            load,
            context,
            sessions: HashMap::from([(session.clone(), "page".to_owned())]),
            session,
            binding: binding(),
            loaded: None,
            quiet: now,
            deadline: now + look.patience,
            crashed: false,
        };
        if page.prepare().await.is_err() {
            page.lease.spoil();
            return Err(page.lease.gone());
        }
        Ok(page)
    }

    /// A command to the page.
    async fn call(&self, method: &str, params: Value) -> Result<Value, Failed> {
        let session = Some(self.session.as_str());
        self.cdp.call(session, method, params, COMMAND).await
    }

    /// Everything that has to be so before the first request.
    async fn prepare(&self) -> Result<(), Failed> {
        self.listen(&self.session);
        if let Some(agent) = &self.look.user_agent {
            self.call("Network.setUserAgentOverride", json!({"userAgent": agent}))
                .await?;
        }
        if self.look.any_certificate {
            self.call("Security.enable", json!({})).await?;
            self.call(
                "Security.setIgnoreCertificateErrors",
                json!({"ignore": true}),
            )
            .await?;
        }
        for cookie in &self.load.with.cookies {
            let cookie = cookie.as_parameters(&self.load.target);
            // A name that no cookie may have is the caller's, and shows in the request.
            let _ = self.call("Network.setCookie", cookie).await;
        }
        if !self.load.with.fields.is_empty() {
            // All of them: a redirect to another origin would take our fields along.
            let pattern = json!({"urlPattern": "*", "requestStage": "Request"});
            self.call("Fetch.enable", json!({"patterns": [pattern]}))
                .await?;
        }
        // The last of them: all before it have been carried out when it is answered.
        self.call("Page.enable", json!({})).await.map(|_| ())
    }

    /// The origin of the target.
    fn origin(&self) -> Option<String> {
        let origin = Url::parse(&self.load.target).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }

    /// Asks a session of the page, of a frame or of a worker to tell what happens. A worker knows no pages, and says so.
    fn listen(&self, session: &str) {
        let hook = HOOK.replace("@BINDING@", &self.binding);
        for (method, params) in [
            (
                "Network.enable",
                json!({"maxTotalBufferSize": CONTENT_OF_ALL, "maxResourceBufferSize": CONTENT_OF_ONE}),
            ),
            ("Page.enable", json!({})),
            ("Runtime.enable", json!({})),
            ("Inspector.enable", json!({})),
            ("Log.enable", json!({})),
            ("Runtime.addBinding", json!({"name": self.binding})),
            (
                "Page.addScriptToEvaluateOnNewDocument",
                json!({"source": hook}),
            ),
            (
                "Target.setAutoAttach",
                json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true}),
            ),
            ("Runtime.runIfWaitingForDebugger", json!({})),
        ] {
            self.cdp.post(Some(session), method, params);
        }
    }

    /// Navigates, and takes note of what happens until the end.
    async fn watch(&mut self) -> End {
        let mut stop = self.look.stop.clone();
        let patience = self.look.patience;
        let cdp = self.cdp.clone();
        let session = self.session.clone();
        let target = json!({"url": self.load.target});
        let mut navigating = pin!(async move {
            cdp.call(Some(&session), "Page.navigate", target, patience)
                .await
        });
        let mut navigated = false;
        loop {
            let (until, then) = self.until();
            tokio::select! {
                biased;
                Ok(_) = stop.wait_for(|&stop| stop) => return End::Stopped,
                event = self.lease.browser().events.recv() => match event {
                    Some(event) => self.take(event),
                    None => return End::BrowserGone,
                },
                answer = &mut navigating, if !navigated => {
                    navigated = true;
                    if let Some(end) = self.navigated(answer) {
                        return end;
                    }
                }
                () = sleep_until(until) => return then,
            }
            if self.crashed {
                return End::PageCrashed;
            }
        }
    }

    /// Until when is waited for another event, and what it is when none comes.
    fn until(&self) -> (Instant, End) {
        if self.record.main_has_failed() {
            return (self.quiet + self.look.settle, End::Settled);
        }
        let Some(loaded) = self.loaded else {
            return (self.deadline, End::TimedOut);
        };
        if self.record.is_quiet() {
            return (self.quiet.max(loaded) + self.look.settle, End::Settled);
        }
        (loaded + AFTERWARDS.min(self.look.patience), End::Restless)
    }

    /// What the answer to the navigation tells.
    fn navigated(&mut self, answer: Result<Value, Failed>) -> Option<End> {
        match answer {
            // The events tell more.
            Err(Failed::TimedOut) => None,
            Err(Failed::Closed) => Some(End::BrowserGone),
            Err(Failed::Refused(said)) => {
                self.record.not_navigated(&self.load.target, &said);
                Some(End::Settled)
            }
            Ok(answer) => {
                let error = text(&answer, "errorText").filter(|error| !error.is_empty())?;
                let goes_on = self.record.main_is_open();
                if !goes_on {
                    self.record.not_navigated(&self.load.target, error);
                }
                (!goes_on).then_some(End::Settled)
            }
        }
    }

    fn take(&mut self, event: Event) {
        let Event {
            session,
            method,
            params,
        } = event;
        let Some(session) = session else {
            return;
        };
        if method == "Target.attachedToTarget" {
            self.attached(&params);
            return;
        }
        let Some(kind) = self.sessions.get(&session) else {
            // A page before this one, or one that this page opened and that has gone.
            return;
        };
        let in_page = kind == "page" && session == self.session;
        match method.as_str() {
            "Inspector.targetCrashed" => self.crashed |= in_page || kind == "iframe",
            "Page.loadEventFired" if in_page && self.record.main_is_answered() => {
                self.loaded.get_or_insert_with(Instant::now);
                self.quiet = Instant::now();
            }
            "Page.javascriptDialogOpening" => {
                let accept = json!({"accept": true});
                self.cdp
                    .post(Some(&session), "Page.handleJavaScriptDialog", accept);
            }
            "Fetch.requestPaused" => self.go_on(&session, &params),
            "Runtime.bindingCalled" if text(&params, "name") == Some(&self.binding) => {
                let context = whole(&params, "executionContextId").unwrap_or_default();
                let payload = text_or_empty(&params, "payload");
                self.record.told(&session, context, payload);
            }
            _ => {
                if self.record.take(&session, &method, &params) {
                    self.quiet = Instant::now();
                }
                if self.record.navigates_again() {
                    self.loaded = None;
                }
            }
        }
    }

    /// A frame, a worker or another page of this one: it waits until it may begin.
    fn attached(&mut self, params: &Value) {
        let Some(session) = text(params, "sessionId") else {
            return;
        };
        let kind = text_or_empty(&params["targetInfo"], "type");
        if session != self.session {
            self.sessions.insert(session.to_owned(), kind.to_owned());
            self.listen(session);
        }
    }

    /// A request that waits for our fields: it gets them when it goes to the page's own origin, and loses them when not.
    fn go_on(&self, session: &str, params: &Value) {
        let request = &params["request"];
        let same = Url::parse(text_or_empty(request, "url"))
            .is_ok_and(|url| Some(url.origin().ascii_serialization()) == self.origin());
        let mut answer = json!({"requestId": params["requestId"]});
        let ours = &self.load.with.fields;
        answer["headers"] = fields::changed(&request["headers"], ours, same);
        self.cdp
            .post(Some(session), "Fetch.continueRequest", answer);
    }

    fn trouble(&self, end: &End) -> Option<Trouble> {
        match end {
            End::PageCrashed => Some(Trouble::PageCrashed),
            End::BrowserGone => Some(self.lease.gone()),
            End::Stopped => Some(Trouble::Closed),
            End::Settled | End::Restless | End::TimedOut => None,
        }
    }

    /// The content of the documents and of what failed.
    async fn fetch_contents(&mut self) {
        let cdp = self.cdp.clone();
        for wanted in self.record.wanted_contents().into_iter().take(CONTENTS) {
            let id = json!({"requestId": wanted.request});
            let answer = cdp.call(
                Some(&wanted.session),
                "Network.getResponseBody",
                id,
                CONTENT,
            );
            match answer.await {
                Ok(answer) => {
                    if let Some(content) = content(&answer) {
                        self.record
                            .has_content(wanted.hop, content, self.look.content);
                    }
                }
                // It did not keep it: too large, or no content came.
                Err(Failed::Refused(_)) => {}
                Err(Failed::Closed | Failed::TimedOut) => return,
            }
        }
    }

    async fn picture(&self) -> Option<Bytes> {
        let cdp = self.cdp.clone();
        let how = json!({"format": "png"});
        let answer = cdp.call(Some(&self.session), "Page.captureScreenshot", how, PICTURE);
        let answer = answer.await.ok()?;
        STANDARD
            .decode(text(&answer, "data")?)
            .ok()
            .map(Bytes::from)
    }

    /// Ends the page with all that belongs to it.
    async fn close(&mut self) {
        let context = json!({"browserContextId": self.context});
        let browser = self.lease.browser();
        let closed = browser.browser("Target.disposeBrowserContext", context, COMMAND);
        if closed.await.is_err() {
            self.lease.spoil();
        }
    }
}

/// An empty page in a browser context of its own: context, frame and session.
pub(crate) async fn blank(browser: &Browser) -> Result<(String, String, String), Failed> {
    let missing = |what: &str| Failed::Refused(format!("no {what}"));
    let context = json!({"disposeOnDetach": true});
    let context = browser
        .browser("Target.createBrowserContext", context, COMMAND)
        .await?;
    let context = text(&context, "browserContextId").ok_or_else(|| missing("context"))?;
    let (width, height) = WINDOW;
    let page = json!({"url": "about:blank", "browserContextId": context, "width": width, "height": height});
    let page = browser
        .browser("Target.createTarget", page, COMMAND)
        .await?;
    let frame = text(&page, "targetId").ok_or_else(|| missing("target"))?;
    let attach = json!({"targetId": frame, "flatten": true});
    let session = browser
        .browser("Target.attachToTarget", attach, COMMAND)
        .await?;
    let session = text(&session, "sessionId").ok_or_else(|| missing("session"))?;
    Ok((context.to_owned(), frame.to_owned(), session.to_owned()))
}

/// A name that no page uses and none can guess.
fn binding() -> String {
    format!("__{:016x}", RandomState::new().hash_one(SystemTime::now()))
}

fn content(answer: &Value) -> Option<Vec<u8>> {
    let content = text(answer, "body")?;
    if is_set(answer, "base64Encoded") {
        return STANDARD.decode(content).ok();
    }
    Some(content.as_bytes().to_vec())
}

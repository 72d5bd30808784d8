//! Acts in a page, one after the other: what a person does to log in. The browser is one of its own, and ended afterwards.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep, timeout};

use super::refused::{Refused, Watching};
use super::{COMMAND, blank};
use crate::cdp::{Cdp, Failed};
use crate::json::{is_set, text, text_or_empty};
use crate::{Lease, Pool, PoolConfig};

/// How often a page is asked again whether it is so far.
const LOOK: Duration = Duration::from_millis(50);
/// How long a page must have stayed where it is before it counts as arrived.
const STEADY: Duration = Duration::from_millis(500);
/// How long the end of the browser is waited for.
const ENDING: Duration = Duration::from_secs(10);
/// Characters of the document that are handed over at most.
const LONGEST: usize = 1024 * 1024;

/// One act. `Debug` is left out: what is filled in may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Act {
    /// Load this URL, and wait for the page.
    Goto(String),
    /// Wait for the first element that fits this CSS selector, and put this text into it.
    Fill(String, String),
    /// Wait for the first element that fits this CSS selector, and click on it.
    Click(String),
    /// Wait until an element fits this CSS selector.
    Wait(String),
}

/// Where the browser was in the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Performed {
    /// The URL of the page.
    pub url: String,
    /// The status of its document, where the browser tells it.
    pub status: Option<u16>,
    /// The document as it is then, as HTML.
    pub html: String,
    /// All cookies, as lines of Netscape's format.
    pub cookies: String,
    /// Cookies that the browser did not take, or did not send, in order.
    pub refused: Vec<Refused>,
    /// What it calls itself in its User-Agent fields.
    pub agent: String,
}

/// Does the acts in order in a browser of its own, within that time. `may_fill` says of a URL whether something may be
/// filled in there: it is asked of the page, and of where its form is sent.
///
/// # Errors
/// The number of the act that could not be done, from 0, and why, in words joined by `-`: `no-element`, `timeout`,
/// `out-of-scope`, `no-browser`, or Chromium's name of the error.
pub fn perform(
    pool: PoolConfig,
    acts: &[Act],
    may_fill: &dyn Fn(&str) -> bool,
    within: Duration,
) -> Result<Performed, (usize, String)> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| (0, format!("no-runtime:{}", error.kind())))?;
    runtime.block_on(async {
        let pool = Pool::new(PoolConfig { max: 1, ..pool });
        let done = match pool.lease("login").await {
            Err(_) => Err((0, "no-browser".to_owned())),
            Ok(mut lease) => {
                let mut at = 0;
                let going = go(&mut lease, acts, may_fill, &mut at);
                let done = match timeout(within, going).await {
                    Ok(done) => done,
                    Err(_) => Err("timeout".to_owned()),
                };
                lease.spoil();
                lease.give_back().await;
                done.map_err(|why| (at, why))
            }
        };
        pool.close(ENDING).await;
        done
    })
}

/// A page, and what it is asked by.
struct Stage {
    cdp: Cdp,
    session: String,
}

async fn go(
    lease: &mut Lease,
    acts: &[Act],
    may_fill: &dyn Fn(&str) -> bool,
    at: &mut usize,
) -> Result<Performed, String> {
    let (context, _, session) = blank(lease.browser())
        .await
        .map_err(|failed| why(&failed))?;
    let stage = Stage {
        cdp: lease.browser().cdp.clone(),
        session,
    };
    // Nothing of the content is kept for us: the events are all that is wished.
    let little = json!({"maxTotalBufferSize": 0, "maxResourceBufferSize": 0});
    stage
        .cdp
        .call(Some(&stage.session), "Network.enable", little, COMMAND)
        .await
        .map_err(|failed| why(&failed))?;
    let mut watching = Watching::default();
    for (number, act) in acts.iter().enumerate() {
        *at = number;
        stage.act(act, may_fill).await?;
        take(lease, &stage, &mut watching);
    }
    stage.settle().await?;
    take(lease, &stage, &mut watching);
    let jar = json!({"browserContextId": context});
    let cookies = lease
        .browser()
        .browser("Storage.getCookies", jar, COMMAND)
        .await
        .map_err(|failed| why(&failed))?;
    let status = stage
        .ask("(performance.getEntriesByType('navigation')[0] || {}).responseStatus || 0")
        .await?;
    let html = format!("document.documentElement.outerHTML.slice(0, {LONGEST})");
    Ok(Performed {
        url: stage.text("location.href").await?,
        status: status
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .filter(|status| *status > 0),
        html: stage.text(&html).await?,
        cookies: netscape(&cookies),
        refused: watching.seen,
        agent: stage.text("navigator.userAgent").await?,
    })
}

/// Takes what has been told of cookies until now.
fn take(lease: &mut Lease, stage: &Stage, watching: &mut Watching) {
    while let Ok(event) = lease.browser().events.try_recv() {
        watching.take(&stage.session, &event);
    }
}

impl Stage {
    async fn act(&self, act: &Act, may_fill: &dyn Fn(&str) -> bool) -> Result<(), String> {
        match act {
            Act::Goto(url) => {
                let session = Some(self.session.as_str());
                let answer = self
                    .cdp
                    .call(session, "Page.navigate", json!({"url": url}), COMMAND)
                    .await
                    .map_err(|failed| why(&failed))?;
                match text(&answer, "errorText") {
                    Some(error) => Err(error.to_owned()),
                    None => self.settle().await,
                }
            }
            Act::Wait(selector) => self.find(selector).await,
            Act::Click(selector) => {
                self.find(selector).await?;
                self.on(selector, "e.click(); return true;").await
            }
            Act::Fill(selector, with) => {
                self.find(selector).await?;
                let to = format!(
                    "(() => {{ const e = document.querySelector({}); return e && e.form ? e.form.action : ''; }})()",
                    json!(selector)
                );
                let (page, form) = (self.text("location.href").await?, self.text(&to).await?);
                if !may_fill(&page) || !form.is_empty() && !may_fill(&form) {
                    return Err("out-of-scope".to_owned());
                }
                // A page's framework listens to the setter of the element's class, and to these events.
                let script = format!(
                    "const p = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e), 'value'); e.focus(); \
                     if (p && p.set) p.set.call(e, {0}); else e.value = {0}; \
                     for (const n of ['input', 'change']) e.dispatchEvent(new Event(n, {{bubbles: true}})); return true;",
                    json!(with)
                );
                self.on(selector, &script).await
            }
        }
    }

    /// Runs a script with the element as `e`.
    async fn on(&self, selector: &str, script: &str) -> Result<(), String> {
        let selector = json!(selector);
        let whole = format!(
            "(() => {{ const e = document.querySelector({selector}); if (!e) return false; {script} }})()"
        );
        match self.ask(&whole).await {
            Ok(Value::Bool(true)) => Ok(()),
            // The click may have led away before it was answered.
            Err(why) if why.contains("navigated") || why.contains("context") => Ok(()),
            Ok(_) => Err("no-element".to_owned()),
            Err(why) => Err(why),
        }
    }

    /// Waits until an element fits; the caller's patience ends it.
    async fn find(&self, selector: &str) -> Result<(), String> {
        let there = format!("document.querySelector({}) !== null", json!(selector));
        loop {
            match self.ask(&there).await {
                Ok(Value::Bool(true)) => return Ok(()),
                Err(why) if why == "bad-selector" => return Err(why),
                // Between two documents nothing can be asked.
                Ok(_) | Err(_) => sleep(LOOK).await,
            }
        }
    }

    /// Waits until the document is complete and has been the same for a moment.
    async fn settle(&self) -> Result<(), String> {
        let state = "document.readyState + ' ' + location.href";
        let (mut before, mut since) = (String::new(), Instant::now());
        loop {
            let now = self.text(state).await.unwrap_or_default();
            if now != before || !now.starts_with("complete ") {
                (before, since) = (now, Instant::now());
            } else if since.elapsed() >= STEADY {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }

    async fn text(&self, expression: &str) -> Result<String, String> {
        let value = self.ask(expression).await?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// The value of an expression. What an error says of the page is not repeated: it may hold what was filled in.
    async fn ask(&self, expression: &str) -> Result<Value, String> {
        let params = json!({"expression": expression, "returnByValue": true});
        let session = Some(self.session.as_str());
        let answer = self
            .cdp
            .call(session, "Runtime.evaluate", params, COMMAND)
            .await
            .map_err(|failed| why(&failed))?;
        if let Some(details) = answer.get("exceptionDetails") {
            let told = details.to_string();
            let bad = told.contains("not a valid selector");
            return Err(if bad { "bad-selector" } else { "script-error" }.to_owned());
        }
        Ok(answer["result"]["value"].clone())
    }
}

fn why(failed: &Failed) -> String {
    match failed {
        Failed::Closed => "browser-gone".to_owned(),
        Failed::TimedOut => "browser-hangs".to_owned(),
        Failed::Refused(what) => what.replace(char::is_whitespace, "-"),
    }
}

/// Cookies as lines of Netscape's format.
fn netscape(answer: &Value) -> String {
    let cookies = answer["cookies"].as_array();
    let line = |cookie: &Value| {
        let word = |yes: bool| if yes { "TRUE" } else { "FALSE" };
        let domain = text_or_empty(cookie, "domain");
        let expires = cookie["expires"].as_f64().filter(|at| *at > 0.0);
        let mark = if is_set(cookie, "httpOnly") {
            "#HttpOnly_"
        } else {
            ""
        };
        [
            format!("{mark}{domain}"),
            word(domain.starts_with('.')).to_owned(),
            text_or_empty(cookie, "path").to_owned(),
            word(is_set(cookie, "secure")).to_owned(),
            (expires.unwrap_or(0.0) as u64).to_string(),
            text_or_empty(cookie, "name").to_owned(),
            text_or_empty(cookie, "value").replace(['\t', '\n', '\r'], " "),
        ]
        .join("\t")
    };
    let lines: Vec<String> = cookies.into_iter().flatten().map(line).collect();
    lines.join("\n") + "\n"
}

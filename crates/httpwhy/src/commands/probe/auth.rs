//! `--auth FILE`: one session for all targets of a run, made as the file says.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use httpwhy_auth::{Browser, BrowserAct, BrowserPage, Flow, Keeper, RefusedCookie, StepReport};
use httpwhy_browser::{Act, Credentials, Lent as PageLent, PoolConfig, perform};
use httpwhy_model::{Because, Signal, Visit, redacted};
use httpwhy_probe::{Coming, Config, Jar, Lender as _, Lent, Loan, Next};
use httpwhy_render::safe;

use crate::exit::Failure;
use crate::judge::Judged;

/// How the visits of logins are called in records: with the number of the request behind it.
pub(crate) const VISIT: &str = "login-";
/// Bytes of a flow's file at most.
const LARGEST: u64 = 1024 * 1024;

#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct AuthArgs {
    /// Log in as this flow (YAML) says, once for all targets; its session goes to the flow's scope alone (of a page of --browser in it, to all that the page asks of its own host), and is renewed when it is lost. What is refused to it (GET and HEAD: 401, 403, 404; no page of --browser) is asked once more without. httpwhy auth test FILE tries a flow
    #[arg(help_heading = "Request", long = "auth", value_name = "FILE", conflicts_with_all = ["user", "basic", "digest", "bearer", "request_file", "cookie_jar", "all_addresses"])]
    auth: Option<PathBuf>,
}

impl AuthArgs {
    /// Begins to keep the session, when one is asked for.
    pub(crate) fn keep(
        &self,
        config: &mut Config,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Kept>, Failure> {
        let Some(file) = &self.auth else {
            return Ok(None);
        };
        let flow = read(file)?;
        let told: Arc<OnceLock<Tell>> = Arc::default();
        let last: Arc<Mutex<Option<String>>> = Arc::default();
        let requests: Arc<AtomicU64> = Arc::default();
        let sink = {
            let (told, last) = (Arc::clone(&told), Arc::clone(&last));
            let requests = Arc::clone(&requests);
            move |report: StepReport| {
                let seen = report.visit.as_ref().map_or(0, |visit| visit.steps.len());
                requests.fetch_add(seen as u64, Ordering::Relaxed);
                tell(&report, told.get(), &last);
            }
        };
        let folder = folder(file);
        let keeper = Keeper::start(Arc::new(flow), config, &folder, browser(), stop, sink)
            .map_err(|why| Failure::usage(format_args!("--auth '{}': {why}", shown(file))))?;
        config.note_local = true;
        config.lender = Some(Arc::clone(&keeper) as Arc<dyn httpwhy_probe::Lender>);
        Ok(Some(Kept {
            keeper,
            told,
            last,
            requests,
        }))
    }
}

/// Where the records of logins go.
type Tell = Box<dyn Fn(&str, &Judged<'_>) + Send + Sync>;

/// The session of a run.
pub(crate) struct Kept {
    keeper: Arc<Keeper>,
    told: Arc<OnceLock<Tell>>,
    /// The step of a login that failed last, and as what.
    last: Arc<Mutex<Option<String>>>,
    /// Requests of logins and checks.
    requests: Arc<AtomicU64>,
}

impl Kept {
    /// Where the records of logins go from now on.
    pub(crate) fn tell(&self, tell: impl Fn(&str, &Judged<'_>) + Send + Sync + 'static) {
        // Set once, before the run begins.
        let _ = self.told.set(Box::new(tell));
    }

    /// The visit without the secrets of the flow and its sessions.
    pub(crate) fn hide<'v>(&self, visit: &'v Visit) -> Cow<'v, Visit> {
        self.keeper.hide(visit)
    }

    /// The session for pages.
    pub(crate) fn pages(&self) -> Arc<dyn httpwhy_browser::Lender> {
        Arc::new(OfPages(Arc::clone(&self.keeper)))
    }

    /// No login any more.
    pub(crate) fn end(&self) {
        self.keeper.end();
    }

    /// What the logins came to, in one line.
    pub(crate) fn said(&self) -> String {
        let figures = self.keeper.figures();
        let plural = |count: u64, one: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{count} {one}s"),
        };
        let mut said = format!(
            "{} and {} of the session, {} in all; {} lost, {} renewed before the end",
            plural(figures.logins, "login"),
            plural(figures.verified, "check"),
            plural(self.requests.load(Ordering::Relaxed), "request"),
            plural(figures.losses, "session"),
            figures.renewals,
        );
        if figures.has_replaced {
            said += "; the server replaced the refresh token, so that the one that the flow names may be used up";
        }
        if let Some(why) = self.keeper.lost() {
            said = format!("{said}; no session any more: {}", safe(&why.to_string()));
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(last) = &*last {
                said = format!("{said} ({last})");
            }
        }
        said
    }
}

/// The session of a run, for pages in a browser. What is refused to a page is not asked once more without credentials.
#[derive(Debug)]
struct OfPages(Arc<Keeper>);

impl httpwhy_browser::Lender for OfPages {
    fn lend(&self, target: &str, cx: &mut Context<'_>) -> Poll<Result<PageLent, Signal>> {
        let coming = Coming {
            before: &Visit::default(),
            target,
            because: Because::Asked,
        };
        loop {
            return match self.0.lend(&coming, cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Loan::Nothing) => Poll::Ready(Ok(PageLent::default())),
                Poll::Ready(Loan::Refused(why)) => Poll::Ready(Err(why)),
                Poll::Ready(Loan::Lent(lent)) => match self.0.cookies(target, lent.epoch) {
                    Some(cookies) => Poll::Ready(Ok(to_page(target, *lent, &cookies))),
                    // Another session began this very moment.
                    None => continue,
                },
            };
        }
    }

    fn look(
        &self,
        request: &mut Visit,
        epoch: u64,
        memory: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<bool> {
        let next = self.0.look(request, Some(epoch), memory, cx);
        next.map(|next| {
            matches!(
                next,
                Some(Next::Go {
                    because: Because::Retry(_),
                    ..
                })
            )
        })
    }
}

fn to_page(target: &str, lent: Lent, cookies: &[httpwhy_probe::Cookie]) -> PageLent {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let fields = lent.fields.iter();
    PageLent {
        with: Credentials {
            fields: fields
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            cookies: cookies.iter().map(of_own_host).collect(),
        },
        replace: lent.replace,
        target: lent.query.map(|query| {
            let (start, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
            let mark = if start.contains('?') { '&' } else { '?' };
            format!("{start}{mark}{query}{fragment}")
        }),
        epoch: Some(lent.epoch),
    }
}

/// A cookie for the page's own host alone: other hosts of its domain may lie outside the flow's scope, and a browser
/// does not ask which do.
fn of_own_host(cookie: &httpwhy_probe::Cookie) -> httpwhy_browser::Cookie {
    httpwhy_browser::Cookie {
        domain: None,
        ..super::browser::cookie(cookie)
    }
}

fn tell(report: &StepReport, to: Option<&Tell>, last: &Mutex<Option<String>>) {
    let Some(visit) = &report.visit else { return };
    let judged = Judged::new(redacted(visit).into_owned());
    if report.failed.is_some() {
        let outcome = judged.verdict().outcome;
        let said = format!("step {}: {outcome}", safe(&report.step));
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
    }
    if let Some(to) = to {
        to(&visit_name(report), &judged);
    }
}

/// The name of a step's visit in records.
pub(crate) fn visit_name(report: &StepReport) -> String {
    format!("{VISIT}{}", report.number)
}

/// Reads a flow.
pub(crate) fn read(file: &Path) -> Result<Flow, Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::usage(format_args!("cannot read '{}': {error}", shown(file))))?;
    Flow::read(&bytes).map_err(|error| {
        let what = safe(&error.to_string());
        Failure::usage(format_args!(
            "'{}' is no authentication flow: {what}",
            shown(file)
        ))
    })
}

/// What relative paths of secrets are relative to: the flow's own folder.
pub(crate) fn folder(file: &Path) -> PathBuf {
    file.parent().map(Path::to_owned).unwrap_or_default()
}

fn shown(file: &Path) -> String {
    safe(&file.to_string_lossy())
}

/// Who does the browser steps of a flow.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a flow may be run where there is none"
)]
pub(crate) fn browser() -> Option<Arc<dyn Browser>> {
    Some(Arc::new(Chromium))
}

/// The Chromium that is installed here, or that CHROME_PATH names.
#[derive(Debug)]
struct Chromium;

impl Browser for Chromium {
    fn act(
        &self,
        acts: &[BrowserAct],
        may_fill: &dyn Fn(&str) -> bool,
        within: Duration,
    ) -> Result<BrowserPage, (usize, String)> {
        let acts: Vec<Act> = acts
            .iter()
            .cloned()
            .map(|act| match act {
                BrowserAct::Goto(url) => Act::Goto(url),
                BrowserAct::Fill { selector, text } => Act::Fill(selector, text),
                BrowserAct::Click(selector) => Act::Click(selector),
                BrowserAct::Wait(selector) => Act::Wait(selector),
            })
            .collect();
        let named = std::env::var_os("CHROME_PATH").filter(|path| !path.is_empty());
        let config = PoolConfig {
            program: named.map(PathBuf::from),
            min_idle: 0,
            max_wait: within,
            ..PoolConfig::default()
        };
        let page = perform(config, &acts, may_fill, within)?;
        let cookies = Jar::read_netscape(&page.cookies)
            .map_err(|_| (acts.len(), "cookies-unreadable".to_owned()))?;
        Ok(BrowserPage {
            cookies,
            url: page.url,
            status: page.status,
            html: page.html.into_bytes(),
            agent: Some(page.agent).filter(|agent| !agent.is_empty()),
            refused: page
                .refused
                .into_iter()
                .map(|one| RefusedCookie {
                    name: one.name,
                    value: one.value,
                    reason: one.reason,
                    host: one.host,
                    from: one.from,
                    set: one.set,
                })
                .collect(),
        })
    }
}

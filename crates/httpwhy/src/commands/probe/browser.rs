//! `--browser`: each target is loaded as a page.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use httpwhy_browser::{Cookie, Credentials, Load, Look, Pool, PoolConfig, Run};
use httpwhy_model::{Side, Signal, Visit, Who};
use httpwhy_probe::{Config, Finished, Job, Protocol, Resolver, Scheme, ServerNameSent, Totals};

use super::pace::seconds;
use super::{Args, complain, ledger};
use crate::exit::Failure;

/// Options that only a browser understands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Browser")]
pub(crate) struct BrowserArgs {
    /// Load each target as a page in a headless Chromium that is installed here: the document, its redirects and every
    /// subresource are steps of the record
    #[arg(long)]
    browser: bool,

    /// Pages open at the same time, each in a browser of its own
    #[arg(long, requires = "browser", value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    browser_leases: u16,

    /// The browser's path or name; else CHROME_PATH, else the first of chromium, chromium-browser, google-chrome-stable,
    /// google-chrome, chrome, microsoft-edge
    #[arg(long, requires = "browser", value_name = "FILE")]
    browser_path: Option<PathBuf>,

    /// One more argument for the browser, such as --proxy-server=…; may be given several times
    #[arg(
        long,
        requires = "browser",
        value_name = "ARGUMENT",
        allow_hyphen_values = true
    )]
    browser_arg: Vec<OsString>,

    /// Seconds to wait for a free browser
    #[arg(long, requires = "browser", value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    browser_wait: Duration,

    /// Seconds until a page has to be loaded
    #[arg(long, requires = "browser", value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    page_timeout: Duration,

    /// Milliseconds without network traffic, behind the load event, after which a page has settled
    #[arg(long, requires = "browser", value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    settle: u32,

    /// Write a picture of each page into this folder: 000017.png for the 17th target
    #[arg(long, requires = "browser", value_name = "DIR")]
    screenshot: Option<PathBuf>,
}

/// How the pages of a run are loaded.
pub(crate) struct Pages {
    run: Run,
    /// Fields for every page.
    fields: Vec<(String, String)>,
}

impl BrowserArgs {
    /// How pages are loaded, when they are.
    ///
    /// # Errors
    /// Where another option asks for what a browser cannot do.
    pub(crate) fn pages(
        &self,
        args: &Args,
        template: &Job,
        config: &Config,
    ) -> Result<Option<Pages>, Failure> {
        if !self.browser {
            return Ok(None);
        }
        let refused = refused(args, template, config).into_iter();
        if let Some((_, option, why)) = refused.into_iter().find(|(is_given, ..)| *is_given) {
            return Err(Failure::usage(format_args!(
                "{option} does not go with --browser: {why}"
            )));
        }
        let given = self.browser_path.clone();
        let named = || std::env::var_os("CHROME_PATH").filter(|path| !path.is_empty());
        let program = given.or_else(|| named().map(PathBuf::from));
        if !args.quiet {
            match httpwhy_browser::find(program.as_deref()) {
                Err(trouble) => complain(&trouble.to_string()),
                Ok(_) if Pool::without_sandbox() => complain(
                    "this is root: the browser is started without its sandbox (--no-sandbox), because it would not start otherwise",
                ),
                Ok(_) => {}
            }
        }
        Ok(Some(Pages {
            run: Run {
                pool: PoolConfig {
                    program,
                    arguments: self.browser_arg.clone(),
                    max: usize::from(self.browser_leases),
                    max_wait: self.browser_wait,
                    ..PoolConfig::default()
                },
                look: Look {
                    patience: self.page_timeout,
                    settle: Duration::from_millis(self.settle.into()),
                    user_agent: args.asking.user_agent().map(str::to_owned),
                    any_certificate: config.tls.insecure,
                    ..Look::default()
                },
                lender: None,
                pictures: self.screenshot.clone(),
            },
            fields: fields(template),
        }))
    }
}

/// Options that cannot work: whether each is given, its name, and what to do instead.
fn refused(args: &Args, job: &Job, config: &Config) -> [(bool, &'static str, &'static str); 15] {
    let pace = args.pace.pace();
    let login = job.login.as_deref().map(|login| &login.scheme);
    let versions = "the browser agrees on the version of HTTP by itself; probe without --browser to choose one";
    let one_by_one = "pages are asked for as browsers become free; choose --browser-leases";
    [
        (
            job.raw.is_some(),
            "--request-file",
            "a browser makes its own requests",
        ),
        (job.method != "GET", "--method", "a page is loaded by GET"),
        (
            job.body.is_some(),
            "--data",
            "a page is loaded without content",
        ),
        (
            login == Some(&Scheme::Digest),
            "--digest",
            "give --basic or --bearer, or cookies of a session",
        ),
        (config.protocol == Protocol::Http3, "--http3-only", versions),
        (
            config.protocol != Protocol::Auto,
            "a version of HTTP",
            versions,
        ),
        (config.alt_svc, "--alt-svc", versions),
        (
            config.resolver != Resolver::System,
            "--resolver",
            "the browser asks the system's; --browser-arg=--host-resolver-rules='MAP a.test 192.0.2.1' names addresses",
        ),
        (
            config.ways.unix.is_some(),
            "--unix-socket",
            "a browser connects to hosts and ports only",
        ),
        (
            !config.ways.resolve.is_empty() || !config.ways.connect_to.is_empty(),
            "--resolve or --connect-to",
            "give --browser-arg=--host-resolver-rules='MAP a.test:443 192.0.2.1:8443'",
        ),
        (
            config.ways.from.is_some() || config.ways.family.is_some() || config.ways.all_addresses,
            "--interface, -4, -6 or --all-addresses",
            "the browser chooses addresses by itself",
        ),
        (
            args.route.names_a_proxy(),
            "--proxy",
            "give --browser-arg=--proxy-server=http://proxy.example:3128",
        ),
        (
            !config.trust.roots.is_empty()
                || !config.trust.crls.is_empty()
                || config.tls.identity.is_some()
                || config.tls.server_name != ServerNameSent::Host,
            "--cacert, --crl, --cert or --sni",
            "Chromium has its own store: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n NAME -i FILE adds a root",
        ),
        (
            pace.rate.is_some()
                || pace.rate_per_host.is_some()
                || pace.per_host.is_some()
                || args.pace.retries().most > 0,
            "--rate, --rate-per-host, --per-host or --retries",
            one_by_one,
        ),
        (
            args.timeout.is_some() || args.max_redirects != MAX_REDIRECTS,
            "--timeout or --max-redirects",
            "give --page-timeout; Chromium follows 20 redirects",
        ),
    ]
}

/// What `--max-redirects` is when it is not given.
const MAX_REDIRECTS: usize = 10;

/// The fields that the command gives, with its login.
fn fields(template: &Job) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let given = template.fields.iter();
    let mut fields: Vec<_> = given
        .map(|(name, value)| (text(name), text(value)))
        .collect();
    let login = template.login.as_deref();
    if let Some(authorization) = login.and_then(httpwhy_probe::Login::at_once) {
        fields.push(("Authorization".to_owned(), authorization));
    }
    fields
}

impl Pages {
    /// The pages are given the session that this one keeps.
    pub(crate) fn keep(&mut self, lender: Arc<dyn httpwhy_browser::Lender>) {
        self.run.lender = Some(lender);
    }

    /// Loads all jobs as pages. Gives what it came to, and whether our own side failed on any of them.
    pub(crate) fn run<J, E>(
        &self,
        jobs: J,
        each: E,
        stop: &AtomicBool,
    ) -> Result<(Totals, bool), Failure>
    where
        J: Iterator<Item = Job> + Send + 'static,
        E: Fn(Finished) + Send + Sync + 'static,
    {
        adopt_orphans();
        let each = Arc::new(each);
        let fields = self.fields.clone();
        let told = Arc::clone(&each);
        let loads = jobs.filter_map(move |job| {
            let index = job.index;
            if job.method == "GET" && job.body.is_none() && job.raw.is_none() {
                return Some(load(&job, &fields));
            }
            told(finished(index, no_page(job)));
            None
        });
        let each = move |page: httpwhy_browser::Finished| each(finished(page.index, page.visit));
        let totals =
            httpwhy_browser::run(&self.run, loads, each, stop).map_err(Failure::internal)?;
        let common = Totals {
            jobs: totals.pages,
            exchanges: totals.exchanges,
            connections: totals.connections,
            received: totals.received,
        };
        Ok((common, totals.troubled > 0))
    }
}

fn finished(index: u64, visit: Visit) -> Finished {
    Finished {
        index,
        thread: 0,
        visit,
    }
}

/// The page of a job. Of the fields of an input only its credentials are taken: the rest belongs to one request, and a
/// page makes many.
fn load(job: &Job, fields: &[(String, String)]) -> Load {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let of_input = |wanted: &str| {
        let mut found = job.fields.iter();
        let found = found.find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()));
        found.map(|(_, value)| text(value))
    };
    let mut fields: Vec<(String, String)> = fields
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("cookie"))
        .cloned()
        .collect();
    let is_given = |wanted: &str| {
        fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
    };
    if let Some(value) = of_input("authorization").filter(|_| !is_given("authorization")) {
        fields.push(("Authorization".to_owned(), value));
    }
    Load {
        index: job.index,
        target: job.target.clone(),
        with: Credentials {
            cookies: cookies(job, of_input("cookie").as_deref()),
            fields,
        },
    }
}

/// The cookies that a page begins with: those of its input and of the command, and of the jar what fits its host.
fn cookies(job: &Job, of_input: Option<&str>) -> Vec<Cookie> {
    let cookies = job.cookies.as_deref();
    let lists = [of_input, cookies.map(|cookies| cookies.given.as_str())];
    let pairs = lists.into_iter().flatten().flat_map(|list| list.split(';'));
    let given = pairs.filter_map(|pair| pair.trim().split_once('='));
    let given = given.map(|(name, value)| Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        ..Cookie::default()
    });
    let kept = cookies.map(|cookies| cookies.jar.of_host(&job.target, SystemTime::now()));
    given
        .chain(kept.into_iter().flatten().map(cookie))
        .collect()
}

/// A cookie of a jar, for a page.
pub(crate) fn cookie(kept: &httpwhy_probe::Cookie) -> Cookie {
    Cookie {
        name: kept.name.clone(),
        value: kept.value.clone(),
        domain: (!kept.host_only).then(|| kept.domain.clone()),
        path: kept.path.clone(),
        secure: kept.secure,
        http_only: kept.http_only,
    }
}

/// The visit of an input that is no page.
fn no_page(job: Job) -> Visit {
    let method = String::from_utf8_lossy(&job.method).into_owned();
    let method: String = method.split_whitespace().collect();
    let why = Signal::Word {
        dialect: "browser".into(),
        word: "no-page".into(),
        params: vec![("method".into(), method)],
    };
    let mut visit = ledger::never_begun(job.target, why);
    for step in &mut visit.steps {
        step.exchange.vantage.who = Who::Browser;
        step.exchange.vantage.side = Side::Client;
        step.exchange.request.method = job.method.clone();
    }
    visit
}

/// The processes of a browser whose parent has ended come to this process, which waits for them; in a container without a
/// first process that does so, they would stay.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    {
        let own = rustix::process::getpid();
        // Without it nothing is lost but tidiness.
        let _ = rustix::process::set_child_subreaper(Some(own));
    }
}

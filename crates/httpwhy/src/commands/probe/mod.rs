//! `httpwhy probe TARGET…`: ask, and say what happened.

mod asking;
pub(crate) mod auth;
mod browser;
mod dedup;
mod descriptors;
mod follow_up;
mod http3;
mod inputs;
mod jobs;
mod ledger;
mod lines;
mod ordered;
mod pace;
mod policy;
mod progress;
mod protocol;
mod relink;
mod report;
mod resume;
mod retry;
pub(crate) mod route;
mod save;
mod scale;
mod scenes;
mod select;
mod session;
mod summary;
mod targets;
mod yourside;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use httpwhy_probe::{Config, Deadlines, Job, Resolver, TestFault, Trust};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::terms::FailOn;
use asking::Asking;
use follow_up::Wishes;
use lines::Shape;

/// What httpwhy calls itself, with a place that says what it is.
pub(crate) const USER_AGENT: &str = concat!("httpwhy/", env!("CARGO_PKG_VERSION"));

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {
    /// URLs; files: lists with one URL a line, CSV, sitemaps, HAR, OpenAPI, Postman, Insomnia, Burp, curl commands, raw requests; - for standard input; or sim: (every outcome, made on this machine)
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,

    #[command(flatten)]
    inputs: inputs::InputArgs,

    #[command(flatten)]
    asking: Asking,

    #[command(flatten)]
    auth: auth::AuthArgs,

    /// Exchanges under way at the same time
    #[arg(help_heading = "Run", short = 'c', long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=20_000))]
    concurrency: u16,

    /// Threads; each carries its part of the exchanges
    #[arg(help_heading = "Run", long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,

    /// Redirects followed at most; 0 follows none
    #[arg(help_heading = "Run", long, default_value_t = 10, value_name = "N")]
    max_redirects: usize,

    /// Seconds for each phase: one number for all, or resolve=2,connect=5,tunnel=5,tls=5,expect=1,send=9,wait=30,receive=30,total=120; websocket=5: for a sign of life
    #[arg(help_heading = "Run", long, value_name = "SECONDS", value_parser = deadlines)]
    timeout: Option<Deadlines>,

    #[command(flatten)]
    browser: browser::BrowserArgs,

    #[command(flatten)]
    protocol: protocol::Options,

    #[command(flatten)]
    http3: http3::Http3Args,

    /// The name server to ask instead of the system's
    #[arg(help_heading = "Ways", long, value_name = "IP[:PORT]", value_parser = name_server)]
    resolver: Vec<SocketAddr>,

    #[command(flatten)]
    route: route::RouteArgs,

    /// More trusted CA certificates (PEM)
    #[arg(help_heading = "TLS", long, value_name = "FILE")]
    cacert: Vec<PathBuf>,

    /// Certificate revocation lists (PEM); without one no certificate is called revoked
    #[arg(help_heading = "TLS", long, value_name = "FILE")]
    crl: Vec<PathBuf>,

    #[command(flatten)]
    tls: route::TlsArgs,

    #[command(flatten)]
    pace: pace::PaceArgs,

    #[command(flatten)]
    scale: scale::ScaleArgs,

    #[command(flatten)]
    your_side: yourside::YourSideArgs,

    #[command(flatten)]
    wishes: Wishes,

    #[command(flatten)]
    save: save::SaveArgs,

    /// Write one line a target: text, line or json; by itself text for one target, line for several on a terminal, json into a pipe
    #[arg(help_heading = "Results", long, value_name = "FORMAT", value_enum)]
    format: Option<Shape>,

    /// Write what was observed (kind exchange) instead of the judgement, for httpwhy read
    #[arg(help_heading = "Results", long)]
    exchanges: bool,

    /// Write to this file instead of standard output
    #[arg(help_heading = "Results", short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// No progress and no summary on standard error
    #[arg(help_heading = "Results", short, long)]
    quiet: bool,

    /// Exit with 1 when one of these is found: outcomes, tls/*, 404, 5xx, parties, must, rules, findings, any; more than so many with >10 or >1%
    #[arg(
        help_heading = "Results",
        long,
        value_name = "TERMS",
        value_delimiter = ','
    )]
    fail_on: Vec<FailOn>,

    /// Test switch: every target fails inside httpwhy in that way
    #[arg(long, hide = true, value_name = "KIND")]
    test_fault: Option<String>,
}

impl Args {
    pub(crate) fn of(targets: &[String]) -> Self {
        use clap::Parser as _;
        /// Only to have the defaults from one place.
        #[derive(clap::Parser)]
        struct Bare {
            #[command(flatten)]
            args: Args,
        }
        let words = ["probe", "--"]
            .into_iter()
            .map(str::to_owned)
            .chain(targets.iter().cloned());
        Bare::parse_from(words).args
    }
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    if args.targets.iter().any(|target| target == "sim:") {
        return scenes::run(args, common);
    }
    session::run(args, common, template(args)?, config(args)?)
}

/// What every job has in common.
fn template(args: &Args) -> Result<Job, Failure> {
    let mut job = args.asking.job()?;
    if let Some(kind) = &args.test_fault {
        fail_on_purpose(&mut job, kind, args.timeout.unwrap_or_default());
    }
    Ok(job)
}

/// The prober's test switch by name: each takes the way that the real failure takes.
pub(crate) fn fail_on_purpose(job: &mut Job, kind: &str, deadlines: Deadlines) {
    job.fault = match kind {
        "panic" => Some(TestFault::Panic),
        "cancelled" => Some(TestFault::Cancelled),
        "limit-head" => Some(TestFault::LimitHead),
        "limit-time" => None,
        word => Some(TestFault::Internal(word.to_owned())),
    };
    if kind == "limit-time" {
        // No exchange is over in a nanosecond.
        job.deadlines = Some(Box::new(Deadlines {
            total: Duration::from_nanos(1),
            ..deadlines
        }));
    }
}

fn config(args: &Args) -> Result<Config, Failure> {
    let files = |files: &[PathBuf]| {
        files
            .iter()
            .map(|file| {
                std::fs::read(file).map_err(|error| {
                    Failure::usage(format_args!("cannot read '{}': {error}", file.display()))
                })
            })
            .collect::<Result<Vec<_>, _>>()
    };
    let mut config = Config {
        resolver: if args.resolver.is_empty() {
            Resolver::System
        } else {
            Resolver::Servers(args.resolver.clone())
        },
        deadlines: args.timeout.unwrap_or_default(),
        trust: Trust {
            system: true,
            roots: files(&args.cacert)?,
            crls: files(&args.crl)?,
        },
        user_agent: args
            .asking
            .user_agent()
            .unwrap_or(USER_AGENT)
            .to_owned()
            .into(),
        pace: Some(args.pace.pace()),
        protocol: args.protocol.protocol(),
        threads: usize::from(args.threads),
        concurrency: usize::from(args.concurrency),
        limits: args.asking.limits(),
        ..Config::default()
    };
    args.http3.apply(&mut config);
    args.route
        .apply(&mut config, |name| std::env::var(name).ok())?;
    args.tls.apply(&mut config)?;
    Ok(config)
}

fn shape(args: &Args, common: &Common, alone: bool) -> Shape {
    use std::io::IsTerminal as _;
    match args.format {
        _ if common.json || args.exchanges => Shape::Json,
        Some(shape) => shape,
        None if alone => Shape::Text,
        None if args.output.is_none() && std::io::stdout().is_terminal() => Shape::Line,
        None => Shape::Json,
    }
}

/// `1.1.1.1`, `[::1]:53`, `127.0.0.1:5353`
fn name_server(text: &str) -> Result<SocketAddr, String> {
    text.parse::<SocketAddr>()
        .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
        .map_err(|_| format!("'{text}' is no address of a name server: IP or IP:PORT is expected"))
}

/// `5`, or `connect=2,wait=30`.
pub(crate) fn deadlines(text: &str) -> Result<Deadlines, String> {
    let seconds = |text: &str| {
        let value: f64 = text
            .parse()
            .map_err(|_| format!("'{text}' is no number of seconds"))?;
        if !(0.001..=86_400.0).contains(&value) {
            return Err(format!("{value} s is outside 0.001 to 86400"));
        }
        Ok(Duration::from_secs_f64(value))
    };
    let mut deadlines = Deadlines::default();
    for part in text.split(',') {
        let (phase, value) = match part.split_once('=') {
            Some((phase, value)) => (Some(phase), seconds(value)?),
            None => (None, seconds(part)?),
        };
        let slot = match phase {
            None => {
                let total = deadlines.total.max(value);
                deadlines = Deadlines {
                    resolve: value,
                    connect: value,
                    tunnel: value,
                    tls: value,
                    send: value,
                    wait: value,
                    receive: value,
                    total,
                    websocket: value,
                    ..deadlines
                };
                continue;
            }
            Some("resolve") => &mut deadlines.resolve,
            Some("connect") => &mut deadlines.connect,
            Some("tunnel") => &mut deadlines.tunnel,
            Some("tls") => &mut deadlines.tls,
            Some("expect") => &mut deadlines.expect,
            Some("send") => &mut deadlines.send,
            Some("wait") => &mut deadlines.wait,
            Some("receive") => &mut deadlines.receive,
            Some("total") => &mut deadlines.total,
            Some("websocket") => &mut deadlines.websocket,
            Some(other) => {
                return Err(format!(
                    "no phase is called '{other}'; resolve, connect, tunnel, tls, expect, send, wait, receive, total, websocket"
                ));
            }
        };
        *slot = value;
    }
    Ok(deadlines)
}

/// Sets `stop` at the first Ctrl-C; the second ends the process. Gives the flag that says whether it came.
pub(crate) fn stop_on_interrupt(stop: &Arc<AtomicBool>) -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let (stop, flag) = (Arc::clone(stop), Arc::clone(&interrupted));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::internal)?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            flag.store(true, Ordering::Relaxed);
            stop.store(true, Ordering::Relaxed);
            if tokio::signal::ctrl_c().await.is_ok() {
                // The reader of the output has what was written; nothing else is held.
                #[expect(clippy::exit, reason = "a second Ctrl-C means now")]
                std::process::exit(Exit::Interrupted as i32);
            }
        });
    });
    Ok(interrupted)
}

/// One line on standard error.
fn complain(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "httpwhy: {text}");
}

//! `httpwhy auth test FILE`: try an authentication flow, and see each step.

mod show;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use clap::Subcommand;
use httpwhy_auth::{StepReport, Tested, test};
use httpwhy_model::redacted;
use httpwhy_probe::{Config, Deadlines, Trust};
use httpwhy_schema::{LoginLine, LoginStepLine, SCHEMA, TakenJson, write_line};

use super::probe::auth::{browser, folder, read, visit_name};
use super::probe::{USER_AGENT, deadlines, route, stop_on_interrupt};
use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::judge::Judged;
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Log in once: the check without session, each step, the check with session. Exit code 1 when that does not work
    #[command(after_help = EXAMPLE)]
    Test(TestArgs),
}

const EXAMPLE: &str = r#"A flow:
  auth: shop-user
  secrets: {user: env:SHOP_USER, pass: file:/run/secrets/shop}   # by reference only: env:, file:, cmd:
  scope: ["https://shop.example/**", "!https://shop.example/logout*"]   # credentials never leave it
  steps:                       # get, post …, oauth2, totp, exec, browser
    - {id: page, get: /login, extract: {csrf: {css: "input[name=csrf]@value"}}}
    - id: login
      post: /login
      form: {u: "${user}", p: "${pass}", csrf: "${csrf}"}
      expect: {status: [302], not_location: /login}
  apply: {cookies: jar}        # headers: {Authorization: "Bearer ${token}"}
  verify: {get: /me, in: {status: [200]}, out: {status: [401], location: /login}}
  watch: {out_any_response: {status: [401], location: "*/login*"}}
  relogin: {before_expiry: 30s, max: 5, min_interval: 10s, on_fail: stop}

httpwhy probe TARGETS --auth FILE uses it. Exit codes: 0 logged in, 1 not, 2 a file or secret that cannot be read."#;

#[derive(Debug, clap::Args)]
struct TestArgs {
    /// The flow (YAML): steps, what is taken from their answers, the check
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Seconds for each phase, as in httpwhy probe
    #[arg(long, value_name = "SECONDS", value_parser = deadlines)]
    timeout: Option<Deadlines>,

    /// The User-Agent field instead of httpwhy's own
    #[arg(short = 'A', long, value_name = "TEXT")]
    user_agent: Option<String>,

    #[command(flatten)]
    route: route::RouteArgs,

    /// More trusted CA certificates (PEM)
    #[arg(help_heading = "TLS", long, value_name = "FILE")]
    cacert: Vec<PathBuf>,

    #[command(flatten)]
    tls: route::TlsArgs,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let What::Test(args) = &args.what;
    let flow = Arc::new(read(&args.file)?);
    let config = config(args)?;
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = stop_on_interrupt(&stop)?;
    let (sink, reports) = mpsc::channel();
    let (name, folder) = (flow.name().to_owned(), folder(&args.file));
    let trying = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            test(flow, &config, &folder, browser(), &stop, move |report| {
                // The reader of the output may have gone.
                let _ = sink.send(report);
            })
        })
    };
    let mut seen = Seen::default();
    let style = output::style(common.color);
    let told = output::write(|out| {
        if !common.json {
            show::head(out, &name, style)?;
        }
        for report in &reports {
            let judged = report
                .visit
                .as_ref()
                .map(|visit| Judged::new(redacted(visit).into_owned()));
            seen.take(&report, judged.as_ref());
            if common.json {
                json(out, &name, &report, judged.as_ref())?;
            } else {
                show::step(out, &report, judged.as_ref(), style)?;
            }
            out.flush()?;
        }
        Ok(())
    });
    if told.is_err() {
        stop.store(true, Ordering::Relaxed);
    }
    let tested = trying
        .join()
        .map_err(|_| Failure::internal("the login ended by a defect of httpwhy"))?;
    told?;
    let tested = tested.map_err(|why| {
        Failure::usage(format_args!(
            "'{}': {why}",
            httpwhy_render::safe(&args.file.to_string_lossy())
        ))
    })?;
    output::write(|out| {
        if common.json {
            write_line(out, &closing(&name, &tested, &seen))
        } else {
            show::verdict(out, &tested, seen.outcome)
        }
    })?;
    Ok(match tested {
        _ if interrupted.load(Ordering::Relaxed) => Exit::Interrupted,
        Tested::Passed => Exit::Fine,
        Tested::Failed(_) | Tested::Stopped => Exit::Found,
    })
}

/// What is remembered of the steps for the end.
#[derive(Default)]
struct Seen {
    steps: u64,
    /// The outcome of the step that failed last.
    outcome: Option<&'static str>,
}

impl Seen {
    fn take(&mut self, report: &StepReport, judged: Option<&Judged<'_>>) {
        self.steps += 1;
        if report.failed.is_some() {
            self.outcome = judged.map(|judged| judged.verdict().outcome.0);
        }
    }
}

fn config(args: &TestArgs) -> Result<Config, Failure> {
    let roots = args.cacert.iter().map(|file| {
        std::fs::read(file).map_err(|error| {
            Failure::usage(format_args!("cannot read '{}': {error}", file.display()))
        })
    });
    let mut config = Config {
        deadlines: args.timeout.unwrap_or(Deadlines {
            total: Duration::from_mins(1),
            ..Deadlines::default()
        }),
        trust: Trust {
            roots: roots.collect::<Result<_, _>>()?,
            ..Trust::default()
        },
        user_agent: args
            .user_agent
            .as_deref()
            .unwrap_or(USER_AGENT)
            .to_owned()
            .into(),
        ..Config::default()
    };
    args.route
        .apply(&mut config, |name| std::env::var(name).ok())?;
    args.tls.apply(&mut config)?;
    Ok(config)
}

fn json(
    out: &mut dyn std::io::Write,
    flow: &str,
    report: &StepReport,
    judged: Option<&Judged<'_>>,
) -> std::io::Result<()> {
    let name = visit_name(report);
    let line = LoginStepLine {
        schema: SCHEMA,
        kind: "login-step",
        flow,
        login: report.login,
        number: report.number,
        step: &report.step,
        what: &report.what,
        status: judged.and_then(Judged::status),
        visit: judged.map(|_| name.as_str()),
        taken: report
            .taken
            .iter()
            .map(|taken| TakenJson {
                name: &taken.name,
                from: &taken.from,
                bytes: taken.value.as_ref().map(|(bytes, _)| *bytes),
                mark: taken.value.as_ref().map(|(_, mark)| mark.as_str()),
                optional: taken.optional,
            })
            .collect(),
        inside: report.inside,
        failed: report.failed.as_ref().map(ToString::to_string),
        facts: report.facts.iter().map(ToString::to_string).collect(),
    };
    write_line(out, &line)?;
    match judged {
        Some(judged) => show::record(out, &name, judged, "json"),
        None => Ok(()),
    }
}

fn closing<'a>(flow: &'a str, tested: &Tested, seen: &Seen) -> LoginLine<'a> {
    let (verdict, why) = match tested {
        Tested::Passed => ("passed", None),
        Tested::Failed(why) => ("failed", Some(why.to_string())),
        Tested::Stopped => ("stopped", None),
    };
    LoginLine {
        schema: SCHEMA,
        kind: "login",
        flow,
        verdict,
        outcome: seen.outcome.filter(|_| why.is_some()),
        why,
        steps: seen.steps,
    }
}

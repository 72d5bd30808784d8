//! `httpwhy sim`: the simulator as a server.

mod played;
mod proxies;

use std::net::IpAddr;

use httpwhy_render::safe;
use httpwhy_sim::{Config, Simulator};

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

/// Descriptors for as many clients as the simulator serves at a time, and for its ports.
const MOST_FILES: u64 = 16_384 + 1024;

/// What stands behind the options.
const AFTER: &str = "\
Paths:
  /outcomes, /outcome/http/404, /status/503, httpbin's and a status echo's paths: / lists them
  /api/v1         an API in which each status happens for its true reason (Authorization: Bearer demo)
  /api/v1/codes   every status code: the request that yields it, or why no server sends it";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER)]
pub(crate) struct Args {
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    bind: IpAddr,

    /// The port for HTTP; 0 takes a free one
    #[arg(long, default_value_t = 8499, value_name = "PORT")]
    port: u16,

    /// The port for HTTPS with a good certificate of the simulator's own CA; 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    https_port: u16,

    /// The port of the small name server (UDP and TCP); 0 takes a free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    dns_port: u16,

    /// Write the simulator's CA certificate (PEM) to this file
    #[arg(long, value_name = "FILE")]
    ca_out: Option<std::path::PathBuf>,

    /// Do not mark answers with the field httpwhy-sim
    #[arg(long)]
    unmarked: bool,

    /// How many threads serve plain HTTP; by default one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,

    /// Repeat all that is random: choices, bytes, who meets a toxic
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Keep fields and content of requests in the journal, /__journal
    #[arg(long)]
    keep_requests: bool,

    /// Obey clients of other machines, too, that make and change proxies
    #[arg(long)]
    control_from_anywhere: bool,

    #[command(flatten)]
    played: played::Played,

    #[command(flatten)]
    proxies: proxies::Proxies,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let config = Config {
        ip: args.bind,
        http_port: args.port,
        https_port: args.https_port,
        dns_port: args.dns_port,
        mark: !args.unmarked,
        threads: args.threads.map_or_else(cores, usize::from),
    };
    if !args.bind.is_loopback() {
        warn(format_args!(
            "anyone who reaches {} can have this simulator send floods, compression bombs and broken answers; without \
             --bind it listens on 127.0.0.1 alone",
            args.bind
        ));
    }
    allow_files(MOST_FILES);
    let interrupt = Interrupt::new()?;
    let started = match args.seed {
        None => Simulator::start(config),
        Some(seed) => Simulator::start_seeded(config, seed),
    };
    let simulator = started.map_err(|error| {
        Failure::usage(format_args!(
            "cannot listen on {} port {}: {error}; choose another with --port",
            args.bind, args.port
        ))
    })?;
    if let Some(file) = &args.ca_out {
        std::fs::write(file, simulator.ca_pem()).map_err(|error| {
            Failure::usage(format_args!("cannot write '{}': {error}", file.display()))
        })?;
    }
    simulator.keep_requests(args.keep_requests);
    simulator.obey_anyone(args.control_from_anywhere);
    let asked = args.played.start(&simulator)?;
    let proxies = args.proxies.start(&simulator)?;
    let scenes = simulator.scenes().len();
    output::write(|out| {
        if common.json {
            let ready = serde_json::json!({
                "http": simulator.http().to_string(), "https": simulator.https().to_string(),
                "dns": simulator.dns().to_string(), "outcomes": scenes, "plays": asked,
                "proxies": proxies.iter().map(|(name, kind, at)| {
                    serde_json::json!({"name": name, "kind": kind, "listen": at.to_string()})
                }).collect::<Vec<_>>(),
            });
            return writeln!(out, "{ready}");
        }
        writeln!(
            out,
            "http   http://{}/            every outcome: /outcomes, one: /outcome/http/404, /status/503",
            simulator.http()
        )?;
        writeln!(
            out,
            "https  https://{}/           its CA: http://{}/ca.pem",
            simulator.https(),
            simulator.http()
        )?;
        writeln!(
            out,
            "api    http://{}/api/v1      each status for its true reason: /api/v1/codes tells how (key: demo)",
            simulator.http()
        )?;
        writeln!(
            out,
            "dns    {} (udp, tcp)         nxdomain.test, servfail.test, silence.test …",
            simulator.dns()
        )?;
        for (name, kind, at) in &proxies {
            writeln!(
                out,
                "{kind} '{0}' at {at}   its toxics: /proxies/{0}/toxics",
                safe(name)
            )?;
        }
        for asked in &asked {
            writeln!(out, "plays  {asked}")?;
        }
        writeln!(
            out,
            "{scenes} outcomes; what was asked for: /__journal; Ctrl-C ends it"
        )
    })?;
    interrupt.wait();
    Ok(Exit::Interrupted)
}

/// One line on standard error.
fn warn(text: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    // Whoever closed it does not want to know.
    let _ = writeln!(std::io::stderr(), "httpwhy: {text}");
}

/// Raises the soft limit of open files, as far as that is allowed: with fewer, clients wait for others to go.
fn allow_files(wanted: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let raised = limit.maximum.map_or(wanted, |most| wanted.min(most));
    let _ = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: Some(raised),
            maximum: limit.maximum,
        },
    );
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Ctrl-C or SIGTERM, caught from the moment it is made.
struct Interrupt {
    runtime: tokio::runtime::Runtime,
    signals: [tokio::signal::unix::Signal; 2],
}

impl Interrupt {
    fn new() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let caught = |kind| {
            runtime
                .block_on(async { signal(kind) })
                .map_err(Failure::internal)
        };
        let signals = [
            caught(SignalKind::interrupt())?,
            caught(SignalKind::terminate())?,
        ];
        Ok(Self { runtime, signals })
    }

    fn wait(mut self) {
        let [interrupt, terminate] = &mut self.signals;
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
        });
    }
}

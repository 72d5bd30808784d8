//! `httpwhy sim`: proxies in front of anything.

use std::path::PathBuf;

use httpwhy_render::safe;
use httpwhy_sim::{ProxyConfig, Simulator};

use crate::exit::Failure;

/// A proxy that runs: its name, what it is, where it listens.
pub(super) type Running = (String, &'static str, std::net::SocketAddr);

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Proxies (changed while they run by POST /proxies/NAME/toxics)")]
pub(super) struct Proxies {
    /// A TCP proxy; toxics work on its bytes. LISTEN is a port or an address with one; 0 takes a free port
    #[arg(long, value_name = "LISTEN=HOST:PORT")]
    tcp_proxy: Vec<String>,

    /// A reverse proxy for HTTP/1.1 in front of that server
    #[arg(long, value_name = "LISTEN=HOST:PORT")]
    reverse_proxy: Vec<String>,

    /// A forward proxy: absolute form and CONNECT; 407.test, 502.test, dns.test … make it fail
    #[arg(long, value_name = "LISTEN")]
    forward_proxy: Vec<String>,

    /// Proxies from a JSON file, as Toxiproxy's: [{"name", "listen", "upstream", "layer", "toxics"}]
    #[arg(long = "proxies", value_name = "FILE")]
    described_in: Vec<PathBuf>,
}

impl Proxies {
    /// Starts them all.
    pub(super) fn start(&self, simulator: &Simulator) -> Result<Vec<Running>, Failure> {
        let mut running = Vec::new();
        let mut add = |config: ProxyConfig| {
            let kind = match config.layer.as_str() {
                "reverse" => "reverse proxy",
                "forward" => "forward proxy",
                _ => "TCP proxy",
            };
            let name = config.name.clone();
            let listen = simulator.add_proxy(config).map_err(|why| {
                Failure::usage(format_args!("proxy '{}': {}", safe(&name), safe(&why)))
            })?;
            running.push((name, kind, listen));
            Ok::<(), Failure>(())
        };
        for config in self.asked()? {
            add(config)?;
        }
        for file in &self.described_in {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Failure::usage(format_args!("cannot read '{}': {error}", file.display()))
            })?;
            let list = ProxyConfig::read_list(&text).map_err(|why| {
                Failure::usage(format_args!("{}: {}", file.display(), safe(&why)))
            })?;
            for config in list {
                add(config)?;
            }
        }
        Ok(running)
    }

    /// Those of the command line, named by kind and number: `tcp-1`.
    fn asked(&self) -> Result<Vec<ProxyConfig>, Failure> {
        let mut all = Vec::new();
        for (number, given) in self.tcp_proxy.iter().enumerate() {
            let (listen, upstream) = split("--tcp-proxy", given)?;
            let name = format!("tcp-{}", number + 1);
            all.push(at(&listen, ProxyConfig::tcp(&name, &upstream)));
        }
        for (number, given) in self.reverse_proxy.iter().enumerate() {
            let (listen, upstream) = split("--reverse-proxy", given)?;
            let name = format!("reverse-{}", number + 1);
            all.push(at(&listen, ProxyConfig::reverse(&name, &upstream)));
        }
        for (number, listen) in self.forward_proxy.iter().enumerate() {
            let name = format!("forward-{}", number + 1);
            all.push(at(listen, ProxyConfig::forward(&name)));
        }
        Ok(all)
    }
}

fn split(option: &str, given: &str) -> Result<(String, String), Failure> {
    given
        .split_once('=')
        .map(|(listen, upstream)| (listen.to_owned(), upstream.to_owned()))
        .ok_or_else(|| {
            Failure::usage(format_args!(
                "{option} '{}': LISTEN=HOST:PORT is expected, as 8001=localhost:5432",
                safe(given)
            ))
        })
}

fn at(listen: &str, config: ProxyConfig) -> ProxyConfig {
    let listen = if listen.contains(':') {
        listen.to_owned()
    } else {
        format!(":{listen}")
    };
    ProxyConfig { listen, ..config }
}

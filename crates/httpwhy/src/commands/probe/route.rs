//! The options of ways through (proxies, other addresses, sockets) and of TLS with targets.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use httpwhy_probe::ways::{
    ConnectTo, Family, From, NoProxy, Proxies, Proxy, ResolveTo, Secret, Ways,
};
use httpwhy_probe::{Config, Identity, ServerNameSent, TlsOptions, TlsVersions};

use crate::exit::Failure;

/// By which way targets are reached.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Ways")]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct RouteArgs {
    /// The proxy for every target instead of the environment's: [http|https|socks5|socks5h://][user:password@]host[:port]; empty for none
    #[arg(short = 'x', long, value_name = "PROXY")]
    proxy: Option<String>,

    /// Hosts asked without a proxy, instead of those that `NO_PROXY` lists: names (with all below them), addresses, ranges; * for all
    #[arg(long, value_name = "HOSTS")]
    noproxy: Option<String>,

    /// User name and password for the proxy
    #[arg(
        short = 'U',
        long,
        value_name = "USER:PASSWORD",
        hide_env_values = true
    )]
    proxy_user: Option<String>,

    /// Ask an HTTP proxy for a tunnel (CONNECT) also for http targets
    #[arg(short = 'p', long)]
    proxytunnel: bool,

    /// Addresses to use for a host and port; * for any host
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", value_parser = ResolveTo::parse)]
    resolve: Vec<ResolveTo>,

    /// Connect to the second host and port instead of the first; an empty part is any, or kept
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", value_parser = ConnectTo::parse)]
    connect_to: Vec<ConnectTo>,

    /// Connect from this network interface or source address; name servers are asked from any
    #[arg(long, value_name = "NAME|ADDRESS")]
    interface: Option<String>,

    /// Connect to this Unix socket, whatever the target's host is
    #[arg(long, value_name = "PATH", conflicts_with_all = ["proxy", "resolve", "connect_to", "interface"])]
    unix_socket: Option<PathBuf>,

    /// Only IPv4
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    ipv4: bool,

    /// Only IPv6
    #[arg(short = '6', long)]
    ipv6: bool,

    /// Try IPv6 and IPv4 beside each other, 250 ms apart (RFC 8305), instead of address after address
    #[arg(long)]
    happy_eyeballs: bool,

    /// Ask at every address of the target's name, one step each, and say which of them fail; no redirect is followed and no proxy has a part in it
    #[arg(long)]
    all_addresses: bool,
}

/// What TLS with targets is asked to do.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// Send also credentials, content and unsafe methods to a peer whose certificate is bad; what is wrong with it is said all the same
    #[arg(short = 'k', long)]
    insecure: bool,

    /// The client certificate to show when asked for one, with its chain (PEM); the key may stand in the same file
    #[arg(short = 'E', long, value_name = "FILE")]
    cert: Option<PathBuf>,

    /// The client certificate's private key (PEM, without a passphrase)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// TLS 1.2 or later
    #[arg(long = "tlsv1.2", conflicts_with = "tls13")]
    tls12: bool,

    /// TLS 1.3 or later
    #[arg(long = "tlsv1.3", id = "tls13")]
    tls13: bool,

    /// The latest version of TLS to offer: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = latest)]
    tls_max: Option<Latest>,

    /// The server name to send (SNI) instead of the target's host; none for none. The certificate is compared with the host all the same
    #[arg(long, value_name = "NAME|none")]
    sni: Option<String>,
}

/// The latest version to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Latest {
    Tls12,
    Tls13,
}

fn latest(text: &str) -> Result<Latest, String> {
    match text {
        "1.2" => Ok(Latest::Tls12),
        "1.3" | "default" => Ok(Latest::Tls13),
        "1.0" | "1.1" => Err(format!(
            "TLS {text} cannot be spoken here: it is out of use (RFC 8996), and the TLS library has only 1.2 and 1.3; try openssl s_client"
        )),
        _ => Err(format!(
            "'{text}' is no version of TLS: 1.2 or 1.3 is expected"
        )),
    }
}

impl RouteArgs {
    /// Whether a proxy is named by the command itself.
    pub(super) fn names_a_proxy(&self) -> bool {
        self.proxy.as_deref().is_some_and(|proxy| !proxy.is_empty())
    }

    /// Sets what was asked for; `get` looks a variable of the environment up.
    pub(crate) fn apply(
        &self,
        config: &mut Config,
        get: impl Fn(&str) -> Option<String>,
    ) -> Result<(), Failure> {
        config.ways = Arc::new(Ways {
            proxies: self.proxies(get)?,
            tunnel: self.proxytunnel,
            resolve: self.resolve.clone(),
            connect_to: self.connect_to.clone(),
            from: self.interface.as_deref().map(from),
            unix: self.unix_socket.clone(),
            family: match (self.ipv4, self.ipv6) {
                (true, _) => Some(Family::V4),
                (_, true) => Some(Family::V6),
                _ => None,
            },
            happy_eyeballs: self.happy_eyeballs,
            all_addresses: self.all_addresses,
        });
        Ok(())
    }

    fn proxies(&self, get: impl Fn(&str) -> Option<String>) -> Result<Proxies, Failure> {
        let straight = match &self.noproxy {
            Some(list) => NoProxy::parse(list),
            None => Proxies::straight_by_environment(&get),
        };
        let proxies = match self.proxy.as_deref() {
            Some("") => Proxies::default(),
            Some(text) => Proxy::parse(text, "--proxy")
                .map(Proxies::always)
                .map_err(|why| Failure::usage(format_args!("--proxy: {why}")))?,
            // A variable that names no proxy does no harm where none is to be used.
            None if self.noproxy.as_deref() == Some("*") || self.unix_socket.is_some() => {
                Proxies::default()
            }
            None => Proxies::of_environment(get).map_err(Failure::usage)?,
        };
        let proxies = proxies.except(straight);
        Ok(match &self.proxy_user {
            Some(user) => proxies.map(|proxy| proxy.with_user(Secret::new(user.clone()))),
            None => proxies,
        })
    }
}

fn from(text: &str) -> From {
    text.parse::<IpAddr>()
        .map_or_else(|_| From::Interface(text.to_owned()), From::Address)
}

impl TlsArgs {
    /// Sets what was asked for.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<(), Failure> {
        let versions = match (self.tls12, self.tls13, self.tls_max) {
            (_, true, Some(Latest::Tls12)) => {
                return Err(Failure::usage(
                    "--tlsv1.3 and --tls-max 1.2 leave no version",
                ));
            }
            (_, true, _) => TlsVersions::Only13,
            (_, false, Some(Latest::Tls12)) => TlsVersions::Only12,
            // 1.2 is the earliest that can be spoken anyway.
            (true | false, false, Some(Latest::Tls13) | None) => TlsVersions::Both,
        };
        let identity = match &self.cert {
            None => None,
            Some(cert) => Some(Identity {
                chain: read(cert)?,
                key: read(self.key.as_ref().unwrap_or(cert))?,
            }),
        };
        config.tls = TlsOptions {
            insecure: self.insecure,
            identity,
            versions,
            server_name: match self.sni.as_deref() {
                None => ServerNameSent::Host,
                Some("none" | "") => ServerNameSent::Nothing,
                Some(name) => ServerNameSent::Other(name.to_owned()),
            },
        };
        Ok(())
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file)
        .map_err(|error| Failure::usage(format_args!("cannot read '{}': {error}", file.display())))
}

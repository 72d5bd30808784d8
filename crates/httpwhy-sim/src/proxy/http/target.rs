//! Where a request goes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::super::shared::Shared;
use super::failure::Failure;
use super::head::Head;

/// How long a connection to the server may take to open, and its name to be found.
const PATIENCE: Duration = Duration::from_secs(10);

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Host and port of the server.
    pub(super) authority: String,
    /// What stands in the request line that is passed on.
    pub(super) origin_form: String,
    /// The target URI, for the record.
    pub(super) uri: String,
    /// The Host field that is passed on, where it is not the client's (RFC 9112 section 3.2.2).
    pub(super) new_host: Option<String>,
}

impl Target {
    /// The target of that request at that proxy.
    pub(super) fn of(asked: &Head, proxy: &Shared) -> Result<Self, Failure> {
        let wrong = |why: &str| Err(Failure::new("http_request_error", why));
        let target = asked.first[1].as_str();
        if asked.first[0] == "CONNECT" {
            if !proxy.is_forward() {
                return wrong("a reverse proxy opens no tunnels");
            }
            if split(target).is_none_or(|(host, port)| host.is_empty() || port.is_none()) {
                return wrong("CONNECT needs a host and a port");
            }
            return Ok(Self {
                authority: target.to_owned(),
                origin_form: target.to_owned(),
                uri: format!("//{target}"),
                new_host: None,
            });
        }
        if !proxy.is_forward() {
            let host = asked.field("host").unwrap_or(&proxy.upstream);
            let path = target
                .split_once("://")
                .map_or(target, |(_, rest)| after_authority(rest));
            let path = if path.is_empty() { "/" } else { path };
            return Ok(Self {
                authority: proxy.upstream.clone(),
                origin_form: path.to_owned(),
                uri: format!("http://{host}{path}"),
                new_host: None,
            });
        }
        let Some((scheme, rest)) = target.split_once("://") else {
            return wrong("a forward proxy takes the absolute form, http://host/path, or CONNECT");
        };
        if !scheme.eq_ignore_ascii_case("http") {
            return wrong("only http; https goes through CONNECT");
        }
        let path = after_authority(rest);
        let host = &rest[..rest.len() - path.len()];
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let Some((name, port)) = split(host).filter(|(name, _)| !name.is_empty()) else {
            return wrong("the target's authority is malformed");
        };
        let port = port.unwrap_or(80);
        // An empty path is "/", and "*" for OPTIONS (RFC 9112 section 3.2.4).
        let origin_form = match path {
            "" if asked.first[0] == "OPTIONS" => "*".to_owned(),
            "" => "/".to_owned(),
            path if path.starts_with('?') => format!("/{path}"),
            path => path.to_owned(),
        };
        Ok(Self {
            authority: format!("{name}:{port}"),
            origin_form,
            uri: target.to_owned(),
            new_host: Some(host.to_owned()),
        })
    }

    /// The host without its port.
    pub(super) fn host(&self) -> &str {
        split(&self.authority).map_or("", |(host, _)| host)
    }
}

/// Path and query behind an authority.
fn after_authority(rest: &str) -> &str {
    rest.find(['/', '?']).map_or("", |at| &rest[at..])
}

/// Host and port; `None` when the port is none.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[end_of_host..].rfind(':') {
        None => Some((authority, None)),
        Some(at) => {
            let (host, port) = authority.split_at(end_of_host + at);
            Some((host, Some(port[1..].parse().ok()?)))
        }
    }
}

/// Opens a connection to the server of that target.
pub(super) async fn connect(target: &Target, proxy: &Shared) -> Result<TcpStream, Failure> {
    dial(&target.authority, proxy).await
}

/// Opens a connection to what is behind a proxy for bytes; why there is none has nobody to be told to.
pub(in crate::proxy) async fn open(authority: &str, proxy: &Shared) -> Option<TcpStream> {
    dial(authority, proxy).await.ok()
}

/// Opens a connection; names under `.test` are the simulator's.
async fn dial(authority: &str, proxy: &Shared) -> Result<TcpStream, Failure> {
    let addresses = addresses(authority, proxy).await?;
    let mut last = Failure::new("dns_error", format!("{authority} has no address"));
    for address in addresses {
        last = match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Waiting for more would only delay.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => Failure::new(kind(error.kind()), format!("{address}: {error}")),
            Err(_) => Failure::new("connection_timeout", format!("{address} does not answer")),
        };
    }
    Err(last)
}

async fn addresses(authority: &str, proxy: &Shared) -> Result<Vec<SocketAddr>, Failure> {
    let Some((host, port)) = split(authority) else {
        return Err(Failure::new(
            "dns_error",
            format!("{authority} is no host and port"),
        ));
    };
    let port = port.unwrap_or(80);
    let last = host.rsplit('.').next().unwrap_or_default();
    if ["localhost", "test"]
        .iter()
        .any(|own| last.eq_ignore_ascii_case(own))
    {
        return Ok(vec![SocketAddr::new(proxy.ip, port)]);
    }
    match timeout(PATIENCE, lookup_host((host.trim_matches(['[', ']']), port))).await {
        Ok(Ok(found)) => Ok(found.take(8).collect()),
        Ok(Err(error)) => Err(Failure::new("dns_error", format!("{host}: {error}"))),
        Err(_) => Err(Failure::new(
            "dns_timeout",
            format!("{host}: no answer in time"),
        )),
    }
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "connection_refused",
        ErrorKind::TimedOut => "connection_timeout",
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "destination_ip_unroutable",
        _ => "connection_terminated",
    }
}

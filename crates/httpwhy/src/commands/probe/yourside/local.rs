//! What this machine can find out about itself, without asking anybody but the name servers that are asked anyway.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use httpwhy_diagnose::diagnose;
use httpwhy_model::{Visit, redact_uri};
use httpwhy_probe::{Config, Finished, Gate, Job, Next, Resolver};

/// How long a name server may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// A clock that is so many seconds wrong makes certificates fail now and then.
const WRONG_CLOCK: i64 = 120;
/// A question for the name servers of the root zone, with recursion: every resolver knows them (RFC 1035 section 4.1).
const QUESTION: &[u8] = b"\x68\x77\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";
/// Addresses for documentation (RFC 5737, RFC 3849): a route to them is the default route. Nothing is sent there.
const ANYWHERE: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];
/// Variables that name a proxy.
const PROXY_VARIABLES: &[&str] = &["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// What was looked at, and what was found.
pub(super) fn check(
    config: &Config,
    check_url: Option<&str>,
    skew: Option<i64>,
) -> Vec<(&'static str, String)> {
    let mut found = vec![("route", route())];
    let servers = name_servers(config);
    if servers.is_empty() {
        let none = "no name server is known: /etc/resolv.conf names none".to_owned();
        found.push(("resolver", none));
    }
    let asked = servers.iter().take(3);
    found.extend(asked.map(|&server| ("resolver", resolver(server))));
    found.push(("proxy", proxy()));
    found.push(("clock", clock(skew)));
    if let Some(url) = check_url {
        found.push(("check", checked(config, url)));
    }
    found
}

fn route() -> String {
    let [four, six] = ANYWHERE.map(has_route);
    match (four, six) {
        (true, true) => "there is a default route, for IPv4 and IPv6".to_owned(),
        (true, false) => "there is a default route for IPv4, none for IPv6".to_owned(),
        (false, true) => "there is a default route for IPv6, none for IPv4".to_owned(),
        (false, false) => {
            "there is no default route: is the cable, the Wi-Fi, the VPN up? ip route".to_owned()
        }
    }
}

/// Whether the system would know where to send a packet; none is sent.
fn has_route(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((any, 0)).is_ok_and(|socket| socket.connect((address, 9)).is_ok())
}

fn name_servers(config: &Config) -> Vec<SocketAddr> {
    match &config.resolver {
        Resolver::Servers(servers) => servers.clone(),
        Resolver::System => {
            let conf = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
            let named = conf.lines().filter_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("nameserver")).then(|| words.next()?.parse().ok())?
            });
            named
                .map(|address: IpAddr| SocketAddr::new(address, 53))
                .collect()
        }
    }
}

fn resolver(server: SocketAddr) -> String {
    let began = Instant::now();
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let answer = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.send(QUESTION)?;
        let mut buffer = [0; 512];
        let read = socket.recv(&mut buffer)?;
        Ok(buffer[..read].get(3).map(|flags| flags & 0x0f))
    });
    match answer {
        Ok(Some(0)) => format!("{server} answers, in {} ms", began.elapsed().as_millis()),
        Ok(Some(code)) => format!("{server} answers with the error {code}"),
        Ok(None) => format!("{server} answers, but not as a name server does"),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) =>
        {
            format!("{server} does not answer within {} s", PATIENCE.as_secs())
        }
        Err(error) => format!("{server} cannot be asked: {error}"),
    }
}

fn proxy() -> String {
    let set = PROXY_VARIABLES.iter().flat_map(|name| {
        let upper = name.to_uppercase();
        let names = [(*name).to_owned(), upper];
        names.into_iter().filter_map(|name| {
            let value = std::env::var(&name)
                .ok()
                .filter(|value| !value.is_empty())?;
            Some(format!("{name}={}", redact_uri(&value)))
        })
    });
    let set: Vec<String> = set.collect();
    if set.is_empty() {
        "no variable names one".to_owned()
    } else {
        set.join(" ")
    }
}

fn clock(skew: Option<i64>) -> String {
    let now: jiff::Timestamp = SystemTime::now().try_into().unwrap_or_default();
    let now = now.strftime("%Y-%m-%d %H:%M:%S UTC");
    match skew {
        None => format!("{now}; no answer told another time"),
        Some(skew) if skew.abs() < WRONG_CLOCK => {
            format!("{now}; the last answer agrees, to {} s", skew.abs())
        }
        Some(skew) => {
            let how = if skew > 0 { "ahead of" } else { "behind" };
            format!(
                "{now}, {} s {how} the last answer's Date: timedatectl",
                skew.abs()
            )
        }
    }
}

/// The outcome of the one URL that may be asked for.
fn checked(config: &Config, url: &str) -> String {
    let config = Config {
        threads: 1,
        concurrency: 1,
        gate: Gate::default(),
        pace: None,
        ..config.clone()
    };
    let seen: Arc<Mutex<Option<Visit>>> = Arc::default();
    let kept = Arc::clone(&seen);
    let each = move |finished: Finished| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(finished.visit);
    };
    let jobs = [Job::get(0, url)];
    let never = AtomicBool::new(false);
    let ran = httpwhy_probe::run(
        &Arc::new(config),
        jobs,
        |_: &Visit| Next::Done,
        each,
        &never,
    );
    let visit = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (ran, visit) {
        (Ok(_), Some(visit)) => format!("{}: {}", redact_uri(url), diagnose(&visit).outcome),
        _ => format!("{}: could not be asked for", redact_uri(url)),
    }
}

//! Which name servers, and the search list: resolv.conf(5).

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{hosts, server};

/// How many name servers are asked, and how many search domains used.
const SERVERS: usize = 3;
const DOMAINS: usize = 6;

/// Which name servers, and the search list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conf {
    pub(super) servers: Vec<SocketAddr>,
    search: Vec<String>,
    /// A name with at least so many dots is complete.
    ndots: usize,
}

impl Conf {
    /// These servers, no search list.
    pub(super) const fn of(servers: Vec<SocketAddr>) -> Self {
        Self {
            servers,
            search: Vec::new(),
            ndots: 1,
        }
    }

    /// What `/etc/resolv.conf` says; the defaults of resolv.conf(5) when it cannot be read.
    pub(super) fn system() -> Self {
        Self::parse(&hosts::read_bounded("/etc/resolv.conf".as_ref()))
    }

    fn parse(text: &str) -> Self {
        let mut conf = Self::of(Vec::new());
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("nameserver") => conf.servers.extend(words.next().and_then(address)),
                Some("domain") => conf.search = words.take(1).map(str::to_owned).collect(),
                Some("search") => conf.search = words.take(DOMAINS).map(str::to_owned).collect(),
                Some("options") => {
                    let ndots = words
                        .filter_map(|word| word.strip_prefix("ndots:")?.parse().ok())
                        .next_back();
                    conf.ndots = ndots.unwrap_or(conf.ndots).min(15);
                }
                _ => {}
            }
        }
        conf.servers.truncate(SERVERS);
        if conf.servers.is_empty() {
            conf.servers.push(server(Ipv4Addr::LOCALHOST.into()));
        }
        conf
    }

    /// The full names to ask for, in order: those of the search list first when `name` has too few dots and `host`
    /// does not end with one. A name with enough dots is never completed, unlike in glibc: lists of hosts would double
    /// the questions.
    pub(super) fn candidates<'a>(&'a self, host: &str, name: &'a str) -> Vec<Cow<'a, str>> {
        let complete = host.ends_with('.') || name.matches('.').count() >= self.ndots;
        let search = self.search.iter().filter(|_| !complete);
        let guesses = search
            .map(|domain| domain.trim_matches('.'))
            .filter(|domain| !domain.is_empty())
            .map(|domain| Cow::Owned(format!("{name}.{domain}")));
        guesses.chain([Cow::Borrowed(name)]).collect()
    }
}

/// An address as resolv.conf writes it, possibly with a zone, which is left away.
fn address(text: &str) -> Option<SocketAddr> {
    let (text, _zone) = text.split_once('%').unwrap_or((text, ""));
    text.parse::<IpAddr>().ok().map(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read() {
        let text = "# comment\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver nonsense\n\
                    search a.example b.example.\noptions edns0 ndots:2\n";
        let conf = Conf::parse(text);
        let servers = ["10.0.0.1:53", "[fe80::1]:53"].map(|text| text.parse().unwrap());
        assert_eq!(conf.servers, servers);
        for (host, names) in [
            ("web", &["web.a.example", "web.b.example", "web"][..]),
            ("web.", &["web"]),
            ("www.x", &["www.x.a.example", "www.x.b.example", "www.x"]),
            ("www.x.example", &["www.x.example"]),
        ] {
            assert_eq!(
                conf.candidates(host, host.trim_end_matches('.')),
                names,
                "{host}"
            );
        }
    }

    #[test]
    fn nothing_said_means_this_machine() {
        let conf = Conf::parse("");
        assert_eq!(conf.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert_eq!(conf.candidates("web", "web"), ["web"]);
    }
}

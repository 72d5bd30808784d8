//! Hosts that need no proxy, by the rules of curl (lib/noproxy.c).

use std::net::IpAddr;

use url::Host;

/// A list of hosts that are asked straight. Entries are separated by commas or blanks: a name stands for itself and for
/// all below it (`example.com` also for `www.example.com`, not for `nonexample.com`), a dot in front or behind does not
/// matter, an address stands for itself, `192.168.0.0/16` for a range, and `*` alone for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProxy(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Everything,
    Name(String),
    Range(IpAddr, u8),
}

impl NoProxy {
    /// Reads a list. An entry that can stand for nothing is passed over, as curl does.
    pub fn parse(text: &str) -> Self {
        if text.trim() == "*" {
            return Self(vec![Entry::Everything]);
        }
        let entries = text.split([',', ' ', '\t']).filter_map(entry);
        Self(entries.collect())
    }

    /// Whether that host is asked straight.
    pub(crate) fn has(&self, host: &Host<String>) -> bool {
        self.0.iter().any(|entry| match (entry, host) {
            (Entry::Everything, _) => true,
            (Entry::Name(name), Host::Domain(host)) => is_below(host.trim_end_matches('.'), name),
            (&Entry::Range(net, bits), &Host::Ipv4(address)) => within(address.into(), net, bits),
            (&Entry::Range(net, bits), &Host::Ipv6(address)) => within(address.into(), net, bits),
            (Entry::Name(_), _) | (Entry::Range(..), Host::Domain(_)) => false,
        })
    }
}

fn entry(text: &str) -> Option<Entry> {
    let (net, bits) = match text.split_once('/') {
        Some((net, bits)) => (net, Some(bits)),
        None => (text, None),
    };
    let net = net
        .strip_prefix('[')
        .map_or(net, |net| net.trim_end_matches(']'));
    if let Ok(net) = net.parse::<IpAddr>() {
        let most = if net.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).ok()?;
        return (bits <= most).then_some(Entry::Range(net, bits));
    }
    let name = text.trim_end_matches('.');
    let name = name.strip_prefix('.').unwrap_or(name);
    (!name.is_empty()).then(|| Entry::Name(name.to_ascii_lowercase()))
}

/// Whether the host, in lower case as a URL's is, is that name or below it.
fn is_below(host: &str, name: &str) -> bool {
    let Some(front) = host.strip_suffix(name) else {
        return false;
    };
    front.is_empty() || front.ends_with('.')
}

fn within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    let shift = u32::from(bits);
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let mask = u32::MAX.checked_shl(32 - shift).unwrap_or(0);
            (address.to_bits() ^ net.to_bits()) & mask == 0
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let mask = u128::MAX.checked_shl(128 - shift).unwrap_or(0);
            (address.to_bits() ^ net.to_bits()) & mask == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of curl's own unit test (tests/unit/unit1614.c), as far as they apply to hosts of URLs, and more.
    #[test]
    fn hosts_match_as_in_curl() {
        for (list, host, matches) in [
            ("*", "anything.example", true),
            ("example.com", "example.com", true),
            ("example.com", "www.example.com", true),
            ("example.com", "nonexample.com", false),
            (".example.com", "example.com", true),
            (".example.com", "www.example.com", true),
            (".example.com", "nonexample.com", false),
            ("example.com.", "example.com", true),
            ("example.com", "example.com.", true),
            ("EXAMPLE.com", "www.example.com", true),
            ("a.example,b.example", "b.example", true),
            ("a.example b.example", "b.example", true),
            ("a.example,\t ,b.example", "x.b.example", true),
            ("*.example.com", "www.example.com", false),
            ("a.example,*", "c.example", false),
            ("localhost,127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("192.168.0.0/16", "192.168.255.1", true),
            ("192.168.0.0/16", "192.169.0.1", false),
            ("192.160.0.1/24", "192.160.0.5", true),
            ("10.0.0.0/8", "10.1.2.3.example", false),
            ("192.168.1.1/33", "192.168.1.1", false),
            ("192.168.1.1/x", "192.168.1.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("::1", "[::1]", true),
            ("[::1]", "[::1]", true),
            ("fe80::/10", "[fe80::1]", true),
            ("fe80::/10", "[fd80::1]", false),
            ("2001:db8::/129", "[2001:db8::1]", false),
            ("", "example.com", false),
            (".", "example.com", false),
        ] {
            let parsed = Host::parse(host).expect(host);
            let found = NoProxy::parse(list).has(&parsed);
            assert_eq!(found, matches, "{host} in '{list}'");
        }
    }
}

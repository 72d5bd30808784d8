//! Which hosts belong together.

use std::net::IpAddr;

/// Second-level labels under which a country's registry gives out names, `co` in `shop.co.uk`, beside all of two letters
/// and fewer.
const SECOND_LEVEL: &[&str] = &["com", "net", "org", "edu", "gov", "mil", "gob", "gouv"];

/// The domain that somebody registered, as far as its shape tells: the last two labels, or three below a country's
/// second-level domain. The public suffix list would know more; where this differs, hosts of several owners count as
/// one (`a.github.io` and `b.github.io`), never the hosts of one as several.
pub fn registrable(host: &str) -> &str {
    let host = host.trim_end_matches('.');
    if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
        return host;
    }
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else {
        return host;
    };
    let (top, below) = (&host[last + 1..], &host[second + 1..last]);
    let country = top.len() == 2;
    if country && (below.len() <= 2 || SECOND_LEVEL.contains(&below)) {
        return dots.next().map_or(host, |third| &host[third + 1..]);
    }
    &host[second + 1..]
}

#[cfg(test)]
mod tests {
    use super::registrable;

    #[test]
    fn hosts_of_one_owner_are_one() {
        for (host, domain) in [
            ("example.com", "example.com"),
            ("www.example.com", "example.com"),
            ("a.b.c.example.com.", "example.com"),
            ("www.shop.co.uk", "shop.co.uk"),
            ("shop.co.uk", "shop.co.uk"),
            ("www.shop.com.au", "shop.com.au"),
            ("www.example.de", "example.de"),
            ("localhost", "localhost"),
            ("10.1.2.3", "10.1.2.3"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(registrable(host), domain, "{host}");
        }
    }
}

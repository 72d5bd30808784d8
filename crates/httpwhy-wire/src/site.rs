//! Who owns a name, by the public suffix list (publicsuffix.org), which is compiled in: nothing is fetched.

use std::net::IpAddr;

/// The domain that somebody registered: `example.co.uk` of `shop.example.co.uk`. `None` for an address, a name of one
/// word, a public suffix itself, and what is no name: what other programs call an error there (`engine/extract-domain`)
/// is no failure here.
pub fn site(host: &str) -> Option<&str> {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let label = |label: &str| !label.is_empty() && label.len() <= 63;
    let good = name.contains('.') && name.len() <= 253 && name.split('.').all(label);
    good.then(|| psl::domain_str(name)).flatten()
}

#[cfg(test)]
mod tests {
    use super::site;

    #[test]
    fn owners_of_names() {
        for (host, owner) in [
            ("shop.example.co.uk", Some("example.co.uk")),
            ("a.github.io", Some("a.github.io")),
            ("www.example.com.", Some("example.com")),
            ("example.com", Some("example.com")),
            ("co.uk", None),
            ("github.io", None),
            ("localhost", None),
            ("192.0.2.1", None),
            ("[::1]", None),
            ("a..b", None),
            (".", None),
            ("", None),
        ] {
            assert_eq!(site(host), owner, "{host}");
        }
    }
}

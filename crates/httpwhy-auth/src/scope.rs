//! Where credentials may go.

use url::{Host, Url};

use crate::pattern::PathPattern;

/// Patterns of URLs: one that begins with `!` takes away.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    within: Vec<Place>,
    without: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    tls: bool,
    /// In lower case.
    host: String,
    /// Also names below it.
    below: bool,
    port: u16,
    path: PathPattern,
}

impl Scope {
    /// # Errors
    /// The number of the pattern that is none, and why.
    pub(crate) fn read(patterns: &[String]) -> Result<Self, (usize, String)> {
        let mut scope = Self {
            within: Vec::new(),
            without: Vec::new(),
        };
        for (index, pattern) in patterns.iter().enumerate() {
            let (list, text) = match pattern.strip_prefix('!') {
                Some(text) => (&mut scope.without, text),
                None => (&mut scope.within, pattern.as_str()),
            };
            list.push(Place::read(text).map_err(|what| (index, what))?);
        }
        if scope.within.is_empty() {
            return Err((
                0,
                "no pattern says where credentials may go: scope: [\"https://shop.example/**\"]"
                    .to_owned(),
            ));
        }
        Ok(scope)
    }

    /// Whether credentials may go to that URL.
    pub(crate) fn holds(&self, url: &str) -> bool {
        let Ok(url) = Url::parse(url) else {
            return false;
        };
        let fits = |places: &[Place]| places.iter().any(|place| place.fits(&url));
        fits(&self.within) && !fits(&self.without)
    }

    /// Whether credentials may go to some address at that host.
    pub(crate) fn is_host(&self, name: &str) -> bool {
        let url = Url::parse(&format!("http://{name}/")).ok();
        let Some(name) = url.as_ref().and_then(host) else {
            return false;
        };
        self.within.iter().any(|place| place.is_at(&name))
    }

    /// The origin that the first pattern names, where it names one.
    pub(crate) fn origin(&self) -> Option<Url> {
        let place = self.within.first().filter(|place| !place.below)?;
        let scheme = if place.tls { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{}:{}/", place.host, place.port)).ok()
    }
}

impl Place {
    fn read(text: &str) -> Result<Self, String> {
        let wrong = || "a URL pattern such as https://shop.example/** is expected".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let tls = match scheme {
            "https" => true,
            "http" => false,
            _ => return Err("the scheme is http or https".to_owned()),
        };
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let (below, authority) = match authority.strip_prefix("*.") {
            Some(authority) => (true, authority),
            None => (false, authority),
        };
        if authority.contains(['*', '@']) {
            return Err(
                "a star in the host stands at its beginning alone: https://*.shop.example/**"
                    .to_owned(),
            );
        }
        let url = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| wrong())?;
        Ok(Self {
            tls,
            host: host(&url).ok_or_else(wrong)?,
            below,
            port: url.port_or_known_default().ok_or_else(wrong)?,
            path: PathPattern::read(if path.is_empty() { "/**" } else { path })?,
        })
    }

    fn fits(&self, url: &Url) -> bool {
        let tls = match url.scheme() {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return false,
        };
        let Some(host) = host(url) else { return false };
        tls == self.tls
            && self.is_at(&host)
            && url.port_or_known_default() == Some(self.port)
            && self.path.fits(url.path())
    }

    fn is_at(&self, host: &str) -> bool {
        let below = || host.strip_suffix(&self.host);
        host == self.host || self.below && below().is_some_and(|rest| rest.ends_with('.'))
    }
}

fn host(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Ipv6(address) => format!("[{address}]"),
        other => other.to_string().to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(patterns: &[&str]) -> Scope {
        let patterns: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
        Scope::read(&patterns).expect("good")
    }

    #[test]
    fn credentials_stay_inside() {
        let scope = scope(&[
            "https://shop.example/**",
            "http://127.0.0.1:8080",
            "https://*.api.example/v1/**",
            "!https://shop.example/logout*",
        ]);
        for (url, within) in [
            ("https://shop.example/", true),
            ("https://SHOP.example:443/a/b?c#d", true),
            ("http://shop.example/", false),
            ("https://shop.example:8443/", false),
            ("https://www.shop.example/", false),
            ("https://shop.example.evil.example/", false),
            ("https://shop.example@evil.example/", false),
            ("https://shop.example/logout", false),
            ("http://127.0.0.1:8080/x", true),
            ("http://127.0.0.1:8081/x", false),
            ("https://eu.api.example/v1/x", true),
            ("https://eu.api.example/v2/x", false),
            ("https://evilapi.example/v1/x", false),
            ("wss://shop.example/s", true),
            ("nonsense", false),
        ] {
            assert_eq!(scope.holds(url), within, "{url}");
        }
        for (host, within) in [
            ("SHOP.example", true),
            ("eu.api.example", true),
            ("evilapi.example", false),
            ("idp.example", false),
            ("", false),
        ] {
            assert_eq!(scope.is_host(host), within, "{host}");
        }
        let origin = scope.origin().expect("one");
        assert_eq!(origin.as_str(), "https://shop.example/");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in [
            "shop.example",
            "ftp://x/",
            "https://a*b.example/",
            "https://",
            "!https://x/**",
        ] {
            assert!(Scope::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}

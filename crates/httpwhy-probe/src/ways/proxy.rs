//! A proxy: where it stands and what it speaks.

use std::borrow::Cow;
use std::fmt;

use url::{Host, Url};

use crate::target::percent_decoded;

/// A proxy: where it stands and what it speaks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proxy {
    scheme: ProxyScheme,
    host: Host<String>,
    port: u16,
    user: Option<Secret>,
    set_by: Cow<'static, str>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyScheme {
    /// HTTP in clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS version 5 (RFC 1928); names are resolved here.
    Socks5,
    /// SOCKS version 5; names are left to the proxy.
    Socks5h,
}

impl ProxyScheme {
    /// As in a URI.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// Whether it is SOCKS.
    pub const fn is_socks(self) -> bool {
        matches!(self, Self::Socks5 | Self::Socks5h)
    }

    /// The port when none is given, as curl has it (curl_easy_setopt CURLOPT_PROXY).
    const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http | Self::Socks5 | Self::Socks5h => 1080,
        }
    }
}

/// User name and password, `user:password`. Never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// User name and password.
    pub(crate) fn parts(&self) -> (&str, &str) {
        self.0.split_once(':').unwrap_or((&self.0, ""))
    }

    /// `user:password`
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Proxy {
    /// Reads `[scheme://][user:password@]host[:port]`, as curl takes it: `http` and port 1080 are meant when nothing is
    /// said. `set_by` is what said so.
    ///
    /// # Errors
    /// What is wrong with it, without the credentials in it.
    pub fn parse(text: &str, set_by: impl Into<Cow<'static, str>>) -> Result<Self, String> {
        let (name, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = match name.to_ascii_lowercase().as_str() {
            "http" => ProxyScheme::Http,
            "https" => ProxyScheme::Https,
            "socks5" => ProxyScheme::Socks5,
            "socks5h" => ProxyScheme::Socks5h,
            other => {
                return Err(format!(
                    "a proxy of scheme '{other}' cannot be spoken to; http, https, socks5 and socks5h can"
                ));
            }
        };
        // A scheme of its own, so that no port counts as the default one and is dropped.
        let url = Url::parse(&format!("proxy://{rest}"))
            .map_err(|error| format!("the proxy's address is wrong: {error}"))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("the proxy has no host: [scheme://][user:password@]host[:port] is expected")?;
        let host =
            Host::parse(host).map_err(|error| format!("the proxy's host is wrong: {error}"))?;
        let user = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let text = format!("{}:{}", url.username(), url.password().unwrap_or_default());
            Secret(String::from_utf8_lossy(&percent_decoded(text.as_bytes())).into_owned())
        });
        Ok(Self {
            scheme,
            host,
            port: url.port().unwrap_or(scheme.default_port()),
            user,
            set_by: set_by.into(),
        })
    }

    /// With these credentials instead of those in its address.
    #[must_use]
    pub fn with_user(mut self, user: Secret) -> Self {
        self.user = Some(user);
        self
    }

    /// What it speaks.
    pub const fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// What said that it is to be used.
    pub fn set_by(&self) -> &str {
        &self.set_by
    }

    pub(crate) const fn host(&self) -> &Host<String> {
        &self.host
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) const fn user(&self) -> Option<&Secret> {
        self.user.as_ref()
    }
}

/// `http://proxy.example:3128`, never with credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme.as_str(), self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_curl_reads_them() {
        for (text, shown, user) in [
            ("proxy.example", "http://proxy.example:1080", None),
            ("proxy.example:3128", "http://proxy.example:3128", None),
            ("http://proxy.example:80/", "http://proxy.example:80", None),
            ("HTTPS://proxy.example", "https://proxy.example:443", None),
            ("socks5h://[::1]:9050", "socks5h://[::1]:9050", None),
            ("socks5://10.0.0.1", "socks5://10.0.0.1:1080", None),
            (
                "http://me:p%40ss@proxy.example:1",
                "http://proxy.example:1",
                Some("me:p@ss"),
            ),
            ("http://me@p.example", "http://p.example:1080", Some("me:")),
        ] {
            let proxy = Proxy::parse(text, "--proxy").expect(text);
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(proxy.user().map(Secret::as_str), user, "{text}");
            assert!(!format!("{proxy:?}").contains("p@ss"), "{proxy:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_says_why() {
        for (text, why) in [
            ("", "has no host"),
            ("socks4://p.example", "'socks4' cannot be spoken to"),
            ("p.example:99999", "wrong"),
            ("http://a b:1", "wrong"),
        ] {
            let error = Proxy::parse(text, "--proxy").expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}

//! Target URIs.

use httpwhy_model::{PlainUri, Signal};
use url::{Host, ParseError, Position, Url};

/// Where a request goes.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) origin: Origin,
    /// The value of the Host field (RFC 9112 section 3.2).
    pub(crate) authority: String,
    /// The request target in origin form (RFC 9112 section 3.2.1).
    pub(crate) path: String,
    /// The scheme asks for a WebSocket.
    pub(crate) websocket: bool,
    /// User name and password, decoded, when the URI has any.
    pub(crate) user: Option<(String, String)>,
}

/// What a connection is good for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) tls: bool,
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
}

impl Target {
    /// Reads a target URI. The signal says why it cannot be asked for.
    pub(crate) fn parse(text: &str) -> Result<Self, Signal> {
        if let Some(plain) = PlainUri::of(text) {
            return Ok(Self::of(&plain));
        }
        let url = Url::parse(text).map_err(|error| match error {
            ParseError::EmptyHost => Signal::word("input", "empty-host"),
            _ => Signal::word("input", "invalid-url"),
        })?;
        let (tls, websocket) = match url.scheme() {
            "http" => (false, false),
            "https" => (true, false),
            "ws" => (false, true),
            "wss" => (true, true),
            _ => return Err(Signal::word("input", "unsupported-scheme")),
        };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Signal::word("input", "invalid-url"));
        };
        Ok(Self {
            origin: Origin {
                tls,
                host: host.to_owned(),
                port,
            },
            authority: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            path: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            websocket,
            user: user(&url),
        })
    }

    fn of(plain: &PlainUri<'_>) -> Self {
        let host = match plain.address {
            Some(address) => Host::Ipv4(address),
            None => Host::Domain(plain.host.to_owned()),
        };
        Self {
            origin: Origin {
                tls: plain.tls,
                host,
                port: plain.port(),
            },
            authority: plain.authority.to_owned(),
            path: plain.path.to_owned(),
            websocket: false,
            user: None,
        }
    }
}

fn user(url: &Url) -> Option<(String, String)> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| {
        let bytes = percent_decoded(text.as_bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let password = url.password().unwrap_or_default();
    Some((decoded(url.username()), decoded(password)))
}

pub(crate) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| (byte as char).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let digits = (digit(text.get(at + 1)), digit(text.get(at + 2)));
        if let (b'%', (Some(high), Some(low))) = (byte, digits) {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    out
}

/// The absolute target of a redirect: `location` resolved against `base` (RFC 9110 section 10.2.2), whose fragment it
/// inherits when it has none of its own. `None` when it is no URI reference, or `base` no absolute URI.
pub fn next_target(base: &str, location: &str) -> Option<String> {
    let base = Url::parse(base).ok()?;
    let mut next = base.join(location).ok()?;
    if next.fragment().is_none() {
        next.set_fragment(base.fragment());
    }
    Some(next.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_split_as_they_are_sent() {
        for (text, tls, authority, path, port) in [
            ("http://a.example", false, "a.example", "/", 80),
            (
                "https://A.example:8443/x?y#z",
                true,
                "a.example:8443",
                "/x?y",
                8443,
            ),
            ("http://a.example:80/", false, "a.example", "/", 80),
            ("wss://[::1]/s", true, "[::1]", "/s", 443),
            ("ws://u:p@127.0.0.1:9/", false, "127.0.0.1:9", "/", 9),
        ] {
            let target = Target::parse(text).expect(text);
            assert_eq!(
                (target.origin.tls, target.origin.port),
                (tls, port),
                "{text}"
            );
            assert_eq!(
                (&*target.authority, &*target.path),
                (authority, path),
                "{text}"
            );
            assert_eq!(target.websocket, text.starts_with("ws"), "{text}");
        }
        let user = Target::parse("http://me:p%40ss@a.example/")
            .expect("good")
            .user;
        assert_eq!(user, Some(("me".to_owned(), "p@ss".to_owned())));
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, signal) in [
            ("", "input:invalid-url"),
            ("hello", "input:invalid-url"),
            ("http://", "input:empty-host"),
            ("http://a b/", "input:invalid-url"),
            ("http://a:99999/", "input:invalid-url"),
            ("ftp://a.example/", "input:unsupported-scheme"),
            ("mailto:me@a.example", "input:unsupported-scheme"),
        ] {
            let found = Target::parse(text).expect_err(text).to_string();
            assert_eq!(found, signal, "{text}");
        }
    }

    #[test]
    fn redirects_resolve() {
        for (base, location, next) in [
            ("http://a/b/c?d", "e", Some("http://a/b/e")),
            ("http://a/b#f", "/x", Some("http://a/x#f")),
            ("http://a/b#f", "/x#g", Some("http://a/x#g")),
            ("http://a/", "//b/y", Some("http://b/y")),
            ("https://a/", "http://b/", Some("http://b/")),
            ("http://a/", "http://", None),
            ("nonsense", "/", None),
        ] {
            assert_eq!(
                next_target(base, location).as_deref(),
                next,
                "{base} {location}"
            );
        }
    }
}

//! Entry points: many addresses as the few places of a program that answer them.

use std::borrow::Cow;
use std::fmt;

use crate::{Exchange, template};

/// A place that answers: method, origin and the path's template. A run of a million exchanges has few of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryPoint<'a> {
    /// The method as sent; empty when it is not known.
    pub method: Cow<'a, str>,
    /// Scheme, host and port (RFC 6454 section 4), in lower case, without the scheme's own port:
    /// `https://shop.example`.
    pub origin: Cow<'a, str>,
    /// The path without query, with numbers, UUIDs, dates, tokens and hashes folded: `/users/{n}`. Where a description
    /// documents the operation, its template: `/users/{id}`.
    pub template: Cow<'a, str>,
}

impl<'a> EntryPoint<'a> {
    /// That of an exchange; `None` where its target is no absolute URI.
    pub fn of(exchange: &'a Exchange) -> Option<Self> {
        let documented = exchange.documented.as_deref();
        Self::new(
            &exchange.request.method,
            &exchange.target,
            documented.map(|documented| &*documented.template),
        )
    }

    /// That of a request. `documented` is the template that a description gives, with which nothing is folded.
    pub fn new(method: &'a [u8], target: &'a str, documented: Option<&'a str>) -> Option<Self> {
        let (origin, path) = split(target)?;
        let template = match documented.filter(|template| !template.is_empty()) {
            Some(template) => Cow::Borrowed(template),
            None => folded(path),
        };
        Some(Self {
            method: match std::str::from_utf8(method) {
                Ok(method) => Cow::Borrowed(method),
                Err(_) => String::from_utf8_lossy(method),
            },
            origin,
            template,
        })
    }

    /// The origin's host; of an IPv6 address with its brackets.
    pub fn host(&self) -> &str {
        let authority = scheme_and_rest(&self.origin).map_or("", |(_, rest)| rest);
        let port = authority.bytes().rposition(|b| b == b':').filter(|&at| {
            // Not one within the brackets of an address.
            authority[at..].bytes().skip(1).all(|b| b.is_ascii_digit())
        });
        &authority[..port.unwrap_or(authority.len())]
    }
}

impl fmt::Display for EntryPoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &*self.method {
            "" => "?",
            method => method,
        };
        write!(f, "{method} {}{}", self.origin, self.template)
    }
}

/// Origin and path of an absolute URI with an authority; user information is left out.
fn split(target: &str) -> Option<(Cow<'_, str>, &str)> {
    let (scheme, rest) = scheme_and_rest(target)?;
    let is_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return None;
    }
    let end = rest.bytes().position(|b| matches!(b, b'/' | b'?' | b'#'));
    let (authority, path) = rest.split_at(end.unwrap_or(rest.len()));
    let user = authority.bytes().rposition(|b| b == b'@');
    let host = &authority[user.map_or(0, |at| at + 1)..];
    if host.is_empty() {
        return None;
    }
    let before = target.len() - path.len();
    let mut origin = match host == authority {
        true => Cow::Borrowed(&target[..before]),
        false => Cow::Owned(format!("{scheme}://{host}")),
    };
    if origin.bytes().any(|byte| byte.is_ascii_uppercase()) {
        origin.to_mut().make_ascii_lowercase();
    }
    let own = match &origin[..scheme.len()] {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        _ => "",
    };
    if !own.is_empty() && origin.ends_with(own) {
        let length = origin.len() - own.len();
        origin = match origin {
            Cow::Borrowed(origin) => Cow::Borrowed(&origin[..length]),
            Cow::Owned(mut origin) => {
                origin.truncate(length);
                Cow::Owned(origin)
            }
        };
    }
    let end = path.bytes().position(|b| matches!(b, b'?' | b'#'));
    Some((origin, &path[..end.unwrap_or(path.len())]))
}

/// What stands before and behind `://`.
fn scheme_and_rest(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_at(uri.bytes().position(|b| b == b':')?);
    Some((scheme, rest.strip_prefix("://")?))
}

fn folded(path: &str) -> Cow<'_, str> {
    if path.is_empty() {
        return Cow::Borrowed("/");
    }
    let mut out = Vec::with_capacity(path.len());
    template::fold(path.as_bytes(), &mut out);
    match String::from_utf8(out) {
        Ok(text) => Cow::Owned(text),
        // Cut within a character.
        Err(cut) => Cow::Owned(String::from_utf8_lossy(cut.as_bytes()).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_place_are_one() {
        for (target, wanted, host) in [
            (
                "http://A.example:80/users/17?x=1#y",
                "GET http://a.example/users/{n}",
                "a.example",
            ),
            (
                "https://me:pw@shop.example:443",
                "GET https://shop.example/",
                "shop.example",
            ),
            (
                "https://shop.example:8443?q",
                "GET https://shop.example:8443/",
                "shop.example",
            ),
            (
                "wss://[::1]:9/s/6f1c2f4e-0a51-4e0f-9a54-3d1a0c6f9f11",
                "GET wss://[::1]:9/s/{uuid}",
                "[::1]",
            ),
            ("http://[::1]/", "GET http://[::1]/", "[::1]"),
            (
                "http://a.example:8080/",
                "GET http://a.example:8080/",
                "a.example",
            ),
        ] {
            let entry = EntryPoint::new(b"GET", target, None).expect(target);
            assert_eq!(entry.to_string(), wanted);
            assert_eq!(entry.host(), host, "{target}");
        }
        for none in ["", "hello", "http://", "http:///x", "://a", "a b://c"] {
            assert_eq!(EntryPoint::new(b"GET", none, None), None, "{none}");
        }
    }

    #[test]
    fn a_documented_template_stays() {
        let entry = EntryPoint::new(
            b"GET",
            "http://a.example/v1/users/17",
            Some("/v1/users/{id}"),
        );
        assert_eq!(entry.expect("a URI").template, "/v1/users/{id}");
    }
}

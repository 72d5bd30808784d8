//! Challenges: how to authenticate (RFC 9110 section 11.6.1).

mod basic;
mod bearer;
mod digest;

pub use basic::Basic;
pub use bearer::{Bearer, BearerError, BearerRefused};
pub use digest::{Algorithm, Digest};

use http::header::{PROXY_AUTHENTICATE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::draft::{Draft, error};
use crate::{Invalid, syntax};

/// One challenge: a scheme and its parameters. [`Basic`], [`Bearer`] and [`Digest`] turn into one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(&'static str, String)>,
}

impl Challenge {
    /// Any other scheme, with its realm: `Negotiate`-like schemes without parameters are [`bare`](Self::bare).
    pub fn new(scheme: &str, realm: &str) -> Result<Self, Invalid> {
        Ok(Self::bare(scheme)?.with("realm", syntax::quoted("realm", realm)?))
    }

    /// A scheme that has no parameters: `Negotiate` (RFC 4559 section 4.1).
    pub fn bare(scheme: &str) -> Result<Self, Invalid> {
        let scheme = syntax::token("authentication scheme", scheme)?;
        Ok(Self::of(scheme))
    }

    /// A further parameter, its value quoted.
    pub fn parameter(self, name: &'static str, value: &str) -> Result<Self, Invalid> {
        let place = "challenge parameter";
        let name = syntax::token(place, name)?;
        if self
            .parameters
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Err(Invalid::whole(place, "a name occurs once in a challenge"));
        }
        let value = syntax::quoted(place, value)?;
        Ok(self.with(name, value))
    }

    fn of(scheme: &str) -> Self {
        Self {
            scheme: scheme.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// The value stands as it will be sent.
    fn with(mut self, name: &'static str, value: String) -> Self {
        self.parameters.push((name, value));
        self
    }

    fn value(&self) -> HeaderValue {
        let parameters = self
            .parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let parameters = syntax::list(parameters);
        let space = if parameters.is_empty() { "" } else { " " };
        syntax::value(format!("{}{space}{parameters}", self.scheme))
    }
}

error! {
    /// 401: the request has no credentials that the resource takes (RFC 9110 section 15.5.2). It says how to get in.
    ///
    /// ```
    /// use httpwhy_respond::{Basic, Bearer, Unauthorized};
    /// let refused = Unauthorized::new(Bearer::new("api")?).or(Basic::new("api")?.utf8());
    /// let response = http::Response::from(refused);
    /// let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    /// assert_eq!(challenges, ["Bearer realm=\"api\"", "Basic realm=\"api\", charset=\"UTF-8\""]);
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// Without a challenge there is none:
    ///
    /// ```compile_fail
    /// httpwhy_respond::Unauthorized::new();
    /// ```
    ///
    /// A realm from elsewhere adds no field of its own:
    ///
    /// ```
    /// let error = httpwhy_respond::Basic::new("x\"\r\nSet-Cookie: a=b").unwrap_err();
    /// assert_eq!(error.to_string(), "Basic realm: byte 2 is 0x0d: only printable ASCII can be quoted");
    /// ```
    Unauthorized
}

impl Unauthorized {
    /// With a first challenge.
    pub fn new(challenge: impl Into<Challenge>) -> Self {
        Self(
            Draft::problem(StatusCode::UNAUTHORIZED)
                .set(WWW_AUTHENTICATE, challenge.into().value()),
        )
    }

    /// Another way in, in a line of its own: more clients read it so.
    pub fn or(self, challenge: impl Into<Challenge>) -> Self {
        Self(self.0.add(WWW_AUTHENTICATE, challenge.into().value()))
    }
}

error! {
    /// 407: the proxy wants to know who asks (RFC 9110 section 15.5.8).
    ///
    /// ```
    /// use httpwhy_respond::{Basic, ProxyAuthenticationRequired};
    /// let response = http::Response::from(ProxyAuthenticationRequired::new(Basic::new("proxy")?));
    /// assert_eq!(response.headers()["proxy-authenticate"], "Basic realm=\"proxy\"");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::ProxyAuthenticationRequired::new();
    /// ```
    ProxyAuthenticationRequired
}

impl ProxyAuthenticationRequired {
    /// With a first challenge.
    pub fn new(challenge: impl Into<Challenge>) -> Self {
        Self(
            Draft::problem(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
                .set(PROXY_AUTHENTICATE, challenge.into().value()),
        )
    }

    /// Another way in, in a line of its own.
    pub fn or(self, challenge: impl Into<Challenge>) -> Self {
        Self(self.0.add(PROXY_AUTHENTICATE, challenge.into().value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_as_they_are_sent() {
        let cases: Vec<(Challenge, &str)> = vec![
            (Basic::new("").unwrap().into(), "Basic realm=\"\""),
            (
                Basic::new("a \"b\" \\").unwrap().into(),
                "Basic realm=\"a \\\"b\\\" \\\\\"",
            ),
            (
                Bearer::new("api")
                    .unwrap()
                    .scope("read write")
                    .unwrap()
                    .into(),
                "Bearer realm=\"api\", scope=\"read write\"",
            ),
            (Challenge::bare("Negotiate").unwrap(), "Negotiate"),
            (
                Challenge::new("HOBA", "r")
                    .unwrap()
                    .parameter("max-age", "180")
                    .unwrap(),
                "HOBA realm=\"r\", max-age=\"180\"",
            ),
            (
                Digest::new("r", "n0", Algorithm::Sha256).unwrap().into(),
                "Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256, nonce=\"n0\"",
            ),
            (
                Digest::new("r", "n0", Algorithm::Sha512_256)
                    .unwrap()
                    .opaque("o")
                    .unwrap()
                    .domain("/a")
                    .unwrap()
                    .auth_int()
                    .stale()
                    .userhash()
                    .utf8()
                    .into(),
                "Digest realm=\"r\", domain=\"/a\", qop=\"auth, auth-int\", algorithm=SHA-512-256, nonce=\"n0\", \
                 opaque=\"o\", stale=true, charset=UTF-8, userhash=true",
            ),
        ];
        for (challenge, expected) in cases {
            assert_eq!(challenge.value(), expected);
        }
    }

    #[test]
    fn hostile_parts_are_refused() {
        let digest = |nonce| Digest::new("r", nonce, Algorithm::Md5);
        let cases: Vec<(Option<Invalid>, &str, Option<usize>)> = vec![
            (Basic::new("a\nb").err(), "Basic realm", Some(1)),
            (Bearer::new("a\u{e9}").err(), "Bearer realm", Some(1)),
            (digest("\u{0}").err(), "Digest nonce", Some(0)),
            (digest("").err(), "Digest nonce", None),
            (
                digest("n").unwrap().opaque("\r").err(),
                "Digest opaque",
                Some(0),
            ),
            (
                digest("n").unwrap().domain("/ /").err(),
                "Digest domain",
                Some(1),
            ),
            (
                Bearer::new("a").unwrap().scope("a\"b").err(),
                "Bearer scope",
                Some(1),
            ),
            (
                Bearer::new("a").unwrap().scope(" a").err(),
                "Bearer scope",
                None,
            ),
            (
                Bearer::new("a").unwrap().scope("").err(),
                "Bearer scope",
                None,
            ),
            (
                Challenge::bare("a b").err(),
                "authentication scheme",
                Some(1),
            ),
            (
                Challenge::new("a", "r")
                    .unwrap()
                    .parameter("Realm", "")
                    .err(),
                "challenge parameter",
                None,
            ),
        ];
        for (error, place, at) in cases {
            let error = error.unwrap_or_else(|| panic!("{place}: taken"));
            assert_eq!((error.place(), error.at()), (place, at));
        }
    }
}

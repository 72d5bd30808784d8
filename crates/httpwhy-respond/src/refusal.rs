//! Refusals that say what would be taken: 405, 406, 413, 415, 416, 426.

use std::fmt::Display;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_RANGE, HeaderName, RETRY_AFTER, UPGRADE,
};
use http::{HeaderValue, Method, StatusCode};
use serde_json::Value;

use crate::draft::{Draft, error};
use crate::{Coding, Invalid, MediaType, Problem, RetryAfter, syntax};

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

error! {
    /// 405: not this method here (RFC 9110 section 15.5.6). Allow lists those that are, and may be empty.
    ///
    /// ```
    /// use http::Method;
    /// use httpwhy_respond::MethodNotAllowed;
    /// let response = http::Response::from(MethodNotAllowed::allow([Method::GET, Method::HEAD]));
    /// assert_eq!(response.headers()["allow"], "GET, HEAD");
    /// let response = http::Response::from(MethodNotAllowed::allow([]));
    /// assert_eq!(response.headers()["allow"], "");
    /// ```
    ///
    /// ```compile_fail
    /// http::Response::from(httpwhy_respond::MethodNotAllowed); // which are?
    /// ```
    MethodNotAllowed
}

impl MethodNotAllowed {
    /// With the methods that the resource takes.
    pub fn allow(methods: impl IntoIterator<Item = Method>) -> Self {
        let mut named: Vec<Method> = Vec::new();
        for method in methods {
            if !named.contains(&method) {
                named.push(method);
            }
        }
        Self(Draft::problem(StatusCode::METHOD_NOT_ALLOWED).set(ALLOW, list_of(&named)))
    }
}

/// The members are tokens already.
fn list_of<T: AsRef<str>>(members: &[T]) -> HeaderValue {
    syntax::value(syntax::list(members.iter().map(AsRef::as_ref)))
}

error! {
    /// 406: no representation that the request would take (RFC 9110 section 15.5.7). The problem lists those that
    /// there are, in its member `available`.
    ///
    /// ```
    /// use httpwhy_respond::{MediaType, NotAcceptable};
    /// let refused = NotAcceptable::available(MediaType::new("application/json")?, [MediaType::new("text/csv")?]);
    /// let response = http::Response::from(refused);
    /// assert!(String::from_utf8_lossy(response.body()).contains(r#""available":["application/json","text/csv"]"#));
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::NotAcceptable::available(); // what is there?
    /// ```
    NotAcceptable
}

impl NotAcceptable {
    /// With the types that there are, one at least.
    pub fn available(first: MediaType, others: impl IntoIterator<Item = MediaType>) -> Self {
        let types: Vec<Value> = std::iter::once(first)
            .chain(others)
            .map(|media| media.as_str().into())
            .collect();
        let problem = Problem::new()
            .with("available", types)
            .expect("a well-formed name, the first member");
        Self(Draft::problem(StatusCode::NOT_ACCEPTABLE).map_problem(|_| problem))
    }
}

error! {
    /// 413: more content than is taken (RFC 9110 section 15.5.14).
    ///
    /// ```
    /// use httpwhy_respond::{ContentTooLarge, RetryAfter};
    /// let refused = ContentTooLarge::new().retry_after(RetryAfter::seconds(60)).detail("The disk is full just now.");
    /// let response = http::Response::from(refused);
    /// assert_eq!(response.headers()["retry-after"], "60");
    /// ```
    ContentTooLarge
}

impl ContentTooLarge {
    /// For good: less content, or none.
    pub fn new() -> Self {
        Self(Draft::problem(StatusCode::PAYLOAD_TOO_LARGE))
    }

    /// For now: later it may be taken.
    pub fn retry_after(self, retry: RetryAfter) -> Self {
        Self(self.0.set(RETRY_AFTER, retry.value()))
    }
}

impl Default for ContentTooLarge {
    fn default() -> Self {
        Self::new()
    }
}

error! {
    /// 415: content of a type or coding that is not taken (RFC 9110 section 15.5.16). It says which are.
    ///
    /// ```
    /// use httpwhy_respond::{Coding, MediaType, UnsupportedMediaType};
    /// let json = MediaType::new("application/json")?;
    /// let response = http::Response::from(UnsupportedMediaType::accept(json, []));
    /// assert_eq!(response.headers()["accept"], "application/json");
    /// let response = http::Response::from(UnsupportedMediaType::accept_encoding(Coding::gzip(), [Coding::identity()]));
    /// assert_eq!(response.headers()["accept-encoding"], "gzip, identity");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::UnsupportedMediaType::new(); // which are?
    /// ```
    UnsupportedMediaType
}

impl UnsupportedMediaType {
    /// The type was wrong: with those that are taken, one at least.
    pub fn accept(first: MediaType, others: impl IntoIterator<Item = MediaType>) -> Self {
        Self::naming(ACCEPT, first, others)
    }

    /// The coding was wrong: with those that are taken, one at least; [`Coding::identity`] when none is.
    pub fn accept_encoding(first: Coding, others: impl IntoIterator<Item = Coding>) -> Self {
        Self::naming(ACCEPT_ENCODING, first, others)
    }

    /// The type of a PATCH was wrong (RFC 5789 section 2.2): with those that are taken, one at least.
    pub fn accept_patch(first: MediaType, others: impl IntoIterator<Item = MediaType>) -> Self {
        Self::naming(ACCEPT_PATCH, first, others)
    }

    fn naming<T: AsRef<str>>(
        field: HeaderName,
        first: T,
        others: impl IntoIterator<Item = T>,
    ) -> Self {
        let taken: Vec<T> = std::iter::once(first).chain(others).collect();
        Self(Draft::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE).set(field, list_of(&taken)))
    }
}

error! {
    /// 416: no byte of the content is in the range that was asked for (RFC 9110 section 15.5.17).
    ///
    /// ```
    /// let response = http::Response::from(httpwhy_respond::RangeNotSatisfiable::of(1270));
    /// assert_eq!(response.headers()["content-range"], "bytes */1270");
    /// ```
    ///
    /// ```compile_fail
    /// http::Response::from(httpwhy_respond::RangeNotSatisfiable); // of how many bytes?
    /// ```
    RangeNotSatisfiable
}

impl RangeNotSatisfiable {
    /// With the complete length in bytes.
    pub fn of(complete: u64) -> Self {
        let range = syntax::value(format!("bytes */{complete}"));
        Self(Draft::problem(StatusCode::RANGE_NOT_SATISFIABLE).set(CONTENT_RANGE, range))
    }
}

/// A protocol to change to: `websocket`, `HTTP/2.0` (RFC 9110 section 7.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol(String);

impl Protocol {
    /// A name, and perhaps a version behind a slash.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let place = "Upgrade";
        match text.split_once('/') {
            Some((name, version)) => {
                syntax::token(place, name)?;
                syntax::token(place, version)?;
            }
            None => {
                syntax::token(place, text)?;
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// RFC 6455.
    pub fn websocket() -> Self {
        Self("websocket".to_owned())
    }
}

impl AsRef<str> for Protocol {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Display for Protocol {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

error! {
    /// 426: only over another protocol (RFC 9110 section 15.5.22). Upgrade names it, and Connection names Upgrade.
    ///
    /// Both fields belong to HTTP/1.1: HTTP/2 and 3 have no upgrade, and servers' libraries drop or refuse them there.
    ///
    /// ```
    /// use httpwhy_respond::{Protocol, UpgradeRequired};
    /// let refused = UpgradeRequired::to(Protocol::websocket()).or(Protocol::new("HTTP/3.0")?);
    /// let response = http::Response::from(refused);
    /// assert_eq!(response.headers()["upgrade"], "websocket, HTTP/3.0");
    /// assert_eq!(response.headers()["connection"], "upgrade");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::UpgradeRequired::to(); // to what?
    /// ```
    UpgradeRequired
}

impl UpgradeRequired {
    /// With the protocol that is liked best.
    pub fn to(protocol: Protocol) -> Self {
        Self(
            Draft::problem(StatusCode::UPGRADE_REQUIRED)
                .set(CONNECTION, HeaderValue::from_static("upgrade"))
                .set(UPGRADE, syntax::value(protocol.0)),
        )
    }

    /// A protocol that is liked less.
    pub fn or(self, protocol: Protocol) -> Self {
        Self(self.0.extend(UPGRADE, protocol.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    type Lines = &'static [(&'static str, &'static str)];

    fn media(text: &str) -> MediaType {
        MediaType::new(text).unwrap()
    }

    #[test]
    fn each_has_the_fields_that_its_status_demands() {
        let mail = Method::from_bytes(b"M-SEARCH").unwrap();
        let cases: Vec<(http::Response<Bytes>, u16, Lines)> = vec![
            (MethodNotAllowed::allow([]).into(), 405, &[("allow", "")]),
            (
                MethodNotAllowed::allow([Method::GET, mail, Method::GET]).into(),
                405,
                &[("allow", "GET, M-SEARCH")],
            ),
            (NotAcceptable::available(media("a/b"), []).into(), 406, &[]),
            (ContentTooLarge::default().into(), 413, &[]),
            (
                UnsupportedMediaType::accept(media("a/b;c=\"d\""), [media("e/f")]).into(),
                415,
                &[("accept", "a/b;c=\"d\", e/f")],
            ),
            (
                UnsupportedMediaType::accept_encoding(Coding::identity(), []).into(),
                415,
                &[("accept-encoding", "identity")],
            ),
            (
                UnsupportedMediaType::accept_patch(media("application/merge-patch+json"), [])
                    .into(),
                415,
                &[("accept-patch", "application/merge-patch+json")],
            ),
            (
                RangeNotSatisfiable::of(0).into(),
                416,
                &[("content-range", "bytes */0")],
            ),
            (
                RangeNotSatisfiable::of(u64::MAX).into(),
                416,
                &[("content-range", "bytes */18446744073709551615")],
            ),
            (
                UpgradeRequired::to(Protocol::new("TLS/1.0").unwrap())
                    .or(Protocol::websocket())
                    .or(Protocol::new("h2c").unwrap())
                    .into(),
                426,
                &[
                    ("connection", "upgrade"),
                    ("upgrade", "TLS/1.0, websocket, h2c"),
                ],
            ),
        ];
        for (response, status, lines) in cases {
            assert_eq!(response.status(), status);
            let expected = [&[("content-type", "application/problem+json")][..], lines].concat();
            let mut got: Vec<_> = response
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            got.sort_unstable();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(got, expected, "{status}");
            let json: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(json["status"], status);
        }
    }

    #[test]
    fn a_problem_of_ones_own_keeps_what_is_demanded() {
        let own = Problem::of_type("/probs/no-such-format", "No such format").unwrap();
        let refused = NotAcceptable::available(media("a/b"), []).problem(own.detail("x"));
        assert_eq!(
            http::Response::from(refused).body(),
            r#"{"type":"/probs/no-such-format","title":"No such format","status":406,"detail":"x","available":["a/b"]}"#
        );
    }

    #[test]
    fn a_protocol_is_a_name_and_a_version() {
        for (text, at) in [
            ("a b", Some(1)),
            ("a, b", Some(1)),
            ("a\r\nb", Some(1)),
            ("a/b/c", Some(1)),
            ("", None),
            ("/1", None),
            ("a/", None),
        ] {
            assert_eq!(Protocol::new(text).unwrap_err().at(), at, "{text:?}");
        }
    }
}

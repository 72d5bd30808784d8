//! Conditions: 304, 412 and 428.

use std::time::SystemTime;

use http::header::{
    CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, HeaderName, LAST_MODIFIED, VARY,
};
use http::{HeaderMap, StatusCode};

use crate::draft::{Draft, error, response};
use crate::{ETag, Invalid, syntax};

/// What a 304 repeats of the 200 that would have been sent: RFC 9110 section 15.4.5.
const REPEATED: [HeaderName; 6] = [CACHE_CONTROL, CONTENT_LOCATION, DATE, ETAG, EXPIRES, VARY];

response! {
    /// 304: what the client has is good (RFC 9110 section 15.4.5). It repeats the validator, and has no content.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use httpwhy_respond::NotModified;
    /// let ok = http::Response::builder()
    ///     .header("etag", "\"v1\"")
    ///     .header("cache-control", "max-age=60")
    ///     .header("content-type", "text/plain")
    ///     .body(Bytes::from("hello"))
    ///     .unwrap();
    /// let response = http::Response::from(NotModified::of(ok.headers())?);
    /// assert_eq!(response.headers()["etag"], "\"v1\"");
    /// assert_eq!(response.headers()["cache-control"], "max-age=60");
    /// assert!(!response.headers().contains_key("content-type"));
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::NotModified::new(); // which state is it that did not change?
    /// ```
    NotModified
}

impl NotModified {
    /// To If-None-Match, when the 200 would have had ETag and none of Cache-Control, Content-Location, Expires, Vary.
    pub fn etag(tag: ETag) -> Self {
        Self(Draft::empty(StatusCode::NOT_MODIFIED).set(ETAG, tag.value()))
    }

    /// To If-Modified-Since, when the 200 would have had Last-Modified, no ETag, and none of the others.
    pub fn last_modified(time: SystemTime) -> Result<Self, Invalid> {
        let value = syntax::value(syntax::date("Last-Modified", time)?);
        Ok(Self(
            Draft::empty(StatusCode::NOT_MODIFIED).set(LAST_MODIFIED, value),
        ))
    }

    /// From the fields of the 200 that would have been sent: takes all that a 304 must repeat and leaves the rest.
    /// Last-Modified is taken where there is no ETag. Refused: neither, or an ETag that is malformed or there twice.
    pub fn of(ok: &HeaderMap) -> Result<Self, Invalid> {
        let mut tags = ok.get_all(ETAG).iter();
        match (tags.next(), tags.next()) {
            (Some(_), Some(_)) => return Err(Invalid::whole("ETag", "there twice")),
            (Some(tag), None) => {
                ETag::parse(tag)?;
            }
            (None, _) if !ok.contains_key(LAST_MODIFIED) => {
                return Err(Invalid::whole(
                    "304",
                    "without ETag or Last-Modified there is nothing that the request could have compared",
                ));
            }
            (None, _) => {}
        }
        let last_modified = (!ok.contains_key(ETAG)).then_some(LAST_MODIFIED);
        let draft = REPEATED
            .into_iter()
            .chain(last_modified)
            .flat_map(|name| {
                ok.get_all(&name)
                    .iter()
                    .map(move |value| (name.clone(), value))
            })
            .fold(
                Draft::empty(StatusCode::NOT_MODIFIED),
                |draft, (name, value)| draft.add(name, value.clone()),
            );
        Ok(Self(draft))
    }
}

/// A condition that makes a change safe (RFC 9110 section 13.1). The conditions on reading are answered otherwise: by
/// 304, or by the whole content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// Only if it is still in this state.
    IfMatch,
    /// Only if it is in no such state; with `*`, only if it does not exist.
    IfNoneMatch,
    /// Only if nobody changed it since.
    IfUnmodifiedSince,
}

impl Precondition {
    /// The field's name.
    pub fn field(self) -> &'static str {
        match self {
            Self::IfMatch => "If-Match",
            Self::IfNoneMatch => "If-None-Match",
            Self::IfUnmodifiedSince => "If-Unmodified-Since",
        }
    }
}

error! {
    /// 412: the condition does not hold, and nothing was changed (RFC 9110 section 15.5.13). The problem says which.
    ///
    /// ```
    /// use httpwhy_respond::{Precondition, PreconditionFailed};
    /// let response = http::Response::from(PreconditionFailed::new(Precondition::IfMatch));
    /// assert_eq!(response.status(), 412);
    /// assert!(String::from_utf8_lossy(response.body()).contains("If-Match does not hold"));
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::PreconditionFailed::new(); // which one?
    /// ```
    PreconditionFailed
}

impl PreconditionFailed {
    /// With the condition that failed.
    pub fn new(failed: Precondition) -> Self {
        Self(Draft::problem(StatusCode::PRECONDITION_FAILED)).detail(format!(
            "{} does not hold, so nothing was changed. Read the resource again, then decide.",
            failed.field()
        ))
    }
}

error! {
    /// 428: a change must be conditional (RFC 6585 section 3). The problem says how to ask again, as the RFC wants.
    ///
    /// ```
    /// use httpwhy_respond::{Precondition, PreconditionRequired};
    /// let response = http::Response::from(PreconditionRequired::new(Precondition::IfMatch));
    /// assert_eq!(response.status(), 428);
    /// assert!(String::from_utf8_lossy(response.body()).contains("again with If-Match"));
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::PreconditionRequired::new(); // what is it that is required?
    /// ```
    PreconditionRequired
}

impl PreconditionRequired {
    /// With the condition that is missing.
    pub fn new(missing: Precondition) -> Self {
        let what = match missing {
            Precondition::IfMatch => "and in it the ETag of the state that is to be changed",
            Precondition::IfNoneMatch => "and in it * to create only what does not exist",
            Precondition::IfUnmodifiedSince => {
                "and in it the Last-Modified of the state that is to be changed"
            }
        };
        Self(Draft::problem(StatusCode::PRECONDITION_REQUIRED)).detail(format!(
            "Send the request again with {}, {what}.",
            missing.field()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use std::time::Duration;

    fn fields(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn what_a_304_repeats() {
        let etag = ("etag", "\"a\"");
        let modified = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (ok, expected) in [
            (&[etag][..], Some(&["etag"][..])),
            (&[etag, modified], Some(&["etag"])),
            (&[modified], Some(&["last-modified"])),
            (
                &[
                    etag,
                    ("vary", "a"),
                    ("expires", "0"),
                    ("date", "x"),
                    ("content-length", "5"),
                ],
                Some(&["date", "etag", "expires", "vary"]),
            ),
            (
                &[
                    etag,
                    ("content-location", "/a"),
                    ("cache-control", "no-cache"),
                    ("set-cookie", "a=b"),
                ],
                Some(&["cache-control", "content-location", "etag"]),
            ),
            (&[("vary", "a")], None),
            (&[("etag", "a")], None),
            (&[], None),
        ] {
            let response = NotModified::of(&fields(ok)).map(http::Response::from).ok();
            let names = response.map(|response| {
                let mut names: Vec<_> =
                    response.headers().keys().map(ToString::to_string).collect();
                names.sort_unstable();
                names
            });
            assert_eq!(
                names,
                expected.map(|names| names.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn two_lines_of_one_field_are_both_repeated_but_not_of_the_tag() {
        let mut ok = fields(&[("etag", "\"a\""), ("vary", "a")]);
        ok.append(VARY, HeaderValue::from_static("b"));
        let response = http::Response::from(NotModified::of(&ok).unwrap());
        assert_eq!(response.headers().get_all(VARY).iter().count(), 2);
        ok.append(ETAG, HeaderValue::from_static("\"b\""));
        assert!(NotModified::of(&ok).is_err());
    }

    #[test]
    fn a_validator_alone() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let response = http::Response::from(NotModified::last_modified(time).unwrap());
        assert_eq!(
            response.headers()["last-modified"],
            "Sun, 06 Nov 1994 08:49:37 GMT"
        );
        let response = http::Response::from(NotModified::etag(ETag::weak("a").unwrap()));
        assert_eq!(response.headers()["etag"], "W/\"a\"");
    }
}

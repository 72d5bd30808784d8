//! 103: links before the response.

use http::StatusCode;
use http::header::LINK;
use http::{HeaderName, HeaderValue};

use crate::draft::{Draft, interim};
use crate::{Invalid, syntax};

/// One link (RFC 8288): where to, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Any relation.
    pub fn new(target: &str, relation: &str) -> Result<Self, Invalid> {
        let target = syntax::uri_reference("Link target", target)?;
        let relation = syntax::token("Link rel", relation)?;
        Ok(Self(format!("<{target}>; rel={relation}")))
    }

    /// To load at once; `destination` is what for: `style`, `script`, `font`, `image`, `fetch`.
    pub fn preload(target: &str, destination: &str) -> Result<Self, Invalid> {
        let destination = syntax::token("Link as", destination)?;
        let Self(link) = Self::new(target, "preload")?;
        Ok(Self(format!("{link}; as={destination}")))
    }

    /// To connect to at once.
    pub fn preconnect(origin: &str) -> Result<Self, Invalid> {
        Self::new(origin, "preconnect")
    }

    /// Without credentials, as fonts are always fetched: otherwise they are fetched twice.
    #[must_use]
    pub fn cross_origin(mut self) -> Self {
        self.0.push_str("; crossorigin");
        self
    }

    /// The field and its value: the final response repeats the links of its hints.
    pub fn field(&self) -> (HeaderName, HeaderValue) {
        (LINK, syntax::value(self.0.clone()))
    }
}

interim! {
    /// 103: what the final response will most likely link to (RFC 8297).
    ///
    /// It is interim: the final response comes after it, so it is no answer of a handler, and axum's `IntoResponse` is
    /// not there for it. Send it only to clients that are known to take it: some of HTTP/1.1 take it for the answer.
    ///
    /// ```
    /// use httpwhy_respond::{EarlyHints, Link};
    /// let hints = EarlyHints::new(&Link::preload("/style.css", "style")?)
    ///     .and(&Link::preload("/font.woff2", "font")?.cross_origin());
    /// let response = http::Response::from(hints);
    /// assert_eq!(response.status(), 103);
    /// let links: Vec<_> = response.headers().get_all("link").iter().collect();
    /// assert_eq!(links, ["</style.css>; rel=preload; as=style", "</font.woff2>; rel=preload; as=font; crossorigin"]);
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// httpwhy_respond::EarlyHints::new(); // of what?
    /// ```
    EarlyHints
}

impl EarlyHints {
    /// With a first link.
    pub fn new(link: &Link) -> Self {
        Self(Draft::empty(StatusCode::EARLY_HINTS)).and(link)
    }

    /// Another link.
    pub fn and(self, link: &Link) -> Self {
        let (name, value) = link.field();
        Self(self.0.add(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_no_other_link() {
        for (link, place, at) in [
            (Link::new("/a>; rel=b, </c", "next"), "Link target", 2),
            (Link::new("/a", "b; as=c"), "Link rel", 1),
            (Link::preload("/a", "style, </b>"), "Link as", 5),
            (Link::preconnect("https://a\r\nb"), "Link target", 9),
        ] {
            let error = link.unwrap_err();
            assert_eq!((error.place(), error.at()), (place, Some(at)));
        }
    }
}

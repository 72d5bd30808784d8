//! 201, 204, 205 and 206.

use std::ops::RangeInclusive;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION, TRANSFER_ENCODING,
};
use http::{HeaderMap, Response, StatusCode};

use crate::draft::{Draft, response};
use crate::{ETag, Invalid, Location, MediaType, syntax};

response! {
    /// 201: something new is there, and Location says where (RFC 9110 section 15.3.2).
    ///
    /// ```
    /// use httpwhy_respond::{Created, ETag, Location, MediaType};
    /// let created = Created::at(Location::segments(["orders", "17"])?)
    ///     .etag(ETag::strong("1")?)
    ///     .content(&MediaType::new("application/json")?, r#"{"id":17}"#);
    /// let response = http::Response::from(created);
    /// assert_eq!(response.headers()["location"], "/orders/17");
    /// assert_eq!(response.headers()["etag"], "\"1\"");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// ```compile_fail
    /// http::Response::from(httpwhy_respond::Created); // where?
    /// ```
    Created
}

impl Created {
    /// The address of what was created.
    pub fn at(location: Location) -> Self {
        Self(Draft::empty(StatusCode::CREATED).set(LOCATION, location.value()))
    }

    /// The tag of what was created: the next change can be conditional at once.
    pub fn etag(self, tag: ETag) -> Self {
        Self(self.0.set(ETAG, tag.value()))
    }

    /// A description of what was created.
    pub fn content(self, content_type: &MediaType, content: impl Into<Bytes>) -> Self {
        Self(self.0.content(content_type, content.into()))
    }
}

response! {
    /// 204: done, and there is nothing to send (RFC 9110 section 15.3.5).
    ///
    /// ```
    /// let response = http::Response::from(httpwhy_respond::NoContent::new());
    /// assert!(response.body().is_empty());
    /// ```
    ///
    /// It takes no content:
    ///
    /// ```compile_fail
    /// # use httpwhy_respond::{MediaType, NoContent};
    /// NoContent::new().content(&MediaType::new("text/plain").unwrap(), "done");
    /// ```
    NoContent
}

impl NoContent {
    /// Done.
    pub fn new() -> Self {
        Self(Draft::empty(StatusCode::NO_CONTENT))
    }

    /// The tag of the state that the resource is in now, after a PUT or PATCH.
    pub fn etag(self, tag: ETag) -> Self {
        Self(self.0.set(ETAG, tag.value()))
    }
}

impl Default for NoContent {
    fn default() -> Self {
        Self::new()
    }
}

response! {
    /// 205: done; clear the form (RFC 9110 section 15.3.6).
    ///
    /// It takes no content. The server's library has to write `Content-Length: 0` or close, as for any empty content.
    ///
    /// ```compile_fail
    /// # use httpwhy_respond::{MediaType, ResetContent};
    /// ResetContent::new().content(&MediaType::new("text/plain").unwrap(), "done");
    /// ```
    ResetContent
}

impl ResetContent {
    /// Done.
    pub fn new() -> Self {
        Self(Draft::empty(StatusCode::RESET_CONTENT))
    }
}

impl Default for ResetContent {
    fn default() -> Self {
        Self::new()
    }
}

response! {
    /// 206: one range of the content (RFC 9110 section 15.3.7). Content-Range is written from the bytes themselves.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use httpwhy_respond::PartialContent;
    /// let whole = http::Response::builder()
    ///     .header("content-type", "text/plain")
    ///     .header("etag", "\"v1\"")
    ///     .body(Bytes::from("0123456789"))
    ///     .unwrap();
    /// let response = http::Response::from(PartialContent::cut(whole, 2..=4)?);
    /// assert_eq!(response.headers()["content-range"], "bytes 2-4/10");
    /// assert_eq!(response.headers()["etag"], "\"v1\"");
    /// assert_eq!(response.body(), "234");
    /// # Ok::<(), httpwhy_respond::Invalid>(())
    /// ```
    ///
    /// Content alone is not enough:
    ///
    /// ```compile_fail
    /// httpwhy_respond::PartialContent::piece("234".into()); // of what, and from where?
    /// ```
    PartialContent
}

impl PartialContent {
    /// This range of the 200 that would have been sent otherwise, with its fields. A range that goes past the end is
    /// cut there, as RFC 9110 section 14.1.2 has it; one that begins behind it is refused
    /// ([`RangeNotSatisfiable`](crate::RangeNotSatisfiable) answers that).
    pub fn cut(whole: Response<Bytes>, range: RangeInclusive<u64>) -> Result<Self, Invalid> {
        let place = "Content-Range";
        if whole.status() != StatusCode::OK {
            return Err(Invalid::whole(place, "ranges are cut from a 200"));
        }
        let (parts, content) = whole.into_parts();
        let length = content.len() as u64;
        let (first, last) = (*range.start(), (*range.end()).min(length.saturating_sub(1)));
        if first > last || first >= length {
            return Err(Invalid::whole(
                place,
                "no byte of the content is in the range: answer 416",
            ));
        }
        let piece = content.slice(first as usize..=last as usize);
        Self::piece(&parts.headers, first, Some(length), piece)
    }

    /// A piece that was read for itself: `like` are the fields of the 200 that would have been sent otherwise, `first`
    /// is the piece's place, `complete` the length of the whole when it is known.
    ///
    /// All fields of the 200 are repeated but those of its framing, so none that RFC 9110 section 15.3.7 demands is
    /// forgotten. Refused: an empty piece, one that goes past the end, a multipart.
    pub fn piece(
        like: &HeaderMap,
        first: u64,
        complete: Option<u64>,
        content: Bytes,
    ) -> Result<Self, Invalid> {
        let place = "Content-Range";
        let last = (content.len() as u64)
            .checked_sub(1)
            .ok_or_else(|| Invalid::whole(place, "an empty range cannot be written"))?
            .checked_add(first)
            .ok_or_else(|| Invalid::whole(place, "past the largest offset"))?;
        if complete.is_some_and(|length| last >= length) {
            return Err(Invalid::whole(
                place,
                "the piece goes past the end of the whole",
            ));
        }
        let is_multipart = |value: &http::HeaderValue| {
            let head = value.as_bytes().get(.."multipart/byteranges".len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(b"multipart/byteranges"))
        };
        if like.get_all(CONTENT_TYPE).iter().any(is_multipart) {
            return Err(Invalid::whole(
                place,
                "a multipart has a Content-Range in each part, and none in its head",
            ));
        }
        let mut fields = like.clone();
        for framing in [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION] {
            fields.remove(framing);
        }
        let complete = complete.map_or_else(|| "*".to_owned(), |length| length.to_string());
        let range = syntax::value(format!("bytes {first}-{last}/{complete}"));
        Ok(Self(
            Draft::empty(StatusCode::PARTIAL_CONTENT)
                .fields(fields)
                .set(CONTENT_RANGE, range)
                .bytes(content),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(content: &'static str) -> Response<Bytes> {
        Response::new(Bytes::from_static(content.as_bytes()))
    }

    #[test]
    fn ranges_are_cut_from_what_is_there() {
        for (range, expected) in [
            (0..=0, Some(("bytes 0-0/10", "0"))),
            (0..=9, Some(("bytes 0-9/10", "0123456789"))),
            (8..=99, Some(("bytes 8-9/10", "89"))),
            (9..=u64::MAX, Some(("bytes 9-9/10", "9"))),
            (10..=10, None),
            (u64::MAX..=u64::MAX, None),
            (RangeInclusive::new(4, 3), None),
        ] {
            let got = PartialContent::cut(whole("0123456789"), range.clone()).map(Response::from);
            let got = got.as_ref().ok().map(|response| {
                let value = response.headers()["content-range"].to_str().unwrap();
                (value, std::str::from_utf8(response.body()).unwrap())
            });
            assert_eq!(got, expected, "{range:?}");
        }
        assert!(PartialContent::cut(whole(""), 0..=0).is_err());
        let mut other = whole("a");
        *other.status_mut() = StatusCode::NOT_FOUND;
        assert!(PartialContent::cut(other, 0..=0).is_err());
    }

    #[test]
    fn a_piece_fits_into_its_whole() {
        for (first, complete, content, expected) in [
            (5, Some(10), "56", Some("bytes 5-6/10")),
            (5, None, "56", Some("bytes 5-6/*")),
            (8, Some(10), "89", Some("bytes 8-9/10")),
            (9, Some(10), "9a", None),
            (0, None, "", None),
            (u64::MAX, None, "ab", None),
        ] {
            let piece = PartialContent::piece(&HeaderMap::new(), first, complete, content.into());
            let piece = piece.map(Response::from).ok();
            let got = piece.map(|piece| piece.headers()["content-range"].clone());
            assert_eq!(got.as_ref().map(|value| value.to_str().unwrap()), expected);
        }
    }

    #[test]
    fn fields_of_the_whole_are_kept_save_its_framing() {
        let mut like = HeaderMap::new();
        for (name, value) in [
            (CONTENT_LENGTH, "10"),
            (TRANSFER_ENCODING, "chunked"),
            (CONNECTION, "close"),
            (CONTENT_TYPE, "text/plain"),
            (http::header::VARY, "accept"),
            (http::header::CACHE_CONTROL, "max-age=5"),
        ] {
            like.insert(name, http::HeaderValue::from_static(value));
        }
        let response = Response::from(
            PartialContent::piece(&like, 0, None, Bytes::from_static(b"a")).unwrap(),
        );
        let mut names: Vec<_> = response
            .headers()
            .keys()
            .map(http::HeaderName::as_str)
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["cache-control", "content-range", "content-type", "vary"]
        );

        like.insert(
            CONTENT_TYPE,
            http::HeaderValue::from_static("Multipart/ByteRanges; boundary=x"),
        );
        assert!(PartialContent::piece(&like, 0, None, Bytes::from_static(b"a")).is_err());
    }
}

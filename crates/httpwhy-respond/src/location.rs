//! Where a response points to.

use std::fmt::Write as _;

use http::HeaderValue;

use crate::{Invalid, syntax};

/// The value of Location: a URI reference (RFC 9110 section 10.2.2).
///
/// ```
/// use httpwhy_respond::Location;
/// assert_eq!(Location::segments(["orders", "a/b c"])?.as_str(), "/orders/a%2Fb%20c");
/// assert!(Location::local("//evil.example/").is_err());
/// # Ok::<(), httpwhy_respond::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location(String);

impl Location {
    /// Any URI reference, absolute or relative, not empty. Of its form the characters are checked, and the
    /// percent-encodings.
    pub fn new(reference: &str) -> Result<Self, Invalid> {
        syntax::uri_reference("Location", reference).map(|text| Self(text.to_owned()))
    }

    /// A reference that stays on this server: an absolute path, which no input turns into another host's address.
    pub fn local(path: &str) -> Result<Self, Invalid> {
        let place = "Location";
        let text = syntax::uri_reference(place, path)?;
        match text.as_bytes() {
            [b'/', b'/', ..] => Err(Invalid::byte(
                place,
                1,
                b'/',
                "after // stands a host: begin a path on this server with one /",
            )),
            [b'/', ..] => Ok(Self(text.to_owned())),
            [first, ..] => Err(Invalid::byte(
                place,
                0,
                *first,
                "begin a path on this server with /",
            )),
            [] => Err(Invalid::whole(place, "empty")),
        }
    }

    /// An absolute path of these segments, each percent-encoded where it must be. Segments that mean another place are
    /// refused: an empty one, `.` and `..`.
    pub fn segments<T: AsRef<str>>(segments: impl IntoIterator<Item = T>) -> Result<Self, Invalid> {
        let place = "Location";
        let mut path = String::new();
        for segment in segments {
            let segment = segment.as_ref();
            if matches!(segment, "" | "." | "..") {
                return Err(Invalid::whole(
                    place,
                    "an empty segment, . and .. lead somewhere else",
                ));
            }
            path.push('/');
            encode(&mut path, segment);
        }
        if path.len() > syntax::MAX_VALUE {
            return Err(Invalid::whole(place, "longer than 8000 bytes"));
        }
        match path.as_str() {
            "" => Ok(Self("/".to_owned())),
            _ => Ok(Self(path)),
        }
    }

    /// The reference.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn value(self) -> HeaderValue {
        syntax::value(self.0)
    }
}

fn encode(out: &mut String, segment: &str) {
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_reference_names_no_host() {
        for (path, at) in [
            ("//evil.example", Some(1)),
            ("/\\evil.example", Some(1)),
            ("https://evil.example", Some(0)),
            ("javascript:alert(1)", Some(0)),
            ("/\t/evil.example", Some(1)),
            ("a", Some(0)),
            ("", None),
        ] {
            assert_eq!(Location::local(path).unwrap_err().at(), at, "{path:?}");
        }
        assert_eq!(
            Location::local("/a?next=//b#c").unwrap().as_str(),
            "/a?next=//b#c"
        );
    }

    #[test]
    fn segments_stay_segments() {
        for (segments, expected) in [
            (&[][..], Some("/")),
            (&["a", "b"], Some("/a/b")),
            (&["\r\nX: y"], Some("/%0D%0AX%3A%20y")),
            (&["caf\u{e9}%"], Some("/caf%C3%A9%25")),
            (&["", "evil.example"], None),
            (&["a", ".."], None),
            (&["."], None),
        ] {
            let got = Location::segments(segments).ok();
            assert_eq!(got.as_ref().map(Location::as_str), expected);
        }
        assert!(Location::segments(["/".repeat(3000)]).is_err());
    }
}

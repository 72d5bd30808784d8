//! Entity tags.

use http::HeaderValue;

use crate::{Invalid, syntax};

/// An entity tag: what names one state of a representation (RFC 9110 section 8.8.3).
///
/// ```
/// use httpwhy_respond::ETag;
/// assert_eq!(ETag::strong("6d-5e")?.to_string(), "\"6d-5e\"");
/// assert_eq!(ETag::weak("v7")?.to_string(), "W/\"v7\"");
/// assert!(ETag::strong("\"6d\"").is_err(), "the quotes are written for you");
/// # Ok::<(), httpwhy_respond::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// The same tag, the same bytes. The text stands without its quotes.
    pub fn strong(opaque: &str) -> Result<Self, Invalid> {
        check(opaque).map(|text| Self(format!("\"{text}\"")))
    }

    /// The same tag, the same meaning: it serves If-None-Match, but neither ranges nor If-Match.
    pub fn weak(opaque: &str) -> Result<Self, Invalid> {
        check(opaque).map(|text| Self(format!("W/\"{text}\"")))
    }

    /// The value of an ETag field.
    pub(crate) fn parse(value: &HeaderValue) -> Result<Self, Invalid> {
        let malformed = || Invalid::whole("ETag", "not a text in double quotes, or W/ and one");
        let text = value.to_str().map_err(|_| malformed())?;
        let (weak, rest) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let opaque = rest
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .ok_or_else(malformed)?;
        if weak {
            Self::weak(opaque)
        } else {
            Self::strong(opaque)
        }
    }

    pub(crate) fn value(self) -> HeaderValue {
        syntax::value(self.0)
    }
}

impl std::fmt::Display for ETag {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

fn check(opaque: &str) -> Result<&str, Invalid> {
    syntax::every(
        "ETag",
        opaque,
        |byte| matches!(byte, b'!' | b'#'..=b'~'),
        "a tag is of printable ASCII without space and double quote",
    )
    .map(|()| opaque)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        for (text, is_good) in [
            ("\"\"", true),
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("w/\"a\"", false),
            ("a", false),
            ("\"", false),
            ("\"a b\"", false),
            ("\"a\", \"b\"", false),
        ] {
            let got = ETag::parse(&HeaderValue::from_static(text));
            assert_eq!(got.is_ok(), is_good, "{text}");
            assert!(got.is_err() || got.unwrap().to_string() == text);
        }
    }
}

//! Media types and content codings.

use http::HeaderValue;

use crate::syntax::{is_token, token};
use crate::{Invalid, syntax};

/// A media type with its parameters: `text/html;charset=utf-8` (RFC 9110 section 8.3.1). No range: `text/*` is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// Checks the whole of it, parameters too.
    ///
    /// ```
    /// use httpwhy_respond::MediaType;
    /// assert!(MediaType::new("text/html; charset=\"utf-8\"").is_ok());
    /// assert_eq!(MediaType::new("text").unwrap_err().to_string(), "media type: no / between type and subtype");
    /// ```
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let place = "media type";
        syntax::every(
            place,
            text,
            |byte| matches!(byte, b' '..=b'~'),
            "only printable ASCII makes a media type",
        )?;
        let essence_end = text.find([';', ' ']).unwrap_or(text.len());
        let (essence, parameters) = text.split_at(essence_end);
        let (kind, subtype) = essence
            .split_once('/')
            .ok_or_else(|| Invalid::whole(place, "no / between type and subtype"))?;
        if kind.contains('*') || subtype.contains('*') {
            return Err(Invalid::whole(place, "a range: name one type"));
        }
        token(place, kind)?;
        token(place, subtype)?;
        check_parameters(parameters)
            .ok_or_else(|| Invalid::whole(place, "a parameter is ;name=token or ;name=\"text\""))?;
        Ok(Self(text.to_owned()))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn value(&self) -> HeaderValue {
        syntax::value(self.0.clone())
    }
}

impl AsRef<str> for MediaType {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// `Some` when the rest is nothing but parameters.
fn check_parameters(mut rest: &str) -> Option<()> {
    while !rest.is_empty() {
        rest = rest.trim_start_matches(' ').strip_prefix(';')?;
        rest = rest.trim_start_matches(' ');
        let name = rest.bytes().take_while(|&byte| is_token(byte)).count();
        rest = rest.get(name..)?.strip_prefix('=').filter(|_| name > 0)?;
        let end = match rest.strip_prefix('"') {
            Some(text) => 1 + quoted_end(text)?,
            None => rest.bytes().take_while(|&byte| is_token(byte)).count(),
        };
        rest = rest.get(end..).filter(|_| end > 0)?;
    }
    Some(())
}

/// Where a quoted string ends, behind its closing quote.
fn quoted_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A content coding: `gzip` (RFC 9110 section 8.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coding(String);

impl Coding {
    /// Any registered name, or one of your own.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        token("content coding", name).map(|name| Self(name.to_owned()))
    }

    /// No coding.
    pub fn identity() -> Self {
        Self("identity".to_owned())
    }

    /// gzip, RFC 1952.
    pub fn gzip() -> Self {
        Self("gzip".to_owned())
    }
}

impl AsRef<str> for Coding {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types() {
        for (text, is_good) in [
            ("application/json", true),
            ("text/html;charset=utf-8", true),
            ("text/html ; charset=\"a;b\\\"\" ;x=y", true),
            ("application/vnd.api+json", true),
            ("", false),
            ("json", false),
            ("/json", false),
            ("text/", false),
            ("text/*", false),
            ("a/b/c", false),
            ("text/html;", false),
            ("text/html charset=utf-8", false),
            ("text/html;charset", false),
            ("text/html;=a", false),
            ("text/html;charset=", false),
            ("text/html;charset=\"a", false),
            ("text/html;charset=\"a\\\"", false),
            ("text/html;a=b,text/plain", false),
            ("text/html\r\nX: y", false),
        ] {
            assert_eq!(MediaType::new(text).is_ok(), is_good, "{text:?}");
        }
    }

    #[test]
    fn a_coding_is_a_token() {
        assert_eq!(Coding::new("br, x").unwrap_err().at(), Some(2));
        assert_eq!(Coding::new("zstd").unwrap().as_ref(), "zstd");
    }
}

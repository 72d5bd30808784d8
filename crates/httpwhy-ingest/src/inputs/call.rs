//! A request to send.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use httpwhy_model::Documented;

/// One request to send, as an input names it. Of a list it is a target alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Call {
    /// The target URI; or what stands in its place, when that is none.
    pub target: String,
    /// All but the target.
    pub more: Option<Box<More>>,
}

/// What a request says beside its target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More {
    /// The method; empty where the input names none.
    pub method: Bytes,
    /// The fields, in order. Those that follow from target, content and connection are left out.
    pub fields: Vec<(Bytes, Bytes)>,
    /// The content.
    pub body: Option<Bytes>,
    /// The request's bytes, where they are to be sent as they are.
    pub raw: Option<Bytes>,
    /// What a description documents of the operation.
    pub documented: Option<Arc<Documented>>,
    /// Where it stands in the input: a JSON pointer (RFC 6901), or empty.
    pub pointer: String,
    /// The line on which it begins, from 1; 0 when not known.
    pub line: usize,
}

impl Call {
    /// A target alone.
    pub fn to(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            more: None,
        }
    }

    /// A whole request.
    pub fn new(target: impl Into<String>, more: More) -> Self {
        Self {
            target: target.into(),
            more: Some(Box::new(more)),
        }
    }

    /// Whether it may be sent without a thought: its method is safe (RFC 9110 section 9.2.1), or the input names none.
    pub fn is_safe(&self) -> bool {
        let safe: &[&[u8]] = &[b"GET", b"HEAD", b"OPTIONS", b"TRACE"];
        self.method().is_none_or(|method| safe.contains(&&**method))
    }

    /// What tells it from others: all that is sent. A fragment is never sent (RFC 9110 section 4.2.5).
    pub fn identity(&self) -> impl std::hash::Hash + '_ {
        let target = self.target.split('#').next().unwrap_or_default();
        let more = self.more.as_deref().filter(|more| {
            !more.method.is_empty()
                || !more.fields.is_empty()
                || more.body.is_some()
                || more.raw.is_some()
        });
        (
            target,
            more.map(|more| (&more.method, &more.fields, &more.body, &more.raw)),
        )
    }

    /// The method, where the input names one.
    pub fn method(&self) -> Option<&Bytes> {
        let more = self.more.as_deref()?;
        (!more.method.is_empty()).then_some(&more.method)
    }
}

/// Fields that follow from target, content, connection and protocol: the prober makes its own.
const OWN: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Whether a recorded field is left to the prober. HTTP/2's own, which begin with a colon, are no fields.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with(':') || OWN.iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Puts scheme, authority and path of `base` in the place of the target's own scheme and authority. Without a base the
/// target stays.
pub fn rebased(target: &str, base: Option<&str>) -> String {
    let Some(base) = base else {
        return target.to_owned();
    };
    let rest = target.split_once("://").map_or(target, |(_, rest)| {
        let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        &rest[path..]
    });
    joined(base, rest)
}

/// A path, or what follows one, behind a base.
pub(crate) fn joined(base: &str, path: &str) -> String {
    let base = base.trim_end_matches('/');
    match path.as_bytes().first() {
        Some(b'/' | b'?' | b'#') | None => format!("{base}{path}"),
        Some(_) => format!("{base}/{path}"),
    }
}

/// A text within a path or a query: everything but unreserved characters (RFC 3986 section 2.3) is encoded.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_replaces_what_stands_before_the_path() {
        for (target, base, wanted) in [
            (
                "https://a.example/x?y",
                "http://127.0.0.1:9",
                "http://127.0.0.1:9/x?y",
            ),
            (
                "https://a.example/x",
                "http://b.example/v1/",
                "http://b.example/v1/x",
            ),
            ("https://a.example", "http://b.example", "http://b.example"),
            ("/x", "http://b.example/", "http://b.example/x"),
            ("x", "http://b.example", "http://b.example/x"),
        ] {
            assert_eq!(rebased(target, Some(base)), wanted);
        }
        assert_eq!(rebased("x", None), "x");
        assert_eq!(encoded("a b/é~"), "a%20b%2F%C3%A9~");
    }
}

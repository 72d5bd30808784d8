//! Multi-Status: many results in one answer (RFC 4918 section 13).

use std::fmt::Write;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::built;

/// The media type.
pub(super) const XML: &str = "application/xml";

/// The result of one of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The path of what it is about.
    pub(super) href: String,
    /// Its status.
    pub(super) status: StatusCode,
    /// Words for a person.
    pub(super) about: String,
}

/// 207 with these results.
pub(super) fn of(parts: &[Part]) -> Response<Bytes> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">\n",
    );
    for part in parts {
        // The registered name: the library's own list has older ones.
        let reason = crate::statuses::of(part.status.as_u16()).reason;
        let _ = writeln!(
            xml,
            "<D:response><D:href>{}</D:href><D:status>HTTP/1.1 {} {reason}</D:status>\
             <D:responsedescription>{}</D:responsedescription></D:response>",
            escaped(&part.href),
            part.status.as_u16(),
            escaped(&part.about),
        );
    }
    xml.push_str("</D:multistatus>\n");
    built::content(StatusCode::MULTI_STATUS, XML, xml)
}

/// Text of XML; characters that it cannot hold become U+FFFD (XML 1.0 section 2.2).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' | '\r' => out.push(c),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escaped("a<b>&\0]]>"), "a&lt;b&gt;&amp;\u{fffd}]]&gt;");
    }
}

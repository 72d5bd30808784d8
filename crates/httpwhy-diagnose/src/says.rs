//! What the server itself says about a failure.

use httpwhy_model::{Exchange, Response, acts_on_terminals};
use memchr::{memchr, memmem};

use crate::derive::{kept_content, says_json};

/// Longest text taken from an error response, in characters.
pub const MAX_SAID: usize = 200;

/// Tags read at most in search of it: a page's message stands near its beginning.
const MAX_TAGS: usize = 256;

/// Members of JSON error bodies that speak to a person, best first (RFC 9457 section 3.1, then custom).
const SPEAKING: &[&str] = &[
    "detail",
    "title",
    "message",
    "error_description",
    "error",
    "reason",
    "description",
];

/// The problem detail, or title and first readable words of an error's content.
pub(crate) fn server_says(exchange: &Exchange) -> Option<String> {
    let response = exchange.spoken()?;
    if response.status().is_some_and(|status| status < 400) {
        return None;
    }
    let body = kept_content(response);
    if body.is_empty() || is_coded(response) {
        return None;
    }
    let text = if says_json(response) || matches!(body.trim_ascii_start().first(), Some(b'{')) {
        json_text(body, SPEAKING)
    } else if memmem::find(&body[..body.len().min(1024)], b"<").is_some() {
        Some(html_text(body))
    } else if is_text(response) {
        Some(String::from_utf8_lossy(body).into_owned())
    } else {
        None
    };
    text.map(|text| tidy(&text)).filter(|text| !text.is_empty())
}

/// Content that a coding hides cannot be read as text.
fn is_coded(response: &Response) -> bool {
    response
        .fields
        .text("content-encoding")
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
}

fn is_text(response: &Response) -> bool {
    response
        .fields
        .text("content-type")
        .is_none_or(|kind| kind.starts_with("text/"))
}

/// The first of these members that is a text, in the object itself or one level down in `error`.
pub(crate) fn json_text(body: &[u8], names: &[&str]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let inner = value.get("error").filter(|inner| inner.is_object());
    names.iter().find_map(|name| {
        [Some(&value), inner]
            .into_iter()
            .flatten()
            .find_map(|object| object.get(name)?.as_str().map(str::to_owned))
    })
}

/// The title, then the words outside tags, scripts and styles.
fn html_text(body: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = body;
    for _ in 0..MAX_TAGS {
        let Some(open) = memchr(b'<', rest) else {
            push_text(&mut out, rest);
            break;
        };
        push_text(&mut out, &rest[..open]);
        rest = &rest[open..];
        rest = skip_element(rest, b"script")
            .or_else(|| skip_element(rest, b"style"))
            .or_else(|| skip_comment(rest))
            .unwrap_or_else(|| memchr(b'>', rest).map_or(&[][..], |close| &rest[close + 1..]));
        // Looked at in bytes first: counting characters each time costs more than reading on.
        if out.len() > MAX_SAID * 2 && out.chars().count() > MAX_SAID * 2 {
            break;
        }
    }
    out
}

fn push_text(out: &mut String, text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    // A title is often repeated as the heading.
    if text.is_empty() || out.ends_with(text) {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    if !text.contains('&') {
        out.push_str(text);
        return;
    }
    for (entity, plain) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
    ] {
        if text.contains(entity) {
            return push_text(out, text.replace(entity, plain).as_bytes());
        }
    }
    out.push_str(&text.replace("&amp;", "&"));
}

fn skip_element<'a>(rest: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let tag = rest.get(1..=name.len())?;
    if !tag.eq_ignore_ascii_case(name) {
        return None;
    }
    let close = [b"</", name].concat();
    let at = rest
        .windows(close.len())
        .position(|window| window.eq_ignore_ascii_case(&close));
    Some(at.map_or(&[][..], |at| {
        let after = &rest[at..];
        memchr(b'>', after).map_or(&[][..], |end| &after[end + 1..])
    }))
}

fn skip_comment(rest: &[u8]) -> Option<&[u8]> {
    rest.starts_with(b"<!--")
        .then(|| memmem::find(rest, b"-->").map_or(&[][..], |at| &rest[at + 3..]))
}

/// One line of at most 200 characters, without control and direction characters.
fn tidy(text: &str) -> String {
    let words = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let mut shown: String = words
        .chars()
        .filter(|&c| !acts_on_terminals(c))
        .take(MAX_SAID)
        .collect();
    if words.chars().count() > MAX_SAID {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use httpwhy_model::{Body, Fields, Framing, Seen};

    fn said(kind: &'static str, body: &'static str) -> Option<String> {
        let response = Response {
            code: Bytes::from_static(b"500"),
            fields: Fields::of([("Content-Type", kind)]),
            body: Seen::Present(Body::whole(body, Framing::Close)),
            ..Response::default()
        };
        server_says(&Exchange {
            response: Some(response),
            ..Exchange::default()
        })
    }

    #[test]
    fn the_speaking_part_is_found() {
        let nginx = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center>\
                     <hr><center>nginx/1.22.1</center></body></html>";
        assert_eq!(
            said("text/html", nginx).as_deref(),
            Some("502 Bad Gateway nginx/1.22.1")
        );
        let problem =
            r#"{"type":"about:blank","title":"Out of credit","detail":"Your balance is 30"}"#;
        assert_eq!(
            said("application/problem+json", problem).as_deref(),
            Some("Your balance is 30")
        );
        assert_eq!(
            said(
                "application/json",
                r#"{"error":{"message":"no such user"}}"#
            )
            .as_deref(),
            Some("no such user")
        );
        assert_eq!(
            said(
                "text/html",
                "<script>var a='<b>'</script><p>Sorry &amp; bye"
            )
            .as_deref(),
            Some("Sorry & bye")
        );
        assert_eq!(
            said("text/plain", "oops\x1b[31m\n\nred").as_deref(),
            Some("oops [31m red")
        );
        assert_eq!(said("image/png", "\u{89}PNG"), None);
    }
}

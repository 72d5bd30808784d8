//! A request to the API, on the types of the `http` crate, and how it is read.

use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, AsHeaderName, CONTENT_TYPE, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value};

use super::BASE;
use super::trouble::Trouble;
use crate::request::Asked;
use httpwhy_respond::{Failure, Precondition, PreconditionFailed, PreconditionRequired};

/// A request to the API.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// The method.
    pub(super) method: Method,
    /// The path behind [`BASE`]; begins with `/`.
    pub(super) path: String,
    /// The parameters of the query, decoded, in order.
    pub(super) query: Vec<(String, String)>,
    /// The length of path and query as they were sent, in bytes.
    pub(super) target_length: usize,
    /// The authority of a target in absolute form.
    pub(super) authority: Option<String>,
    /// The fields.
    pub(super) fields: HeaderMap,
    /// The content that came.
    pub(super) content: Bytes,
    /// The length of the content that came, in bytes.
    pub(super) length: u64,
    /// The major version of HTTP.
    pub(super) major: u8,
    /// When it came: rate limits count from here.
    pub(super) now: Instant,
}

impl Ask {
    /// The request; `None` when method or fields have a form that HTTP does not know.
    pub(super) fn of(asked: &Asked) -> Option<Self> {
        let mut fields = HeaderMap::new();
        for (name, value) in &asked.fields {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            fields.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
        }
        let query = asked.query.as_deref().unwrap_or_default();
        let behind = asked.path.strip_prefix(BASE).unwrap_or_default();
        Some(Self {
            method: Method::from_bytes(asked.method.as_bytes()).ok()?,
            path: if behind.is_empty() {
                "/".to_owned()
            } else {
                behind.to_owned()
            },
            query: pairs(query),
            target_length: asked.path.len() + query.len(),
            authority: asked.authority.clone(),
            fields,
            content: Bytes::copy_from_slice(&asked.content),
            length: asked.length,
            major: asked.major,
            now: Instant::now(),
        })
    }

    /// The value of a field that stands once; more lines are joined (RFC 9110 section 5.3).
    pub(super) fn field(&self, name: impl AsHeaderName) -> Option<String> {
        let lines: Vec<String> = self
            .fields
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// Content-Length, when there is one.
    pub(super) fn declared(&self) -> Option<u64> {
        self.field(http::header::CONTENT_LENGTH)?
            .trim()
            .parse()
            .ok()
    }

    /// The first parameter of the query of that name.
    pub(super) fn arg(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter();
        found
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The media type of the content, without parameters, in lower case.
    pub(super) fn media(&self) -> Option<String> {
        Some(essence(&self.field(CONTENT_TYPE)?))
    }

    /// How much the client likes that media type, from 0 to 1000 (RFC 9110 section 12.5.1); the most precise range
    /// counts. Without Accept everything is as good.
    pub(super) fn likes(&self, media: &str) -> u16 {
        let Some(accept) = self.field(ACCEPT) else {
            return 1000;
        };
        let (kind, _) = media.split_once('/').unwrap_or((media, ""));
        let ranges = accept.split(',').filter_map(|range| {
            let wanted = essence(range);
            let precise = match wanted.as_str() {
                wanted if wanted == media => 2,
                "*/*" => 0,
                wanted if wanted.strip_suffix("/*") == Some(kind) => 1,
                _ => return None,
            };
            Some((precise, quality(range)))
        });
        ranges.max().map_or(0, |(_, quality)| quality)
    }

    /// The content as a JSON object (RFC 8259).
    pub(super) fn object(&self) -> Result<Map<String, Value>, Trouble> {
        match serde_json::from_slice(&self.content) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(_) => Err(Failure::unprocessable_content()
                .detail("The content is JSON, but no object.")
                .into()),
            Err(why) => Err(Failure::bad_request()
                .detail(format!("The content is no JSON: {why}."))
                .into()),
        }
    }

    /// Whether the client has this state already (RFC 9110 section 13.1.2: weak comparison).
    pub(super) fn has_state(&self, tag: &str) -> bool {
        self.field(IF_NONE_MATCH)
            .is_some_and(|list| names(&list, tag, true))
    }

    /// Holds a change to its conditions (RFC 9110 section 13.2): 412 when one fails, 428 when one is needed and missing.
    pub(super) fn may_change(&self, tag: &str, is_needed: bool) -> Result<(), Trouble> {
        match self.field(IF_MATCH) {
            Some(list) if !names(&list, tag, false) => {
                Err(PreconditionFailed::new(Precondition::IfMatch).into())
            }
            None if is_needed => Err(PreconditionRequired::new(Precondition::IfMatch).into()),
            _ if self.has_state(tag) => {
                Err(PreconditionFailed::new(Precondition::IfNoneMatch).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a list of entity tags, or `*`, names that one.
pub(super) fn names(list: &str, tag: &str, weakly: bool) -> bool {
    list.split(',').map(str::trim).any(|known| {
        let known = match weakly {
            true => known.strip_prefix("W/").unwrap_or(known),
            false => known,
        };
        known == "*" || known == tag
    })
}

/// A media type or range without its parameters, in lower case.
fn essence(text: &str) -> String {
    let end = text.find(';').unwrap_or(text.len());
    text[..end].trim().to_ascii_lowercase()
}

/// The weight of a media range, in thousandths; what is malformed is as good as 1.
fn quality(range: &str) -> u16 {
    let weight = range
        .split(';')
        .skip(1)
        .find_map(|parameter| parameter.trim().strip_prefix("q="));
    let weight = weight.and_then(|text| text.trim().parse::<f32>().ok());
    weight.map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16)
}

/// The parameters of a query or form, decoded (URL Standard, `application/x-www-form-urlencoded`).
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3));
        let byte = hex
            .flatten()
            .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, bytes[at]) {
            (Some(byte), _) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (None, b'+') => out.push(b' '),
            (None, plain) => out.push(plain),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A request without content.
    pub(crate) fn asking(method: &str, path: &str, fields: &[(&str, &str)]) -> Ask {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Ask::of(&Asked {
            method: method.to_owned(),
            path: format!("{BASE}{path}"),
            major: 1,
            fields: fields.iter().map(owned).collect(),
            ..Asked::default()
        })
        .expect("well-formed")
    }

    #[test]
    fn accept_is_weighed() {
        for (accept, media, liked) in [
            ("text/plain", "application/json", 0),
            ("text/plain, */*;q=0.1", "application/json", 100),
            ("text/*;q=0.5, text/plain", "text/plain", 1000),
            ("text/plain;q=0, */*", "text/plain", 0),
            ("APPLICATION/JSON ; q=0.25", "application/json", 250),
            ("", "application/json", 0),
        ] {
            let ask = asking("GET", "/", &[("Accept", accept)]);
            assert_eq!(ask.likes(media), liked, "{accept}");
        }
        assert_eq!(asking("GET", "/", &[]).likes("a/b"), 1000);
    }

    #[test]
    fn conditions() {
        let tag = "\"a1\"";
        for (name, value, needed, holds) in [
            ("If-Match", "\"a1\"", true, true),
            ("If-Match", "\"b\", \"a1\"", false, true),
            ("If-Match", "*", true, true),
            ("If-Match", "W/\"a1\"", false, false),
            ("If-Match", "\"b\"", false, false),
            ("If-None-Match", "W/\"a1\"", false, false),
            ("If-None-Match", "*", false, false),
            ("If-None-Match", "\"b\"", false, true),
            ("X", "y", true, false),
            ("X", "y", false, true),
        ] {
            let ask = asking("PUT", "/", &[(name, value)]);
            let told = ask.may_change(tag, needed);
            assert_eq!(told.is_ok(), holds, "{name}: {value}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let decoded = pairs("a=b%20c+d&%zz&é%C3%A9=%");
        let decoded: Vec<_> = decoded
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(decoded, [("a", "b c d"), ("%zz", ""), ("éé", "%")]);
    }
}

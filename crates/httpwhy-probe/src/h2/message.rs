//! The request as HTTP/2 has it (RFC 9113 section 8.3.1).

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Uri, Version};
use httpwhy_model::{Field, Request, Seen, Signal};

/// Fields that HTTP/2 has no place for (RFC 9113 section 8.2.2).
const LEFT_OUT: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
];

/// The request for the library, and its content. `request` becomes what is sent: names in lower case, without fields
/// of a connection; `host` stands for `:authority`. The signal says why it cannot be sent.
pub(super) fn of(request: &mut Request, tls: bool) -> Result<(http::Request<()>, Bytes), Signal> {
    let wrong = || Signal::word("input", "invalid-field");
    request.version = Bytes::from_static(b"HTTP/2");
    let is_grpc = request
        .fields
        .text("content-type")
        .is_some_and(|kind| kind.starts_with("application/grpc"));
    request.fields.list.retain(may_be_sent);
    for field in &mut request.fields.list {
        field.name = field.name.to_ascii_lowercase().into();
    }
    if is_grpc && !request.fields.has("te") {
        // "gRPC over HTTP/2" demands it, to find out proxies that drop trailers.
        request.fields.push("te", "trailers");
    }
    let mut fields = HeaderMap::with_capacity(request.fields.list.len());
    let mut authority = None;
    for Field { name, value } in &request.fields.list {
        let value = value.as_bytes();
        if &**name == b"host" {
            authority = Some(Authority::try_from(value).map_err(|_| wrong())?);
            continue;
        }
        let name = HeaderName::from_bytes(name).map_err(|_| wrong())?;
        let value = HeaderValue::from_bytes(value).map_err(|_| wrong())?;
        fields.append(name, value);
    }
    let target = PathAndQuery::try_from(&*request.target).map_err(|_| wrong())?;
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = authority;
    parts.path_and_query = Some(target);
    let mut head = http::Request::new(());
    *head.method_mut() = Method::from_bytes(&request.method).map_err(|_| wrong())?;
    *head.version_mut() = Version::HTTP_2;
    *head.uri_mut() = Uri::from_parts(parts).map_err(|_| wrong())?;
    *head.headers_mut() = fields;
    let content = match &request.body {
        Seen::Present(body) => body.bytes.clone(),
        Seen::Absent | Seen::NotCaptured => Bytes::new(),
    };
    Ok((head, content))
}

fn may_be_sent(field: &Field) -> bool {
    let is = |name: &&str| field.name.eq_ignore_ascii_case(name.as_bytes());
    let is_other_te = is(&"te") && !field.value.as_bytes().eq_ignore_ascii_case(b"trailers");
    !LEFT_OUT.iter().any(is) && !is_other_te
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_model::Fields;

    fn request(fields: &[(&'static str, &'static str)]) -> Request {
        Request {
            method: "POST".into(),
            target: "/a?b".into(),
            version: "HTTP/1.1".into(),
            fields: Fields::of(fields.iter().copied()),
            body: Seen::Absent,
        }
    }

    #[test]
    fn a_request_is_told_as_it_is_sent() {
        let mut asked = request(&[
            ("Host", "a.example:8443"),
            ("Connection", "close"),
            ("TE", "gzip"),
            ("Content-Type", "application/grpc+proto"),
            ("X-Two", "1"),
            ("x-two", "2"),
        ]);
        let (head, content) = of(&mut asked, true).expect("good");
        assert_eq!(head.uri(), "https://a.example:8443/a?b");
        let two: Vec<_> = head.headers().get_all("x-two").iter().collect();
        assert_eq!(two, ["1", "2"]);
        assert!(head.headers().get("host").is_none() && content.is_empty());
        let names: Vec<_> = asked.fields.list.iter().map(|f| &*f.name).collect();
        assert_eq!(
            names,
            [&b"host"[..], b"content-type", b"x-two", b"x-two", b"te"]
        );
        assert_eq!(asked.version, "HTTP/2");
    }

    #[test]
    fn what_cannot_be_sent_says_so() {
        for fields in [
            &[("host", "a b")][..],
            &[("host", "a"), ("b ad", "x")],
            &[("host", "a"), ("bad", "x\ny")],
        ] {
            let signal = of(&mut request(fields), false).expect_err("bad");
            assert_eq!(signal.to_string(), "input:invalid-field");
        }
    }
}

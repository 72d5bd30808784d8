//! Hiding what must not be stored or printed, keeping what diagnosis needs.

use std::borrow::Cow;

use bytes::Bytes;

use crate::{Fields, Value, Visit};

/// Fields whose whole value is a secret, except a leading scheme word.
const CREDENTIALS: &[&str] = &["authorization", "proxy-authorization"];
/// Fields whose cookie values are secrets, names and attributes are not.
const COOKIES: &[&str] = &["cookie", "set-cookie"];
/// Other fields that carry a key or token.
const KEYS: &[&str] = &[
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-security-token",
    "api-key",
];

/// The visit with credentials hidden: in `Authorization`, `Cookie` and their kin, and in the user information of target
/// URIs. Names, attributes, schemes and lengths stay, so that `diagnose(redact(v)) == diagnose(v)`.
#[must_use]
pub fn redact(visit: &Visit) -> Visit {
    let mut visit = visit.clone();
    visit.asked = redact_uri(&visit.asked);
    for step in &mut visit.steps {
        let exchange = &mut step.exchange;
        exchange.target = redact_uri(&exchange.target);
        redact_fields(&mut exchange.request.fields);
        let proxy = exchange.way.as_mut().and_then(|way| way.proxy.as_mut());
        for response in exchange
            .interim
            .iter_mut()
            .chain(exchange.response.as_mut())
            .chain(proxy.and_then(|proxy| proxy.answer.as_mut()))
        {
            redact_fields(&mut response.fields);
            redact_fields(&mut response.trailers);
            if let Some(Value::Bytes(octets)) = &response.raw_head {
                response.raw_head = Some(Value::Redacted(redact_head(octets).into()));
            }
        }
    }
    visit
}

/// As [`redact`], without a copy where there is nothing to hide.
#[must_use]
pub fn redacted(visit: &Visit) -> Cow<'_, Visit> {
    let hides = |fields: &Fields| {
        let mut names = fields.list.iter().map(|field| &field.name[..]);
        names.any(is_secret_field)
    };
    // Only what stands before an @ is hidden.
    let private = |uri: &str| uri.contains('@');
    let secret = private(&visit.asked)
        || visit.steps.iter().any(|step| {
            let exchange = &step.exchange;
            let proxy = exchange.way.as_ref().and_then(|way| way.proxy.as_ref());
            let answer = proxy.and_then(|proxy| proxy.answer.as_ref());
            let mut responses = exchange
                .interim
                .iter()
                .chain(&exchange.response)
                .chain(answer);
            hides(&exchange.request.fields)
                || responses.any(|response| {
                    hides(&response.fields)
                        || hides(&response.trailers)
                        || response.raw_head.is_some()
                })
                || private(&exchange.target)
        });
    if secret {
        Cow::Owned(redact(visit))
    } else {
        Cow::Borrowed(visit)
    }
}

/// Whether a field of that name carries a secret: credentials, cookies, keys.
pub fn is_secret_field(name: &[u8]) -> bool {
    [CREDENTIALS, COOKIES, KEYS]
        .iter()
        .copied()
        .flatten()
        .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

fn redact_fields(fields: &mut Fields) {
    for field in &mut fields.list {
        if let Some(hide) = hiding(&field.name)
            && let Value::Bytes(bytes) = &field.value
        {
            field.value = Value::Redacted(Bytes::from(hide(bytes)));
        }
    }
}

/// A way to hide a value, which keeps its length.
type Hide = fn(&[u8]) -> Vec<u8>;

/// How the value of a field of that name is hidden, if it is.
fn hiding(name: &[u8]) -> Option<Hide> {
    let is = |names: &[&str]| {
        names
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
    };
    if is(CREDENTIALS) {
        Some(hide_after_scheme)
    } else if is(COOKIES) {
        Some(hide_cookie_values)
    } else if is(KEYS) {
        Some(|value| vec![b'*'; value.len()])
    } else {
        None
    }
}

/// The octets of a head with the values of secret fields hidden as those of parsed fields are. Of a folded value,
/// everything on its further lines.
fn redact_head(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut folds = false;
    for line in octets.split_inclusive(|&b| b == b'\n') {
        if folds && matches!(line.first(), Some(b' ' | b'\t')) {
            let hidden = line.iter();
            out.extend(hidden.map(|&b| if b.is_ascii_whitespace() { b } else { b'*' }));
            continue;
        }
        let colon = line.iter().position(|&b| b == b':').unwrap_or(0);
        let hide = hiding(line[..colon].trim_ascii());
        folds = hide.is_some();
        let Some(hide) = hide else {
            out.extend_from_slice(line);
            continue;
        };
        let value = line[colon + 1..].trim_ascii();
        let before = line.len() - line[colon + 1..].trim_ascii_start().len();
        out.extend_from_slice(&line[..before]);
        out.extend(hide(value));
        out.extend_from_slice(&line[before + value.len()..]);
    }
    out
}

/// `Basic dXNlcjpwYXNz` becomes `Basic ************`; a lone token is hidden whole.
fn hide_after_scheme(value: &[u8]) -> Vec<u8> {
    let keep = value.iter().position(|&b| b == b' ').map_or(0, |at| at + 1);
    value
        .iter()
        .enumerate()
        .map(|(at, &b)| if at < keep { b } else { b'*' })
        .collect()
}

/// Attributes of Set-Cookie whose values are no secrets (RFC 6265 section 4.1.2).
const ATTRIBUTES: &[&str] = &[
    "expires",
    "max-age",
    "domain",
    "path",
    "samesite",
    "secure",
    "httponly",
    "partitioned",
    "priority",
];

/// `sid=abc; Path=/` becomes `sid=***; Path=/`.
fn hide_cookie_values(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for (index, pair) in value.split(|&b| b == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let equals = pair.iter().position(|&b| b == b'=');
        let name = pair[..equals.unwrap_or(0)].trim_ascii();
        let attribute = index > 0
            && ATTRIBUTES
                .iter()
                .any(|a| name.eq_ignore_ascii_case(a.as_bytes()));
        match equals {
            Some(at) if !attribute => {
                out.extend_from_slice(&pair[..=at]);
                out.resize(out.len() + pair.len() - at - 1, b'*');
            }
            _ => out.extend_from_slice(pair),
        }
    }
    out
}

/// The URI with its password hidden: `https://user:secret@host/` becomes `https://user:******@host/`. What is no URI is
/// treated alike.
#[must_use]
pub fn redact_uri(uri: &str) -> String {
    let Some(start) = uri.find("://").map(|at| at + 3) else {
        return uri.to_owned();
    };
    let end = uri[start..]
        .find(['/', '?', '#'])
        .map_or(uri.len(), |at| start + at);
    let Some(at) = uri[start..end].rfind('@').map(|at| start + at) else {
        return uri.to_owned();
    };
    let Some(colon) = uri[start..at].find(':').map(|colon| start + colon) else {
        return uri.to_owned();
    };
    format!(
        "{}{}{}",
        &uri[..=colon],
        "*".repeat(at - colon - 1),
        &uri[at..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exchange, Response};

    #[test]
    fn the_octets_of_a_head_are_hidden_as_its_fields_are() {
        let table: [(&[u8], &[u8]); 5] = [
            (
                b"HTTP/1.1 200 OK\nX: a:b\n\n",
                b"HTTP/1.1 200 OK\nX: a:b\n\n",
            ),
            (
                b"HTTP/1.1 200 OK\r\nSet-Cookie :sid=abc; Path=/ \r\nX:1\r\n",
                b"HTTP/1.1 200 OK\r\nSet-Cookie :sid=***; Path=/ \r\nX:1\r\n",
            ),
            (
                b"H\nset-cookie:\r\n sid=abc;\r\n\tx\r\nY:\r\n z",
                b"H\nset-cookie:\r\n ********\r\n\t*\r\nY:\r\n z",
            ),
            (b"H\nX-Api-Key:  tok", b"H\nX-Api-Key:  ***"),
            (b"Authorization: Basic abc\n", b"Authorization: Basic ***\n"),
        ];
        for (octets, hidden) in table {
            let exchange = Exchange {
                response: Some(Response {
                    raw_head: Some(Value::Bytes(Bytes::from_static(octets))),
                    ..Response::default()
                }),
                ..Exchange::default()
            };
            let visit = redacted(&Visit::of(exchange)).into_owned();
            let response = visit.steps[0].exchange.response.as_ref();
            let raw = response.expect("set above").raw_head.as_ref();
            assert_eq!(raw.expect("kept").as_bytes(), hidden);
        }
    }

    #[test]
    fn names_attributes_and_lengths_stay() {
        let mut exchange = Exchange {
            target: "https://me:pw1@h.example/a@b".into(),
            ..Exchange::default()
        };
        exchange.request.fields =
            Fields::of([("Authorization", "Bearer abc"), ("Cookie", "a=1; b=22")]);
        exchange.response = Some(Response {
            fields: Fields::of([("Set-Cookie", "sid=abc; Path=/; Secure"), ("Server", "x")]),
            ..Response::default()
        });
        let visit = redact(&Visit::of(exchange));
        let exchange = &visit.steps[0].exchange;
        assert_eq!(exchange.target, "https://me:***@h.example/a@b");
        assert_eq!(visit.asked, exchange.target);
        assert_eq!(
            exchange.request.fields.text("authorization"),
            Some("Bearer ***")
        );
        assert_eq!(exchange.request.fields.text("cookie"), Some("a=*; b=**"));
        let fields = &exchange.response.as_ref().expect("set above").fields;
        assert_eq!(fields.text("set-cookie"), Some("sid=***; Path=/; Secure"));
        assert_eq!(fields.text("server"), Some("x"));
    }
}

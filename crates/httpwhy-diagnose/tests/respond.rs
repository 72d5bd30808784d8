//! Every response that `httpwhy-respond` makes, judged by the rules here: none breaks one.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use httpwhy_diagnose::step;
use httpwhy_respond::{
    Algorithm, Basic, Bearer, BearerError, BearerRefused, Challenge, Coding, ContentTooLarge,
    Created, Digest, ETag, EarlyHints, Failure, Link, Location, MediaType, MethodNotAllowed,
    NoContent, NotAcceptable, NotModified, PartialContent, Precondition, PreconditionFailed,
    PreconditionRequired, Problem, Protocol, ProxyAuthenticationRequired, RangeNotSatisfiable,
    RateLimit, Redirect, ResetContent, RetryAfter, TooManyRequests, Unauthorized, Unavailable,
    UnsupportedMediaType, UpgradeRequired,
};

/// A request that fits, and the response.
type Case = (&'static str, Response<Bytes>);

const GET: &str = "GET /a HTTP/1.1";
const POST: &str = "POST /a HTTP/1.1";

fn whole() -> Response<Bytes> {
    Response::builder()
        .header("content-type", "text/plain")
        .header("etag", "\"v1\"")
        .header("vary", "accept")
        .header("cache-control", "max-age=60")
        .header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
        .body(Bytes::from_static(b"0123456789"))
        .unwrap()
}

/// All of them, with every field that can be asked for.
fn responses() -> Vec<Case> {
    let media = |text| MediaType::new(text).unwrap();
    let to = || Location::new("https://other.example/b?c=d#e").unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    let digest = || {
        Digest::new("r \"q\"", "n", Algorithm::Sha256)
            .unwrap()
            .domain("/a")
            .unwrap()
            .opaque("o")
            .unwrap()
            .auth_int()
            .stale()
            .utf8()
            .userhash()
    };
    let bearer = || Bearer::new("api").unwrap().scope("read write").unwrap();
    let refused = |error| BearerRefused::new(bearer(), error, "no good").unwrap();
    let limit = RateLimit::new("default", 100, Duration::from_mins(1)).unwrap();
    let problem = Problem::of_type("https://example.com/probs/a", "A")
        .unwrap()
        .detail("b")
        .instance("/c")
        .unwrap()
        .with("limit", 4)
        .unwrap();
    let failures = [
        Failure::bad_request(),
        Failure::payment_required(),
        Failure::forbidden(),
        Failure::not_found(),
        Failure::request_timeout(),
        Failure::conflict(),
        Failure::gone(),
        Failure::length_required(),
        Failure::uri_too_long(),
        Failure::expectation_failed(),
        Failure::misdirected_request(),
        Failure::unprocessable_content(),
        Failure::locked(),
        Failure::failed_dependency(),
        Failure::too_early(),
        Failure::request_header_fields_too_large(),
        Failure::unavailable_for_legal_reasons(),
        Failure::internal_server_error(),
        Failure::not_implemented(),
        Failure::bad_gateway(),
        Failure::gateway_timeout(),
        Failure::http_version_not_supported(),
        Failure::insufficient_storage(),
        Failure::loop_detected(),
    ];
    let mut all: Vec<Case> = vec![
        (
            GET,
            EarlyHints::new(&Link::preload("/b.css", "style").unwrap())
                .and(
                    &Link::preconnect("https://c.example")
                        .unwrap()
                        .cross_origin(),
                )
                .into(),
        ),
        (POST, Created::at(to()).into()),
        (
            POST,
            Created::at(to())
                .etag(ETag::weak("a").unwrap())
                .content(&media("application/json"), "{}")
                .into(),
        ),
        (POST, NoContent::new().into()),
        (
            POST,
            NoContent::new().etag(ETag::strong("a").unwrap()).into(),
        ),
        (POST, ResetContent::new().into()),
        (GET, PartialContent::cut(whole(), 2..=99).unwrap().into()),
        (
            GET,
            PartialContent::piece(whole().headers(), 7, None, Bytes::from_static(b"78"))
                .unwrap()
                .into(),
        ),
        (GET, Redirect::for_good(&Method::GET, to()).into()),
        (POST, Redirect::for_good(&Method::POST, to()).into()),
        (GET, Redirect::for_now(&Method::GET, to()).into()),
        (POST, Redirect::for_now(&Method::POST, to()).into()),
        (POST, Redirect::see_other(to()).into()),
        (GET, NotModified::etag(ETag::strong("a").unwrap()).into()),
        (GET, NotModified::last_modified(time).unwrap().into()),
        (GET, NotModified::of(whole().headers()).unwrap().into()),
        (
            GET,
            Unauthorized::new(Basic::new("a \"b\"").unwrap().utf8())
                .or(bearer())
                .or(digest())
                .or(Challenge::bare("Negotiate").unwrap())
                .into(),
        ),
        (POST, refused(BearerError::InvalidRequest).into()),
        (POST, refused(BearerError::InvalidToken).or(digest()).into()),
        (POST, refused(BearerError::InsufficientScope).into()),
        (
            POST,
            MethodNotAllowed::allow([Method::GET, Method::HEAD]).into(),
        ),
        (POST, MethodNotAllowed::allow([]).into()),
        (GET, NotAcceptable::available(media("text/csv"), []).into()),
        (
            GET,
            ProxyAuthenticationRequired::new(Basic::new("p").unwrap())
                .or(digest())
                .into(),
        ),
        (POST, PreconditionFailed::new(Precondition::IfMatch).into()),
        (
            POST,
            PreconditionRequired::new(Precondition::IfUnmodifiedSince).into(),
        ),
        (
            POST,
            ContentTooLarge::new()
                .retry_after(RetryAfter::seconds(9))
                .problem(problem)
                .into(),
        ),
        (
            POST,
            UnsupportedMediaType::accept(media("a/b;c=\"d, e\""), [media("f/g")]).into(),
        ),
        (
            POST,
            UnsupportedMediaType::accept_encoding(Coding::gzip(), [Coding::identity()]).into(),
        ),
        (
            "PATCH /a HTTP/1.1",
            UnsupportedMediaType::accept_patch(media("application/merge-patch+json"), []).into(),
        ),
        (GET, RangeNotSatisfiable::of(10).into()),
        (
            GET,
            UpgradeRequired::to(Protocol::websocket())
                .or(Protocol::new("h2c").unwrap())
                .into(),
        ),
        (
            GET,
            TooManyRequests::after(RetryAfter::at(time).unwrap()).into(),
        ),
        (GET, TooManyRequests::spent(limit).into()),
        (
            GET,
            Unavailable::after(RetryAfter::seconds(0))
                .detail("Till noon.")
                .into(),
        ),
    ];
    all.extend(failures.map(|failure| (POST, failure.into())));
    all
}

/// As a server's library would send it: with Date, and with the length where content may be.
fn bytes_of(request: &str, response: &Response<Bytes>) -> Vec<u8> {
    let status = response.status();
    let range = match status.as_u16() {
        206 | 416 => "> Range: bytes=2-\n",
        _ => "",
    };
    let mut text = format!("> {request}\n> Host: a.example\n{range}>\n");
    let mut head = format!("HTTP/1.1 {} X\n", status.as_u16());
    let line = |name: &str, value: &str| format!("{name}: {value}\n");
    for (name, value) in response.headers() {
        head += &line(name.as_str(), value.to_str().unwrap());
    }
    if !status.is_informational() {
        head += &line("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        if !matches!(status.as_u16(), 204 | 304) {
            head += &line("content-length", &response.body().len().to_string());
        }
    }
    for line in head.lines() {
        writeln!(text, "< {line}").unwrap();
    }
    text += "<\n";
    if status.is_informational() {
        text +=
            "< HTTP/1.1 200 OK\n< date: Sun, 06 Nov 1994 08:49:37 GMT\n< content-length: 0\n<\n";
    } else if !response.body().is_empty() {
        writeln!(text, "< {}", std::str::from_utf8(response.body()).unwrap()).unwrap();
    }
    text.into_bytes()
}

/// The rules that the exchange breaks.
fn broken(request: &str, response: &Response<Bytes>) -> Vec<&'static str> {
    let transcript = bytes_of(request, response);
    let transcript = std::str::from_utf8(&transcript).unwrap();
    let visit = httpwhy_ingest::read_transcript(transcript).unwrap();
    let exchange = &visit.steps[0].exchange;
    let read = match exchange.interim.first() {
        Some(interim) => interim,
        None => exchange.response.as_ref().unwrap(),
    };
    assert_eq!(
        read.status(),
        Some(response.status().as_u16()),
        "{transcript}"
    );
    let findings = step(&visit, 0).findings;
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn no_response_breaks_a_rule() {
    let all = responses();
    assert!(all.len() >= 58, "{}", all.len());
    for (request, response) in all {
        let rules = broken(request, &response);
        assert!(rules.is_empty(), "{request}: {response:?}: {rules:?}");
    }
}

/// What the rules say once the field is taken out again: they would have seen its absence.
#[test]
fn the_rules_miss_each_demanded_field() {
    let cases = [
        (401, "www-authenticate", "unauthorized-without-challenge"),
        (405, "allow", "method-not-allowed-without-allow"),
        (
            407,
            "proxy-authenticate",
            "proxy-auth-required-without-challenge",
        ),
        (
            416,
            "content-range",
            "range-not-satisfiable-without-content-range",
        ),
        (206, "content-range", "partial-without-content-range"),
        (426, "upgrade", "upgrade-required-without-upgrade"),
        (426, "connection", "upgrade-without-connection-option"),
        (308, "location", "redirect-without-location"),
        (404, "content-type", "content-type-missing"),
    ];
    for (status, field, rule) in cases {
        let found = responses()
            .into_iter()
            .find(|(_, response)| response.status() == status);
        let (request, mut response) = found.unwrap_or_else(|| panic!("no {status}"));
        let fields: &mut HeaderMap = response.headers_mut();
        assert!(fields.remove(field).is_some(), "{status} has no {field}");
        assert_eq!(broken(request, &response), [rule], "{status}");
    }
}

//! Defects of our own request that a server must, or may, refuse.

use httpwhy_model::{
    Blame, End, Fields, Framing, Party, Phase, Place, Request, Response, Seen, Sent,
};

use super::{CLIENT, Case, Ruling};

/// A request that breaks HTTP, refused by a status for such requests or by hanging up.
pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let exchange = case.exchange;
    let blame = match case.status() {
        // Whoever refused it, a server behind or one in front, only another request can succeed.
        Some(400 | 411 | 501 | 505) if case.is_plain_status() => Blame::Proven(Party::Client),
        None if exchange.end == End::Nothing && went_out(case) => CLIENT,
        _ => return None,
    };
    let defect = defect(&exchange.request, exchange.response.as_ref())?;
    Some(case.ruling(blame, defect.place, defect.quote, defect.shows))
}

/// Whether the failure is about a request that at least began to go out.
fn went_out(case: &Case) -> bool {
    let mut signals = case.exchange.signals();
    case.exchange.sent != Sent::Nothing && signals.all(|(phase, _)| phase >= Phase::Send)
}

struct Defect<'a> {
    place: Place,
    quote: Option<&'a [u8]>,
    shows: &'static str,
}

fn defect<'a>(request: &'a Request, response: Option<&Response>) -> Option<Defect<'a>> {
    version(request, response)
        .or_else(|| host(request))
        .or_else(|| transfer_encoding(&request.fields))
        .or_else(|| content_length(&request.fields))
        .or_else(|| content(request))
        .or_else(|| names(&request.fields))
}

/// A version that is neither HTTP/1.0 nor HTTP/1.1, answered in HTTP/1 (RFC 9112 section 2.3).
fn version<'a>(request: &'a Request, response: Option<&Response>) -> Option<Defect<'a>> {
    let version = &request.version[..];
    let over_h1 = response.is_some_and(|r| r.version.starts_with(b"HTTP/1."));
    let odd = !matches!(version, b"" | b"HTTP/1.0" | b"HTTP/1.1");
    (over_h1 && odd).then_some(Defect {
        place: Place::Target,
        quote: Some(version),
        shows: "the request line names a version that is not spoken on this connection",
    })
}

/// HTTP/1.1 demands exactly one Host, and a 400 otherwise (RFC 9112 section 3.2).
fn host(request: &Request) -> Option<Defect<'_>> {
    let mut hosts = request.fields.iter("host");
    let first = hosts.next();
    let second = hosts.next();
    let place = Place::RequestField("host".into());
    if let Some(second) = second {
        return Some(Defect {
            place,
            quote: Some(second.as_bytes()),
            shows: "a second Host field: a server must refuse that",
        });
    }
    let needed = request.version[..] == *b"HTTP/1.1";
    (first.is_none() && needed && request.fields.get("host").is_absent()).then_some(Defect {
        place,
        quote: None,
        shows: "no Host field: HTTP/1.1 demands one",
    })
}

/// A coding a server need not know, or chunked not last (RFC 9112 sections 6.1 and 7), or a length beside it.
fn transfer_encoding(fields: &Fields) -> Option<Defect<'_>> {
    let value = fields.iter("transfer-encoding").last()?;
    let place = Place::RequestField("transfer-encoding".into());
    let mut codings = value.as_bytes().split(|&b| b == b',');
    let last = codings.next_back()?.trim_ascii();
    let quote = Some(value.as_bytes());
    if !last.eq_ignore_ascii_case(b"chunked") {
        return Some(Defect {
            place,
            quote,
            shows: "the last transfer coding is not chunked: the request's end cannot be found",
        });
    }
    fields.has("content-length").then_some(Defect {
        place,
        quote,
        shows: "beside Content-Length: a server may refuse that as an attempt at smuggling",
    })
}

/// A length that is no number, or two that differ (RFC 9112 section 6.3).
fn content_length(fields: &Fields) -> Option<Defect<'_>> {
    let mut values = fields
        .iter("content-length")
        .flat_map(|value| value.as_bytes().split(|&b| b == b','))
        .map(<[u8]>::trim_ascii);
    let first = values.next()?;
    let place = Place::RequestField("content-length".into());
    if first.is_empty() || !first.iter().all(u8::is_ascii_digit) {
        return Some(Defect {
            place,
            quote: Some(first),
            shows: "no number: the request's end cannot be found",
        });
    }
    values.find(|other| *other != first).map(|other| Defect {
        place,
        quote: Some(other),
        shows: "two lengths that differ: a server must refuse that",
    })
}

/// Content that did not come to the end that the fields announce (RFC 9112 sections 6.2, 7.1 and 8).
fn content(request: &Request) -> Option<Defect<'_>> {
    let body = request.body.as_ref().present()?;
    let (field, shows) = match body.framing {
        Framing::Length(_) => ("content-length", "more was announced than sent"),
        Framing::Chunked => (
            "transfer-encoding",
            "the chunks sent are malformed, or the last is missing",
        ),
        _ => return None,
    };
    (body.complete == Seen::Present(false)).then(|| Defect {
        place: Place::RequestField(field.into()),
        quote: request
            .fields
            .iter(field)
            .next()
            .map(httpwhy_model::Value::as_bytes),
        shows,
    })
}

/// A field name that is no token (RFC 9110 section 5.1). White space before the colon is no longer to be seen here.
fn names(fields: &Fields) -> Option<Defect<'_>> {
    fields
        .list
        .iter()
        .find(|field| !is_token(&field.name))
        .map(|field| Defect {
            place: Place::RequestField(String::from_utf8_lossy(&field.name).into_owned()),
            quote: None,
            shows: "no field name: a server must refuse what it cannot read",
        })
}

fn is_token(name: &[u8]) -> bool {
    let is_tchar = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    !name.is_empty() && name.iter().all(is_tchar)
}

//! The pieces of HTTP's grammar that several rules read.

use httpwhy_model::{Exchange, Fields, H1Defect, Response, Seen, Side, Signal, Value, Who};

/// Whether the response came in an HTTP/1 message.
pub(super) fn is_http1(response: &Response) -> bool {
    response.version.starts_with(b"HTTP/1.")
}

/// Whether the request is known to have been an HTTP/1.0 one.
pub(super) fn asked_http10(exchange: &Exchange) -> bool {
    exchange.request.version.as_ref() == b"HTTP/1.0"
}

/// Whether a browser's own record is all there is: it answers from its cache and asks in ways that it does not record.
pub(super) fn by_browser(exchange: &Exchange) -> bool {
    matches!(exchange.vantage.who, Who::Har | Who::Browser)
}

/// The values of a field's lines, as bytes.
pub(super) fn values<'a>(fields: &'a Fields, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    fields.iter(name).map(Value::as_bytes)
}

/// The members of a list field (RFC 9110 section 5.6.1), empty ones left out. For lists without quoted strings.
pub(super) fn members<'a>(
    fields: &'a Fields,
    name: &'static str,
) -> impl Iterator<Item = &'a [u8]> {
    values(fields, name)
        .flat_map(|value| value.split(|&b| b == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

/// The directives of Cache-Control with their arguments, quotes kept (RFC 9111 section 5.2).
pub(super) fn directives(fields: &Fields) -> impl Iterator<Item = (&[u8], &[u8])> {
    values(fields, "cache-control")
        .flat_map(split_outside_quotes)
        .map(|directive| {
            let equals = directive.iter().position(|&b| b == b'=');
            let (name, argument) = directive.split_at(equals.unwrap_or(directive.len()));
            let argument = argument.strip_prefix(b"=").unwrap_or(argument);
            (name.trim_ascii(), argument.trim_ascii())
        })
}

/// The parts between commas, where no quoted string holds the comma.
fn split_outside_quotes(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    value.split(move |&b| {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            _ => {}
        }
        b == b',' && !quoted
    })
}

/// Whether the response ends with its head by its kind, so that no field may say how long its content is: a 1xx, a 204, a
/// 2xx to CONNECT (RFC 9110 section 8.6, RFC 9112 section 6.1).
pub(super) fn has_no_framing(exchange: &Exchange, response: &Response) -> bool {
    match response.status() {
        Some(100..=199 | 204) => true,
        Some(200..=299) => exchange.request.method.as_ref() == b"CONNECT",
        _ => false,
    }
}

/// One digit or more.
pub(super) fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Whether Content-Type names that media type (lower case), whatever its parameters.
pub(super) fn is_of_type(fields: &Fields, media_type: &str) -> bool {
    values(fields, "content-type").next().is_some_and(|value| {
        let end = value.iter().position(|&b| b == b';');
        let named = value[..end.unwrap_or(value.len())].trim_ascii();
        named.eq_ignore_ascii_case(media_type.as_bytes())
    })
}

/// Whether content came. Line ends alone are none: records end with one that no server sent.
pub(super) fn has_content(response: &Response) -> bool {
    match &response.body {
        Seen::Present(body) => {
            let kept = body.bytes.len() as u64;
            !body.bytes.trim_ascii().is_empty()
                || matches!(body.received, Seen::Present(received) if received > kept)
        }
        Seen::Absent | Seen::NotCaptured => false,
    }
}

/// How many bytes of content came where none may be. Line ends alone are let pass, and so is what begins as the next
/// response does: records of several exchanges, and terminals, run into each other there.
pub(super) fn forbidden_content(response: &Response) -> Option<u64> {
    let Seen::Present(body) = &response.body else {
        return None;
    };
    let received = match body.received {
        Seen::Present(received) => received,
        Seen::Absent | Seen::NotCaptured => body.bytes.len() as u64,
    };
    let is_other = body.bytes.starts_with(b"HTTP/") || body.bytes.trim_ascii().is_empty();
    (received > 0 && !is_other).then_some(received)
}

/// Whether bytes came behind the end of the message that no next message explains. An observer at the server means the
/// request's.
pub(super) fn bytes_behind(exchange: &Exchange) -> bool {
    exchange.vantage.side == Side::Client
        && exchange.signals().any(|(_, signal)| {
            matches!(
                signal,
                Signal::H1 {
                    defect: H1Defect::ExtraBytes,
                    ..
                }
            )
        })
}

const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT`: the one form that may be sent (IMF-fixdate, RFC 9110 section 5.6.7). Whether the day
/// of the week fits the date is not asked.
pub(super) fn is_http_date(text: &[u8]) -> bool {
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        is_number(digits).then(|| {
            digits
                .iter()
                .fold(0, |sum, b| sum * 10 + u32::from(b - b'0'))
        })
    };
    let in_range = |from: usize, least: u32, most: u32| {
        number(from, from + 2).is_some_and(|n| (least..=most).contains(&n))
    };
    text.len() == 29
        && DAYS.contains(&&text[..3])
        && &text[3..5] == b", "
        && in_range(5, 1, 31)
        && text[7] == b' '
        && MONTHS.contains(&&text[8..11])
        && text[11] == b' '
        && number(12, 16).is_some()
        && text[16] == b' '
        && in_range(17, 0, 23)
        && text[19] == b':'
        && in_range(20, 0, 59)
        && text[22] == b':'
        && in_range(23, 0, 60)
        && &text[25..] == b" GMT"
}

#[cfg(test)]
mod tests {
    use super::is_http_date;

    #[test]
    fn only_the_fixed_form_of_a_date_is_one() {
        for good in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sat, 31 Dec 2016 23:59:60 GMT",
        ] {
            assert!(is_http_date(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "0",
            "-1",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "sun, 06 nov 1994 08:49:37 gmt",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
        ] {
            assert!(!is_http_date(bad.as_bytes()), "{bad}");
        }
    }
}

//! Raw responses, as received or as `curl -i` prints them: one head after the other where redirects were followed.

use bytes::Bytes;
use httpwhy_model::{
    Because, Body, End, Exchange, Framing, Phase, Request, Seen, Sent, Side, Signal, Step, Vantage,
    Visit, Who,
};
use httpwhy_wire::h1;

use crate::Unread;

/// Reads one response after the other. Each further one that follows a redirect is the next step of the visit.
pub(crate) fn read(bytes: &[u8], request: Option<&Request>) -> Visit {
    let mut visit = Visit::default();
    let mut rest = bytes;
    let mut asked = request.cloned();
    loop {
        let (exchange, consumed) = one(rest, asked.as_ref());
        let status = exchange.status();
        visit.steps.push(Step {
            exchange,
            because: because(visit.steps.len()),
        });
        rest = &rest[consumed.min(rest.len())..];
        let follows =
            status.is_some_and(|status| (300..400).contains(&status)) && next_head(rest).is_some();
        if !follows {
            break;
        }
        rest = &rest[next_head(rest).unwrap_or(0)..];
        // What the client asked next is not recorded; its method may have changed.
        asked = None;
    }
    if let Some(target) = request.and_then(target_uri) {
        visit.steps[0].exchange.target.clone_from(&target);
        visit.asked = target;
    }
    visit
}

fn because(step: usize) -> Because {
    step.checked_sub(1)
        .map_or(Because::Asked, Because::Redirect)
}

fn one(bytes: &[u8], request: Option<&Request>) -> (Exchange, usize) {
    let method = request.map_or(&b"GET"[..], |request| &request.method);
    // `curl -i` decodes chunks and content codings, so what the fields say of the length need not fit what was printed.
    let printed = printed_without_framing(bytes);
    let (message, consumed) = match &printed {
        Some(head) => crate::read_response(head, method, true),
        None => crate::read_response(bytes, method, true),
    };
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Transcript,
            side: Side::Client,
        },
        request: request.cloned().unwrap_or_default(),
        sent: Sent::All,
        interim: message.interim,
        response: message.response,
        received: message.received,
        ..Exchange::default()
    };
    // A head whose every line ends with LF alone was copied as text: its line ends and lengths say nothing of the wire.
    let copied = is_text_copy(bytes);
    for defect in message.defects {
        if !copied || !tells_of_lengths(&defect) {
            exchange.signal(Phase::Receive, defect);
        }
    }
    exchange.end = match &exchange.response {
        _ if message.upgraded => End::Upgraded,
        Some(_) if message.complete => End::Answered,
        // A record may stop where the recorder did: only a framed length says that something is missing.
        Some(response) if copied || close_delimited(response) => End::Answered,
        Some(_) => End::Partial,
        None if exchange.interim.is_empty() => End::Nothing,
        None => End::Partial,
    };
    if copied
        && let Some(Seen::Present(body)) = exchange
            .response
            .as_mut()
            .map(|response| &mut response.body)
    {
        body.complete = Seen::NotCaptured;
        body.received = Seen::NotCaptured;
    }
    let consumed = if printed.is_some() {
        head_length(bytes)
    } else {
        consumed
    };
    if let (Some(_), Some(response)) = (&printed, exchange.response.as_mut()) {
        let until = next_response(&bytes[consumed..]).map_or(bytes.len(), |at| consumed + at);
        response.body = Seen::Present(Body {
            bytes: Bytes::copy_from_slice(&bytes[consumed..until]),
            received: Seen::NotCaptured,
            complete: Seen::NotCaptured,
            framing: Framing::Unknown,
        });
        exchange.end = End::Answered;
        return (exchange, until);
    }
    (exchange, consumed)
}

/// Whether no line of the head ends with CRLF.
fn is_text_copy(bytes: &[u8]) -> bool {
    let head = &bytes[..head_length(bytes)];
    head.contains(&b'\n') && !head.windows(2).any(|pair| pair == b"\r\n")
}

/// Defects that a copy as text brings about by itself.
fn tells_of_lengths(defect: &Signal) -> bool {
    [
        "h1:bare-lf",
        "h1:truncated-head",
        "h1:truncated-body",
        "h1:truncated-chunk",
        "h1:truncated-trailers",
        "h1:extra-bytes",
    ]
    .iter()
    .any(|head| defect.is(head))
}

fn close_delimited(response: &httpwhy_model::Response) -> bool {
    matches!(&response.body, Seen::Present(body) if body.framing == Framing::Close)
}

/// The head alone, when the content cannot be as framed: a chunked response whose content was printed decoded, an
/// HTTP/2 or HTTP/3 response, which has no framing of its own, or a redirect whose content curl passed over, so that the
/// next head follows at once.
fn printed_without_framing(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = head_length(bytes);
    let head = &bytes[..length];
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let chunked = text
        .lines()
        .any(|line| line.starts_with("transfer-encoding:") && line.contains("chunked"));
    let frames = text.starts_with("http/2") || text.starts_with("http/3");
    let decoded = chunked && !starts_with_chunk(&bytes[length..]);
    let passed_over = next_head(&bytes[length..]) == Some(0);
    (length < bytes.len() && (frames || decoded || passed_over)).then(|| head.to_vec())
}

/// A chunk size line: hexadecimal digits, perhaps an extension, CRLF.
fn starts_with_chunk(content: &[u8]) -> bool {
    let Some(end) = content.iter().take(64).position(|&b| b == b'\n') else {
        return false;
    };
    let line = content[..end].trim_ascii_end();
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    digits > 0 && (digits == line.len() || line[digits] == b';')
}

/// The length of the last head before content: interim heads stand before the final one.
fn head_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    loop {
        let end = head_end(&bytes[at..]).map_or(bytes.len(), |end| at + end);
        let interim = bytes[at..].get(9) == Some(&b'1') && bytes[at..].starts_with(b"HTTP/1");
        if !interim || next_head(&bytes[end..]) != Some(0) {
            return end;
        }
        at = end;
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return Some(at);
        }
    }
    None
}

/// Where the next head begins, when only empty lines stand before it.
fn next_head(bytes: &[u8]) -> Option<usize> {
    let blank = bytes
        .iter()
        .take_while(|&&b| matches!(b, b'\r' | b'\n'))
        .count();
    bytes[blank..].starts_with(b"HTTP/").then_some(blank)
}

/// Where a further status line begins a line.
fn next_response(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b"HTTP/")
            && line.get(5).is_some_and(u8::is_ascii_digit)
            && line.contains(&b' ')
        {
            return Some(at);
        }
        at += line.len();
    }
    None
}

/// Reads a raw request: start line, fields, content.
pub fn read_request(bytes: &[u8]) -> Result<Request, Unread> {
    let (message, _) = h1::read_request(bytes, true, h1::Limits::default());
    message
        .request
        .filter(|request| !request.method.is_empty())
        .ok_or_else(|| Unread::line(1, "no request line (METHOD target HTTP/1.1)"))
}

/// The target URI of a request (RFC 9112 section 3.3); the scheme is not on the wire and taken as https.
pub(crate) fn target_uri(request: &Request) -> Option<String> {
    let target = std::str::from_utf8(&request.target).ok()?;
    if target.contains("://") {
        return Some(target.to_owned());
    }
    let host = request.fields.text("host")?;
    let scheme = if host.ends_with(":80") {
        "http"
    } else {
        "https"
    };
    Some(format!("{scheme}://{host}{target}"))
}

//! Answers that are not HTTP.

use httpwhy_model::{Place, Response, Signal};

use super::{CLIENT, Case, ORIGIN, Ruling};
use crate::derive::kept_content;

/// How servers of other protocols begin. They speak first, so that these bytes answer no request: the port is another's.
const GREETINGS: &[(&[u8], &str)] = &[
    // RFC 4253 section 4.2
    (b"SSH-", "the greeting of SSH"),
    // RFC 5321 section 4.2, RFC 959 section 5.4
    (b"220 ", "the greeting of SMTP or FTP"),
    (b"220-", "the greeting of SMTP or FTP"),
    // RFC 1939 section 4
    (b"+OK", "the greeting of POP3"),
    // RFC 9051 section 7.1
    (b"* OK", "the greeting of IMAP"),
    // RFC 6143 section 7.1.1
    (b"RFB ", "the greeting of VNC"),
    // RFC 8446 section 5.1: an alert record
    (b"\x15\x03", "a TLS alert: this port speaks TLS"),
];

/// Bytes of another protocol show that the client chose the wrong port. Any others come from a server that was asked in
/// HTTP and does not answer in it; a front may relay them as they are (nginx does, as HTTP/0.9: ngx_http_proxy_module.c).
pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let response = case.response()?;
    let (_, signal) = case
        .exchange
        .signals()
        .find(|(_, signal)| signal.is("h1:not-http"))?;
    Some(greeting(case, response).unwrap_or_else(|| beside_the_question(case, signal)))
}

fn greeting(case: &Case, response: &Response) -> Option<Ruling> {
    let bytes = kept_content(response);
    if is_settings(bytes) {
        let shows = "an HTTP/2 SETTINGS frame: this port does not speak HTTP/1";
        return Some(case.ruling(CLIENT, Place::Body(0, 9), Some(&bytes[..9]), shows));
    }
    let (begins, shows) = GREETINGS
        .iter()
        .find(|(begins, _)| bytes.starts_with(begins))?;
    let place = Place::Body(0, begins.len() as u64);
    Some(case.ruling(CLIENT, place, Some(begins), *shows))
}

/// The head of a short SETTINGS frame on stream 0, with which an HTTP/2 server begins (RFC 9113 sections 3.4 and 4.1).
fn is_settings(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, _, 4, 0, 0, 0, 0, 0, ..])
}

fn beside_the_question(case: &Case, signal: &Signal) -> Ruling {
    let place = Place::Signal(signal.to_string());
    case.ruling(
        ORIGIN,
        place,
        None,
        "asked in HTTP, it did not answer in HTTP, nor as another known protocol greets",
    )
}

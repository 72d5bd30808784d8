//! Apache's error log.
//!
//! Layout (mod_log_config's `ErrorLogFormat`, default of threaded servers): `[Tue Nov 03 14:05:12.345678 2026]
//! [proxy:error] [pid 7:tid 9] (111)Connection refused: [client 203.0.113.9:51234] AH00957: MESSAGE, referer: R`. Versions
//! before 2.4 leave out module, pid and number. The number (`AH…`) stands for one place in the source and never changes
//! its meaning; the text before it is the system's or APR's error.

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::{memchr, memmem};

use crate::logs::complaint::{self, Cause, errno};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split};

pub(crate) static FORMAT: Format =
    complaint::format("apache-error", "Apache error log", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| ApacheError.split(raw, &mut Spans::default()) == Split::Read;
    sample
        .iter()
        .any(is_one)
        .then(|| Arc::new(ApacheError) as _)
}

#[derive(Debug)]
struct ApacheError;

impl Layout for ApacheError {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        // `[Tue Nov 03 14:`
        let is_one = raw.len() > 15
            && raw[0] == b'['
            && raw[1].is_ascii_uppercase()
            && [raw[4], raw[8], raw[11], raw[14]] == *b"   :";
        if !is_one {
            return Split::Foreign;
        }
        split(raw, spans).map_or(Split::Torn, |()| Split::Read)
    }
}

fn split(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let time = memchr(b']', raw)?;
    spans.set(Column::Time, 1, time);
    let mut at = time + 1;
    while raw.get(at..at + 2) == Some(b" [") {
        let to = at + memchr(b']', &raw[at..])?;
        let inside = &raw[at + 2..to];
        if let Some(client) = inside.strip_prefix(b"client ") {
            spans.set(Column::Client, to - client.len(), to);
        } else if inside.starts_with(b"pid ") {
            spans.set(Column::Connection, at + 2, to);
        } else if let Some(server) = inside.strip_prefix(b"remote ") {
            spans.set(Column::Upstream, to - server.len(), to);
        } else {
            spans.set(Column::Level, at + 2, to);
        }
        at = to + 1;
    }
    // The system's error stands before the client.
    if let Some(client) =
        memmem::find(&raw[at..], b": [client ").filter(|_| raw.get(at + 1) == Some(&b'('))
    {
        let from = at + client + b": [client ".len();
        let to = from + memchr(b']', &raw[from..])?;
        spans.set(Column::Client, from, to);
    }
    let end = memmem::rfind(&raw[at..], b", referer: ").map_or(raw.len(), |referer| at + referer);
    spans.set(Column::Message, (at + 1).min(end), end);
    target(raw, at, end, spans);
    Some(())
}

/// What a message names: the text before it, the byte behind it (0: the message's end), and what it is.
const NAMED: &[(&str, u8, Column)] = &[
    (" returned by /", b' ', Column::Target),
    ("authentication failure for \"/", b'"', Column::Target),
    (": access to /", b' ', Column::Target),
    ("wrong authentication scheme: /", 0, Column::Target),
    ("Invalid method in request ", 0, Column::Request),
    ("denied by server configuration: /", 0, Column::File),
    ("deny server access: /", 0, Column::File),
    ("File does not exist: /", 0, Column::File),
    ("Cannot serve directory /", b':', Column::File),
    (" not found: /", 0, Column::Target),
];

/// What was asked for, as the path of the web or as the file that it led to.
fn target(raw: &[u8], from: usize, end: usize, spans: &mut Spans) {
    let message = &raw[from..end];
    let named = NAMED.iter().find_map(|(before, until, column)| {
        let at = memmem::find(message, before.as_bytes())? + before.len();
        Some((at - usize::from(before.ends_with('/')), *until, *column))
    });
    let Some((at, until, column)) = named else {
        return;
    };
    let rest = &message[at..];
    let length = memchr(until, rest)
        .filter(|_| until != 0)
        .unwrap_or(rest.len());
    // A folder is named with the slash that was asked for.
    let length = if column == Column::File && rest[..length].ends_with(b"/") {
        length - 1
    } else {
        length
    };
    spans.set(column, from + at, from + at + length);
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    let remote = line.get(Column::Upstream).is_some();
    cause(message, remote).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("apache-error", shape)
}

/// What was being done with the server behind when a read or write failed.
const BEHIND: &[(&str, Phase, &str, u8)] = &[
    // proxy_util.c, mod_proxy_http.c, mod_proxy_fcgi.c
    (
        "AH00957",
        Phase::Connect,
        "proxy-status:destination_unavailable",
        3,
    ),
    (
        "AH02454",
        Phase::Connect,
        "proxy-status:destination_unavailable",
        3,
    ),
    (
        "AH01114",
        Phase::Connect,
        "proxy-status:destination_unavailable",
        1,
    ),
    (
        "AH01079",
        Phase::Connect,
        "proxy-status:destination_unavailable",
        1,
    ),
    (
        "AH01102",
        Phase::Wait,
        "proxy-status:connection_terminated",
        3,
    ),
    (
        "AH10404",
        Phase::Wait,
        "proxy-status:connection_terminated",
        3,
    ),
    (
        "AH01067",
        Phase::Wait,
        "proxy-status:connection_terminated",
        3,
    ),
    (
        "AH01075",
        Phase::Wait,
        "proxy-status:connection_terminated",
        2,
    ),
    (
        "AH01110",
        Phase::Receive,
        "proxy-status:http_response_incomplete",
        2,
    ),
    (
        "AH01068",
        Phase::Wait,
        "proxy-status:http_protocol_error",
        3,
    ),
    (
        "AH01106",
        Phase::Wait,
        "proxy-status:http_protocol_error",
        2,
    ),
    (
        "AH01084",
        Phase::Send,
        "proxy-status:connection_terminated",
        1,
    ),
    (
        "AH01097",
        Phase::Send,
        "proxy-status:connection_terminated",
        1,
    ),
];

const DENIED: Cause = Cause::client(Phase::Wait, "log:denied").answered(403);
const NO_FILE: Cause = Cause::client(Phase::Wait, "log:no-file").answered(404);
const NO_PERMISSION: Cause = Cause::client(Phase::Wait, "log:no-permission").answered(403);
const CREDENTIALS: Cause = Cause::client(Phase::Wait, "log:credentials").answered(401);

/// Numbers that tell all by themselves.
const NUMBERS: &[(&str, Cause)] = &[
    (
        "AH01587",
        Cause::upstream(Phase::Receive, "proxy-status:http_protocol_error"),
    ),
    ("AH02411", Cause::upstream(Phase::Tls, "cert:name-mismatch")),
    ("AH02005", Cause::upstream(Phase::Tls, "cert:expired")),
    (
        "AH02003",
        Cause::upstream(Phase::Tls, "proxy-status:tls_protocol_error").following(),
    ),
    ("AH01996", Cause::client(Phase::Send, "log:client-plain")),
    (
        "AH01144",
        Cause::client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        "AH00124",
        Cause::client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        "AH00940",
        Cause::upstream(Phase::Connect, "log:worker-off").following(),
    ),
    ("AH01382", Cause::client(Phase::Send, "log:client-late")),
    (
        "AH10124",
        Cause::upstream(
            Phase::Wait,
            "proxy-status:http_response_header_section_size",
        ),
    ),
    (
        "AH01588",
        Cause::client(Phase::Send, "log:client-too-large").answered(413),
    ),
    (
        "AH00135",
        Cause::client(Phase::Send, "log:client-method").answered(501),
    ),
    ("AH01630", DENIED),
    ("AH01797", DENIED),
    ("AH00128", NO_FILE),
    ("AH00129", NO_FILE),
    (
        "AH01276",
        Cause::client(Phase::Wait, "log:no-file").answered(403),
    ),
    ("AH00035", NO_PERMISSION),
    ("AH00132", NO_PERMISSION),
    ("AH01614", CREDENTIALS),
    ("AH01617", CREDENTIALS),
    ("AH01618", CREDENTIALS),
    (
        "AH01071",
        Cause::upstream(Phase::Wait, "log:program-failed"),
    ),
    (
        "AH01215",
        Cause::upstream(Phase::Wait, "log:program-failed"),
    ),
    ("AH00484", Cause::client(Phase::Queue, "log:resources")),
    ("AH00485", Cause::client(Phase::Queue, "log:resources")),
    ("AH00161", Cause::client(Phase::Queue, "log:resources")),
];

/// `remote`: the line is about a connection to a server behind.
fn cause(message: &[u8], remote: bool) -> Option<Cause> {
    let message = &message[..message.len().min(2048)];
    // Only what stands before the number, and the number, is the server's own: behind it may be a client's words.
    let number = memmem::find(message, b"AH").filter(|at| {
        let tail = &message[at + 2..];
        tail.len() > 5 && tail[..5].iter().all(u8::is_ascii_digit) && tail[5] == b':'
    });
    let Some(at) = number else {
        return library(message);
    };
    let (before, tail) = message.split_at(at);
    let (number, text) = (&tail[..7], &tail[8..]);
    let is = |name: &str| name.as_bytes() == number;
    if let Some((_, phase, usual, weight)) = BEHIND.iter().find(|(name, ..)| is(name)) {
        return Some(behind(before, *phase, usual, *weight));
    }
    match number {
        b"AH00898" => Some(returned_by(before, text)),
        // The content that was read ahead did not come.
        b"AH01095" if before.starts_with(b"(70007)") => {
            Some(Cause::client(Phase::Send, "log:client-late"))
        }
        b"AH01095" => Some(Cause::client(Phase::Send, "log:client-gone")),
        b"AH02276" => {
            let signal = complaint::tls(text).unwrap_or("proxy-status:tls_certificate_error");
            Some(if remote {
                Cause::upstream(Phase::Tls, signal)
            } else {
                Cause::client(Phase::Tls, "log:client-certificate")
            })
        }
        b"AH02039" => Some(Cause::client(Phase::Tls, "log:client-certificate")),
        b"AH02008" => Some(Cause::client(Phase::Tls, "log:handshake").following()),
        _ => NUMBERS
            .iter()
            .find(|(name, _)| is(name))
            .map(|(_, cause)| *cause)
            .or_else(|| by_text(text)),
    }
}

/// A failure on the leg behind: the system's error or APR's (apr_errno.h) says more than the place.
fn behind(before: &[u8], phase: Phase, usual: &'static str, weight: u8) -> Cause {
    let said =
        errno(before).or_else(|| before.starts_with(b"(70007)").then_some("errno:ETIMEDOUT"));
    let cause = Cause::upstream(phase, said.unwrap_or(usual));
    Cause {
        weight: if said.is_some() {
            weight.max(2) + 1
        } else {
            weight
        },
        // A worker that cannot be reached is a 503 here (ap_proxy_connect_backend), not a 502.
        status: if phase == Phase::Connect { 503 } else { 0 },
        ..cause
    }
}

/// `ap_proxyerror`: what the proxy gives up with.
fn returned_by(before: &[u8], text: &[u8]) -> Cause {
    let text = text.trim_ascii_start();
    let (phase, signal) = match () {
        () if text.starts_with(b"DNS lookup failure") => {
            return Cause::upstream(Phase::Resolve, "proxy-status:dns_error");
        }
        () if text.starts_with(b"Error during SSL Handshake") => {
            (Phase::Tls, "proxy-status:tls_protocol_error")
        }
        () if text.starts_with(b"Corrupt status line") => {
            (Phase::Wait, "proxy-status:http_protocol_error")
        }
        () if text.starts_with(b"Connect to remote machine blocked") => {
            (Phase::Connect, "proxy-status:destination_ip_prohibited")
        }
        () if text.starts_with(b"Timeout on 100-Continue") => (Phase::Wait, "errno:ETIMEDOUT"),
        () => (Phase::Wait, "proxy-status:connection_terminated"),
    };
    // The line before says why.
    behind(before, phase, signal, 1)
}

/// Lines that carry no number: OpenSSL's, and modules of others.
fn library(message: &[u8]) -> Option<Cause> {
    if let Some(said) = message.strip_prefix(b"SSL Library Error: ") {
        // Which handshake it was stands in the neighbouring line of the same thread.
        return Some(Cause {
            weight: 3,
            ..Cause::upstream(Phase::Tls, complaint::tls(said)?)
        });
    }
    let said = memmem::find(message, b"] ").map_or(message, |at| &message[at + 2..]);
    if said.starts_with(b"ModSecurity: Access denied") {
        return Some(Cause::client(Phase::Wait, "log:denied"));
    }
    by_text(said)
}

/// Texts of many numbers.
fn by_text(text: &[u8]) -> Option<Cause> {
    let text = text.trim_ascii_start();
    let says = |part: &[u8]| memmem::find(text, part).is_some();
    if text.starts_with(b"client denied by server configuration") {
        Some(DENIED)
    } else if says(b"exceeds LimitRequest") || says(b"larger than the configured limit") {
        Some(Cause::client(Phase::Send, "log:client-too-large"))
    } else if text.starts_with(b"client sent ") || text.starts_with(b"HTTP Request ") {
        Some(Cause::client(Phase::Send, "log:client-malformed"))
    } else if says(b"End of script output before headers")
        || says(b"Premature end of script headers")
    {
        Some(Cause::upstream(Phase::Wait, "log:program-failed"))
    } else if text.starts_with(b"File does not exist") {
        Some(NO_FILE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_both_orders() {
        for raw in [
            "[Fri Nov 20 20:45:37.462803 2026] [proxy_http:error] [pid 7:tid 9] (104)Connection reset by peer: [client 127.0.0.1:51664] AH01102: error, referer: http://x/",
            "[Fri Nov 20 20:45:37.462803 2026] [authz_core:error] [pid 7:tid 9] [client 127.0.0.1:51664] AH01630: client denied",
        ] {
            let mut spans = Spans::default();
            assert_eq!(ApacheError.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.get(Column::Client), Some(&b"127.0.0.1:51664"[..]));
            assert_eq!(
                line.get(Column::Time),
                Some(&b"Fri Nov 20 20:45:37.462803 2026"[..])
            );
            assert_eq!(line.get(Column::Connection), Some(&b"pid 7:tid 9"[..]));
            assert_eq!(line.get(Column::Referer), None);
        }
        let mut spans = Spans::default();
        assert_eq!(
            ApacheError.split(b"[Fri Nov 20 20:45:37", &mut spans),
            Split::Torn
        );
        assert_eq!(
            ApacheError.split(b"[2026-11-03T14:05:12Z] \"GET", &mut spans),
            Split::Foreign
        );
    }

    #[test]
    fn messages_name_what_was_asked_for() {
        for (message, column, wanted) in [
            (
                "AH00898: Error reading from remote server returned by /p/close",
                Column::Target,
                "/p/close",
            ),
            (
                "AH01106: bad HTTP/1.1 header returned by /p/bighead (GET)",
                Column::Target,
                "/p/bighead",
            ),
            (
                "AH01617: user alice: authentication failure for \"/login\": Password Mismatch",
                Column::Target,
                "/login",
            ),
            (
                "AH01618: user bob not found: /login",
                Column::Target,
                "/login",
            ),
            (
                "AH01630: client denied by server configuration: /srv/www/denied",
                Column::File,
                "/srv/www/denied",
            ),
            (
                "AH01276: Cannot serve directory /srv/www/a/: No matching DirectoryIndex (index.html) found",
                Column::File,
                "/srv/www/a",
            ),
            (
                "AH00135: Invalid method in request BOGUS /x HTTP/1.1",
                Column::Request,
                "BOGUS /x HTTP/1.1",
            ),
        ] {
            let raw = format!(
                "[Fri Nov 20 20:45:37.462803 2026] [core:error] [pid 7:tid 9] [client 127.0.0.1:51664] {message}"
            );
            let mut spans = Spans::default();
            assert_eq!(ApacheError.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            let found = line.get(column).map(String::from_utf8_lossy);
            assert_eq!(found.as_deref(), Some(wanted), "{message}");
        }
    }

    #[test]
    fn messages_show_their_cause() {
        for (message, wanted) in [
            (
                "(111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:1 (127.0.0.1:1) failed",
                "Upstream connect errno:ECONNREFUSED",
            ),
            (
                "(110)Connection timed out: AH00957: HTTP: attempt to connect to 10.0.0.5:80 (*) failed",
                "Upstream connect errno:ETIMEDOUT",
            ),
            (
                "(70007)The timeout specified has expired: [client 127.0.0.1:1] AH01102: error reading status line from remote server a:1",
                "Upstream wait errno:ETIMEDOUT",
            ),
            (
                "(20014)Internal error (specific information not available): [client 127.0.0.1:1] AH01102: error reading status line from remote server a:1",
                "Upstream wait proxy-status:connection_terminated",
            ),
            (
                "(104)Connection reset by peer: [client 127.0.0.1:1] AH01110: error reading response",
                "Upstream receive errno:ECONNRESET",
            ),
            (
                "(EAI 2)Name or service not known: [client 127.0.0.1:1] AH00898: DNS lookup failure for: no.invalid returned by /d/1",
                "Upstream resolve proxy-status:dns_error",
            ),
            (
                "(remote) AH02276: Certificate Verification: Error (18): self-signed certificate [subject: CN=x]",
                "Upstream tls cert:self-signed",
            ),
            (
                "[client 127.0.0.1:1] AH02276: Certificate Verification: Error (10): certificate has expired",
                "Client tls log:client-certificate",
            ),
            (
                "(70008)Partial results are valid but processing is incomplete: [client 127.0.0.1:1] AH01095: prefetch request body failed to a",
                "Client send log:client-gone",
            ),
            (
                "[client 127.0.0.1:1] AH00565: request failed: client's request-line exceeds LimitRequestLine (longer than 4094)",
                "Client send log:client-too-large",
            ),
            (
                "[client 127.0.0.1:1] AH00128: File does not exist: /srv/AH00957: connect refused",
                "Client wait log:no-file",
            ),
            (
                "SSL Library Error: error:0A000126:SSL routines::unexpected eof while reading",
                "Upstream tls eof:0",
            ),
            (
                "AH00489: Apache/2.4.62 configured -- resuming normal operations",
                "",
            ),
        ] {
            let found = cause(message.as_bytes(), message.starts_with("(remote)"))
                .map(|cause| format!("{:?} {} {}", cause.leg, cause.phase, cause.signal))
                .unwrap_or_default();
            assert_eq!(found, wanted, "{message}");
        }
    }
}

//! lighttpd's error log.
//!
//! Layout (`log.c`): `2026-11-21 19:37:35: (gw_backend.c.274) MESSAGE`, in the server's own time; in the brackets stand
//! the place in the source and its line, which differ from version to version. No message names the client, few name the
//! path: those that do not are joined by the status that they lead to.

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::{memchr, memmem};

use crate::logs::complaint::{self, Cause, HARMLESS, Known, errno, look_up};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split};

pub(crate) static FORMAT: Format =
    complaint::format("lighttpd-error", "lighttpd error log", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| LighttpdError.split(raw, &mut Spans::default()) == Split::Read;
    sample
        .iter()
        .any(is_one)
        .then(|| Arc::new(LighttpdError) as _)
}

#[derive(Debug)]
struct LighttpdError;

impl Layout for LighttpdError {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let Some(at) = head(raw) else {
            return Split::Foreign;
        };
        spans.set(Column::Time, 0, 19);
        spans.set(Column::Message, at, raw.len());
        path(raw, at, spans);
        Split::Read
    }
}

/// Behind `2026-11-21 19:37:35: (file.c.123) `.
fn head(raw: &[u8]) -> Option<usize> {
    let stamp = raw.get(..22)?;
    let is_one = stamp.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        10 | 20 => *byte == b' ',
        13 | 16 | 19 => *byte == b':',
        21 => *byte == b'(',
        _ => byte.is_ascii_digit(),
    });
    let close = 22 + memchr(b')', raw.get(22..).filter(|_| is_one)?)?;
    memmem::find(&raw[22..close], b".c.")?;
    (raw.get(close + 1) == Some(&b' ')).then_some(close + 2)
}

/// What a message names: the text before it and the byte behind it (0: the message's end).
const NAMED: &[(&str, u8)] = &[
    ("all handlers for /", b'?'),
    (" for /", b'?'),
    ("too large for /", 0),
    ("while processing request: /", 0),
    ("url denied as we match: /", 0),
    ("password doesn't match for /", b' '),
];

/// The path that a message names.
fn path(raw: &[u8], from: usize, spans: &mut Spans) {
    let message = &raw[from..];
    let found = NAMED.iter().find_map(|(before, until)| {
        let at = memmem::find(message, before.as_bytes())? + before.len() - 1;
        Some((at, *until))
    });
    let Some((at, until)) = found else {
        return;
    };
    let rest = &message[at..];
    let length = memchr(until, rest)
        .filter(|_| until != 0)
        .unwrap_or(rest.len());
    spans.set(Column::Target, from + at, from + at + length);
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    cause(message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("lighttpd-error", shape)
}

/// Messages that say what failed by themselves (src/gw_backend.c, http-header-glue.c, connections.c, response.c).
const KNOWN: &[Known] = &[
    (&["gw-server re-enabled"], HARMLESS),
    (
        &["read timeout on socket"],
        Cause::upstream(Phase::Wait, "errno:ETIMEDOUT").answered(504),
    ),
    (
        &["write timeout on socket"],
        Cause::upstream(Phase::Send, "errno:ETIMEDOUT").answered(504),
    ),
    (
        &["all handlers for ", "are down"],
        Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable")
            .answered(503)
            .following(),
    ),
    (
        &["no handler found for ", " for "],
        Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable")
            .answered(503)
            .following(),
    ),
    (
        &["backend is overloaded"],
        Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable")
            .answered(503)
            .following(),
    ),
    (
        &["connection was dropped after accept()"],
        Cause::upstream(Phase::Send, "proxy-status:connection_terminated").answered(503),
    ),
    (
        &["response not received, request sent"],
        Cause::upstream(Phase::Wait, "proxy-status:connection_terminated").following(),
    ),
    (
        &["response already sent out, but backend returned error"],
        Cause::upstream(Phase::Receive, "proxy-status:http_response_incomplete"),
    ),
    (
        &["response headers too large"],
        Cause::upstream(
            Phase::Wait,
            "proxy-status:http_response_header_section_size",
        )
        .answered(502),
    ),
    (
        &["request-size too long", "-> 413"],
        Cause::client(Phase::Send, "log:client-too-large").answered(413),
    ),
    (
        &["oversized request-header"],
        Cause::client(Phase::Send, "log:client-too-large").answered(431),
    ),
    (
        &["url denied as we match"],
        Cause::client(Phase::Wait, "log:denied").answered(403),
    ),
    (
        &["password doesn't match"],
        Cause::client(Phase::Wait, "log:credentials").answered(401),
    ),
    (
        &["out-of-fds"],
        Cause::client(Phase::Queue, "log:resources"),
    ),
    (
        &["sockets disabled"],
        Cause::client(Phase::Queue, "log:resources"),
    ),
    (
        &["cgi died"],
        Cause::upstream(Phase::Wait, "log:program-failed").answered(500),
    ),
];

fn cause(message: &[u8]) -> Option<Cause> {
    if message.starts_with(b"establishing connection failed") {
        let signal = errno(message).unwrap_or("proxy-status:destination_unavailable");
        return Some(Cause::upstream(Phase::Connect, signal).answered(503));
    }
    // The number behind stands for a socket; whose it is shows in the line that follows.
    if message.starts_with(b"read() ") {
        return Some(Cause::upstream(Phase::Wait, errno(message)?));
    }
    if message.starts_with(b"SSL:") {
        return Some(complaint::client_tls(message));
    }
    look_up(KNOWN, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_their_cause() {
        for (message, path, wanted) in [
            (
                "establishing connection failed: socket: tcp:127.0.0.1:1: Connection refused",
                None,
                "Upstream connect errno:ECONNREFUSED 503",
            ),
            (
                "all handlers for /dead/refused? on  are down.",
                Some("/dead/refused"),
                "Upstream connect proxy-status:destination_unavailable 503",
            ),
            (
                "read timeout on socket: tcp:127.0.0.1:18100 (fd: 13)",
                None,
                "Upstream wait errno:ETIMEDOUT 504",
            ),
            (
                "read() 9 11: Connection reset by peer",
                None,
                "Upstream wait errno:ECONNRESET 0",
            ),
            (
                "response not received, request sent: 223 on socket: tcp:127.0.0.1:1 for /reset?, closing connection",
                Some("/reset"),
                "Upstream wait proxy-status:connection_terminated 0",
            ),
            (
                "response headers too large for /bighead",
                Some("/bighead"),
                "Upstream wait proxy-status:http_response_header_section_size 502",
            ),
            (
                "request-size too long: 4000 -> 413",
                None,
                "Client send log:client-too-large 413",
            ),
            (
                "oversized request-header -> sending Status 431",
                None,
                "Client send log:client-too-large 431",
            ),
            ("server started (lighttpd/1.4.69)", None, ""),
        ] {
            let raw = format!("2026-11-21 19:37:35: (gw_backend.c.274) {message}");
            let mut spans = Spans::default();
            assert_eq!(LighttpdError.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            let found = cause(line.get(Column::Message).unwrap_or_default());
            let found = found.map(|cause| {
                format!(
                    "{:?} {} {} {}",
                    cause.leg, cause.phase, cause.signal, cause.status
                )
            });
            assert_eq!(found.unwrap_or_default(), wanted, "{message}");
            assert_eq!(line.path(), path.map(str::as_bytes), "{message}");
        }
    }

    #[test]
    fn other_logs_are_not_its_own() {
        for raw in [
            "2026-11-21 19:37:35: hello",
            "2026/11/21 19:37:35 [error] 1#1: *2 x",
            "2026-11-21 19:37:35: (main.py) x",
            "2026-11-21 19:37",
            "",
        ] {
            let split = LighttpdError.split(raw.as_bytes(), &mut Spans::default());
            assert_eq!(split, Split::Foreign, "{raw}");
        }
    }
}

//! nginx's error log.
//!
//! Layout (`ngx_log_error_core`, `ngx_http_log_error_handler`): `2026/11/03 14:05:12 [error] 28558#28558: *264 MESSAGE,
//! client: A, server: B, request: "R", subrequest: "S", upstream: "U", host: "H", referrer: "F"`; the number behind `*` is
//! `$connection`. The message names what failed and, behind `while`, what was being done (`log->action`), which tells leg
//! and phase.

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::memmem;

use crate::logs::complaint::{self, Cause, HARMLESS, Known, Leg, errno, look_up};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split};

pub(crate) static FORMAT: Format =
    complaint::format("nginx-error", "nginx error log", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| NginxError.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(NginxError) as _)
}

#[derive(Debug)]
struct NginxError;

impl Layout for NginxError {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if !is_stamped(raw) {
            return Split::Foreign;
        }
        match split(raw, spans) {
            Some(()) => Split::Read,
            None => Split::Torn,
        }
    }
}

/// `2026/11/03 14:05:12 [`
fn is_stamped(raw: &[u8]) -> bool {
    raw.len() > 21
        && raw[..21].iter().enumerate().all(|(at, b)| match at {
            4 | 7 => *b == b'/',
            10 | 19 => *b == b' ',
            13 | 16 => *b == b':',
            20 => *b == b'[',
            _ => b.is_ascii_digit(),
        })
}

fn split(raw: &[u8], spans: &mut Spans) -> Option<()> {
    spans.set(Column::Time, 0, 19);
    let level = 21 + memchr::memchr(b']', raw.get(21..)?)?;
    spans.set(Column::Level, 21, level);
    let mut at = level + memmem::find(&raw[level..], b": ")? + 2;
    if raw.get(at) == Some(&b'*') {
        let digits = raw[at + 1..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        spans.set(Column::Connection, at + 1, at + 1 + digits);
        at = (at + 2 + digits).min(raw.len());
    }
    let Some(client) = memmem::find(&raw[at..], b", client: ") else {
        spans.set(Column::Message, at, raw.len());
        return Some(());
    };
    spans.set(Column::Message, at, at + client);
    let from = at + client + b", client: ".len();
    let to = from + memmem::find(&raw[from..], b", server: ").unwrap_or(raw.len() - from);
    spans.set(Column::Client, from, to);
    tail(raw, to, spans);
    Some(())
}

/// The quoted columns, from the end backwards: a request may hold anything, even what looks like a column.
fn tail(raw: &[u8], from: usize, spans: &mut Spans) {
    let mut end = raw.len();
    for (name, column) in [
        (&b", referrer: \""[..], Column::Referer),
        (b", host: \"", Column::Host),
        (b", upstream: \"", Column::Upstream),
        (b", subrequest: \"", Column::Query),
        (b", request: \"", Column::Request),
    ] {
        let Some(at) = memmem::rfind(&raw[from..end], name) else {
            continue;
        };
        let value = from + at + name.len();
        let close = end - usize::from(raw[..end].ends_with(b"\""));
        if column != Column::Query {
            spans.set(column, value, close.max(value));
        }
        end = from + at;
    }
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    cause(message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("nginx-error", shape)
}

/// What was being done: leg and phase.
const ACTIONS: &[(&str, Leg, Phase)] = &[
    (
        "while connecting to upstream",
        Leg::Upstream,
        Phase::Connect,
    ),
    (
        "while SSL handshaking to upstream",
        Leg::Upstream,
        Phase::Tls,
    ),
    (
        "while sending request to upstream",
        Leg::Upstream,
        Phase::Send,
    ),
    ("while sending to upstream", Leg::Upstream, Phase::Send),
    (
        "while reading response header from upstream",
        Leg::Upstream,
        Phase::Wait,
    ),
    ("while reading upstream", Leg::Upstream, Phase::Receive),
    ("while reading from upstream", Leg::Upstream, Phase::Receive),
    ("while resolving", Leg::Upstream, Phase::Resolve),
    ("while SSL handshaking", Leg::Client, Phase::Tls),
    ("while reading client request", Leg::Client, Phase::Send),
    ("while waiting for request", Leg::Client, Phase::Send),
    (
        "while processing HTTP/2 connection",
        Leg::Client,
        Phase::Send,
    ),
    (
        "while reading client pipelined request line",
        Leg::Client,
        Phase::Send,
    ),
    (
        "while sending response to client",
        Leg::Client,
        Phase::Receive,
    ),
    ("while sending to client", Leg::Client, Phase::Receive),
    ("while keepalive", Leg::Client, Phase::Close),
    ("while closing request", Leg::Client, Phase::Close),
    (
        "while proxying upgraded connection",
        Leg::Client,
        Phase::Close,
    ),
];

fn action(message: &[u8]) -> Option<(Leg, Phase)> {
    let said = complaint::Said::of(message);
    ACTIONS
        .iter()
        .find(|(text, ..)| said.holds(text))
        .map(|(_, leg, phase)| (*leg, *phase))
}

const fn client(phase: Phase, signal: &'static str) -> Cause {
    Cause::client(phase, signal)
}

const fn upstream(phase: Phase, signal: &'static str) -> Cause {
    Cause::upstream(phase, signal)
}

/// Messages that say what failed by themselves (src/http/*.c, src/event/ngx_event_openssl.c).
const KNOWN: &[Known] = &[
    // ngx_http_upstream.c: the client ends it, whatever was being done behind.
    (
        &["reported that client prematurely closed connection"],
        client(Phase::Wait, "log:client-gone"),
    ),
    (
        &["client prematurely closed connection"],
        client(Phase::Send, "log:client-gone"),
    ),
    (
        &["client closed prematurely connection"],
        client(Phase::Send, "log:client-gone"),
    ),
    (
        &["client canceled stream"],
        client(Phase::Wait, "log:client-gone"),
    ),
    (
        &["client terminated stream"],
        client(Phase::Wait, "log:client-gone"),
    ),
    // A connection on which nothing was asked: browsers open some beforehand.
    (
        &["client closed connection while waiting for request"],
        HARMLESS,
    ),
    (
        &["client closed connection"],
        client(Phase::Close, "log:client-gone"),
    ),
    (&["client closed keepalive connection"], HARMLESS),
    (
        &["client timed out"],
        client(Phase::Send, "log:client-late"),
    ),
    // Requests that were refused (ngx_http_request.c, ngx_http_core_module.c, ngx_http_v2.c).
    (
        &["client intended to send too large"],
        client(Phase::Send, "log:client-too-large"),
    ),
    (
        &["client sent too long"],
        client(Phase::Send, "log:client-too-large"),
    ),
    (
        &["client sent too large"],
        client(Phase::Send, "log:client-too-large"),
    ),
    (
        &["client sent no required SSL certificate"],
        client(Phase::Send, "log:client-certificate"),
    ),
    (
        &["client SSL certificate verify error"],
        client(Phase::Send, "log:client-certificate"),
    ),
    (
        &["client sent plain HTTP request to HTTPS port"],
        client(Phase::Send, "log:client-plain"),
    ),
    (
        &["client attempted to request the server name"],
        client(Phase::Send, "log:client-malformed"),
    ),
    (
        &["client sent "],
        client(Phase::Send, "log:client-malformed"),
    ),
    (
        &["http2 flood"],
        client(Phase::Send, "log:client-malformed"),
    ),
    (
        &["client exceeded"],
        client(Phase::Send, "log:client-malformed"),
    ),
    // Rules and limits.
    (&["access forbidden by"], client(Phase::Wait, "log:denied")),
    (
        &["ModSecurity: Access denied"],
        client(Phase::Wait, "log:denied"),
    ),
    (&["delaying request"], HARMLESS),
    (&["limiting requests"], client(Phase::Wait, "log:limited")),
    (
        &["limiting connections"],
        client(Phase::Wait, "log:limited"),
    ),
    (
        &["no user/password was provided"],
        client(Phase::Wait, "log:credentials"),
    ),
    (
        &["user ", "password mismatch"],
        client(Phase::Wait, "log:credentials"),
    ),
    (
        &["user ", "was not found in"],
        client(Phase::Wait, "log:credentials"),
    ),
    (
        &["auth request unexpected status"],
        client(Phase::Wait, "proxy-status:proxy_internal_error"),
    ),
    // Files.
    (
        &["directory index of", "is forbidden"],
        client(Phase::Wait, "log:no-file"),
    ),
    (&["open() ", "(2: "], client(Phase::Wait, "log:no-file")),
    (&["is not found (2: "], client(Phase::Wait, "log:no-file")),
    (&["open() ", "(20: "], client(Phase::Wait, "log:no-file")),
    (&["is not found (20: "], client(Phase::Wait, "log:no-file")),
    (
        &["(36: File name too long)"],
        client(Phase::Wait, "log:client-malformed"),
    ),
    (
        &["open() ", "(13: "],
        client(Phase::Wait, "log:no-permission"),
    ),
    (
        &["is forbidden (13: "],
        client(Phase::Wait, "log:no-permission"),
    ),
    (
        &["stat() ", "(13: "],
        client(Phase::Wait, "log:no-permission"),
    ),
    // The writer itself.
    (
        &["(24: Too many open files)"],
        client(Phase::Wait, "log:resources"),
    ),
    (
        &["(28: No space left on device)"],
        client(Phase::Wait, "log:resources"),
    ),
    (
        &["(12: Cannot allocate memory)"],
        client(Phase::Wait, "log:resources"),
    ),
    (
        &["worker_connections are not enough"],
        client(Phase::Wait, "log:resources"),
    ),
    (
        &["rewrite or internal redirection cycle"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        &["zero length URI to proxy"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        &["invalid URL prefix in"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        &["no port in upstream"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        &["no host in upstream"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    (
        &["no resolver defined to resolve"],
        client(Phase::Wait, "proxy-status:proxy_configuration_error"),
    ),
    // Names of servers behind (ngx_resolver_strerror).
    (
        &["could not be resolved (3: "],
        upstream(Phase::Resolve, "dns:3"),
    ),
    (
        &["could not be resolved (2: "],
        upstream(Phase::Resolve, "dns:2"),
    ),
    (
        &["could not be resolved (1: "],
        upstream(Phase::Resolve, "dns:1"),
    ),
    (
        &["could not be resolved (4: "],
        upstream(Phase::Resolve, "dns:4"),
    ),
    (
        &["could not be resolved (5: "],
        upstream(Phase::Resolve, "dns:5"),
    ),
    (
        &["could not be resolved (110: "],
        upstream(Phase::Resolve, "errno:ETIMEDOUT"),
    ),
    (
        &["host not found in upstream"],
        upstream(Phase::Resolve, "proxy-status:dns_error"),
    ),
    // Servers behind.
    (
        &["no live upstreams"],
        upstream(Phase::Connect, "proxy-status:destination_unavailable"),
    ),
    (&["upstream server temporarily disabled"], HARMLESS),
    (
        &["upstream SSL certificate does not match"],
        upstream(Phase::Tls, "cert:name-mismatch"),
    ),
    (
        &["peer closed connection in SSL handshake", "to upstream"],
        upstream(Phase::Tls, "eof:0"),
    ),
    (
        &["peer closed connection in SSL handshake"],
        client(Phase::Tls, "log:client-handshake"),
    ),
    (
        &["upstream sent too big header"],
        upstream(
            Phase::Wait,
            "proxy-status:http_response_header_section_size",
        ),
    ),
    (
        &["upstream sent invalid chunked"],
        upstream(Phase::Receive, "proxy-status:http_response_transfer_coding"),
    ),
    (
        &["upstream sent more data than specified"],
        upstream(Phase::Receive, "proxy-status:http_protocol_error"),
    ),
    (
        &["upstream sent no valid HTTP/1.0 header"],
        upstream(Phase::Wait, "proxy-status:http_protocol_error"),
    ),
    (
        &["upstream sent "],
        upstream(Phase::Wait, "proxy-status:http_protocol_error"),
    ),
    (
        &[
            "upstream prematurely closed connection",
            "while reading upstream",
        ],
        upstream(Phase::Receive, "proxy-status:http_response_incomplete"),
    ),
    (
        &["upstream prematurely closed connection"],
        upstream(Phase::Wait, "proxy-status:connection_terminated"),
    ),
    (
        &["upstream closed prematurely FastCGI stdout"],
        upstream(Phase::Receive, "proxy-status:http_response_incomplete"),
    ),
    (&["upstream response is buffered"], HARMLESS),
    (&["client request body is buffered"], HARMLESS),
];

/// What the message shows, if it shows what failed.
fn cause(message: &[u8]) -> Option<Cause> {
    if message.starts_with(b"FastCGI sent in stderr") {
        let missing = memmem::find(message, b"Primary script unknown").is_some();
        return Some(if missing {
            client(Phase::Wait, "log:no-file")
        } else {
            upstream(Phase::Wait, "log:program-failed")
        });
    }
    let message = &complaint::unquoted(message)[..];
    if memmem::find(message, b"upstream SSL certificate verify error").is_some() {
        let signal = complaint::tls(message).unwrap_or("proxy-status:tls_certificate_error");
        return Some(upstream(Phase::Tls, signal));
    }
    if let Some(cause) = look_up(KNOWN, message) {
        return Some(cause).filter(|cause| *cause != HARMLESS);
    }
    let (leg, phase) = action(message)?;
    let is_tls = memmem::find(message, b"SSL").is_some() && phase == Phase::Tls;
    match leg {
        Leg::Upstream if is_tls && errno(message).is_none() => {
            let signal = complaint::tls(message).unwrap_or("proxy-status:tls_protocol_error");
            Some(Cause::upstream(phase, signal))
        }
        Leg::Upstream => Some(Cause::upstream(phase, socket(message)?)),
        Leg::Client if is_tls => Some(complaint::client_tls(message)),
        // `recv() failed (104: …) while reading client request …`, `writev() failed (32: …) while sending to client`
        Leg::Client => errno(message).map(|_| Cause::client(phase, "log:client-gone")),
    }
}

/// The system's error. A local socket that is not there, or has no room, is a server that does not listen.
fn socket(message: &[u8]) -> Option<&'static str> {
    let local = memmem::find(message, b"to unix:").is_some();
    match errno(message)? {
        "errno:ENOENT" if local => Some("proxy-status:connection_refused"),
        "errno:EAGAIN" if local => Some("proxy-status:connection_limit_reached"),
        signal => Some(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> (Split, Spans) {
        let mut spans = Spans::default();
        (NginxError.split(raw.as_bytes(), &mut spans), spans)
    }

    #[test]
    fn columns_and_hostile_requests() {
        let raw = "2026/11/20 20:45:38 [error] 28558#28558: *46 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: shop, request: \"GET /a, host: \"x\" HTTP/1.1\", upstream: \"http://10.0.0.5:8080/a\", host: \"shop.example\"";
        let (split, spans) = read(raw);
        assert_eq!(split, Split::Read);
        let line = Line::new(raw.as_bytes(), &spans);
        for (column, wanted) in [
            (Column::Time, "2026/11/20 20:45:38"),
            (Column::Level, "error"),
            (Column::Connection, "46"),
            (Column::Client, "127.0.0.1"),
            (Column::Request, "GET /a, host: \"x\" HTTP/1.1"),
            (Column::Upstream, "http://10.0.0.5:8080/a"),
            (Column::Host, "shop.example"),
        ] {
            assert_eq!(line.get(column), Some(wanted.as_bytes()), "{column:?}");
        }
        assert_eq!(
            read("2026/11/20 20:45:38 [notice] 1#1: start").0,
            Split::Read
        );
        assert_eq!(read("2026/11/20 20:45:38 [notice").0, Split::Torn);
        assert_eq!(read("2026/11/20 20:45:38| squid").0, Split::Foreign);
    }

    #[test]
    fn messages_show_their_cause() {
        for (message, wanted) in [
            (
                "connect() failed (111: Connection refused) while connecting to upstream",
                "Upstream connect errno:ECONNREFUSED",
            ),
            (
                "connect() to unix:/run/app.sock failed (2: No such file or directory) while connecting to upstream",
                "Upstream connect proxy-status:connection_refused",
            ),
            (
                "connect() to unix:/run/app.sock failed (13: Permission denied) while connecting to upstream",
                "Upstream connect errno:EACCES",
            ),
            (
                "upstream timed out (110: Connection timed out) while connecting to upstream",
                "Upstream connect errno:ETIMEDOUT",
            ),
            (
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                "Upstream wait errno:ETIMEDOUT",
            ),
            (
                "upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
                "Upstream tls errno:ETIMEDOUT",
            ),
            (
                "upstream timed out (110: Connection timed out) while reading upstream",
                "Upstream receive errno:ETIMEDOUT",
            ),
            (
                "recv() failed (104: Connection reset by peer) while reading response header from upstream",
                "Upstream wait errno:ECONNRESET",
            ),
            (
                "readv() failed (104: Connection reset by peer) while reading upstream",
                "Upstream receive errno:ECONNRESET",
            ),
            (
                "writev() failed (32: Broken pipe) while sending request to upstream",
                "Upstream send errno:EPIPE",
            ),
            (
                "upstream prematurely closed connection while reading response header from upstream",
                "Upstream wait proxy-status:connection_terminated",
            ),
            (
                "upstream prematurely closed connection while reading upstream",
                "Upstream receive proxy-status:http_response_incomplete",
            ),
            (
                "upstream sent too big header while reading response header from upstream",
                "Upstream wait proxy-status:http_response_header_section_size",
            ),
            (
                "upstream sent invalid header: \"this\\x20...\" while reading response header from upstream",
                "Upstream wait proxy-status:http_protocol_error",
            ),
            (
                "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
                "Upstream wait proxy-status:http_protocol_error",
            ),
            (
                "no live upstreams while connecting to upstream",
                "Upstream connect proxy-status:destination_unavailable",
            ),
            (
                "shop.internal could not be resolved (3: Host not found)",
                "Upstream resolve dns:3",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                "Upstream tls tls:not-tls",
            ),
            (
                "upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream",
                "Upstream tls cert:self-signed",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A000416:SSL routines::sslv3 alert certificate unknown:SSL alert number 46) while SSL handshaking",
                "Client tls tls-alert:46",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while SSL handshaking",
                "Client tls tls:incompatible",
            ),
            (
                "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while sending request to upstream",
                "Client wait log:client-gone",
            ),
            (
                "client timed out (110: Connection timed out) while reading client request headers",
                "Client send log:client-late",
            ),
            (
                "client intended to send too large body: 20000 bytes",
                "Client send log:client-too-large",
            ),
            ("access forbidden by rule", "Client wait log:denied"),
            (
                "open() \"/srv/no live upstreams\" failed (2: No such file or directory)",
                "Client wait log:no-file",
            ),
            (
                "FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught\" while reading response header from upstream",
                "Upstream wait log:program-failed",
            ),
            ("signal process started", ""),
            (
                "a client request body is buffered to a temporary file /tmp/1",
                "",
            ),
        ] {
            let found = cause(message.as_bytes())
                .map(|cause| format!("{:?} {} {}", cause.leg, cause.phase, cause.signal))
                .unwrap_or_default();
            assert_eq!(found, wanted, "{message}");
        }
    }

    #[test]
    fn every_cause_is_a_signal() {
        for cause in KNOWN.iter().map(|(_, cause)| *cause) {
            if cause == HARMLESS {
                continue;
            }
            let (leg, phase, signal, _) = Cause::of(&cause.shape()).expect(cause.signal);
            assert_eq!((leg, phase), (cause.leg, cause.phase));
            assert_eq!(signal.to_string(), cause.signal);
        }
    }
}

//! Caddy's error records: `"logger":"http.log.error…"` and `"http.handlers.reverse_proxy"`.
//!
//! Layout (modules/caddyhttp/server.go, reverseproxy): the access record's `request` with `msg` or `error`, the text of
//! Go's error. The same texts stand in the logs of other programs in Go (Traefik's), so they are told here for all.

use httpwhy_model::{Phase, Visit};
use memchr::memmem;

use crate::logs::complaint::{self, Cause, errno};
use crate::logs::record::{self, Known};
use crate::logs::{Column, Format, Line, Shape, Unit};

pub(crate) static FORMAT: Format = complaint::format(
    "caddy-error",
    "Caddy error records",
    |sample| record::fit(&KNOWN, sample),
    shape,
    visit,
);

static KNOWN: Known = Known {
    members: &[
        (Column::Time, &["ts"]),
        (Column::Level, &["level"]),
        (Column::Kind, &["logger"]),
        (Column::Message, &["error"]),
        (Column::Detail, &["msg"]),
        (Column::Client, &["request.remote_ip"]),
        (Column::Method, &["request.method"]),
        (Column::Host, &["request.host"]),
        (Column::Target, &["request.uri"]),
        (Column::Upstream, &["upstream"]),
        (Column::Status, &["status"]),
        (Column::Duration, &["duration"]),
    ],
    needed: &[],
    kinds: &["http.log.error", "http.handlers.reverse_proxy"],
    units: (Unit::Seconds, Unit::Seconds),
};

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line
        .some(Column::Message)
        .or_else(|| line.get(Column::Detail))
        .unwrap_or_default();
    let receiving = line.get(Column::Detail).is_some_and(|msg| {
        msg == b"reading from backend" || msg == b"aborting with incomplete response"
    });
    go(message, receiving).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("caddy-error", shape)
}

/// Texts of Go's net, net/http, crypto/tls and crypto/x509, and of Caddy's reverse proxy.
const ERRORS: &[(&str, Phase, &str)] = &[
    ("no such host", Phase::Resolve, "dns:3"),
    ("server misbehaving", Phase::Resolve, "dns:2"),
    (
        "no upstreams available",
        Phase::Connect,
        "proxy-status:destination_unavailable",
    ),
    ("TLS handshake timeout", Phase::Tls, "errno:ETIMEDOUT"),
    (
        "first record does not look like a TLS handshake",
        Phase::Tls,
        "tls:not-tls",
    ),
    (
        "certificate signed by unknown authority",
        Phase::Tls,
        "cert:unknown-issuer",
    ),
    ("certificate has expired", Phase::Tls, "cert:expired"),
    (
        "x509: certificate is valid for",
        Phase::Tls,
        "cert:name-mismatch",
    ),
    (
        "doesn't contain any IP SANs",
        Phase::Tls,
        "cert:ip-mismatch",
    ),
    ("x509: ", Phase::Tls, "proxy-status:tls_certificate_error"),
    ("tls: handshake failure", Phase::Tls, "tls-alert:40"),
    ("tls: bad certificate", Phase::Tls, "tls-alert:42"),
    (
        "tls: protocol version not supported",
        Phase::Tls,
        "tls-alert:70",
    ),
    ("tls: unrecognized name", Phase::Tls, "tls-alert:112"),
    ("tls: certificate required", Phase::Tls, "tls-alert:116"),
    ("tls: ", Phase::Tls, "proxy-status:tls_protocol_error"),
    (
        "timeout awaiting response headers",
        Phase::Wait,
        "errno:ETIMEDOUT",
    ),
    (
        "server response headers exceeded",
        Phase::Wait,
        "proxy-status:http_response_header_section_size",
    ),
    (
        "malformed HTTP",
        Phase::Wait,
        "proxy-status:http_protocol_error",
    ),
    (
        "malformed MIME header",
        Phase::Wait,
        "proxy-status:http_protocol_error",
    ),
    (
        "bad Content-Length",
        Phase::Wait,
        "proxy-status:http_protocol_error",
    ),
    (
        "malformed chunked encoding",
        Phase::Receive,
        "proxy-status:http_response_transfer_coding",
    ),
    (
        "invalid byte in chunk length",
        Phase::Receive,
        "proxy-status:http_response_transfer_coding",
    ),
    (
        "transport connection broken",
        Phase::Wait,
        "proxy-status:http_protocol_error",
    ),
    (
        "server closed idle connection",
        Phase::Wait,
        "proxy-status:connection_terminated",
    ),
];

/// What an error of Go shows. `receiving`: the head had come.
fn go(message: &[u8], receiving: bool) -> Option<Cause> {
    let message = &complaint::unquoted(&message[..message.len().min(2048)])[..];
    let says = |text: &str| memmem::find(message, text.as_bytes()).is_some();
    let later = if receiving {
        Phase::Receive
    } else {
        Phase::Wait
    };
    if says("context canceled") || says("client disconnected") {
        return Some(Cause::client(Phase::Wait, "log:client-gone"));
    }
    if says("request body too large") {
        return Some(Cause::client(Phase::Send, "log:client-too-large"));
    }
    if says("{id=") && says("no such file") {
        return Some(Cause::client(Phase::Wait, "log:no-file"));
    }
    if let Some((_, phase, signal)) = ERRORS.iter().find(|(text, ..)| says(text)) {
        return Some(Cause::upstream(*phase, signal));
    }
    let dialled = says("dial tcp") || says("dial unix");
    let timeout = says("i/o timeout") || says("context deadline exceeded");
    let phase = match () {
        () if says("lookup ") && dialled => Phase::Resolve,
        () if dialled => Phase::Connect,
        () if says("write tcp") && !receiving => Phase::Send,
        () => later,
    };
    if timeout {
        return Some(Cause::upstream(phase, "errno:ETIMEDOUT"));
    }
    if let Some(signal) =
        errno(message).filter(|_| dialled || says("read tcp") || says("write tcp"))
    {
        return Some(Cause::upstream(phase, signal));
    }
    match message {
        b"EOF" => Some(Cause::upstream(
            Phase::Wait,
            "proxy-status:connection_terminated",
        )),
        b"unexpected EOF" => Some(Cause::upstream(
            Phase::Receive,
            "proxy-status:http_response_incomplete",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn gos_errors_are_told() {
        for (message, receiving, wanted) in [
            (
                "dial tcp 10.0.0.5:8080: connect: connection refused",
                false,
                "Upstream connect errno:ECONNREFUSED",
            ),
            (
                "dial tcp 10.0.0.5:8080: i/o timeout",
                false,
                "Upstream connect errno:ETIMEDOUT",
            ),
            (
                "dial tcp: lookup app on 127.0.0.11:53: no such host",
                false,
                "Upstream resolve dns:3",
            ),
            (
                "dial tcp: lookup app: i/o timeout",
                false,
                "Upstream resolve errno:ETIMEDOUT",
            ),
            (
                "dial tcp 10.0.0.5:80: connect: no route to host",
                false,
                "Upstream connect errno:EHOSTUNREACH",
            ),
            (
                "read tcp 10.0.0.1:5->10.0.0.5:80: read: connection reset by peer",
                false,
                "Upstream wait errno:ECONNRESET",
            ),
            (
                "read tcp 127.0.0.1:40962->127.0.0.1:20900: i/o timeout",
                true,
                "Upstream receive errno:ETIMEDOUT",
            ),
            (
                "EOF",
                false,
                "Upstream wait proxy-status:connection_terminated",
            ),
            (
                "unexpected EOF",
                true,
                "Upstream receive proxy-status:http_response_incomplete",
            ),
            (
                "net/http: HTTP/1.x transport connection broken: malformed MIME header: missing colon: \\\"x no such host\\\"",
                false,
                "Upstream wait proxy-status:http_protocol_error",
            ),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                false,
                "Upstream tls cert:unknown-issuer",
            ),
            ("context canceled", false, "Client wait log:client-gone"),
            (
                "no upstreams available",
                false,
                "Upstream connect proxy-status:destination_unavailable",
            ),
            ("something else", false, ""),
        ] {
            let found = go(message.as_bytes(), receiving)
                .map(|cause| format!("{:?} {} {}", cause.leg, cause.phase, cause.signal))
                .unwrap_or_default();
            assert_eq!(found, wanted, "{message}");
        }
    }

    #[test]
    fn records_are_split() {
        let raw = br#"{"level":"error","ts":1795207701.8745334,"logger":"http.log.error.log0","msg":"dial tcp 127.0.0.1:20999: connect: connection refused","request":{"remote_ip":"127.0.0.1","remote_port":"54352","proto":"HTTP/2.0","method":"GET","host":"127.0.0.1:21500","uri":"/b/1","headers":{"X-Lab":["r01077"]}},"duration":0.00148433,"status":502,"err_id":"k1scv8cw1"}"#;
        let layout = (FORMAT.fit)(&[raw]).expect("its own");
        let mut spans = Spans::default();
        assert_eq!(layout.split(raw, &mut spans), Split::Read);
        let line = Line::new(raw, &spans);
        assert_eq!(line.target(), Some(&b"/b/1"[..]));
        assert_eq!(shape(&line).words[0], b"errno:ECONNREFUSED");
        assert!((FORMAT.fit)(&[br#"{"logger":"http.log.access","status":200}"#]).is_none());
    }
}

//! HAProxy's lines about connections that never became a request, and about its servers.
//!
//! Layouts (configuration manual 8.2.5, `src/checks.c`): `203.0.113.9:51234 [03/Nov/2026:14:05:12.345] frontend/listener:
//! SSL handshake failure`, and `Server be_app/app2 is DOWN, reason: Layer4 connection problem, info: "Connection refused",
//! check duration: 0ms. …`. Since 2.8 OpenSSL's words stand behind the failure in brackets.

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::{memchr, memmem};

use crate::logs::complaint::{self, Cause};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split};

pub(crate) static FORMAT: Format =
    complaint::format("haproxy-error", "HAProxy error lines", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| HaproxyError.split(raw, &mut Spans::default()) == Split::Read;
    sample
        .iter()
        .any(is_one)
        .then(|| Arc::new(HaproxyError) as _)
}

#[derive(Debug)]
struct HaproxyError;

impl Layout for HaproxyError {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        connection(raw, spans)
            .or_else(|| server(raw, spans))
            .map_or(Split::Foreign, |()| Split::Read)
    }
}

/// `CLIENT [TIME] FRONTEND/LISTENER: MESSAGE`; an access line has no colon there.
fn connection(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let client = memchr(b' ', &raw[..raw.len().min(64)])?;
    if raw.get(client + 1) != Some(&b'[') || !raw[..client].contains(&b':') {
        return None;
    }
    let time = client + 2 + memchr(b']', &raw[client + 2..])?;
    let tail = raw.get(time + 1..)?.strip_prefix(b" ")?;
    let word = memchr(b' ', tail)?;
    let name = tail[..word].strip_suffix(b":")?;
    memchr(b'/', name)?;
    let from = time + 2;
    spans.set(Column::Client, 0, client);
    spans.set(Column::Time, client + 2, time);
    spans.set(Column::Route, from, from + name.len());
    spans.set(Column::Message, from + word + 1, raw.len());
    Some(())
}

/// `[WARNING] … Server BACKEND/NAME is DOWN, …`, also without the head.
fn server(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let at = memmem::find(&raw[..raw.len().min(80)], b"Server ")? + b"Server ".len();
    let rest = &raw[at..];
    let word = memchr(b' ', rest)?;
    let slash = memchr(b'/', &rest[..word])?;
    let is_down =
        rest[word..].starts_with(b" is DOWN") || rest[word..].starts_with(b" is going DOWN");
    if !is_down {
        return None;
    }
    spans.set(Column::Pool, at, at + slash);
    spans.set(Column::Upstream, at + slash + 1, at + word);
    spans.set(Column::Message, at + word + 1, raw.len());
    Some(())
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    cause(message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("haproxy-error", shape)
}

fn cause(message: &[u8]) -> Option<Cause> {
    let says = |text: &[u8]| memmem::find(message, text).is_some();
    if says(b" DOWN") {
        return Some(health(message));
    }
    let signal = match () {
        () if says(b"client certificate not trusted")
            || says(b"client CA chain cannot be verified") =>
        {
            "log:client-certificate"
        }
        () if says(b"Connection closed during SSL handshake")
            || says(b"Connection error during SSL handshake") =>
        {
            "log:client-handshake"
        }
        () if says(b"Timeout during SSL handshake") => "log:client-late",
        () if says(b"SSL handshake failure (") => complaint::client_tls(message).signal,
        () if says(b"SSL handshake failure") => "log:handshake",
        () if says(b"PROXY protocol") || says(b"PROXY header") => "log:client-malformed",
        () => return None,
    };
    Some(Cause::client(Phase::Tls, signal))
}

/// What a health check met.
fn health(message: &[u8]) -> Cause {
    let says = |text: &[u8]| memmem::find(message, text).is_some();
    if let Some(signal) = complaint::errno(message) {
        return Cause::upstream(Phase::Connect, signal);
    }
    match () {
        () if says(b"Layer4 timeout") => Cause::upstream(Phase::Connect, "errno:ETIMEDOUT"),
        () if says(b"Layer6 timeout") => Cause::upstream(Phase::Tls, "errno:ETIMEDOUT"),
        () if says(b"Layer7 timeout") => Cause::upstream(Phase::Wait, "errno:ETIMEDOUT"),
        () if says(b"Layer6 invalid response") => Cause::upstream(
            Phase::Tls,
            complaint::tls(message).unwrap_or("proxy-status:tls_protocol_error"),
        ),
        () if says(b"Layer7 invalid response") => {
            Cause::upstream(Phase::Wait, "proxy-status:http_protocol_error")
        }
        () if says(b"for maintenance") => Cause::upstream(Phase::Connect, "log:worker-off"),
        () => Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_their_cause() {
        for (raw, wanted) in [
            (
                "127.0.0.1:56878 [20/Nov/2026:20:47:31.711] web/3: SSL client certificate not trusted",
                Some("Client tls log:client-certificate"),
            ),
            (
                "127.0.0.1:56878 [20/Nov/2026:20:47:31.711] web/3: SSL handshake failure",
                Some("Client tls log:handshake"),
            ),
            (
                "127.0.0.1:56878 [20/Nov/2026:20:47:31.711] web/3: SSL handshake failure (error:0A00009C:SSL routines::http request)",
                Some("Client tls log:client-plain"),
            ),
            (
                "127.0.0.1:56878 [20/Nov/2026:20:47:31.711] web/3: SSL handshake failure (error:0A000416:SSL routines::ssl/tls alert certificate unknown)",
                Some("Client tls tls-alert:46"),
            ),
            (
                "Server be_a/s1 is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: 0ms.",
                Some("Upstream connect errno:ECONNREFUSED"),
            ),
            (
                "[WARNING]  (7) : Server be_a/s1 is going DOWN for maintenance. 1 active",
                Some("Upstream connect log:worker-off"),
            ),
            (
                "127.0.0.1:49460 [20/Nov/2026:20:47:50.250] web web/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0 \"GET /denied/ HTTP/1.1\"",
                None,
            ),
            ("", None),
        ] {
            let mut spans = Spans::default();
            let split = HaproxyError.split(raw.as_bytes(), &mut spans);
            let line = Line::new(raw.as_bytes(), &spans);
            let found = line.get(Column::Message).and_then(cause);
            let found =
                found.map(|cause| format!("{:?} {} {}", cause.leg, cause.phase, cause.signal));
            assert_eq!(found.as_deref(), wanted, "{raw}");
            assert_eq!(split == Split::Read, wanted.is_some(), "{raw}");
        }
    }
}

//! Squid's cache.log.
//!
//! Layout (`src/debug/debug.cc`): `2026/11/03 14:05:12 kid1| MESSAGE`, the process left out where there is only one. What a
//! message says of one request is the URL, where it names it; most stand for themselves.

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::memmem;

use crate::logs::complaint::{self, Cause, Known, look_up};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split};

pub(crate) static FORMAT: Format =
    complaint::format("squid-cache", "Squid cache.log", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| SquidCache.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(SquidCache) as _)
}

#[derive(Debug)]
struct SquidCache;

impl Layout for SquidCache {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        split(raw, spans).map_or(Split::Foreign, |()| Split::Read)
    }
}

fn split(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let is_stamp = raw.get(..19)?.iter().enumerate().all(|(at, b)| match at {
        4 | 7 => *b == b'/',
        10 => *b == b' ',
        13 | 16 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    let bar = 19 + raw[19..raw.len().min(40)].iter().position(|&b| b == b'|')?;
    let process = raw[19..bar].trim_ascii();
    if !is_stamp || !(process.is_empty() || process.starts_with(b"kid")) {
        return None;
    }
    spans.set(Column::Time, 0, 19);
    spans.set(Column::Message, (bar + 2).min(raw.len()), raw.len());
    if let Some(at) = memmem::find(raw, b" AKA ") {
        let url = memmem::rfind(&raw[..at], b" ").map_or(at, |space| space + 1);
        spans.set(Column::Target, url, at);
    }
    Some(())
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    look_up(KNOWN, message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("squid-cache", shape)
}

/// Messages at debug level 1 and below (src/http.cc, src/FwdState.cc, src/neighbors.cc, src/client_side.cc).
const KNOWN: &[Known] = &[
    (
        &["Forwarding loop detected"],
        Cause::client(Phase::Wait, "proxy-status:proxy_loop_detected"),
    ),
    (
        &["HTTP: Invalid Response: "],
        Cause::upstream(Phase::Wait, "proxy-status:http_protocol_error"),
    ),
    (
        &["TCP connection to ", " failed"],
        Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable"),
    ),
    (
        &["Detected DEAD Parent"],
        Cause::upstream(Phase::Connect, "proxy-status:destination_unavailable"),
    ),
    (
        &["Host header forgery detected"],
        Cause::client(Phase::Send, "log:client-malformed"),
    ),
    (
        &["Error negotiating SSL connection on FD"],
        Cause::client(Phase::Tls, "log:handshake"),
    ),
    (
        &["Error negotiating SSL on FD"],
        Cause::upstream(Phase::Tls, "proxy-status:tls_protocol_error"),
    ),
    (
        &["running out of filedescriptors"],
        Cause::client(Phase::Queue, "log:resources"),
    ),
    (
        &["WARNING: All ", " processes are busy"],
        Cause::client(Phase::Queue, "log:resources"),
    ),
    (
        &["assertion failed"],
        Cause::client(Phase::Queue, "proxy-status:proxy_internal_error"),
    ),
    (
        &["FATAL: "],
        Cause::client(Phase::Queue, "proxy-status:proxy_internal_error"),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_their_cause() {
        for (raw, split, wanted) in [
            (
                "2026/11/20 20:47:04| WARNING: Forwarding loop detected for:",
                Split::Read,
                "proxy-status:proxy_loop_detected",
            ),
            (
                "2026/11/20 20:45:32 kid1| WARNING: HTTP: Invalid Response: Bad header encountered from http://a/14 AKA http://b/14",
                Split::Read,
                "proxy-status:http_protocol_error",
            ),
            (
                "2026/11/20 20:47:08| temporary disabling (premature end of digest reply) digest from 127.0.0.1",
                Split::Read,
                "",
            ),
            (
                "2026/11/20 20:47:08 [error] 1#1: *2 x|y",
                Split::Foreign,
                "",
            ),
            ("GET /a/10 HTTP/1.1", Split::Foreign, ""),
        ] {
            let mut spans = Spans::default();
            assert_eq!(SquidCache.split(raw.as_bytes(), &mut spans), split, "{raw}");
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(shape(&line).words[0], wanted.as_bytes(), "{raw}");
            if raw.contains("AKA") {
                assert_eq!(line.get(Column::Target), Some(&b"http://a/14"[..]));
            }
        }
    }
}

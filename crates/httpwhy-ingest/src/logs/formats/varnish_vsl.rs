//! varnishlog's records, gathered to one line for each fault of a transaction.
//!
//! varnishlog writes a group of records for each request and each fetch (vsl(7), varnishlog(1)). [`crate::logs::VslGatherer`] turns what is
//! needed of a group into one line of its own, `vsl TIME CLIENT METHOD URL STATUS HOST TAG: TEXT`, and this format reads
//! that line. A `FetchError` says why Varnish could not fetch (bin/varnishd/cache/cache_fetch.c, cache_backend.c,
//! cache_http1_fetch.c).

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::memmem;

use crate::logs::complaint::{self, Cause, errno};
use crate::logs::{Column, Format, Layout, Line, Shape, Spans, Split, clf};

pub(crate) static FORMAT: Format =
    complaint::format("varnish-vsl", "varnishlog", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Vsl.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Vsl) as _)
}

#[derive(Debug)]
struct Vsl;

impl Layout for Vsl {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        if !raw.starts_with(b"vsl ") {
            return Split::Foreign;
        }
        let mut at = b"vsl ".len();
        for column in [
            Column::Time,
            Column::Client,
            Column::Method,
            Column::Target,
            Column::Status,
            Column::Host,
        ] {
            let Some(rest) = raw.get(at..) else {
                return Split::Torn;
            };
            let to = at + clf::word(rest);
            spans.set(column, at, to);
            at = to + 1;
        }
        if at >= raw.len() {
            return Split::Torn;
        }
        spans.set(Column::Message, at, raw.len());
        Split::Read
    }
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    cause(message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("varnish-vsl", shape)
}

fn cause(message: &[u8]) -> Option<Cause> {
    let at = memmem::find(message, b": ")?;
    let (tag, text) = (&message[..at], &message[at + 2..]);
    match tag {
        b"FetchError" => fetch_error(text),
        // Releases before 7.4 take an interim answer for the final one, which cannot have content.
        b"Error" if text.starts_with(b"Body cannot be fetched, status 1") => Some(Cause::client(
            Phase::Wait,
            "proxy-status:proxy_internal_error",
        )),
        // The head frames a content that cannot be.
        b"Error" if text.starts_with(b"Body cannot be fetched") => Some(Cause::upstream(
            Phase::Wait,
            "proxy-status:http_protocol_error",
        )),
        b"BogoHeader" | b"HttpGarbage" => Some(Cause::client(Phase::Send, "log:client-malformed")),
        b"VCL_Error" => Some(Cause::client(
            Phase::Wait,
            "proxy-status:proxy_configuration_error",
        )),
        _ => None,
    }
}

/// What a `FetchError` shows.
pub(super) fn fetch_error(text: &[u8]) -> Option<Cause> {
    let says = |part: &[u8]| memmem::find(text, part).is_some();
    let up = Cause::upstream;
    Some(match () {
        () if text.starts_with(b"No backend") => {
            Cause::client(Phase::Connect, "proxy-status:proxy_configuration_error")
        }
        () if says(b": unhealthy") => up(Phase::Connect, "proxy-status:destination_unavailable"),
        () if says(b": busy") => up(Phase::Connect, "log:busy"),
        () if says(b"fail errno") => up(
            Phase::Connect,
            errno(text).unwrap_or("proxy-status:destination_unavailable"),
        ),
        () if says(b": fail") => up(Phase::Connect, "proxy-status:destination_unavailable"),
        () if text.starts_with(b"first byte timeout") => up(Phase::Wait, "errno:ETIMEDOUT"),
        () if text.starts_with(b"backend write error") => up(
            Phase::Send,
            errno(text).unwrap_or("proxy-status:connection_terminated"),
        ),
        () if text.starts_with(b"HTC eof") || text.starts_with(b"http first read error") => {
            up(Phase::Wait, "proxy-status:connection_terminated")
        }
        () if text.starts_with(b"http read error") => {
            up(Phase::Wait, "proxy-status:connection_terminated")
        }
        () if text.starts_with(b"HTC idle") => up(Phase::Wait, "errno:ETIMEDOUT"),
        () if text.starts_with(b"overflow") || text.starts_with(b"HTC overflow") => up(
            Phase::Wait,
            "proxy-status:http_response_header_section_size",
        ),
        () if text.starts_with(b"http format error") => {
            up(Phase::Wait, "proxy-status:http_protocol_error")
        }
        () if text.starts_with(b"Invalid Gzip") || says(b"unzip") || says(b"gunzip") => {
            up(Phase::Receive, "proxy-status:http_response_content_coding")
        }
        () if text.starts_with(b"chunked") => {
            up(Phase::Receive, "proxy-status:http_response_transfer_coding")
        }
        () if says(b"between bytes timeout") || text.starts_with(b"Timed out reusing") => {
            up(Phase::Receive, "errno:ETIMEDOUT")
        }
        () if says(b"insufficient bytes") || says(b"eof socket fail") => {
            up(Phase::Receive, "proxy-status:http_response_incomplete").following()
        }
        () => up(Phase::Receive, errno(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gathered_line_is_split() {
        let raw = b"vsl 1795207665.126917 127.0.0.1 GET /a 503 shop.example FetchError: No backend";
        let mut spans = Spans::default();
        assert_eq!(Vsl.split(raw, &mut spans), Split::Read);
        let line = Line::new(raw, &spans);
        assert_eq!(line.target(), Some(&b"/a"[..]));
        assert_eq!(
            shape(&line).words[0],
            b"proxy-status:proxy_configuration_error"
        );
        assert_eq!(Vsl.split(b"vsl 1 2", &mut spans), Split::Torn);
    }

    #[test]
    fn fetch_errors_are_told() {
        for (text, wanted) in [
            (
                "No backend",
                "Client connect proxy-status:proxy_configuration_error",
            ),
            ("backend be_max: busy", "Upstream connect log:busy"),
            (
                "backend be: unhealthy",
                "Upstream connect proxy-status:destination_unavailable",
            ),
            ("first byte timeout", "Upstream wait errno:ETIMEDOUT"),
            (
                "HTC eof (-1)",
                "Upstream wait proxy-status:connection_terminated",
            ),
            (
                "overflow",
                "Upstream wait proxy-status:http_response_header_section_size",
            ),
            (
                "Connection reset by peer",
                "Upstream receive errno:ECONNRESET",
            ),
            (
                "straight insufficient bytes",
                "Upstream receive proxy-status:http_response_incomplete",
            ),
            (
                "chunked header non-hex",
                "Upstream receive proxy-status:http_response_transfer_coding",
            ),
            (
                "Invalid Gzip data: incorrect header check",
                "Upstream receive proxy-status:http_response_content_coding",
            ),
            ("something new", ""),
        ] {
            let found = fetch_error(text.as_bytes())
                .map(|cause| format!("{:?} {} {}", cause.leg, cause.phase, cause.signal))
                .unwrap_or_default();
            assert_eq!(found, wanted, "{text}");
        }
    }
}

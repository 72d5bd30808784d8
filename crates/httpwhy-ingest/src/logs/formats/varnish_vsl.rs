//! What went wrong, as varnishlog's records tell it.
//!
//! [`crate::logs::VslGatherer`] makes one line of the records of a request that something went wrong with; it is joined to
//! the access line that varnishncsa wrote. A `FetchError` says why Varnish could not fetch (bin/varnishd/cache/cache_fetch.c,
//! cache_backend.c, cache_http1_fetch.c).

use std::sync::Arc;

use httpwhy_model::{Phase, Visit};
use memchr::memmem;

use crate::logs::complaint::{self, Cause, errno};
use crate::logs::varnishlog::{FAULT, Gathered};
use crate::logs::{Column, Format, Layout, Leg, Line, Shape};

pub(crate) static FORMAT: Format =
    complaint::format("varnish-vsl", "varnishlog", fit, shape, visit);

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = sample.iter().any(|raw| raw.starts_with(FAULT));
    is_one.then(|| Arc::new(Gathered { mark: FAULT }) as _)
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let message = line.get(Column::Message).unwrap_or_default();
    cause(message).map_or_else(Shape::default, Cause::shape)
}

fn visit(shape: &Shape<'_>) -> Visit {
    complaint::visit("varnish-vsl", shape)
}

/// How much a record says of what went wrong, 0 for nothing; whether it means that the server behind sent no head.
pub(crate) fn weight(message: &[u8]) -> (u8, bool) {
    cause(message).map_or((0, false), |cause| {
        let headless = cause.leg == Leg::Upstream && cause.phase < Phase::Receive;
        (cause.weight, headless)
    })
}

/// What a record shows, written as `TAG: TEXT`.
pub(super) fn cause(message: &[u8]) -> Option<Cause> {
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
        // More than why the answer would have been what it was.
        b"ReqAcct" => Some(Cause {
            weight: 4,
            ..Cause::client(Phase::Receive, "log:client-gone")
        }),
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

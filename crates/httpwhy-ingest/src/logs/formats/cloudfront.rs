//! CloudFront's standard log: tab-separated, with a header.
//!
//! Columns (Amazon CloudFront Developer Guide, standard logging): 33, of which older files have the first 12, 23 or 26.
//! `x-edge-detailed-result-type` says who failed; `sc-status` 000: the viewer left before an answer.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::w3c::{self, Names};
use crate::logs::{Column, Format, Kind, Layout, Legs, Line, Shape, Unit, nothing_open};

pub(crate) static FORMAT: Format = Format {
    name: "cloudfront",
    title: "CloudFront standard",
    kind: Kind::Access,
    side: Side::Between,
    rank: 40,
    fit,
    shape,
    visit,
    open: nothing_open,
};

static NAMES: Names = Names {
    columns: &[
        ("date", Column::Date),
        ("time", Column::Time),
        ("x-edge-location", Column::Pop),
        ("sc-bytes", Column::Bytes),
        ("c-ip", Column::Client),
        ("cs-method", Column::Method),
        ("cs-uri-stem", Column::Target),
        ("sc-status", Column::Status),
        ("cs(Referer)", Column::Referer),
        ("cs(Cookie)", Column::Cookie),
        ("cs(User-Agent)", Column::Agent),
        ("cs-uri-query", Column::Query),
        ("x-edge-result-type", Column::Cache),
        ("x-edge-request-id", Column::RequestId),
        ("x-host-header", Column::Host),
        ("cs-protocol", Column::Scheme),
        ("cs-bytes", Column::BytesIn),
        ("time-taken", Column::Duration),
        ("x-forwarded-for", Column::ForwardedFor),
        ("x-edge-response-result-type", Column::State),
        ("cs-protocol-version", Column::Protocol),
        ("time-to-first-byte", Column::FirstByte),
        ("x-edge-detailed-result-type", Column::Detail),
    ],
    needed: &["x-edge-location"],
    usual: "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
            cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
            x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
            fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
            sc-range-start sc-range-end",
    unit: Unit::Seconds,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let tabs = sample
        .iter()
        .any(|raw| raw.starts_with(b"#Fields:") || memchr::memchr_iter(b'\t', raw).count() >= 11);
    if tabs { w3c::fit(&NAMES, sample) } else { None }
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let cache = line.some(Column::Cache).unwrap_or_default();
    let detail = line.some(Column::Detail).unwrap_or(cache);
    Shape {
        words: [cache, detail],
        ..Shape::of(line)
    }
}

/// Results of requests that were answered as they should be.
const SOUND: &[&[u8]] = &[
    b"Hit",
    b"RefreshHit",
    b"Miss",
    b"OriginShieldHit",
    b"MissGeneratedResponse",
    b"Redirect",
    b"FunctionGeneratedResponse",
    b"LambdaGeneratedResponse",
];

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("cloudfront", Side::Between);
    let [cache, detail] = shape.words;
    if shape.status == 0 {
        return legs
            .word(Phase::Wait, Signal::word("cloudfront", "000"))
            .visit();
    }
    let legs = legs.answered(shape.status);
    let is_error = !detail.is_empty() && !SOUND.contains(&detail);
    if detail == b"Error" && shape.status >= 400 && cache == b"Error" {
        // An error without a word of its own: the origin's answer, passed on.
        return legs.upstream_answered(shape.status).visit();
    }
    if is_error {
        let word = String::from_utf8_lossy(detail).into_owned();
        return legs
            .word(Phase::Wait, Signal::word("cloudfront", word))
            .visit();
    }
    match cache {
        b"Miss" if shape.status >= 400 => legs.upstream_answered(shape.status),
        _ => legs,
    }
    .visit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    fn raw(status: &str, result: &str, detail: &str) -> String {
        format!(
            "2026-11-03\t14:05:12\tFRA56-P4\t507\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/cart\t{status}\t-\tcurl/8.5.0\t-\t-\t{result}\t1pkpNfBQ39sYMn==\tshop.example.com\thttps\t735\t0.107\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\tHTTP/2.0\t-\t-\t51234\t0.107\t{detail}\ttext/html\t507\t-\t-"
        )
    }

    #[test]
    fn results_are_told() {
        for (raw, wanted) in [
            (
                raw("502", "Error", "OriginDnsError"),
                "0 502, 0 cloudfront:OriginDnsError",
            ),
            (raw("000", "Error", "ClientCommError"), "0 cloudfront:000"),
            (raw("503", "Error", "Error"), "0 503, 1 503"),
            (raw("200", "Hit", "Hit"), "0 200"),
        ] {
            let layout = fit(&[raw.as_bytes()]).expect("its own, without a header");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(line.get(Column::Host), Some(&b"shop.example.com"[..]));
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
        let old = "2014-05-23\t01:13:11\tFRA2\t182\t192.0.2.10\tGET\td1.cloudfront.net\t/view/my/file.html\t200\t-\tMozilla\t-";
        let mut spans = Spans::default();
        let layout = fit(&[old.as_bytes()]).expect("an old file");
        assert_eq!(layout.split(old.as_bytes(), &mut spans), Split::Read);
        assert!(fit(&[b"a b c"]).is_none());
    }
}
